//! Records of attempts as bytes, to be sent from one partition to another.

use super::Record;
use super::known::Known;
use super::row::Row;
use crate::error::{Error, Result};

/// Bytes of `records`: for each the length of its line, the line, the length of its saddle (0 if there is none), the
/// saddle.
#[must_use]
pub fn pack(records: &[Record]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (row, known) in records {
        let known = known.as_ref().map_or_else(Vec::new, |known| known.bytes(row.attempt));
        for part in [row.line().as_bytes(), &known] {
            bytes.extend((part.len() as u32).to_le_bytes());
            bytes.extend(part);
        }
    }
    bytes
}

/// The records that [`pack`] made bytes of; several such arrays may follow one another.
///
/// # Errors
/// `InvalidParameter` if `bytes` are something else.
pub fn unpack(mut bytes: &[u8]) -> Result<Vec<Record>> {
    let mut records = Vec::new();
    while !bytes.is_empty() {
        let record = unpack_one(&mut bytes);
        records.push(record.ok_or_else(|| Error::InvalidParameter("records of attempts are damaged".into()))?);
    }
    Ok(records)
}

fn unpack_one(bytes: &mut &[u8]) -> Option<Record> {
    let row = Row::parse(std::str::from_utf8(part(bytes)?).ok()?)?;
    let known = part(bytes)?;
    if known.is_empty() {
        return Some((row, None));
    }
    Some((row, Some(Known::parse(known)?.1)))
}

fn part<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, rest) = bytes.split_at_checked(4)?;
    let length = u32::from_le_bytes(length.try_into().ok()?) as usize;
    let (part, rest) = rest.split_at_checked(length)?;
    *bytes = rest;
    Some(part)
}
