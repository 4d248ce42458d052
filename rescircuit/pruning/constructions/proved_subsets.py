"""Subsets that are proved to be the closest, of many problems at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rescircuit.subsetsum import subset_sum
from rescircuit.subsetsum.solution import OPTIMAL, Solution

__all__ = ["proved_subsets"]


def proved_subsets(
    items: Any, targets: Any, *, method: str = "auto", progress: Callable[[float], None] | None = None
) -> Solution:
    """What :func:`~rescircuit.subset_sum` finds without a limit of time.

    Raises
    ------
    KeyboardInterrupt
        If not all of it is proved: Ctrl-C alone ends such work before, and what it leaves is no construction.
    """
    solution = subset_sum(items, targets, method=method, progress=progress)
    if (solution.status != OPTIMAL).any():
        raise KeyboardInterrupt
    return solution
