"""Threshold devices, as of resistive memories, in a transistor's place.

The thesis (da Cunha 2023, section 1.3.5.2) suggests highly non-linear ReRAM devices instead of the transistors, which
make the circuit much larger (Luo et al., Nanoscale 8, 2016; Midya et al. 2017): two terminals between metal layers,
above the resistor. Such a device is brought into one of two states by pulses at its own terminals and is then only
read, so that the setting of a bank is a state of its devices:

* a device that keeps its state (a bipolar ReRAM cell, set and reset): ``r_on`` or ``r_off``, ohmic both;
* a device that lets go (a threshold switch, such as silver in hafnia: Midya et al., "Anatomy of Ag/hafnia-based
  selectors with 10^10 nonlinearity", Advanced Materials 29, 2017): turned on before each read, it stays on while the
  read holds it, with ``v_hold`` volt across it beside its ohmic ``r_on``.

A read must not be a pulse: with the threshold voltage across it, a device that is off goes on, and one that keeps its
state may be set or reset. Such reads are refused.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from rescircuit.checks import Array, checked_shape, non_negative_number
from rescircuit.devices.streams import Stream
from rescircuit.devices.switches.parameters import parameter, spread_below
from rescircuit.devices.switches.protocol import BranchCurrent, Flags
from rescircuit.devices.switches.two_terminal import TwoTerminalSwitch, spread_parameter
from rescircuit.errors import InputError

__all__ = ["ThresholdSelector"]

_LARGEST_SPREAD = 0.5  # of a logarithm


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ThresholdSelector(TwoTerminalSwitch):
    """A threshold device as a switch: "closed" is on (set, or turned on and held), "open" is off.

    Its current, ``v`` being the voltage across it and the resistor ``R``, is ``v / (R + r_off)`` when open. When
    closed it is ``(|v| - v_hold) / (R + r_on)`` with the sign of ``v``, or that of the open device where that is more:
    there the read no longer holds it. The state of a device that has let go is restored before the next read.

    Parameters
    ----------
    v_threshold : float or array
        Voltage that switches a device, volt, either way; the median of what :meth:`sample` gives.
    v_hold : float
        Voltage that a device needs to stay on, volt, below all of `v_threshold`; 0 for one that keeps its state.
    v_threshold_spread : float
        Standard deviation of the threshold's natural logarithm, below 0.5.
    r_on, r_off, r_on_spread, r_off_spread, area
        See :class:`TwoTerminalSwitch`; the area is 0 by default, as the device stands above its resistor.

    Raises
    ------
    InputError
        For parameters outside their range.
    """

    v_threshold: Any
    v_hold: float = 0.0
    v_threshold_spread: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        v_threshold = parameter("v_threshold", self.v_threshold, "a finite number above 0 (V)", above=0.0)
        object.__setattr__(self, "v_threshold", v_threshold)
        spread_below("v_threshold_spread", self.v_threshold_spread, _LARGEST_SPREAD)
        if non_negative_number("v_hold", self.v_hold, "V") >= self.largest_read:
            raise InputError("v_hold", f"below the threshold, {self.largest_read:g} V at its lowest", self.v_hold)

    @property
    def largest_read(self) -> float:
        """The lowest threshold of all devices, volt: any read of less leaves all of them as they are."""
        return float(np.min(self.v_threshold))

    def branch(self, resistance: Array, v_in: Array, v_out: Array, *, closed: bool | Flags) -> BranchCurrent:
        """See :class:`Switch`; defined beyond the threshold as well, without switching, for solvers that pass there."""
        open_branch = super().branch(resistance, v_in, v_out, closed=closed if self.v_hold == 0 else False)
        if self.v_hold == 0:
            return open_branch
        v = np.asarray(v_in - v_out)
        slope = 1.0 / (resistance + self.r_on)
        size = (np.abs(v) - self.v_hold) * slope
        on = closed & (size >= np.abs(open_branch[0]))
        current = np.where(on, np.copysign(size, v), open_branch[0])
        slope = np.where(on, slope, open_branch[1])
        return current, slope, -slope

    def sample(self, shape: int | tuple[int, ...] = (), *, seed: int, chip: int = 0, start: int = 0) -> Self:
        """See :class:`Switch`.

        Raises
        ------
        InputError
            For a threshold that comes out below `v_hold`.
        """
        sampled = super().sample(shape, seed=seed, chip=chip, start=start)
        if not self.v_threshold_spread:
            return sampled
        stream = Stream(seed=seed, chip=chip, source="switch.v_threshold")
        own = spread_parameter(self.v_threshold, self.v_threshold_spread, checked_shape(shape), stream, start)
        return replace(sampled, v_threshold=own, v_threshold_spread=0.0)

    def _check_across(self, voltage: float) -> None:
        if voltage >= self.largest_read:
            required = f"below {self.largest_read:g} V either way at these threshold selectors"
            hint = f"From {self.largest_read:g} V on a read switches one that is off; read with less."
            raise InputError("voltage", required, voltage, hint)
