"""What a kind of thing must say to be exported and verified."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from rescircuit.checks import Array
from rescircuit.errors import InputError
from rescircuit.spice.circuits.circuit import Circuit
from rescircuit.spice.decks.writing import Deck, write_deck
from rescircuit.spice.engines.results import SpiceResult
from rescircuit.spice.verification.comparison import Reference, Verification, compared

__all__ = ["Asked", "Case"]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is asked of a thing, see :func:`rescircuit.deck`.

    Attributes
    ----------
    verifying : bool
        Whether the thing is to be verified and not only exported: then several inputs are wanted where none are given.
    """

    mask: Any = None
    setting: Any = None
    voltages: Any = None
    bit_line_voltages: Any = None
    temperature: Any = None
    comment: str = ""
    verifying: bool = False

    def only(self, thing: Any, *known: str, **reasons: str) -> None:
        """Refuse what is given and not among these names; `reasons` say what is required instead.

        Raises
        ------
        InputError
            Naming the argument.
        """
        for field in fields(self):
            name, value = field.name, getattr(self, field.name)
            if name in (*known, "comment", "verifying") or value is None:
                continue
            got = type(value).__name__ if name == "setting" else value
            raise InputError(name, f"left out for a {type(thing).__name__}", got, reasons.get(name, ""))

    def mask_or_setting(self, thing: Any, kind: type) -> Any:
        """The one mask that is meant, or ``None``; a setting must be of this kind."""
        if self.setting is None:
            return self.mask
        if self.mask is not None:
            raise InputError("mask", "left out when a setting is given", self.mask)
        if not isinstance(self.setting, kind):
            required = f"one of a {type(thing).__name__}: switches mean other things in other kinds of bank"
            raise InputError("setting", required, type(self.setting).__name__)
        return self.setting.mask


@dataclass(frozen=True, kw_only=True, eq=False)
class Case:
    """A thing as a circuit, with our own solution of it.

    Attributes
    ----------
    circuit : Circuit
    ours : callable
        Our quantities, by name; called once the circuit was solved elsewhere. Takes that solution, whose points in
        time ours are wanted at.
    theirs : callable
        The same quantities, of that solution.
    """

    circuit: Circuit
    ours: Callable[[SpiceResult], Mapping[str, Array]]
    theirs: Callable[[SpiceResult], Mapping[str, Reference]]

    def verified(self, solve: Callable[[Deck], SpiceResult]) -> Verification:
        """The circuit solved elsewhere, and the verdict on our solution."""
        deck = write_deck(self.circuit)
        result = solve(deck)
        return compared(self.ours(result), self.theirs(result), result=result, deck=deck)
