"""The thermal noise of an array's output currents."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.constants import Boltzmann

from rescircuit.checks import Array, finite_number, positive_number
from rescircuit.crossbar.array import Crossbar
from rescircuit.errors import InputError

__all__ = ["ThermalNoise", "thermal_noise"]

_ABSOLUTE_ZERO = -273.15  # °C


@dataclass(frozen=True, kw_only=True, eq=False)
class ThermalNoise:
    """Thermal noise of an array's output currents, white at all frequencies that wires' capacitances let pass.

    Attributes
    ----------
    density : array (n, n)
        One-sided spectral density matrix of the currents into the virtual grounds, A²/Hz. Off the diagonal it is
        negative or zero: what one bit line's noise adds, another one lacks.
    temperature_celsius : float
    """

    density: Array
    temperature_celsius: float

    @property
    def spectral_density(self) -> Array:
        """Of each output current, (n,), A²/Hz, one-sided; 0 of a floating line."""
        return np.diagonal(self.density)

    @property
    def correlation(self) -> Array:
        """Correlation coefficients of the output currents, (n, n); 0 off the diagonal for a line without noise."""
        scale = np.sqrt(self.spectral_density)
        scales = np.outer(scale, scale)
        return np.divide(self.density, scales, out=np.eye(len(scale)), where=scales > 0)

    def rms(self, bandwidth: float) -> Array:
        """Root mean square of each output current's noise, (n,), ampere, in a bandwidth, hertz.

        Raises
        ------
        InputError
            For a bandwidth that is not above zero.
        """
        return np.sqrt(self.spectral_density * positive_number("bandwidth", bandwidth, "Hz"))


def thermal_noise(crossbar: Crossbar, temperature_celsius: float = 27.0) -> ThermalNoise:
    """The thermal noise of the output currents, of all cells, wires, drivers and senses together.

    A network of resistances at one temperature has between its short-circuited ends the noise currents of spectral
    density ``4 k T Re(Y)``: Nyquist (1928, Physical Review 32) for one pair of ends, Twiss (1955, Journal
    of Applied Physics 26) for any number of them. `Y` is the array's admittance between sources and
    virtual grounds, so one elimination replaces a sum over all its resistances.

    Parameters
    ----------
    crossbar : Crossbar
        m word lines and n bit lines.
    temperature_celsius : float
        Of all parts, °C.

    Raises
    ------
    InputError
        For a temperature below absolute zero.

    Examples
    --------
    A conductance of 1 mS at 27 °C in 1 MHz, 4.07 nA:

    >>> import rescircuit as rc
    >>> from rescircuit.crossbar.noise import thermal_noise
    >>> thermal_noise(rc.Crossbar([[1e-3]])).rms(1e6).round(11)
    array([4.07e-09])
    """
    celsius = finite_number("temperature_celsius", temperature_celsius)
    if celsius < _ABSOLUTE_ZERO:
        raise InputError("temperature_celsius", f"at least {_ABSOLUTE_ZERO} °C", celsius)
    rows = crossbar.shape[0]
    sensed = crossbar.terminal_admittance()[rows:, rows:]
    return ThermalNoise(density=4.0 * Boltzmann * (celsius - _ABSOLUTE_ZERO) * sensed, temperature_celsius=celsius)
