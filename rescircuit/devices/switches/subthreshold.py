"""What leaks through an open transistor: its current in weak inversion, over temperature.

Level 1 ends at the threshold; this goes on below it. The current is

    i = i_threshold W/L sqrt(T / 300.15 K) exp(min(v_ov, 0) / (n V_T)) (1 - exp(-v_ds / V_T)),
    v_ov = v_g - v_s - vto(T) - gamma (sqrt(phi(T) + v_s) - sqrt(phi(T))),   V_T = k T / q,

with the source whichever end is lower, and the bulk and the gate at 0 V. It is the weak inversion of the EKV model
(Enz, Krummenacher and Vittoz, "An analytical MOS transistor model valid in all regions of operation", Analog
Integrated Circuits and Signal Processing 8, 1995) in BSIM's form, in which the body effect moves the threshold. Its
prefactor grows as ``beta V_T²``, and with level 1's mobility, ``T^-1.5``, as ``sqrt(T)``. Above the threshold, where
the square law takes over, it stays as it is there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rescircuit.checks import Array
from rescircuit.devices.coefficients import ABSOLUTE_ZERO
from rescircuit.devices.switches.nmos_temperature import NOMINAL, thermal_voltage

__all__ = ["WeakInversion"]


@dataclass(frozen=True, kw_only=True)
class WeakInversion:
    """The current below the threshold.

    Parameters
    ----------
    i_threshold : float
        Drain current at the threshold of a transistor as wide as long, at 27 °C, extrapolated from below, ampere.
    swing : float
        Slope factor `n`: a decade of current takes ``n V_T ln 10`` of gate voltage.
    w_over_l : float
        Width over length.
    temperature : float
        °C.
    """

    i_threshold: float
    swing: float
    w_over_l: float
    temperature: float

    def current(self, overdrive: Array, falls: Array, v_ds: Array) -> tuple[Array, Array, Array]:
        """Drain current, and its growth with the drain's voltage and with a fall of the source's, both at least 0.

        Parameters
        ----------
        overdrive : array
            Gate voltage above threshold at the source, volt; mostly negative.
        falls : array
            How fast that falls as the source's voltage rises.
        v_ds : array
            From the source to the drain, volt, at least 0.
        """
        thermal = thermal_voltage(self.temperature)
        slope = self.swing * thermal
        at_threshold = self.i_threshold * self.w_over_l * math.sqrt((self.temperature - ABSOLUTE_ZERO) / NOMINAL)
        saturated = at_threshold * np.exp(np.minimum(overdrive, 0.0) / slope)
        current = -saturated * np.expm1(-v_ds / thermal)
        by_drain = saturated * np.exp(-v_ds / thermal) / thermal
        by_source = by_drain + np.where(overdrive < 0, current * falls / slope, 0.0)
        return current, by_drain, by_source
