"""The nominal values of a bank's resistors."""

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
    nominal: float, n: int, nominals: str | Any = "geometric", ratio: float = 1.7, *, in_series: bool = False
) -> Array:
    """Nominal resistances of a bank, ohm, (n,).

    ``"equal"`` gives `n` times `nominal`. ``"geometric"`` gives conductances that fall by `ratio` from one to the
    next and sum to ``n / nominal``, so that both have the same full scale; `in_series` it gives resistances that
    fall so and sum to ``n * nominal``. A ratio below 2 keeps neighbouring subset sums overlapping, so that variation
    cannot leave a gap larger than the smallest branch.

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
            return nominal * shares if in_series else nominal / shares
        raise InputError("nominals", '"geometric", "equal" or an array of resistances', nominals)
    given = positive_array("nominals", nominals, "ohm")
    if given.shape != (n,):
        raise InputError("nominals", f"shape ({n},), one a resistor", f"shape {given.shape}")
    return given
