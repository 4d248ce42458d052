"""What was found of quantised subset sums, and how it agrees with theory."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from rescircuit.tables import Table, figure
from rescircuit.theory.agreement import Agreement, agreement_of_means, agreement_of_shares
from rescircuit.theory.integer_points import agreement_cells, columns_of_points
from rescircuit.theory.quantised_points import QuantisedPoint
from rescircuit.theory.quantised_theory import leading_bounds

__all__ = ["QuantisedAgreement", "QuantisedFindings"]

_BINS = 20  # of instances, by the probability that theory gives each
_LEAST_SOLUTIONS = 20  # expected in all samples together, for their mean to have a normal law, about


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
            cells += agreement_cells([each.finite_size, each.limit, each.given, each.means])
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
        return columns_of_points(self.points, ("subsets", "totals")) | {
            "expected_solutions": np.array([point.expected for point in self.points])
        }

    def as_dict(self) -> dict[str, Any]:
        """The settings, the points and their agreement."""
        return {
            "experiment": "theory quantised",
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
