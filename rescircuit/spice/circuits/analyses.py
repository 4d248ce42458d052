"""What is asked of a circuit besides one operating point: its course over time, and those at other temperatures."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from rescircuit.checks import finite_number, non_negative_number, positive_number
from rescircuit.errors import InputError
from rescircuit.spice.circuits.names import deck_number

__all__ = ["ABSOLUTE_ZERO", "NOMINAL_CELSIUS", "TemperatureSweep", "Transient"]

NOMINAL_CELSIUS = 27.0  # ngspice's own
ABSOLUTE_ZERO = -273.15  # °C

_MOST_STEPS = 10_000_000  # of a transient: a raw file of some gigabytes
_MOST_TEMPERATURES = 100_000
_WITHIN_STOP = 1e-13  # °C by which a sweep's last value may exceed its stop; ngspice lets it by 2.2e-13
_SHARE = 1e-6  # of a step, by which a stop may lie beside the last of the temperatures


@dataclass(frozen=True, kw_only=True)
class TemperatureSweep:
    """Temperatures from `start` to `stop`, `step` apart, °C.

    ngspice adds up steps in kelvin. Where its sum would exceed `stop` by rounding and the last temperature be missing,
    `stop` becomes a millionth of a step more.

    Raises
    ------
    InputError
        For a step that does not lead from one to the other, or fewer than two temperatures.
    """

    start: float
    stop: float
    step: float

    def __post_init__(self) -> None:
        for field in ("start", "stop", "step"):
            object.__setattr__(self, field, deck_number(field, getattr(self, field)))
        for field in ("start", "stop"):
            if getattr(self, field) <= ABSOLUTE_ZERO:
                raise InputError(field, f"above absolute zero, {ABSOLUTE_ZERO} °C", getattr(self, field))
        positive_number("step", self.step, "°C")
        if self.stop <= self.start:
            raise InputError("stop", f"above start ({self.start:g} °C)", self.stop)
        if (self.stop - self.start) / self.step > _MOST_TEMPERATURES:
            raise InputError("step", f"for at most {_MOST_TEMPERATURES:,} temperatures", self.step)
        beside = abs(self.values[-1] - self.stop)
        if len(self.values) < 2 or beside > 2 * _SHARE * self.step:
            required = f"a whole part of stop - start ({self.stop - self.start:g} °C)"
            raise InputError("step", required, self.step)
        last = self._last_of_ngspice
        if last - self.stop > _WITHIN_STOP:
            object.__setattr__(self, "stop", self.stop + _SHARE * self.step)
        if last - self.stop > _WITHIN_STOP or self.stop - last > 0.5 * self.step:
            raise InputError("step", "large enough to be added up in kelvin", self.step)

    @cached_property
    def values(self) -> tuple[float, ...]:
        """The temperatures, °C."""
        return tuple(self.start + k * self.step for k in range(round((self.stop - self.start) / self.step) + 1))

    @property
    def _last_of_ngspice(self) -> float:
        """The last temperature, °C, by ngspice's own sum."""
        kelvin = self.start - ABSOLUTE_ZERO
        for _ in self.values[1:]:
            kelvin += self.step
        return kelvin + ABSOLUTE_ZERO


@dataclass(frozen=True, kw_only=True)
class Transient:
    """The circuit over time, instead of at rest.

    Parameters
    ----------
    stop : float
        Where it ends, second.
    max_step : float
        The longest step, second, at most `stop` less `start`. ngspice integrates by the trapezoidal rule: its error
        falls with the square of the step. On a sine of 1 kHz over an RC of 0.1 ms, 2.5e-6 of the amplitude at steps
        of 1 µs.
    start : float
        Points before this time, second, are computed and not kept.
    use_initial_conditions : bool
        Start from the capacitors' initial voltages; otherwise from the operating point at time 0.
    relative_tolerance : float
        ngspice's ``reltol``, from 1e-12 to 1e-3, by which it also shortens steps.
    method : "trapezoidal" or "gear"
        How ngspice integrates. Trapezoids are the more exact; behind a step that is long against a time constant they
        ring for many steps, where Gear's formula of second order settles at once.
    """

    stop: float
    max_step: float
    start: float = 0.0
    use_initial_conditions: bool = True
    relative_tolerance: float = 1e-6
    method: str = "trapezoidal"

    def __post_init__(self) -> None:
        for field in ("stop", "max_step", "start", "relative_tolerance"):
            object.__setattr__(self, field, deck_number(field, getattr(self, field)))
        positive_number("stop", self.stop, "s")
        if non_negative_number("start", self.start, "s") >= self.stop:
            raise InputError("start", f"before stop ({self.stop:g} s)", self.start)
        if positive_number("max_step", self.max_step, "s") > self.stop - self.start:
            raise InputError("max_step", f"at most stop - start ({self.stop - self.start:g} s)", self.max_step)
        if self.stop / self.max_step > _MOST_STEPS:
            raise InputError("max_step", f"at least stop / {_MOST_STEPS:,}", self.max_step)
        if not isinstance(self.use_initial_conditions, bool):
            raise InputError("use_initial_conditions", "True or False", self.use_initial_conditions)
        if not 1e-12 <= finite_number("relative_tolerance", self.relative_tolerance) <= 1e-3:
            raise InputError("relative_tolerance", "from 1e-12 to 1e-3", self.relative_tolerance)
        if not isinstance(self.method, str) or self.method not in ("trapezoidal", "gear"):
            raise InputError("method", '"trapezoidal" or "gear"', self.method)

    @property
    def least_points(self) -> int:
        """How many points a run brings at the least."""
        return int((self.stop - self.start) / self.max_step)
