"""Universality of neural-net evolution: random genes of which a choice gives any network, nearly.

Each of n genes adds a random tensor to the weights of a network of `l` square layers with ReLU between them; a genotype
is the choice of active genes (Gorantla et al. 2019). The theorem (da Cunha 2023, theorem 3.6.1): with high probability
``n >= C (l d**2)**3 log2(1/e) (log2(1/e) + log2(l d**2))`` genes hold, for every network whose weights are within
[-1, 1], a genotype whose weights are within 2 e of its own. It is the random subset-sum problem of vectors, one
coordinate for each weight. Here samples of genes are asked for several networks, each of which gets its best genotype.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from rescircuit.checks import Array, whole_number
from rescircuit.devices.streams import Stream
from rescircuit.errors import InputError
from rescircuit.pieces import Pieces
from rescircuit.theory.evolution_findings import EvolutionError, EvolutionFindings
from rescircuit.theory.fixed_size import best_of_sizes
from rescircuit.theory.intervals import median_interval
from rescircuit.theory.sampling import Case, drawn
from rescircuit.theory.vector_laws import VectorLaw
from rescircuit.theory.vector_theory import VectorTheory, median_of
from rescircuit.theory.vectors import (
    MOST_DIMENSIONS,
    PREDICTED,
    checked_epsilons,
    checked_items,
    cube_targets,
    error_of,
    samples_at_once,
)

__all__ = ["evolve_networks", "network_outputs", "output_bound"]

DEFAULT_SHAPES = ((2, 1), (1, 2), (2, 2))
_MOST_NETWORKS, _MOST_INPUTS = 1000, 10_000


def evolve_networks(
    *,
    items: Sequence[int] = (2, 4, 8, 12, 16, 20, 24),
    shapes: Sequence[tuple[int, int]] = DEFAULT_SHAPES,
    law: str = "normal",
    beta: float = 0.5,
    networks: int = 8,
    inputs: int = 64,
    epsilons: Sequence[float] = (0.1,),
    samples: int = 400,
    seed: int = 1,
    pieces: Pieces | None = None,
    progress: Callable[[float], None] | None = None,
) -> EvolutionFindings:
    """How close the best genotype comes to a network, in its weights and in its outputs.

    Parameters
    ----------
    items : sequence of int
        Numbers n of genes, 2 to 36.
    shapes : sequence of (layers, width)
        Of the networks, with layers * width**2 weights: at most 8.
    law : str
        ``"normal"``, or ``"sparse"``: weights of genes uniform on [-1, 1] with probability `beta`, else 0, as in the
        original model.
    beta : float
        Above 0, at most 1; for the sparse law.
    networks : int
        Asked of each sample of genes; weights uniform on [-1, 1].
    inputs : int
        On which outputs are compared, uniform on [-1, 1]^width.
    epsilons : sequence of float
        Errors of the weights whose probabilities are counted.
    samples, seed : int
        Samples of genes.
    pieces : Pieces, optional
        Where finished pieces are kept.
    progress : callable, optional
        Called with the share of the work done since the last call.

    Raises
    ------
    InputError
        For what is out of range.

    Examples
    --------
    >>> found = evolve_networks(items=[8, 16], shapes=[(2, 1)], samples=50)
    >>> [f"{each.median:.2f}" for each in found.errors]
    ['0.14', '0.01']
    """
    counts, limits = checked_items(items), checked_epsilons(epsilons)
    sizes = _checked_shapes(shapes)
    whole_number("networks", networks, 1, _MOST_NETWORKS)
    whole_number("inputs", inputs, 1, _MOST_INPUTS)
    if law not in ("normal", "sparse"):
        raise InputError("law", "normal or sparse", law)
    genes = VectorLaw(name=law, beta=beta)
    grid = [(shape, n) for shape in sizes for n in counts]
    cases = [_case(genes, n, shape, networks, inputs, seed) for shape, n in grid]
    found = drawn(cases, samples=samples, seed=seed, pieces=pieces, progress=progress)
    errors = tuple(_error(genes, n, shape, limits, each) for (shape, n), each in zip(grid, found, strict=True))
    return EvolutionFindings(
        law=law,
        beta=beta if law == "sparse" else None,
        networks=networks,
        inputs=inputs,
        samples=samples,
        seed=seed,
        errors=errors,
    )


def network_outputs(tensors: Array, inputs: Array) -> Array:
    """``W_l relu(W_(l-1) ... relu(W_1 y))`` (equation 3.9) for each tensor and input.

    Parameters
    ----------
    tensors : array (..., layers, width, width)
    inputs : array (k, width)

    Returns
    -------
    array (..., k, width)
    """
    layers = tensors.shape[-3]
    values: Array = np.broadcast_to(inputs, (*tensors.shape[:-3], *inputs.shape))
    for layer in range(layers):
        values = values @ np.swapaxes(tensors[..., layer, :, :], -1, -2)
        if layer < layers - 1:
            values = np.maximum(values, 0.0)
    return values


def output_bound(layers: int, width: int, error: float) -> float:
    """The largest error of an output over inputs in [-1, 1]^width, for weights in [-1, 1] each off by at most `error`.

    Through a layer of weights W + E, ``|(W + E) h' - W h| <= width ((1 + error) |h' - h| + error |h|)``, and values
    grow by no more than `width`.
    """
    off, largest = 0.0, 1.0
    for _ in range(layers):
        off = width * ((1.0 + error) * off + error * largest)
        largest *= width
    return off


def _checked_shapes(shapes: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    for layers, width in shapes:
        whole_number("shapes", layers, 1, MOST_DIMENSIONS)
        whole_number("shapes", width, 1, MOST_DIMENSIONS)
        if layers * width**2 > MOST_DIMENSIONS:
            raise InputError(
                "shapes", f"networks of at most {MOST_DIMENSIONS} weights, layers * width**2", f"{layers}x{width}"
            )
    if not shapes:
        raise InputError("shapes", "at least one", list(shapes))
    return list(dict.fromkeys(shapes))


def _case(law: VectorLaw, n: int, shape: tuple[int, int], networks: int, inputs: int, seed: int) -> Case:
    layers, width = shape
    settings = {
        "experiment": "theory evolution",
        **law.settings(),
        "n": n,
        "layers": layers,
        "width": width,
        "networks": networks,
        "inputs": inputs,
    }
    draw = partial(_drawn, law, n, shape, networks, inputs, seed)
    return Case(settings=settings, draw=draw, at_once=samples_at_once(n, layers * width**2, networks))


def _drawn(
    law: VectorLaw, n: int, shape: tuple[int, int], networks: int, inputs: int, seed: int, first: int, count: int
) -> dict[str, Any]:
    layers, width = shape
    weights = layers * width**2
    genes, full = law.draw(seed, first, count, n, weights)
    source = f"evolution.{law.name}.{n}.{layers}"
    targets = cube_targets(source, seed, first * networks, count * networks, weights)
    shared = np.repeat(genes, networks, axis=0)
    best = best_of_sizes(shared, targets)
    size = best.errors.argmin(axis=1)
    mask = best.masks[np.arange(len(size)), size]
    active = (mask[:, None] >> np.arange(n, dtype=np.uint64)) & np.uint64(1)
    grown = np.einsum("ti,tij->tj", active.astype(np.float64), shared)

    numbers = Stream(seed=seed, source=f"theory.evolution.inputs.{width}").uniform(inputs * width)
    seen = 2.0 * numbers.reshape(inputs, width) - 1.0
    outputs = [network_outputs(each.reshape(-1, layers, width, width), seen) for each in (targets, grown)]
    return {
        "weight_errors": np.abs(grown - targets).max(axis=1).reshape(count, networks),
        "output_errors": np.abs(outputs[0] - outputs[1]).max(axis=(1, 2)).reshape(count, networks),
        "targets": targets.reshape(count, networks, weights),
        "totals": genes.sum(axis=1),
        "full": full,
        "useful": genes.any(axis=2).sum(axis=1),
    }


def _error(
    law: VectorLaw, n: int, shape: tuple[int, int], epsilons: Sequence[float], found: dict[str, Any]
) -> EvolutionError:
    layers, width = shape
    name, weights = f"{layers}x{width}", layers * width**2
    of_weights, of_outputs = found["weight_errors"], found["output_errors"]
    # One network of each sample, so that they are independent.
    theory = _Genes(law, n, found["targets"][:PREDICTED, 0], *_of_genes(found, 1))
    one = error_of(theory, of_weights[:, 0], n=n, d=weights, k=None, name=name, epsilons=epsilons)
    worst, worst_low, worst_high = median_interval(of_weights.max(axis=1))
    output, output_low, output_high = median_interval(of_outputs[:, 0])
    bounds = [output_bound(layers, width, each) for each in of_weights.ravel().tolist()]
    return EvolutionError(
        **{field: getattr(one, field) for field in one.__dataclass_fields__},
        layers=layers,
        width=width,
        worst=worst,
        worst_low=worst_low,
        worst_high=worst_high,
        worst_given_total=_worst_median(law, n, found),
        output=output,
        output_low=output_low,
        output_high=output_high,
        output_bound=output_bound(layers, width, one.median),
        within_bound=bool((of_outputs.ravel() <= np.array(bounds) * (1.0 + 1e-9)).all()),
    )


def _of_genes(found: dict[str, Any], networks: int) -> list[Any]:
    """Totals, their variances and the number of genes that are not zero, each repeated for so many networks."""
    return [np.repeat(found[name][:PREDICTED], networks, axis=0) for name in ("totals", "full", "useful")]


def _worst_median(law: VectorLaw, n: int, found: dict[str, Any]) -> float:
    """The median of the worst network's error, given the total, which all networks of a sample share."""
    targets = found["targets"][:PREDICTED]
    count, networks, weights = targets.shape
    theory = _Genes(law, n, targets.reshape(-1, weights), *_of_genes(found, networks))

    def reached(distance: float) -> float:
        return float(theory.given_total(distance).reshape(count, networks).prod(axis=1).mean())

    return median_of(reached)


