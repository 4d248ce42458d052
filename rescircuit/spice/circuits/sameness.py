"""Whether two circuits are the same, whatever their nodes and elements are called and in whatever order they stand."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from rescircuit.errors import InputError, shorten
from rescircuit.spice.circuits.charges import CurrentMirror
from rescircuit.spice.circuits.circuit import Circuit
from rescircuit.spice.circuits.correspondence import LabelledGraph, SearchEndedError, corresponding
from rescircuit.spice.circuits.element import Element
from rescircuit.spice.circuits.elements import Capacitor, Mosfet, Resistor
from rescircuit.spice.circuits.flattening import Placed, flattened
from rescircuit.spice.circuits.names import GROUND
from rescircuit.spice.circuits.sources import Source
from rescircuit.spice.circuits.subcircuits import Subcircuit

__all__ = ["same_circuit"]

_MOST_ELEMENTS = 1_000_000
_ASKED = ("temperature_celsius", "nominal_temperature_celsius", "transient", "temperatures")
_VOLTAGE = re.compile(r"\bv\(([^()]*)\)")
_END = "end"  # of what is the same both ways round

_Label = tuple[object, ...]
_Edge = tuple[int, str]  # a vertex, and what it is to the element


def same_circuit(first: Circuit, second: Circuit) -> str | None:
    """Compare two circuits as graphs, with all their subcircuits put in place.

    They are the same if the nodes of one correspond to those of the other, ground to ground, so that all elements
    between them agree in kind, in values to the last bit, in models, and in which end is where (of a resistor, and of a
    capacitor without an initial voltage, the ends are alike); and if they are asked the same: temperatures, transient,
    samples, probes. Names, order, subcircuits, comments and open ends do not count. A correspondence is found by
    refining the colours of a graph of nodes and elements (Weisfeiler and Leman 1968) and, where symmetric parts keep
    the same colour, by trying which belongs to which; then it is checked edge by edge.

    Returns
    -------
    str or None
        ``None`` if they are the same, otherwise a line that says what differs.

    Raises
    ------
    InputError
        For circuits of more than a million elements, or so symmetric that the search was given up.
    """
    for name in _ASKED:
        ours, theirs = getattr(first, name), getattr(second, name)
        if ours != theirs:
            return f"{name} is {ours} in the first circuit and {theirs} in the second"
    graphs = tuple(_Builder(circuit).graph() for circuit in (first, second))
    difference = _difference_of_labels(*graphs)
    if difference is not None:
        return difference
    try:
        return corresponding(*graphs)
    except SearchEndedError:
        hint = "They agree in all that was compared."
        raise InputError("circuits", "less symmetric to be compared", "too many alike parts", hint) from None


@dataclass
class _Builder:
    """Makes a graph of a circuit: a vertex for each node and for each element, an edge for each terminal."""

    circuit: Circuit
    vertices: LabelledGraph = field(default_factory=LabelledGraph)
    nodes: dict[str, int] = field(default_factory=dict)
    sources: dict[str, int] = field(default_factory=dict)

    @cached_property
    def cards(self) -> dict[str, tuple[str, ...]]:
        """The words of the models' cards but for their names, by these."""
        models = (each for each in self.circuit.models if not isinstance(each, Subcircuit))
        return {each.name: tuple(w for card in each.cards for k, w in enumerate(card) if k != 1) for each in models}

    def graph(self) -> LabelledGraph:
        """The graph."""
        self.nodes[GROUND] = self.vertices.add("ground", ("ground",))
        probed = set(self.circuit.probes)
        mirrors: list[tuple[Placed, CurrentMirror]] = []
        alike: dict[tuple[_Label, tuple[_Edge, ...]], list[str]] = {}
        for count, placed in enumerate(flattened(self.circuit), 1):
            if count > _MOST_ELEMENTS:
                raise InputError("circuits", f"of at most {_MOST_ELEMENTS:,} elements", "more")
            for node in placed.nodes:
                if node not in self.nodes:
                    label = ("probed node",) if node in probed else ("node",)
                    self.nodes[node] = self.vertices.add(f"node {node}", label)
            if isinstance(placed.element, CurrentMirror):
                mirrors.append((placed, placed.element))
            elif isinstance(placed.element, Source):
                self.sources[placed.name] = self._add(placed.name, self._label(placed), self._edges(placed))
            else:  # elements side by side that agree in everything are one vertex, labelled with their number
                alike.setdefault((self._label(placed), tuple(self._edges(placed))), []).append(placed.name)
        for (label, edges), names in alike.items():
            self._add(names[0], (*label, len(names)), edges)
        for placed, mirror in mirrors:
            source = self.sources[placed.name.removesuffix(mirror.name) + mirror.source]
            self._add(placed.name, self._label(placed), [*self._edges(placed), (source, "mirrored")])
        return self.vertices

    def _add(self, name: str, label: _Label, edges: Iterable[_Edge]) -> int:
        vertex = self.vertices.add(name, label)
        for target, kind in edges:
            self.vertices.join(vertex, target, kind)
        return vertex

    def _edges(self, placed: Placed) -> list[_Edge]:
        """The vertices of an element's nodes, each with what it is to the element."""
        n_terminals = len(placed.element.terminals)
        terminals = placed.nodes[:n_terminals]
        both_ways = _both_ways(placed.element)
        edges = [(self.nodes[node], _END if both_ways else f"terminal {k}") for k, node in enumerate(terminals)]
        read = (node for node in dict.fromkeys(placed.nodes) if node not in terminals and node != GROUND)
        edges += [(self.nodes[node], f"reads {k}") for k, node in enumerate(read)]
        return sorted(edges) if both_ways else edges

    def _label(self, placed: Placed) -> _Label:
        """What an element says, without the names in it."""
        element = placed.element
        words: tuple[str, ...] = element.words
        if isinstance(element, Mosfet):
            words = (*words[1:], *self.cards[element.model])
        elif isinstance(element, CurrentMirror):
            words = words[1:]
        text = " ".join(words)
        if "v(" in text:
            full = dict(zip(element.nodes, placed.nodes, strict=True))
            places = {node: f"#{k}" for k, node in enumerate(dict.fromkeys(placed.nodes)) if node != GROUND}
            text = _VOLTAGE.sub(lambda found: f"v({_placed_nodes(found[1], full, places)})", text)
        return (element.name[0].lower(), text)


