"""Capacitors as they are made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from rescircuit.checks import Array, positive_number
from rescircuit.devices.components import Component

__all__ = ["Capacitor"]


@dataclass(frozen=True, kw_only=True)
class Capacitor(Component):
    """A capacitor of a process: a :class:`~rescircuit.devices.components.Component` of 1e-18 to 1 farad.

    Parameters
    ----------
    density : float, optional
        Capacitance per area, F/m² (1 fF/µm² is 1e-3); gives capacitors an area, and so a mismatch by Pelgrom's law
        where the variation has a `matching`.
    nominal, tolerance, common, mismatch, variation, tc1, tc2, vc1, vc2, drift, ...
        See :class:`~rescircuit.devices.components.Component`. The voltage coefficients are those of the charge over
        the voltage.
    """

    source: ClassVar[str] = "capacitor"
    unit: ClassVar[str] = "F"
    range: ClassVar[tuple[float, float]] = (1e-18, 1.0)

    density: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.density is not None:
            positive_number("density", self.density, "F/m²")

    def area(self, nominals: Array) -> Array | None:
        """Area of capacitors of these nominal values, m²; None without a density."""
        return None if self.density is None else np.asarray(nominals) / self.density
