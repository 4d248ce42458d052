"""A circuit run by PySpice, through ngspice's shared library, in a process of its own.

This is the second way to ngspice: PySpice writes the netlist, names the analysis and reads the vectors out of the
library's memory, where :mod:`rescircuit.spice.engines.ngspice` writes a deck and reads a file. What comes is believed
under the same rules. In the library a circuit that it cannot read may end the process, or spoil every later circuit;
so each run has a process of its own, next to no environment, a fresh folder and a time limit.

ngspice as a library always runs a ``.spiceinit``: that of the current folder, or else of the home folder, which it
learns from the system and not from HOME. An empty one in the fresh folder keeps it from that.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any

from rescircuit.errors import SpiceError
from rescircuit.side_by_side import run_side_by_side
from rescircuit.spice.circuits.circuit import Circuit
from rescircuit.spice.circuits.names import SELECTOR_SOURCE
from rescircuit.spice.circuits.rules import circuit_of
from rescircuit.spice.decks.writing import TITLE, Deck
from rescircuit.spice.engines import pyspice_worker
from rescircuit.spice.engines.acceptance import Words, largest_raw_file
from rescircuit.spice.engines.ngspice import DEFAULT_TIMEOUT, checked_timeout
from rescircuit.spice.engines.processes import run_program
from rescircuit.spice.engines.pyspice import to_pyspice
from rescircuit.spice.engines.pyspice_library import library_names, missing_library
from rescircuit.spice.engines.pyspice_simulator import simulator_settings
from rescircuit.spice.engines.raw import read_raw_of_run
from rescircuit.spice.engines.results import SpiceResult, read_result

__all__ = ["run_pyspice"]


def run_pyspice(circuit: Circuit | Deck, *, timeout: float = DEFAULT_TIMEOUT) -> SpiceResult:
    """Run `circuit` in ngspice's shared library by PySpice and return its node voltages and source currents.

    The circuit is that of :func:`rescircuit.spice.to_pyspice`, simulated by its own ``simulator`` with the tolerances,
    temperatures and analysis of the circuit's deck.

    Parameters
    ----------
    circuit : Circuit or Deck
        What to run; of a deck, its circuit.
    timeout : float
        Longest time to wait, second; at most :data:`rescircuit.spice.engines.ngspice.LONGEST_TIMEOUT`.

    Returns
    -------
    SpiceResult
        As from :func:`rescircuit.spice.run_deck`; the version is the library's.

    Raises
    ------
    InputError
        For another timeout, or a circuit that breaks a rule.
    SpiceError
        When ngspice or PySpice fails or crashes, complains, takes too long, or brings anything but what was asked for.
    MissingToolError
        When there is no PySpice, or no shared library of ngspice.
    """
    timeout = checked_timeout(timeout)
    deck = circuit if isinstance(circuit, Deck) else Deck(circuit_of(circuit))
    return run_side_by_side([partial(_run, deck, timeout)], workers=1)[0]


def _run(deck: Deck, timeout: float, stop: Event) -> SpiceResult:
    said = _Said()
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="rescircuit-") as folder:
        Path(folder, pyspice_worker.JOB).write_text(json.dumps(_job(deck)), encoding="ascii")
        Path(folder, ".spiceinit").touch()
        # Without the warnings that Python 3.12 and later have of PySpice's sources: they would count as ngspice's.
        command = [sys.executable, "-I", "-W", "ignore", str(Path(pyspice_worker.__file__).absolute())]
        status = run_program(command, folder, timeout=timeout, hear=said.hear, stop=stop)
        if status == pyspice_worker.NO_LIBRARY:
            raise missing_library()
        remarks = said.remarks(status)
        plot = read_raw_of_run(Path(folder, pyspice_worker.RAW), largest_raw_file(deck))
    seconds = time.perf_counter() - started
    return read_result(plot, deck, version=said.version, seconds=seconds, remarks=remarks, engine="PySpice's ngspice")


class _Said(Words):
    """What the process says; the library's first words state its version."""

    def __init__(self) -> None:
        super().__init__()
        self._version = ""

    def hear(self, line: str) -> None:
        """Take one more line."""
        super().hear(line)
        stated = None if self._version else re.match(r"\*\* ngspice-(\S+)", line)
        if stated:
            self._version = stated[1]

    @property
    def version(self) -> str:
        """ngspice's version.

        Raises
        ------
        SpiceError
            When it was not stated.
        """
        if not self._version:
            raise SpiceError("the library does not state a version of ngspice")
        return self._version


def _job(deck: Deck) -> dict[str, Any]:
    """What the process is to do: PySpice's netlist without its title, and the arguments of PySpice's simulator."""
    temperatures, options = simulator_settings(deck)
    analysis, arguments = _analysis(deck)
    _, _, netlist = str(to_pyspice(deck.circuit)).partition("\n")
    return {
        "path": [str(Path(folder).absolute()) for folder in sys.path if folder],  # where PySpice may be
        "libraries": library_names(),
        "title": TITLE,
        "netlist": netlist,
        "temperatures": temperatures,
        "options": options,
        "save": [f"v({node})" for node in deck.nodes] + [f"i({source})" for source in deck.sources],
        "analysis": analysis,
        "arguments": arguments,
    }


def _analysis(deck: Deck) -> tuple[str, dict[str, Any]]:
    """The name of the simulator's method, and its arguments; a list stands for a slice."""
    if (transient := deck.transient) is not None:
        return "transient", {
            "step_time": transient.max_step,
            "end_time": transient.stop,
            "start_time": transient.start,
            "max_time": transient.max_step,
            "use_initial_condition": transient.use_initial_conditions,
        }
    sweeps: dict[str, Any] = {}
    if deck.n_samples is not None:
        sweeps[SELECTOR_SOURCE] = [0.0, deck.n_samples - 1.0, 1.0]
    if (swept := deck.temperatures) is not None:
        sweeps["temp"] = [swept.start, swept.stop, swept.step]
    return ("dc" if sweeps else "operating_point"), sweeps
