"""Settings of banks, with the certificates of their programming."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rescircuit.errors import InputError

__all__ = ["Mask", "Setting", "checked_mask"]

Mask = NDArray[np.bool_]


def checked_mask(mask: Any, n: int) -> Mask:
    """A setting as a bool array (..., n)."""
    mask = np.asarray(mask)
    required = f"booleans (..., {n}), one a resistor"
    if mask.dtype != np.bool_:
        raise InputError("mask", required, f"shape {mask.shape} of {mask.dtype.name}")
    if mask.ndim == 0 or mask.shape[-1] != n:
        raise InputError("mask", required, f"shape {mask.shape}")
    return mask


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A bank's switch setting and what it gives; leading axes are the bank's and the targets', broadcast.

    Attributes
    ----------
    mask : bool array (..., n)
        ``True`` where the resistor counts in the sum.
    conductance : float or array (...)
        What the bank conducts at `v_read` with this setting, siemens.
    target : float or array (...)
        What was asked for, siemens.
    error : float or array (...)
        ``conductance - target``, siemens, from an exact summation.
    bound : float or array (...)
        Proved, to its last bit and for the branches' values as doubles: no setting has an ``|error|`` below it.
    status : str or str array (...)
        ``"optimal"``: no setting comes closer. See :class:`rescircuit.subsetsum.Solution`.
    v_read : float
        The read voltage at which all conductances hold, volt.
    method : str
        The exact method that found the setting.
    """

    mask: Mask
    conductance: Any
    target: Any
    error: Any
    bound: Any
    status: Any
    v_read: float
    method: str

    def switch_states(self) -> Mask:
        """Which switches are closed, bool (..., n); in a parallel bank the mask itself."""
        return self.mask.copy()
