"""Blocks of random weights, and the subsets of them that stand for a target's weights.

A block is a set of n hidden units that all see one input of a layer, or none of them and give a constant: its unit k
gives ``coefficients[k]`` times that input. A weight for it is then the sum of a chosen part of the products
``coefficients[k] * random[row, k]``: a random subset-sum problem for each row of the next random layer.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rescircuit.checks import Array
from rescircuit.devices.streams import Stream
from rescircuit.errors import InputError
from rescircuit.pruning.constructions.item_counts import LONGEST, Counts
from rescircuit.pruning.constructions.proved_subsets import proved_subsets
from rescircuit.pruning.constructions.tensors import PrunedTensor

__all__ = [
    "Blocks",
    "PrunedRows",
    "Subsets",
    "check_size",
    "chosen_subsets",
    "pruned_rows",
    "refuse_beyond",
    "shares",
    "uniform_weights",
]

_LARGEST_SIZE = 1 << 27  # random numbers of a construction: 1 GiB, and as much again for the pruned ones

Mask = NDArray[np.bool_]
Progress = Callable[[float], None]


@dataclass(frozen=True, kw_only=True, eq=False)
class Blocks:
    """Hidden units, and what is to be made of them.

    Attributes
    ----------
    coefficients : array (blocks, n)
        What each unit makes of the input that its block sees; 0 if it is pruned, or never on.
    targets : array (out, blocks)
        The weights of the target for what the blocks see.
    counts : Counts
        With how many of the units to begin.
    """

    coefficients: Array
    targets: Array
    counts: Counts


@dataclass(frozen=True, kw_only=True, eq=False)
class Subsets:
    """The subsets for all weights of a layer.

    Attributes
    ----------
    mask : bool array (rows, blocks, n)
    residual : array (rows, blocks)
        What the sums of the products, as float64 rounds them, differ by from the targets.
    """

    mask: Mask
    residual: Array


@dataclass(frozen=True, kw_only=True, eq=False)
class PrunedRows:
    """A random layer, each of whose rows was pruned to a row of the target.

    Attributes
    ----------
    weight : PrunedTensor
        (out * copies, units), all copies of a row of the target one after another.
    sums, magnitudes : array (out * copies, blocks)
        What stands for the targets' weights, and the sums of the magnitudes of the products that make them.
    residual : float
        The largest distance of a sum from its weight.
    beyond : (float, float, float) or None
        That weight, and the least and the largest sum of its products, if it does not lie between them.
    """

    weight: PrunedTensor
    sums: Array
    magnitudes: Array
    residual: float
    beyond: tuple[float, float, float] | None


def uniform_weights(seed: int, source: str, n: int, shape: tuple[int, ...], copy: int = 0) -> Array:
    """Random weights, uniform on (-1, 1) and never 0, of shape (n, *shape).

    More of them begin with the fewer: those of n = 10 are the first ten of n = 20.
    """
    values = Stream(seed=seed, chip=copy, source=source).uniform(n * math.prod(shape))
    values *= 2.0  # exact, as is the next: odd multiples of 2**-52
    values -= 1.0
    return values.reshape(n, *shape)


def check_size(size: int, items: tuple[int, ...], fewer: str = "a larger epsilon needs fewer") -> None:
    """Refuse a random network that memory would not hold, before anything is drawn, and say what needs fewer."""
    if size > _LARGEST_SIZE:
        required = f"so few that the random network has at most {_LARGEST_SIZE:,} weights"
        got = f"{', '.join(map(str, items))} for {size:,} weights"
        hint = f"They would take {size * 8 / 2**30:.3g} GiB, their masks besides: {fewer}."
        raise InputError("items", required, got, hint)


def chosen_subsets(blocks: Blocks, random: Array, *, shared: bool = False, progress: Progress | None = None) -> Subsets:
    """The subset of each block's products that is closest to each target, exactly.

    Parameters
    ----------
    blocks : Blocks
        With targets (rows, blocks), one for each row.
    random : array (rows, blocks, n)
    shared : bool
        Whether all rows have the same random numbers, so that their sums are sorted once.
    progress : callable, optional
        Called with the number of weights solved since the last call.
    """
    mask = np.zeros(random.shape, np.bool_)
    residual = -blocks.targets
    for which, units in _alike(blocks.coefficients, blocks.counts.few):
        rows = slice(0, 1) if shared else slice(None)
        items = random[rows, which[:, None], units] * blocks.coefficients[which[:, None], units]
        solution = proved_subsets(items.swapaxes(0, 1), blocks.targets[:, which].T, progress=progress)
        mask[:, which[:, None], units] = solution.mask.swapaxes(0, 1)
        residual[:, which] = solution.residual.T
    missed = np.abs(residual) > blocks.counts.tolerance
    missed &= np.count_nonzero(blocks.coefficients, axis=1) > blocks.counts.few
    row, block = np.nonzero(missed)
    for which, units in _alike(blocks.coefficients[block], LONGEST):
        place = row[which, None], block[which, None], units
        items = random[place] * blocks.coefficients[place[1:]]
        solution = proved_subsets(items, blocks.targets[row[which], block[which]])
        mask[row[which], block[which]] = False
        mask[place] = solution.mask
        residual[row[which], block[which]] = solution.residual
    return Subsets(mask=mask, residual=residual)


def pruned_rows(
    name: str,
    groups: Sequence[Blocks],
    *,
    seed: int,
    copies: int = 1,
    random: bool = True,
    progress: Progress | None = None,
) -> PrunedRows:
    """Draw a layer behind blocks of units, and prune each of its rows to a row of the target.

    Parameters
    ----------
    name : str
        Of the layer; its random numbers belong to it.
    groups : sequence of Blocks
        Those with as many units are one group; their units stand one after another.
    seed : int
    copies : int
        Rows for each row of the target, each of random numbers of its own.
    random : bool
        Whether the weights are random; otherwise they are all 1, and are pruned all the same.
    progress : callable, optional
        Called with the number of weights solved since the last call.
    """
    parts: list[Array] = []
    masks: list[Mask] = []
    sums: list[Array] = []
    magnitudes: list[Array] = []
    worst, beyond = -1.0, None
    for number, group in enumerate(groups):
        count, n = group.coefficients.shape
        outputs = len(group.targets)
        if random:
            drawn = [
                uniform_weights(seed, f"{name}.{number}", n, (outputs, count), copy).transpose(1, 2, 0)
                for copy in range(copies)
            ]
            values = np.stack(drawn, axis=1).reshape(outputs * copies, count, n)
        else:
            values = np.ones((outputs * copies, count, n))
        rows = replace(group, targets=np.repeat(group.targets, copies, axis=0))
        subsets = chosen_subsets(rows, values, shared=not random, progress=progress)
        products = np.where(subsets.mask, values * group.coefficients, 0.0)
        sums.append(products.sum(axis=2))
        magnitudes.append(np.abs(products, out=products).sum(axis=2))
        distance = np.abs(subsets.residual)
        if distance.max() > worst:
            worst = float(distance.max())
            beyond = _beyond(rows, values, *np.unravel_index(distance.argmax(), distance.shape))
        parts.append(values.reshape(outputs * copies, count * n))
        masks.append(subsets.mask.reshape(outputs * copies, count * n))
    return PrunedRows(
        weight=PrunedTensor(name=f"{name}.weight", random=np.hstack(parts), mask=np.hstack(masks)),
        sums=np.hstack(sums),
        magnitudes=np.hstack(magnitudes),
        residual=worst,
        beyond=beyond,
    )


def shares(progress: Progress | None, total: int) -> Progress | None:
    """What solvers may tell the number of solved problems to, for one who wants to know shares of `total`."""
    return None if progress is None else lambda done: progress(done / total)


def refuse_beyond(solved: list[PrunedRows]) -> None:
    """Refuse the target, by the farthest weight that is out of its items' reach, if there is one."""
    worst = max(solved, key=lambda rows: rows.residual)
    if worst.beyond is None:
        return
    weight, low, high = worst.beyond
    name = worst.weight.name.removesuffix(".weight")
    required = f"from {low:.3g} to {high:.3g}, which is how far all of its items together reach"
    raise InputError(f"a weight of the target in {name}", required, weight, "More items reach farther.")


def _beyond(rows: Blocks, random: Array, row: np.intp, block: np.intp) -> tuple[float, float, float] | None:
    """A weight and the sums between which its products reach, if it does not lie between them."""
    products = random[row, block] * rows.coefficients[block]
    target = float(rows.targets[row, block])
    low, high = float(np.minimum(products, 0.0).sum()), float(np.maximum(products, 0.0).sum())
    return None if low <= target <= high else (target, low, high)


def _alike(coefficients: Array, most: int) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Blocks with equally many units that are not pruned, and these units (blocks, units), the first so many."""
    useful = coefficients != 0.0
    useful &= np.cumsum(useful, axis=1) <= most
    counts = useful.sum(axis=1)
    for count in np.unique(counts[counts > 0]):
        which = np.flatnonzero(counts == count)
        yield which, np.nonzero(useful[which])[1].reshape(len(which), count)
