"""The input script of the README runs as it is printed, but shorter."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def script_of_the_readme():
    blocks = re.findall(r"```\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    (script,) = (block for block in blocks if block.startswith("units"))
    assert script.count("\n") <= 20
    return script.replace("examples/", f"{ROOT}/examples/").replace("100000", "100").replace("10000", "50")


def test_script_runs(tmp_path):
    (tmp_path / "in.readme").write_text(f"plugin load {ROOT}/build/ergodicplugin.so\n" + script_of_the_readme())
    command = ["mpiexec", "-n", "2", "lmp", "-in", "in.readme"]
    done = subprocess.run(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300)
    assert done.returncode == 0, done.stdout
    rows = [line.split() for line in done.stdout.splitlines() if re.match(r" +(50|150) ", line) and len(line.split()) == 6]
    (first, last) = ([float(word) for word in row] for row in rows)
    assert first[3] == 0 and 0 < last[3] < 2
    dump = (tmp_path / "S.dump").read_text()
    assert dump.count("TIMESTEP") == 3 and "ITEM: ATOMS id type x y z S motifs samples" in dump
