"""Elements of charge: capacitors that follow their voltage, and a mirror of a source's current to sum charge with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rescircuit.checks import positive_number
from rescircuit.spice.circuits.coefficients import changing_factors, check_temperature_factor
from rescircuit.spice.circuits.element import TwoEnded, check_fields
from rescircuit.spice.circuits.names import check_name

__all__ = ["CurrentMirror", "VoltageDependentCapacitor"]


@dataclass(frozen=True, kw_only=True)
class VoltageDependentCapacitor(TwoEnded):
    """A capacitor whose charge over its voltage follows that voltage, and the temperature.

    At `v` volt and dT kelvin above `nominal_celsius` its charge is
    ``capacitance * v * (1 + tc1 dT + tc2 dT²) * (1 + vc1 |v| + vc2 v²)`` coulomb; beyond ``LARGEST_VOLTAGE`` the last
    factor stays as it is there.

    Parameters
    ----------
    capacitance : float
        Farad, above 0.
    tc1, tc2, vc1, vc2 : float
        Temperature and voltage coefficients, 1/K, 1/K², 1/V and 1/V².
    nominal_celsius : float
        The temperature at which `capacitance` holds, °C.
    """

    letter: ClassVar[str] = "c"

    capacitance: float
    tc1: float = 0.0
    tc2: float = 0.0
    vc1: float = 0.0
    vc2: float = 0.0
    nominal_celsius: float = 27.0

    def __post_init__(self) -> None:
        super().__post_init__()
        positive_number(f"capacitance of {self.name}", self.capacitance, "F")
        check_fields(self, "capacitance", "tc1", "tc2", "vc1", "vc2", "nominal_celsius")

    @property
    def words(self) -> tuple[str, ...]:
        """Its charge as an expression, in the quotes that ngspice wants there."""
        v = f"v({self.plus}, {self.minus})"
        factors = [repr(self.capacitance), v, *changing_factors(self, v, self.nominal_celsius)]
        return tuple(f"q = '{' * '.join(factors)}'".split())

    @property
    def direct_paths(self) -> tuple[tuple[str, str], ...]:
        """None: a capacitor passes no direct current."""
        return ()

    def check_temperatures(self, lowest: float, highest: float, nominal_celsius: float) -> None:  # noqa: ARG002 - it has its own
        """Refuse temperatures at which its capacitance would not be above zero."""
        check_temperature_factor(self, lowest, highest, self.nominal_celsius, value="capacitance", unit="F")


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
