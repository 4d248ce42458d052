"""Temperature and voltage coefficients of elements: as words, as factors of an expression, and where they end."""

from __future__ import annotations

from typing import Any

from rescircuit.devices.coefficients import LARGEST_VOLTAGE
from rescircuit.errors import InputError

__all__ = ["changing_factors", "check_temperature_factor", "coefficient_words"]


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


def changing_factors(owner: Any, across: str, nominal_celsius: float) -> list[str]:
    """The factors ``1 + tc1 dT + tc2 dT²`` and ``1 + vc1 |v| + vc2 v²`` of `owner` as expressions.

    Parameters
    ----------
    owner : element
        With `tc1`, `tc2`, `vc1` and `vc2`; parts whose coefficient is 0 are left out, and a factor that has none.
    across : str
        Its voltage, as an expression.
    nominal_celsius : float
        The temperature at which its value holds, °C; ngspice's tnom does not reach an expression.
    """
    warmer, size = f"(temper - {nominal_celsius!r})", f"min(abs({across}), {LARGEST_VOLTAGE!r})"
    factors = []
    for first, second, variable in ((owner.tc1, owner.tc2, warmer), (owner.vc1, owner.vc2, size)):
        terms = ((first, f"{first!r} * {variable}"), (second, f"{second!r} * {variable} * {variable}"))
        present = [term for coefficient, term in terms if coefficient]
        if present:
            factors.append(f"(1.0 + {' + '.join(present)})")
    return factors
