"""A quick part of the gallery; all of it: `python tests/materials/table.py`."""

import pytest

from examine import examine, make_sample
from gallery import MATERIALS

QUICK = {
    "a-Si, edip": "modes events", "Fe-Cr, eam/cd": "motifs modes events", "SiO2, vashishta": "motifs modes",
    "Kob-Andersen": "motifs modes", "bead polymer, fene": "motifs modes", "argon, units real": "motifs modes",
}


@pytest.mark.parametrize("name, styles", QUICK.items(), ids=list(QUICK))
def test_material(tmp_path, name, styles):
    material = next(material for material in MATERIALS if material.name == name)
    script = make_sample(material, tmp_path)
    for style in styles.split():
        verdict, detail = examine(material, style, tmp_path, script)
        assert verdict == "right" and "another far side" not in detail, f"{style}: {detail}"
