#!/bin/bash
# A small LAMMPS with PLUGIN and MANYBODY, and the plugin for it: build.sh SOURCE PREFIX [CMake options of LAMMPS...], where
# SOURCE is a LAMMPS source tree such as that of Debian's source package. With KOKKOS (Serial, OpenMP):
#   build.sh lammps-4Feb2025 kokkos -DPKG_KOKKOS=yes -DKokkos_ENABLE_SERIAL=yes -DKokkos_ENABLE_OPENMP=yes
# With big integers:
#   build.sh lammps-4Jul2026 bigbig -DLAMMPS_SIZES=bigbig
# Open MPI or MPICH, whichever mpicxx is: MPICXX=mpicxx.openmpi MPICC=mpicc.openmpi build.sh ...
set -eu
ergodic=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
source=$1 prefix=$(realpath -m "$2")
shift 2
mpi=(-DMPI_CXX_COMPILER="$(command -v "${MPICXX:-mpicxx}")" -DMPI_C_COMPILER="$(command -v "${MPICC:-mpicc}")")
cmake -S "$source/cmake" -B "$prefix/build" -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX="$prefix" \
  -DBUILD_SHARED_LIBS=yes -DBUILD_MPI=yes -DBUILD_OMP=yes -DPKG_PLUGIN=yes -DPKG_MANYBODY=yes \
  -DWITH_JPEG=no -DWITH_PNG=no -DWITH_FFMPEG=no "${mpi[@]}" "$@"
cmake --build "$prefix/build" --parallel 2
cmake --install "$prefix/build"
cmake -S "$ergodic" -B "$prefix/plugin" -DERGODIC_LAMMPS="$prefix" "${mpi[0]}"
cmake --build "$prefix/plugin"
