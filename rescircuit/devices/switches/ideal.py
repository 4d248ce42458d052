"""A linear switch."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rescircuit.checks import Array, finite_number
from rescircuit.devices.switches.protocol import BranchCurrent, Flags, check_off
from rescircuit.errors import InputError

__all__ = ["IdealSwitch"]


@dataclass(frozen=True, kw_only=True)
class IdealSwitch:
    """A linear switch: `r_on` ohm when closed, `r_off` ohm when open (``math.inf``: no leakage)."""

    r_on: float = 0.0
    r_off: float = math.inf

    def __post_init__(self) -> None:
        if finite_number("r_on", self.r_on, "a finite resistance of at least 0 (ohm)") < 0:
            raise InputError("r_on", "a finite resistance of at least 0 (ohm)", self.r_on)
        check_off(self.r_off)
        if self.r_off <= self.r_on:
            raise InputError("r_off", f"above r_on ({self.r_on:g} ohm)", self.r_off)

    def branch_current(self, resistance: Array, voltage: Array, *, closed: bool) -> Array:
        """See :class:`Switch`; any sign of `voltage` will do."""
        return self.branch(resistance, voltage, np.zeros(()), closed=closed)[0]

    def branch(self, resistance: Array, v_in: Array, v_out: Array, *, closed: bool | Flags) -> BranchCurrent:
        """See :class:`Switch`."""
        total = resistance + np.where(closed, self.r_on, self.r_off)
        current = (v_in - v_out) / total
        slope = np.broadcast_to(1.0 / total, current.shape)
        return current, slope, -slope
