"""The voltage between a resistor and a transistor in series."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from rescircuit.checks import Array
from rescircuit.devices.switches.protocol import BranchCurrent
from rescircuit.errors import SolutionError

__all__ = ["voltage_across"]

_SETTLED = 1e-14  # relative; last bits go to and fro below
_MOST_STEPS = 100  # some 5 do, some 15 where the current is exponential; halving alone takes as many


def voltage_across(
    channel: Callable[[Array], BranchCurrent], resistance: Array, v: Array, *, start: Array, of_gate: Array
) -> Array:
    """Voltage across the switch when `v` volt stand across the branch, by Newton's method on Kirchhoff's law.

    The root of ``across + resistance * channel(across) - v``, which rises everywhere, lies between 0 and `v`. Where a
    step leaves what is known to hold the root, that is halved instead.

    Parameters
    ----------
    channel : callable
        Current of a voltage across the switch, ampere, and its derivatives by the voltages of both its ends.
    resistance : array
        Ohm.
    v : array
        Volt.
    start : array
        Where the steps start, between 0 and `v`.
    of_gate : array
        The size of the voltages of which the overdrive is a difference, volt.

    Raises
    ------
    SolutionError
        When it is not found; voltages that are not finite have none.
    """
    across = start
    low, high = np.minimum(v, 0.0), np.maximum(v, 0.0)
    worst = math.inf
    for _ in range(_MOST_STEPS):
        current, d_middle, d_out = channel(across)
        slope = 1.0 + resistance * d_middle
        excess = across - v + resistance * current
        step = excess / slope
        # A last bit of the currents moves a step by as much of this; backwards one of the overdrive does too.
        by_gate = np.maximum(d_middle + d_out, 0.0) * of_gate
        scale = (resistance * (np.abs(current) + by_gate) + np.abs(v)) / slope
        change = np.abs(step) / np.maximum(scale, 1e-290)
        worst = float(np.max(change, initial=0.0))
        low, high = np.where(excess < 0, across, low), np.where(excess > 0, across, high)
        after = across - step
        kept = (change <= _SETTLED) | ((low < after) & (after < high))
        across = np.where(kept, np.clip(after, low, high), 0.5 * (low + high))
        if worst <= _SETTLED:
            return across
    raise SolutionError("NMOS operating point", worst, _SETTLED, "Check the model's parameters.")
