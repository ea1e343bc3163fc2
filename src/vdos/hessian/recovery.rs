//! From forces on atoms, some of whose neighbours were displaced together, to the blocks of the Hessian.

use super::colouring::Colouring;
use super::graph::Graph;
use std::collections::BTreeSet;

/// A 3 x 3 block, row-major.
pub type Block = [f64; 9];

/// Blocks H_ij = -dF_i / dx_j of every pair of a graph, and how well they agree.
#[derive(Debug)]
pub struct Blocks {
    /// The pairs.
    pub graph: Graph,
    /// A block for every slot of the graph (force / distance); (j, i) is the transpose of (i, j) to the bit.
    pub blocks: Vec<Block>,
    /// Largest difference between an entry of H and of its transpose where both were measured (force / distance). Every
    /// tree of substitutions has one redundant equation, and so one such difference.
    pub asymmetry: f64,
    /// Root mean square of those differences (force / distance).
    pub scatter: f64,
}

/// Measured forces by colour, in the place of the blocks.
///
/// The slots of row i whose columns have one colour form a group: what is measured is the sum over the group, kept in its
/// first slot. As soon as one block of a group is unknown it follows, and its transpose is taken off the group of the other
/// atom. In an acyclic colouring this reaches every block.
pub struct Recovery {
    graph: Graph,
    colour: Vec<u32>,
    blocks: Vec<Block>,
    /// First slot of the group of every slot.
    heads: Vec<u32>,
    /// Distance between the two positions of every atom along each axis.
    steps: Vec<[f64; 3]>,
    /// By the last colour recorded: whether a row has a group of it.
    stamp: Vec<u32>,
}

/// Bytes per pair of atoms that a [`Recovery`] takes at most, besides the graph.
pub const BYTES_PER_PAIR: usize = size_of::<Block>() + 3 * size_of::<u32>() + 1;

impl Recovery {
    /// Nothing is measured yet.
    #[must_use]
    pub fn new(graph: Graph, colouring: &Colouring) -> Self {
        let colour = colouring.colour.clone();
        let mut first = vec![(u32::MAX, 0u32); colouring.n_colours];
        let mut heads = Vec::with_capacity(graph.n_pairs());
        for i in 0..graph.len() {
            for (slot, &j) in graph.slots(i).zip(graph.row(i)) {
                let group = &mut first[colour[j as usize] as usize];
                if group.0 != i as u32 {
                    *group = (i as u32, slot as u32);
                }
                heads.push(group.1);
            }
        }
        let (atoms, slots) = (graph.len(), graph.n_pairs());
        Self {
            graph,
            colour,
            blocks: vec![[0.0; 9]; slots],
            heads,
            steps: vec![[0.0; 3]; atoms],
            stamp: vec![u32::MAX; atoms],
        }
    }

    /// Takes the changes of the forces on all atoms, F(+) - F(-), when the atoms `class` of one colour were displaced along
    /// `axis` between positions `steps` apart. Shapes: `steps` [class], `changes` [atoms].
    ///
    /// Members whose force changed by more than `rounding` although no neighbour is in the class go to `out_of_range`.
    ///
    /// # Panics
    /// If the graph is not symmetric.
    pub fn record(
        &mut self,
        class: &[u32],
        axis: usize,
        steps: &[f64],
        changes: &[[f64; 3]],
        rounding: f64,
        out_of_range: &mut BTreeSet<u32>,
    ) {
        let Some(&any) = class.first() else { return };
        let mark = 3 * self.colour[any as usize] + axis as u32;
        for (&j, &step) in class.iter().zip(steps) {
            self.steps[j as usize][axis] = step;
            for &i in self.graph.row(j as usize) {
                if self.stamp[i as usize] == mark {
                    continue;
                }
                self.stamp[i as usize] = mark;
                let slot = self.graph.slot(i as usize, j).expect("the graph is symmetric");
                let sum = &mut self.blocks[self.heads[slot] as usize];
                for (k, change) in changes[i as usize].iter().enumerate() {
                    sum[3 * k + axis] = -change;
                }
            }
        }
        let others = changes.iter().zip(&self.stamp).zip(0..).filter(|((_, stamp), _)| **stamp != mark);
        let felt = others.filter(|((change, _), _)| change.iter().any(|change| change.abs() > rounding));
        out_of_range.extend(felt.map(|(_, member)| member));
    }

    /// The pairs.
    #[must_use]
    pub fn into_graph(self) -> Graph {
        self.graph
    }

