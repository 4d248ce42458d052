"""The size of a bank: found for one accuracy and yield, and by a rule for others, tried on banks that are new to it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

from rescircuit.pieces import Pieces
from rescircuit.theory.populations import Population
from rescircuit.theory.sizing import checked_share, measure_sizes, required_size, target_span
from rescircuit.theory.sizing_findings import SizingFindings, Trial
from rescircuit.theory.sizing_rule import YIELDS, SizingRule, check_fit, fit_rule

__all__ = ["SIZES", "study_sizing"]

SIZES = (6, 8, 10, 12, 14, 16, 18, 20)

_TRIED = (0.15, 0.5, 0.85)  # places in the fitted range of accuracies, on its logarithm


def study_sizing(
    population: Population,
    accuracy: float,
    yield_: float,
    *,
    span: tuple[float, float] | None = None,
    sizes: Sequence[int] = SIZES,
    yields: Sequence[float] = YIELDS,
    samples: int = 1000,
    seed: int = 1,
    pieces: Pieces | None = None,
    progress: Callable[[float], None] | None = None,
) -> SizingFindings:
    """Find the size for an accuracy and a yield, fit the rule for others, and try it.

    Parameters
    ----------
    population : Population
    accuracy, yield_, span, samples, seed, pieces
        See :func:`~rescircuit.theory.sizing.required_size`.
    sizes, yields : sequence
        What the rule is fitted to.
    progress : callable, optional
        Called with the share of all work done since the last call.

    Raises
    ------
    InputError
        For an argument out of its range.
    SolutionError
        If 24 components are not enough.
    """
    shares = tuple(checked_share("yields", each) for each in yields)
    sizes = tuple(sorted(set(sizes)))
    check_fit(sizes, shares)

    def part(share: float) -> Callable[[float], None]:
        return lambda done: None if progress is None else progress(share * done)

    sampling = {"span": span, "samples": samples, "pieces": pieces}
    required = required_size(population, accuracy, yield_, seed=seed, progress=part(0.2), **sampling)
    points = measure_sizes(population, sizes, seed=seed, progress=part(0.4), **sampling)
    rule = fit_rule(points, shares, seed=seed)
    asked = [(goal, share, rule.size(goal, share)) for goal in _goals(rule) for share in shares]
    asked = [(goal, share, n) for goal, share, n in asked if n <= max(sizes)]
    tried = sorted({each for *_, n in asked for each in (n - 1, n) if each >= 1})
    fresh = measure_sizes(population, tried, seed=seed + 1, progress=part(0.4), **sampling) if tried else ()
    by_size = {point.n: point for point in fresh}
    trials = tuple(
        Trial(
            accuracy=goal,
            asked=share,
            reached=by_size[n].good(goal),
            one_less=by_size[n - 1].good(goal) if n > 1 else None,
        )
        for goal, share, n in asked
    )
    return SizingFindings(
        name=population.name,
        span=target_span(population, span),
        required=required,
        points=points,
        rule=rule,
        trials=trials,
        yields=shares,
        samples=samples,
        seed=seed,
    )


def _goals(rule: SizingRule) -> Iterator[float]:
    """Accuracies within the fitted range."""
    fine, coarse = map(math.log, rule.accuracies)
    for place in _TRIED:
        yield float(f"{math.exp(coarse + place * (fine - coarse)):.2g}")
