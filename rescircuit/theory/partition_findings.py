"""Number partitioning: all points of an experiment, and how they agree with the theorems."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from rescircuit.checks import Array
from rescircuit.tables import Table, figure
from rescircuit.theory.agreement import (
    Agreement,
    agreement_of_counts,
    agreement_of_means,
    agreement_of_shares,
    exponential_agreement,
)
from rescircuit.theory.integer_points import agreement_cells, columns_of_points
from rescircuit.theory.partition_points import PartitionPoint
from rescircuit.theory.partition_theory import critical_ratio

__all__ = ["PartitionFindings", "SizeAgreement"]

_HARD = 6.0  # lambda from which 1 instance in 64 has a solution, and energies are as good as continuous
_LEAST_SOLUTIONS = 20  # expected in all samples together, for their mean to have a normal law, about
_MOST_LISTED = 8  # numbers of pairs of solutions that are told apart


@dataclass(frozen=True, kw_only=True)
class SizeAgreement:
    """How the points of one n agree with theory.

    Attributes
    ----------
    n : int
    finite_size, limit : Agreement
        Of the probabilities with the finite-size curve, and with the leading terms alone.
    numbers : Agreement
        Of how many instances have 0, 1, 2, ... pairs of solutions with their law.
    means : Agreement
        Of the mean numbers of solutions with the exact first moment.
    largest_deviation : float
        Of a probability from the finite-size curve.
    ground_states : tuple (int, float, float, float) or None
        Where no solution is expected: instances, mean of the scaled ground states (theory: 1), Kolmogorov's distance
        from the exponential law, and its p-value.
    """

    n: int
    finite_size: Agreement
    limit: Agreement
    numbers: Agreement
    means: Agreement
    largest_deviation: float
    ground_states: tuple[int, float, float, float] | None

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        ground = None
        if self.ground_states is not None:
            ground = dict(zip(("samples", "mean", "distance", "p_value"), self.ground_states, strict=True))
        return {
            "n": self.n,
            "critical_ratio": critical_ratio(self.n),
            "finite_size": self.finite_size.as_dict(),
            "limit": self.limit.as_dict(),
            "numbers": self.numbers.as_dict(),
            "means": self.means.as_dict(),
            "largest_deviation": self.largest_deviation,
            "ground_states": ground,
        }


@dataclass(frozen=True, kw_only=True, eq=False)
class PartitionFindings:
    """Probabilities and numbers of perfect partitions, beside the theorems.

    Attributes
    ----------
    points : tuple of PartitionPoint
        By n and M.
    samples, seed : int
    target : float
        z, in M.
    hard : float
        The lambda from which ground states are looked at.
    """

    points: tuple[PartitionPoint, ...]
    samples: int
    seed: int
    target: float
    hard: ClassVar[float] = _HARD

    @property
    def sizes(self) -> list[int]:
        """All n."""
        return sorted({point.n for point in self.points})

    def of_size(self, n: int) -> list[PartitionPoint]:
        """The points of one n, by M."""
        return [point for point in self.points if point.n == n]

    @cached_property
    def agreements(self) -> tuple[SizeAgreement, ...]:
        """One of each n."""
        return tuple(self._agreement(self.of_size(n)) for n in self.sizes)

    def _agreement(self, points: list[PartitionPoint]) -> SizeAgreement:
        solved, samples = [point.solved for point in points], [point.samples for point in points]
        counts = np.array([_told_apart(point.pairs) for point in points])
        expected = np.array([point.samples * _laws(point) for point in points])
        many = [point for point in points if point.samples * point.moments[0] >= _LEAST_SOLUTIONS]
        many = [point for point in many if point.standard_error > 0]  # of items that are all 1 it is certain
        return SizeAgreement(
            n=points[0].n,
            finite_size=agreement_of_shares(solved, samples, [point.curve for point in points]),
            limit=agreement_of_shares(solved, samples, [point.limit for point in points]),
            numbers=agreement_of_counts(counts, expected),
            means=agreement_of_means(
                [point.mean_solutions for point in many],
                [point.standard_error for point in many],
                [point.moments[0] for point in many],
            ),
            largest_deviation=max(abs(point.probability - point.curve) for point in points),
            ground_states=self._ground_states(points),
        )

    def _ground_states(self, points: list[PartitionPoint]) -> tuple[int, float, float, float] | None:
        hard = [point.scaled_ground_states for point in points if point.offset >= self.hard]
        if self.target or not hard:
            return None
        values = np.concatenate(hard)
        return values.size, float(values.mean()), *exponential_agreement(values)

    def tables(self) -> tuple[Table, ...]:
        """The agreement of each n, and its points."""
        return self._agreement_table(), *(self._points_table(n) for n in self.sizes)

    def _agreement_table(self) -> Table:
        columns = ["n", "κ_c(n)", "finite-size curve: χ²/points", "p", "leading terms: χ²/points", "p"]
        columns += ["numbers: χ²/cells", "p", "E[Z]: χ²/points", "p", "ground state/E₀", "p"]
        rows = []
        for each in self.agreements:
            cells = [str(each.n), f"{critical_ratio(each.n):.4f}"]
            cells += agreement_cells([each.finite_size, each.limit, each.numbers, each.means])
            ground = each.ground_states
            cells += ["", ""] if ground is None else [f"{ground[1]:.3f} ± {ground[1] / ground[0] ** 0.5:.3f}"]
            cells += [] if ground is None else [f"{ground[3]:.2g}"]
            rows.append(tuple(cells))
        title = f"Perfect partitions of {self.samples} instances at each point, and the theorems"
        return Table(title=title, columns=tuple(columns), rows=tuple(rows))

    def _points_table(self, n: int) -> Table:
        columns = ("κ", "λ", "P", "95 %", "finite size", "leading terms", "mean Z", "±", "E[Z]", "Z²/E[Z²]")
        rows = []
        for point in self.of_size(n):
            mean, square = point.moments
            low, high = point.interval
            cells = [f"{point.kappa:.4f}", f"{point.offset:.2f}", f"{point.probability:.3f}", f"{low:.3f}–{high:.3f}"]
            cells += [f"{point.curve:.4f}", f"{point.limit:.4f}", figure(point.mean_solutions, 4)]
            cells += [figure(point.standard_error, 2), figure(mean, 4)]
            cells.append(figure(point.mean_square / square if square else None))
            rows.append(tuple(cells))
        return Table(title=f"n = {n}: perfect partitions against κ = log₂(M)/n", columns=columns, rows=tuple(rows))

    def remarks(self) -> tuple[str, ...]:
        """What agrees, and what the theorems leave out."""
        doubtful = 0.01 / len(self.agreements)
        off = [f"n = {each.n}" for each in self.agreements if each.finite_size.p_value < doubtful]
        worst = max(self.agreements, key=lambda each: each.largest_deviation)
        within = (
            "The finite-size curve has the exact first and second moments of the number of solutions and no fitted "
            f"parameter; the measured probability is within {worst.largest_deviation:.3f} of it (n = {worst.n})."
        )
        verdict = f"At every n the measured probabilities lie on it (p above {doubtful:.1g}: 1 % for all n together)."
        if off:
            listed = ", ".join(off)
            verdict = f"Off the curve (p below {doubtful:.1g}): {listed}; two moments do not tell all of so few items."
        place = "In the limit the step is at κ = 1; at finite n it is at κ_c(n) = 1 − log₂(πn/6)/(2n) and 1/n wide."
        lines = [within, verdict, place]
        if any(each.ground_states for each in self.agreements):
            lines.append(
                "Where no solution is expected (λ of 6 and more) the least difference is distributed exponentially, "
                "with the mean E₀ = 2^-n √(2π ΣX²) / (1 − 9/(20n))."
            )
        return tuple(lines)

    def arrays(self) -> dict[str, np.ndarray[Any, Any]]:
        """A row or a number for each point."""
        return columns_of_points(self.points, ("pairs", "least", "odd")) | {
            "expected_moments": np.array([point.moments for point in self.points])
        }

    def as_dict(self) -> dict[str, Any]:
        """The settings, the points and their agreement."""
        return {
            "experiment": "theory partition",
            "samples": self.samples,
            "seed": self.seed,
            "target": self.target,
            "points": [point.as_dict() for point in self.points],
            "agreements": [each.as_dict() for each in self.agreements],
        }


def _told_apart(pairs: np.ndarray[Any, Any]) -> Array:
    return np.bincount(np.minimum(pairs, _MOST_LISTED), minlength=_MOST_LISTED + 1).astype(np.float64)


def _laws(point: PartitionPoint) -> Array:
    laws = sum(each.share * each.numbers(_MOST_LISTED - 1) for each in point.classes)
    return np.append(laws, max(1.0 - float(np.sum(laws)), 0.0))
