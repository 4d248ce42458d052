"""What settles in an array: the capacitances at its nodes, and the matrix whose eigenvalues are its time constants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.linalg import LinearOperator

from rescircuit.checks import Array, non_negative_array
from rescircuit.crossbar.wiring import LinearSystem
from rescircuit.errors import InputError

__all__ = ["Capacitances", "Modes"]

_BLOCK = 512  # columns at once: what they need beside the matrix stays small


@dataclass(frozen=True, kw_only=True, eq=False)
class Capacitances:
    """Farad, (m, n) each: at nodes on word lines and on bit lines, and between the two.

    Their matrix C has a block of two rows for each cell, ``[[w + c, -c], [-c, b + c]]``, with the Cholesky factor
    ``[[a, 0], [-c / a, d]]``.
    """

    words: Array
    bits: Array
    cells: Array

    @classmethod
    def of(cls, shape: tuple[int, int], c_word_line: Any, c_bit_line: Any, c_cell: Any) -> Capacitances:
        """What a person states of an array of that shape, checked."""
        return cls(
            words=_checked("c_word_line", c_word_line, shape),
            bits=_checked("c_bit_line", c_bit_line, shape),
            cells=_checked("c_cell", c_cell, shape),
        )

    def charges(self, words: Array, bits: Array) -> tuple[Array, Array]:
        """``C v``, coulomb, (k, m, n) each."""
        across = self.cells * (words - bits)
        return self.words * words + across, self.bits * bits - across

    @property
    def factor(self) -> tuple[Array, Array, Array]:
        """Upper left, lower left and lower right of each cell's Cholesky factor, (m, n), √F."""
        upper = np.sqrt(self.words + self.cells)
        lower = -np.divide(self.cells, upper, out=np.zeros_like(upper), where=upper > 0)
        # b + c - c² / (w + c), without its cancellation
        seen = np.divide(self.cells * self.words, upper**2, out=np.zeros_like(upper), where=upper > 0)
        return upper, lower, np.sqrt(self.bits + seen)


class Modes(LinearOperator):
    """``Lᵀ Y⁻¹ L`` of an array: symmetric, and its eigenvalues are the time constants."""

    def __init__(self, system: LinearSystem, capacitances: Capacitances) -> None:
        self._system = system
        self._factor = capacitances.factor
        size = 2 * capacitances.words.size
        super().__init__(dtype=np.dtype(np.float64), shape=(size, size))

    def held(self, words: Array, bits: Array) -> Array:
        """``Lᵀ v`` of voltages (k, m, n), as columns (2mn, k)."""
        upper, lower, last = self._factor
        return np.concatenate([upper * words + lower * bits, last * bits], axis=1).reshape(len(words), -1).T

    def dense(self, chosen: NDArray[np.intp]) -> tuple[Array, Array]:
        """The matrix of some rows and columns, (k, k), and what of the columns of L arrives at bit lines, (k, n)."""
        matrix, arriving = np.empty((chosen.size, chosen.size)), np.empty((chosen.size, self._factor[0].shape[1]))
        for start in range(0, chosen.size, _BLOCK):
            block = chosen[start : start + _BLOCK]
            columns = np.zeros((self.shape[0], block.size))
            columns[block, np.arange(block.size)] = 1.0
            matrix[:, start : start + _BLOCK] = self._matmat(columns)[chosen]
            arriving[start : start + _BLOCK] = self._system.arriving(*self._charges(columns))[1]
        return matrix, arriving

    def _charges(self, x: Array) -> tuple[Array, Array]:
        """``L x`` of columns (2mn, k), at word lines and bit lines, (k, m, n) each."""
        upper, lower, last = self._factor
        words, bits = np.moveaxis(x.T.reshape(-1, 2, *upper.shape), 1, 0)
        return upper * words, lower * words + last * bits

    def _matmat(self, X: Array) -> Array:
        return self.held(*self._system.corrections(*self._charges(X)))


def _checked(argument: str, values: Any, shape: tuple[int, int]) -> Array:
    """Capacitances as an array (m, n)."""
    capacitances = non_negative_array(argument, values, "F")
    try:
        return np.broadcast_to(capacitances, shape)
    except ValueError:
        required = f"a number or of a shape that broadcasts to {shape}"
        raise InputError(argument, required, f"shape {capacitances.shape}") from None
