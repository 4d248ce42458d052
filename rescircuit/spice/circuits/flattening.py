"""All elements of a circuit as if it had no subcircuits, by their full names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from rescircuit.spice.circuits.elements import Element, Instance
from rescircuit.spice.circuits.names import GROUND
from rescircuit.spice.circuits.subcircuits import Subcircuit

if TYPE_CHECKING:
    from rescircuit.spice.circuits.circuit import Circuit

__all__ = ["Placed", "PlacedSubcircuit", "flattened", "placed_subcircuits"]


class Placed(NamedTuple):
    """An element where it stands.

    Attributes
    ----------
    name : str
        With those of the instances around it before it, as ``x_bank.r_0``.
    element : Element
    nodes : tuple of str
        Its nodes, in the order of ``element.nodes``, by their full names, as ``x_bank.branch_0``; those of the circuit
        itself, and ground, have their own.
    """

    name: str
    element: Element
    nodes: tuple[str, ...]

    @property
    def paths(self) -> list[tuple[str, str]]:
        """Pairs of its nodes between which direct current can flow."""
        full = dict(zip(self.element.nodes, self.nodes, strict=True))
        return [(full[a], full[b]) for a, b in self.element.direct_paths]


class PlacedSubcircuit(NamedTuple):
    """A subcircuit where it stands.

    Attributes
    ----------
    path : str
        The full name of its instance.
    subcircuit : Subcircuit
    full : callable
        From the names of its nodes to their full names.
    """

    path: str
    subcircuit: Subcircuit
    full: Callable[[str], str]


def flattened(circuit: Circuit) -> Iterator[Placed]:
    """The circuit's elements in their order, each instance replaced by the elements inside it."""
    for element in circuit.elements:
        if not isinstance(element, Instance):
            yield Placed(element.name, element, element.nodes)
            continue
        for path, subcircuit, full in _inside(element, element.name, element.ports, circuit.subcircuits):
            for inner in subcircuit.elements:
                if not isinstance(inner, Instance):
                    yield Placed(f"{path}.{inner.name}", inner, tuple(map(full, inner.nodes)))


def placed_subcircuits(circuit: Circuit) -> Iterator[PlacedSubcircuit]:
    """The subcircuits of all instances, each as often as it is used, also by others."""
    for element in circuit.census.with_models:
        if isinstance(element, Instance):
            yield from _inside(element, element.name, element.ports, circuit.subcircuits)


def _inside(
    instance: Instance, path: str, ports: tuple[str, ...], known: Mapping[str, Subcircuit]
) -> Iterator[PlacedSubcircuit]:
    """The subcircuit of an instance, and then those inside it."""
    subcircuit = known[instance.model]
    names = {GROUND: GROUND, **dict(zip(subcircuit.ports, ports, strict=True))}

    def full(node: str) -> str:
        return names.get(node) or f"{path}.{node}"

    yield PlacedSubcircuit(path, subcircuit, full)
    for inner in subcircuit.elements:
        if isinstance(inner, Instance):
            yield from _inside(inner, f"{path}.{inner.name}", tuple(map(full, inner.ports)), known)
