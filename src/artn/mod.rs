//! Saddle searches: activation-relaxation technique nouveau (Barkema and Mousseau, Phys. Rev. Lett. 77, 4358 (1996);
//! Malek and Mousseau, Phys. Rev. E 62, 7723 (2000)).
//!
//! [`Search::attempt`] pushes an atom and its neighbours out of a minimum, follows the weakest mode to a saddle, and
//! relaxes both sides. Forces come from an [`Engine`].

mod attempt;
pub mod campaign;
mod cell;
mod climb;
mod connect;
mod engine;
mod event;
mod exit;
mod lanczos;
mod lbfgs;
mod linalg;
mod neighbors;
mod preconditioner;
mod random;
mod relax;
mod rigid;
mod search;
mod settings;
mod softest;
mod springs;
mod surface;

pub use cell::Cell;
pub use engine::Engine;
pub use event::{Event, Status, displacements, same_configuration};
pub use search::{Sample, Search};
pub use settings::{Settings, Steps};
