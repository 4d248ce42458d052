"""Elements of charge: capacitors that follow their voltage, and a mirror of a source's current to sum charge with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rescircuit.spice.circuits.coefficients import VoltageDependent
from rescircuit.spice.circuits.element import TwoEnded, check_fields
from rescircuit.spice.circuits.names import check_name

__all__ = ["CurrentMirror", "VoltageDependentCapacitor"]


@dataclass(frozen=True, kw_only=True)
class VoltageDependentCapacitor(VoltageDependent):
    """A capacitor of `capacitance` farad, above 0, that follows its voltage and temperature as all that is so.

    The value is its charge over its voltage.
    """

    letter: ClassVar[str] = "c"
    value_name: ClassVar[str] = "capacitance"
    unit: ClassVar[str] = "F"

    capacitance: float

    @property
    def words(self) -> tuple[str, ...]:
        """Its charge as an expression, in the quotes that ngspice wants there."""
        v = f"v({self.plus}, {self.minus})"
        return tuple(f"q = '{' * '.join([repr(self.capacitance), v, *self.factors(v)])}'".split())

    @property
    def direct_paths(self) -> tuple[tuple[str, str], ...]:
        """None: a capacitor passes no direct current."""
        return ()


@dataclass(frozen=True, kw_only=True)
class CurrentMirror(TwoEnded):
    """A current of `gain` times that of the voltage source named `source`, through itself from `plus` to `minus`."""

    letter: ClassVar[str] = "f"

    source: str
    gain: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_name(f"source of {self.name}", self.source)
        check_fields(self, "gain")

    @property
    def words(self) -> tuple[str, ...]:
        """The source and the gain."""
        return self.source, repr(self.gain)

    @property
    def direct_paths(self) -> tuple[tuple[str, str], ...]:
        """None: its current is not its voltage's."""
        return ()
