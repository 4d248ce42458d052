"""Number partitioning in closed form: moments of the number of solutions, and the probability of one, at finite n.

Items X_1 ... X_n are uniform on 1 ... M, and signs sigma are sought with ``|sigma . X| = z`` (Kumar 2025, chapter 3;
Borgs, Chayes and Pittel 2001). As ``sigma . X`` has the parity of ``sum(X)``, a perfect partition is one with z or
z + 1, whichever has that parity. With ``kappa = log2(M) / n`` its probability tends to 1 below ``kappa = 1`` and to 0
above. At finite n the step is where about one solution is expected, ``kappa_c(n) = 1 - log2(pi n / 6) / (2 n)``
(Mertens 1998), and ``1 / n`` wide.

Solutions come in pairs, sigma and -sigma. Their number N is Poisson's in the limit (Borgs et al., theorem 2.2). What
finite n changes is the mean, known exactly, and that instances differ in their mean and that solutions come in clumps
(items that are equal may be exchanged): both show in the second moment, also known exactly. A mixture of Poisson laws
over means that are Gamma's, the negative binomial law, takes up both.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rescircuit.checks import Array
from rescircuit.theory.signed_sums import normal_probability, sum_probabilities

__all__ = [
    "ParityClass",
    "critical_ratio",
    "expected_solutions",
    "limit_probability",
    "moments_of_solutions",
    "parity_classes",
    "partition_probability",
    "probability_bounds",
    "target_of_parity",
]


def critical_ratio(n: int) -> float:
    """``kappa_c(n) = 1 - log2(pi n / 6) / (2 n)`` (Mertens 1998; Kumar 2025, section 3.2)."""
    return 1.0 - math.log2(math.pi * n / 6.0) / (2.0 * n)


def expected_solutions(n: int, m: int, target: int = 0) -> float:
    """``rho_n exp(-z**2 / (2 n M**2 c_M))``, ``rho_n = 2**(n + 1) gamma_n`` (Kumar 2025, lemma 1).

    To leading order the expected number of signs with ``sigma . X = target``, in those instances where the parity
    allows any. It is ``2**-lambda`` with ``lambda = n (kappa - kappa_c(n))``, but for ``c_M``.
    """
    return math.ldexp(normal_probability(n, m, target), n + 1)


def target_of_parity(target: int, odd: bool) -> int:
    """`target` or the number above it, whichever is odd, or even."""
    return target + (target + int(odd)) % 2


def limit_probability(n: int, m: int, target: int = 0) -> float:
    """The probability of a perfect partition by the Poisson law, and by the leading term of its mean.

    ``1 - (exp(-rho_n / 2) + exp(-rho_n)) / 2`` at target 0, for even and odd sums (Borgs, Chayes and Pittel 2001,
    theorem 2.2); ``1 - exp(-rho_n exp(...))`` at others.
    """
    rate = expected_solutions(n, m, target)
    return -0.5 * (math.expm1(-rate if target else -0.5 * rate) + math.expm1(-rate))


@dataclass(frozen=True, kw_only=True)
class ParityClass:
    """The number N of pairs of solutions, in the instances whose sum is odd, or even.

    Attributes
    ----------
    target : int
        z' = z or z + 1, of the sum's parity.
    share : float
        Of all instances.
    mean : float
        ``E[N]`` in this class, exact.
    excess : float
        ``E[N (N - 1)] / E[N]**2 - 1``, exact: 0 of a Poisson law. In the limit of large M it is about ``1 / (5 n)``.
    """

    target: int
    share: float
    mean: float
    excess: float

    @property
    def none(self) -> float:
        """The probability that there is no solution."""
        return float(self.numbers(0)[0])

    def numbers(self, most: int) -> Array:
        """The probabilities of 0 to `most` pairs of solutions, by the law of these two moments.

        Negative binomial above a Poisson law's spread, binomial below, Poisson's between them; for all of them
        ``P(k + 1) / P(k) = mean (1 + excess k) / ((1 + excess mean) (k + 1))`` (Panjer 1981).
        """
        laws = np.zeros(most + 1)
        spread = 1.0 + self.excess * self.mean  # variance over mean
        if spread <= 0.0:  # at few items, deep in the phase of many solutions
            return laws
        laws[0] = math.exp(-self.mean if abs(self.excess) < 1e-9 else -math.log(spread) / self.excess)
        for k in range(most):
            laws[k + 1] = laws[k] * self.mean * max(1.0 + self.excess * k, 0.0) / (spread * (k + 1))
        return laws


def parity_classes(n: int, m: int, target: int = 0) -> tuple[ParityClass, ...]:
    """The instances of even and those of odd sum; of both none where all items are 1.

    With p_k the law of :func:`~rescircuit.theory.signed_sums.sum_probabilities`: signs sigma and tau agree in k items
    and differ in n - k, and both sum to z exactly if the items of the first kind sum to z and the others to 0. So
    ``E[N] = 2**n p_n(z)`` and ``E[N**2] = 2**n sum_k C(n, k) p_k(z) p_(n - k)(0)``, over the share of the class; at
    z = 0 both signs of a pair are counted.

    Parameters
    ----------
    n : int
        At least 1.
    m : int
        M.
    target : int
        z, at least 0.
    """
    signed = (-1.0 / m) ** n if m % 2 else 0.0  # E[(-1)**sum(X)]
    zero = sum_probabilities(n, m, 0)
    classes = []
    for odd in (False, True):
        goal = target_of_parity(target, odd)
        share = 0.5 * (1.0 - signed if odd else 1.0 + signed)
        if share < 1e-12:
            continue
        counted_twice = 2.0 if goal == 0 else 1.0
        laws = sum_probabilities(n, m, goal)
        mean = math.ldexp(laws[n], n) / counted_twice / share
        both = math.fsum(math.comb(n, k) * laws[k] * zero[n - k] for k in range(n + 1))
        square = math.ldexp(both, n) / counted_twice**2 / share
        excess = (square - mean) / mean**2 - 1.0 if mean else 0.0
        classes.append(ParityClass(target=goal, share=share, mean=mean, excess=excess))
    return tuple(classes)


def moments_of_solutions(n: int, m: int, target: int = 0) -> tuple[float, float]:
    """``E[Z]`` and ``E[Z**2]`` of the number ``Z = 2 N`` of perfect partitions, exact."""
    classes = parity_classes(n, m, target)
    mean = math.fsum(each.share * each.mean for each in classes)
    square = math.fsum(each.share * (each.mean + each.mean**2 * (1.0 + each.excess)) for each in classes)
    return 2.0 * mean, 4.0 * square


def partition_probability(n: int, m: int, target: int = 0) -> float:
    """The probability of a perfect partition at finite n, from the exact first and second moments."""
    return 1.0 - math.fsum(each.share * each.none for each in parity_classes(n, m, target))


def probability_bounds(n: int, m: int, target: int) -> tuple[float, float]:
    """Bounds of the probability that ``|sigma . X| = target`` has a solution, over instances of either parity; exact.

    ``E[N]**2 / E[N**2]`` and ``E[N]``, as in the proof of Kumar and Natale's lemma 1 (2025, appendix A, with theorems 5
    and 6 there), but with exact moments, and for pairs of solutions, which halves the upper one. Leading terms of the
    lower one are ``1 / (2 (1 + 1 / rho_n))`` for a target other than 0 and ``1 / (2 (1 + 2 / rho_n))`` for 0; the lemma
    states the first for both, which at 0 exceeds the probability.
    """
    each = next(found for found in parity_classes(n, m, target) if found.target == target)
    mean = each.share * each.mean
    square = each.share * (each.mean + each.mean**2 * (1.0 + each.excess))
    return (mean**2 / square if square else 0.0), min(1.0, mean)
