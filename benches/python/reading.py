#!/usr/bin/env python3
"""CPU time of reading dumps of 10,000 atoms, 8 columns each: `python benches/python/reading.py [frames]` (20
frames)."""

import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "python"))
from ergodic.reading import read_glass

HEAD = "ITEM: TIMESTEP\n{}\nITEM: NUMBER OF ATOMS\n10000\nITEM: BOX BOUNDS pp pp pp\n0 50\n0 50\n0 50\n" \
       "ITEM: ATOMS id type x y z S motifs samples\n"


def main():
    frames = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    rng = np.random.default_rng(1)
    rows = "".join(f"{k} {1 + k % 3} " + " ".join(f"{x:.5f}" for x in rng.uniform(0, 50, 6)) + "\n" for k in range(1, 10001))
    with tempfile.TemporaryDirectory() as folder:
        dump = Path(folder) / "S.dump"
        dump.write_text("".join(HEAD.format(k) + rows for k in range(frames)))
        start = time.process_time()
        glass = read_glass([dump], ["A", "B", "C"])
        spent = time.process_time() - start
    print(f"{len(glass.atoms['id'])} atoms, {frames} frames: {spent:.2f} CPU s, {1e6 * spent / frames / 10000:.2f} us an atom and frame")


if __name__ == "__main__":
    main()
