"""A circuit's own elements, gone through once: what its checks and its deck need to know of all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from rescircuit.spice.circuits.element import Element
from rescircuit.spice.circuits.elements import Instance, Mosfet
from rescircuit.spice.circuits.names import GROUND
from rescircuit.spice.circuits.sources import Source
from rescircuit.spice.circuits.subcircuits import check_member

__all__ = ["Census", "LazyElements"]


@dataclass(frozen=True, eq=False)
class LazyElements:
    """Elements that are made anew each time they are gone through, so that a large array is never held as a whole.

    Attributes
    ----------
    make : callable
        Returns an iterator over the same elements each time.
    """

    make: Callable[[], Iterator[Element]]

    def __iter__(self) -> Iterator[Element]:
        return self.make()


@dataclass(frozen=True, eq=False)
class Census:
    """What one way through a circuit's own elements tells of them.

    Attributes
    ----------
    names : list of str
        Of all.
    nodes : tuple of str
        All but ground, in the order in which they are named.
    sources : tuple of Source
        The voltage sources.
    special : tuple of Element
        All but resistors without coefficients, which are the most and have nothing to be asked.
    """

    names: list[str]
    nodes: tuple[str, ...]
    sources: tuple[Source, ...]
    special: tuple[Element, ...]

    @classmethod
    def of(cls, elements: Any) -> Census:
        """Of these elements, each of which must be one."""
        names: list[str] = []
        nodes: dict[str, None] = {}
        special: list[Element] = []
        for element in elements:
            check_member("elements", len(names), element, Element)
            names.append(element.name)
            for node in element.nodes:
                nodes[node] = None
            if not element.is_plain:
                special.append(element)
        nodes.pop(GROUND, None)
        sources = tuple(each for each in special if isinstance(each, Source))
        return cls(names, tuple(nodes), sources, tuple(special))

    @property
    def n_elements(self) -> int:
        """How many."""
        return len(self.names)

    @property
    def with_models(self) -> Iterator[Instance | Mosfet]:
        """The elements that name a model or a subcircuit."""
        return (each for each in self.special if isinstance(each, Instance | Mosfet))
