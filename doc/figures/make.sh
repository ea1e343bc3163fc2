#!/usr/bin/env bash
# Makes the pictures of README and manual that are not in examples/cuzr/results: doc/figures/make.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. cmake/bootstrap.sh
folder=$(mktemp -d)
ergodic plot maps examples/cuzr/results/reference --out "$folder"
ergodic plot barriers examples/cuzr/results/small --out "$folder"
ergodic plot entropy examples/cuzr/results/reference --out "$folder"
mv "$folder/maps.png" doc/figures/cuzr.png
mv "$folder/barriers.png" doc/figures/cuzr-barriers.png
mv "$folder/entropy.png" doc/figures/cuzr-entropy.png
rmdir "$folder"
