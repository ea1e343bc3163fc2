"""Prints the table of the gallery: `python tests/materials/table.py [part of a name ...]`, with an exit status of 1
if any is wrong."""

import sys
import tempfile
import time
from pathlib import Path

from examine import EXAMINATIONS, examine, make_sample
from gallery import MATERIALS


def main(parts):
    worst = 0
    print("| material | " + " | ".join(EXAMINATIONS) + " |\n| --- |" + " --- |" * len(EXAMINATIONS), flush=True)
    for material in MATERIALS:
        if parts and not any(part in material.name for part in parts):
            continue
        with tempfile.TemporaryDirectory() as folder:
            start = time.monotonic()
            script = make_sample(material, Path(folder))
            seconds = [time.monotonic() - start]
            cells = []
            for style in EXAMINATIONS:
                start = time.monotonic()
                verdict, detail = examine(material, style, Path(folder), script)
                worst = max(worst, verdict == "wrong")
                cells.append(f"{verdict}: {detail}")
                seconds.append(time.monotonic() - start)
        print(f"| {material.name} | " + " | ".join(cells) + " |", flush=True)
        print(f"{material.name}: " + " ".join(f"{s:.0f}" for s in seconds) + " s", file=sys.stderr, flush=True)
    return worst


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
