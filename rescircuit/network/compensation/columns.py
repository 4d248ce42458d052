"""Joint programming of a column: each cell absorbs the errors of those before it, as the layer's inputs weigh them.

Programmed by itself, each cell of a column misses its target by its own error, and the output by the sum of all of
them times the inputs. Inputs of real data are far from independent, so that errors of some cells can be made up for
by others. What counts is the output's mean square error over the inputs, ``e @ M @ e`` for the column's errors e and
the inputs' second moments ``M = E[x x^T]``. With ``M = L.T @ L``, L lower triangular, this is the sum over the rows q
of ``(L[q, q] e[q] + L[q, :q] @ e[:q])**2``: rows programmed in turn make each term as small as they can if row q aims
at ``w[q] - L[q, :q] @ e[:q] / L[q, q]``, and only its own miss remains, with the weight ``L[q, q]**2``, which is at
most ``M[q, q]``. This is the update of the optimal brain surgeon (Hassibi and Stork, NIPS 5, 1993) in the order that
GPTQ made practical for large layers (Frantar, Ashkboos, Hoefler and Alistarh, arXiv 2210.17323, 2022), and the nearest
plane of Babai (Combinatorica 6, 1, 1986) for the lattice that cells with evenly spaced values would be. L comes from
the Cholesky factor of M with rows and columns reversed; M need not be inverted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from rescircuit.checks import Array, finite_array, non_negative_number
from rescircuit.errors import InputError

__all__ = ["Absorption", "absorbed"]

Order = Literal["natural", "largest"]

_ROWS_AT_ONCE = 64  # whose share of earlier rows' errors comes from one product
_ASYMMETRY = 1e-9  # relative to the largest moment


@dataclass(frozen=True, kw_only=True, eq=False)
class Absorption:
    """What a layer's columns were programmed to, row after row, and how far their outputs are off.

    Attributes
    ----------
    achieved : array (i, o)
        The weights as programmed.
    asked : array (i, o)
        What each row was asked for: the wanted weight, and what it is to absorb of the rows before it.
    clipped : bool array (i, o)
        Where that was out of the range, so that a part of the errors was left to later rows.
    error : array (o,)
        Root of the mean square error of each output over the inputs.
    unabsorbed : array (o,)
        What the same misses, achieved less asked, would make of it if no row made up for any other.
    bias_correction : array (o,)
        To be added to each output's bias, if the metric is that of centred inputs; else zeros.
    """

    achieved: Array
    asked: Array
    clipped: NDArray[np.bool_]
    error: Array
    unabsorbed: Array
    bias_correction: Array


def absorbed(
    weights: Any,
    moments: Any,
    program_row: Callable[[int, Array], Array],
    *,
    mean: Any = None,
    low: Any = -np.inf,
    high: Any = np.inf,
    order: Order | Any = "natural",
    damping: float = 0.05,
) -> Absorption:
    """Program a layer row after row, all outputs at once, each row absorbing the errors of those before it.

    Parameters
    ----------
    weights : array (i, o)
        Wanted, in any unit.
    moments : array (i, i)
        Second moments of the inputs, ``E[x x^T]``.
    program_row : callable
        ``program_row(row, wanted)`` programs one row's cells (o,) as near to `wanted` as they come and returns what
        they have become. It is called once for each row.
    mean : array (i,), optional
        The inputs' mean. With it the metric is their covariance: what errors do to an output's mean is left to its
        bias.
    low, high : float or array broadcastable to (i, o)
        What the cells can be programmed to.
    order : "natural", "largest", or int array (i,)
        In which rows are programmed: as they come, those of the largest moments first (the small errors of the last
        ones then have the small weights), or as given.
    damping : float
        Added to all second moments of an input with itself, relative to their mean. Without it, moments of few samples
        are trusted in directions that they hardly know, and which errors of earlier layers do take; 0.02 to 0.1 serve
        alike.

    Raises
    ------
    InputError
        For arrays of other shapes or with values that are not finite, moments that are not symmetric or not positive
        definite even when damped, bounds that cross, or an order that leaves out a row.

    Examples
    --------
    >>> import numpy as np
    >>> from rescircuit.network.compensation import absorbed
    >>> x = np.random.default_rng(1).normal(size=(200, 3)) + [4.0, 5.0, 6.0]  # what the inputs have in common counts
    >>> weights = np.array([[0.3], [0.4], [0.4]])
    >>> found = absorbed(weights, x.T @ x / 200, lambda row, wanted: np.round(wanted), order="largest")
    >>> found.achieved.ravel(), bool(found.error[0] < found.unabsorbed[0])
    (array([0., 1., 0.]), True)
    """
    wanted, metric, average = _checked_problem(weights, moments, mean)
    least, most = _checked_range(low, high, wanted.shape)
    rows = _checked_order(order, metric)
    centred = metric if average is None else metric - np.outer(average, average)
    factor = _factor(centred, rows, non_negative_number("damping", damping))
    achieved, asked = np.empty(wanted.shape), np.empty(wanted.shape)
    clipped = np.zeros(wanted.shape, bool)
    errors = np.zeros(wanted.shape)  # in the order of programming
    for first in range(0, len(rows), _ROWS_AT_ONCE):
        last = min(first + _ROWS_AT_ONCE, len(rows))
        carried = factor[first:last, :first] @ errors[:first]
        for place in range(first, last):
            row = rows[place]
            weighed = carried[place - first] + factor[place, first:place] @ errors[first:place]
            free = wanted[row] - weighed / factor[place, place]
            asked[row] = np.clip(free, least[row], most[row])
            clipped[row] = asked[row] != free
            achieved[row] = _checked_row(program_row(int(row), asked[row].copy()), int(row), wanted.shape[1])
            errors[place] = achieved[row] - wanted[row]
    missed = achieved - wanted
    return Absorption(
        achieved=achieved,
        asked=asked,
        clipped=clipped,
        error=_weighed(centred, missed),
        unabsorbed=_weighed(centred, achieved - asked),
        bias_correction=np.zeros(wanted.shape[1]) if average is None else -average @ missed,
    )


def _factor(metric: Array, rows: NDArray[np.intp], damping: float) -> Array:
    """L, lower triangular, with ``L.T @ L`` the damped metric in the order of `rows`."""
    backwards = rows[::-1]
    ordered = metric[np.ix_(backwards, backwards)]
    typical = float(np.trace(metric)) / len(metric)
    # Inputs that are always 0 weigh nothing; all by themselves, as much as each other.
    ordered[np.diag_indices_from(ordered)] += damping * typical if typical > 0 else 1.0
    try:
        factor = np.linalg.cholesky(ordered)
    except np.linalg.LinAlgError:
        least = float(np.linalg.eigvalsh(ordered)[0])
        hint = "Give more samples than inputs, or more damping."
        raise InputError("moments", "positive definite once damped", f"an eigenvalue of {least:.3g}", hint) from None
    return np.asarray(factor.T[::-1, ::-1], dtype=np.float64)


def _weighed(metric: Array, errors: Array) -> Array:
    """Root of ``e @ metric @ e`` of each column of `errors` (i, o), (o,)."""
    return np.sqrt(np.maximum((errors * (metric @ errors)).sum(axis=0), 0.0))


def _checked_problem(weights: Any, moments: Any, mean: Any) -> tuple[Array, Array, Array | None]:
    wanted, metric = finite_array("weights", weights), finite_array("moments", moments)
    if wanted.ndim != 2:
        raise InputError("weights", "of shape (i, o)", f"shape {wanted.shape}")
    count = len(wanted)
    if metric.shape != (count, count):
        raise InputError("moments", f"of shape {(count, count)}", f"shape {metric.shape}")
    apart = float(np.abs(metric - metric.T).max())
    if apart > _ASYMMETRY * float(np.abs(metric).max()):
        raise InputError("moments", "symmetric", f"elements {apart:.3g} apart")
    if mean is None:
        return wanted, metric, None
    average = finite_array("mean", mean)
    if average.shape != (count,):
        raise InputError("mean", f"of shape {(count,)}", f"shape {average.shape}")
    return wanted, metric, average


def _checked_range(low: Any, high: Any, shape: tuple[int, ...]) -> tuple[Array, Array]:
    bounds = []
    for name, given in (("low", low), ("high", high)):
        bound = np.asarray(given, dtype=np.float64)
        try:
            bounds.append(np.broadcast_to(bound, shape))
        except ValueError:
            raise InputError(name, f"one number, or an array that fits {shape}", f"shape {bound.shape}") from None
    if not (bounds[0] <= bounds[1]).all():
        raise InputError("low", "at most high, and no NaN", "a range without a value")
    return bounds[0], bounds[1]


def _checked_order(order: Any, metric: Array) -> NDArray[np.intp]:
    count = len(metric)
    if isinstance(order, str):
        if order == "natural":
            return np.arange(count)
        if order == "largest":
            return np.argsort(-np.diag(metric), kind="stable")
        raise InputError("order", "natural, largest, or the rows' numbers", order)
    rows = np.asarray(order)
    if rows.dtype.kind not in "iu" or rows.shape != (count,) or (np.sort(rows) != np.arange(count)).any():
        raise InputError("order", f"each row from 0 to {count - 1} once", order)
    return rows.astype(np.intp)


def _checked_row(values: Any, row: int, outputs: int) -> Array:
    achieved = finite_array(f"program_row({row})", values)
    if achieved.shape != (outputs,):
        raise InputError(f"program_row({row})", f"of shape {(outputs,)}", f"shape {achieved.shape}")
    return achieved
