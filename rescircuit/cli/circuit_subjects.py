"""What ``export`` and ``verify`` do with whatever a file holds: its deck, and the check of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rescircuit.errors import InputError

if TYPE_CHECKING:
    from rescircuit.checks import Array
    from rescircuit.crossbar import Crossbar
    from rescircuit.spice import Deck, Verification

__all__ = ["SettlingArray", "Subject"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Subject:
    """A thing that :func:`rescircuit.deck` and :func:`rescircuit.verify` know.

    Attributes
    ----------
    thing
        What they take.
    options : dict
        That both take with it.
    comment : str
        For the head of the deck.
    """

    thing: Any
    options: dict[str, Any] = field(default_factory=dict)
    comment: str = ""

    def deck(self) -> Deck:
        """Its deck."""
        from rescircuit.spice import deck

        return deck(self.thing, **self.options, comment=self.comment)

    def verify(self, engine: str, timeout: float) -> Verification:
        """Our solution beside that of an engine."""
        from rescircuit.spice import verify

        return verify(self.thing, **self.options, engine=engine, timeout=timeout)


@dataclass(frozen=True, kw_only=True, eq=False)
class SettlingArray:
    """An array over time, see :func:`rescircuit.spice.makers.settling.settling_circuit`.

    Attributes
    ----------
    array : Crossbar
    voltages : array (m,)
        What the word lines step to, volt.
    capacitances : dict
        Farad, by name.
    """

    array: Crossbar
    voltages: Array
    capacitances: dict[str, Any]

    def deck(self) -> Deck:
        """Its deck."""
        from rescircuit.spice import write_deck
        from rescircuit.spice.makers.settling import settling_circuit

        return write_deck(settling_circuit(self.array, self.voltages, **self.capacitances))

    def verify(self, engine: str, timeout: float) -> Verification:
        """Our courses beside those of ngspice."""
        from rescircuit.spice.verification.settling import verify_settling

        if engine not in ("auto", "ngspice"):
            raise InputError("--engine", "auto or ngspice for an array over time", engine)
        return verify_settling(self.array, self.voltages, **self.capacitances, timeout=timeout)
