//! The dynamical matrix as an archive of numpy arrays (`.npz`), in the layout of `scipy.sparse.save_npz`: an uncompressed
//! ZIP archive with 64-bit sizes (PKWARE, APPNOTE.TXT 6.3) of arrays in numpy's format 1.0 (numpy.lib.format).

use super::DynamicalMatrix;
use std::fs::File;
use std::io::{BufWriter, Result, Write};
use std::path::Path;

/// What belongs to the rows of the matrix, one element an atom.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    /// Atom IDs.
    pub ids: &'a [i64],
    /// Types.
    pub types: &'a [i32],
    /// Masses (mass units).
    pub masses: &'a [f64],
    /// Acceleration caused by a unit force on a unit mass, in the units used.
    pub acceleration: f64,
}

/// Writes `matrix` in block sparse rows of 3 x 3 blocks: arrays `format`, `shape`, `data`, `indices`, `indptr`, and beside
/// them `ids`, `types`, `masses` of the rows and `ftm2v`: force constants are data sqrt(m_i m_j) / ftm2v.
///
/// # Errors
/// If the file cannot be written.
pub fn write(path: &Path, matrix: &DynamicalMatrix, rows: &Rows) -> Result<()> {
    let (n, blocks) = (matrix.n_atoms(), matrix.n_blocks());
    let each = || (0..n).map(|i| matrix.row(i));
    let ends = each().scan(0_u64, |end, (columns, _)| {
        *end += columns.len() as u64;
        Some(*end)
    });
    let mut archive = Archive::create(path)?;
    archive.add("format", "|S3", "", [*b"bsr"].into_iter())?;
    archive.add("shape", "<i8", "2,", [3 * n as u64; 2].into_iter().map(u64::to_le_bytes))?;
    let entries = || each().flat_map(|(_, blocks)| blocks.iter().flatten().map(|entry| entry.to_le_bytes()));
    archive.add("data", "<f8", &format!("{blocks}, 3, 3"), entries())?;
    let columns = || each().flat_map(|(columns, _)| columns.iter().map(|column| column.to_le_bytes()));
    archive.add("indices", "<i4", &format!("{blocks},"), columns())?;
    archive.add("indptr", "<i8", &format!("{},", n + 1), std::iter::once(0).chain(ends).map(u64::to_le_bytes))?;
    let length = format!("{n},");
    archive.add("ids", "<i8", &length, rows.ids.iter().map(|id| id.to_le_bytes()))?;
    archive.add("types", "<i4", &length, rows.types.iter().map(|t| t.to_le_bytes()))?;
    archive.add("masses", "<f8", &length, rows.masses.iter().map(|mass| mass.to_le_bytes()))?;
    archive.add("ftm2v", "<f8", "", [rows.acceleration.to_le_bytes()].into_iter())?;
    archive.finish()
}

/// Marks of the parts of an archive, and the version of the format that has 64-bit sizes.
const MEMBER: u32 = 0x0403_4b50;
const ENTRY: u32 = 0x0201_4b50;
const END_64: u32 = 0x0606_4b50;
const LOCATOR_64: u32 = 0x0706_4b50;
const END: u32 = 0x0605_4b50;
const VERSION: u16 = 45;
/// 1 January 1980, the first date there is: files do not depend on when they are written.
const DATE: u16 = 0x21;

/// An archive that is being written.
struct Archive {
    file: BufWriter<File>,
    at: u64,
    /// The central directory.
    directory: Vec<u8>,
    members: u64,
}

impl Archive {
    fn create(path: &Path) -> Result<Self> {
        let file = BufWriter::with_capacity(1 << 20, File::create(path)?);
        Ok(Self { file, at: 0, directory: Vec::new(), members: 0 })
    }

