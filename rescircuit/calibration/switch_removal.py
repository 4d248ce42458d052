"""The switches taken out of measured branches: what the resistors alone are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rescircuit.checks import Array
from rescircuit.devices.switches import Switch
from rescircuit.errors import InputError, SolutionError

__all__ = ["resistances_behind"]

_MOST_STEPS, _SETTLED = 100, 1e-12


def resistances_behind(switch: Switch, values: Array, v_read: float, *, alive: NDArray[np.bool_]) -> Array:
    """Resistors, ohm, whose branches with `switch` conduct `values` more closed than open, siemens (..., n).

    Solves ``closed(R) - open(R) = value * v_read`` for R by ``R += 1 / value - 1 / value(R)``, which converges at once
    because a switch in series adds nearly the same to all of them. Infinite where not `alive`.

    Raises
    ------
    InputError
        Where a value is more than the switch alone conducts.
    SolutionError
        Where the equation is not solved to 1e-12.
    """
    value = np.where(alive, values, 1.0)
    voltage = np.asarray(v_read)
    resistance, error = 1.0 / value, np.inf
    for _ in range(_MOST_STEPS):
        closed = switch.branch_current(resistance, voltage, closed=True)
        opened = switch.branch_current(resistance, voltage, closed=False)
        correction = 1.0 / value - v_read / (closed - opened)
        error = float(np.max(np.abs(correction * value)[alive], initial=0.0))
        if error <= _SETTLED:
            return np.where(alive, resistance, np.inf)
        resistance = resistance + np.where(alive, correction, 0.0)
        if (resistance[alive] <= 0).any():
            raise InputError("switch", "one that conducts more than every value", switch)
    raise SolutionError("resistors behind switches", error, _SETTLED, "Check the switch's parameters.")
