"""The input script of the README runs as it is printed, but shorter."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def script_of_the_readme():
    blocks = re.findall(r"```\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    (script,) = (block for block in blocks if block.startswith("units"))
    assert script.count("\n") <= 12
    return script.replace("examples/", f"{ROOT}/examples/").replace("100000", "100").replace("10000", "50")


def test_script_runs(tmp_path):
    (tmp_path / "in.readme").write_text(f"plugin load {ROOT}/build/ergodicplugin.so\n" + script_of_the_readme())
    command = ["mpiexec", "-n", "2", "lmp", "-in", "in.readme"]
    done = subprocess.run(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300)
    assert done.returncode == 0, done.stdout
    entropy = [float(line.split()[2]) for line in done.stdout.splitlines() if re.match(r" +(0|100) ", line)]
    assert entropy[0] == 0 and 0 < entropy[1] < 2
    assert (tmp_path / "S.dump").read_text().count("TIMESTEP") == 3
