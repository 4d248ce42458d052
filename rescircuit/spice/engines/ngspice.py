"""Running ngspice, one deck or several side by side, and believing it only when everything says that it succeeded.

Each run has a folder of its own, next to no environment, no input, and a time limit.
What makes a run count stands in :mod:`rescircuit.spice.engines.acceptance`.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterable
from functools import lru_cache, partial
from pathlib import Path
from threading import Event

from rescircuit.checks import positive_number, whole_number
from rescircuit.errors import InputError, MissingToolError, SpiceError, shorten
from rescircuit.side_by_side import run_side_by_side
from rescircuit.spice.engines.acceptance import Runnable, Words, checked_deck, largest_raw_file, quote
from rescircuit.spice.engines.processes import run_program
from rescircuit.spice.engines.raw import read_raw_of_run
from rescircuit.spice.engines.results import SpiceResult, read_result

__all__ = [
    "DEFAULT_TIMEOUT",
    "EXECUTABLE_VARIABLE",
    "LONGEST_TIMEOUT",
    "checked_timeout",
    "find_ngspice",
    "ngspice_version",
    "run_deck",
    "run_decks",
]

EXECUTABLE_VARIABLE = "RESCIRCUIT_NGSPICE"
DEFAULT_TIMEOUT = 120.0  # second; an array with all its wires takes 3 s if 64 x 64, 40 s if 96 x 96

LONGEST_TIMEOUT = 1e6  # second, eleven days; an operating system waits no longer than some three weeks at once

_INSTALL = "Install it with `apt-get install ngspice` or `brew install ngspice`"


def run_deck(deck: Runnable, *, timeout: float = DEFAULT_TIMEOUT) -> SpiceResult:
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
        For another timeout, and for what is no deck.
    SpiceError
        When ngspice fails, complains, takes too long, or brings anything but what the deck asks for.
    MissingToolError
        When there is no ngspice.
    """
    task = partial(_run_deck, checked_deck(deck), find_ngspice(), checked_timeout(timeout))
    return run_side_by_side([task], workers=1)[0]


def run_decks(
    decks: Iterable[Runnable],
    *,
    timeout: float = DEFAULT_TIMEOUT,
    workers: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> list[SpiceResult]:
    """Run several decks in ngspice, some of them at the same time; what comes back does not depend on how many.

    The first failure, and Ctrl-C as well, stops all that still run.

    Parameters
    ----------
    decks : iterable of Deck
        See :func:`rescircuit.spice.decks.writing.write_deck`.
    timeout : float
        Longest time to wait for each of them, second; at most :data:`LONGEST_TIMEOUT`.
    workers : int, optional
        Number of ngspices at a time; by default one for each processor that may be used.
    progress : callable, optional
        Called with the number of decks done since the last call.

    Returns
    -------
    list of SpiceResult
        In the order of the decks.

    Raises
    ------
    InputError
        For another timeout or number of workers, and for what is no deck.
    SpiceError
        As :func:`run_deck`; it says which of the decks failed, counted from 0.
    MissingToolError
        When there is no ngspice.
    """
    limit = checked_timeout(timeout)
    most = _processors() if workers is None else whole_number("workers", workers, 1)
    ngspice = find_ngspice()
    if not isinstance(decks, Iterable):
        raise InputError("decks", "several decks", decks, "run_deck takes one.")
    tasks = [partial(_run_numbered, k, checked_deck(deck), ngspice, limit) for k, deck in enumerate(decks)]
    return run_side_by_side(tasks, most, progress)


def _run_numbered(number: int, deck: Runnable, ngspice: str, timeout: float, stop: Event) -> SpiceResult:
    try:
        return _run_deck(deck, ngspice, timeout, stop)
    except SpiceError as error:
        raise SpiceError(f"decks[{number}]: {error}") from None


def _run_deck(deck: Runnable, ngspice: str, timeout: float, stop: Event) -> SpiceResult:
    words = Words()
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="rescircuit-") as folder:
        deck.write(Path(folder, "deck.cir"))
        command = [ngspice, "-n", "-b", "-r", "out.raw", "deck.cir"]
        status = run_program(command, folder, timeout=timeout, hear=words.hear, stop=stop)
        remarks = words.remarks(status)
        plot = read_raw_of_run(Path(folder, "out.raw"), largest_raw_file(deck))
    seconds = time.perf_counter() - started
    return read_result(plot, deck, version=ngspice_version(ngspice), seconds=seconds, remarks=remarks, engine="ngspice")


def checked_timeout(timeout: float) -> float:
    """`timeout` (second), if an operating system waits so long."""
    number = positive_number("timeout", timeout, "s")
    if number > LONGEST_TIMEOUT:
        raise InputError("timeout", f"at most {LONGEST_TIMEOUT:g} (s)", timeout)
    return number


def _processors() -> int:
    """Number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


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
    said: deque[str] = deque(maxlen=100)
    with tempfile.TemporaryDirectory(prefix="rescircuit-") as folder:
        run_program([ngspice, "--version"], folder, timeout=10.0, hear=said.append)
    stated = re.search(r"ngspice-(\S+)", "\n".join(said))
    if not stated:
        raise SpiceError(f"{ngspice} does not state a version of ngspice: {quote(list(said))}")
    return stated[1]
