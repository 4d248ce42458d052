"""All the values of one bank, sorted: what it can be programmed to, and where its gaps are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rescircuit.checks import Array, finite_array
from rescircuit.errors import InputError
from rescircuit.files import write_lines

__all__ = ["LARGEST_CODEBOOK", "Codebook"]

LARGEST_CODEBOOK = 24  # items: 2**24 sums


class Codebook:
    """All 2**n sums of one set of items, in order: what a bank can be programmed to.

    Parameters
    ----------
    items : array (n,)
        Finite, n at most 24.

    Attributes
    ----------
    values : array (2**n,)
        The sums, ascending, in the items' unit.
    codes : uint32 array (2**n,)
        Bit k is set where item k is in the subset.

    Raises
    ------
    InputError
        For items that are not finite, or too many.

    Examples
    --------
    >>> import rescircuit as rc
    >>> book = rc.Codebook([1.0, 2.0, 4.5])
    >>> book.values.tolist()
    [0.0, 1.0, 2.0, 3.0, 4.5, 5.5, 6.5, 7.5]
    >>> float(book.gaps().max())
    1.5
    """

    def __init__(self, items: Any) -> None:
        self.items = finite_array("items", items)
        if self.items.ndim != 1 or self.items.size > LARGEST_CODEBOOK:
            required = f"of shape (n,) with n at most {LARGEST_CODEBOOK}"
            raise InputError("items", required, f"shape {self.items.shape}", "Larger sets have no table of all sums.")
        # In doubles: a table for people. Exact programming works on the grid, see solve_by_codebook.
        sums = np.zeros(1)
        for item in self.items:
            sums = np.concatenate([sums, sums + item])
        order = np.argsort(sums, kind="stable")
        self.values: Array = sums[order]
        self.codes: NDArray[np.uint32] = order.astype(np.uint32)

    @property
    def mask(self) -> NDArray[np.bool_]:
        """The subsets as masks, bool (2**n, n)."""
        return (self.codes[:, np.newaxis] >> np.arange(self.items.size, dtype=np.uint32) & np.uint32(1)).astype(bool)

    def gaps(self) -> Array:
        """The distances between neighbouring sums, (2**n - 1,): a target in a gap is missed by half of it at most."""
        return np.diff(self.values)

    def worst_error(self, low: float, high: float) -> float:
        """The largest distance from any target between `low` and `high` to the nearest sum."""
        low, high = sorted(finite_array("low and high", [low, high]).tolist())
        edges = np.clip(self.values, low, high)
        inside = 0.5 * np.diff(self.values)[np.diff(edges) > 0]
        # Only the part of a gap that lies between low and high counts, and beyond the last sum the distance grows.
        ends = np.abs(np.array([low, high])[:, np.newaxis] - self.values).min(axis=1)
        middles = 0.5 * (self.values[1:] + self.values[:-1])[np.diff(edges) > 0]
        within = inside[(middles >= low) & (middles <= high)]
        return float(max(within.max(initial=0.0), ends.max()))

    def write_csv(self, path: str | Path) -> Path:
        """Write it as CSV with a header: the sum with all digits, and the subset as digits, item 0 first."""
        masks = (self.mask.astype(np.uint8) + ord("0")).view(f"S{self.items.size}").ravel().astype(str)
        rows = (f"{value!r},{mask}" for value, mask in zip(self.values.tolist(), masks, strict=True))
        return write_lines(path, ["value,mask", *rows])
