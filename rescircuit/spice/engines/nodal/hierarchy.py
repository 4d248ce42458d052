"""Subcircuits of a deck, and what names mean inside their instances."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from rescircuit.spice.engines.nodal.lines import Card

__all__ = ["GROUNDS", "Scope", "Subcircuit"]

GROUNDS = ("0", "gnd")  # also inside subcircuits


class Scope(NamedTuple):
    """The instances around an element, and the nodes on the ports of the innermost."""

    prefix: str = ""
    ports: Mapping[str, str] = {}

    def full(self, node: str) -> str:
        """The name at the top of what is called `node` here."""
        lowered = node.lower()
        if lowered in GROUNDS:
            return "0"
        return self.ports.get(lowered) or self.prefix + node


@dataclass
class Subcircuit:
    """A subcircuit, its name and its ports in small letters, with its lines and how many elements they make."""

    name: str
    ports: list[str]
    elements: list[tuple[Card, str, tuple[str, ...]]] = field(default_factory=list)
    size: int = 0  # elements, with those in its instances
