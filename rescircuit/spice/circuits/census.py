"""A circuit's own elements, gone through once: what its checks and its deck need to know of all of them."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from rescircuit.spice.circuits.element import Element, check_member
from rescircuit.spice.circuits.elements import Instance, Mosfet
from rescircuit.spice.circuits.names import GROUND
from rescircuit.spice.circuits.sources import Source

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
    """What one way through the own elements of a circuit, or of a subcircuit, tells of them.

    Attributes
    ----------
    names : list of str
        Of all.
    numbers : dict of str to int
        The nodes: ground is 0, then come the ports, and then the others in the order in which they are named.
    special : tuple of Element
        All but resistors without coefficients, which are the most and have nothing to be asked.
    places : tuple of int
        Where these stand among all.
    plain_ends : array of int
        The nodes of the others by their numbers, plus and minus of one after the other.
    """

    names: list[str]
    numbers: dict[str, int]
    special: tuple[Element, ...]
    places: tuple[int, ...]
    plain_ends: array[int]

    @classmethod
    def of(cls, elements: Any, ports: Iterable[str] = (), *, argument: str = "elements") -> Census:
        """Of these elements, each of which must be one."""
        names: list[str] = []
        numbers = {node: number for number, node in enumerate((GROUND, *ports))}
        special: list[Element] = []
        places: list[int] = []
        plain_ends = array("i")
        for element in elements:
            check_member(argument, len(names), element, Element)
            ends = [numbers.setdefault(node, len(numbers)) for node in element.nodes]
            if element.is_plain:
                plain_ends.extend(ends)
            else:
                places.append(len(names))
                special.append(element)
            names.append(element.name)
        return cls(names, numbers, tuple(special), tuple(places), plain_ends)

    @property
    def n_elements(self) -> int:
        """How many."""
        return len(self.names)

    @cached_property
    def nodes(self) -> tuple[str, ...]:
        """All but ground, in the order of their numbers."""
        return tuple(self.numbers)[1:]

    @cached_property
    def sources(self) -> tuple[Source, ...]:
        """The voltage sources."""
        return tuple(each for each in self.special if isinstance(each, Source))

    @property
    def instances(self) -> Iterator[Instance]:
        """The uses of subcircuits."""
        return (each for each in self.special if isinstance(each, Instance))

    @property
    def with_models(self) -> Iterator[Instance | Mosfet]:
        """The elements that name a model or a subcircuit."""
        return (each for each in self.special if isinstance(each, Instance | Mosfet))
