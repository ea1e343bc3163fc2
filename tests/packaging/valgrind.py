"""Runs a program under valgrind and finds the errors and leaks in which a given binary had a part."""

import shutil
import subprocess
import xml.etree.ElementTree as ElementTree

import pytest

# The standard library of Rust keeps one handle of the main thread for good; valgrind sees an interior pointer to it.
HARMLESS = ("Leak_PossiblyLost", "Leak_StillReachable")


def errors(folder, binary, *command):
    """Descriptions of the errors with a frame in the file named `binary`; skips the test where there is no valgrind."""
    if not shutil.which("valgrind"):
        pytest.skip("no valgrind")
    report = folder / "valgrind.xml"
    command = ["valgrind", "--leak-check=full", "--xml=yes", f"--xml-file={report}", *command]
    output = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    done = subprocess.run(command, cwd=folder, timeout=600, **output)
    assert done.returncode == 0, done.stdout
    found = ElementTree.parse(report).getroot().iter("error")
    return [describe(e) for e in found if e.findtext("kind") not in HARMLESS and touches(e, binary)]


def touches(error, binary):
    return any(path.text.rsplit("/", 1)[-1] == binary for path in error.iter("obj"))


def describe(error):
    frames = [f"{f.findtext('fn')} ({f.findtext('file')}:{f.findtext('line')})" for f in error.iter("frame")]
    return "\n  ".join([error.findtext("kind"), *frames])
