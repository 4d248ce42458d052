"""What was found at one point of number partitioning, beside what theory expects there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rescircuit.checks import Array
from rescircuit.theory.integer_points import CountedPoint
from rescircuit.theory.partition_theory import (
    ParityClass,
    expected_solutions,
    limit_probability,
    moments_of_solutions,
    parity_classes,
    partition_probability,
    target_of_parity,
)

__all__ = ["PartitionPoint"]


@dataclass(frozen=True, kw_only=True, eq=False)
class PartitionPoint(CountedPoint):
    """What was found for one n and M, beside what theory expects.

    Attributes
    ----------
    n, m : int
        Items, uniform on 1 ... m.
    target : int
        z, in the items' unit: partitions are perfect whose difference is z or z + 1, by the parity of the sum.
    pairs : int64 array (samples,)
        Solutions of each instance, of which sigma and -sigma count once.
    least : int64 array (samples,)
        How far ``sigma . X`` is from that of a perfect partition, at least: 0 where there is one.
    odd : bool array (samples,)
        Whether the items' sum is.
    squares : array (samples,)
        ``sum(X**2)`` of each instance.
    """

    pairs: NDArray[np.int64]
    least: NDArray[np.int64]
    odd: NDArray[np.bool_]
    squares: Array

    @property
    def counts(self) -> NDArray[np.int64]:
        """Pairs of solutions of each instance, array (samples,)."""
        return self.pairs

    @property
    def mean_solutions(self) -> float:
        """The mean number ``Z = 2 N`` of solutions."""
        return 2.0 * float(self.pairs.mean())

    @property
    def mean_square(self) -> float:
        """The mean of ``Z**2``."""
        return 4.0 * float((self.pairs.astype(np.float64) ** 2).mean())

    @cached_property
    def classes(self) -> tuple[ParityClass, ...]:
        """The theory of even and of odd sums."""
        return parity_classes(self.n, self.m, self.target)

    @cached_property
    def curve(self) -> float:
        """The probability at finite n."""
        return partition_probability(self.n, self.m, self.target)

    @property
    def limit(self) -> float:
        """The probability by the leading terms alone."""
        return limit_probability(self.n, self.m, self.target)

    @cached_property
    def moments(self) -> tuple[float, float]:
        """``E[Z]`` and ``E[Z**2]``, exact."""
        return moments_of_solutions(self.n, self.m, self.target)

    @property
    def standard_error(self) -> float:
        """Of the mean number of solutions, from the exact moments."""
        mean, square = self.moments
        return math.sqrt(max(square - mean * mean, 0.0) / self.samples)

    @property
    def leading_mean(self) -> float:
        """``E[Z]`` by its leading term: the classes' targets are the same to this order."""
        rate = expected_solutions(self.n, self.m, self.target)
        return 1.5 * rate if self.target == 0 else 2.0 * rate

    @property
    def scaled_ground_states(self) -> Array:
        """The least ``|sigma . X|`` in units of its mean in the phase without solutions, array (samples,).

        There energies are points of a Poisson process, whose rate is the density of the pairs' differences at 0: by the
        normal law, with the first correction of a sum of n signs, ``2**n (1 - 9 / (20 n)) / sqrt(2 pi sum(X**2))``.
        So the mean is Mertens' ``T_0 = 2**-n sqrt(2 pi sum(X**2))`` (Kumar 2025, section 3.2.2).
        """
        energies = self.least + np.where(self.odd, target_of_parity(0, odd=True), 0)
        rates = math.ldexp(1.0 - 9.0 / (20.0 * self.n), self.n) / np.sqrt(2.0 * math.pi * self.squares)
        return energies * rates

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        mean, square = self.moments
        return super().as_dict() | {
            "finite_size_probability": self.curve,
            "limit_probability": self.limit,
            "mean_solutions": self.mean_solutions,
            "standard_error": self.standard_error,
            "expected_solutions": mean,
            "expected_solutions_leading_term": self.leading_mean,
            "mean_square": self.mean_square,
            "expected_square": square,
        }
