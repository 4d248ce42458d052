"""One point of experiments on random integers up to M: where it lies, and how many instances have solutions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rescircuit.theory.agreement import Agreement
from rescircuit.theory.intervals import wilson_interval
from rescircuit.theory.partition_theory import critical_ratio

__all__ = ["CountedPoint", "IntegerPoint", "agreement_cells", "columns_of_points"]


@dataclass(frozen=True, kw_only=True, eq=False)
class IntegerPoint:
    """The instances of one n and M.

    Attributes
    ----------
    n, m : int
        Items, of magnitudes uniform on 1 ... m.
    """

    n: int
    m: int

    @property
    def kappa(self) -> float:
        """``log2(M) / n``."""
        return math.log2(self.m) / self.n

    @property
    def offset(self) -> float:
        """``lambda = n (kappa - kappa_c(n))``: 2**-lambda solutions are expected, where signs are sought."""
        return math.log2(self.m) - self.n * critical_ratio(self.n)


@dataclass(frozen=True, kw_only=True, eq=False)
class CountedPoint(IntegerPoint):
    """The same with the solutions of each instance counted.

    Attributes
    ----------
    target : int
        In the items' unit.
    """

    target: int

    @property
    def counts(self) -> NDArray[np.int64]:
        """Solutions of each instance, array (samples,)."""
        raise NotImplementedError

    @property
    def samples(self) -> int:
        """Instances."""
        return self.counts.size

    @property
    def solved(self) -> int:
        """Instances with a solution."""
        return int((self.counts > 0).sum())

    @property
    def probability(self) -> float:
        """The share of instances with a solution."""
        return self.solved / self.samples

    @property
    def interval(self) -> tuple[float, float]:
        """Its limits (Wilson, 95 %)."""
        return wilson_interval(self.solved, self.samples)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        names = ("n", "m", "kappa", "offset", "target", "samples", "solved", "probability")
        return {name: getattr(self, name) for name in names} | {"interval": list(self.interval)}


def columns_of_points(points: Sequence[CountedPoint], names: Sequence[str]) -> dict[str, np.ndarray[Any, Any]]:
    """A row or a number for each point, arrays by name: where they lie, their probabilities, and what `names` name."""
    shared = ("n", "m", "kappa", "offset", "target", "squares", "probability", "interval")
    found = {name: np.array([getattr(point, name) for point in points]) for name in (*shared, *names)}
    theory = {"finite_size_probability": "curve", "limit_probability": "limit"}
    return found | {name: np.array([getattr(point, of) for point in points]) for name, of in theory.items()}


def agreement_cells(agreements: Sequence[Agreement]) -> list[str]:
    """Two cells for each: chi-square over the points, and p."""
    return [cell for each in agreements for cell in (f"{each.statistic:.1f}/{each.points}", f"{each.p_value:.2g}")]
