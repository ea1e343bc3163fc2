//! The interface of the tessellation: options and atoms in, cells out.

use super::clipper::{CellClipper, KnownRegion};
use super::grid::{Extent, Grid};
#[cfg(target_arch = "x86_64")]
use super::simd::{Avx2, Avx512};
use super::simd::{Kernel, Portable};
use super::tuning::{ATOMS_PER_THREAD, MARGIN, MAX_ATOMS, RADIUS, WRAP_SHARE};
use super::wrap::{GiftWrapping, Workspace};
use super::{Atoms, Domain, Motif};
use crate::error::{Error, Result};
use crate::simd::Simd;
use crate::thread_pool::ThreadPool;
use std::ops::Range;

/// What is computed, and which faces and edges count.
#[derive(Debug, Clone, Copy)]
pub struct TessellationOptions {
    /// Edges of this length or shorter do not count (distance units).
    pub edge_threshold: f64,
    /// Faces of this area or smaller do not count (distance units squared).
    pub face_threshold: f64,
    /// Faces of at most this fraction of their cell's surface do not count.
    pub face_fraction: f64,
    /// Whether cell volumes are wanted.
    pub volume: bool,
    /// Number of threads, at least 1.
    pub threads: usize,
}

impl TessellationOptions {
    /// Whether lengths, areas or volumes are needed, not the motif alone.
    fn needs_geometry(&self) -> bool {
        self.volume || self.edge_threshold > 0.0 || self.face_threshold > 0.0 || self.face_fraction > 0.0
    }
}

impl Default for TessellationOptions {
    fn default() -> Self {
        TessellationOptions { edge_threshold: 0.0, face_threshold: 0.0, face_fraction: 0.0, volume: false, threads: 1 }
    }
}

/// One cell.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Cell {
    /// How many faces have 3, 4, 5, ... edges.
    pub motif: Motif,
    /// Volume (distance^3), 0 if it was not asked for.
    pub volume: f64,
}

/// A tessellation: options, work space, and the cells of the last configuration.
#[derive(Debug)]
pub struct Tessellation {
    options: TessellationOptions,
    /// By position in the grid; `None` where no cell was wanted.
    cells: Vec<Option<Cell>>,
    n_owned: usize,
    grid: Grid,
    threads: Vec<ThreadWorkspace>,
    pool: ThreadPool,
    refused_threads: usize,
    /// No atom anywhere is larger than this or the largest known here.
    largest_radius: f64,
    /// Margin over the atomic spacing that was enough last time.
    margin: f64,
    simd: Simd,
}

/// Work space of one thread.
#[derive(Debug, Default)]
struct ThreadWorkspace {
    wrap: Workspace,
    clipper: CellClipper,
}

impl Tessellation {
    /// An empty tessellation.
    ///
    /// # Errors
    /// `InvalidParameter` for negative or non-finite thresholds, a fraction of 1 or more, and for no threads.
    pub fn new(options: TessellationOptions) -> Result<Self> {
        let thresholds = [
            ("edge_threshold", options.edge_threshold),
            ("face_threshold", options.face_threshold),
            ("face_fraction", options.face_fraction),
        ];
        for (name, value) in thresholds {
            if !(value >= 0.0 && value.is_finite()) {
                return Err(Error::InvalidParameter(format!("{name} = {value} is not a number >= 0")));
            }
        }
        if options.face_fraction >= 1.0 {
            let text =
                format!("face_fraction {} is not a fraction: use a number from 0 to below 1", options.face_fraction);
            return Err(Error::InvalidParameter(text));
        }
        if options.threads == 0 {
            return Err(Error::InvalidParameter("threads must be at least 1".into()));
        }
        Ok(Tessellation {
            options,
            cells: Vec::new(),
            n_owned: 0,
            grid: Grid::default(),
            threads: Vec::new(),
            pool: ThreadPool::default(),
            refused_threads: 0,
            largest_radius: 0.0,
            margin: MARGIN,
            simd: Simd::detect(),
        })
    }

