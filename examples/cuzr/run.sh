#!/usr/bin/env bash
# The Cu-Zr study, from a glass to the figures of Yang & Wang 2022.
#
#   run.sh [-var NAME VALUE ...]            2,048 atoms, 200 ps at 700 K, 60 central atoms: 15 minutes on two cores
#   run.sh reference [-var NAME VALUE ...]  4,000 atoms, 1e12 K/s, 1 ns, 600 central atoms with 20 events each
#   run.sh full [-var NAME VALUE ...]       the paper's setting: 19,652 atoms, 1e10 K/s, 1 ns, 20 events of every atom
#
# The latter two go on where an earlier one was killed. Variables: those at the top of the input scripts.
# RANKS=n        processes; ARTn takes as many partitions of one process (2; `full`: all cores)
# STAGES="..."   some of: glass hold barriers vibrations figures (all, in this order)
# CENTRES=n      central atoms per species, BATCHES=n: drawn in so many batches, SEED=n: by this seed (once, to centres.lmp)
# OUTPUT=folder  for results (`output` here; `cuzr-output` in the current folder where the example is installed)
# MPIEXEC="..."  starts parallel programs (mpiexec -n $RANKS)
#
# In the repository it makes an environment of its own. Installed, it uses the caller's lmp, mpiexec and python (NumPy,
# Matplotlib); LAMMPS_PLUGIN_PATH must lead to the plugin and LAMMPS_POTENTIALS to CuZr_mm.eam.fs.
set -euo pipefail

cuzr=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# The folder is where LAMMPS was started; every stretch of a run that was killed keeps its log.
lammps() {
  local stage=$1
  shift
  echo "run.sh: $stage in $PWD"
  ${MPIEXEC:-mpiexec -n "$ranks"} lmp -nocite -log "log.$stage.$(date +%Y%m%dT%H%M%S)" "$@"
}

# The number of the newer of a run's two restart files; 0 without one.
newest_restart() {
  local newest
  newest=$(ls -t "$1".restart.[12] 2> /dev/null | head -n 1)
  newest=${newest##*.}
  echo "${newest:-0}"
}

wanted() {
  [[ " $stages " == *" $1 "* ]]
}

make_glass() {
  [ -f glass.data ] && return
  lammps glass -in "$cuzr/in.glass" "$@" -var resume "$(newest_restart glass)"
}

# What is written last tells that the hold is done.
hold() {
  [ -f histograms_faces.dump ] && return
  lammps hold -in "$cuzr/in.entropy" "$@" -var resume "$(newest_restart hold)"
}

# Done when all batches are; a batch that is done costs seconds.
find_barriers() {
  [ -s centres.lmp ] || python "$cuzr/centres.py" glass.data --seed "${SEED:-1}" \
    --per-species "${CENTRES:-$centres}" --batches "${BATCHES:-$batches}" > centres.lmp
  lammps barriers -partition "${ranks}x1" -pscreen none -in "$cuzr/in.artn" "$@"
}

find_vibrations() {
  [ -f vibrations.dump ] && return
  lammps vibrations -in "$cuzr/in.vdos" "$@"
}

draw() {
  echo "run.sh: collecting results and drawing figures"
  mkdir -p results
  python "$cuzr/collect.py" . results
  python "$cuzr/evaluate.py" results
  python "$cuzr/figures.py" results
  python "$cuzr/atoms_dump.py" results
  printf '\nFigures: %s\nSummary: %s\n' "$PWD/results/figure1.png ... figure6.png" "$PWD/results/summary.txt, summary.json"
}

study() {
  export PYTHONDONTWRITEBYTECODE=1
  export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
  if wanted glass; then make_glass "$@"; fi
  if wanted hold; then hold "$@"; fi
  if wanted barriers; then find_barriers "$@"; fi
  if wanted vibrations; then find_vibrations "$@"; fi
  if wanted figures; then draw; fi
}

# Of what an earlier run left, nothing may be taken for this one's.
start_anew() {
  rm -rf ./*.dump mean.*.txt hold.restart.? events.* centres.lmp spectrum.txt log.* results
  gunzip -c "$cuzr/glass-2048.data.gz" > glass.data
}

small_study() {
  ranks=${RANKS:-2} centres=30 batches=1
  mkdir -p "$output" && cd "$output"
  if wanted glass; then start_anew; fi
  study "$@" -var hold 200 -var events 2
}

reference_study() {
  ranks=${RANKS:-2} centres=300 batches=30
  mkdir -p "$output/reference" && cd "$output/reference"
  study "$@" -var cells 10 -var rate 1e12 -var hold 1000 -var motifs 500
}

full_study() {
  ranks=${RANKS:-$(nproc)} centres=9826 batches=1
  mkdir -p "$output/full" && cd "$output/full"
  study "$@" -var cells 17 -var rate 1e10 -var rate_outside 1e10 -var hold 1000 -var motifs 500
}

if [ -f "$cuzr/../../cmake/bootstrap.sh" ]; then
  . "$cuzr/../../cmake/bootstrap.sh"
  LAMMPS_PLUGIN_PATH=$(cd "$cuzr/../.." && pwd)/build
  export LAMMPS_PLUGIN_PATH
  output=${OUTPUT:-$cuzr/output}
else
  output=${OUTPUT:-$PWD/cuzr-output}
fi
stages=${STAGES:-glass hold barriers vibrations figures}

mkdir -p "$output"
if [ "$output" -ef "$cuzr" ]; then
  echo "run.sh: OUTPUT=$output is the folder of run.sh, whose results would be lost: choose another one" >&2
  exit 1
fi
case ${1:-} in
  full) full_study "${@:2}" ;;
  reference) reference_study "${@:2}" ;;
  "" | -*) small_study "$@" ;;
  *)
    echo "run.sh: unknown study $1: use reference, full, or nothing for the small one" >&2
    exit 1
    ;;
esac
