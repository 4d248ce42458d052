"""A circuit written for ngspice: one text, with all that is needed to run it and to check what comes back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rescircuit.crossbar.cells import LARGEST_ARGUMENT
from rescircuit.files import write_text
from rescircuit.spice.circuit import (
    Circuit,
    Element,
    Level1Model,
    Mosfet,
    Resistor,
    SelectedSource,
    SinhConductor,
    VoltageSource,
)
from rescircuit.spice.names import GROUND, SELECTOR_NODE, SELECTOR_SOURCE, comment_lines
from rescircuit.spice.rules import check_rules

__all__ = ["Deck", "selected_voltage", "sinh_current", "write_deck"]

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
        Number of samples that it sweeps; ``None`` for an operating point.
    """

    text: str
    nodes: tuple[str, ...]
    sources: tuple[str, ...]
    n_samples: int | None = None

    def __str__(self) -> str:
        return self.text

    @property
    def plot(self) -> str:
        """Name of the plot that ngspice will write."""
        return "Operating Point" if self.n_samples is None else "DC transfer characteristic"

    @property
    def points(self) -> int:
        """Number of points in that plot."""
        return 1 if self.n_samples is None else self.n_samples

    @property
    def variables(self) -> frozenset[str]:
        """Names of the variables in that plot, in ngspice's spelling."""
        sweep = set() if self.n_samples is None else {"v(v-sweep)"}
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
    """Write `circuit` as a deck that finds its operating point, or that of each of its samples.

    Raises
    ------
    InputError
        When the circuit breaks a rule, see :func:`rescircuit.spice.rules.check_rules`.
    """
    check_rules(circuit)
    sources = tuple(source.name for source in circuit.sources)
    saved = [f"v({node})" for node in circuit.nodes] + [f"i({source})" for source in sources]
    cards = [
        *(_element_card(element) for element in circuit.elements),
        *(_model_card(model) for model in circuit.models),
        _options_card(circuit.temperature_celsius),
        *_analysis_cards(circuit.n_samples),
        [".save", *saved],
        [".end"],
    ]
    lines = [TITLE, *comment_lines("comment", circuit.comment)]
    for card in cards:
        lines += _wrapped(card)
    text = "\n".join(lines) + "\n"
    return Deck(text=text, nodes=circuit.nodes, sources=sources, n_samples=circuit.n_samples)


def selected_voltage(source: SelectedSource) -> str:
    """A selected source's voltage as a ``pwl`` expression over the selector, which counts the samples.

    Each sample k is a plateau from k - 1/4 to k + 1/4. On a slope ngspice computes ``slope * k + rest``, and
    many samples cost digits; on a plateau the value is exact.
    """
    plateaus = [f"{k - 0.25!r}, {v!r}, {k + 0.25!r}, {v!r}" for k, v in enumerate(source.voltages)]
    return f"pwl(v({SELECTOR_NODE}), {', '.join(plateaus)})"


def sinh_current(conductor: SinhConductor) -> str:
    """A conductor's current as an expression over the voltages of its nodes.

    Newton's steps on the way to a solution leave the range that ngspice's sinh and cosh take; so the expression goes
    on along the tangent where our own law does, beyond ``LARGEST_ARGUMENT``.
    """
    scale = repr(conductor.v_scale)
    argument = f"(v({conductor.plus}) - v({conductor.minus})) / {scale}"
    within = f"min(max({argument}, {-LARGEST_ARGUMENT!r}), {LARGEST_ARGUMENT!r})"
    value = f"sinh({within}) + cosh({within}) * ({argument} - {within})"
    return f"{conductor.conductance!r} * {scale} * ({value})"


def _element_card(element: Element) -> list[str]:
    """An element as the words of its line."""
    match element:
        case Resistor():
            value = [repr(element.resistance)]
        case VoltageSource():
            value = ["dc", repr(element.voltage)]
        case SelectedSource():
            value = ["v", "=", *selected_voltage(element).split()]
        case SinhConductor():
            value = ["i", "=", *sinh_current(element).split()]
        case Mosfet():
            value = [element.model, f"w={element.width!r}", f"l={element.length!r}"]
    return [element.name, *element.nodes, *value]


def _model_card(model: Level1Model) -> list[str]:
    parameters = [f"{key}={value!r}" for key, value in model.parameters.items()]
    return [".model", model.name, "nmos", *f"(level=1 {' '.join(parameters)})".split()]


def _options_card(temperature_celsius: float) -> list[str]:
    """Tolerances, and one temperature for the parameters (tnom) and the simulation (temp)."""
    options = {**_TOLERANCES, "tnom": temperature_celsius, "temp": temperature_celsius}
    return [".options", *(f"{key}={float(value)!r}" for key, value in options.items())]


def _analysis_cards(n_samples: int | None) -> list[list[str]]:
    if n_samples is None:
        return [[".op"]]
    last = repr(float(n_samples - 1))
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
