"""A resistor and its switch in series, wherever its ends are: what one branch of a parallel bank conducts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rescircuit.checks import Array
from rescircuit.devices.coefficients import Coefficients
from rescircuit.devices.switches import BranchCurrent, Switch
from rescircuit.errors import SolutionError

__all__ = ["branch", "branch_current"]

_SETTLED = 1e-15  # relative; the last bits of a factor need not come to rest
_MOST_STEPS = 100


def branch(
    resistances: Array, coefficients: Coefficients, switch: Switch, v_in: Array, v_out: Array, *, closed: Any
) -> BranchCurrent:
    """Current from `v_in` to `v_out` through resistor and switch, and its derivatives, ampere and siemens.

    Parameters
    ----------
    resistances : array
        Ohm, at 0 V. All arrays broadcast.
    coefficients : Coefficients
        Theirs; only the voltage coefficients count.
    switch, v_in, v_out, closed
        See :meth:`rescircuit.devices.Switch.branch`.

    Raises
    ------
    SolutionError
        When a voltage inside the branch is not found.
    """
    if not coefficients.voltage_dependent:
        return switch.branch(resistances, v_in, v_out, closed=closed)
    settled, growth = _at_their_voltages(
        resistances, coefficients, lambda ohms: switch.branch(ohms, v_in, v_out, closed=closed)[0]
    )
    current, d_in, d_out = switch.branch(settled, v_in, v_out, closed=closed)
    # The resistor's slope dv/di is its resistance over `growth`; put it in the resistance's place in series.
    divisor = 1.0 + (1.0 / growth - 1.0) * settled * d_in
    return current, d_in / divisor, d_out / divisor


def branch_current(
    resistances: Array, coefficients: Coefficients, switch: Switch, voltage: Array, *, closed: bool
) -> Array:
    """Current, ampere, into the virtual ground; see :meth:`rescircuit.devices.Switch.branch_current`."""

    def through(ohms: Array) -> Array:
        return switch.branch_current(ohms, voltage, closed=closed)

    if coefficients.voltage_dependent:
        resistances, _ = _at_their_voltages(resistances, coefficients, through)
    return through(resistances)


def _at_their_voltages(
    resistances: Array, coefficients: Coefficients, through: Callable[[Array], Array]
) -> tuple[Array, Array]:
    """Each resistor's resistance at its own voltage, and its growth, see :meth:`Coefficients.with_voltage`.

    By going round: each turn leaves of the error a part of the size of the coefficient times the voltage.
    """
    settled, factor, change = np.asarray(resistances), np.ones(()), np.inf
    for _ in range(_MOST_STEPS):
        before = factor
        factor, growth = coefficients.with_voltage(through(settled) * settled)
        settled = resistances * factor
        change = float(np.max(np.abs(factor - before) / np.maximum(factor, 1.0), initial=0.0))
        if change <= _SETTLED:
            return settled, growth
    raise SolutionError("resistor's own voltage", change, _SETTLED, "Lower its voltage coefficients vc1 and vc2.")
