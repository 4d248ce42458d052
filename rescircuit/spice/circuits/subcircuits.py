"""Subcircuits: circuits with ports, that others use as if they were elements."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from rescircuit.errors import InputError
from rescircuit.spice.circuits.charges import CurrentMirror
from rescircuit.spice.circuits.element import Element
from rescircuit.spice.circuits.models import Card, Model
from rescircuit.spice.circuits.names import GROUND, check_distinct, check_name, comment_lines
from rescircuit.spice.circuits.sources import SelectedSource, Source

__all__ = ["Subcircuit", "check_member", "check_members", "check_mirrors", "check_open_ends"]


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
        check_members(f"elements of {self.name}", self.elements, Element)
        if not self.elements:
            raise InputError(f"elements of {self.name}", "at least one element", self.elements)
        check_distinct(f"element of {self.name}", (element.name for element in self.elements))
        check_distinct(f"node of {self.name}", self.nodes)
        for element in self.elements:
            if isinstance(element, SelectedSource):
                raise InputError(f"elements of {self.name}", "without sources that have samples", element.name)
        sources = (element.name for element in self.elements if isinstance(element, Source))
        check_mirrors(self.elements, set(sources))
        check_open_ends(f"open_ends of {self.name}", self.open_ends)
        comment_lines(f"comment of {self.name}", self.comment)

    @cached_property
    def nodes(self) -> tuple[str, ...]:
        """Its ports, and then all other nodes but ground, in the order in which the elements name them."""
        named = (node for element in self.elements for node in element.nodes)
        return tuple(node for node in dict.fromkeys((*self.ports, *named)) if node != GROUND)

    @property
    def cards(self) -> tuple[Card, ...]:
        """Its lines."""
        lines = ((element.name, *element.terminals, *element.words) for element in self.elements)
        return ((".subckt", self.name, *self.ports), *lines, (".ends", self.name))


def check_members(argument: str, members: Any, kind: Any) -> None:
    """Only what checks itself may reach a deck."""
    if not isinstance(members, tuple):
        raise InputError(argument, "a tuple", members)
    for k, member in enumerate(members):
        check_member(argument, k, member, kind)


def check_member(argument: str, index: int, member: Any, kind: Any) -> None:
    """Refuse one that is not of this kind."""
    if not isinstance(member, kind):
        raise InputError(f"{argument} at index {index}", "made by one of the classes of rescircuit.spice", member)


def check_mirrors(elements: Any, sources: set[str]) -> None:
    """Refuse a mirror of a source that does not stand beside it."""
    for element in elements:
        if isinstance(element, CurrentMirror) and element.source not in sources:
            raise InputError(f"source of {element.name}", "one of the voltage sources beside it", element.source)


def check_open_ends(argument: str, open_ends: Any) -> None:
    """Refuse what is no set of names: a word alone would stand for its letters. Not all need be nodes."""
    if not isinstance(open_ends, frozenset) or not all(isinstance(node, str) for node in open_ends):
        raise InputError(argument, "a frozenset of the names of nodes", open_ends)
