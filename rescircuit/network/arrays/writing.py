"""How memristors are written and verified."""

from __future__ import annotations

from dataclasses import dataclass

from rescircuit.checks import positive_number, whole_number
from rescircuit.errors import InputError

__all__ = ["Writing"]


@dataclass(frozen=True, kw_only=True)
class Writing:
    """Write and verify, see :func:`rescircuit.devices.write_verify`.

    Parameters
    ----------
    tolerance_share : float
        Largest difference between what is read and what is aimed at, relative to `g_max`; above 0 to 1.
    most_writes : int
        Writes allowed for each device.
    averages : int
        Reads whose mean is compared.

    Raises
    ------
    InputError
        For values outside these ranges.
    """

    tolerance_share: float = 0.01
    most_writes: int = 20
    averages: int = 1

    def __post_init__(self) -> None:
        if positive_number("tolerance_share", self.tolerance_share) > 1:
            raise InputError("tolerance_share", "above 0 and at most 1", self.tolerance_share)
        whole_number("most_writes", self.most_writes, 0, 100_000)
        whole_number("averages", self.averages, 1, 10_000)
