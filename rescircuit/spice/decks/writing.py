"""A circuit written for ngspice: one text, with all that is needed to run it and to check what comes back."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from rescircuit.errors import InputError
from rescircuit.files import write_lines
from rescircuit.spice.circuits.analyses import TemperatureSweep, Transient
from rescircuit.spice.circuits.circuit import Circuit
from rescircuit.spice.circuits.names import GROUND, SELECTOR_NODE, SELECTOR_SOURCE, comment_lines
from rescircuit.spice.circuits.rules import Finding, check_rules, circuit_of
from rescircuit.spice.circuits.subcircuits import Subcircuit

__all__ = ["Deck", "write_deck"]

TITLE = "rescircuit circuit"  # fixed: ngspice runs a file whose first line is *ng_script

# With ngspice's defaults one point of a sweep was off by 2e-5, and gmin = 1e-12 alone adds 1e-10.
_TOLERANCES = {"reltol": 1e-9, "vntol": 1e-12, "abstol": 1e-18, "gmin": 1e-18}

# Elements and models check their words themselves. This is for those of somebody's own kind, which may not.
_LINE = re.compile(
    r"(?:[bcfimrvx]\w+|\.(?:dc|ends|model|op|options|save|subckt|tran)|\+)(?: [-+*/^<>?:=(),.'\w]+)*",
    re.ASCII | re.IGNORECASE,
)

_WIDTH = 100  # characters in a line before it continues on the next


@dataclass(frozen=True)
class Deck:
    """A circuit as a deck for ``ngspice -b``, and what a run of it must bring.

    Attributes
    ----------
    circuit : Circuit
        What it is the deck of.
    warnings : tuple of Finding
        What the electrical rule check warns of, where it was asked.
    """

    circuit: Circuit
    warnings: tuple[Finding, ...] = field(default=(), compare=False)

    def __str__(self) -> str:
        return self.text

    @cached_property
    def text(self) -> str:
        """The whole deck."""
        return "".join(f"{line}\n" for line in self.lines())

    def lines(self) -> Iterator[str]:
        """The deck's lines one by one, so that a large one is never held as a whole."""
        circuit = self.circuit
        yield TITLE
        if head := comment_lines("comment", circuit.comment):
            yield from head
            yield ""
        for model in circuit.models:
            if isinstance(model, Subcircuit):
                yield from comment_lines("comment", model.comment)
            for card in model.cards:
                yield from _wrapped(card)
        notes = circuit.notes
        for element in circuit.elements:
            if element.name in notes:
                yield from comment_lines("notes", notes[element.name])
            yield from _wrapped((element.name, *element.terminals, *element.words))
        for card in (options_card(circuit), *analysis_cards(circuit), self._save_card()):
            yield from _wrapped(card)
        yield ".end"

    def _save_card(self) -> Iterator[str]:
        yield ".save"
        yield from (f"v({node})" for node in self.nodes)
        yield from (f"i({source})" for source in self.sources)

    @property
    def nodes(self) -> tuple[str, ...]:
        """Nodes whose voltages it saves, in the circuit's spelling; those inside instances last."""
        return self.circuit.nodes + self.circuit.probes

    @property
    def sources(self) -> tuple[str, ...]:
        """Sources whose currents it saves, in the circuit's spelling."""
        return tuple(source.name for source in self.circuit.sources)

    @property
    def n_samples(self) -> int | None:
        """Number of samples that it sweeps; ``None`` without any."""
        return self.circuit.n_samples

    @property
    def transient(self) -> Transient | None:
        """What it asks for over time."""
        return self.circuit.transient

    @property
    def temperatures(self) -> TemperatureSweep | None:
        """The temperatures that it sweeps."""
        return self.circuit.temperatures

    @property
    def plot(self) -> str:
        """Name of the plot that ngspice will write."""
        if self.transient is not None:
            return "Transient Analysis"
        swept = self.n_samples is not None or self.temperatures is not None
        return "DC transfer characteristic" if swept else "Operating Point"

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the points in that plot, at least one axis: temperatures, if there are any, and samples."""
        temperatures = () if self.temperatures is None else (len(self.temperatures.values),)
        return *temperatures, self.n_samples or 1

    @property
    def points(self) -> int:
        """Number of points in that plot; at a transient the least."""
        return math.prod(self.shape) if self.transient is None else self.transient.least_points

    @property
    def scale(self) -> str | None:
        """Name of the variable that a sweep or a transient steps through, in ngspice's spelling."""
        if self.transient is not None:
            return "time"
        if self.n_samples is not None:
            return "v(v-sweep)"
        return None if self.temperatures is None else "temp-sweep"

    @property
    def steps(self) -> tuple[float, ...] | None:
        """What that variable must be at each point of a sweep, samples before temperatures; else ``None``."""
        if self.n_samples is not None:
            temperatures = 1 if self.temperatures is None else len(self.temperatures.values)
            return tuple(float(k) for k in range(self.n_samples)) * temperatures
        return None if self.temperatures is None else self.temperatures.values

    @property
    def variables(self) -> frozenset[str]:
        """Names of the variables in that plot, in ngspice's spelling."""
        voltages = {voltage_variable(node) for node in self.nodes}
        currents = {current_variable(source) for source in self.sources}
        return frozenset(voltages | currents | ({self.scale} if self.scale else set()))

    def write(self, path: str | Path) -> Path:
        """Write the deck to a file, whole or not at all, and return its path.

        Raises
        ------
        InputError
            When the file cannot be written there.
        """
        return write_lines(path, self.lines())


