"""Subcircuits: circuits with ports, that others use as if they were elements."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from rescircuit.errors import InputError
from rescircuit.spice.circuits.census import Census
from rescircuit.spice.circuits.charges import CurrentMirror
from rescircuit.spice.circuits.element import Element
from rescircuit.spice.circuits.models import Card, Model
from rescircuit.spice.circuits.names import check_distinct, check_name, comment_lines
from rescircuit.spice.circuits.sources import SelectedSource

__all__ = ["Subcircuit", "check_mirrors", "check_open_ends"]


@dataclass(frozen=True, kw_only=True)
class Subcircuit(Model):
    """Elements between nodes of their own, of which some are ports.

    Ground, ``"0"``, is the ground of the whole circuit, and models are the whole circuit's. Another subcircuit that
    its elements use stands before it among the circuit's models.

    Parameters
    ----------
    name : str
        The name by which an :class:`~rescircuit.spice.Instance` refers to it.
    ports : tuple of str
        Nodes, at least one, each once, and not ground.
    elements : tuple of Element
        At least one; their names are their own, not the circuit's. No source among them has samples.
    comment : str
        Free text for the lines before it.
    open_ends : frozenset of str
        Nodes that may be on one element alone.

    Raises
    ------
    InputError
        For names that occur twice, and what stands above.
    """

    name: str
    ports: tuple[str, ...]
    elements: tuple[Element, ...]
    comment: str = ""
    open_ends: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        check_name("name", self.name)
        if not isinstance(self.ports, tuple) or not self.ports:
            raise InputError(f"ports of {self.name}", "a tuple of nodes, at least one", self.ports)
        for k, port in enumerate(self.ports):
            check_name(f"ports of {self.name} at index {k}", port)
        check_distinct(f"port of {self.name}", self.ports)
        if not isinstance(self.elements, tuple):
            raise InputError(f"elements of {self.name}", "a tuple", self.elements)
        if not self.census.n_elements:
            raise InputError(f"elements of {self.name}", "at least one element", self.elements)
        check_distinct(f"element of {self.name}", self.census.names)
        check_distinct(f"node of {self.name}", self.nodes)
        for source in self.census.sources:
            if isinstance(source, SelectedSource):
                raise InputError(f"elements of {self.name}", "without sources that have samples", source.name)
        check_mirrors(self.census)
        check_open_ends(f"open_ends of {self.name}", self.open_ends)
        comment_lines(f"comment of {self.name}", self.comment)

    @cached_property
    def census(self) -> Census:
        """What one way through its elements tells."""
        return Census.of(self.elements, self.ports, argument=f"elements of {self.name}")

    @property
    def nodes(self) -> tuple[str, ...]:
        """Its ports, and then all other nodes but ground, in the order in which the elements name them."""
        return self.census.nodes

    @property
    def cards(self) -> tuple[Card, ...]:
        """Its lines."""
        lines = ((element.name, *element.terminals, *element.words) for element in self.elements)
        return ((".subckt", self.name, *self.ports), *lines, (".ends", self.name))


def check_mirrors(census: Census) -> None:
    """Refuse a mirror of a source that does not stand beside it."""
    sources = {source.name for source in census.sources}
    for element in census.special:
        if isinstance(element, CurrentMirror) and element.source not in sources:
            raise InputError(f"source of {element.name}", "one of the voltage sources beside it", element.source)


def check_open_ends(argument: str, open_ends: Any) -> None:
    """Refuse what is no set of names: a word alone would stand for its letters. Not all need be nodes."""
    if not isinstance(open_ends, frozenset) or not all(isinstance(node, str) for node in open_ends):
        raise InputError(argument, "a frozenset of the names of nodes", open_ends)
