#!/bin/bash
# Everything that has to hold before a change lands: `tests/run.sh`; `tests/run.sh quick` leaves out tests marked slow.
# Goes on after a failure; ends with one line per stage and exits non-zero if any failed.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit
export PYTHONDONTWRITEBYTECODE=1

case ${1-} in
  quick) selection=(-m "not slow") ;;
  "") selection=() ;;
  *) echo "usage: tests/run.sh [quick]" >&2; exit 2 ;;
esac

passed=0
failed=0
summary=()

# stage NAME COMMAND...: runs the command, prints and notes its outcome and its seconds.
stage() {
  local name=$1 start=$SECONDS outcome
  shift
  echo "== $name"
  if "$@"; then
    outcome=ok
    passed=$((passed + 1))
  else
    outcome=FAILED
    failed=$((failed + 1))
  fi
  summary+=("$(printf '== %-12s %-6s %4d s' "$name" "$outcome" $((SECONDS - start)))")
  echo "${summary[-1]}"
}

finish() {
  printf '%s\n' "" "${summary[@]}"
  echo "stages: $passed passed, $failed failed"
  exit $((failed > 0))
}

clang_format() {
  git ls-files 'lammps-plugin/*.cpp' 'lammps-plugin/*.h' | xargs clang-format --dry-run -Werror
}

# Sourced here, not in a subshell: it sets PATH for the stages that follow.
bootstrap() {
  . cmake/bootstrap.sh
}

stage bootstrap bootstrap
[ $failed = 0 ] || finish
stage rustfmt cargo fmt --check
stage clang-format clang_format
# One profile for all: build scripts and dependencies are then compiled once, and the kernels run at full speed.
stage clippy cargo clippy --release --locked --all-targets -- -D warnings
stage cargo-test cargo test --release --locked
[ "${1-}" = quick ] || stage in-process tests/in-process/run.sh
stage pytest python -m pytest -rs --durations=5 "${selection[@]}" tests
finish