class _Genes:
    """Chances of close genotypes: of sparse genes those that are all zero are left out, as they change nothing."""

    def __init__(self, law: VectorLaw, n: int, targets: Array, totals: Array, full: Array, useful: Any) -> None:
        weights = targets.shape[1]
        self._count = len(targets)
        self._groups: list[tuple[Any, VectorTheory]] = []
        if law.name != "sparse":
            self._groups.append((slice(None), VectorTheory(law, n, range(n + 1), targets, totals, full)))
            return
        left = VectorLaw(name="sparse", beta=law.beta / (1.0 - (1.0 - law.beta) ** weights))
        for m in np.unique(useful).tolist():
            rows = np.flatnonzero(useful == m)
            variance = np.full(rows.size, m * left.unit)
            theory = VectorTheory(left, m, range(m + 1), targets[rows], totals[rows], variance)
            self._groups.append((rows, theory))

    def first_moment(self, distance: float) -> Array:
        return self._gathered(lambda theory: theory.first_moment(distance))

    def given_total(self, distance: float) -> Array:
        return self._gathered(lambda theory: theory.given_total(distance))

    def _gathered(self, of: Callable[[VectorTheory], Array]) -> Array:
        numbers = np.empty(self._count)
        for rows, theory in self._groups:
            numbers[rows] = of(theory)
        return numbers
