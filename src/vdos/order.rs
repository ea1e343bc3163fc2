//! An order of atoms in which neighbours in the matrix lie close together in memory.
//!
//! One product with a panel reads 768 bytes for each block, 300 blocks a row; only if consecutive rows share most of their
//! columns do these reads stay in the cache of a core. IDs in a glass say little about places, and the matrix is all that
//! is known here, so the graph of its blocks is halved again and again.

use super::matrix::DynamicalMatrix;
use std::collections::VecDeque;

/// Parts of at most this size are left as they are.
const LEAF: usize = 32;

/// Atoms in the new order: recursive bisection by distance, in steps of the graph, from a far corner of each part.
#[must_use]
pub fn bisection(matrix: &DynamicalMatrix) -> Vec<u32> {
    let n = matrix.n_atoms();
    let mut order: Vec<u32> = (0..n as u32).collect();
    let mut part = vec![0_u32; n];
    let mut next_part = 1;
    let mut open = Vec::new();
    open.push(0..n);
    let mut seen = vec![0_u32; n];
    let mut search = 0;
    while let Some(range) = open.pop() {
        if range.len() <= LEAF {
            continue;
        }
        let atoms = &mut order[range.clone()];
        let own = part[atoms[0] as usize];
        // The last atom found from anywhere is at one end of the part; the search from there sweeps to the other end.
        for _ in 0..2 {
            let start = atoms[atoms.len() - 1];
            search += 1;
            let swept =
                sweep(matrix, start, atoms, |i| part[i] == own, |i| std::mem::replace(&mut seen[i], search) != search);
            atoms.copy_from_slice(&swept);
        }
        let middle = range.start + range.len() / 2;
        for &i in &order[middle..range.end] {
            part[i as usize] = next_part;
        }
        next_part += 1;
        open.extend([range.start..middle, middle..range.end]);
    }
    order
}

/// The atoms of a part in the order of a breadth-first search from `start`, unconnected ones one after the other.
fn sweep(
    matrix: &DynamicalMatrix,
    start: u32,
    atoms: &[u32],
    belongs: impl Fn(usize) -> bool,
    mut first_time: impl FnMut(usize) -> bool,
) -> Vec<u32> {
    let mut order = Vec::with_capacity(atoms.len());
    let mut queue = VecDeque::new();
    for &root in std::iter::once(&start).chain(atoms) {
        if first_time(root as usize) {
            queue.push_back(root);
        }
        while let Some(i) = queue.pop_front() {
            order.push(i);
            for &j in matrix.row(i as usize).0 {
                if belongs(j as usize) && first_time(j as usize) {
                    queue.push_back(j);
                }
            }
        }
    }
    order
}
