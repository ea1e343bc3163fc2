#!/bin/bash
# All styles in the LAMMPS of build.sh, without KOKKOS and with: compare.sh PREFIX [1 2]. The numbers are those of MPI
# ranks; PLUGIN and OPTIONS ("-k on t 1 -sf kk") may be set, MPIEXEC too ("mpirun.openmpi --oversubscribe").
set -eu
ergodic=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
prefix=$(realpath "$1")
shift
export LD_LIBRARY_PATH=$prefix/lib LAMMPS_POTENTIALS=$prefix/share/lammps/potentials OMP_NUM_THREADS=1
run() {    # TAG RANKS OPTIONS...
  local tag=$1.$2 ranks=$2
  shift 2
  echo "== $tag"
  for input in entropy copper; do
    # shellcheck disable=SC2086
    ${MPIEXEC:-mpiexec} -n "$ranks" /usr/bin/time -f "%M KB of memory, %U s" "$prefix/bin/lmp" "$@" \
      -in "$ergodic/packaging/kokkos/in.$input" -var plugin "${PLUGIN:-$prefix/plugin/ergodicplugin.so}" \
      -var data "$ergodic/examples/cuzr/glass-2048.data.gz" -var tag "$tag" -log none 2>&1 \
      | grep -E "^Ergodic|^ +(0|1000) .*1(001)? *$|Fix artn E finished|KB of|ERROR" || true
  done
  # seconds differ
  awk -F, -v OFS=, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "seconds") s = i } { $s = ""; print }' "events.$tag.csv" > all
  mv all "events.$tag.csv"
}
for ranks in "${@:-1}"; do
  run plain "$ranks"
  # shellcheck disable=SC2086
  run kokkos "$ranks" ${OPTIONS--k on t 1 -sf kk}
  for file in S.%.dump vdos.%.txt events.%.csv; do
    cmp "${file/\%/plain.$ranks}" "${file/\%/kokkos.$ranks}" && echo "${file/\%/kokkos.$ranks} equal"
  done
done
