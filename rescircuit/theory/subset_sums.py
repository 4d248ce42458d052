"""The random subset-sum problem, measured: how often a target is reached, and how closely, against the number of items.

Of each sample one target, uniform on an interval, is solved exactly, and the worst of all the interval's targets is
found from all sums, up to :data:`~rescircuit.theory.gaps.LARGEST_ENUMERATED` items. Beside them stands what the
density of the sums of the same items predicts (:mod:`rescircuit.theory.densities`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from rescircuit.checks import Array, positive_array, positive_number, whole_number
from rescircuit.devices.streams import Stream
from rescircuit.errors import InputError
from rescircuit.pieces import Pieces
from rescircuit.subsetsum import LARGEST_N, subset_sum
from rescircuit.theory.densities import sum_densities
from rescircuit.theory.error_findings import ErrorFindings, ErrorPoint
from rescircuit.theory.gaps import LARGEST_ENUMERATED, worst_errors
from rescircuit.theory.lueker import LuekerFit, fit_constant
from rescircuit.theory.populations import Population
from rescircuit.theory.sampling import Case, drawn

__all__ = ["SIZES", "measure_errors"]

SIZES = (4, 6, 8, 10, 12, 14, 16, 18, 20, 24, 28, 32)
_ACCURACIES = (1e-2, 1e-4, 1e-6)
_GRID = 17  # densities over the interval of targets


def measure_errors(
    populations: Sequence[Population],
    *,
    sizes: Sequence[int] = SIZES,
    samples: int = 1000,
    seed: int = 1,
    accuracies: Sequence[float] = _ACCURACIES,
    failures: float = 0.05,
    width: float = 1.0,
    worst_up_to: int = 20,
    pieces: Pieces | None = None,
    progress: Callable[[float], None] | None = None,
) -> ErrorFindings:
    """Solve random subset-sum problems, and set their errors beside what theory promises.

    Parameters
    ----------
    populations : sequence of Population
        Of different names.
    sizes : sequence of int
        Numbers of items n, at most 64.
    samples : int
        Problems at each size.
    seed : int
    accuracies : sequence of float
        At which the probability to reach a target is given.
    failures : float
        The theorem's probability of failure: the worst errors' quantile at one minus it is fitted.
    width : float
        Of the interval of targets, in the items' unit; its middle is where the sums are densest on average. 1 is
        Lueker's interval [-1/2, 1/2] for items of both signs.
    worst_up_to : int
        The largest n at which the worst target is looked for, at most 24.
    pieces, progress
        See :func:`~rescircuit.theory.sampling.drawn`.

    Raises
    ------
    InputError
        For an argument out of its range.
    """
    sizes = sorted({whole_number("sizes", n, 1, LARGEST_N) for n in sizes})
    names = [each.name for each in populations]
    if not sizes or not names or len(set(names)) < len(names):
        raise InputError("populations", "at least one, of different names, and at least one size", names)
    accuracies = tuple(float(each) for each in positive_array("accuracies", accuracies).reshape(-1))
    if not 0 < positive_number("failures", failures) < 1:
        raise InputError("failures", "a probability above 0 and below 1, such as 0.05", failures)
    positive_number("width", width)
    whole_number("worst_up_to", worst_up_to, 0, LARGEST_ENUMERATED)
    cases = [_case(each, n, width, n <= worst_up_to, seed) for each in populations for n in sizes]
    found = iter(drawn(cases, samples=samples, seed=seed, pieces=pieces, progress=progress))
    points = {name: tuple(_point(n, width, next(found)) for n in sizes) for name in names}
    fits = {name: fit for name in names if (fit := _fit(points[name], failures, seed)) is not None}
    return ErrorFindings(points=points, fits=fits, accuracies=accuracies, failures=failures, samples=samples, seed=seed)


def _case(source: Population, n: int, width: float, worst: bool, seed: int) -> Case:
    low, high = source.centre(n) - 0.5 * width, source.centre(n) + 0.5 * width

    def draw(first: int, count: int) -> dict[str, Array]:
        items = source.items(n, count, seed=seed, first=first)
        targets = low + width * Stream(seed=seed, source=f"theory.target.{n}").uniform(count, first)
        found = {
            "errors": np.abs(subset_sum(items, targets).residual),
            "densities": sum_densities(items, targets[:, np.newaxis])[:, 0],
            "spread": sum_densities(items, np.linspace(low, high, _GRID)),
        }
        return found | {"worst": worst_errors(items, low, high)} if worst else found

    settings = {"experiment": "errors", "n": n, "width": width, "worst": worst, "grid": _GRID, **source.settings()}
    effort = max(2.0**n if worst else 0.0, 2.0 ** (n / 2))
    return Case(settings=settings, draw=draw, at_once=int(min(max(2.0**26 / effort, 1.0), 1000.0)))


def _point(n: int, width: float, found: dict[str, Any]) -> ErrorPoint:
    return ErrorPoint(
        n=n,
        width=width,
        errors=found["errors"],
        densities=found["densities"],
        worst=found.get("worst"),
        spread=found["spread"],
    )


def _fit(points: Sequence[ErrorPoint], failures: float, seed: int) -> LuekerFit | None:
    worst = {point.n: point.worst for point in points if point.worst is not None}
    predicted = {point.n: point.predicted_worst_quantile(1.0 - failures) for point in points if point.n in worst}
    return fit_constant(worst, predicted, failures=failures, seed=seed)