    /// The threads that the cells are found on, for what else is done with the same sample.
    pub(crate) fn pool(&self) -> &ThreadPool {
        &self.pool
    }

    /// Uses the given instruction set instead of the best one, for tests and benchmarks.
    ///
    /// # Panics
    /// If the machine does not have it.
    pub fn use_simd(&mut self, simd: Simd) {
        assert!(simd <= Simd::detect(), "{simd:?} is not available");
        self.simd = simd;
    }

    /// Sets the largest radius of all atoms (distance units), also of those that are not known here: the distance from which
    /// unknown atoms can cut a cell depends on it.
    pub fn expect_radius(&mut self, largest: f64) {
        self.largest_radius = largest;
    }

    /// Finds the cells of the owned atoms for which `wanted` is true.
    ///
    /// # Errors
    /// `NotFinite`, `CoincidentAtoms`, or `GhostCutoff` if a cell may depend on atoms outside `domain.known`;
    /// `InvalidParameter` for more than 2^29 atoms.
    pub fn compute(&mut self, atoms: &Atoms, domain: &Domain, wanted: &(impl Fn(usize) -> bool + Sync)) -> Result<()> {
        self.n_owned = 0;
        if atoms.n_owned == 0 {
            return Ok(());
        }
        if atoms.x.len() > MAX_ATOMS {
            return Err(Error::InvalidParameter(format!("more than {MAX_ATOMS} atoms and ghosts on one MPI rank")));
        }
        let n_wanted = (0..atoms.n_owned).filter(|&i| wanted(i)).count();
        let threads = self.options.threads.min(n_wanted / ATOMS_PER_THREAD).max(1);
        self.pool.wake(threads);
        self.refused_threads = threads - self.pool.size();
        check_finite(atoms)?;
        let extent = Extent::of(atoms);
        loop {
            self.grid.build(atoms, &extent, self.margin, self.largest_radius, &self.pool);
            match self.run(domain, wanted, n_wanted) {
                Ok(()) => {
                    self.n_owned = atoms.n_owned;
                    return Ok(());
                }
                Err(Error::GhostCutoff { needed, .. }) if self.grid.margin.is_finite() => {
                    self.margin = (1.1 * self.margin).max(1.01 * needed / self.grid.spacing);
                }
                error => return error,
            }
        }
    }

    /// How many threads the system has refused for the last configuration; the others have done their work.
    #[must_use]
    pub fn refused_threads(&self) -> usize {
        self.refused_threads
    }

    /// Number of owned atoms of the last configuration; 0 if its cells were not found.
    #[must_use]
    pub fn n_owned(&self) -> usize {
        self.n_owned
    }

    /// Cell of owned atom `i` of the last configuration, `None` if it was not wanted.
    #[must_use]
    pub fn cell(&self, i: usize) -> Option<Cell> {
        self.cells[self.grid.position_of[i] as usize]
    }

    /// Cells of the owned atoms of the last configuration, `None` for those that were not wanted.
    pub fn cells(&self) -> impl Iterator<Item = Option<Cell>> {
        (0..self.n_owned).map(|i| self.cell(i))
    }

    /// Divides the positions among threads, which find the `n_wanted` wanted cells.
    fn run(&mut self, domain: &Domain, wanted: &(impl Fn(usize) -> bool + Sync), n_wanted: usize) -> Result<()> {
        let owned = self.grid.n_owned();
        let geometry = self.options.needs_geometry() || (n_wanted as f64) < WRAP_SHARE * owned as f64;
        let n_threads = self.pool.size();
        let known = KnownRegion::new(&self.grid, &domain.known);
        self.threads.resize_with(n_threads.max(self.threads.len()), ThreadWorkspace::default);
        self.cells.resize(self.grid.len(), None);
        let grid_run = GridRun { grid: &self.grid, domain, known: &known, options: &self.options, geometry, wanted };
        let simd = self.simd;
        let (mut start, mut rest) = (0, self.cells.as_mut_slice());
        let shares = self.threads.iter_mut().zip(1..=n_threads).map(|(thread, k)| {
            let range = start..self.grid.split(k, n_threads);
            let (cells, others) = std::mem::take(&mut rest).split_at_mut(range.len());
            (start, rest) = (range.end, others);
            (range, thread, cells)
        });
        let results =
            self.pool.run(shares.collect(), |(range, thread, cells)| grid_run.run(simd, range, thread, cells));
        results.into_iter().collect()
    }
}

