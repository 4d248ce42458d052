"""What was found of the phase transition of representation, and how it is told."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from rescircuit.checks import Array
from rescircuit.tables import Table

__all__ = ["STRUCTURES", "Curve", "RepresentationFindings", "Structure"]

_NORMAL = 1.959964  # quantile of a two-sided interval of 95 %


@dataclass(frozen=True, kw_only=True)
class Structure:
    """What is to be represented.

    Attributes
    ----------
    name, title : str
    widths : tuple of int
        Inputs of the target, and outputs of each of its layers.
    balanced : bool
        Whether as many first weights of an input are positive as negative, not by chance. Then every subset-sum
        problem has exactly n products.
    """

    name: str
    title: str
    widths: tuple[int, ...]
    balanced: bool = False

    @property
    def weights(self) -> int:
        """Of the target."""
        return sum(a * b for a, b in pairwise(self.widths))

    @property
    def problems(self) -> int:
        """Subset sums to be solved: two for each weight of the first layer, whose inputs have either sign."""
        return self.weights + self.widths[0] * self.widths[1]


STRUCTURES = {
    each.name: each
    for each in (
        Structure(name="balanced", title="One weight, signs balanced", widths=(1, 1), balanced=True),
        Structure(name="weight", title="One weight", widths=(1, 1)),
        Structure(name="layer", title="A layer, 4 to 4", widths=(4, 4)),
        Structure(name="network", title="Two layers, 4 to 4 to 4", widths=(4, 4, 4)),
    )
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Curve:
    """One structure at one n, over kappa (k,).

    Attributes
    ----------
    structure : Structure
    items : int
        n.
    parts : int array (k,)
        ``1 / delta`` of the random weights.
    kappa : array (k,)
    represented : array (k,)
        The share of networks that represent their target.
    low, high : array (k,)
        Its limits of confidence 95 %.
    predicted, doubt : array (k,)
        The curve, and the half-width of its 95 % interval, as it is a mean over finitely many networks.
    first_moment : array (k,)
        ``(1 - exp(-N))**problems``: were all sums independent.
    solved : array (k,)
        The share of the subset-sum problems that have a solution.
    """

    structure: Structure
    items: int
    parts: NDArray[np.int64]
    kappa: Array
    represented: Array
    low: Array
    high: Array
    predicted: Array
    doubt: Array
    first_moment: Array
    solved: Array

    @property
    def agreeing(self) -> NDArray[np.bool_]:
        """(k,) whether the curve, give or take its doubt, is within the limits of the measured share."""
        return (self.predicted >= self.low - self.doubt) & (self.predicted <= self.high + self.doubt)

    @property
    def between(self) -> NDArray[np.bool_]:
        """(k,) whether the curve lies between 0.01 and 0.99, where points say something."""
        return (self.predicted > 0.01) & (self.predicted < 0.99)

    def distance(self, samples: int) -> Array:
        """(k,) from the curve to the points, in standard deviations of both."""
        variance = self.predicted * (1.0 - self.predicted) / samples + (self.doubt / _NORMAL) ** 2
        return (self.represented - self.predicted) / np.sqrt(np.maximum(variance, 1e-12))

    def crossing(self, share: float) -> float | None:
        """The kappa at which the measured share falls below `share`, between two points; None if it does not."""
        above = self.represented >= share
        if not above[0] or above[-1]:
            return None
        k = int(np.flatnonzero(above)[-1])
        y0, y1 = self.represented[k], self.represented[k + 1]
        return float(self.kappa[k] + (self.kappa[k + 1] - self.kappa[k]) * (y0 - share) / (y0 - y1))

    @property
    def window(self) -> float | None:
        """Over how much of kappa the measured share falls from 3/4 to 1/4; None if it does not."""
        upper, lower = self.crossing(0.75), self.crossing(0.25)
        return None if upper is None or lower is None else lower - upper


@dataclass(frozen=True, kw_only=True, eq=False)
class RepresentationFindings:
    """The jump of representation, structure by structure and n by n."""

    curves: tuple[Curve, ...]
    samples: int
    seed: int

    @property
    def structures(self) -> tuple[Structure, ...]:
        """In the order of the curves."""
        return tuple(dict.fromkeys(curve.structure for curve in self.curves))

    def of(self, structure: Structure) -> tuple[Curve, ...]:
        """The curves of one structure, n by n."""
        return tuple(curve for curve in self.curves if curve.structure == structure)

    def tables(self) -> tuple[Table, ...]:
        """The jump, and for each structure all points: measured, limits, curve."""
        return _jump(self), *(_points(structure, self.of(structure)) for structure in self.structures)

    def remarks(self) -> tuple[str, ...]:
        """What agrees with the curve and how the jump sharpens."""
        agreeing = np.concatenate([curve.agreeing for curve in self.curves])
        between = np.concatenate([curve.between for curve in self.curves])
        by_size = ", ".join(self._chi_square(n) for n in dict.fromkeys(curve.items for curve in self.curves))
        text = (
            f"{np.count_nonzero(agreeing)} of {agreeing.size} points lie on the curve within the limits of 95 % "
            f"confidence, of those where the curve lies between 0.01 and 0.99 {np.count_nonzero(agreeing & between)} "
            f"of {np.count_nonzero(between)}; chi-square of these: {by_size} (the curve's own error is of order 1/n). "
            f"{self.samples} random networks a point, seed {self.seed}; nothing was fitted."
        )
        return text, *(remark for each in self.structures for remark in _sharpening(each, self.of(each)))

    def _chi_square(self, items: int) -> str:
        """How far the points of one n lie from their curves in all."""
        curves = [curve for curve in self.curves if curve.items == items]
        distance = np.concatenate([curve.distance(self.samples)[curve.between] for curve in curves])
        statistic = float(distance @ distance)
        return f"{statistic:.1f} of {distance.size} at n = {items} (p = {chi2.sf(statistic, distance.size):.2g})"

    def arrays(self) -> dict[str, np.ndarray[Any, Any]]:
        """All figures: arrays (k,) by structure, n and name."""
        names = ("parts", "kappa", "represented", "low", "high", "predicted", "doubt", "first_moment", "solved")
        return {
            f"{curve.structure.name}_{curve.items}_{name}": getattr(curve, name)
            for curve in self.curves
            for name in names
        }

    def as_dict(self) -> dict[str, Any]:
        """The settings and figures, for JSON."""
        figures = {name: values.tolist() for name, values in self.arrays().items()}
        return {
            "experiment": "theory representation",
            "samples": self.samples,
            "seed": self.seed,
            "structures": [asdict(structure) for structure in self.structures],
            "curves": [
                {"structure": each.structure.name, "items": each.items, "half": each.crossing(0.5)}
                | {"window": each.window, "agreeing": int(np.count_nonzero(each.agreeing))}
                for each in self.curves
            ],
            "arrays": figures,
        }


def _jump(findings: RepresentationFindings) -> Table:
    rows = []
    for curve in findings.curves:
        half, window = curve.crossing(0.5), curve.window
        rows.append((
            curve.structure.title,
            str(curve.structure.problems),
            str(curve.items),
            "" if half is None else f"{half:.3f}",
            "" if window is None else f"{window:.3f}",
            f"{np.count_nonzero(curve.agreeing)} of {curve.kappa.size}",
        ))  # fmt: skip
    columns = ("represented", "subset sums", "n", "kappa at 1/2", "fall from 3/4 to 1/4", "points on the curve")
    return Table(title="The jump of representation", columns=columns, rows=tuple(rows))


def _points(structure: Structure, curves: tuple[Curve, ...]) -> Table:
    rows = [
        (
            f"{curve.kappa[k]:.3f}",
            str(curve.items),
            f"{curve.parts[k]:,}",
            f"{curve.represented[k]:.3f}",
            f"{curve.low[k]:.3f} to {curve.high[k]:.3f}",
            f"{curve.predicted[k]:.3f}",
            f"{curve.first_moment[k]:.3f}",
        )
        for curve in curves
        for k in np.flatnonzero(curve.between)
    ]
    columns = ("kappa", "n", "1 / delta", "represented", "95 %", "curve", "first moment")
    title = f"{structure.title}, where the curve lies between 0.01 and 0.99"
    return Table(title=title, columns=columns, rows=tuple(rows))


def _sharpening(structure: Structure, curves: tuple[Curve, ...]) -> tuple[str, ...]:
    """One sentence on how the jump moves and narrows with n, where two curves show it."""
    seen = [curve for curve in curves if curve.window is not None]
    if len(seen) < 2:
        return ()
    law = "1/n" if structure.balanced else "1/sqrt(n), by how much the number of usable nodes varies"
    falls = ", ".join(f"{curve.window:.3f} at n = {curve.items}" for curve in seen)
    halves = ", ".join(f"{curve.crossing(0.5):.3f}" for curve in seen)
    half = f"{structure.title}: half are represented at kappa {halves}"
    return (f"{half}; the fall from 3/4 to 1/4 takes {falls} (for large n it is expected to go as {law}).",)