    /// Adds the array `name` of elements `values` of numpy's type `descr`; `shape` without its brackets.
    fn add<const BYTES: usize>(
        &mut self,
        name: &str,
        descr: &str,
        shape: &str,
        values: impl Iterator<Item = [u8; BYTES]> + Clone,
    ) -> Result<()> {
        let header = npy_header(descr, shape);
        let mut checksum = crc32fast::Hasher::new();
        checksum.update(&header);
        let mut size = header.len() as u64;
        for_chunks(values.clone(), |bytes| {
            checksum.update(bytes);
            size += bytes.len() as u64;
            Ok(())
        })?;
        let name = format!("{name}.npy");
        // Version, flags, no compression, time, date, checksum; sizes are in the extra field.
        let mut common: Vec<u8> = [VERSION, 0, 0, 0, DATE].into_iter().flat_map(u16::to_le_bytes).collect();
        common.extend(checksum.finalize().to_le_bytes());
        common.extend([0xff; 8]);
        common.extend((name.len() as u16).to_le_bytes());
        let extra = |values: &[u64]| {
            let words = [1, 8 * values.len() as u16].into_iter().flat_map(u16::to_le_bytes);
            words.chain(values.iter().flat_map(|value| value.to_le_bytes())).collect::<Vec<u8>>()
        };
        let (local, central) = (extra(&[size, size]), extra(&[size, size, self.at]));
        self.directory.extend(ENTRY.to_le_bytes());
        self.directory.extend(VERSION.to_le_bytes());
        self.directory.extend(&common);
        self.directory.extend((central.len() as u16).to_le_bytes());
        // No comment, disk 0, attributes; the offset is in the extra field.
        self.directory.extend([0; 10]);
        self.directory.extend([0xff; 4]);
        self.directory.extend(name.as_bytes());
        self.directory.extend(central);
        self.members += 1;
        self.put(&MEMBER.to_le_bytes())?;
        self.put(&common)?;
        self.put(&(local.len() as u16).to_le_bytes())?;
        self.put(name.as_bytes())?;
        self.put(&local)?;
        self.put(&header)?;
        for_chunks(values, |bytes| self.put(bytes))
    }

    fn put(&mut self, bytes: &[u8]) -> Result<()> {
        self.at += bytes.len() as u64;
        self.file.write_all(bytes)
    }

    fn finish(mut self) -> Result<()> {
        let (start, length) = (self.at, self.directory.len() as u64);
        let directory = std::mem::take(&mut self.directory);
        self.put(&directory)?;
        let end = self.at;
        // Size of the rest of this record, versions, disks, members, then where the directory is.
        self.put(&END_64.to_le_bytes())?;
        self.put(&44_u64.to_le_bytes())?;
        self.put(&[VERSION, VERSION].map(u16::to_le_bytes).concat())?;
        self.put(&[0; 8])?;
        self.put(&[self.members, self.members, length, start].map(u64::to_le_bytes).concat())?;
        self.put(&LOCATOR_64.to_le_bytes())?;
        self.put(&[0; 4])?;
        self.put(&end.to_le_bytes())?;
        self.put(&1_u32.to_le_bytes())?;
        self.put(&END.to_le_bytes())?;
        self.put(&[0; 4])?;
        self.put(&[0xff; 12])?;
        self.put(&[0; 2])?;
        self.file.flush()
    }
}

/// Calls `take` with the bytes of all values, some thousand at a time.
fn for_chunks<const BYTES: usize>(
    values: impl Iterator<Item = [u8; BYTES]>,
    mut take: impl FnMut(&[u8]) -> Result<()>,
) -> Result<()> {
    let mut buffer = Vec::with_capacity(1 << 16);
    for value in values {
        buffer.extend(value);
        if buffer.len() + BYTES > buffer.capacity() {
            take(&buffer)?;
            buffer.clear();
        }
    }
    take(&buffer)
}

/// Padded so that the elements start at a multiple of 64 bytes.
fn npy_header(descr: &str, shape: &str) -> Vec<u8> {
    let mut text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({shape}), }}");
    let padding = 64 - (10 + text.len() + 1) % 64;
    text.extend(std::iter::repeat_n(' ', padding));
    text.push('\n');
    let mut header = b"\x93NUMPY\x01\x00".to_vec();
    header.extend((text.len() as u16).to_le_bytes());
    header.extend(text.as_bytes());
    header
}
