//! Saddle searches on surfaces whose saddles are known, on Lennard-Jones clusters, and into every failure.

mod analytic;
mod clusters;
mod engines;
mod failures;
mod keys;
mod scale;