def _placed_nodes(inside: str, full: dict[str, str], places: dict[str, str]) -> str:
    """The nodes of a ``v(...)`` by their places on the element; ground and the selector keep their names."""
    names = (full.get(name.strip(), name.strip()) for name in inside.split(","))
    return ",".join(places.get(name, name) for name in names)


def _both_ways(element: Element) -> bool:
    return isinstance(element, Resistor) or (isinstance(element, Capacitor) and element.initial_voltage is None)


def _difference_of_labels(first: LabelledGraph, second: LabelledGraph) -> str | None:
    """The first kind of vertex of which the two have different numbers."""
    ours, theirs = Counter[_Label](first.labels), Counter[_Label](second.labels)
    for label in dict.fromkeys((*first.labels, *second.labels)):
        if ours[label] == theirs[label]:
            continue
        more, less = (first, second) if ours[label] > theirs[label] else (second, first)
        name = more.names[more.labels.index(label)]
        other = less.labels[less.names.index(name)] if name in less.names else label
        surplus = (ours[other] - theirs[other]) * (ours[label] - theirs[label])
        if other[0] == label[0] and surplus < 0:  # the same element, with another value
            one, two = (label, other) if more is first else (other, label)
            return f"{name} is {_said(one)} in the first circuit and {_said(two)} in the second"
        return f"the first circuit has {ours[label]} of {_said(label)} and the second {theirs[label]}, such as {name}"
    return None


def _said(label: _Label) -> str:
    side_by_side = f", {label[2]} side by side" if len(label) > 2 and label[2] != 1 else ""
    return shorten(" ".join(map(str, label[:2])) + side_by_side, 100)
