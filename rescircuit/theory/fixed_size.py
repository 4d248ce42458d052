"""The best subset of vectors of every size at once, and how many come close: exact, by meeting in the middle.

The sums of each half of the items are listed by the number of items in them, every list ascending in the first
coordinate: the list of k out of i + 1 items is that of k out of i, merged with that of k - 1 out of i moved by the new
item. For a size, each pair of lists whose numbers of items add up to it is gone through as two sorted lists are
(Horowitz and Sahni 1974): for each sum of the right half, those of the left whose first coordinate leaves no more than
the best so far, or than the radius in which subsets are counted. The other coordinates are looked at only there.

Sums are in doubles: errors are right to some 1e-15 of the items' sum of magnitudes, and of subsets closer to each other
than this either may be taken.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rescircuit.checks import Array, finite_array
from rescircuit.compiled import kernel
from rescircuit.errors import InputError

__all__ = ["MOST_ITEMS", "BestOfSizes", "best_of_sizes"]

MOST_ITEMS = 36  # 2**18 sums in each half


class BestOfSizes(NamedTuple):
    """For each problem and each size of a subset, 0 to n.

    Attributes
    ----------
    errors : array (t, n + 1)
        Max-norm of what the closest subset of this size leaves.
    masks : uint64 array (t, n + 1)
        That subset: bit i for item i.
    counts : int64 array (t, n + 1)
        Subsets within the size's radius.
    """

    errors: Array
    masks: NDArray[np.uint64]
    counts: NDArray[np.int64]


def best_of_sizes(items: Any, targets: Any, radii: Any = None) -> BestOfSizes:
    """For each problem the closest subset of every size.

    Parameters
    ----------
    items : array (t, n, d)
        n at most 36.
    targets : array (t, d)
    radii : array (n + 1,), optional
        For each size the distance within which subsets are counted, in the max-norm; by default 0.

    Raises
    ------
    InputError
        For shapes that do not fit, or too many items.
    """
    vectors, goals = finite_array("items", items), finite_array("targets", targets)
    if vectors.ndim != 3 or vectors.shape[1] > MOST_ITEMS:
        raise InputError("items", f"an array (t, n, d) with n at most {MOST_ITEMS}", f"shape {vectors.shape}")
    count, n, d = vectors.shape
    if goals.shape != (count, d):
        raise InputError("targets", f"an array {(count, d)}, as the items are", f"shape {goals.shape}")
    reach = np.zeros(n + 1) if radii is None else finite_array("radii", radii)
    if reach.shape != (n + 1,):
        raise InputError("radii", f"an array ({n + 1},), one for each size", f"shape {reach.shape}")
    found = BestOfSizes(
        errors=np.full((count, n + 1), np.inf),
        masks=np.zeros((count, n + 1), np.uint64),
        counts=np.zeros((count, n + 1), np.int64),
    )
    _solve(vectors, goals, reach, found.errors, found.masks, found.counts)
    return found


@kernel
def _solve(items: Any, targets: Any, radii: Any, errors: Any, masks: Any, counts: Any) -> None:
    """Fill the answers of every problem."""
    count, n = items.shape[:2]
    half = n // 2
    for t in range(count):
        left, left_masks, left_starts = _sums_by_size(items[t, :half], 0)
        right, right_masks, right_starts = _sums_by_size(items[t, half:], half)
        for a in range(half + 1):
            left_class = left[left_starts[a] : left_starts[a + 1]]
            left_class_masks = left_masks[left_starts[a] : left_starts[a + 1]]
            for b in range(n - half + 1):
                size = a + b
                errors[t, size], masks[t, size], within = _closest_pair(
                    left_class,
                    left_class_masks,
                    right[right_starts[b] : right_starts[b + 1]],
                    right_masks[right_starts[b] : right_starts[b + 1]],
                    targets[t],
                    errors[t, size],
                    masks[t, size],
                    radii[size],
                )
                counts[t, size] += within


@kernel
def _sums_by_size(items: Any, first: int) -> Any:
    """All subset sums (2**m, d), their masks, and where each size begins; ascending in coordinate 0 in each size.

    Bit `first` of a mask is the first item's.
    """
    m, d = items.shape
    sums, other = np.zeros((1 << m, d)), np.zeros((1 << m, d))
    masks, other_masks = np.zeros(1 << m, np.uint64), np.zeros(1 << m, np.uint64)
    starts, other_starts = np.zeros(m + 3, np.int64), np.zeros(m + 3, np.int64)
    starts[1:] = 1  # of no items there is one sum, of size 0
    for i in range(m):
        bit = np.uint64(1) << np.uint64(first + i)
        other_starts[0] = 0
        for k in range(i + 2):
            # Size k: those of size k without the item, and those of size k - 1 with it.
            a, a_end = starts[k], starts[k + 1]
            b, b_end = (starts[k - 1], starts[k]) if k else (0, 0)
            place = other_starts[k]
            while a < a_end or b < b_end:
                take_a = b == b_end or (a < a_end and sums[a, 0] <= sums[b, 0] + items[i, 0])
                if take_a:
                    for j in range(d):
                        other[place, j] = sums[a, j]
                    other_masks[place] = masks[a]
                    a += 1
                else:
                    for j in range(d):
                        other[place, j] = sums[b, j] + items[i, j]
                    other_masks[place] = masks[b] | bit
                    b += 1
                place += 1
            other_starts[k + 1] = place
        other_starts[i + 3 :] = other_starts[i + 2]
        sums, other = other, sums
        masks, other_masks = other_masks, masks
        starts, other_starts = other_starts, starts
    return sums, masks, starts


@kernel
def _closest_pair(
    left: Any, left_masks: Any, right: Any, right_masks: Any, target: Any, best: float, mask: Any, radius: float
) -> Any:
    """The least max-norm of a sum of two rows less the target if below `best`, its mask, and the number in the radius.

    Both lists ascend in coordinate 0. As the right one is gone through from its end, what it leaves ascends too, and so
    does where in the left list one begins to look.
    """
    size, d = left.shape
    start, within = 0, 0
    need = np.empty(d)
    for r in range(len(right) - 1, -1, -1):
        for j in range(d):
            need[j] = target[j] - right[r, j]
        window = max(best, radius)
        while start < size and left[start, 0] < need[0] - window:
            start += 1
        i = start
        while i < size and left[i, 0] <= need[0] + window:
            error = abs(left[i, 0] - need[0])
            for j in range(1, d):
                error = max(error, abs(left[i, j] - need[j]))
                if error > window:
                    break
            if error <= radius:
                within += 1
            if error < best:
                best, mask = error, left_masks[i] | right_masks[r]
                window = max(best, radius)
            i += 1
    return best, mask, within
