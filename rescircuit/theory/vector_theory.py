r"""How close subset sums of random vectors come to a target: what is expected, and how far it is to be trusted.

The expected number N(e) of subsets within `e` of a target, in the max-norm, is a sum over sizes of binomial
coefficients and probabilities of boxes (da Cunha 2023, corollary 3.5.2). If subsets were independent the chance of none
would be ``exp(-N(e))``: the *first moment's* prediction. They are not. All sums of one sample share where they are
centred: subsets of size k lie around ``k / n`` of the sum T of all items, with a variance ``k (n - k) / n`` only, and a
sample whose T is far from what suits the target has few close subsets, however many it has on average. Of normal items
both are exact. So given T the number is near Poisson, and ``exp(-N(e | T))``, averaged over samples, is the prediction
*given the total*.

How unlike subsets are to independent ones shows in the second moment of their number Y. Two of size ``k = alpha n``
share ``alpha**2 n`` items, typically, so that ``E[Y (Y - 1)] / E[Y]**2`` tends to ``(1 - alpha**2)**(-d/2)``, whatever
n: the second-moment method proves a probability near 1 only for alpha of the order ``1 / sqrt(d)``, hence the theorem's
subsets of ``n / (6 sqrt(d))`` items.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from scipy.special import gammaln, ndtr

from rescircuit.checks import Array, whole_number
from rescircuit.errors import InputError
from rescircuit.theory.vector_laws import VectorLaw

__all__ = [
    "Chances",
    "VectorTheory",
    "binomial",
    "covering_error",
    "items_of_theorem",
    "median_of",
    "radius_for",
    "second_moment",
    "size_of",
]

_SMALL = 1e-4  # half width of an interval, in deviations, below which its probability is width times density
_LEAST, _MOST = -40.0, 6.0  # natural logarithms of distances among which medians are looked for
_STEPS = 22  # of halving: to 1e-5
_TARGETS, _WEIGHTS = np.polynomial.legendre.leggauss(12)  # the mean over targets uniform on [-1, 1]
_NORMAL, _NORMAL_WEIGHTS = np.polynomial.hermite_e.hermegauss(64)  # the mean over a standard normal number
_NORMAL_WEIGHTS = _NORMAL_WEIGHTS / _NORMAL_WEIGHTS.sum()


def size_of(text: str, n: int, d: int) -> int | None:
    """The number of items in a subset by its name, None for any.

    Parameters
    ----------
    text : str
        ``"free"``; ``"half"``, n / 2; ``"thesis"``, n / (6 sqrt(d)) (theorem 3.1.2); ``"root"``, sqrt(n) (theorem
        5.3.2); ``"n/4"`` or the like; or the number itself. Rounded, and at least 1.
    n, d : int

    Raises
    ------
    InputError
        For any other text, or a size above n.
    """
    names = {"half": n / 2, "thesis": n / (6.0 * math.sqrt(d)), "root": math.sqrt(n)}
    if text == "free":
        return None
    divisor = text.removeprefix("n/")
    if text in names:
        wanted = names[text]
    elif divisor.isdecimal() and int(divisor) > 0:
        wanted = n / int(divisor) if text.startswith("n/") else int(divisor)
    else:
        raise InputError("sizes", "free, half, thesis, root, a share such as n/4, or a number of items", text)
    size = max(1, math.floor(wanted + 0.5))
    if size > n:
        raise InputError("sizes", f"at most the number of items, {n}", text)
    return size


def binomial(n: int, k: Array | int) -> Array:
    """Binomial coefficients as floats."""
    return np.rint(np.exp(gammaln(n + 1.0) - gammaln(np.asarray(k) + 1.0) - gammaln(n - np.asarray(k) + 1.0)))


class Chances(Protocol):
    """The probability (t,), for each sample, of a subset within a distance of its target."""

    def first_moment(self, distance: float) -> Array:
        """By expected numbers over samples."""
        ...

    def given_total(self, distance: float) -> Array:
        """By expected numbers given the sum of all the sample's items."""
        ...


