"""What random subset-sum problems have shown: errors and probabilities, with error bars, beside their predictions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rescircuit.checks import Array
from rescircuit.errors import InputError
from rescircuit.tables import Table, figure
from rescircuit.theory.densities import missed, predicted_quantile, uncovered
from rescircuit.theory.findings import known, with_limits
from rescircuit.theory.gaps import LARGEST_ENUMERATED
from rescircuit.theory.intervals import quantile_interval, wilson_interval
from rescircuit.theory.lueker import LuekerFit, constants_table, remarks_on

__all__ = ["ErrorFindings", "ErrorPoint"]

_UNBOUNDED = 1e9  # beyond any error in the populations' units
_MANY = 16  # items from which agreement is counted apart


@dataclass(frozen=True, kw_only=True, eq=False)
class ErrorPoint:
    """What was seen at one number of items of one population.

    Attributes
    ----------
    n : int
    width : float
        Of the interval of targets, in the items' unit.
    errors : array (samples,)
        From one random target to its nearest sum, exactly.
    densities : array (samples,)
        Of sums there.
    worst : array (samples,) or None
        The largest error of any target of the interval; None where n is too large for it.
    spread : array (samples, m)
        Densities of sums over the interval.
    """

    n: int
    width: float
    errors: Array
    densities: Array
    worst: Array | None
    spread: Array

    def reached(self, accuracy: float) -> tuple[float, float, float]:
        """The share of targets with a sum within `accuracy`, and its limits at 95 %."""
        hits = int((self.errors <= accuracy).sum())
        return (hits / self.errors.size, *wilson_interval(hits, self.errors.size))

    def predicted_reached(self, accuracy: float) -> float:
        """What the densities promise of it."""
        return float(1.0 - missed(self.densities, accuracy).mean())

    def quantile(self, share: float) -> tuple[float, float, float]:
        """A quantile of the error, and its limits at 95 %."""
        return quantile_interval(self.errors, share)

    def predicted_quantile(self, share: float) -> float:
        """What the densities promise of it."""
        return predicted_quantile(lambda error: float(missed(self.densities, error).mean()), share, _UNBOUNDED)

    def worst_quantile(self, share: float) -> tuple[float, float, float]:
        """A quantile, over samples, of the worst target's error, and its limits at 95 %."""
        if self.worst is None:
            raise InputError("n", f"at most {LARGEST_ENUMERATED} for the worst target", self.n)
        return quantile_interval(self.worst, share)

    def predicted_worst_quantile(self, share: float) -> float:
        """What the densities promise of it."""

        def larger(error: float) -> float:
            return float(uncovered(self.spread, self.width, error).mean())

        return predicted_quantile(larger, share, _UNBOUNDED)


