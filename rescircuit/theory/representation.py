"""The phase transition of representation: whether a random quantised network can be pruned to a target, exactly.

Kumar (2025), section 5.3.1, conjectures that the probability jumps around a critical value of a parameter of the
network's size and of its precision. Here it is measured, with the structure of theorem 1 of Kumar and Natale (2025):
each input has 2n nodes, each weight is a subset sum of the products of about n of them, and a random target of the
finest precision, ``delta**2``, is represented if all these problems in whole numbers have a solution.

*The parameter.* Of n random products some ``N = 2**n * p`` subsets have a given sum, in the mean, where ``p`` is the
probability that a random subset has it: computed exactly, by convolution of the law of a product. ``-log2(p)`` bits of
a weight stand against n items, ``kappa = -log2(p) / n = 1 - log2(N) / n``: at 1 one subset is expected. It tends to
``log2(M**2) / n`` with ``M = 1 / delta``, the parameter of Borgs, Chayes and Pittel (2001), of which it has the
correction for finite n already.

*The curves.* The number of solutions is about Poisson's (ibid.), but not with the mean N: the first layer's signs
decide how many items there are, and of items that sum to far from twice the target there are few subsets near it. So
the mean is computed for random items (:func:`~rescircuit.pruning.constructions.counting.subsets_given`), the
probability that all problems of a network have a solution is the product over them, and its mean over networks drawn
for this alone is the curve. Nothing is fitted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rescircuit.checks import Array, finite_array, whole_number
from rescircuit.devices.streams import Stream
from rescircuit.errors import InputError
from rescircuit.pieces import Pieces
from rescircuit.pruning.constructions.counting import expected_subsets, poisson_share, product_law, subsets_given
from rescircuit.pruning.constructions.exact_subsets import exact_subsets
from rescircuit.pruning.constructions.precision import drawn_integers
from rescircuit.theory.intervals import mean_interval, wilson_interval
from rescircuit.theory.representation_findings import STRUCTURES, Curve, RepresentationFindings, Structure
from rescircuit.theory.sampling import Case, drawn

__all__ = ["mean_solutions", "measure_representation"]

KAPPAS = (0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 1.0, 1.05, 1.1, 1.2)
ITEMS = (14, 22, 30)
_MOST_ITEMS = 30  # so that 44 of 2n nodes are enough
_EXACT_PARTS = 64  # up to which the law is convolved; above, sums have the same density to one part in as many
_MOST_BITS = 20  # of a random weight's magnitude
_NUMBERS_AT_ONCE = 2_000_000
_PREDICTED = 4  # networks for the curve, for each that is measured


def measure_representation(
    structures: Sequence[str] = tuple(STRUCTURES),
    *,
    items: Sequence[int] = ITEMS,
    kappas: Any = KAPPAS,
    samples: int = 400,
    seed: int = 1,
    pieces: Pieces | None = None,
    progress: Callable[[float], None] | None = None,
) -> RepresentationFindings:
    """Measure the probability that a random quantised network represents a random target.

    Parameters
    ----------
    structures : sequence of str
        Names in :data:`STRUCTURES`.
    items : sequence of int
        n, the expected number of products for each weight; at most 30.
    kappas : array (k,)
        Ascending; for each the precision is chosen that comes closest to it.
    samples : int
        Random networks, each with a random target, for each point.
    seed : int
    pieces, progress
        See :func:`~rescircuit.theory.sampling.drawn`.
    """
    unknown = [name for name in structures if name not in STRUCTURES]
    if unknown or not structures:
        raise InputError("structures", f"names among {', '.join(STRUCTURES)}", unknown or "none")
    sizes = sorted({whole_number("items", n, 2, _MOST_ITEMS) for n in items})
    wanted = finite_array("kappas", kappas)
    if wanted.ndim != 1 or not (np.diff(wanted) > 0).all() or wanted[0] <= 0 or not sizes:
        raise InputError("kappas", "ascending numbers above 0", kappas)
    grid = [(STRUCTURES[name], n, _parts(n, wanted)) for name in dict.fromkeys(structures) for n in sizes]
    cases = [_case(structure, n, m, seed) for structure, n, parts in grid for m in parts]
    found = iter(drawn(cases, samples=samples, seed=seed, pieces=pieces, progress=progress))
    curves = tuple(_curve(structure, n, parts, [next(found) for _ in parts]) for structure, n, parts in grid)
    return RepresentationFindings(curves=curves, samples=samples, seed=seed)


@cache
def mean_solutions(items: int, parts: int) -> float:
    """N: the expected number of subsets of n products with a given sum, mean over all targets from -1 to 1.

    Exact up to 64 parts. Beyond, sums of products have the density that they have there, and N is inversely
    proportional to the number of points of the grid, ``parts**2``.
    """
    exact = min(parts, _EXACT_PARTS)
    counts = expected_subsets(product_law(exact), items, np.arange(-(exact**2), exact**2 + 1))
    return float(counts.mean()) * (exact / parts) ** 2


def _kappa(items: int, parts: int) -> float:
    return 1.0 - float(np.log2(mean_solutions(items, parts))) / items


def _parts(items: int, kappas: Array) -> list[int]:
    """The precisions whose kappa comes closest to those asked for, each once."""
    finest = mean_solutions(items, _EXACT_PARTS) * _EXACT_PARTS**2  # N times parts**2
    bits = 0.5 * (np.log2(finest) - items * (1.0 - kappas))
    if bits.max() > _MOST_BITS:
        required = f"such that 1 / delta is at most 2**{_MOST_BITS} for n = {items}"
        raise InputError("kappas", required, float(kappas[bits.argmax()]))
    wanted = np.exp2(bits)
    near = {
        min((m - 1, m, m + 1), key=lambda m: _miss(items, m, k)) for m, k in zip(_whole(wanted), kappas, strict=True)
    }
    return sorted(near)


def _miss(items: int, parts: int, kappa: float) -> float:
    return abs(_kappa(items, parts) - kappa) if parts >= 1 else float("inf")


def _whole(values: Array) -> list[int]:
    return [int(value) for value in np.maximum(np.rint(values), 1)]


# --- one point --------------------------------------------------------------------------------------------------------


def _case(structure: Structure, items: int, parts: int, seed: int) -> Case:
    """Draws, for each network, how many problems have no solution, and the curve's mean of other networks."""
    numbers = 2 * items * structure.problems

    def draw(first: int, count: int) -> dict[str, np.ndarray[Any, Any]]:
        problems, targets = _problems(structure, items, parts, seed, "measured", first, count)
        _, solved = exact_subsets(problems, targets)
        others = (first * _PREDICTED, count * _PREDICTED)
        problems, targets = _problems(structure, items, parts, seed, "predicted", *others)
        likely = np.where(targets == 0, 1.0, poisson_share(subsets_given(problems, targets)))
        return {
            "failed": np.count_nonzero(~solved.reshape(count, -1), axis=1),
            "predicted": likely.reshape(count, _PREDICTED, -1).prod(axis=2).mean(axis=1),
        }

    settings = {
        "experiment": "representation",
        "widths": list(structure.widths),
        "balanced": structure.balanced,
        "items": items,
        "parts": parts,
        "predicted": _PREDICTED,
    }
    return Case(settings=settings, draw=draw, at_once=max(1, _NUMBERS_AT_ONCE // (numbers * _PREDICTED)))


def _problems(
    structure: Structure, items: int, parts: int, seed: int, purpose: str, first: int, count: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Products (b, 2n), zeros where a node serves the other sign, and targets (b,) of `count` random networks.

    Only those random weights are drawn that a mask can keep: each node sees its own input.
    """
    nodes = 2 * items
    products, targets = [], []

    def stream(name: str, layer: int, shape: tuple[int, ...], largest: int, zero: bool = True) -> NDArray[np.int64]:
        source = f"representation {structure.name} {items} {parts} {purpose} {name} {layer}"
        size = int(np.prod(shape))
        drawn = drawn_integers(Stream(seed=seed, source=source), largest, count * size, first * size, zero=zero)
        return drawn.reshape(count, *shape)

    for layer, (inputs, outputs) in enumerate(pairwise(structure.widths)):
        own = stream("first", layer, (1, inputs, nodes), parts, not structure.balanced)
        if structure.balanced:
            own = np.abs(own) * np.where(np.arange(nodes) % 2, -1, 1)
        second = stream("second", layer, (outputs, inputs, nodes), parts)
        goals = stream("target", layer, (outputs, inputs), parts**2)
        for sign in (1, -1) if layer == 0 else (1,):
            products.append((np.maximum(sign * own, 0) * second).reshape(count, -1, nodes))
            targets.append(sign * goals.reshape(count, -1))
    return np.concatenate(products, axis=1).reshape(-1, nodes), np.concatenate(targets, axis=1).ravel()


def _curve(structure: Structure, items: int, parts: list[int], found: list[dict[str, np.ndarray[Any, Any]]]) -> Curve:
    failed = np.stack([each["failed"] for each in found])
    represented = np.count_nonzero(failed == 0, axis=1)
    low, high = wilson_interval(represented, np.full(represented.shape, failed.shape[1]))
    means = [mean_interval(each["predicted"]) for each in found]
    expected = np.array([mean_solutions(items, m) for m in parts])
    return Curve(
        structure=structure,
        items=items,
        parts=np.array(parts, np.int64),
        kappa=np.array([_kappa(items, m) for m in parts]),
        represented=represented / failed.shape[1],
        low=low,
        high=high,
        predicted=np.array([mean for mean, _, _ in means]),
        doubt=np.array([0.5 * (upper - lower) if np.isfinite(upper) else 0.0 for _, lower, upper in means]),
        first_moment=poisson_share(expected) ** structure.problems,
        solved=1.0 - failed.mean(axis=1) / structure.problems,
    )
