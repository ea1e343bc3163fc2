#!/usr/bin/env bash
# The Cu-Zr study, from a glass to the figures of Yang & Wang 2022.
#
#   run.sh [-var NAME VALUE ...]       2,048 atoms, 200 ps at 700 K: about six minutes on two cores
#   run.sh full [-var NAME VALUE ...]  the paper's setting, quench included; goes on where an earlier one was killed
#
# Variables: those at the top of in.entropy (and of in.glass for `full`). Ranks: RANKS=n run.sh (2; `full`: all cores).
# Results: OUTPUT=folder run.sh (`output` here; `cuzr-output` in the current folder where the example is installed).
#
# In the repository it makes an environment of its own. Installed, it uses the caller's lmp, mpiexec and python (NumPy,
# Matplotlib); LAMMPS_PLUGIN_PATH must lead to the plugin and LAMMPS_POTENTIALS to CuZr_mm.eam.fs.
set -euo pipefail

cuzr=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

lammps() {
  echo "run.sh: mpiexec -n $ranks lmp $*"
  mpiexec -n "$ranks" lmp -nocite "$@"
}

# The number of the newer of a run's two restart files; 0 without one.
newest_restart() {
  local newest
  newest=$(ls -t "$1".restart.[12] 2> /dev/null | head -n 1)
  newest=${newest##*.}
  echo "${newest:-0}"
}

draw() {
  echo "run.sh: drawing figures"
  python "$cuzr/figures.py" . | tee summary.txt
  printf '\nFigures: %s\n         %s\nSummary: %s\n' "$PWD/figure1.png" "$PWD/figure2.png" "$PWD/summary.txt"
}

# Of what an earlier run left, nothing may be taken for this one's.
small_study() {
  ranks=${RANKS:-2}
  mkdir -p "$output" && cd "$output"
  rm -f ./*.dump mean.*.txt hold.restart.? figure?.png summary.txt
  echo "run.sh: hold at 700 K in $PWD"
  cp "$cuzr/glass-2048.data.gz" .
  lammps -in "$cuzr/in.entropy" "$@" -var glass glass-2048.data.gz
  draw
}

# 19,652 atoms at 1e10 K/s are 1e8 steps of about 66 ms on one core: some 1,800 core hours; the hold takes ten more.
full_study() {
  ranks=${RANKS:-$(nproc)}
  local now
  now=$(date +%Y%m%dT%H%M%S)
  mkdir -p "$output/full" && cd "$output/full"
  echo "run.sh: the paper's setting in $PWD (1,800 core hours)"
  [ -f glass.data ] || lammps -in "$cuzr/in.glass" "$@" -log "log.glass.$now" \
    -var cells 17 -var rate 1e10 -var rate_outside 1e10 -var resume "$(newest_restart glass)"
  lammps -in "$cuzr/in.entropy" "$@" -log "log.entropy.$now" \
    -var hold 1000 -var motifs 500 -var resume "$(newest_restart hold)"
  draw
}

if [ -f "$cuzr/../../cmake/bootstrap.sh" ]; then
  . "$cuzr/../../cmake/bootstrap.sh"
  LAMMPS_PLUGIN_PATH=$(cd "$cuzr/../.." && pwd)/build
  export LAMMPS_PLUGIN_PATH
  output=${OUTPUT:-$cuzr/output}
else
  output=${OUTPUT:-$PWD/cuzr-output}
fi

if [ "${1:-}" = full ]; then full_study "${@:2}"; else small_study "$@"; fi
