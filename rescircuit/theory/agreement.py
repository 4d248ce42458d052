"""Whether measured points lie on a theorem's curve: Pearson's chi-square, no parameter being fitted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import gammaincc

from rescircuit.checks import Array, finite_array
from rescircuit.errors import InputError

__all__ = [
    "Agreement",
    "agreement_of_counts",
    "agreement_of_means",
    "agreement_of_shares",
    "exponential_agreement",
]

_LEAST_EXPECTED = 5.0  # successes and failures at a point, below which the normal law of their number is far off


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """A chi-square statistic.

    Attributes
    ----------
    statistic : float
        The sum of the points' squared deviations, each over its variance by the theorem.
    points : int
        Degrees of freedom: the statistic's expected value.
    p_value : float
        The probability of a statistic at least as large where the theorem holds; 1 without points.
    """

    statistic: float
    points: int
    p_value: float

    def as_dict(self) -> dict[str, float | int]:
        """For JSON."""
        return {"chi_square": self.statistic, "points": self.points, "p_value": self.p_value}


def agreement_of_shares(successes: Any, samples: Any, probabilities: Any) -> Agreement:
    """Numbers of successes against the probabilities of a theorem.

    Parameters
    ----------
    successes, samples, probabilities : array (k,)
        Points with fewer than five successes or failures expected are left out.
    """
    hits, trials, chances = _same_length(successes=successes, samples=samples, probabilities=probabilities)
    counted = trials * np.minimum(chances, 1.0 - chances) >= _LEAST_EXPECTED
    hits, trials, chances = hits[counted], trials[counted], chances[counted]
    terms = (hits - trials * chances) ** 2 / (trials * chances * (1.0 - chances))
    return _agreement(terms, terms.size)


def agreement_of_counts(counts: Array, expected: Array) -> Agreement:
    """How often each of several things was seen, against how often it was expected.

    Parameters
    ----------
    counts, expected : array (points, k)
        Of the things 0 to k - 1, of which the last are taken together until five are expected of them and of each other
        one. The rows' sums agree.
    """
    terms, cells = [], 0
    for seen, wanted in zip(counts, expected, strict=True):
        few = np.flatnonzero(wanted < _LEAST_EXPECTED)
        last = max(int(few[0]) if few.size else wanted.size - 1, 1)
        while last > 1 and wanted[last:].sum() < _LEAST_EXPECTED:
            last -= 1
        if min(wanted[0], wanted[last:].sum()) < _LEAST_EXPECTED:
            continue
        for a, b in zip([*seen[:last], seen[last:].sum()], [*wanted[:last], wanted[last:].sum()], strict=True):
            terms.append((a - b) ** 2 / b)
        cells += last
    return _agreement(np.array(terms), cells)


def agreement_of_means(means: Any, standard_errors: Any, expected: Any) -> Agreement:
    """Means against those of a theorem, with their standard errors (above 0)."""
    found, errors, wanted = _same_length(means=means, standard_errors=standard_errors, expected=expected)
    return _agreement(((found - wanted) / errors) ** 2, found.size)


def exponential_agreement(values: Array) -> tuple[float, float]:
    """The largest distance of the distribution of `values` (k,) from an exponential one of mean 1, and its p-value.

    Kolmogorov's test.
    """
    from scipy.stats import kstest  # takes long to import

    found = kstest(values, "expon")
    return float(found.statistic), float(found.pvalue)


def _agreement(terms: Array, points: int) -> Agreement:
    statistic = float(terms.sum())
    tail = float(gammaincc(points / 2.0, statistic / 2.0)) if points else 1.0
    return Agreement(statistic=statistic, points=points, p_value=tail)


def _same_length(**arrays: Any) -> list[Array]:
    checked = [finite_array(name, values, allow_empty=True) for name, values in arrays.items()]
    if len({array.shape for array in checked}) != 1 or checked[0].ndim != 1:
        raise InputError(" and ".join(arrays), "of the same length", [array.shape for array in checked])
    return checked
