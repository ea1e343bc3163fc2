//! Saddle searches: activation-relaxation technique nouveau (Barkema and Mousseau, Phys. Rev. Lett. 77, 4358 (1996);
//! Malek and Mousseau, Phys. Rev. E 62, 7723 (2000)).
//!
//! [`Search::attempt`] pushes an atom and its neighbours out of a minimum, follows the weakest mode to a saddle, and
//! relaxes both sides. Forces come from an [`Engine`].

mod attempt;
mod basin;
pub mod campaign;
mod climb;
mod connect;
mod davidson;
mod engine;
mod event;
mod frame;
mod held;
mod lanczos;
mod lbfgs;
mod linalg;
mod preconditioner;
mod random;
mod reference;
mod relax;
mod sample;
mod scale;
mod search;
mod settings;
mod springs;
mod start;
mod surface;

pub use engine::Engine;
pub use event::{Event, Status};
pub use frame::Frame;
pub use held::Held;

pub use sample::Sample;
pub use scale::Scale;
pub use search::Search;
pub use settings::{Settings, Steps};
pub use start::Start;
