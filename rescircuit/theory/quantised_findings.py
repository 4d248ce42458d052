"""What was found of quantised subset sums, and how it agrees with theory."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rescircuit.checks import Array
from rescircuit.tables import Table, figure
from rescircuit.theory.agreement import Agreement, agreement_of_means, agreement_of_shares
from rescircuit.theory.intervals import wilson_interval
from rescircuit.theory.partition_theory import critical_ratio, expected_solutions
from rescircuit.theory.quantised_theory import (
    expected_subsets,
    leading_bounds,
    rate_moments,
    rate_of_instance,
    subset_sum_limit,
    subset_sum_probability,
)

__all__ = ["QuantisedAgreement", "QuantisedFindings", "QuantisedPoint"]

_BINS = 20  # of instances, by the probability that theory gives each
_LEAST_SOLUTIONS = 20  # expected in all samples together, for their mean to have a normal law, about


@dataclass(frozen=True, kw_only=True, eq=False)
class QuantisedPoint:
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

    n: int
    m: int
    share: float
    target: int
    subsets: NDArray[np.int64]
    totals: NDArray[np.int64]
    squares: Array

    @property
    def kappa(self) -> float:
        """``log2(M) / n``."""
        return math.log2(self.m) / self.n

    @property
    def offset(self) -> float:
        """``lambda = n (kappa - kappa_c(n))``."""
        return math.log2(self.m) - self.n * critical_ratio(self.n)

    @property
    def samples(self) -> int:
        """Instances."""
        return self.subsets.size

    @property
    def solved(self) -> int:
        """Instances with a solution."""
        return int((self.subsets > 0).sum())

    @property
    def probability(self) -> float:
        """The share of instances with a solution."""
        return self.solved / self.samples

    @property
    def interval(self) -> tuple[float, float]:
        """Its limits (Wilson, 95 %)."""
        return wilson_interval(self.solved, self.samples)

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
        return {
            "n": self.n,
            "m": self.m,
            "kappa": self.kappa,
            "offset": self.offset,
            "target": self.target,
            "samples": self.samples,
            "solved": self.solved,
            "probability": self.probability,
            "interval": list(self.interval),
            "finite_size_probability": self.curve,
            "limit_probability": self.limit,
            "bounds_leading_terms": [float(lower), float(upper)],
            "mean_solutions": self.mean_solutions,
            "standard_error": self.standard_error,
            "expected_solutions": self.expected,
        }


@dataclass(frozen=True, kw_only=True)
class QuantisedAgreement:
    """How the points of one n and target agree with theory.

    Attributes
    ----------
    n : int
    share : float
        The target, in M.
    finite_size, limit : Agreement
        Of the probabilities with the finite-size curve, and with the leading terms alone.
    given : Agreement
        Of all instances, sorted by the probability that theory gives each from its Lambda and Q.
    means : Agreement
        Of the mean numbers of solutions with the exact first moment.
    """

    n: int
    share: float
    finite_size: Agreement
    limit: Agreement
    given: Agreement
    means: Agreement

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        found = {name: getattr(self, name).as_dict() for name in ("finite_size", "limit", "given", "means")}
        return {"n": self.n, "target_in_m": self.share, **found}


@dataclass(frozen=True, kw_only=True, eq=False)
class QuantisedFindings:
    """Probabilities and numbers of subsets that sum to targets, beside the theorems.

    Attributes
    ----------
    points : tuple of QuantisedPoint
        By n, M and target.
    samples, seed : int
    targets : tuple of float
        In M.
    """

    points: tuple[QuantisedPoint, ...]
    samples: int
    seed: int
    targets: tuple[float, ...]

    @property
    def sizes(self) -> list[int]:
        """All n."""
        return sorted({point.n for point in self.points})

    def chosen(self, n: int, share: float) -> list[QuantisedPoint]:
        """The points of one n and target, by M."""
        return [point for point in self.points if (point.n, point.share) == (n, share)]

    @cached_property
    def agreements(self) -> tuple[QuantisedAgreement, ...]:
        """One of each n and target."""
        return tuple(_agreement(self.chosen(n, share)) for share in self.targets for n in self.sizes)

    def tables(self) -> tuple[Table, ...]:
        """The agreement of each n and target, and the points."""
        return self._agreement_table(), *(self._points_table(n, share) for share in self.targets for n in self.sizes)

    def _agreement_table(self) -> Table:
        columns = ["n", "t/M", "finite-size curve: χ²/points", "p", "leading terms: χ²/points", "p"]
        columns += ["given Λ and ΣX²: χ²/groups", "p", "E[Y]: χ²/points", "p"]
        rows = []
        for each in self.agreements:
            cells = [str(each.n), f"{each.share:g}"]
            for found in (each.finite_size, each.limit, each.given, each.means):
                cells += [f"{found.statistic:.1f}/{found.points}", f"{found.p_value:.2g}"]
            rows.append(tuple(cells))
        title = f"Subsets with a given sum, {self.samples} instances at each point, and the theorems"
        return Table(title=title, columns=tuple(columns), rows=tuple(rows))

    def _points_table(self, n: int, share: float) -> Table:
        columns = ("κ", "λ", "P", "95 %", "finite size", "leading terms", "lemma 3", "mean Y", "±", "E[Y]")
        rows = []
        for point in self.chosen(n, share):
            (low, high), (lower, upper) = point.interval, leading_bounds(point.rho)
            cells = [f"{point.kappa:.4f}", f"{point.offset:.2f}", f"{point.probability:.3f}", f"{low:.3f}–{high:.3f}"]
            cells += [f"{point.curve:.4f}", f"{point.limit:.4f}", f"{lower:.3f}–{upper:.3f}"]
            cells += [figure(point.mean_solutions, 4), figure(point.standard_error, 2), figure(point.expected, 4)]
            rows.append(tuple(cells))
        return Table(title=f"n = {n}: subsets that sum to {share:g} M", columns=columns, rows=tuple(rows))

    def remarks(self) -> tuple[str, ...]:
        """What agrees, and where the lemmas are loose."""
        doubtful = 0.01 / len(self.agreements)
        off = [f"n = {each.n}, t = {each.share:g} M" for each in self.agreements if each.finite_size.p_value < doubtful]
        verdict = (
            "At every n and target the measured probabilities lie on the finite-size curve "
            f"(p above {doubtful:.1g}: 1 % for all of them together)."
        )
        if off:
            verdict = f"Off the finite-size curve (p below {doubtful:.1g}): {'; '.join(off)}."
        given = (
            "An instance's chance depends on z = Λ − 2t (Kumar and Natale 2025, lemmas 2 and 3), which is random and "
            "as wide as the sums: below the step failures die out as 1/ρ_n, where those of perfect partitions do as "
            "exp(−ρ_n/2)."
        )
        bounds = (
            "Lemma 3's leading terms are those of z = 0. Over random z the probability falls below the lower one where "
            "ρ_n is 1 or less: the terms left out are multiplied with exp(z²/(n M² c_M))."
        )
        return verdict, given, bounds

    def arrays(self) -> dict[str, np.ndarray[Any, Any]]:
        """A row or a number for each point."""

        def listed(read: Callable[[QuantisedPoint], Any]) -> np.ndarray[Any, Any]:
            return np.array([read(point) for point in self.points])

        return {
            "n": listed(lambda point: point.n),
            "m": listed(lambda point: point.m),
            "kappa": listed(lambda point: point.kappa),
            "offset": listed(lambda point: point.offset),
            "target": listed(lambda point: point.target),
            "subsets": listed(lambda point: point.subsets),
            "totals": listed(lambda point: point.totals),
            "squares": listed(lambda point: point.squares),
            "probability": listed(lambda point: point.probability),
            "interval": listed(lambda point: point.interval),
            "finite_size_probability": listed(lambda point: point.curve),
            "limit_probability": listed(lambda point: point.limit),
            "expected_solutions": listed(lambda point: point.expected),
        }

    def as_dict(self) -> dict[str, Any]:
        """The settings, the points and their agreement."""
        return {
            "samples": self.samples,
            "seed": self.seed,
            "targets_in_m": list(self.targets),
            "points": [point.as_dict() for point in self.points],
            "agreements": [each.as_dict() for each in self.agreements],
        }


def _agreement(points: list[QuantisedPoint]) -> QuantisedAgreement:
    solved, samples = [point.solved for point in points], [point.samples for point in points]
    many = [point for point in points if point.samples * point.expected >= _LEAST_SOLUTIONS]
    return QuantisedAgreement(
        n=points[0].n,
        share=points[0].share,
        finite_size=agreement_of_shares(solved, samples, [point.curve for point in points]),
        limit=agreement_of_shares(solved, samples, [point.limit for point in points]),
        given=_given(points),
        means=agreement_of_means(
            [point.mean_solutions for point in many],
            [point.standard_error for point in many],
            [point.expected for point in many],
        ),
    )


def _given(points: list[QuantisedPoint]) -> Agreement:
    """All instances of some points, in groups of like chances."""
    chances = np.concatenate([point.chances for point in points])
    solved = np.concatenate([point.subsets > 0 for point in points])
    group = np.minimum((chances * _BINS).astype(np.int64), _BINS - 1)
    size = np.bincount(group, minlength=_BINS)
    used = size > 0
    hits = np.bincount(group, weights=solved, minlength=_BINS)[used]
    sums = np.bincount(group, weights=chances, minlength=_BINS)[used]
    return agreement_of_shares(hits, size[used], sums / size[used])
