"""Random subset sum of vectors: error against items and dimension, of free subsets and of those of fixed size.

The theorem (da Cunha 2023, chapter 3): of ``n >= C d**3 log2(1/e) (log2(1/e) + log2 d)`` standard normal d-vectors, for
every target in [-1, 1]^d some subset of ``n / (6 sqrt(d))`` sums to within 2 e, in the max-norm, with high probability.
At least ``d log2(1/e)`` are needed. Here each sample is one set of items with one target, uniform in the cube, and of
all its 2^n subsets the closest of each size is found.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from rescircuit.checks import Array, finite_number, whole_number
from rescircuit.devices.streams import Stream
from rescircuit.errors import InputError
from rescircuit.pieces import Pieces
from rescircuit.theory.fixed_size import MOST_ITEMS, best_of_sizes
from rescircuit.theory.intervals import median_interval, wilson_interval
from rescircuit.theory.sampling import Case, drawn
from rescircuit.theory.vector_findings import VectorFindings
from rescircuit.theory.vector_laws import VectorLaw
from rescircuit.theory.vector_rows import Reached, SecondMoment, SizeError, VectorError
from rescircuit.theory.vector_theory import (
    Chances,
    VectorTheory,
    binomial,
    covering_error,
    median_of,
    radius_for,
    second_moment,
    size_of,
)

__all__ = [
    "DEFAULT_SIZES",
    "MOST_DIMENSIONS",
    "PREDICTED",
    "checked_epsilons",
    "checked_items",
    "cube_targets",
    "error_of",
    "samples_at_once",
    "vector_errors",
]

DEFAULT_SIZES = ("free", "half", "thesis")
LAWS = ("normal", "nsn")
MOST_DIMENSIONS = 8

_IN_RADIUS = 8.0  # subsets expected in the radius in which they are counted
_WIDEST = 0.5  # such radius: the items' own deviation is 1
_SECONDS_PER_ROW, _SECONDS_PER_PAIR = 8e-9, 3e-9  # of going through the lists, measured
_MOST_AT_ONCE = 4096
PREDICTED = 1000  # samples whose targets and totals suffice for a prediction


def vector_errors(
    *,
    items: Sequence[int] = (2, 4, 8, 12, 16, 20, 24, 28),
    dimensions: Sequence[int] = (1, 2, 3, 5),
    sizes: Sequence[str] = DEFAULT_SIZES,
    law: str = "normal",
    epsilons: Sequence[float] = (0.1, 0.01),
    samples: int = 1000,
    seed: int = 1,
    pieces: Pieces | None = None,
    progress: Callable[[float], None] | None = None,
) -> VectorFindings:
    """How close the best subset comes, beside the theory.

    Parameters
    ----------
    items : sequence of int
        Numbers n of vectors, 2 to 36.
    dimensions : sequence of int
        1 to 8.
    sizes : sequence of str
        Of subsets, see :func:`rescircuit.theory.vector_theory.size_of`.
    law : str
        Of the vectors: ``"normal"``, or ``"nsn"`` for normal vectors each scaled by one normal number.
    epsilons : sequence of float
        Errors whose probabilities are counted.
    samples, seed : int
    pieces : Pieces, optional
        Where finished pieces are kept.
    progress : callable, optional
        Called with the share of the work done since the last call.

    Raises
    ------
    InputError
        For what is out of range, or a law that has no counts to compare.

    Examples
    --------
    >>> found = vector_errors(items=[10, 14], dimensions=[2], samples=50)
    >>> [f"{each.median / each.given_total:.1f}" for each in found.errors if each.name == "free"]
    ['1.0', '0.9']
    """
    counts = checked_items(items)
    widths = _ascending("dimensions", dimensions, 1, MOST_DIMENSIONS)
    if law not in LAWS:
        raise InputError("law", " or ".join(LAWS), law, "The sparse law is that of evolution's genes.")
    which = VectorLaw(name=law)
    limits = checked_epsilons(epsilons)
    for d, n, name in ((d, n, name) for d in widths for n in counts for name in sizes):
        size_of(name, n, d)
    grid = [(d, n) for d in widths for n in counts]
    cases = [_case(which, n, d, seed) for d, n in grid]
    found = dict(zip(grid, drawn(cases, samples=samples, seed=seed, pieces=pieces, progress=progress), strict=True))
    most = counts[-1]
    return VectorFindings(
        law=which.name,
        samples=samples,
        seed=seed,
        errors=tuple(
            _error(which, n, d, name, limits, found[d, n])
            for name in dict.fromkeys(sizes)
            for d in widths
            for n in counts
        ),
        by_size=tuple(_size_error(which, most, d, k, found[d, most]) for d in widths for k in range(1, most)),
        moments=tuple(each for d in widths for each in _moments(which, most, d, found[d, most])),
    )


def cube_targets(source: str, seed: int, first: int, count: int, d: int) -> Array:
    """Targets (count, d) uniform on [-1, 1]^d, of samples `first` on."""
    drawn_numbers = Stream(seed=seed, source=f"theory.vectors.targets.{source}.{d}").uniform(count * d, first * d)
    return 2.0 * drawn_numbers.reshape(count, d) - 1.0


def samples_at_once(n: int, d: int, problems: int = 1) -> int:
    """So many samples, each of so many problems, that their solution takes a second, about."""
    seconds = _SECONDS_PER_ROW * n * 2.0 ** (n / 2) + _SECONDS_PER_PAIR * 2.0 ** (n - n / d)
    return int(np.clip(1.0 / (seconds * problems), 1, _MOST_AT_ONCE))


def checked_items(items: Sequence[int]) -> list[int]:
    """Numbers of items, ascending; refuses those that are out of range."""
    return _ascending("items", items, 2, MOST_ITEMS)


def checked_epsilons(epsilons: Sequence[float]) -> tuple[float, ...]:
    """Errors to count; refuses those that are out of range."""
    if not epsilons or not all(0 < finite_number("epsilons", each) < 1 for each in epsilons):
        raise InputError("epsilons", "errors above 0 and below 1", list(epsilons))
    return tuple(dict.fromkeys(epsilons))


def _ascending(argument: str, values: Sequence[int], low: int, high: int) -> list[int]:
    if not values:
        raise InputError(argument, "at least one number", list(values))
    return sorted({whole_number(argument, each, low, high) for each in values})


def _case(law: VectorLaw, n: int, d: int, seed: int) -> Case:
    """Samples of one number of items and one dimension, solved for every size."""
    settings = {"experiment": "theory vectors", **law.settings(), "n": n, "d": d, "radii": _radii(law, n, d).tolist()}
    return Case(settings=settings, draw=partial(_drawn, law, n, d, seed), at_once=samples_at_once(n, d))


def _drawn(law: VectorLaw, n: int, d: int, seed: int, first: int, count: int) -> dict[str, Any]:
    vectors, full = law.draw(seed, first, count, n, d)
    targets = cube_targets(f"{law.name}.{n}", seed, first, count, d)
    best = best_of_sizes(vectors, targets, _radii(law, n, d))
    totals = vectors.sum(axis=1)
    return {"errors": best.errors, "counts": best.counts, "targets": targets, "totals": totals, "full": full}


def _radii(law: VectorLaw, n: int, d: int) -> Array:
    """The radius (n + 1,) in which subsets of each size are counted; 0 where too few, or too wide a one, would do."""
    radii = np.zeros(n + 1)
    if law.name != "normal":
        return radii
    for k in range(1, n // 2 + 1):
        radius = radius_for(n, d, k, _IN_RADIUS)
        radii[k] = radius if radius <= _WIDEST else 0.0
    return radii


def _theory(law: VectorLaw, n: int, sizes: Sequence[int], found: dict[str, Any]) -> VectorTheory:
    targets, totals, full = (found[name][:PREDICTED] for name in ("targets", "totals", "full"))
    return VectorTheory(law, n, sizes, targets, totals, full)


def _medians(theory: Chances) -> tuple[float, float]:
    """By the first moment and given the total."""
    first = median_of(lambda distance: float(theory.first_moment(distance).mean()))
    return first, median_of(lambda distance: float(theory.given_total(distance).mean()))


def _error(law: VectorLaw, n: int, d: int, name: str, epsilons: Sequence[float], found: dict[str, Any]) -> VectorError:
    k = size_of(name, n, d)
    errors = found["errors"].min(axis=1) if k is None else found["errors"][:, k]
    theory = _theory(law, n, range(n + 1) if k is None else [k], found)
    return error_of(theory, errors, n=n, d=d, k=k, name=name, epsilons=epsilons)


def error_of(
    theory: Chances, errors: Array, *, n: int, d: int, k: int | None, name: str, epsilons: Sequence[float]
) -> VectorError:
    """The median of samples' errors (t,) and the probabilities of `epsilons`, beside the theory.

    Parameters
    ----------
    theory : Chances
        Of these samples.
    errors : array (t,)
    n, d : int
    k : int or None
        Items in the subsets, None for any number.
    name : str
        What the errors are of.
    epsilons : sequence of float
    """
    median, low, high = median_interval(errors)
    first, given = _medians(theory)
    reached = []
    for epsilon in epsilons:
        hits = int((errors <= epsilon).sum())
        least, most = wilson_interval(hits, errors.size)
        reached.append(
            Reached(
                epsilon=epsilon,
                share=hits / errors.size,
                low=least,
                high=most,
                first_moment=float(theory.first_moment(epsilon).mean()),
                given_total=float(theory.given_total(epsilon).mean()),
            )
        )
    return VectorError(
        name=name,
        d=d,
        n=n,
        k=k,
        median=median,
        low=low,
        high=high,
        first_moment=first,
        given_total=given,
        covering=covering_error(2.0**n if k is None else float(binomial(n, k)), d),
        reached=tuple(reached),
    )


def _size_error(law: VectorLaw, n: int, d: int, k: int, found: dict[str, Any]) -> SizeError:
    median, low, high = median_interval(found["errors"][:, k])
    first, given = _medians(_theory(law, n, [k], found))
    return SizeError(d=d, n=n, k=k, median=median, low=low, high=high, first_moment=first, given_total=given)


def _moments(law: VectorLaw, n: int, d: int, found: dict[str, Any]) -> list[SecondMoment]:
    """The second moment of the number of close subsets, of every size for which they were counted."""
    radii = _radii(law, n, d)
    return [
        _moment(n, d, k, radii[k], found["counts"][:, k].astype(np.float64)) for k in np.flatnonzero(radii).tolist()
    ]


def _moment(n: int, d: int, k: int, radius: float, counts: Array) -> SecondMoment:
    mean = float(counts.mean())
    pairs = counts * (counts - 1.0)
    ratio = float(pairs.mean()) / mean**2 if mean else 0.0
    # The first-order effect of one sample on the ratio of means (the delta method).
    effect = pairs / mean**2 - 2.0 * ratio * counts / mean if mean else pairs
    error = float(effect.std()) / math.sqrt(counts.size)
    return SecondMoment(
        d=d, n=n, k=k, radius=float(radius), mean=mean, ratio=ratio, error=error, theory=second_moment(n, d, k, radius)
    )