    /// Blocks from what was recorded.
    ///
    /// # Panics
    /// If the colouring was not acyclic.
    #[must_use]
    pub fn finish(self) -> Blocks {
        let mut substitution = Substitution::new(self);
        substitution.run();
        substitution.symmetric()
    }
}

/// The elimination itself.
struct Substitution {
    measured: Recovery,
    /// Of every group, at its first slot: number of unknown blocks, and their slots combined by exclusive or.
    unknown: Vec<(u32, u32)>,
    /// Whether the block of a slot is known and stored there; of two transposed ones, one is.
    known: Vec<bool>,
    /// Groups with one unknown block: row and first slot.
    ready: Vec<(u32, u32)>,
    differences: Differences,
}

/// Statistics of differences.
#[derive(Default)]
struct Differences {
    largest: f64,
    squares: f64,
    count: usize,
}

impl Differences {
    fn add(&mut self, difference: f64) {
        self.largest = self.largest.max(difference.abs());
        self.squares += difference * difference;
        self.count += 1;
    }
}

impl Substitution {
    fn new(measured: Recovery) -> Self {
        let mut unknown = vec![(0u32, 0u32); measured.heads.len()];
        for (slot, &head) in measured.heads.iter().enumerate() {
            let group = &mut unknown[head as usize];
            *group = (group.0 + 1, group.1 ^ slot as u32);
        }
        let mut ready = Vec::new();
        for i in 0..measured.graph.len() {
            let single = measured.graph.slots(i).filter(|&slot| unknown[slot].0 == 1);
            ready.extend(single.map(|slot| (i as u32, slot as u32)));
        }
        let known = vec![false; measured.heads.len()];
        Self { measured, unknown, known, ready, differences: Differences::default() }
    }

    fn run(&mut self) {
        while let Some((i, head)) = self.ready.pop() {
            let (left, slot) = self.unknown[head as usize];
            if left == 1 {
                self.solve(i, head as usize, slot as usize);
            }
        }
    }

    /// The block in `slot` is the only unknown one of the group `head` of row `i`.
    fn solve(&mut self, i: u32, head: usize, slot: usize) {
        let Recovery { graph, steps, heads, blocks, .. } = &mut self.measured;
        let j = graph.column(slot);
        self.unknown[head] = (0, 0);
        let mut block = blocks[head];
        for (k, entry) in block.iter_mut().enumerate() {
            *entry /= steps[j as usize][k % 3];
        }
        self.known[slot] = true;
        if i == j {
            blocks[slot] = block;
            return;
        }
        let mirror = graph.slot(j as usize, i).expect("the graph is symmetric");
        let other = heads[mirror] as usize;
        let step = steps[i as usize];
        let sum = &mut blocks[other];
        for (k, entry) in sum.iter_mut().enumerate() {
            *entry -= block[transposed(k)] * step[k % 3];
        }
        let group = &mut self.unknown[other];
        *group = (group.0 - 1, group.1 ^ mirror as u32);
        match group.0 {
            0 => {
                for (k, rest) in sum.iter().enumerate() {
                    let difference = rest / step[k % 3];
                    self.differences.add(difference);
                    block[transposed(k)] += 0.5 * difference;
                }
            }
            1 => self.ready.push((j, other as u32)),
            _ => {}
        }
        blocks[slot] = block;
    }

    fn symmetric(self) -> Blocks {
        let Recovery { graph, mut blocks, .. } = self.measured;
        let mut differences = self.differences;
        for i in 0..graph.len() {
            for (slot, &j) in graph.slots(i).zip(graph.row(i)) {
                if !self.known[slot] {
                    continue;
                }
                let mut block = blocks[slot];
                if i == j as usize {
                    for k in [1, 2, 5] {
                        let (a, b) = (block[k], block[transposed(k)]);
                        differences.add(a - b);
                        block[k] = 0.5 * (a + b);
                        block[transposed(k)] = block[k];
                    }
                    blocks[slot] = block;
                } else {
                    let mirror = graph.slot(j as usize, i as u32).expect("the graph is symmetric");
                    assert!(!self.known[mirror], "a block was found twice");
                    blocks[mirror] = std::array::from_fn(|k| block[transposed(k)]);
                }
            }
        }
        let found = self.known.iter().filter(|known| **known).count();
        assert_eq!(2 * found, graph.n_pairs() + graph.len(), "the colouring is not acyclic");
        let scatter = (differences.squares / differences.count.max(1) as f64).sqrt();
        Blocks { graph, blocks, asymmetry: differences.largest, scatter }
    }
}

/// Index of the transposed entry.
const fn transposed(k: usize) -> usize {
    k % 3 * 3 + k / 3
}