def voltage_variable(node: str) -> str:
    """ngspice's name of a node's voltage."""
    return f"v({node.lower()})"


def current_variable(source: str) -> str:
    """ngspice's name of a source's current."""
    return f"i({source.lower()})"


def write_deck(circuit: Circuit) -> Deck:
    """Write `circuit` as a deck that finds its operating point, or that of each of its samples, or its transient.

    Raises
    ------
    InputError
        When the circuit breaks a rule, see :func:`rescircuit.spice.circuits.rules.check_rules`.
    """
    circuit = circuit_of(circuit)
    return Deck(circuit, warnings=check_rules(circuit))


def options_card(circuit: Circuit) -> list[str]:
    """Tolerances, the temperature at which values hold (tnom) and that of the simulation (temp)."""
    temperatures = {"tnom": circuit.nominal_temperature_celsius, "temp": circuit.temperature_celsius}
    options = {**_TOLERANCES, **temperatures}
    method: list[str] = []
    if circuit.transient is not None:
        options["reltol"] = circuit.transient.relative_tolerance
        method = ["method=gear"] if circuit.transient.method == "gear" else []
    return [".options", *(f"{key}={float(value)!r}" for key, value in options.items()), *method]


def analysis_cards(circuit: Circuit) -> list[list[str]]:
    """What is asked, with the source that selects samples."""
    transient = circuit.transient
    if transient is not None:
        step = repr(transient.max_step)
        start = ["uic"] if transient.use_initial_conditions else []
        return [[".tran", step, repr(transient.stop), repr(transient.start), step, *start]]
    sweeps: list[str] = []
    cards: list[list[str]] = []
    if circuit.n_samples is not None:
        cards.append([SELECTOR_SOURCE, SELECTOR_NODE, GROUND, "dc", "0.0"])
        sweeps += [SELECTOR_SOURCE, "0.0", repr(float(circuit.n_samples - 1)), "1.0"]
    if circuit.temperatures is not None:
        swept = circuit.temperatures
        sweeps += ["temp", repr(swept.start), repr(swept.stop), repr(swept.step)]
    return [*cards, [".dc", *sweeps] if sweeps else [".op"]]


def _wrapped(words: Iterable[str]) -> Iterator[str]:
    """Words as one line, continued with ``+`` where it gets long."""
    line = ""
    for word in words:
        if line and len(line) + 1 + len(word) > _WIDTH:
            yield _checked(line)
            line = f"+ {word}"
        else:
            line = f"{line} {word}" if line else word
    yield _checked(line)


def _checked(line: str) -> str:
    if not _LINE.fullmatch(line):
        raise InputError("circuit", "of elements and models with the words of a deck alone", line)
    return line
