"""The quantised random subset-sum problem with targets: how likely and how many the solutions are, at finite n.

Items X_1 ... X_n are uniform on -M ... -1, 1 ... M, and a subset of sum t is sought (Kumar and Natale 2025, section
3.2). A subset sums to t exactly if the signs that are +1 in it and -1 outside have ``sigma . X = -z`` with
``z = Lambda - 2 t``, ``Lambda = sum(X)`` (lemma 2): a number partitioning problem whose target is itself random. Given
the items, a random subset's sum has the mean ``Lambda / 2`` and the variance ``Q / 4``, ``Q = sum(X**2)``, so about

``rate = 2**(n + 1) / sqrt(2 pi Q) exp(-h**2 / 2)``, ``h = z / sqrt(Q)``,

subsets have the sum t, and their number is Poisson's. As Lambda is as wide as the law of the sums, ``h`` is itself a
standard normal variable, shifted by ``-2 t / sqrt(Q)``: the rate differs from instance to instance however large n
is, the probability of a solution is a mean over ``h``, and below the step failures die out as ``1 / rho_n`` and not as
``exp(-rho_n)``: those are instances whose sums lie aside of t.

To the order 1 / n both the law of h and the rate have a factor for the fourth cumulant of a sum of n signs, with
``w = sum(X**4) / Q**2``, about 9 / (5 n), ``1 - (w / 12) (h**4 - 6 h**2 + 3)`` (Edgeworth), taken here as an
exponential; and Q varies by ``(E[X**4] / E[X**2]**2 - 1) / n``.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np

from rescircuit.checks import Array
from rescircuit.theory.signed_sums import sum_probabilities

__all__ = [
    "expected_subsets",
    "leading_bounds",
    "rate_moments",
    "rate_of_instance",
    "subset_sum_limit",
    "subset_sum_probability",
]

_FARTHEST = 7.0  # standard deviations of h
_STEPS = 281
_NODES = 5  # of Q's law


def expected_subsets(n: int, m: int, target: int) -> float:
    """The expected number of subsets, but the empty one, that sum to `target`: ``sum_k C(n, k) p_k(t)``, exact."""
    laws = sum_probabilities(n, m, target)
    return math.fsum(math.comb(n, k) * laws[k] for k in range(1, n + 1))


def rate_of_instance(n: int, squares: Any, distance: Any) -> Any:
    """How many subsets of an instance sum to the target: by the normal law, with its first correction.

    Parameters
    ----------
    n : int
    squares : array
        ``Q = sum(X**2)``.
    distance : array
        ``h = (Lambda - 2 t) / sqrt(Q)``.
    """
    return 2.0 ** (n + 1) / np.sqrt(2.0 * math.pi * squares) * np.exp(-0.5 * distance**2 - _excess(n, distance))


def subset_sum_probability(n: int, m: int, target: int) -> float:
    """The probability that a subset, not the empty one, sums to `target`, at finite n: ``1 - E[exp(-rate)]``."""
    rates, weights = _rates(n, m, target)
    return -float(weights @ np.expm1(-rates))


def rate_moments(n: int, m: int, target: int) -> tuple[float, float]:
    """Mean and variance of the number of solutions, by the same mixture of Poisson laws."""
    rates, weights = _rates(n, m, target)
    mean = float(weights @ rates)
    return mean, mean + float(weights @ (rates - mean) ** 2)


def subset_sum_limit(rho: Any, shift: float = 0.0) -> Any:
    """The probability in the limit of large n: ``1 - E[exp(-rho exp(-(g - shift)**2 / 2))]``, g standard normal.

    Parameters
    ----------
    rho : float or array
        ``rho_n``, that is 2**-lambda.
    shift : float
        ``2 t / (M sqrt(n / 3))``: 0 in the limit for a target of the order of M.
    """
    normal = np.linspace(-_FARTHEST, _FARTHEST, _STEPS)
    weights = np.exp(-0.5 * normal**2)
    rates = np.multiply.outer(np.asarray(rho, dtype=np.float64), np.exp(-0.5 * (normal - shift) ** 2))
    return -(np.expm1(-rates) @ weights) / weights.sum()


def leading_bounds(rho: Any) -> tuple[Any, Any]:
    """The leading terms of Kumar and Natale's lemma 3 at z = 0: ``1 / (1 + 1 / rho_n)`` and ``min(1, rho_n)``.

    Their corrections hold unknown constants, which the lower bound multiplies with ``exp(z**2 / (n M**2 c_M))``: as z
    is about as large as ``M sqrt(n)``, they do not vanish where z is that of a random instance.
    """
    value = np.asarray(rho, dtype=np.float64)
    return value / (1.0 + value), np.minimum(value, 1.0)


def _excess(n: int, distance: Any) -> Any:
    """``(w / 12) He_4(h)``: what a sum of n signs falls short of the normal law by, as an exponent."""
    return 9.0 / (60.0 * n) * (distance**4 - 6.0 * distance**2 + 3.0)


@lru_cache(maxsize=1024)
def _rates(n: int, m: int, target: int) -> tuple[Array, Array]:
    """Rates of solutions and their weights, over the laws of h and Q."""
    size = float(m)
    square = (size + 1.0) * (2.0 * size + 1.0) / 6.0
    fourth = (size + 1.0) * (2.0 * size + 1.0) * (3.0 * size * size + 3.0 * size - 1.0) / 30.0
    spread = math.log1p(max(fourth / square**2 - 1.0, 0.0) / n)  # of log(Q), so that Q has the mean and the variance
    nodes, node_weights = np.polynomial.hermite_e.hermegauss(_NODES)
    squares = n * square * np.exp(math.sqrt(spread) * nodes - 0.5 * spread)
    normal = np.linspace(-_FARTHEST, _FARTHEST, _STEPS)
    weights = np.exp(-0.5 * normal**2 - _excess(n, normal))
    distance = normal[:, np.newaxis] - 2.0 * target / np.sqrt(squares)
    whole = np.multiply.outer(weights / weights.sum(), node_weights / node_weights.sum())
    return rate_of_instance(n, squares, distance).ravel(), whole.ravel()
