"""The conditions that a programmed chip is in, its faults, and the causes of its errors by name."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rescircuit.checks import finite_number, non_negative_number, positive_number
from rescircuit.devices import Faults
from rescircuit.devices.coefficients import ROOM_TEMPERATURE, checked_age, checked_temperature
from rescircuit.errors import InputError

__all__ = ["CELL_EFFECTS", "EFFECTS", "Conditions"]

# In the order in which they act. The first five change a cell's conductance.
CELL_EFFECTS = ("programming", "calibration", "stuck", "temperature", "drift")
EFFECTS = (
    *CELL_EFFECTS,
    "switches",
    "wires",
    "amplifier",
    "read_noise",
    "thermal_noise",
    "dac",
    "adc",
)

_LARGEST_NOISE = 0.5


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """What a programmed chip is exposed to.

    Parameters
    ----------
    temperature : float
        At which it is used, °C; it is programmed at 27 °C.
    age : float
        Seconds between programming and use.
    read_noise : float
        Standard deviation of each cell's conductance from read to read, relative, at most 0.5. Memristors have their
        own besides.
    bandwidth : float or None
        Of the read-out, hertz, for the thermal noise of cells; ``None`` for none.
    stuck_open, stuck_closed : float
        The shares that are stuck: of the switches of banks, or of the cells that are single resistors or ideal ones,
        which then conduct nothing or their largest conductance.
    known_faults : bool
        Whether programming knows which switches are stuck and works around them; of banks alone.

    Raises
    ------
    InputError
        For values outside these ranges.
    """

    temperature: float = ROOM_TEMPERATURE
    age: float = 0.0
    read_noise: float = 0.0
    bandwidth: float | None = None
    stuck_open: float = 0.0
    stuck_closed: float = 0.0
    known_faults: bool = False

    def __post_init__(self) -> None:
        checked_temperature(self.temperature)
        checked_age(self.age)
        required = f"a relative standard deviation from 0 to {_LARGEST_NOISE:g}"
        if not 0 <= finite_number("read_noise", self.read_noise, required) <= _LARGEST_NOISE:
            raise InputError("read_noise", required, self.read_noise)
        if self.bandwidth is not None:
            positive_number("bandwidth", self.bandwidth, "Hz")
        for name in ("stuck_open", "stuck_closed"):
            non_negative_number(name, getattr(self, name))
        _ = self.faults
        if not isinstance(self.known_faults, bool | np.bool_):
            raise InputError("known_faults", "True or False", self.known_faults)

    @property
    def faults(self) -> Faults:
        """How likely each switch or cell is stuck."""
        return Faults(stuck_open=self.stuck_open, stuck_closed=self.stuck_closed)

    @property
    def has_faults(self) -> bool:
        """Whether any are stuck."""
        return self.stuck_open + self.stuck_closed > 0
