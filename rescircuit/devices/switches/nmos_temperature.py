"""How SPICE's level-1 transistor moves with temperature.

The rules and the constants are those of ngspice (``mos1temp.c``, ``const.h``), so that a transistor here and one in
a deck with ``tnom=27`` and another ``temp`` are the same. Lambda and gamma do not move.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from rescircuit.checks import Array
from rescircuit.devices.coefficients import ABSOLUTE_ZERO, ROOM_TEMPERATURE
from rescircuit.errors import InputError

__all__ = ["BOLTZMANN", "ELEMENTARY_CHARGE", "NOMINAL", "Level1", "level_1_at", "thermal_voltage"]

BOLTZMANN = 1.38064852e-23  # J/K, as in ngspice's const.h
ELEMENTARY_CHARGE = 1.6021766208e-19  # C, likewise
NOMINAL = ROOM_TEMPERATURE - ABSOLUTE_ZERO  # kelvin, at which parameters are given

_GAP_AT_NOMINAL = 1.1150877  # eV, likewise; silicon's by the formula below


class Level1(NamedTuple):
    """Threshold (V), transconductance (A/V²) and surface potential (V) at one temperature."""

    vto: float | Array
    kp: float | Array
    phi: float


def thermal_voltage(temperature: float) -> float:
    """``k T / q``, volt, at `temperature` °C."""
    return BOLTZMANN * (temperature - ABSOLUTE_ZERO) / ELEMENTARY_CHARGE


def level_1_at(temperature: float, *, vto: Any, kp: Any, phi: float, gamma: float) -> Level1:
    """The parameters given at 27 °C as they are at `temperature` °C.

    The mobility falls as ``T^-1.5``; the surface potential follows the intrinsic concentration, and the threshold
    the surface potential and the band gap ``1.16 - 7.02e-4 T² / (T + 1108)`` eV (Vladimirescu and Liu, "The
    simulation of MOS integrated circuits using SPICE2", 1980).

    Raises
    ------
    InputError
        For a temperature at which no surface potential is left.
    """
    if temperature == ROOM_TEMPERATURE:
        return Level1(vto, kp, phi)
    kelvin = temperature - ABSOLUTE_ZERO
    ratio = kelvin / NOMINAL
    moved = ratio * (phi - _potential_shift(NOMINAL)) + _potential_shift(kelvin)
    if moved <= 0:
        required = f"one at which the surface potential, {phi:g} V at 27 °C, is above 0 V"
        raise InputError("temperature", required, temperature)
    by_gap = 0.5 * (_band_gap(NOMINAL) - _band_gap(kelvin)) + 0.5 * (moved - phi)
    threshold = vto + by_gap + gamma * (math.sqrt(moved) - math.sqrt(phi))
    return Level1(threshold, kp / (ratio * math.sqrt(ratio)), moved)


def _band_gap(kelvin: float) -> float:
    """Of silicon, electronvolt."""
    return 1.16 - 7.02e-4 * kelvin**2 / (kelvin + 1108.0)


def _potential_shift(kelvin: float) -> float:
    """The part of a junction's or a surface's potential that does not grow in proportion to temperature, volt."""
    by_gap = ELEMENTARY_CHARGE * (_GAP_AT_NOMINAL / NOMINAL - _band_gap(kelvin) / kelvin) / (2.0 * BOLTZMANN)
    return -2.0 * kelvin * BOLTZMANN / ELEMENTARY_CHARGE * (1.5 * math.log(kelvin / NOMINAL) + by_gap)
