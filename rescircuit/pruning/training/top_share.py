"""The largest of many scores, exactly and without sorting, where they move little from one step to the next."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rescircuit.checks import whole_number
from rescircuit.compiled import kernel
from rescircuit.errors import InputError

__all__ = ["TopShare"]

_SIZE = np.int32(0x7FFFFFFF)  # a float's bits without its sign: as whole numbers they are ordered as the magnitudes
_BLOCK = 64  # scores looked at together: most blocks hold none of the bracket's
_ASIDE = 200  # a new bracket reaches so many parts of the scores to each side
_MARGIN = 4  # half a bracket is so many times what the threshold moved last, or
_SLOWLY = 0.875  # such a part of what it was


class TopShare:
    """The `count` scores of the largest magnitude, of equal ones the first.

    The count-th largest magnitude is looked for in a bracket around the one before: one pass counts what is above and
    gathers the few inside, of which the one asked for is found by partition. Where it has left the bracket, all are
    partitioned and the bracket is laid anew. The answer is exact in every case.

    Parameters
    ----------
    size, count : int
        Scores, and how many of them are chosen.

    Attributes
    ----------
    missed : int
        How often the bracket did not hold what was looked for.

    Raises
    ------
    InputError
        For a count beyond the size.
    """

    def __init__(self, size: int, count: int) -> None:
        self.size = whole_number("size", size, 1)
        self.count = whole_number("count", count, 0, self.size)
        self.missed = 0
        self._low, self._high = np.int32(1), np.int32(0)  # no bracket yet
        self._found = np.empty(size, np.int32)

    def choose(self, scores: NDArray[np.float32], mask: NDArray[np.float32]) -> None:
        """Write 1 into `mask` (size,) where a score (size,) is chosen, and 0 elsewhere."""
        if scores.shape != (self.size,) or scores.dtype != np.float32:
            raise InputError("scores", f"{self.size} numbers in float32", f"{scores.dtype} of shape {scores.shape}")
        if self.count in (0, self.size):
            mask[:] = bool(self.count)
            return
        bits = scores.view(np.int32)
        threshold, equal_ones = self._threshold(bits)
        _write_mask(bits, threshold, equal_ones, mask)

    def _threshold(self, bits: NDArray[np.int32]) -> tuple[np.int32, int]:
        """The bits of the smallest chosen magnitude, and how many that are equal to it are chosen; -1 for all."""
        above, inside = _count(bits, self._low, self._high, self._found)
        if above < self.count <= above + inside:
            candidates = self._found[:inside]
        else:
            self.missed += 1
            candidates, above = bits & _SIZE, 0
            self._lay_bracket(candidates)
        place = len(candidates) - (self.count - above)  # in ascending order
        candidates.partition(place)
        threshold = candidates[place]
        wanted = self.count - above - int(np.count_nonzero(candidates > threshold))
        there = int(np.count_nonzero(candidates == threshold))
        self._centre(int(threshold))
        return threshold, -1 if wanted == there else wanted

    def _lay_bracket(self, magnitudes: NDArray[np.int32]) -> None:
        place, aside = self.size - self.count, self.size // _ASIDE + 1
        ends = max(place - aside, 0), min(place + aside, self.size - 1)
        self._low, self._high = np.partition(magnitudes, ends)[list(ends)]

    def _centre(self, threshold: int) -> None:
        low, high = int(self._low), int(self._high)
        half = max(_MARGIN * abs(threshold - (low + high) // 2), int(_SLOWLY * (high - low) / 2), 1)
        self._low, self._high = np.int32(max(threshold - half, 0)), np.int32(min(threshold + half, int(_SIZE)))


@kernel
def _count(bits: Any, low: Any, high: Any, found: Any) -> Any:
    """How many magnitudes are above `high`, and how many from `low` to `high`, which are copied to `found`."""
    above, inside = 0, 0
    for start in range(0, bits.size, _BLOCK):
        block = bits[start : start + _BLOCK]
        over, within = np.int32(0), np.int32(0)
        for i in range(block.size):
            magnitude = block[i] & _SIZE
            over += np.int32(magnitude > high)
            within += np.int32(magnitude >= low)
        above += over
        if within > over:
            for i in range(block.size):
                magnitude = block[i] & _SIZE
                if low <= magnitude <= high:
                    found[inside] = magnitude
                    inside += 1
    return above, inside


@kernel
def _write_mask(bits: Any, threshold: Any, equal_ones: Any, mask: Any) -> None:
    """1 for magnitudes above the threshold and for the first `equal_ones` equal to it, all for -1; 0 elsewhere."""
    if equal_ones < 0:
        for i in range(bits.size):
            mask[i] = np.float32((bits[i] & _SIZE) >= threshold)
        return
    for i in range(bits.size):
        magnitude = bits[i] & _SIZE
        chosen = magnitude > threshold
        if magnitude == threshold and equal_ones > 0:
            chosen = True
            equal_ones -= 1
        mask[i] = np.float32(chosen)
