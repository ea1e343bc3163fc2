//! Histories of motifs and their Shannon entropy.

mod history;
mod shannon;

pub use history::{Entry, FORMATS, History, SATURATED, Summary};
pub use shannon::{miller_madow, shannon};
