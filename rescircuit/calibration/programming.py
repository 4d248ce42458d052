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

__all__ = ["CalibratedSetting", "UsefulSize", "program_calibrated", "useful_size"]


@dataclass(frozen=True, kw_only=True)
class CalibratedSetting:
    """Settings chosen by measured values; leading axes are the banks' and the targets', broadcast.

    Attributes
    ----------
    mask : bool array (..., n)
        ``True`` where a switch is to be closed.
    estimate : float or array (...)
        What the bank conducts with it by the calibration, siemens.
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
    # A switch stuck closed before the measurement is dead in it, and its conductance is part of the offset.
    excluded = (calibration.dead & ~calibration.stuck_closed) | calibration.stuck_open
    solution = subset_sum(
        np.where(excluded, 0.0, calibration.values),
        target,
        offset=calibration.offset,
        chosen=calibration.stuck_closed,
        excluded=excluded,
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
        The k to try; by default all.

    Raises
    ------
    InputError
        For numbers out of range.
    """
    positive_number("within", within)
    sizes = range(1, calibration.n + 1) if sizes is None else sizes
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
