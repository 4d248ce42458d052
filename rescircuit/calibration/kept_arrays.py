"""Arrays that a calibration keeps: of the right shape, and read-only."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rescircuit.errors import InputError

__all__ = ["checked_flags", "kept_array"]


def checked_flags(name: str, flags: Any) -> NDArray[np.bool_]:
    """`flags` as booleans; none set where there are none."""
    array = np.zeros((), np.bool_) if flags is None else np.asarray(flags)
    if array.dtype != np.bool_:
        raise InputError(name, "booleans", f"shape {array.shape} of {array.dtype.name}")
    return array


def kept_array(name: str, array: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """A read-only array of `shape`."""
    try:
        kept = np.broadcast_to(array, shape).copy()
    except ValueError:
        raise InputError(name, f"of a shape that broadcasts to {shape}", f"shape {array.shape}") from None
    kept.flags.writeable = False
    return kept