class VectorTheory:
    """Chances of close subsets, for the targets (and totals) of samples.

    Parameters
    ----------
    law : VectorLaw
    n : int
        Items.
    sizes : sequence of int
        Of the subsets that are counted.
    targets, totals : array (t, d)
        Of the samples; a total is the sum of all n items.
    full : array (t,)
        The variance of the total's coordinates, see :meth:`VectorLaw.draw`.
    """

    def __init__(
        self, law: VectorLaw, n: int, sizes: Sequence[int], targets: Array, totals: Array, full: Array
    ) -> None:
        self._law, self._n, self._sizes = law, n, list(sizes)
        self._targets, self._totals, self._full = targets, totals, full

    def first_moment(self, distance: float) -> Array:
        """The probability (t,) of a subset within `distance`, were numbers Poisson's with their means over samples.

        The empty subset is there for sure, with no chance in it.
        """
        drawn = [k for k in self._sizes if k > 0]
        sure = [0] if 0 in self._sizes else []
        return _chance(self.expected(distance, drawn), self.expected(distance, sure))

    def given_total(self, distance: float) -> Array:
        """The same, with their means given the sum of all items of each sample, which is there for sure too."""
        drawn = [k for k in self._sizes if 0 < k < self._n]
        sure = [k for k in self._sizes if k in {0, self._n}]
        return _chance(self.expected_given_total(distance, drawn), self.expected_given_total(distance, sure))

    def expected(self, distance: float, sizes: Sequence[int]) -> Array:
        """The expected number (t,) of subsets of these sizes within `distance` of each target, over samples."""
        number = np.zeros(len(self._targets))
        for k in sizes:
            for variance, weight in zip(*self._law.variances(k), strict=True):
                inside = _interval(self._targets, np.array(math.sqrt(variance)), distance).prod(axis=1)
                number += binomial(self._n, k) * weight * inside
        return number

    def expected_given_total(self, distance: float, sizes: Sequence[int]) -> Array:
        """The same, given the sum of all items of each sample."""
        number = np.zeros(len(self._targets))
        for k in sizes:
            for share, weight in zip(*self._law.shares(self._n, k), strict=True):
                deviation = np.sqrt(self._full * (share * (1.0 - share)))[:, None]
                inside = _interval(self._targets - share * self._totals, deviation, distance).prod(axis=1)
                number += binomial(self._n, k) * weight * inside
        return number


def _chance(expected: Array, sure: Array) -> Array:
    """The probability of a subset, of Poisson numbers with these means, or of those that are there for sure."""
    return np.where(sure > 0.5, 1.0, -np.expm1(-expected))


def median_of(reached: Callable[[float], float]) -> float:
    """The distance within which half of all samples are.

    Parameters
    ----------
    reached : callable
        From a distance to the share of the samples within it, which grows.
    """
    low, high = _LEAST, _MOST
    for _ in range(_STEPS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if reached(math.exp(middle)) < 0.5 else (low, middle)
    return math.exp(high)


def covering_error(subsets: float, d: int) -> float:
    """No items have a smaller median error over targets uniform on [-1, 1]^d.

    Boxes of half width e around as many points cover a share of at most ``subsets e**d``. For every target, and not
    half of them, it is twice that share: ``n >= d log2(1 / e)`` if all 2^n subsets count.
    """
    return (0.5 / subsets) ** (1.0 / d)


def items_of_theorem(d: int, epsilon: float) -> float:
    """The theorem's number of items without its constant, ``d**3 log2(1/e) (log2(1/e) + log2 d)`` (3.1.2)."""
    digits = math.log2(1.0 / epsilon)
    return d**3 * digits * (digits + math.log2(d))


def radius_for(n: int, d: int, k: int, number: float) -> float:
    """The distance from a uniform target within which `number` of the k-subsets of normal vectors are expected."""

    def expected(distance: float) -> float:
        return float(binomial(n, k)) * float(_interval(_TARGETS, np.array(math.sqrt(k)), distance) @ _WEIGHTS / 2) ** d

    return median_of(lambda distance: 0.5 * expected(distance) / number)


def second_moment(n: int, d: int, k: int, distance: float) -> float:
    """``E[Y (Y - 1)] / E[Y]**2`` of the number Y of k-subsets of n normal vectors within `distance` of a target.

    The mean is over targets uniform on [-1, 1]^d too. Of pairs with j items in common, each sum is one and the same
    normal number of variance j, and one of its own of variance k - j. Independent subsets would give 1, less one in
    their number.
    """
    whole_number("k", k, 1, n)
    common = np.arange(max(0, 2 * k - n), k, dtype=np.float64)
    pairs = np.exp(_log_binomial(k, common) + _log_binomial(n - k, k - common) - _log_binomial(n, np.array(float(k))))
    one = _interval(_TARGETS, np.array(math.sqrt(k)), distance) @ _WEIGHTS / 2.0
    shared = np.sqrt(common)[:, None, None] * _NORMAL
    own = np.sqrt(k - common)[:, None, None]
    both = _interval(_TARGETS[:, None] - shared, own, distance) ** 2 @ _NORMAL_WEIGHTS
    together = both @ _WEIGHTS / 2.0
    return float(pairs @ (together / one**2) ** d)


def _log_binomial(n: int, k: Array) -> Array:
    return gammaln(n + 1.0) - gammaln(k + 1.0) - gammaln(n - k + 1.0)


def _interval(offset: Array, deviation: Array, distance: float) -> Array:
    """The probability that a normal number of mean 0 lies within `distance` of `offset`, as exact for small ones."""
    spread = np.maximum(deviation, 1e-150)  # no items, or all of them: a point
    place, half = -np.abs(offset) / spread, distance / spread
    density = 2.0 * half * np.exp(-0.5 * np.minimum(place * place, 1400.0)) / math.sqrt(2.0 * math.pi)
    return np.where(half < _SMALL, density, ndtr(place + half) - ndtr(place - half))
