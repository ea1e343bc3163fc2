//! The C interface: opaque handles, status codes, results by out-pointer. The only unsafe code of the crate besides
//! the SIMD kernels.
//!
//! Every function returns an [`ergodic_status_t`]; on failure the text is in [`ergodic_last_error`]. No panic leaves
//! this module.

// C names, and safety is stated by the doc comments on shapes and ownership, which also go into the header.
#![allow(non_camel_case_types, clippy::missing_safety_doc, clippy::missing_panics_doc, clippy::missing_errors_doc)]

mod artn;
mod fingerprint;
mod history;
mod status;
mod tessellation;
mod vdos;

pub use artn::*;
pub use fingerprint::*;
pub use history::*;
pub use status::*;
pub use tessellation::*;
pub use vdos::*;
