"""Differential pairs: two banks whose currents are subtracted, programmed together.

A signed conductance is the difference of a positive and a negative bank's (da Cunha 2023, section 6.5). Programmed one
after the other, each bank misses by its own error. Programmed together they are one problem of equation (6.1) with
the items of both, the negative bank's with their signs turned: 2n items instead of n, so that the error falls with
the square.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from rescircuit.bank.parallel import Bank
from rescircuit.bank.settings import Mask
from rescircuit.checks import finite_array
from rescircuit.errors import InputError
from rescircuit.subsetsum import LARGEST_N, subset_sum

__all__ = ["PairSetting", "program_pair"]


@dataclass(frozen=True, kw_only=True)
class PairSetting:
    """The settings of a positive and a negative bank and what they give together; leading axes are broadcast.

    Attributes
    ----------
    positive_mask, negative_mask : bool array (..., n)
        ``True`` where the bank's switch is closed.
    positive_conductance, negative_conductance : float or array (...)
        What each bank conducts at `v_read`, siemens.
    difference : float or array (...)
        The first less the second, siemens, from an exact summation.
    target : float or array (...)
        The difference that was asked for, siemens.
    error : float or array (...)
        ``difference - target``, siemens, from an exact summation.
    bound : float or array (...)
        Proved: no pair of settings has an ``|error|`` below it.
    status : str or str array (...)
        ``"optimal"``: no pair comes closer. See :class:`rescircuit.subsetsum.Solution`.
    v_read : float
        The read voltage at which all conductances hold, volt.
    method : str
        The exact method that found the settings.
    """

    positive_mask: Mask
    negative_mask: Mask
    positive_conductance: Any
    negative_conductance: Any
    difference: Any
    target: Any
    error: Any
    bound: Any
    status: Any
    v_read: float
    method: str


def program_pair(
    positive: Bank, negative: Bank, difference: Any, *, progress: Callable[[float], None] | None = None
) -> PairSetting:
    """The settings of two banks whose conductances differ by as close to `difference` as any: solved exactly.

    Parameters
    ----------
    positive, negative : Bank
        Of any sizes that together are within what :func:`rescircuit.subset_sum` solves, read at the same voltage;
        arrays of banks broadcast.
    difference : float or array (...)
        Siemens, of any sign; axes broadcast against the banks'.
    progress : callable, optional
        Called with the number of pairs programmed since the last call.

    Returns
    -------
    PairSetting
        What both banks have in common is left to chance: many pairs of settings have nearly the same difference.

    Raises
    ------
    InputError
        For banks with too many resistors together, or read at different voltages, for differences that are not
        finite, or shapes that do not broadcast.

    Examples
    --------
    >>> import rescircuit as rc
    >>> poly = rc.Resistor(nominal=1e6, mismatch=0.01)
    >>> positive, negative = (rc.Bank.sample(poly, n=12, seed=1, start=k) for k in (0, 1))
    >>> pair = rc.program_pair(positive, negative, -2.5e-6)
    >>> float(abs(pair.error)) < 1e-11, pair.status
    (True, 'optimal')
    """
    for name, bank in (("positive", positive), ("negative", negative)):
        if not isinstance(bank, Bank):
            raise InputError(name, "a Bank", bank)
    if positive.v_read != negative.v_read:
        raise InputError("negative", f"read at the same voltage, {positive.v_read:g} V", f"{negative.v_read:g} V")
    if positive.n + negative.n > LARGEST_N:
        raise InputError("negative", f"of at most {LARGEST_N - positive.n} resistors beside the positive", negative.n)
    target = finite_array("difference", difference, "S")
    shape = _common_shape(positive, negative, target.shape)

    items, offset = [], 0.0
    for sign, bank in ((1.0, positive), (-1.0, negative)):
        on, off = bank.on_conductances, bank.off_conductances
        items.append(sign * (on - off))
        offset = offset + sign * off.sum(axis=-1)
    banks = np.broadcast_shapes(positive.shape, negative.shape)
    joined = np.concatenate([np.broadcast_to(part, (*banks, part.shape[-1])) for part in items], axis=-1)
    solution = subset_sum(joined, target, offset=offset, progress=progress)
    masks = np.split(solution.mask, [positive.n], axis=-1)
    conductances = [
        np.where(mask, bank.on_conductances, bank.off_conductances).sum(axis=-1)[()]
        for mask, bank in zip(masks, (positive, negative), strict=True)
    ]
    return PairSetting(
        positive_mask=masks[0],
        negative_mask=masks[1],
        positive_conductance=conductances[0],
        negative_conductance=conductances[1],
        difference=solution.total,
        target=np.broadcast_to(target, shape)[()],
        error=solution.residual,
        bound=solution.bound,
        status=solution.status,
        v_read=positive.v_read,
        method=solution.method,
    )


def _common_shape(positive: Bank, negative: Bank, targets: tuple[int, ...]) -> tuple[int, ...]:
    """The shape that results take."""
    shape = positive.shape
    for name, other in (("negative", negative.shape), ("difference", targets)):
        try:
            shape = np.broadcast_shapes(shape, other)
        except ValueError:
            required = f"of a shape that broadcasts against the banks' {shape}"
            raise InputError(name, required, f"shape {other}") from None
    return shape
