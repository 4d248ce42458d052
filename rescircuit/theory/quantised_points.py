"""What was found at one point of quantised subset sums, beside what theory expects there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rescircuit.checks import Array
from rescircuit.theory.integer_points import CountedPoint
from rescircuit.theory.partition_theory import expected_solutions
from rescircuit.theory.quantised_theory import (
    expected_subsets,
    leading_bounds,
    rate_moments,
    rate_of_instance,
    subset_sum_limit,
    subset_sum_probability,
)

__all__ = ["QuantisedPoint"]


@dataclass(frozen=True, kw_only=True, eq=False)
class QuantisedPoint(CountedPoint):
    """What was found for one n, M and target, beside what theory expects.

    Attributes
    ----------
    n, m : int
        Items, uniform on -m ... -1, 1 ... m.
    share : float
        The target, in m.
    target : int
        The target t.
    subsets : int64 array (samples,)
        Those that sum to t, the empty one not among them.
    totals : int64 array (samples,)
        ``Lambda = sum(X)``.
    squares : array (samples,)
        ``Q = sum(X**2)``.
    """

    share: float
    subsets: NDArray[np.int64]
    totals: NDArray[np.int64]
    squares: Array

    @property
    def counts(self) -> NDArray[np.int64]:
        """The subsets."""
        return self.subsets

    @property
    def mean_solutions(self) -> float:
        """The mean number of solutions."""
        return float(self.subsets.mean())

    @cached_property
    def curve(self) -> float:
        """The probability at finite n."""
        return subset_sum_probability(self.n, self.m, self.target)

    @property
    def rho(self) -> float:
        """``rho_n``."""
        return expected_solutions(self.n, self.m)

    @property
    def limit(self) -> float:
        """The probability by leading terms alone."""
        return float(subset_sum_limit(self.rho, 2.0 * self.share / math.sqrt(self.n / 3.0)))

    @cached_property
    def expected(self) -> float:
        """The expected number of solutions, exact."""
        return expected_subsets(self.n, self.m, self.target)

    @property
    def standard_error(self) -> float:
        """Of the mean number of solutions, by the mixture of Poisson laws."""
        return math.sqrt(rate_moments(self.n, self.m, self.target)[1] / self.samples)

    @property
    def distances(self) -> Array:
        """``h = (Lambda - 2 t) / sqrt(Q)`` of each instance, array (samples,)."""
        return (self.totals - 2.0 * self.target) / np.sqrt(self.squares)

    @property
    def chances(self) -> Array:
        """The probability of a solution that theory gives each instance, from its Lambda and Q, array (samples,)."""
        return -np.expm1(-rate_of_instance(self.n, self.squares, self.distances))

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        lower, upper = leading_bounds(self.rho)
        return super().as_dict() | {
            "finite_size_probability": self.curve,
            "limit_probability": self.limit,
            "bounds_leading_terms": [float(lower), float(upper)],
            "mean_solutions": self.mean_solutions,
            "standard_error": self.standard_error,
            "expected_solutions": self.expected,
        }
