"""Faults with which a chip is made: switches that do not move."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rescircuit.checks import checked_shape, finite_number
from rescircuit.devices.streams import Stream
from rescircuit.errors import InputError

__all__ = ["Faults"]


@dataclass(frozen=True, kw_only=True)
class Faults:
    """How likely each switch, with the component that it stands in series with, is stuck.

    Parameters
    ----------
    stuck_open : float
        Probability that a branch never conducts: its switch stays open, or its component is broken.
    stuck_closed : float
        Probability that a switch stays closed; with `stuck_open` at most 1.

    Raises
    ------
    InputError
        For what are no probabilities.
    """

    stuck_open: float = 0.0
    stuck_closed: float = 0.0

    def __post_init__(self) -> None:
        for name in ("stuck_open", "stuck_closed"):
            if not 0 <= finite_number(name, getattr(self, name), "a probability from 0 to 1") <= 1:
                raise InputError(name, "a probability from 0 to 1", getattr(self, name))
        if self.stuck_open + self.stuck_closed > 1:
            left = 1 - self.stuck_open
            raise InputError("stuck_closed", f"at most {left:g}, what stuck_open leaves", self.stuck_closed)

    def sample(
        self, shape: int | tuple[int, ...], *, seed: int, chip: int = 0, start: int = 0
    ) -> dict[str, NDArray[np.bool_] | None]:
        """Flags `stuck_open` and `stuck_closed` of the switches of one chip, (shape); None where none is stuck.

        Parameters
        ----------
        shape : int or tuple of int
            Elements are numbered in C order.
        seed, chip, start : int
            See :meth:`rescircuit.Resistor.sample`.
        """
        shape = checked_shape(shape)
        if not self.stuck_open + self.stuck_closed:
            return {"stuck_open": None, "stuck_closed": None}
        stream = Stream(seed=seed, chip=chip, source="switch.faults")
        drawn = stream.uniform(math.prod(shape), start).reshape(shape)
        return {"stuck_open": drawn < self.stuck_open, "stuck_closed": drawn > 1.0 - self.stuck_closed}
