"""Programming from a calibration: the settings that by the measured values are closest, and the error to expect."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rescircuit.bank.settings import Mask
from rescircuit.checks import Array, non_negative_array, positive_number, whole_number
from rescircuit.errors import InputError
from rescircuit.subsetsum import subset_sum

if TYPE_CHECKING:
    from rescircuit.calibration.estimates import Calibration

__all__ = ["CalibratedSetting", "UsefulSize", "problem_of", "program_calibrated", "useful_size"]

_MOST_SIZES = 20
_GRID_BITS = 41  # below the power of two above the full scale


@dataclass(frozen=True, kw_only=True)
class CalibratedSetting:
    """Settings chosen by measured values; leading axes are the banks' and the targets', broadcast.

    Attributes
    ----------
    mask : bool array (..., n)
        ``True`` where a switch is to be closed.
    estimate : float or array (...)
        What the bank conducts with it by the calibration, siemens; values count as :func:`problem_of` rounds them.
    target : float or array (...)
        What was asked for, siemens.
    residual : float or array (...)
        ``estimate - target``, siemens: what programming leaves.
    standard_error : float or array (...)
        Of the estimate, siemens: what measuring leaves.
    predicted_error : float or array (...)
        Root of the sum of both squares: the rms error to expect, siemens.
    bound : float or array (...)
        Proved: no setting has an ``|estimate - target|`` below it.
    status : str or str array (...)
        See :class:`rescircuit.subsetsum.Solution`.
    clipped : bool or bool array (...)
        Banks whose readings were cut off: their errors are not as predicted.
    v_read : float
        Volt.
    method : str
        The exact method.
    """

    mask: Mask
    estimate: Any
    target: Any
    residual: Any
    standard_error: Any
    predicted_error: Any
    bound: Any
    status: Any
    clipped: Any
    v_read: float
    method: str


def program_calibrated(
    calibration: Calibration,
    target: Any,
    *,
    best: int | None = None,
    method: str = "auto",
    time_limit: float | None = None,
    progress: Callable[[float], None] | None = None,
) -> CalibratedSetting:
    """See :meth:`rescircuit.calibration.Calibration.program`."""
    target = non_negative_array("target", target, "S")
    try:
        np.broadcast_shapes(target.shape, calibration.shape)
    except ValueError:
        required = f"of a shape that broadcasts against the banks' {calibration.shape}"
        raise InputError("target", required, f"shape {target.shape}") from None
    solution = subset_sum(
        targets=target,
        **problem_of(calibration),
        best=best,
        method=method,
        time_limit=time_limit,
        progress=progress,
    )
    several = calibration
    if best is not None:
        several, target = calibration.with_axis(), target[..., np.newaxis]
    standard_error = several.error_of(solution.mask)
    return CalibratedSetting(
        mask=solution.mask,
        estimate=solution.total,
        target=np.broadcast_to(target, np.shape(solution.total))[()],
        residual=solution.residual,
        standard_error=standard_error,
        predicted_error=np.hypot(solution.residual, standard_error)[()],
        bound=solution.bound,
        status=solution.status,
        clipped=np.broadcast_to(several.clipped, np.shape(solution.total))[()],
        v_read=calibration.v_read,
        method=solution.method,
    )


def problem_of(calibration: Calibration) -> dict[str, Any]:
    """The programming problem of measured banks: `items`, `offset`, `chosen` and `excluded` of :func:`subset_sum`.

    Values are rounded to a binary grid, 2⁻⁴⁰ of a bank's full scale or finer. Readings are whole numbers of a
    converter's steps, so that sums of different switches would be alike but for the last bits of doubles; telling which
    is the closer would take exact arithmetic, and mean nothing. On a binary grid all sums are exact.
    """
    full_scale = np.abs(calibration.offset) + np.abs(calibration.values).sum(axis=-1)
    _, exponent = np.frexp(full_scale)
    grid = np.ldexp(1.0, exponent - _GRID_BITS)
    # A switch stuck closed before the measurement is dead in it, and its conductance is part of the offset.
    excluded = (calibration.dead & ~calibration.stuck_closed) | calibration.stuck_open
    steps = grid[..., np.newaxis]
    return {
        "items": np.where(excluded, 0.0, np.round(calibration.values / steps) * steps),
        "offset": np.round(calibration.offset / grid) * grid,
        "chosen": calibration.stuck_closed,
        "excluded": excluded,
    }


@dataclass(frozen=True, kw_only=True)
class UsefulSize:
    """How many resistors a bank needs at a read-out.

    Attributes
    ----------
    n : int
        The least number with which the median error to expect is within `within` of the least of all sizes.
    sizes : int array (k,)
    residual, standard_error, total : array (k,)
        Medians over banks and targets, siemens: of what programming leaves, of what measuring leaves, and of the root
        of the sum of both squares.
    within : float
        Relative.
    """

    n: int
    sizes: Any
    residual: Array
    standard_error: Array
    total: Array
    within: float


def useful_size(
    calibration: Calibration, *, banks: int = 32, targets: int = 16, within: float = 0.1, sizes: Any = None
) -> UsefulSize:
    """From which number of resistors on more of them no longer help at this read-out.

    With k resistors programming leaves an error that falls exponentially with k; what measuring leaves stays. Banks
    are programmed with their first k resistors, k = 1 to n, for targets spread evenly over 10 to 90 % of each bank's
    full scale.

    Parameters
    ----------
    calibration : Calibration
    banks, targets : int
        How many banks of the chip are tried, evenly picked, and how many targets on each.
    within : float
        How near to the least error is near enough, relative.
    sizes : sequence of int, optional
        The k to try; by default 1 to n, or to 20 where there are more: further ones take long, and few read-outs are
        good enough for them.

    Raises
    ------
    InputError
        For numbers out of range.
    """
    positive_number("within", within)
    sizes = range(1, min(calibration.n, _MOST_SIZES) + 1) if sizes is None else sizes
    sizes = np.array([whole_number("sizes", k, 1, calibration.n) for k in sizes])
    if not sizes.size:
        raise InputError("sizes", "at least one number of resistors", "none")
    count = calibration.offset.size
    chosen = np.unique(np.linspace(0, count - 1, min(count, whole_number("banks", banks, 1))).astype(np.intp))
    sample = calibration.flat(chosen)
    fractions = np.linspace(0.1, 0.9, whole_number("targets", targets, 1))
    wanted = fractions[:, np.newaxis] * np.maximum(sample.offset + sample.values.sum(axis=-1), 0.0)
    table = []
    for k in sizes:
        # The others are left open, as if they were not there.
        setting = sample.with_faults(stuck_open=(np.arange(sample.n) >= k) & ~sample.stuck_closed).program(wanted)
        medians = [np.abs(setting.residual), setting.standard_error, setting.predicted_error]
        table.append([float(np.median(values)) for values in medians])
    residual, standard_error, total = np.array(table).T
    enough = total <= (1.0 + within) * total.min()
    return UsefulSize(
        n=int(sizes[enough].min()),
        sizes=sizes,
        residual=residual,
        standard_error=standard_error,
        total=total,
        within=float(within),
    )