/// One configuration, as all threads see it.
struct GridRun<'a, W> {
    grid: &'a Grid,
    domain: &'a Domain,
    known: &'a KnownRegion<'a>,
    options: &'a TessellationOptions,
    /// Whether every cell is clipped, because more than its motif is asked for.
    geometry: bool,
    wanted: &'a W,
}

impl<W: Fn(usize) -> bool + Sync> GridRun<'_, W> {
    /// Runs the kernel compiled for an instruction set.
    fn run(
        &self,
        simd: Simd,
        range: Range<usize>,
        thread: &mut ThreadWorkspace,
        cells: &mut [Option<Cell>],
    ) -> Result<()> {
        match simd {
            Simd::Portable => self.cells::<Portable>(range, thread, cells),
            // SAFETY, both: the instruction set was found on this machine.
            #[cfg(target_arch = "x86_64")]
            Simd::Avx2 => unsafe { self.cells_avx2(range, thread, cells) },
            #[cfg(target_arch = "x86_64")]
            Simd::Avx512 => unsafe { self.cells_avx512(range, thread, cells) },
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,fma,bmi1,bmi2,lzcnt,popcnt")]
    fn cells_avx2(&self, range: Range<usize>, thread: &mut ThreadWorkspace, cells: &mut [Option<Cell>]) -> Result<()> {
        self.cells::<Avx2>(range, thread, cells)
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f,avx512vl,avx2,fma,bmi1,bmi2,lzcnt,popcnt")]
    fn cells_avx512(
        &self,
        range: Range<usize>,
        thread: &mut ThreadWorkspace,
        cells: &mut [Option<Cell>],
    ) -> Result<()> {
        self.cells::<Avx512>(range, thread, cells)
    }

    /// Fills `cells` for a range of positions.
    #[inline(always)]
    fn cells<S: Kernel>(
        &self,
        range: Range<usize>,
        thread: &mut ThreadWorkspace,
        cells: &mut [Option<Cell>],
    ) -> Result<()> {
        let ThreadWorkspace { wrap, clipper } = thread;
        let radius = RADIUS * self.grid.spacing;
        let walls = &self.domain.walls;
        if !self.geometry {
            let wrapping = GiftWrapping { grid: self.grid, walls, known: self.known, range: range.clone(), radius };
            wrapping.run::<S>(wrap, clipper)?;
        }
        for (cell, position) in cells.iter_mut().zip(range.clone()) {
            *cell = None;
            if self.grid.ghost[position] || !(self.wanted)(self.grid.index[position] as usize) {
                continue;
            }
            if !self.geometry
                && let Some(motif) = wrap.face_counts[position - range.start].motif()
            {
                *cell = Some(Cell { motif, volume: 0.0 });
                continue;
            }
            clipper.clip::<S>(self.grid, walls, self.known, position, radius)?;
            *cell = Some(clipper.cell().measure(self.options));
        }
        Ok(())
    }
}

fn check_finite(atoms: &Atoms) -> Result<()> {
    // Of what is not finite zero times is NaN: a sum without branches tells whether to look more closely.
    let positions = atoms.x.iter().fold([0.0; 3], |sum, x| [0, 1, 2].map(|d| sum[d] + 0.0 * x[d]));
    let radii: f64 = atoms.radius.into_iter().flatten().map(|r| 0.0 * r).sum();
    if positions.iter().sum::<f64>() + radii == 0.0 {
        return Ok(());
    }
    let position = atoms.x.iter().position(|x| !x.iter().all(|v| v.is_finite()));
    let radius = atoms.radius.and_then(|radius| radius.iter().position(|r| !r.is_finite()));
    position.or(radius).map_or(Ok(()), |i| Err(Error::NotFinite(i)))
}
