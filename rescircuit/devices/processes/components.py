"""The resistors and capacitors of a process file."""

from __future__ import annotations

from typing import Any

from rescircuit.devices.capacitors import Capacitor
from rescircuit.devices.processes.section import FaradPerSquareMetre, Metre, Number, Ohm, Section, Source
from rescircuit.devices.processes.variations import VariationSection
from rescircuit.devices.resistors import Geometry, Resistor
from rescircuit.errors import InputError

__all__ = ["CapacitorSection", "GeometrySection", "ResistorSection"]


class GeometrySection(Section):
    """``[resistor.geometry]``, see :class:`~rescircuit.devices.resistors.Geometry`."""

    sheet_resistance: Ohm
    width: Metre
    source: Source | None = None

    def build(self) -> Geometry:
        """The geometry itself."""
        return Geometry(**self.given())


class _ComponentSection(Section):
    """Variation in its short form (`tolerance`, `common`, `mismatch`) or as a table, and what moves a value in use."""

    tolerance: Number = 0.0
    common: Number = 0.0
    mismatch: Number = 0.0
    variation: VariationSection | None = None
    tc1: Number | None = None
    tc2: Number | None = None
    tc1_mismatch: Number | None = None
    tc2_mismatch: Number | None = None
    vc1: Number | None = None
    vc2: Number | None = None
    drift: Number | None = None
    drift_spread: Number | None = None
    drift_exponent: Number | None = None
    source: Source

    def _checked(self, size: str, has_area: bool) -> dict[str, Any]:
        """The fields given; refuses a mismatch by area where there is none."""
        if self.variation is not None and self.variation.matching and not has_area:
            required = f"left out where the file does not say how large a component is, by {size}"
            raise InputError("variation.matching", required, self.variation.matching)
        return self.given()


class ResistorSection(_ComponentSection):
    """``[resistor]``, see :class:`~rescircuit.devices.resistors.Resistor`."""

    geometry: GeometrySection | None = None

    def build(self, nominal: float = 1.0) -> Resistor:
        """The resistor of `nominal` ohm."""
        return Resistor(nominal=nominal, **self._checked("[resistor.geometry]", self.geometry is not None))


class CapacitorSection(_ComponentSection):
    """``[capacitor]``, see :class:`~rescircuit.devices.capacitors.Capacitor`."""

    density: FaradPerSquareMetre | None = None

    def build(self, nominal: float = 1e-12) -> Capacitor:
        """The capacitor of `nominal` farad."""
        return Capacitor(nominal=nominal, **self._checked("density", self.density is not None))
