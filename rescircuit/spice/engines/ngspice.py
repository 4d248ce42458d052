"""Running ngspice, and believing it only when everything says that it succeeded.

ngspice exits with 0 after many failures, so a run counts only if its exit status is 0, neither output stream
complains, and the raw file holds exactly the plot, the points and the variables that the deck asks for. Each
run has a folder of its own, next to no environment, no input, and a time limit.

BSIM4 remarks on parameters that it finds unusual and takes as they are, and on those that its own rules leave out in
favour of others. Such remarks are handed on; a warning that it takes another value than the card's is a complaint.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from rescircuit.checks import Array, positive_number
from rescircuit.errors import InputError, MissingToolError, SpiceError, shorten
from rescircuit.spice.circuits.circuit import Transient
from rescircuit.spice.decks.writing import Deck, current_variable, voltage_variable
from rescircuit.spice.engines.raw import Plot, read_raw

__all__ = [
    "DEFAULT_TIMEOUT",
    "EXECUTABLE_VARIABLE",
    "LONGEST_TIMEOUT",
    "SpiceResult",
    "find_ngspice",
    "ngspice_version",
    "run_deck",
]

EXECUTABLE_VARIABLE = "RESCIRCUIT_NGSPICE"
DEFAULT_TIMEOUT = 120.0  # second; an array with all its wires takes 3 s if 64 x 64, 40 s if 96 x 96

LONGEST_TIMEOUT = 1e6  # second, eleven days; an operating system waits no longer than some three weeks at once

_COMPLAINT = re.compile(r"warning|error|singular|gmin stepping|source stepping|aborted|ignored", re.IGNORECASE)
_REMARK = re.compile(
    r"Warning: (?:"
    r"(?:gamma1|gamma2|nsub|vbm|vbx|xt) is ignored because k1 or k2 is given"
    r"|k1 should be specified with k2|k2 should be specified with k1"  # the other one is as by default
    r"|toxe, toxp and dtox all given and toxe != toxp \+ dtox; dtox ignored"
    r"|\w+(?: for CV| at current temperature)? = \S+ (?:is|may be) too (?:small|large)"
    r"|\w+ = \S+ is (?:negative|not positive)"
    r"|Ngate = \S+ is less than 1\.E18cm\^-3|Nj[sd] = \S+ is less than 0\.7"
    r"|\([WB][01] \+ Weff\) may be too small"
    r")\.",
    re.ASCII,
)
_QUOTED_LINES, _QUOTED_LENGTH = 3, 200
_INSTALL = "Install it with `apt-get install ngspice` or `brew install ngspice`"


@dataclass(frozen=True, kw_only=True)
class SpiceResult:
    """What a run brought; K is the number of samples or of points in time, 1 for an operating point.

    Attributes
    ----------
    node_voltages : mapping of node to (K,) array
        Volt, by the circuit's own names.
    source_currents : mapping of source to (K,) array
        Ampere, from ``plus`` through the source to ``minus``.
    version : str
        ngspice's version.
    seconds : float
        Wall-clock time of the run.
    times : (K,) array or None
        The points of a transient, second, rising.
    remarks : tuple of str
        What ngspice said of a BSIM4 card that it took as it is.
    """

    node_voltages: Mapping[str, Array]
    source_currents: Mapping[str, Array]
    version: str
    seconds: float
    times: Array | None = None
    remarks: tuple[str, ...] = ()


def run_deck(deck: Deck, *, timeout: float = DEFAULT_TIMEOUT) -> SpiceResult:
    """Run `deck` in ngspice and return its node voltages and source currents.

    Parameters
    ----------
    deck : Deck
        See :func:`rescircuit.spice.decks.writing.write_deck`.
    timeout : float
        Longest time to wait, second; at most :data:`LONGEST_TIMEOUT`.

    Raises
    ------
    InputError
        For another timeout.
    SpiceError
        When ngspice fails, complains, takes too long, or brings anything but what the deck asks for.
    MissingToolError
        When there is no ngspice.
    """
    if positive_number("timeout", timeout, "s") > LONGEST_TIMEOUT:
        raise InputError("timeout", f"at most {LONGEST_TIMEOUT:g} (s)", timeout)
    ngspice = find_ngspice()
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="rescircuit-") as folder:
        deck.write(Path(folder, "deck.cir"))
        status, said = _run([ngspice, "-n", "-b", "-r", "out.raw", "deck.cir"], folder, timeout)
        remarks = _remarks(status, said)
        try:
            content = Path(folder, "out.raw").read_bytes()
        except OSError:
            raise SpiceError("ngspice ended without a word and without a raw file") from None
    seconds = time.perf_counter() - started
    plot = read_raw(content)
    _refuse_other_plots(plot, deck)
    columns = dict(zip(plot.variables, plot.values.T, strict=True))
    return SpiceResult(
        node_voltages={node: columns[voltage_variable(node)] for node in deck.nodes},
        source_currents={source: columns[current_variable(source)] for source in deck.sources},
        version=ngspice_version(ngspice),
        seconds=seconds,
        times=None if deck.transient is None else columns["time"],
        remarks=remarks,
    )


def find_ngspice() -> str:
    """Path of the ngspice to use: what the environment variable RESCIRCUIT_NGSPICE says, or that on the PATH.

    Raises
    ------
    MissingToolError
        When there is none.
    """
    chosen = os.environ.get(EXECUTABLE_VARIABLE)
    found = shutil.which(chosen or "ngspice")
    if found:
        return str(Path(found).absolute())
    remedy = f"{_INSTALL}, or set {EXECUTABLE_VARIABLE} to its path."
    if chosen:
        remedy = f"{EXECUTABLE_VARIABLE} is set to {shorten(chosen)}, which is no program. {remedy}"
    raise MissingToolError("ngspice", "running circuits in SPICE", remedy)


@lru_cache
def ngspice_version(ngspice: str) -> str:
    """Version of the program at that path, as it states it.

    Raises
    ------
    SpiceError
        When the program does not say that it is ngspice.
    """
    with tempfile.TemporaryDirectory(prefix="rescircuit-") as folder:
        _, said = _run([ngspice, "--version"], folder, timeout=10.0)
    stated = re.search(r"ngspice-(\S+)", said)
    if not stated:
        raise SpiceError(f"{ngspice} does not state a version of ngspice: {_quote(said.splitlines())}")
    return stated[1]


def _run(command: Sequence[str], folder: str, timeout: float) -> tuple[int, str]:
    """Exit status and all output of a command; the command and its children end with it."""
    try:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={"HOME": folder, "LC_ALL": "C", "PATH": os.defpath},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        raise SpiceError(f"{command[0]} cannot be run: {error.strerror}") from None
    with process:
        try:
            output, _ = process.communicate(timeout=timeout)
        except BaseException as stop:  # Ctrl-C too: it does not reach a process group of its own
            with suppress(ProcessLookupError, PermissionError):  # the group may have ended by itself
                os.killpg(process.pid, signal.SIGKILL)
            if isinstance(stop, subprocess.TimeoutExpired):
                hint = "Allow more with timeout=, or check a part of the circuit."
                raise SpiceError(f"ngspice was stopped after {timeout:g} s. {hint}") from None
            raise
    return process.returncode, output.decode("utf-8", errors="replace")


def _remarks(status: int, said: str) -> tuple[str, ...]:
    """The harmless remarks, each once; raise unless the exit status is 0 and no other line of output complains."""
    lines = [line.strip() for line in said.splitlines()]
    remarks = tuple(dict.fromkeys(line for line in lines if _REMARK.fullmatch(line)))
    complaints = [line for line in lines if _COMPLAINT.search(line) and line not in remarks]
    if status != 0:
        last_words = _quote(complaints or lines[-_QUOTED_LINES:])
        raise SpiceError(f"ngspice failed (exit status {status}): {last_words}")
    if complaints:
        raise SpiceError(f"ngspice complained, so its result is not used: {_quote(complaints)}")
    return remarks


def _refuse_other_plots(plot: Plot, deck: Deck) -> None:
    """Raise unless the plot is the one that the deck asks for."""
    if plot.name != deck.plot:
        raise SpiceError(f"ngspice wrote the plot {shorten(plot.name)} where {deck.plot!r} was asked for")
    if deck.transient is None and len(plot.values) != deck.points:
        raise SpiceError(f"ngspice wrote {len(plot.values)} points where {deck.points} were asked for")
    differing = deck.variables.symmetric_difference(plot.variables)
    if differing or len(plot.variables) != len(deck.variables):
        named = shorten(", ".join(sorted(differing)) or "a variable twice")
        raise SpiceError(f"ngspice wrote other variables than those asked for: {named}")
    if deck.transient is not None:
        _refuse_other_times(plot.values[:, plot.variables.index("time")], deck.transient)


def _refuse_other_times(times: Array, transient: Transient) -> None:
    """Raise unless the points are those of one whole transient.

    From initial conditions ngspice's first point is not at 0 but its first, short step later.
    """
    if len(times) < max(transient.least_points, 2):
        raise SpiceError(f"ngspice wrote {len(times)} points where at least {transient.least_points} were asked for")
    near = 1e-9 * transient.stop
    gaps = np.diff(times)
    begins = transient.start - near <= times[0] <= transient.start + transient.max_step + near
    if not begins or abs(times[-1] - transient.stop) > near:
        asked = f"{transient.start:g} s to {transient.stop:g} s"
        raise SpiceError(f"ngspice wrote the time from {times[0]:g} s to {times[-1]:g} s where {asked} was asked for")
    if gaps.min() <= 0 or gaps.max() > transient.max_step + near:
        raise SpiceError("ngspice wrote a time that goes backwards, or takes longer steps than asked for")


def _quote(lines: Sequence[str]) -> str:
    """A few lines of a program's words as one line, without control characters."""
    printable = ("".join(c if c.isprintable() else " " for c in line) for line in lines)
    shown = [" ".join(line.split())[:_QUOTED_LENGTH] for line in printable]
    return " | ".join(list(dict.fromkeys(filter(None, shown)))[:_QUOTED_LINES]) or "it said nothing"
