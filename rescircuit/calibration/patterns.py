"""Which switches are closed in which reading: one at a time, or weighing designs.

With 0/1 patterns ``P`` (p, n) a bank's readings are ``P v + offset``: n + 1 unknowns, solved by least squares.

One switch at a time, with a reading of all open, each value is a difference of two readings: variance 2 sigma². A
weighing design closes half of the switches in each reading, so that every reading tells of every value: from a
Hadamard matrix of order N >= n + 1 the variance is 4 sigma² / N, the least that N readings can give (Hotelling 1944;
Harwit and Sloane, "Hadamard transform optics", 1979; their S-matrix, whose zero is known and not read, has
4 n sigma² / (n + 1)²). For 21 values, N = 24: a twelfth of the variance.

It pays where sigma is the same in both: additive noise, at the same range. It does not pay

- where the range is fitted to the patterns: one switch's current is at most the largest branch's, a weighing's is about
  half of all. With equal resistors the range, and quantisation and dither with it, is n / 2 times larger, which is
  more than the sqrt(N / 2) gained. With resistors spread by a ratio of 1.7 the largest branch is 0.41 of the whole,
  the range only some 2 times larger, and the weighing still gains;
- against noise in proportion to the reading, which grows as the range does;
- against gain errors and integral non-linearity, which no least squares take out: each value is then a difference
  of large readings, whose non-linearity does not cancel.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rescircuit.checks import Array, whole_number
from rescircuit.errors import InputError

__all__ = ["Patterns"]

_MOST = 4096


@dataclass(frozen=True, kw_only=True, eq=False)
class Patterns:
    """The settings at which a bank is read.

    Parameters
    ----------
    matrix : bool array (p, n)
        ``True`` where a switch is closed; a row a reading.
    name : str
        What the design is called.

    Raises
    ------
    InputError
        For patterns that do not determine the n values and the offset.
    """

    matrix: NDArray[np.bool_]
    name: str = "given"

    def __post_init__(self) -> None:
        matrix = np.array(self.matrix)
        if matrix.dtype != np.bool_ or matrix.ndim != 2 or 0 in matrix.shape:
            required = "booleans (p, n), a row a reading and a column a switch"
            raise InputError("matrix", required, f"shape {matrix.shape} of {matrix.dtype.name}")
        if max(matrix.shape) > 2 * _MOST:
            raise InputError("matrix", f"at most {2 * _MOST} rows and columns", f"shape {matrix.shape}")
        if not isinstance(self.name, str):
            raise InputError("name", "a text", self.name)
        matrix.flags.writeable = False
        object.__setattr__(self, "matrix", matrix)
        rank = int(np.linalg.matrix_rank(self.design))
        if rank < self.n + 1:
            required = f"patterns that determine {self.n} values and the offset, {self.n + 1} unknowns"
            raise InputError("matrix", required, f"a rank of {rank}", "Add a reading with all switches open.")

    @classmethod
    def one_hot(cls, n: int) -> Patterns:
        """All switches open, then one closed at a time: n + 1 readings."""
        n = whole_number("n", n, 1, _MOST)
        return cls(matrix=np.vstack([np.zeros((1, n), np.bool_), np.eye(n, dtype=np.bool_)]), name="one-hot")

    @classmethod
    def hadamard(cls, n: int) -> Patterns:
        """A weighing design of N readings, the first with all switches open; N is the least order >= n + 1 known here.

        Orders are those of Sylvester's and Paley's constructions: all multiples of 4 up to 48, and their doubles.
        """
        n = whole_number("n", n, 1, _MOST)
        matrix = _hadamard(n + 1)
        matrix = matrix * matrix[:, :1]  # a first column of ones: the offset's
        matrix = matrix * matrix[:1]  # a first row of ones: all open
        return cls(matrix=matrix[:, 1 : n + 1] < 0, name="Hadamard")

    @property
    def n(self) -> int:
        """Switches."""
        return self.matrix.shape[1]

    @property
    def count(self) -> int:
        """Readings of one bank."""
        return self.matrix.shape[0]

    @cached_property
    def design(self) -> Array:
        """What multiplies (values, offset) in the readings, (p, n + 1)."""
        return np.column_stack([self.matrix.astype(np.float64), np.ones(self.matrix.shape[0])])

    @cached_property
    def solution(self) -> Array:
        """What gives (values, offset) from the readings by least squares, (n + 1, p)."""
        solution = np.linalg.pinv(self.design).astype(np.float64)
        # Exact zeros that the decomposition leaves as last bits cost time, and blur one-hot's simple differences.
        solution[np.abs(solution) < 1e-13 * np.abs(solution).max()] = 0.0
        solution.flags.writeable = False
        return solution

    @property
    def variance_gain(self) -> Array:
        """By how much independent noise of equal size is magnified, as variances of the n values, (n,).

        2 for one switch at a time, 4 / N for a Hadamard design of order N.
        """
        return (self.solution[:-1] ** 2).sum(axis=1)


def _hadamard(least: int) -> NDArray[np.int64]:
    """A Hadamard matrix of the smallest order of at least `least` that Sylvester's and Paley's constructions give."""
    order = least if least <= 2 else -(-least // 4) * 4
    while True:
        matrix = _of_order(order)
        if matrix is not None:
            return matrix
        order += 4


def _of_order(order: int) -> NDArray[np.int64] | None:
    if order == 1:
        return np.ones((1, 1), np.int64)
    if _is_prime(order - 1) and (order - 1) % 4 == 3:
        return _paley_one(order - 1)
    if order % 2 == 0 and _is_prime(order // 2 - 1) and (order // 2 - 1) % 4 == 1:
        return _paley_two(order // 2 - 1)
    if order == 2 or order % 8 == 0:
        half = _of_order(order // 2)
        return None if half is None else np.block([[half, half], [half, -half]])
    return None


def _is_prime(q: int) -> bool:
    return q > 1 and all(q % k for k in range(2, int(q**0.5) + 1))


def _jacobsthal(q: int) -> NDArray[np.int64]:
    """Quadratic characters of all differences modulo the prime `q`."""
    character = np.full(q, -1, np.int64)
    character[np.arange(1, q) ** 2 % q] = 1
    character[0] = 0
    return character[(np.arange(q)[:, np.newaxis] - np.arange(q)) % q]


def _paley_one(q: int) -> NDArray[np.int64]:
    """Of order q + 1, for a prime q = 3 modulo 4."""
    skew = np.zeros((q + 1, q + 1), np.int64)
    skew[0, 1:], skew[1:, 0], skew[1:, 1:] = 1, -1, _jacobsthal(q)
    return skew + np.eye(q + 1, dtype=np.int64)


def _paley_two(q: int) -> NDArray[np.int64]:
    """Of order 2 (q + 1), for a prime q = 1 modulo 4."""
    conference = np.zeros((q + 1, q + 1), np.int64)
    conference[0, 1:], conference[1:, 0], conference[1:, 1:] = 1, 1, _jacobsthal(q)
    unit = np.eye(q + 1, dtype=np.int64)
    return np.kron(conference, np.array([[1, 1], [1, -1]])) + np.kron(unit, np.array([[1, -1], [-1, -1]]))


def as_patterns(patterns: Any, n: int) -> Patterns:
    """`patterns` for banks of `n` switches: a design, or the name of one."""
    if isinstance(patterns, str):
        designs = {"one-hot": Patterns.one_hot, "hadamard": Patterns.hadamard}
        if patterns.lower() not in designs:
            raise InputError("patterns", '"one-hot", "hadamard" or Patterns', patterns)
        return designs[patterns.lower()](n)
    if not isinstance(patterns, Patterns):
        raise InputError("patterns", '"one-hot", "hadamard" or Patterns', patterns)
    if patterns.n != n:
        raise InputError("patterns", f"patterns of {n} switches", patterns.n)
    return patterns
