"""What memristors are like as memory: their window, how exactly a write lands, noise, drift, faults and wear."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from rescircuit.checks import Array, finite_number, non_negative_number, positive_number, whole_number
from rescircuit.errors import InputError

__all__ = ["Memristor"]

_MOST_LEVELS = 1 << 16
_LARGEST_SPREAD = {"programming_error": 1.0, "read_noise": 0.2}  # relative standard deviations


@dataclass(frozen=True, kw_only=True)
class Memristor:
    """A memristor of a process, as an array's memory sees it: a conductance that is written and read.

    A spread that depends on the state is a pair, its values at `g_min` and at `g_max`, with a straight line over the
    conductance between them; one number holds everywhere.

    Parameters
    ----------
    g_min, g_max : float
        The window of conductances, siemens; phase-change cells reach 25 µS (Nandakumar et al., ICECS 2019).
    levels : int or None
        How many conductances, equally spaced from `g_min` to `g_max`, a write can aim at; ``None``: any.
    programming_error : float or (float, float)
        Standard deviation of where a single write lands. For the law ``"normal"`` relative to `g_max`
        (``g = target + g_max s z``; 0.01 at 0 to 0.04 at full scale for phase-change cells after iterative programming,
        Nandakumar et al. 2019); for ``"lognormal"`` of the logarithm (``g = target exp(s z)``).
    programming_law : "normal" or "lognormal"
        What lands outside the window stays at its edge.
    read_noise : float or (float, float)
        Standard deviation from read to read, relative to the conductance, at most 0.2; 1/f noise of phase-change cells:
        0.2 near 0 to 0.009 at full scale, times a slowly growing function of time (Nandakumar et al. 2019).
    drift_exponent, drift_exponent_spread : float
        Mean and standard deviation between devices of nu in the power law ``g(t) = g0 (t / t0)^(-nu)`` of structural
        relaxation (Ielmini, Lavizzari, Sharma and Lacaita, IEDM 2007); a sampled nu below 0 becomes 0. Phase-change
        cells: 0.05 to 0.1 with a spread of 0.01 to 0.045 (Nandakumar et al. 2019); filamentary cells next to none.
    drift_reference_time : float
        t0, second: until then after a write nothing drifts.
    stuck_at_g_min, stuck_at_g_max : float
        Shares of devices that were made unable to leave an end of the window.
    endurance : float or None
        Median number of writes that a device lives through; ``None``: any number.
    endurance_spread : float
        Standard deviation of that number's natural logarithm.
    worn_at : "state" or "g_max"
        What a worn-out device keeps: its last conductance, or `g_max` (the short circuit in which many filaments end).
    wear : float
        The share of the window that is closed at the end of a device's life, 0 to below 1. It closes from both ends
        alike and in proportion to the writes done.
    write_energy, write_time : float
        Of one write pulse, joule and second.
    read_time : float
        Of one read, second.

    Raises
    ------
    InputError
        For a value outside its range.
    """

    g_min: float
    g_max: float
    levels: int | None = None
    programming_error: float | tuple[float, float] = 0.0
    programming_law: Literal["normal", "lognormal"] = "normal"
    read_noise: float | tuple[float, float] = 0.0
    drift_exponent: float = 0.0
    drift_exponent_spread: float = 0.0
    drift_reference_time: float = 1.0
    stuck_at_g_min: float = 0.0
    stuck_at_g_max: float = 0.0
    endurance: float | None = None
    endurance_spread: float = 0.0
    worn_at: Literal["state", "g_max"] = "state"
    wear: float = 0.0
    write_energy: float = 0.0
    write_time: float = 0.0
    read_time: float = 0.0

    def __post_init__(self) -> None:
        positive_number("g_min", self.g_min, "S")
        if positive_number("g_max", self.g_max, "S") <= self.g_min:
            raise InputError("g_max", f"above g_min, {self.g_min:g} S", self.g_max)
        if self.levels is not None:
            whole_number("levels", self.levels, 2, _MOST_LEVELS, "None lets a write aim at any conductance.")
        for name, largest in _LARGEST_SPREAD.items():
            object.__setattr__(self, name, _pair(name, getattr(self, name), largest))
        for name, choices in (("programming_law", ("normal", "lognormal")), ("worn_at", ("state", "g_max"))):
            if getattr(self, name) not in choices:
                raise InputError(name, " or ".join(map(repr, choices)), getattr(self, name))
        self._check_faults()
        for name in ("drift_exponent", "drift_exponent_spread", "endurance_spread"):
            non_negative_number(name, getattr(self, name))
        for name, unit in (("write_energy", "J"), ("write_time", "s"), ("read_time", "s")):
            non_negative_number(name, getattr(self, name), unit)
        positive_number("drift_reference_time", self.drift_reference_time, "s")

    def _check_faults(self) -> None:
        for name in ("stuck_at_g_min", "stuck_at_g_max", "wear"):
            if not 0.0 <= finite_number(name, getattr(self, name)) < 1.0:
                raise InputError(name, "a share of at least 0 and below 1", getattr(self, name))
        if self.stuck_at_g_min + self.stuck_at_g_max > 1.0:
            raise InputError("stuck_at_g_max", "at most 1 together with stuck_at_g_min", self.stuck_at_g_max)
        if self.endurance is None:
            if self.wear:
                raise InputError("wear", "0 without an endurance", self.wear)
        elif positive_number("endurance", self.endurance, "writes") < 1:
            raise InputError("endurance", "at least 1 write", self.endurance)

    def nearest_levels(self, targets: Any) -> Array:
        """The conductances that a write aims at for `targets`, siemens, of their shape."""
        wanted = np.asarray(targets, float)
        if self.levels is None:
            return wanted.copy()
        step = (self.g_max - self.g_min) / (self.levels - 1)
        number = np.rint((wanted - self.g_min) / step)
        return np.where(number == self.levels - 1, self.g_max, self.g_min + step * number)

    def spread(self, name: Literal["programming_error", "read_noise"], conductances: Array) -> Array:
        """The standard deviation `name` at `conductances`, of their shape; below `g_min`, by drift, as at `g_min`."""
        low, high = getattr(self, name)
        place = (np.maximum(conductances, self.g_min) - self.g_min) / (self.g_max - self.g_min)
        return low + (high - low) * place


def _pair(name: str, value: Any, largest: float) -> tuple[float, float]:
    """One number twice, or two."""
    values = value if isinstance(value, tuple | list) else (value, value)
    required = f"one number from 0 to {largest:g}, or two, at g_min and at g_max"
    if len(values) != 2:
        raise InputError(name, required, value)
    low, high = (finite_number(name, each, required) for each in values)
    if not (0.0 <= low <= largest and 0.0 <= high <= largest):
        raise InputError(name, required, value)
    return low, high
