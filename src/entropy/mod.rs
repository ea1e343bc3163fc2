//! Histories of motifs and their Shannon entropy.

mod history;
mod shannon;

pub use history::{Entry, History, Summary};
pub use shannon::{miller_madow, shannon};
