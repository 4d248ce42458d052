"""What a circuit connects, as numbers: for its rules, which look at the graph and not at the elements.

A subcircuit is numbered once; each of its instances is then a copy of these arrays with other numbers for the nodes, so
that an array of thousands of banks costs little more than its numbers do. Names are made only for what is asked for.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rescircuit.spice.circuits.census import Census
from rescircuit.spice.circuits.charges import VoltageDependentCapacitor
from rescircuit.spice.circuits.circuit import Circuit
from rescircuit.spice.circuits.element import Element
from rescircuit.spice.circuits.elements import Capacitor, Instance, Mosfet
from rescircuit.spice.circuits.formulas import GivenCharge
from rescircuit.spice.circuits.sources import Source

__all__ = ["Connections", "Kind"]

Numbers = NDArray[np.int32]


class Kind(IntEnum):
    """What passes between the two ends of an element."""

    CONDUCTOR = 0  # a direct current that follows the voltage
    VOLTAGE = 1  # of a voltage source: any direct current
    CHANNEL = 2  # of a transistor
    CHARGE = 3  # no direct current
    CURRENT = 4  # a direct current of its own, whatever the voltage


class _Placing(NamedTuple):
    """An instance: its name, its number among the own elements, and where its elements and inner nodes begin."""

    name: str
    own_element: int
    first_element: int
    first_node: int
    part: Connections


@dataclass(frozen=True, eq=False, kw_only=True)
class Connections:
    """A circuit, or a subcircuit by itself, as a graph without instances; node 0 is ground.

    Attributes
    ----------
    own_nodes : tuple of str
        Names of ground, of the ports and of the other nodes that are not inside instances: nodes 0, 1 and so on.
    own_elements : sequence of str
        Names of the elements and instances that are not inside instances.
    n_ports, n_nodes : int
    ends : array (e, 2)
        The two nodes of each element between which it conducts or does what it does.
    kinds : array (e,)
        What it does there, a :class:`Kind`.
    others : array (o, 2)
        Elements, and the nodes that they touch besides: gates, bulks, and those whose voltages a formula reads.
    further_paths : array (f, 2)
        Pairs of nodes between which elements of more than two ends conduct, too.
    open_ends : array
        Nodes that may be on one element alone.
    instances : tuple
        Where the copies of subcircuits are.
    depth : int
        How many instances are inside each other, at most.
    subcircuits : dict
        All of the circuit's, each by itself, by name.
    """

    own_nodes: tuple[str, ...]
    own_elements: Sequence[str]
    n_ports: int
    n_nodes: int
    ends: Numbers
    kinds: NDArray[np.uint8]
    others: Numbers
    further_paths: Numbers
    open_ends: Numbers
    instances: tuple[_Placing, ...]
    depth: int
    subcircuits: dict[str, Connections]

    @classmethod
    def of(cls, circuit: Circuit) -> Connections:
        """Those of a circuit."""
        parts: dict[str, Connections] = {}
        for subcircuit in circuit.subcircuits.values():
            builder = _Builder(subcircuit.census, len(subcircuit.ports), parts)
            parts[subcircuit.name] = builder.built(subcircuit.open_ends)
        return _Builder(circuit.census, 0, parts).built(circuit.open_ends)

    @property
    def n_elements(self) -> int:
        """How many, without the instances themselves."""
        return len(self.kinds)

    @cached_property
    def touches(self) -> Numbers:
        """Elements and the nodes that they touch besides their two ends, each pair once, (o, 2)."""
        if not len(self.others):
            return self.others
        elements, nodes = self.others.T
        besides = (nodes[:, None] != self.ends[elements]).all(axis=1)
        pairs = np.unique(elements[besides].astype(np.int64) * self.n_nodes + nodes[besides])
        return np.column_stack(np.divmod(pairs, self.n_nodes)).astype(np.int32)

    @cached_property
    def touching(self) -> NDArray[np.int64]:
        """How many elements touch each node."""
        counts = np.bincount(self.ends.ravel(), minlength=self.n_nodes)
        counts -= np.bincount(self.ends[self.shorted, 0], minlength=self.n_nodes)
        return counts + np.bincount(self.touches[:, 1], minlength=self.n_nodes)

    @property
    def shorted(self) -> NDArray[np.bool_]:
        """Which elements have both ends on one node."""
        return self.ends[:, 0] == self.ends[:, 1]

    def are(self, *kinds: Kind) -> NDArray[np.bool_]:
        """Which elements are of one of these kinds."""
        return np.isin(self.kinds, kinds)

    def elements_at(self, node: int) -> list[int]:
        """The elements that touch a node, in their order."""
        ends = np.flatnonzero((self.ends == node).any(axis=1))
        besides = self.touches[self.touches[:, 1] == node, 0]
        return np.union1d(ends, besides).tolist()

    def joined(self, pairs: Numbers) -> NDArray[np.int32]:
        """A label for each node, the same for nodes that these pairs join."""
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        ones = np.ones(len(pairs))
        graph = coo_array((ones, (pairs[:, 0], pairs[:, 1])), shape=(self.n_nodes, self.n_nodes)).tocsr()
        return connected_components(graph, directed=False)[1]

    def node_name(self, node: int) -> str:
        """The full name of a node, as ``x_bank.branch_0``."""
        part, path = self, []
        while node >= len(part.own_nodes):
            placing = part.instances[bisect_right(part.instances, node, key=lambda each: each.first_node) - 1]
            path.append(placing.name)
            part = placing.part
            node += 1 + part.n_ports - placing.first_node
        return ".".join([*path, part.own_nodes[node]])

    def element_name(self, element: int) -> str:
        """The full name of an element, as ``x_bank.r_0``."""
        part, path = self, []
        while True:
            before = bisect_right(part.instances, element, key=lambda each: each.first_element)
            if not before:
                return ".".join([*path, part.own_elements[element]])
            placing = part.instances[before - 1]
            inside = element - placing.first_element
            behind = inside - placing.part.n_elements
            if behind >= 0:
                return ".".join([*path, part.own_elements[placing.own_element + 1 + behind]])
            path.append(placing.name)
            part, element = placing.part, inside


@dataclass
class _Builder:
    """Collects the arrays of one circuit or subcircuit."""

    census: Census
    n_ports: int
    parts: dict[str, Connections]

    ends: array[int] = field(default_factory=lambda: array("i"))
    kinds: bytearray = field(default_factory=bytearray)
    others: array[int] = field(default_factory=lambda: array("i"))
    further_paths: array[int] = field(default_factory=lambda: array("i"))
    open_ends: array[int] = field(default_factory=lambda: array("i"))
    instances: list[_Placing] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.numbers = self.census.numbers
        self.n_nodes = len(self.numbers)
        added = 0
        for before, (place, element) in enumerate(zip(self.census.places, self.census.special, strict=True)):
            self._add_plain(added, place - before)
            added = place - before
            if isinstance(element, Instance):
                self._place(place, element)
            else:
                self._add_other(element)
        self._add_plain(added, len(self.census.plain_ends) // 2)

    def _add_plain(self, first: int, last: int) -> None:
        """Of the plain resistors those from `first` to before `last`; nearly all of a large circuit's elements are."""
        self.ends.extend(self.census.plain_ends[2 * first : 2 * last])
        self.kinds += bytes([Kind.CONDUCTOR]) * (last - first)

    def _add_other(self, element: Element) -> None:
        """One that is neither an instance nor a plain resistor."""
        numbers, paths = self.numbers, element.direct_paths
        first = paths[0] if paths else element.terminals[:2]
        number = len(self.kinds)
        self.ends.extend(numbers[node] for node in first)
        self.kinds.append(_kind(element))
        for path in paths[1:]:
            self.further_paths.extend(numbers[node] for node in path)
        for node in element.nodes:
            if node not in first:
                self.others.extend((number, numbers[node]))

    def _place(self, index: int, instance: Instance) -> None:
        """A copy of a subcircuit, its ports on the instance's nodes and its other nodes behind all that there are."""
        part, first_element, first_node = self.parts[instance.model], len(self.kinds), self.n_nodes
        ports = 1 + part.n_ports
        self.n_nodes += part.n_nodes - ports
        to = np.zeros(part.n_nodes, dtype=np.int32)
        to[1:ports] = [self.numbers[node] for node in instance.ports]
        to[ports:] = np.arange(first_node, self.n_nodes)
        self.ends.frombytes(to[part.ends].tobytes())
        self.kinds += part.kinds.tobytes()
        if len(part.others):
            elements, nodes = part.others.T
            others = np.column_stack((elements + np.int32(first_element), to[nodes]))
            self.others.frombytes(others.astype(np.int32).tobytes())
        self.further_paths.frombytes(to[part.further_paths].tobytes())
        self.open_ends.frombytes(to[part.open_ends].tobytes())
        self.instances.append(_Placing(instance.name, index, first_element, first_node, part))

    def built(self, open_ends: Iterable[str]) -> Connections:
        """What was collected."""
        self.open_ends.extend(sorted(self.numbers[node] for node in open_ends if node in self.numbers))
        return Connections(
            own_nodes=tuple(self.numbers),
            own_elements=self.census.names,
            n_ports=self.n_ports,
            n_nodes=self.n_nodes,
            ends=_pairs(self.ends),
            kinds=np.frombuffer(bytes(self.kinds), dtype=np.uint8),
            others=_pairs(self.others),
            further_paths=_pairs(self.further_paths),
            open_ends=np.array(self.open_ends, dtype=np.int32),
            instances=tuple(self.instances),
            depth=max((1 + placing.part.depth for placing in self.instances), default=0),
            subcircuits=self.parts,
        )


def _kind(element: Element) -> Kind:
    match element:
        case Source():
            return Kind.VOLTAGE
        case Mosfet():
            return Kind.CHANNEL
        case Capacitor() | VoltageDependentCapacitor() | GivenCharge():
            return Kind.CHARGE
        case _:
            return Kind.CONDUCTOR if element.direct_paths else Kind.CURRENT


def _pairs(flat: array[int]) -> Numbers:
    return np.frombuffer(flat, dtype=np.int32).reshape(-1, 2) if flat else np.empty((0, 2), dtype=np.int32)
