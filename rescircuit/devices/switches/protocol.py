"""What a switch in series with a resistor is asked: what the branch conducts, closed and open.

A switch sits on the virtual-ground side: the resistor hangs on the input, the switch between it and the output,
which is held at 0 V. There its gate drive does not depend on the input: measured with ngspice 39, the conductance of
a 10 kΩ branch moves by 163 ppm from 0.1 V to 0.5 V, against 2.1 % with the switch on the driven side.

It does depend on the output. Where wires let that rise, in a crossbar, a branch is a function of both its ends'
voltages and not of their difference: 10 mV more at both ends of a 10 kΩ branch take 3e-4 of its current.
"""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rescircuit.checks import Array, finite_number
from rescircuit.errors import InputError

__all__ = ["BranchCurrent", "Flags", "Switch", "check_off"]

Flags = NDArray[np.bool_]
BranchCurrent = tuple[Array, Array, Array]  # current, and its derivatives by the voltages of both ends


class Switch(Protocol):
    """What a bank asks of its switches."""

    def branch_current(self, resistance: Array, voltage: Array, *, closed: bool) -> Array:
        """Current, ampere, into the virtual ground through `resistance` (ohm) and the switch in series.

        `voltage` (volt) stands across both; the arguments broadcast.
        """
        ...

    def branch(self, resistance: Array, v_in: Array, v_out: Array, *, closed: bool | Flags) -> BranchCurrent:
        """Current from the input to the output, and its derivatives, wherever the output is.

        Parameters
        ----------
        resistance : array
            Ohm, above zero. All arguments broadcast.
        v_in, v_out : array
            Voltages at the resistor's end and at the switch's end, volt, of any sign.
        closed : bool or bool array
            Whether the switch is closed.

        Returns
        -------
        current, d_in, d_out : array
            Ampere from input to output; its derivatives by `v_in`, at least 0, and by `v_out`, at most 0, siemens.
        """
        ...


def check_off(r_off: float) -> None:
    """Refuse what is no leakage resistance; ``math.inf`` is none."""
    required = "a resistance above 0 (ohm); math.inf for none"
    endless = isinstance(r_off, float | np.floating) and r_off == math.inf
    if not endless and finite_number("r_off", r_off, required) <= 0:
        raise InputError("r_off", required, r_off)
