"""A resistor in series with another: what a branch with a linear switch conducts."""

from __future__ import annotations

from typing import Any

import numpy as np

from rescircuit.checks import Array
from rescircuit.devices.switches.protocol import BranchCurrent, Flags

__all__ = ["linear_branch"]


def linear_branch(
    resistance: Array, v_in: Array, v_out: Array, *, closed: bool | Flags, r_on: Any, r_off: Any
) -> BranchCurrent:
    """See :meth:`Switch.branch`, with `r_on` ohm where `closed` and `r_off` elsewhere, numbers or arrays."""
    total = resistance + np.where(closed, r_on, r_off)
    current = (v_in - v_out) / total
    slope = np.broadcast_to(1.0 / total, current.shape)
    return current, slope, -slope
