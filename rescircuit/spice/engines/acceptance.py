"""When a run of ngspice counts: nothing that it said or wrote is anything but what the deck asks for.

ngspice exits with 0 after many failures, so a run counts only if its exit status is 0, neither output stream
complains, and the raw file holds exactly the plot, the points and the variables that the deck asks for.

BSIM4 remarks on parameters that it finds unusual and takes as they are, and on those that its own rules leave out in
favour of others. Such remarks are handed on; a warning that it takes another value than the card's is a complaint.

ngspice says nothing of a resistance of 0, which it takes for 1 mΩ, of a current source into a node without any other
element, of ``4k7`` or of an unknown option. No run can reveal these: circuits refuse them before they are written.
"""

from __future__ import annotations

import re
import signal
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import numpy as np

from rescircuit.checks import Array
from rescircuit.errors import InputError, SpiceError, shorten
from rescircuit.spice.circuits.analyses import Transient
from rescircuit.spice.engines.raw import Plot

__all__ = ["Runnable", "Words", "accepted_values", "checked_deck", "largest_raw_file", "quote"]

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
_VOLTAGE = re.compile(r"[\w.#]+ {3,}[-+]?[0-9][-+.0-9e]*", re.ASCII)  # of a node called error_1, before a transient
_QUOTED_LINES, _QUOTED_LENGTH = 4, 200
_PROGRESS = ("Note: ", "Circuit: ", "Doing analysis ")
_MOST_REMARKS = 1000
_HEADER_BYTES = 4096  # of a raw file, besides its variables
_VARIABLE_BYTES = 64  # of a variable in that header, besides its name
_TRANSIENT_BYTES = 1 << 30  # ngspice chooses the steps of a transient, so its points cannot be counted beforehand


class Runnable(Protocol):
    """A deck with what a run of it must bring, as :class:`rescircuit.spice.decks.writing.Deck` has it."""

    @property
    def nodes(self) -> tuple[str, ...]:
        """Nodes whose voltages it saves."""
        ...

    @property
    def sources(self) -> tuple[str, ...]:
        """Sources whose currents it saves."""
        ...

    @property
    def transient(self) -> Transient | None:
        """What it asks for over time."""
        ...

    @property
    def plot(self) -> str:
        """ngspice's name of its analysis."""
        ...

    @property
    def points(self) -> int:
        """Number of points of that plot; at a transient the least."""
        ...

    @property
    def shape(self) -> tuple[int, ...]:
        """Of those points: temperatures, if there are any, and samples."""
        ...

    @property
    def scale(self) -> str | None:
        """ngspice's name of the variable that a sweep or a transient steps through."""
        ...

    @property
    def steps(self) -> tuple[float, ...] | None:
        """What that variable must be at each point of a sweep."""
        ...

    @property
    def variables(self) -> frozenset[str]:
        """Names of the variables of that plot, as ngspice spells them."""
        ...

    def write(self, path: str | Path) -> Path:
        """Write the deck to a file."""
        ...


def checked_deck(deck: Runnable) -> Runnable:
    """`deck`, if it is one; to ask it for what it brings may take long."""
    if not hasattr(type(deck), "variables"):
        raise InputError("deck", "a Deck", deck, "write_deck makes one of a circuit.")
    return deck


class Words:
    """What a program says, line by line; of any number of lines it keeps those that tell how the run went."""

    def __init__(self) -> None:
        self._remarks: dict[str, None] = {}
        self._complaints: list[str] = []
        self._scene: list[str] = []  # the first complaint with the lines beside it, which often say more
        self._last: deque[str] = deque(maxlen=_QUOTED_LINES)

    def hear(self, line: str) -> None:
        """Take one more line."""
        line = line.strip()
        if not line:
            return
        if _COMPLAINT.search(line) and not _VOLTAGE.fullmatch(line) and not self._is_remark(line):
            if not self._complaints:
                self._scene = [before for before in list(self._last)[-1:] if not before.startswith(_PROGRESS)]
            if len(self._complaints) < _QUOTED_LINES and line not in self._complaints:
                self._complaints.append(line)
        if self._complaints and len(self._scene) < _QUOTED_LINES:
            self._scene.append(line)
        self._last.append(line)

    def _is_remark(self, line: str) -> bool:
        harmless = len(self._remarks) < _MOST_REMARKS and len(line) < _QUOTED_LENGTH and _REMARK.fullmatch(line)
        if harmless:
            self._remarks[line] = None
        return bool(harmless)

    def remarks(self, status: int) -> tuple[str, ...]:
        """The harmless remarks, each once.

        Raises
        ------
        SpiceError
            Unless the exit status is 0 and no other line complains.
        """
        if status != 0:
            last_words = quote(self._scene or list(self._last))
            raise SpiceError(f"ngspice failed ({_ending(status)}): {last_words}")
        if self._complaints:
            raise SpiceError(f"ngspice complained, so its result is not used: {quote(self._complaints)}")
        return tuple(self._remarks)


def largest_raw_file(deck: Runnable) -> int:
    """Bytes that the raw file of an accepted run has at most."""
    variables = deck.variables
    header = _HEADER_BYTES + sum(_VARIABLE_BYTES + len(name) for name in variables)
    if deck.transient is not None:
        return header + _TRANSIENT_BYTES
    return header + deck.points * len(variables) * np.dtype(np.float64).itemsize


def accepted_values(plot: Plot, deck: Runnable) -> Array:
    """The plot's values, (points, variables); raise unless the plot is the one that the deck asks for."""
    if plot.name != deck.plot:
        raise SpiceError(f"ngspice wrote the plot {shorten(plot.name)} where {deck.plot!r} was asked for")
    if np.iscomplexobj(plot.values):
        raise SpiceError("ngspice wrote complex numbers where real ones were asked for")
    _refuse_other_variables(plot.variables, deck)
    if deck.transient is not None:
        _refuse_other_times(plot["time"], deck.transient)
    elif len(plot.values) != deck.points:
        raise SpiceError(f"ngspice wrote {len(plot.values)} points where {deck.points} were asked for")
    elif deck.steps is not None and deck.scale is not None and not np.allclose(plot[deck.scale], deck.steps, rtol=0.0):
        raise SpiceError(f"ngspice swept {deck.scale} over other values than those asked for")
    return plot.values.real


def _refuse_other_variables(variables: tuple[str, ...], deck: Runnable) -> None:
    differing = deck.variables.symmetric_difference(variables)
    if differing:
        raise SpiceError(f"ngspice wrote other variables than those asked for: {shorten(', '.join(sorted(differing)))}")


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


def _ending(status: int) -> str:
    """How a program ended, from its exit status, which is negative after a signal."""
    if status < 0:
        with suppress(ValueError):
            return f"ended by {signal.Signals(-status).name}"
    return f"exit status {status}"


def quote(lines: Sequence[str]) -> str:
    """A few lines of a program's words as one line, without control characters."""
    printable = ("".join(c if c.isprintable() else " " for c in line[: 2 * _QUOTED_LENGTH]) for line in lines)
    shown = [" ".join(line.split())[:_QUOTED_LENGTH] for line in printable]
    return " | ".join(list(dict.fromkeys(filter(None, shown)))[:_QUOTED_LINES]) or "it said nothing"
