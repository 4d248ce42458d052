"""Random tensors and the masks that prune them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rescircuit.errors import InputError

__all__ = ["PrunedTensor"]


@dataclass(frozen=True, kw_only=True, eq=False)
class PrunedTensor:
    """A random tensor and the mask that prunes it: nothing else ever changes a weight.

    Attributes
    ----------
    name : str
    random : array
        As it was drawn.
    mask : bool array of the same shape
        ``True`` where a weight stays.

    Raises
    ------
    InputError
        For a mask that is not of truth values, or of another shape.
    """

    name: str
    random: NDArray[Any]
    mask: NDArray[np.bool_]

    def __post_init__(self) -> None:
        if self.mask.dtype != np.bool_ or self.mask.shape != self.random.shape:
            required = f"truth values of shape {self.random.shape}"
            raise InputError(f"{self.name}.mask", required, f"{self.mask.dtype} of shape {self.mask.shape}")
        for values in (self.random, self.mask):
            values.flags.writeable = False

    @property
    def pruned(self) -> NDArray[Any]:
        """The random tensor times the mask."""
        return self.random * self.mask

    @property
    def size(self) -> int:
        """Random weights."""
        return self.random.size

    @property
    def kept(self) -> int:
        """Weights that stay."""
        return int(np.count_nonzero(self.mask))

    @property
    def sparsity(self) -> float:
        """The share of weights that are pruned."""
        return 1.0 - self.kept / self.size
