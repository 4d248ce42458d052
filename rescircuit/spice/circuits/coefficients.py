"""Temperature and voltage coefficients of elements: as words, as factors of an expression, and where they end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from rescircuit.checks import positive_number
from rescircuit.devices.coefficients import LARGEST_VOLTAGE
from rescircuit.errors import InputError
from rescircuit.spice.circuits.element import TwoEnded, check_fields

__all__ = ["VoltageDependent", "check_temperature_factor", "coefficient_words"]


def coefficient_words(owner: Any) -> tuple[str, ...]:
    """The temperature coefficients of `owner` that are not 0."""
    return tuple(f"{key}={getattr(owner, key)!r}" for key in ("tc1", "tc2") if getattr(owner, key))


def check_temperature_factor(
    owner: Any, lowest: float, highest: float, nominal_celsius: float, *, value: str = "resistance", unit: str = "ohm"
) -> None:
    """Refuse temperatures between which ``1 + tc1 dT + tc2 dT²`` of `owner` is not above zero."""
    # The parabola is lowest at an end or at its vertex: a sweep of 100,000 temperatures needs no more than these.
    differences = [lowest - nominal_celsius, highest - nominal_celsius]
    if owner.tc2 > 0 and differences[0] < (vertex := -owner.tc1 / (2.0 * owner.tc2)) < differences[1]:
        differences.append(vertex)
    for difference in differences:
        factor = 1.0 + owner.tc1 * difference + owner.tc2 * difference * difference
        if factor <= 0:
            hint = "Its temperature coefficients do not hold so far from the nominal temperature."
            argument = f"{value} of {owner.name} at {nominal_celsius + difference:g} °C"
            raise InputError(argument, f"above 0 {unit}", f"{factor:g} of nominal", hint)


@dataclass(frozen=True, kw_only=True)
class VoltageDependent(TwoEnded):
    """An element whose value, of the name `value_name`, follows the voltage across it, and the temperature.

    At `v` volt and dT kelvin above `nominal_celsius` the value is
    ``(1 + tc1 dT + tc2 dT²) * (1 + vc1 |v| + vc2 v²)`` times that which it has; beyond ``LARGEST_VOLTAGE`` the last
    factor stays as it is there.

    Parameters
    ----------
    tc1, tc2 : float
        Temperature coefficients, 1/K and 1/K².
    vc1, vc2 : float
        Voltage coefficients, 1/V and 1/V².
    nominal_celsius : float
        The temperature at which the value holds, °C; ngspice's tnom does not reach an expression.
    """

    value_name: ClassVar[str]
    unit: ClassVar[str]

    tc1: float = 0.0
    tc2: float = 0.0
    vc1: float = 0.0
    vc2: float = 0.0
    nominal_celsius: float = 27.0

    def __post_init__(self) -> None:
        super().__post_init__()
        positive_number(f"{self.value_name} of {self.name}", getattr(self, self.value_name), self.unit)
        check_fields(self, self.value_name, "tc1", "tc2", "vc1", "vc2", "nominal_celsius")

    def factors(self, across: str) -> list[str]:
        """Both factors as expressions over the voltage `across`, without parts whose coefficients are 0."""
        warmer, size = f"(temper - {self.nominal_celsius!r})", f"min(abs({across}), {LARGEST_VOLTAGE!r})"
        factors = []
        for first, second, variable in ((self.tc1, self.tc2, warmer), (self.vc1, self.vc2, size)):
            terms = ((first, f"{first!r} * {variable}"), (second, f"{second!r} * {variable} * {variable}"))
            present = [term for coefficient, term in terms if coefficient]
            if present:
                factors.append(f"(1.0 + {' + '.join(present)})")
        return factors

    def check_temperatures(self, lowest: float, highest: float, nominal_celsius: float) -> None:  # noqa: ARG002 - it has its own
        """Refuse temperatures at which its value would not be above zero."""
        check_temperature_factor(self, lowest, highest, self.nominal_celsius, value=self.value_name, unit=self.unit)