@dataclass(frozen=True, kw_only=True, eq=False)
class ErrorFindings:
    """The errors of several populations, and Lueker's constant of each.

    Attributes
    ----------
    points : dict
        By population's name, in rising n.
    fits : dict
        By population's name, where enough sizes were measured for one.
    accuracies : tuple of float
    failures : float
        The share of samples whose worst target may be farther: the theorem's probability of failure.
    samples, seed : int
    """

    points: dict[str, tuple[ErrorPoint, ...]]
    fits: dict[str, LuekerFit]
    accuracies: tuple[float, ...]
    failures: float
    samples: int
    seed: int

    def tables(self) -> tuple[Table, ...]:
        """Errors at one target, errors of the worst, probabilities, and Lueker's constants."""
        tables = [self._error_table(), self._reached_table(), self._worst_table()]
        return (*tables, constants_table(self.fits)) if self.fits else tuple(tables)

    def remarks(self) -> tuple[str, ...]:
        """What agrees with the prediction, and how the constants compare."""
        met = [
            (point.n, low <= point.predicted_quantile(0.5) <= high)
            for points in self.points.values()
            for point in points
            for _, low, high in [point.quantile(0.5)]
        ]
        few, many = ([agree for n, agree in met if (n >= _MANY) == at_least] for at_least in (False, True))
        parts = [f"at {sum(many)} of {len(many)} points of {_MANY} items and more"] if many else []
        if few:
            fewer = f"of fewer than {_MANY} items, whose sums are not yet like independent points"
            parts.append(f"at {sum(few)} of {len(few)} points {fewer}")
        first = (
            f"{self.samples} samples each, seed {self.seed}; error bars at 95 %. The median error that the density of "
            f"sums promises lies within the error bar {', and '.join(parts)}."
        )
        if self._unlimited():
            first += ' Where limits are "or more", "or less" or none, the samples are too few for one at 95 %.'
        return (first, *(remarks_on(self.fits, self.failures) if self.fits else ()))

    def arrays(self) -> dict[str, Array]:
        """Errors by population and n, such as ``uniform_16_errors``."""
        found: dict[str, Array] = {}
        for name, points in self.points.items():
            for point in points:
                start = f"{name}_{point.n}"
                found |= {f"{start}_errors": point.errors, f"{start}_densities": point.densities}
                if point.worst is not None:
                    found[f"{start}_worst"] = point.worst
        return found

    def as_dict(self) -> dict[str, Any]:
        """Settings and figures."""
        return {
            "experiment": "theory errors",
            "samples": self.samples,
            "seed": self.seed,
            "accuracies": list(self.accuracies),
            "failures": self.failures,
            "populations": {
                name: {
                    "points": [self._point(point) for point in points],
                    "lueker": self.fits[name].as_dict() if name in self.fits else None,
                }
                for name, points in self.points.items()
            },
        }

    def _point(self, point: ErrorPoint) -> dict[str, Any]:
        found: dict[str, Any] = {
            "n": point.n,
            "median_error": _finite(point.quantile(0.5)),
            "predicted_median_error": known(point.predicted_quantile(0.5)),
            "error_at_90_percent": _finite(point.quantile(0.9)),
            "predicted_error_at_90_percent": known(point.predicted_quantile(0.9)),
            "reached": [_finite(point.reached(accuracy)) for accuracy in self.accuracies],
            "predicted_reached": [point.predicted_reached(accuracy) for accuracy in self.accuracies],
        }
        if point.worst is not None:
            share = 1.0 - self.failures
            found["worst_error"] = _finite(point.worst_quantile(share))
            found["predicted_worst_error"] = known(point.predicted_worst_quantile(share))
        return found

    def _unlimited(self) -> bool:
        """Whether the samples are too few for a limit of any quantile or constant shown."""
        shares, worst_shares = (0.5, 0.9), (0.5, 1.0 - self.failures)
        limits = [
            limit
            for points in self.points.values()
            for point in points
            for found in (
                *(point.quantile(share) for share in shares),
                *(point.worst_quantile(share) for share in worst_shares if point.worst is not None),
            )
            for limit in found
        ]
        limits += [limit for fit in self.fits.values() for limit in (fit.high, fit.asymptotic_high)]
        return not all(math.isfinite(limit) for limit in limits)

    def _error_table(self) -> Table:
        rows = tuple(
            (
                f"{name}, n = {point.n}",
                with_limits(*point.quantile(0.5)),
                figure(known(point.predicted_quantile(0.5))),
                with_limits(*point.quantile(0.9)),
                figure(known(point.predicted_quantile(0.9))),
            )
            for name, points in self.points.items()
            for point in points
        )
        columns = ("", "median", "predicted", "90 %", "predicted")
        return Table(title="Error at a random target, in the items' unit", columns=columns, rows=rows)

    def _reached_table(self) -> Table:
        rows = []
        for name, points in self.points.items():
            for point in points:
                cells = [f"{name}, n = {point.n}"]
                for accuracy in self.accuracies:
                    cells += [with_limits(*point.reached(accuracy), ".3f"), f"{point.predicted_reached(accuracy):.3f}"]
                rows.append(tuple(cells))
        columns = ("", *(text for accuracy in self.accuracies for text in (f"within {accuracy:g}", "predicted")))
        return Table(title="Probability that a random target is reached", columns=columns, rows=tuple(rows))

    def _worst_table(self) -> Table:
        share = 1.0 - self.failures
        rows = tuple(
            (
                f"{name}, n = {point.n}",
                with_limits(*point.worst_quantile(0.5)),
                figure(known(point.predicted_worst_quantile(0.5))),
                with_limits(*point.worst_quantile(share)),
                figure(known(point.predicted_worst_quantile(share))),
            )
            for name, points in self.points.items()
            for point in points
            if point.worst is not None
        )
        columns = ("", "median", "predicted", f"{100 * share:g} %", "predicted")
        return Table(title="Error of the worst target of the interval", columns=columns, rows=rows)


def _finite(values: Sequence[float]) -> list[float | None]:
    return [known(value) for value in values]
