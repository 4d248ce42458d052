"""Switches without a gate: two resistances, one when closed and one when open, which spread from one to the next."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from rescircuit.checks import Array, finite_array, non_negative_number
from rescircuit.devices.coefficients import checked_temperature
from rescircuit.devices.streams import Stream, exponential
from rescircuit.devices.switches.linear import linear_branch
from rescircuit.devices.switches.parameters import Parameters, checked_place, parameter, spread_below
from rescircuit.devices.switches.protocol import BranchCurrent, Flags
from rescircuit.errors import InputError

__all__ = ["TwoTerminalSwitch", "spread_parameter"]

_LARGEST_SPREAD = 3.0  # of a logarithm: already a factor of 20 from a median to one standard deviation


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class TwoTerminalSwitch(Parameters):
    """What fuses, anti-fuses and selectors share.

    Parameters
    ----------
    r_on, r_off : float or array
        Ohm, closed and open, the medians of what :meth:`sample` gives; ``math.inf`` for no leakage. Arrays, one value
        a switch, broadcast with the resistances. Both are ohmic and the same at any temperature.
    r_on_spread, r_off_spread : float
        Standard deviations of their natural logarithms.
    area : float
        Of one switch, m².

    Raises
    ------
    InputError
        For parameters outside their range.
    """

    r_on: Any = 0.0
    r_off: Any = math.inf
    r_on_spread: float = 0.0
    r_off_spread: float = 0.0
    area: float = 0.0

    def __post_init__(self) -> None:
        required = "a finite resistance of at least 0 (ohm)"
        object.__setattr__(self, "r_on", parameter("r_on", self.r_on, required, above=0.0, or_equal=True))
        required = "a resistance above 0 (ohm); math.inf for none"
        object.__setattr__(self, "r_off", parameter("r_off", self.r_off, required, above=0.0, endless=True))
        try:
            reversed_ = np.asarray(self.r_off) <= self.r_on
        except ValueError:
            required = f"of a shape that broadcasts with that of r_on, {np.shape(self.r_on)}"
            raise InputError("r_off", required, f"shape {np.shape(self.r_off)}") from None
        if reversed_.any():
            lowest = float(np.min(self.r_off))
            raise InputError("r_off", f"above r_on ({float(np.max(self.r_on)):g} ohm) at each switch", lowest)
        for name in ("r_on_spread", "r_off_spread"):
            spread_below(name, getattr(self, name), _LARGEST_SPREAD)
        non_negative_number("area", self.area, "m²")

    def branch_current(self, resistance: Array, voltage: Array, *, closed: bool) -> Array:
        """See :class:`Switch`."""
        voltage = finite_array("voltage", voltage, "V")
        self._check_across(float(np.abs(voltage).max()))
        return self.branch(resistance, voltage, np.zeros(()), closed=closed)[0]

    def branch(self, resistance: Array, v_in: Array, v_out: Array, *, closed: bool | Flags) -> BranchCurrent:
        """See :class:`Switch`."""
        return linear_branch(resistance, v_in, v_out, closed=closed, r_on=self.r_on, r_off=self.r_off)

    def check_voltages(self, lowest: float, highest: float) -> None:
        """See :class:`Switch`."""
        self._check_across(abs(highest - lowest))

    def at(self, temperature: float) -> Self:
        """See :class:`Switch`; it is the same."""
        checked_temperature(temperature)
        return self

    def sample(self, shape: int | tuple[int, ...] = (), *, seed: int, chip: int = 0, start: int = 0) -> Self:
        """See :class:`Switch`."""
        shape = checked_place(shape, seed=seed, chip=chip, start=start)
        sampled: dict[str, Any] = {}
        for name in ("r_on", "r_off"):
            spread = getattr(self, f"{name}_spread")
            if spread:
                stream = Stream(seed=seed, chip=chip, source=f"switch.{name}")
                sampled |= {name: spread_parameter(getattr(self, name), spread, shape, stream, start)}
                sampled |= {f"{name}_spread": 0.0}
        return replace(self, **sampled) if sampled else self

    def _check_across(self, voltage: float) -> None:
        """Refuse a voltage across a branch, of either sign, that would change the switch; most take any."""


def spread_parameter(median: Any, spread: float, shape: tuple[int, ...], stream: Stream, start: int) -> Array:
    """Lognormal values of this median: the same bits on any machine."""
    return median * exponential(spread * stream.normal(math.prod(shape), start)).reshape(shape)
