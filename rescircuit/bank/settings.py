"""Settings of banks, with the certificates of their programming."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rescircuit.checks import Array
from rescircuit.errors import InputError
from rescircuit.subsetsum import subset_sum

__all__ = [
    "CapacitorSetting",
    "Mask",
    "PairSetting",
    "Programmed",
    "SeriesSetting",
    "Setting",
    "checked_mask",
    "programmed_sum",
]

Mask = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Programmed:
    """What all settings have; leading axes are the bank's and the targets', broadcast.

    Attributes
    ----------
    mask : bool array (..., n)
        ``True`` where the component counts in the sum.
    bound : float or array (...)
        Proved, to its last bit and for the components' values as doubles: no setting has an ``|error|`` below it.
    status : str or str array (...)
        ``"optimal"``: no setting comes closer. See :class:`rescircuit.subsetsum.Solution`.
    method : str
        The exact method that found the setting.
    """

    mask: Mask
    bound: Any
    status: Any
    method: str

    def switch_states(self) -> Mask:
        """Which switches are closed, bool (..., n)."""
        return self.mask.copy()


@dataclass(frozen=True, kw_only=True)
class Setting(Programmed):
    """A parallel bank's setting, see also :class:`Programmed`.

    Attributes
    ----------
    conductance : float or array (...)
        What the bank conducts at `v_read` with this setting, siemens.
    target : float or array (...)
        What was asked for, siemens.
    error : float or array (...)
        ``conductance - target``, siemens, from an exact summation.
    v_read : float
        The read voltage at which all conductances hold, volt.
    """

    conductance: Any
    target: Any
    error: Any
    v_read: float


@dataclass(frozen=True, kw_only=True)
class CapacitorSetting(Programmed):
    """A capacitor bank's setting, see also :class:`Programmed`.

    Attributes
    ----------
    capacitance, target : float or array (...)
        What is there and what was asked for, farad.
    error : float or array (...)
        ``capacitance - target``, farad, from an exact summation.
    """

    capacitance: Any
    target: Any
    error: Any


@dataclass(frozen=True, kw_only=True)
class PairSetting(Programmed):
    """The settings of a positive and a negative bank and what they give together, see also :class:`Programmed`.

    Attributes
    ----------
    mask : bool array (..., n)
        Both settings, the positive bank's first; :attr:`positive_mask` and :attr:`negative_mask` are its parts.
    positive_conductance, negative_conductance : float or array (...)
        What each bank conducts at `v_read`, siemens.
    difference : float or array (...)
        The first less the second, siemens, from an exact summation.
    target : float or array (...)
        The difference that was asked for, siemens.
    error : float or array (...)
        ``difference - target``, siemens, from an exact summation.
    v_read : float
        The read voltage at which all conductances hold, volt.
    n_positive : int
        How many of the mask's entries are the positive bank's.
    """

    positive_conductance: Any
    negative_conductance: Any
    difference: Any
    target: Any
    error: Any
    v_read: float
    n_positive: int

    @property
    def positive_mask(self) -> Mask:
        """The positive bank's setting, bool (..., n_positive)."""
        return self.mask[..., : self.n_positive]

    @property
    def negative_mask(self) -> Mask:
        """The negative bank's setting."""
        return self.mask[..., self.n_positive :]


@dataclass(frozen=True, kw_only=True)
class SeriesSetting(Programmed):
    """A series bank's setting and what it gives, see also :class:`Programmed`.

    Attributes
    ----------
    mask : bool array (..., n)
        ``True`` where the resistor counts: its bypass is open.
    resistance, conductance : float or array (...)
        Of the string with this setting, ohm and siemens.
    target_resistance, target_conductance : float or array (...)
        What was asked for, ohm and siemens; one is the other's reciprocal.
    resistance_error, conductance_error : float or array (...)
        What is there less what was asked for, ohm and siemens. Neither is converted from the other by a slope: both
        are differences of the exact values, correct to some 1e-15 of themselves.
    optimal_in : str
        ``"ohm"`` or ``"siemens"``: the unit of the error that was made smallest, and of `bound`. As 1/x is curved, the
        other one need not be.
    """

    resistance: Any
    conductance: Any
    target_resistance: Any
    target_conductance: Any
    resistance_error: Any
    conductance_error: Any
    optimal_in: str

    def switch_states(self) -> Mask:
        """Which switches are closed, bool (..., n): those of the resistors that do not count."""
        return ~self.mask


def checked_mask(mask: Any, n: int) -> Mask:
    """A setting as a bool array (..., n)."""
    mask = np.asarray(mask)
    required = f"booleans (..., {n}), one a resistor"
    if mask.dtype != np.bool_:
        raise InputError("mask", required, f"shape {mask.shape} of {mask.dtype.name}")
    if mask.ndim == 0 or mask.shape[-1] != n:
        raise InputError("mask", required, f"shape {mask.shape}")
    return mask


def programmed_sum(
    on: Array, off: Array, target: Array, *, offset: Any = None, best: int | None = None, **options: Any
) -> dict[str, Any]:
    """The setting of components in parallel, `on` each when closed and `off` when open: equation (6.1).

    Parameters
    ----------
    on, off : array (..., n)
        What each component adds to the sum, closed and open.
    target : array (...)
        Axes broadcast against theirs.
    offset : array (...), optional
        The sum with all switches open, if it was summed in another order.
    best, **options
        See :func:`rescircuit.subset_sum`.

    Returns
    -------
    dict
        The fields `mask`, `target`, `error`, `bound`, `status` and `method` of a setting, its `value` as the sum of
        what each component adds, and its `total`, the target and the error.
    """
    offset = off.sum(axis=-1) if offset is None else offset
    solution = subset_sum(on - off, target, offset=offset, best=best, **options)
    if best is not None:
        on, off, target = on[..., np.newaxis, :], off[..., np.newaxis, :], target[..., np.newaxis]
    return {
        "mask": solution.mask,
        "total": solution.total,
        "value": np.where(solution.mask, on, off).sum(axis=-1)[()],
        "target": np.broadcast_to(target, np.shape(solution.total))[()],
        "error": solution.residual,
        "bound": solution.bound,
        "status": solution.status,
        "method": solution.method,
    }
