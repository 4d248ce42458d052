"""What a switch in series with a resistor is asked: what the branch conducts, closed and open.

A switch sits on the virtual-ground side: the resistor hangs on the input, the switch between it and the output,
which is held at 0 V. There its gate drive does not depend on the input: measured with ngspice 39, the conductance of
a 10 kΩ branch moves by 163 ppm from 0.1 V to 0.5 V, against 2.1 % with the switch on the driven side, where an NMOS
may be placed all the same to see what that costs.

It does depend on the output. Where wires let that rise, in a crossbar, a branch is a function of both its ends'
voltages and not of their difference: 10 mV more at both ends of a 10 kΩ branch take 3e-4 of its current.
"""

from __future__ import annotations

import math
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from rescircuit.checks import Array, finite_number
from rescircuit.errors import InputError

__all__ = ["BranchCurrent", "Flags", "Switch", "check_off"]

Flags = NDArray[np.bool_]
BranchCurrent = tuple[Array, Array, Array]  # current, and its derivatives by the voltages of both ends


class Switch(Protocol):
    """What a bank asks of its switches.

    A switch's parameters are numbers, the same for all switches, or arrays that broadcast with the resistances.
    """

    @property
    def area(self) -> float:
        """Area of one switch, m²; 0 where it stands on none of its own."""
        ...

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
            Voltages at the branch's ends, volt, of any sign.
        closed : bool or bool array
            Whether the switch is closed.

        Returns
        -------
        current, d_in, d_out : array
            Ampere from input to output; its derivatives by `v_in`, at least 0, and by `v_out`, at most 0, siemens.
        """
        ...

    def check_voltages(self, lowest: float, highest: float) -> None:
        """Refuse voltages of a circuit's sources, volt, between which the switch is not what it was set to.

        Raises
        ------
        InputError
            Naming the offending voltage.
        """
        ...

    def at(self, temperature: float) -> Self:
        """The switch at `temperature` °C."""
        ...

    def sample(self, shape: int | tuple[int, ...] = (), *, seed: int, chip: int = 0, start: int = 0) -> Self:
        """The switches of one chip, by the switch's own variation.

        Parameters
        ----------
        shape : int or tuple of int
            Shape of the sampled parameters; elements are numbered in C order.
        seed, chip : int
            Which chip, see :class:`~rescircuit.devices.streams.Stream`.
        start : int
            Global number of the first switch on the chip.

        Returns
        -------
        Switch
            One without variation, whose varying parameters are arrays of `shape`; the switch itself if it has none.
        """
        ...

    def part(self, index: Any) -> Self:
        """Some of the switches: arrays of parameters are indexed, numbers stay."""
        ...

    def spread_to(self, shape: tuple[int, ...]) -> Self:
        """The same switches with all arrays of parameters of `shape`; numbers stay."""
        ...


def check_off(r_off: float) -> None:
    """Refuse what is no leakage resistance; ``math.inf`` is none."""
    required = "a resistance above 0 (ohm); math.inf for none"
    endless = isinstance(r_off, float | np.floating) and r_off == math.inf
    if not endless and finite_number("r_off", r_off, required) <= 0:
        raise InputError("r_off", required, r_off)
