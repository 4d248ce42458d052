"""A circuit written for ngspice: one text, with all that is needed to run it and to check what comes back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rescircuit.files import write_text
from rescircuit.spice.circuits.circuit import Circuit, Transient
from rescircuit.spice.circuits.names import GROUND, SELECTOR_NODE, SELECTOR_SOURCE, comment_lines
from rescircuit.spice.circuits.rules import check_rules

__all__ = ["Deck", "write_deck"]

TITLE = "rescircuit circuit"  # fixed: ngspice runs a file whose first line is *ng_script

# With ngspice's defaults one point of a sweep was off by 2e-5, and gmin = 1e-12 alone adds 1e-10.
_TOLERANCES = {"reltol": 1e-9, "vntol": 1e-12, "abstol": 1e-18, "gmin": 1e-18}

_WIDTH = 100  # characters in a line before it continues on the next


@dataclass(frozen=True, kw_only=True)
class Deck:
    """A netlist with its analysis, as text, and what a run of it must bring.

    Attributes
    ----------
    text : str
        The whole deck, ready for ``ngspice -b``.
    nodes : tuple of str
        Nodes whose voltages it saves, in the circuit's spelling.
    sources : tuple of str
        Sources whose currents it saves, in the circuit's spelling.
    n_samples : int or None
        Number of samples that it sweeps; ``None`` for an operating point or a transient.
    transient : Transient or None
        What it asks for over time.
    """

    text: str
    nodes: tuple[str, ...]
    sources: tuple[str, ...]
    n_samples: int | None = None
    transient: Transient | None = None

    def __str__(self) -> str:
        return self.text

    @property
    def plot(self) -> str:
        """Name of the plot that ngspice will write."""
        if self.transient is not None:
            return "Transient Analysis"
        return "Operating Point" if self.n_samples is None else "DC transfer characteristic"

    @property
    def points(self) -> int:
        """Number of points in that plot; at a transient the least."""
        if self.transient is not None:
            return self.transient.least_points
        return 1 if self.n_samples is None else self.n_samples

    @property
    def variables(self) -> frozenset[str]:
        """Names of the variables in that plot, in ngspice's spelling."""
        sweep = set() if self.n_samples is None else {"v(v-sweep)"}
        if self.transient is not None:
            sweep = {"time"}
        voltages = {voltage_variable(node) for node in self.nodes}
        return frozenset(sweep | voltages | {current_variable(source) for source in self.sources})

    def write(self, path: str | Path) -> Path:
        """Write the deck to a file, whole or not at all, and return its path.

        Raises
        ------
        InputError
            When the file cannot be written there.
        """
        return write_text(path, self.text)


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
    check_rules(circuit)
    sources = tuple(source.name for source in circuit.sources)
    saved = [f"v({node})" for node in circuit.nodes] + [f"i({source})" for source in sources]
    cards = [
        *((element.name, *element.terminals, *element.words) for element in circuit.elements),
        *(card for model in circuit.models for card in model.cards),
        _options_card(circuit),
        *_analysis_cards(circuit),
        [".save", *saved],
        [".end"],
    ]
    lines = [TITLE, *comment_lines("comment", circuit.comment)]
    for card in cards:
        lines += _wrapped(card)
    text = "\n".join(lines) + "\n"
    return Deck(
        text=text, nodes=circuit.nodes, sources=sources, n_samples=circuit.n_samples, transient=circuit.transient
    )


def _options_card(circuit: Circuit) -> list[str]:
    """Tolerances, the temperature at which values hold (tnom) and that of the simulation (temp)."""
    temperatures = {"tnom": circuit.nominal_temperature_celsius, "temp": circuit.temperature_celsius}
    options = {**_TOLERANCES, **temperatures}
    method: list[str] = []
    if circuit.transient is not None:
        options["reltol"] = circuit.transient.relative_tolerance
        method = ["method=gear"] if circuit.transient.method == "gear" else []
    return [".options", *(f"{key}={float(value)!r}" for key, value in options.items()), *method]


def _analysis_cards(circuit: Circuit) -> list[list[str]]:
    transient = circuit.transient
    if transient is not None:
        step = repr(transient.max_step)
        start = ["uic"] if transient.use_initial_conditions else []
        return [[".tran", step, repr(transient.stop), repr(transient.start), step, *start]]
    if circuit.n_samples is None:
        return [[".op"]]
    last = repr(float(circuit.n_samples - 1))
    return [
        [SELECTOR_SOURCE, SELECTOR_NODE, GROUND, "dc", "0.0"],
        [".dc", SELECTOR_SOURCE, "0.0", last, "1.0"],
    ]


def _wrapped(words: Iterable[str]) -> list[str]:
    """Words as one line, continued with ``+`` where it gets long."""
    lines: list[str] = []
    line = ""
    for word in words:
        if line and len(line) + 1 + len(word) > _WIDTH:
            lines.append(line)
            line = f"+ {word}"
        else:
            line = f"{line} {word}" if line else word
    return [*lines, line]
