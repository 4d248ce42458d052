"""How many components a bank must have for an accuracy and a yield: measured, as a rule, and with a certificate.

A bank is good if every target of a range has a subset sum within the accuracy. ``2**n`` sums cover at most ``2**n 2
eps``, so n is at least log2(range / (2 eps)). More are needed as sums do not lie evenly: the widest of some ``2**n``
random gaps is ``log(2**n)`` times the mean one, sums are rare towards the ends of the full scale, and both differ from
bank to bank, which the yield pays for. Lueker (1998) proves the logarithm; the numbers are measured here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from rescircuit.checks import Array, finite_array, finite_number, whole_number
from rescircuit.errors import InputError, SolutionError
from rescircuit.pieces import Pieces
from rescircuit.theory.densities import sum_densities
from rescircuit.theory.gaps import LARGEST_ENUMERATED, worst_errors
from rescircuit.theory.intervals import wilson_interval
from rescircuit.theory.populations import Population
from rescircuit.theory.sampling import MOST_SAMPLES, Case, drawn
from rescircuit.theory.sizing_points import RequiredSize, SizePoint, Yield

__all__ = [
    "checked_share",
    "measure_sizes",
    "required_size",
    "samples_to_prove",
    "target_span",
]

_LEAST_ACCURACY = 1e-9
_GRID = 33
_AT_ONCE = 2**16  # banks whose ends are looked at
_Z_SQUARED = 3.841459  # of the limits at 95 %
_FEW = (16, 200)  # samples that tell early where the yield is far below what is asked for


def measure_sizes(
    population: Population,
    sizes: Sequence[int],
    *,
    span: tuple[float, float] | None = None,
    samples: int = 1000,
    seed: int = 1,
    pieces: Pieces | None = None,
    progress: Callable[[float], None] | None = None,
) -> tuple[SizePoint, ...]:
    """The worst targets' errors for several numbers of components.

    Parameters
    ----------
    population : Population
    sizes : sequence of int
        At most 24.
    span : (float, float), optional
        The range of targets, in full scales; 0.1 to 0.8 if left out, and -0.5 to 0.5 where items have both signs, whose
        full scale is 1.
    samples, seed : int
    pieces, progress
        See :func:`~rescircuit.theory.sampling.drawn`.
    """
    low, high = target_span(population, span)
    cases = [_case(population, whole_number("sizes", n, 1, LARGEST_ENUMERATED), (low, high), seed) for n in sizes]
    found = drawn(cases, samples=samples, seed=seed, pieces=pieces, progress=progress)
    return tuple(
        SizePoint(n=n, worst=each["worst"], densities=each["densities"], width=high - low)
        for n, each in zip(sizes, found, strict=True)
    )


def required_size(
    population: Population,
    accuracy: float,
    yield_: float,
    *,
    span: tuple[float, float] | None = None,
    samples: int = 1000,
    seed: int = 1,
    pieces: Pieces | None = None,
    progress: Callable[[float], None] | None = None,
) -> RequiredSize:
    """How many components a bank of a population must have.

    Parameters
    ----------
    population : Population
    accuracy : float
        The largest error allowed at any target of the range, relative to the full scale, at least 1e-9.
    yield_ : float
        The share of banks that are to have it, above 0 and below 1.
    span, samples, seed, pieces, progress
        See :func:`measure_sizes`.

    Returns
    -------
    RequiredSize
        With the yields that were simulated at n and at one less.

    Raises
    ------
    InputError
        For an argument out of range, or samples too few to prove such a yield, even if all were good.
    SolutionError
        If 24 components are not enough.

    Examples
    --------
    >>> import rescircuit as rc
    >>> from rescircuit.theory.populations import ResistorPopulation
    >>> banks = ResistorPopulation(resistor=rc.Resistor(nominal=1e6, tolerance=0.2), nominals="geometric")
    >>> found = required_size(banks, 0.01, 0.9, samples=400)
    >>> found.n, str(found.reached), str(found.one_less)
    (8, '100.00% (99.05% to 100.00%)', '86.50% (82.80% to 89.50%)')
    """
    if not _LEAST_ACCURACY <= finite_number("accuracy", accuracy) < 1:
        raise InputError("accuracy", f"a share of full scale from {_LEAST_ACCURACY:g} to below 1", accuracy)
    asked = checked_share("yield_", yield_)
    low, high = target_span(population, span)
    enough = samples_to_prove(asked)
    if enough > MOST_SAMPLES:
        most = MOST_SAMPLES / (MOST_SAMPLES + _Z_SQUARED)
        raise InputError("yield_", f"at most {most:.7f}, which {MOST_SAMPLES:,} samples prove if all are good", yield_)
    hint = "With fewer, a lower limit at 95 % is below the yield even if all banks are good."
    whole_number("samples", samples, enough, MOST_SAMPLES, hint=hint)
    least = max(1, math.ceil(math.log2((high - low) / (2.0 * accuracy)) - 1e-9))

    search = _Search(population=population, accuracy=accuracy, asked=asked, span=(low, high), seed=seed, pieces=pieces)
    last = Yield(n=least, good=0, samples=1)
    for n in range(least, LARGEST_ENUMERATED + 1):
        if progress is not None:
            progress(1.0 / (LARGEST_ENUMERATED + 1 - least))
        last = search.reaching(n, samples)
        if last.limits[0] < asked or any(search.simulated(n, few).limits[1] < asked for few in _FEW if few < samples):
            continue
        last = search.simulated(n, samples)
        if last.limits[0] >= asked:
            below = search.simulated(n - 1, samples) if n > 1 else None
            return RequiredSize(
                n=n, accuracy=accuracy, asked=asked, reached=last, one_less=below, least=least, seed=seed
            )
    ends = search.reaching(LARGEST_ENUMERATED, samples)
    raise SolutionError(
        f"share of banks of {LARGEST_ENUMERATED} components that may not reach {accuracy:g} of full scale",
        1.0 - min(last.limits[0], ends.limits[0]),
        1.0 - asked,
        f"Both ends of the range are within reach of {ends} of the banks: ask for less accuracy or yield, for a "
        "narrower range, or make banks of another kind.",
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Search:
    """What is looked for, and simulations of it."""

    population: Population
    accuracy: float
    asked: float
    span: tuple[float, float]
    seed: int
    pieces: Pieces | None

    def reaching(self, n: int, samples: int) -> Yield:
        """How many banks have sums at both ends of the range: no other can be good."""
        low, high = self.span
        good = 0
        for first in range(0, samples, _AT_ONCE):
            items = self.population.items(n, min(_AT_ONCE, samples - first), seed=self.seed, first=first)
            items = items / self.population.full_scale(n)
            least, most = (np.clip(items, *limits).sum(axis=1) for limits in ((None, 0.0), (0.0, None)))
            good += int(((least <= low + self.accuracy) & (most >= high - self.accuracy)).sum())
        return Yield(n=n, good=good, samples=samples)

    def simulated(self, n: int, samples: int) -> Yield:
        """The yield of n components."""
        case = _case(self.population, n, self.span, self.seed)
        (found,) = drawn([case], samples=samples, seed=self.seed, pieces=self.pieces)
        return Yield(n=n, good=int((found["worst"] <= self.accuracy).sum()), samples=samples)


def samples_to_prove(asked: float) -> int:
    """The least number of samples that, all good, have the yield `asked` as the lower limit at 95 %."""
    count = max(1, math.ceil(_Z_SQUARED * asked / (1.0 - asked)) - 1)  # their limit is count / (count + z**2)
    while wilson_interval(count, count)[0] < asked:
        count += 1
    return count


def target_span(population: Population, span: tuple[float, float] | None) -> tuple[float, float]:
    """The range of targets in full scales, checked; by default 0.1 to 0.8, or -0.5 to 0.5 for items of both signs."""
    if span is None:
        return (0.1, 0.8) if population.one_sided else (-0.5, 0.5)
    ends = finite_array("span", span)
    if ends.shape != (2,) or not -10 <= ends[0] < ends[1] <= 10:
        raise InputError("span", "the least and the largest target, in full scales, such as 0.1 and 0.8", span)
    return float(ends[0]), float(ends[1])


def _case(population: Population, n: int, span: tuple[float, float], seed: int) -> Case:
    targets = np.linspace(*span, _GRID)

    def draw(first: int, count: int) -> dict[str, Array]:
        items = population.items(n, count, seed=seed, first=first) / population.full_scale(n)
        return {"worst": worst_errors(items, *span), "densities": sum_densities(items, targets)}

    settings = {"experiment": "sizing", "n": n, "span": list(span), "grid": _GRID, **population.settings()}
    return Case(settings=settings, draw=draw, at_once=int(min(max(2.0 ** (26 - n), 4.0), 1000.0)))


def checked_share(argument: str, value: float) -> float:
    """`value`, if it is a share above 0 and below 1."""
    required = "a share above 0 and below 1, such as 0.99"
    if not 0 < finite_number(argument, value, required) < 1:
        raise InputError(argument, required, value)
    return float(value)
