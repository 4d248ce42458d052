"""What all elements are: a name, nodes, and the words of a line in a deck."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

from rescircuit.errors import InputError
from rescircuit.spice.circuits.names import deck_number, element_name, node_name

__all__ = ["Element", "TwoEnded", "check_fields", "check_member", "check_members"]


class Element(ABC):
    """What a circuit asks of its elements.

    Attributes
    ----------
    name : str
        Its name, which begins with the letter of its kind.
    """

    name: str

    @property
    @abstractmethod
    def terminals(self) -> tuple[str, ...]:
        """The nodes on the element's line, in their order."""

    @property
    @abstractmethod
    def words(self) -> tuple[str, ...]:
        """What follows the nodes on the element's line: words of checked names and checked floats alone."""

    @property
    def nodes(self) -> tuple[str, ...]:
        """All nodes that the element touches, also those whose voltages it only reads."""
        return self.terminals

    @property
    def direct_paths(self) -> tuple[tuple[str, str], ...]:
        """Pairs of nodes between which direct current can flow; by default between the first two terminals."""
        return ((self.terminals[0], self.terminals[1]),)

    @property
    def model_name(self) -> str | None:
        """The model or subcircuit that the element needs; ``None`` for none."""
        return None

    @property
    def is_plain(self) -> bool:
        """Whether it is nothing but two nodes and a resistance, of which nothing else is to be asked."""
        return False

    def check_temperatures(self, lowest: float, highest: float, nominal_celsius: float) -> None:  # noqa: B027 - most have none
        """Refuse a range (°C) in which the element somewhere has no meaning; its values hold at `nominal_celsius`."""


@dataclass(frozen=True, kw_only=True)
class TwoEnded(Element):
    """What elements between two nodes share."""

    letter: ClassVar[str]

    name: str
    plus: str
    minus: str

    def __post_init__(self) -> None:
        element_name("name", self.name, self.letter)
        node_name("plus", self.plus, self.name)
        node_name("minus", self.minus, self.name)
        if self.plus == self.minus:
            raise InputError(f"minus of {self.name}", "on another node than plus", self.minus)

    @property
    def terminals(self) -> tuple[str, ...]:
        """The two nodes."""
        return self.plus, self.minus


def check_fields(owner: Any, *names: str) -> None:
    """Make these fields of a frozen dataclass plain floats that a deck can hold.

    Raises
    ------
    InputError
        Naming the field and the owner, see :func:`rescircuit.spice.circuits.names.deck_number`.
    """
    for name in names:
        value = getattr(owner, name)
        number = deck_number(name, value, owner.name)
        if number is not value:
            object.__setattr__(owner, name, number)


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
