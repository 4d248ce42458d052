"""The nominal values of a bank's components."""

from __future__ import annotations

import math
from itertools import accumulate, repeat
from operator import truediv
from typing import Any

import numpy as np

from rescircuit.checks import Array, positive_array, positive_number
from rescircuit.errors import InputError

__all__ = ["spread_nominals"]


def spread_nominals(
    nominal: float, n: int, nominals: str | Any = "geometric", ratio: float = 1.7, *, falling: bool = False
) -> Array:
    """Nominal values of a bank's components, (n,), ohm or farad.

    ``"equal"`` gives `n` times `nominal`. ``"geometric"`` gives values that rise by `ratio` from one to the next and
    whose reciprocals sum to ``n / nominal``, so that conductances in parallel have the same full scale as equal ones.
    If `falling` the values fall so and sum to ``n * nominal``: resistances in series, capacitances in parallel. A ratio
    below 2 keeps neighbouring subset sums overlapping, so that variation cannot leave a gap larger than the smallest
    branch.

    Raises
    ------
    InputError
        For an unknown name, a ratio outside (1, 2], or values that are not `n` positive numbers.
    """
    if isinstance(nominals, str):
        if nominals == "equal":
            return np.full(n, nominal, dtype=np.float64)
        if nominals == "geometric":
            if not 1 < positive_number("ratio", ratio) <= 2:
                raise InputError("ratio", "above 1 and at most 2", ratio, "Above 2 the subset sums leave gaps.")
            # One division after the other: a power's last bit depends on the machine.
            shares = np.array(list(accumulate(repeat(float(ratio), n - 1), truediv, initial=1.0)))
            shares = n * shares / math.fsum(shares)
            return nominal * shares if falling else nominal / shares
        raise InputError("nominals", '"geometric", "equal" or an array of values', nominals)
    given = positive_array("nominals", nominals)
    if given.shape != (n,):
        raise InputError("nominals", f"shape ({n},), one a component", f"shape {given.shape}")
    return given
