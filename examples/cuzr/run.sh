#!/usr/bin/env bash
# The Cu-Zr study, from a glass to the figures of Yang & Wang 2022.
#
#   run.sh [-var NAME VALUE ...]            2,048 atoms, 200 ps at 700 K, 60 central atoms: 15 minutes on two cores
#   run.sh reference [-var NAME VALUE ...]  4,000 atoms, 1e12 K/s, 1 ns, 600 central atoms with 20 events each
#   run.sh paper [-var NAME VALUE ...]      19,652 atoms (17 fcc cells an edge, 4 atoms each), 1e12 K/s, 1 ns, 600 central atoms
#                                           with 20 events each in which they take part; 9 core hours and the searches
#   run.sh full [-var NAME VALUE ...]       the paper's setting: 19,652 atoms, 1e10 K/s, 1 ns, 20 events of every atom
#
# The latter three go on where an earlier one was killed. Variables: those at the top of the input scripts.
# RANKS=n        processes; ARTn takes as many partitions of one process (2; `full`: all cores)
# STAGES="..."   some of: glass hold barriers vibrations figures (all, in this order)
# CENTRES=n      central atoms per species, BATCHES=n: drawn in so many batches, SEED=n: by this seed (once, to centres.lmp)
# OUTPUT=folder  for results (`output` here; `cuzr-output` in the current folder where the example is installed)
# MPIEXEC="..."  starts parallel programs (mpiexec -n $RANKS)
#
# In the repository it makes an environment of its own. Installed, it uses the caller's lmp, mpiexec and python (NumPy,
# Matplotlib, tqdm); LAMMPS_PLUGIN_PATH must lead to the plugin and LAMMPS_POTENTIALS to CuZr_mm.eam.fs.
set -euo pipefail

cuzr=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# The number of the newer of a run's two restart files; 0 without one.
newest_restart() {
  local newest
  newest=$(ls -t "$1".restart.[12] 2> /dev/null | head -n 1)
  newest=${newest##*.}
  echo "${newest:-0}"
}

# A stretch of the quench that was killed keeps its log.
make_glass() {
  [ -f glass.data ] && return
  echo "[1/5] glass, a quench in $PWD"
  ${MPIEXEC:-mpiexec -n "$ranks"} lmp -nocite -log "log.glass.$(date +%Y%m%dT%H%M%S)" -in "$cuzr/in.glass" "$@" \
    -var resume "$(newest_restart glass)"
}

# The rest of the chain is that of any glass, with the paper's range of the boson peak; then the paper's own figures and
# claims.
study() {
  export PYTHONDONTWRITEBYTECODE=1
  export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
  [[ " $stages " == *" glass "* ]] && make_glass "$@"
  local options=(--out . --stages $stages --ranks "$ranks" --mpiexec "${MPIEXEC:-mpiexec -n $ranks}"
    --centres "${CENTRES:-$centres}" --batches "${BATCHES:-$batches}" --seed "${SEED:-1}" --var radii "1.28+0.32*(type==2)"
    --var auto 0)
  while [ $# -gt 2 ] && [[ $1 == -var ]]; do
    options+=(--var "$2" "$3")
    shift 3
  done
  python -m ergodic study glass.data --pair "$cuzr/pair.lmp" --species Cu Zr "${options[@]}"
  if [[ " $stages " == *" figures "* ]]; then draw; fi
}

draw() {
  python "$cuzr/evaluate.py" results
  python "$cuzr/figures.py" results
  printf '\nFigures: %s\nSummary: %s\n' "$PWD/results/figure1.png ... figure6.png" "$PWD/results/summary.txt, summary.json"
}

# Of what an earlier run left, nothing may be taken for this one's.
start_anew() {
  rm -rf ./*.dump mean.*.txt hold.restart.? events.* .events.* displaced.* centres.lmp species.json spectrum.txt log.* results
  gunzip -c "$cuzr/glass-2048.data.gz" > glass.data
}

small_study() {
  ranks=${RANKS:-2} centres=30 batches=1
  mkdir -p "$output" && cd "$output"
  if [[ " $stages " == *" glass "* ]]; then start_anew; fi
  study "$@" -var hold 200 -var events 2
}

reference_study() {
  ranks=${RANKS:-2} centres=300 batches=30
  mkdir -p "$output/reference" && cd "$output/reference"
  study "$@" -var cells 10 -var rate 1e12 -var hold 1000 -var motifs 500
}

# The paper's size and hold, not its rate. All variables but `own` and `save` are those of the reference study.
paper_study() {
  ranks=${RANKS:-2} centres=300 batches=30
  mkdir -p "$output/paper" && cd "$output/paper"
  study "$@" -var cells 17 -var rate 1e12 -var hold 1000 -var motifs 500 -var own 0.4 -var save 4000
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
  export PYTHONPATH=$cuzr/../../python${PYTHONPATH:+:$PYTHONPATH}
fi
stages=${STAGES:-glass hold barriers vibrations figures}

mkdir -p "$output"
if [ "$output" -ef "$cuzr" ]; then
  echo "run.sh: OUTPUT=$output is the folder of run.sh, whose results would be lost: choose another one" >&2
  exit 1
fi
case ${1:-} in
  full) full_study "${@:2}" ;;
  paper) paper_study "${@:2}" ;;
  reference) reference_study "${@:2}" ;;
  "" | -*) small_study "$@" ;;
  *)
    echo "run.sh: unknown study $1: use reference, paper, full, or nothing for the small one" >&2
    exit 1
    ;;
esac
