"""The solution of a linear deck from its text alone: the check of arrays that are too large for ngspice.

Nothing here knows how an array was made or how its deck was written. What is understood is the linear part of the decks
that this package writes, and anything else is refused with the number of its line: R, V, I, F and C elements, B sources
whose voltage is a ``pwl`` of the swept node's, subcircuits of these, ``.options``, ``.op`` or ``.dc``, ``.save`` and
``.end``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from rescircuit.checks import Array
from rescircuit.errors import InputError
from rescircuit.spice.engines.nodal.hierarchy import GROUNDS, Scope, Subcircuit
from rescircuit.spice.engines.nodal.lines import (
    Card,
    cards,
    is_name,
    matched,
    parsed,
    points_of,
    refuse,
    resistance,
    sweep_steps,
)
from rescircuit.spice.engines.nodal.table import CircuitSolution, ElementTable

__all__ = ["solve_deck"]

_MOST_ELEMENTS = 20_000_000
_DEEPEST = 50  # instances in one another
_DEFAULT_CELSIUS = 27.0  # ngspice's own, of temp and tnom
_TOLERANCES = {"reltol", "vntol", "abstol", "gmin"}  # of ngspice's iterations; there are none here


def solve_deck(deck: str | Path | Iterable[str]) -> CircuitSolution:
    """Solve a linear deck from its text alone.

    Parameters
    ----------
    deck : str, Path or iterable of str
        The deck's text, the file that it is in, or its lines one by one, such as ``deck.lines()``.

    Returns
    -------
    CircuitSolution
        The nodes and sources that the deck saves, in its spelling. Its points are those of ngspice's plot.

    Raises
    ------
    InputError
        For a line that is not understood, with its number; a deck without title, analysis, ``.save`` or ``.end``; a
        file that cannot be read; and what :func:`rescircuit.spice.engines.nodal.circuits.solve_circuit` refuses.
    SolutionError
        As there.
    """
    started = time.perf_counter()
    if isinstance(deck, str):
        return _solved(deck.split("\n"), started)
    if not isinstance(deck, Path):
        if isinstance(deck, bytes) or not isinstance(deck, Iterable):
            raise InputError("deck", "text, a Path or lines", deck, "Of a Deck, give its lines().")
        return _solved(deck, started)
    try:
        with deck.open(encoding="ascii") as file:
            return _solved(file, started)
    except OSError as error:
        raise InputError("deck", "a file that can be read", str(deck), f"{error.strerror}.") from None
    except UnicodeDecodeError:
        raise InputError("deck", "a file of plain characters (ASCII)", str(deck)) from None


def _solved(lines: Iterable[str], started: float) -> CircuitSolution:
    reader = _Reader()
    for card in cards(lines):
        reader.take(card)
    reader.check_complete()
    samples, temperatures, swept = reader.points()
    nodes = {name: reader.saved_node(card, name) for card, kind, name in reader.saved if kind == "v"}
    sources = {name: reader.saved_source(card, name) for card, kind, name in reader.saved if kind == "i"}
    nominal = reader.options.get("tnom", _DEFAULT_CELSIUS)
    warmer = [celsius - nominal for celsius in temperatures]
    return reader.table.solved(
        samples=samples, warmer=warmer, swept=swept, started=started, nodes=nodes, sources=sources
    )


class _Reader:
    """What has been read of a deck."""

    def __init__(self) -> None:
        self.table = ElementTable()
        self.options: dict[str, float] = {}
        self.saved: list[tuple[Card, str, str]] = []
        self._numbers: dict[str, int] = {"0": 0}  # of nodes, by the spellings met at the top and the lowered ones
        self._names: set[str] = set()
        self._following: dict[str, tuple[Card, str, Array]] = {}  # of B sources: whose voltage, and the function
        self._subcircuits: dict[str, Subcircuit] = {}
        self._open: Subcircuit | None = None
        self._analysis: Card | None = None
        self._end: Card | None = None
        self._top = Scope()

    def take(self, card: Card) -> None:
        """Take one line in."""
        if self._end is not None:
            refuse(card, f"empty, behind the .end of line {self._end.number}")
        if card.text[0] != ".":
            self._take_element(card, *matched(card))
            return
        kind, *rest = card.text.split()
        command = _COMMANDS.get(kind.lower())
        if command is None or (self._open is not None and command is not _Reader._end_subcircuit):
            refuse(card, "a line of a linear deck")
        command(self, card, rest)

    def _take_element(self, card: Card, letter: str, words: tuple[str, ...]) -> None:
        size = 1 + (self._instantiated(card, words)[0].size if letter == "x" else 0)
        if self._open is not None:
            self._open.elements.append((card, letter, words))
            self._open.size += size
            return
        if len(self._names) + size > _MOST_ELEMENTS:
            refuse(card, f"among the first {_MOST_ELEMENTS:,} elements")
        self._place(card, letter, words, self._top)

    def check_complete(self) -> None:
        """Refuse a deck that lacks something, and a mirror without its source."""
        for name, found in ((".end", self._end), (".op or .dc", self._analysis), (".save", self.saved)):
            if not found:
                raise InputError("deck", f"whole, with {name}", "none", "Was it cut off?")
        for *_, source, _ in self.table.mirrors:
            if source not in self.table.sources:
                raise InputError("deck", "with the voltage sources that its mirrors name", f"no {source}")

    def _node(self, name: str, scope: Scope) -> int:
        known = self._numbers.get(name) if scope is self._top else None
        if known is not None:
            return known
        full = scope.full(name)
        known = self._numbers.get(full.lower())
        if known is None:
            known = self._numbers[full.lower()] = self.table.node(full)
        if scope is self._top:
            self._numbers[name] = known
        return known

    def _place(self, card: Card, letter: str, words: tuple[str, ...], scope: Scope) -> None:
        """Put an element where it stands."""
        name = (scope.prefix + words[0]).lower()
        if name in self._names:
            refuse(card, "an element with a name of its own")
        self._names.add(name)
        if letter == "x":
            self._place_instance(card, words, scope)
            return
        plus, minus, rest = self._node(words[1], scope), self._node(words[2], scope), words[3:]
        if letter == "r":
            self.table.add_resistor(plus, minus, *resistance(card, rest))
        elif letter == "v":
            self.table.sources[name] = plus, minus, np.array([parsed(card, rest[0])])
        elif letter == "i":
            self.table.currents.append((plus, minus, parsed(card, rest[0])))
        elif letter == "f":
            self.table.mirrors.append((plus, minus, (scope.prefix + rest[0]).lower(), parsed(card, rest[1])))
        elif letter == "b":
            self.table.sources[name] = plus, minus, np.zeros(1)
            self._following[name] = card, scope.full(rest[0]), points_of(card, rest[1])

    def _place_instance(self, card: Card, words: tuple[str, ...], scope: Scope) -> None:
        subcircuit, nodes = self._instantiated(card, words)
        if scope.prefix.count(".") >= _DEEPEST:
            refuse(card, f"at most {_DEEPEST} instances deep")
        ports = dict(zip(subcircuit.ports, map(scope.full, nodes), strict=True))
        inside = Scope(f"{scope.prefix}{words[0]}.", ports)
        for inner, letter, inner_words in subcircuit.elements:
            self._place(inner, letter, inner_words, inside)

    def _instantiated(self, card: Card, words: tuple[str, ...]) -> tuple[Subcircuit, list[str]]:
        """The subcircuit of an instance, and the nodes on its ports."""
        subcircuit, nodes = self._subcircuits.get(words[2].lower()), words[1].split(" ")
        if subcircuit is None or len(nodes) != len(subcircuit.ports):
            refuse(card, "an instance of a subcircuit above, with a node for each of its ports")
        return subcircuit, nodes

    def _begin_subcircuit(self, card: Card, words: list[str]) -> None:
        name, *ports = [word.lower() for word in words] or [""]
        plain = all(is_name(port) and port not in GROUNDS for port in ports)
        if not ports or not plain or len(set(ports)) < len(ports) or name in self._subcircuits:
            refuse(card, "a subcircuit with a name and ports of its own")
        self._open = Subcircuit(name, ports)

    def _end_subcircuit(self, card: Card, words: list[str]) -> None:
        if self._open is None or [word.lower() for word in words] != [self._open.name]:
            refuse(card, "the end of the subcircuit that began last")
        self._subcircuits[self._open.name] = self._open
        self._open = None

    def _take_options(self, card: Card, words: list[str]) -> None:
        for word in words:
            key, _, value = word.lower().partition("=")
            if key not in _TOLERANCES and key not in ("temp", "tnom"):
                refuse(card, "a line of options of a linear deck")
            self.options[key] = parsed(card, value)

    def _take_analysis(self, card: Card, words: list[str]) -> None:
        sizes = (4, 8) if card.text.lower().startswith(".dc") else (0,)
        if self._analysis is not None or len(words) not in sizes:
            refuse(card, "the only analysis, .op, or .dc with one sweep or two")
        self._analysis = card

    def _take_saved(self, card: Card, words: list[str]) -> None:
        for word in words:
            kind, name = word[:2].lower(), word[2:-1]
            if kind not in ("v(", "i(") or word[-1] != ")":
                refuse(card, "a list of v(node) and i(source)")
            self.saved.append((card, kind[0], name))

    def _take_end(self, card: Card, words: list[str]) -> None:
        if words:
            refuse(card, ".end and nothing else")
        self._end = card

    def saved_node(self, card: Card, name: str) -> int:
        """The number of a node that the deck saves."""
        number = self._numbers.get(name.lower())
        if number is None:
            raise InputError(f"line {card.number} of the deck", "a list of the deck's nodes and sources", f"v({name})")
        return number

    def saved_source(self, card: Card, name: str) -> str:
        """The name in the table of a source that the deck saves."""
        if name.lower() not in self.table.sources:
            raise InputError(f"line {card.number} of the deck", "a list of the deck's nodes and sources", f"i({name})")
        return name.lower()

    def points(self) -> tuple[int, list[float], bool]:
        """How many samples there are, the temperatures, °C, and whether they are swept; sources get their voltages."""
        card = self._analysis or Card(0, "")
        words = card.text.lower().split()[1:]
        sweeps = {words[k]: sweep_steps(card, words[k + 1 : k + 4]) for k in range(0, len(words), 4)}
        if 4 * len(sweeps) < len(words):
            refuse(card, "a sweep of two different things")
        temperatures = [self.options.get("temp", _DEFAULT_CELSIUS)]
        warmed = "temp" in list(sweeps)[-1:]
        if warmed:
            temperatures = sweeps.pop("temp").tolist()
        if len(sweeps) > 1:
            refuse(card, "a sweep of one source, or of the temperature, or of both in this order")
        swept, values = next(iter(sweeps.items()), ("", np.zeros(1)))
        if swept:
            if swept not in self.table.sources or swept in self._following:
                refuse(card, "a sweep of one of the deck's constant voltage sources")
            self.table.sources[swept] = (*self.table.sources[swept][:2], values)
        for name in self._following:
            self._follow(name, swept, values)
        return values.size, temperatures, warmed

    def _follow(self, name: str, swept: str, values: Array) -> None:
        """Give a B source the voltages that belong to those of the swept source."""
        card, node, (places, voltages) = self._following[name]
        ends = (self._numbers.get(node.lower()), 0)
        if not swept or self.table.sources[swept][:2] != ends:
            refuse(card, "a function of the voltage of the node that is swept")
        if values[0] < places[0] or values[-1] > places[-1]:
            refuse(card, "a function over all of the sweep")
        self.table.sources[name] = (*self.table.sources[name][:2], np.interp(values, places, voltages))


_COMMANDS: dict[str, Callable[[_Reader, Card, list[str]], None]] = {
    ".subckt": _Reader._begin_subcircuit,
    ".ends": _Reader._end_subcircuit,
    ".options": _Reader._take_options,
    ".op": _Reader._take_analysis,
    ".dc": _Reader._take_analysis,
    ".save": _Reader._take_saved,
    ".end": _Reader._take_end,
}
