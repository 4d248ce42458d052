"""All elements of a circuit as if it had no subcircuits, by their full names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from rescircuit.spice.circuits.element import Element
from rescircuit.spice.circuits.elements import Instance
from rescircuit.spice.circuits.names import GROUND
from rescircuit.spice.circuits.subcircuits import Subcircuit

if TYPE_CHECKING:
    from rescircuit.spice.circuits.circuit import Circuit

__all__ = ["Placed", "flattened"]


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


def _inside(
    instance: Instance, path: str, ports: tuple[str, ...], known: Mapping[str, Subcircuit]
) -> Iterator[tuple[str, Subcircuit, Callable[[str], str]]]:
    """The subcircuit of an instance and then those inside it, each with its path and the full names of its nodes."""
    subcircuit = known[instance.model]
    names = {GROUND: GROUND, **dict(zip(subcircuit.ports, ports, strict=True))}

    def full(node: str) -> str:
        return names.get(node) or f"{path}.{node}"

    yield path, subcircuit, full
    for inner in subcircuit.elements:
        if isinstance(inner, Instance):
            yield from _inside(inner, f"{path}.{inner.name}", tuple(map(full, inner.ports)), known)
