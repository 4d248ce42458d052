"""When two numbers agree: the one table of limits, shared by the tests and by ``verify``.

Two numbers agree when ``|a - b| <= limit * max(|b|, floor)``, with b from ngspice. A floor is an absolute
tolerance of ngspice (``abstol``, ``gmin`` times 1 V, ``vntol``) divided by the limit: below it the reference
itself is not known to the relative limit. Nor is a small remainder of large terms, such as an output current
whose cells' currents cancel, or the current from a source at 1 V into a wire of 1 ohm behind which almost 1 V is left:
there the floor is a share of the terms.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from rescircuit.checks import Array

__all__ = ["LIMITS", "Limit", "relative_error"]


@dataclass(frozen=True, kw_only=True)
class Limit:
    """How closely two solutions of one circuit must agree.

    Attributes
    ----------
    relative : float
        Largest relative difference.
    current_floor : float
        Ampere; a smaller current's difference counts relative to this.
    charge_floor : float
        Coulomb; the same of charges.
    voltage_floor : float
        Volt; a smaller voltage's difference counts relative to this.
    share : float
        A value smaller than this share of the terms that make it up counts relative to that share.
    """

    relative: float
    current_floor: float = 1e-9  # abstol 1e-18 A, and gmin 1e-18 S at 1 V, over 1e-9
    charge_floor: float = 1e-30  # of no charge at all; an electron has 1.6e-19 C
    voltage_floor: float = 1e-3  # vntol 1e-12 V over 1e-9
    share: float = 1e-4  # 1e-9 of it is 1e-13, some hundred roundings of the terms

    def floor_of_currents(self, terms: Any = 0.0) -> Any:
        """The floor, ampere, of currents that are sums of terms whose magnitudes add up to `terms`."""
        return np.maximum(self.current_floor, self.share * np.asarray(terms))

    def floor_of_charges(self, terms: Any) -> Any:
        """The floor, coulomb, of charges that are sums of terms whose magnitudes add up to `terms`."""
        return np.maximum(self.charge_floor, self.share * np.asarray(terms))

    def floor_of_voltages(self, largest: Any = 0.0) -> Any:
        """The floor, volt, of voltages in a circuit whose sources reach `largest` volt."""
        return np.maximum(self.voltage_floor, self.share * np.asarray(largest))


LIMITS = {
    "linear": Limit(relative=1e-9),  # resistors and wires: both sides solve one linear system
    # A source of a sinh's current is worth its last tangent in ngspice: its currents are off by up to 2e-11 of their
    # terms, which partly cancel; 3e-9 is the worst that was seen in some hundred arrays.
    "sinh": Limit(relative=1e-8),
    # Currents by a table against those by its card: a table's own goal is 1e-7, of a current or of 1 pA.
    "tabulated": Limit(relative=1e-6),
    # Capacitors over time: charge is what ngspice integrates, whatever its steps; 4e-11 is the worst that was seen.
    "charge": Limit(relative=1e-9),
    # A memristor over time, relative to full scale: two integrators of one differential equation.
    "memristor": Limit(relative=1e-3),
    # An array's settled currents and voltages, and its delays by charge; 2e-9 is the worst of some 500 arrays.
    "settling": Limit(relative=1e-8),
    # Its currents over time, relative to full scale: the error of ngspice's steps; 3e-5 is the worst of the same.
    "settling_course": Limit(relative=1e-4),
    # ngspice ends its iteration on a non-linear circuit by its own criteria. Its tolerances over 1e-7 would be 1e-11 A
    # and 1e-5 V; leakages were seen to be off by nearly all of the first.
    "mos": Limit(relative=1e-7, current_floor=1e-10, voltage_floor=1e-4),
}


def relative_error(a: Array, b: Array, floor: Any) -> Array:
    """``|a - b| / max(|b|, floor)``, elementwise; `b` is the reference."""
    return np.abs(a - b) / np.maximum(np.abs(b), floor)
