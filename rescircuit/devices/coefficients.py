"""How a component's value moves with temperature, voltage and age."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from rescircuit.checks import Array, finite_array, finite_number, non_negative_number
from rescircuit.errors import InputError

__all__ = [
    "ABSOLUTE_ZERO",
    "LARGEST_VOLTAGE",
    "ROOM_TEMPERATURE",
    "THOUSAND_HOURS",
    "Coefficients",
    "broadcast",
    "checked_age",
    "checked_temperature",
]

ROOM_TEMPERATURE = 27.0  # °C, at which values are given; ngspice's too
ABSOLUTE_ZERO = -273.15  # °C
THOUSAND_HOURS = 3.6e6  # second; the usual length of a life test
LARGEST_VOLTAGE = 10.0  # volt; beyond, voltage coefficients act as at this voltage
_HOTTEST, _OLDEST = 1e4, 1e15  # °C and second: beyond what anything outlasts, within what floats still square


@dataclass(frozen=True, kw_only=True, eq=False)
class Coefficients:
    """Relative changes of a value ``x``, numbers or arrays that broadcast against the values.

    ``x (1 + tc1 dT + tc2 dT²) (1 + drift (t / 1000 h)^drift_exponent) (1 + vc1 |V| + vc2 V²)``, with ``dT`` from 27 °C
    and ``V`` across the component itself. Beyond 10 V the last factor stays as it is at 10 V, so that solvers may pass
    through any voltage.

    Parameters
    ----------
    tc1, tc2 : float or array
        Temperature coefficients, 1/K and 1/K².
    vc1, vc2 : float or array
        Voltage coefficients, 1/V and 1/V².
    drift : float or array
        Change after 1000 hours.
    drift_exponent : float
        Of time, from 0 to 2: 0.5 for diffusion, 1 for a steady change.

    Raises
    ------
    InputError
        For what is not finite, and for voltage coefficients with which a resistor's current would fall, or its
        resistance vanish, somewhere below 10 V.
    """

    tc1: Any = 0.0
    tc2: Any = 0.0
    vc1: Any = 0.0
    vc2: Any = 0.0
    drift: Any = 0.0
    drift_exponent: float = 0.5

    def __post_init__(self) -> None:
        for name in ("tc1", "tc2", "vc1", "vc2", "drift"):
            values = finite_array(name, getattr(self, name))
            values.flags.writeable = False
            object.__setattr__(self, name, values[()] if values.ndim else float(values))
        if not 0 <= finite_number("drift_exponent", self.drift_exponent) <= 2:
            raise InputError("drift_exponent", "a number from 0 to 2", self.drift_exponent)
        # Of the factor f at 10 V alone: 1 - v f'/f is (1 - vc2 v²) / f, and where f is least at some v below 10 V
        # it is 1 - vc2 v².
        with np.errstate(over="ignore", invalid="ignore"):
            bow = np.asarray(self.vc2) * LARGEST_VOLTAGE**2
            rising = (bow < 1) & (1.0 + self.vc1 * LARGEST_VOLTAGE + bow > 0)
        if not rising.all():
            required = f"small enough for a current that rises with the voltage up to {LARGEST_VOLTAGE:g} V"
            worst = max((self.vc1, self.vc2), key=lambda values: float(np.max(np.abs(values))))
            raise InputError("vc1 and vc2", required, float(np.max(np.abs(worst))))

    @property
    def voltage_dependent(self) -> bool:
        """Whether a voltage coefficient is other than 0."""
        return bool(np.any(self.vc1) or np.any(self.vc2))

    def at(self, temperature: float, age: float) -> Array:
        """The factor at `temperature` °C after `age` seconds, of the shape of the coefficients.

        Raises
        ------
        InputError
            For a temperature below absolute zero or above 1e4 °C, an age that is negative or above 1e15 s, and
            conditions that leave nothing of the value.
        """
        by = checked_temperature(temperature) - ROOM_TEMPERATURE
        aged = (checked_age(age) / THOUSAND_HOURS) ** self.drift_exponent if age else 0.0
        warmed = 1.0 + self.tc1 * by + self.tc2 * by**2
        drifted = 1.0 + self.drift * aged
        for name, got, left in (("temperature", temperature, warmed), ("age", age, drifted)):
            if np.min(left) <= 0:
                raise InputError(name, "within the range in which the coefficients leave values above 0", got)
        return np.asarray(warmed * drifted)

    def with_voltage(self, across: Array) -> tuple[Array, Array]:
        """The factor at `across` volt, and how much of the current's growth with voltage is left.

        With ``i = v / (R f(v))`` the second is ``R f di/dv = 1 - v f'(v) / f(v)``.
        """
        size = np.minimum(np.abs(across), LARGEST_VOLTAGE)
        factor = 1.0 + self.vc1 * size + self.vc2 * size**2
        steepness = np.where(np.abs(across) < LARGEST_VOLTAGE, (self.vc1 + 2.0 * self.vc2 * size) * size, 0.0)
        return factor, 1.0 - steepness / factor

    def only_voltage(self) -> Coefficients:
        """The same without temperature and age, for values at their conditions."""
        return Coefficients(vc1=self.vc1, vc2=self.vc2)

    def spread_to(self, shape: tuple[int, ...]) -> Coefficients:
        """The same, with arrays of `shape` in place of those that broadcast to it; numbers stay."""
        return self._each(lambda name, values: broadcast(name, values, shape))

    def part(self, index: Any) -> Coefficients:
        """The coefficients of some of the values: arrays are indexed, numbers stay."""
        return self._each(lambda _, values: values[index])

    def _each(self, change: Callable[[str, Array], Any]) -> Coefficients:
        """The coefficients with those that are arrays changed."""
        own: dict[str, Any] = {field.name: getattr(self, field.name) for field in fields(self)}
        arrays = {name: change(name, values) for name, values in own.items() if np.ndim(values)}
        return Coefficients(**(own | arrays)) if arrays else self


def checked_temperature(temperature: Any) -> float:
    """`temperature` as a float, °C."""
    required = f"a temperature above {ABSOLUTE_ZERO:g} °C"
    number = finite_number("temperature", temperature, required)
    if number <= ABSOLUTE_ZERO or number > _HOTTEST:
        raise InputError("temperature", required if number < 0 else f"at most {_HOTTEST:g} °C", temperature)
    return number


def checked_age(age: Any) -> float:
    """`age` as a float, second."""
    number = non_negative_number("age", age, "s")
    if number > _OLDEST:
        raise InputError("age", f"at most {_OLDEST:g} s", age)
    return number


def broadcast(name: str, values: Any, shape: tuple[int, ...]) -> Array:
    """`values` as a read-only array of `shape`."""
    try:
        return np.broadcast_to(values, shape)
    except ValueError:
        raise InputError(name, f"of a shape that broadcasts to {shape}", f"shape {np.shape(values)}") from None
