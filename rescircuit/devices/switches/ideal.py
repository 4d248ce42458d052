"""A linear switch."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import numpy as np

from rescircuit.checks import Array, finite_number, non_negative_number
from rescircuit.devices.coefficients import checked_temperature
from rescircuit.devices.switches.linear import linear_branch
from rescircuit.devices.switches.parameters import Parameters, checked_place
from rescircuit.devices.switches.protocol import BranchCurrent, Flags, check_off
from rescircuit.errors import InputError

__all__ = ["IdealSwitch"]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class IdealSwitch(Parameters):
    """A linear switch, the same at any temperature: `r_on` ohm when closed, `r_off` ohm when open.

    Parameters
    ----------
    r_on, r_off : float
        Ohm; ``math.inf`` for no leakage when open.
    area : float
        Of one switch, m².

    Raises
    ------
    InputError
        For parameters outside their range.
    """

    r_on: float = 0.0
    r_off: float = math.inf
    area: float = 0.0

    def __post_init__(self) -> None:
        if finite_number("r_on", self.r_on, "a finite resistance of at least 0 (ohm)") < 0:
            raise InputError("r_on", "a finite resistance of at least 0 (ohm)", self.r_on)
        check_off(self.r_off)
        if self.r_off <= self.r_on:
            raise InputError("r_off", f"above r_on ({self.r_on:g} ohm)", self.r_off)
        non_negative_number("area", self.area, "m²")

    def branch_current(self, resistance: Array, voltage: Array, *, closed: bool) -> Array:
        """See :class:`Switch`; any sign of `voltage` will do."""
        return self.branch(resistance, voltage, np.zeros(()), closed=closed)[0]

    def branch(self, resistance: Array, v_in: Array, v_out: Array, *, closed: bool | Flags) -> BranchCurrent:
        """See :class:`Switch`."""
        return linear_branch(resistance, v_in, v_out, closed=closed, r_on=self.r_on, r_off=self.r_off)

    def check_voltages(self, lowest: float, highest: float) -> None:
        """See :class:`Switch`; any voltages will do."""

    def at(self, temperature: float) -> Self:
        """See :class:`Switch`; it is the same."""
        checked_temperature(temperature)
        return self

    def sample(self, shape: int | tuple[int, ...] = (), *, seed: int, chip: int = 0, start: int = 0) -> Self:
        """See :class:`Switch`; without variation it is the same."""
        checked_place(shape, seed=seed, chip=chip, start=start)
        return self
