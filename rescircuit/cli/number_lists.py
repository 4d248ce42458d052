"""Lists of numbers on the command line: ``8,12,20`` and ``0.6:1.2:0.05``, the last number included."""

from __future__ import annotations

import math

from rescircuit.errors import InputError

__all__ = ["numbers_of", "whole_numbers_of"]

_MOST = 1000
_LARGEST = 10**6
_TOLERANCE = 1e-9  # of a step: 0.6 + 12 * 0.05 is 1.2, whatever the rounding


def numbers_of(text: str, argument: str) -> list[float]:
    """The numbers that a text lists: parts between commas, each a number or start:stop:step, ascending.

    Raises
    ------
    InputError
        Naming `argument`, for anything else, for none, and for more than a thousand.
    """
    required = "numbers between commas or start:stop:step, such as 10,20 or 0.6:1.2:0.05"
    found: list[float] = []
    for part in text.split(","):
        try:
            ends = [float(number) for number in part.split(":")]
        except ValueError:
            raise InputError(argument, required, text) from None
        if not all(map(math.isfinite, ends)) or len(ends) not in (1, 3):
            raise InputError(argument, required, text)
        if len(ends) == 1:
            found += ends
            continue
        start, stop, step = ends
        if step <= 0 or stop < start or (stop - start) / step > _MOST:
            raise InputError(argument, f"{required}, at most {_MOST}", text)
        found += [round(start + k * step, 12) for k in range(int((stop - start) / step + _TOLERANCE) + 1)]
    if len(found) > _MOST:
        raise InputError(argument, f"at most {_MOST} numbers", len(found))
    return found


def whole_numbers_of(text: str, argument: str, low: int = 0, high: int = _LARGEST) -> list[int]:
    """The same for whole numbers from `low` to `high`, which may be left to what takes them."""
    from rescircuit.checks import whole_number  # brings NumPy, which commands load when they run

    return [whole_number(argument, int(x) if x == int(x) else x, low, high) for x in numbers_of(text, argument)]
