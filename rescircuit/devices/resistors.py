"""Resistors as they are made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from rescircuit.checks import Array, positive_number
from rescircuit.devices.components import Component
from rescircuit.errors import InputError

__all__ = ["Geometry", "Resistor"]


@dataclass(frozen=True, kw_only=True)
class Geometry:
    """A film of `sheet_resistance` ohm per square, `width` metres wide; a resistor's length follows from its nominal.

    Contacts and bends are not in it.
    """

    sheet_resistance: float
    width: float

    def __post_init__(self) -> None:
        positive_number("sheet_resistance", self.sheet_resistance, "ohm per square")
        if not 1e-9 <= positive_number("width", self.width, "m") <= 1e-2:
            raise InputError("width", "from 1e-9 to 1e-2 m, such as 1e-6 (1um)", self.width)

    def length(self, nominals: Array) -> Array:
        """Lengths of resistors of these nominal values, metre: so many squares, each as long as wide."""
        return np.asarray(nominals) / self.sheet_resistance * self.width

    def area(self, nominals: Array) -> Array:
        """Their areas, m²."""
        return self.length(nominals) * self.width


@dataclass(frozen=True, kw_only=True)
class Resistor(Component):
    """A resistor of a process: a :class:`~rescircuit.devices.components.Component` of 1e-12 to 1e15 ohm.

    Parameters
    ----------
    geometry : Geometry, optional
        Gives resistors an area, and so a mismatch by Pelgrom's law where the variation has a `matching`.
    nominal, tolerance, common, mismatch, variation, tc1, tc2, vc1, vc2, drift, ...
        See :class:`~rescircuit.devices.components.Component`.

    Examples
    --------
    >>> import rescircuit as rc
    >>> poly = rc.Resistor(nominal=10e3, common=0.20, mismatch=0.01, tc1=-250e-6)
    >>> poly.sample(3, seed=1).round()
    array([10851., 10564., 10589.])
    """

    source: ClassVar[str] = "resistor"
    unit: ClassVar[str] = "ohm"
    range: ClassVar[tuple[float, float]] = (1e-12, 1e15)  # beyond what anyone makes, within what floats still divide

    geometry: Geometry | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.geometry, Geometry | None):
            raise InputError(
                "geometry", "a Geometry, such as Geometry(sheet_resistance=200, width=1e-6)", self.geometry
            )

    def area(self, nominals: Array) -> Array | None:
        """Area of resistors of these nominal values, m²; None without a geometry."""
        return None if self.geometry is None else self.geometry.area(nominals)
