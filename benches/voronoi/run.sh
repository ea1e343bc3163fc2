#!/bin/bash
# benches/voronoi/run.sh DATA [--frames N] [--steps N] [--repeats N]: see compare.py. Builds voro++ from the sources that the
# tests' dependency voro_rs carries.
set -eu
data=$(realpath "$1")
shift
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. cmake/bootstrap.sh
manifest=$(cargo metadata --format-version 1 --locked \
  | python -c 'import json, sys; print(next(p["manifest_path"] for p in json.load(sys.stdin)["packages"] if p["name"] == "voro_rs"))')
sources=$(dirname "$manifest")/voro/src
c++ -O3 -w -I"$sources" benches/voronoi/voropp.cpp "$sources/voro++.cc" -o build/voropp
python benches/voronoi/compare.py "$data" build/voropp "$@"
