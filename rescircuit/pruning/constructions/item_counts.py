"""How many random numbers a weight needs, for a subset of them to come close enough to it.

The sums of all 2**m subsets of m given numbers z have the density of Daniels' saddle point (1954) at a weight w,

    2**m exp(K(t) - t w) / sqrt(2 pi K''(t)),   K(t) = sum(log((1 + exp(t z)) / 2)),   K'(t) = w,

which is right where they are many and vanishes where they do not reach. If about `mean` of them are expected within
the tolerance, none is there with a probability of ``exp(-mean)``. The mean of that over random numbers z is Lueker's
theorem (1998) with its constants, for any law of the numbers and any weight. It is taken over samples.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from scipy import special

from rescircuit.checks import Array, whole_number
from rescircuit.devices.streams import Stream
from rescircuit.errors import InputError

__all__ = ["LONGEST", "PRODUCTS", "SIGNED_PRODUCTS", "UNIFORM", "Counts", "Law", "given_items", "items_needed"]

LONGEST = 44  # numbers a subset is chosen from: 2**22 sums in each half
_QUICK = 24  # numbers that a subset is soon chosen from
MOST = 512  # numbers drawn for a weight, of which a part may be of no use
_FAILURES = 0.01  # weights of a layer that miss their tolerance, on average over random layers
_SEEN = (0.05, 0.005)  # shares of sets of random numbers that samples show
_LEVELS = ((1.0, 0.1), (0.9, 0.4), (0.5, 0.5))  # quantiles of the weights' magnitudes, each for a share below it
_MARGIN = 2.0  # by which the tolerance is taken smaller: subsets that share numbers do not lie independently
_SAMPLES = 1024
_STEPS, _LONGEST_STEP = 8, 20.0  # towards the saddle points


@dataclass(frozen=True, kw_only=True)
class Law:
    """The distribution of the numbers that a subset is chosen from.

    Attributes
    ----------
    factors : int
        Each is a product of so many uniform ones on [-1, 1].
    useful : float
        The probability that one is of use.
    """

    factors: int
    useful: float = 1.0


UNIFORM = Law(factors=1)
PRODUCTS = Law(factors=2)
SIGNED_PRODUCTS = Law(factors=2, useful=0.5)  # the first factor has to have a given sign


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Numbers for each weight of a layer.

    Attributes
    ----------
    drawn : int
    few : int
        A subset is first chosen from so many of the useful ones, and from more only where that misses the tolerance.
    tolerance : float
        How far a subset's sum should be from its weight at most.
    """

    drawn: int
    few: int
    tolerance: float


def items_needed(tolerance: float, weights: Array, law: Law, *, argument: str, given: int | None = None) -> Counts:
    """The numbers that each weight of a layer needs.

    Parameters
    ----------
    tolerance : float
        How far a subset's sum may be from its weight.
    weights : array
        Of the layer.
    law : Law
    argument : str
        What is named if it can't be done.
    given : int, optional
        The numbers to draw, if the caller wants so many.

    Returns
    -------
    Counts
        In one of 100 layers a weight misses its tolerance; fewer layers fail, as other weights leave of theirs.

    Raises
    ------
    InputError
        For a tolerance that more numbers would be needed for than can be chosen from, or such weights.
    """
    if given is not None:
        return Counts(drawn=given, few=_QUICK, tolerance=tolerance)
    magnitudes = np.abs(weights)
    parts = [(share, float(np.quantile(magnitudes, level))) for level, share in _LEVELS]
    if parts[0][1] <= tolerance:
        return Counts(drawn=1, few=1, tolerance=tolerance)
    allowed = _FAILURES / weights.size

    def missed(count: int, of: Law) -> float:
        return sum(share * _missed(count, of, weight, tolerance / _MARGIN) for share, weight in parts)

    few = _least_seen(lambda count: missed(count, Law(factors=law.factors)), _SEEN[1], 4)
    if few > LONGEST:
        required = f"so large that subsets of {LONGEST} numbers come close enough"
        got = f"{tolerance:.3g} for each weight of up to {parts[0][1]:.3g}"
        raise InputError(argument, required, got, "Or take a target with smaller weights.")
    drawn = min(MOST, _least(lambda count: missed(count, law), allowed))
    return Counts(drawn=drawn, few=few, tolerance=tolerance)


def given_items(items: Any, layers: int) -> tuple[int, ...]:
    """The numbers that the caller wants for each weight, for each layer.

    Raises
    ------
    InputError
        For others than one whole number, or one for each layer.
    """
    several = items if isinstance(items, Sequence | np.ndarray) and not isinstance(items, str) else (items,) * layers
    if len(several) != layers:
        raise InputError("items", f"a whole number, or {layers} of them, one a layer", items)
    return tuple(whole_number("items", each, 1, MOST) for each in several)


def _least(missed: Callable[[int], float], allowed: float) -> int:
    """The least number of which a share is missed that is allowed.

    Shares that samples do not show are extrapolated: their logarithm falls with the number, and at last no more slowly.
    """
    often = _least_seen(missed, _SEEN[0], 4)
    seldom = _least_seen(missed, _SEEN[1], often)
    decades = math.log10(_SEEN[1] / allowed)
    return seldom + max(0, math.ceil((seldom - often) * decades / math.log10(_SEEN[0] / _SEEN[1])))


def _least_seen(missed: Callable[[int], float], share: float, least: int) -> int:
    """The least number, from `least` on, of which at most a share is missed; MOST and more if there is none."""
    few, many, step = least - 1, least, 2
    while many < MOST and missed(many) > share:
        few, many, step = many, many + step, 2 * step
    while many - few > 1:
        middle = (few + many) // 2
        few, many = (few, middle) if missed(middle) <= share else (middle, many)
    return many


def _missed(count: int, law: Law, weight: float, tolerance: float) -> float:
    """The probability that no subset of so many random numbers has a sum within the tolerance of a weight."""
    with np.errstate(over="ignore"):  # of very many
        expected = 2.0 * tolerance * np.exp(_log_density(count, law, weight))
    return float(np.exp(-expected).mean())


@lru_cache(maxsize=256)
def _log_density(count: int, law: Law, weight: float) -> Array:
    """The logarithm of the density of subsets' sums at a weight, for samples of so many numbers, (_SAMPLES,)."""
    z = np.ones((_SAMPLES, count))
    for factor in range(law.factors):
        z *= 2.0 * Stream(seed=0, source=f"items.{factor}").uniform(z.size).reshape(z.shape) - 1.0
    useful = Stream(seed=0, source="items.useful").uniform(z.size).reshape(z.shape) < law.useful
    z *= useful
    squares = np.maximum((z * z).sum(axis=1, keepdims=True), np.finfo(np.float64).tiny)
    t = np.zeros((_SAMPLES, 1))
    for _ in range(_STEPS):  # Newton's; any t gives at least the density that the saddle point gives
        chosen = special.expit(t * z)
        lacking = weight - (z * chosen).sum(axis=1, keepdims=True)
        curvature = (z * z * chosen * (1.0 - chosen)).sum(axis=1, keepdims=True)
        step = lacking / np.maximum(curvature, 0.02 * squares)
        t += np.clip(step, -_LONGEST_STEP, _LONGEST_STEP)
    chosen = special.expit(t * z)
    cumulants = (np.logaddexp(0.0, t * z) * useful).sum(axis=1)  # and with them 2**count
    curvature = np.maximum((z * z * chosen * (1.0 - chosen)).sum(axis=1), np.finfo(np.float64).tiny)
    return cumulants - t[:, 0] * weight - 0.5 * np.log(2.0 * math.pi * curvature)
