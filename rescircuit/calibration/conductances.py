"""What banks really conduct in given settings, faults included: the truth, which a read-out sees through its errors."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rescircuit.bank import Bank
from rescircuit.checks import Array

__all__ = ["branch_conductances", "largest_conductances", "setting_conductances"]

_ALL = slice(None)
_BLOCK = 1 << 13  # banks


def branch_conductances(bank: Bank, rows: slice = _ALL) -> tuple[Array, Array]:
    """What branches conduct with open switches, and what closing adds, siemens (b, n), of the banks `rows` in C order.

    A switch that is stuck adds nothing, nor does one that was blown.
    """
    on, off = (array.reshape(-1, bank.n)[rows] for array in (bank.on_conductances, bank.off_conductances))
    if bank.one_time is not None:
        held = np.where(bank.one_time.closed.reshape(-1, bank.n)[rows], on, off)
        return held, np.zeros_like(held)
    stuck_open, stuck_closed = (
        None if flags is None else flags.reshape(-1, bank.n)[rows] for flags in (bank.stuck_open, bank.stuck_closed)
    )
    closed = on if stuck_open is None else np.where(stuck_open, off, on)
    opened = off if stuck_closed is None else np.where(stuck_closed, on, off)
    return opened, closed - opened


def setting_conductances(opened: Array, added: Array, matrix: NDArray[np.bool_]) -> Array:
    """What banks conduct in the settings `matrix` (p, n), siemens (p, b), by their branches (b, n).

    Sums are taken in a fixed order: the same bits in any chunking.
    """
    total = np.repeat(opened.sum(axis=1)[np.newaxis], len(matrix), axis=0)
    for k in range(added.shape[1]):
        total[matrix[:, k]] += added[:, k]
    return total


def largest_conductances(bank: Bank, matrix: NDArray[np.bool_]) -> Array:
    """The largest conductance of any bank in each of the settings `matrix` (p, n), siemens (p,)."""
    largest = np.zeros(len(matrix))
    for first in range(0, bank.resistances.size // bank.n, _BLOCK):
        opened, added = branch_conductances(bank, slice(first, first + _BLOCK))
        largest = np.maximum(largest, setting_conductances(opened, added, matrix).max(axis=1))
    return largest
