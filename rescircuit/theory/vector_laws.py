"""Laws of random vectors, and what is known of their subset sums.

Of a vector of each law the coordinates are independent once its variance is given. So given the variance ``v`` of a
subset, the sum of its vectors' variances, each coordinate of its sum is normal with that variance (to good
approximation where the coordinates themselves are not normal).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from scipy.special import roots_genlaguerre, roots_sh_jacobi

from rescircuit.checks import Array, finite_number
from rescircuit.devices.streams import Stream
from rescircuit.errors import InputError

__all__ = ["VECTOR_LAWS", "VectorLaw"]

VECTOR_LAWS = ("normal", "nsn", "sparse")
_NODES = 16  # of Gauss's rules


@dataclass(frozen=True, kw_only=True)
class VectorLaw:
    """How random vectors are drawn.

    Attributes
    ----------
    name : str
        ``"normal"``: standard normal coordinates (da Cunha 2023, chapter 3). ``"nsn"``: such a vector times one
        standard normal number, the law of kernels in structured pruning (definition 5.3.2). ``"sparse"``: coordinates
        uniform on [-1, 1] with probability `beta`, else 0, the genes of Gorantla et al. (2019; section 3.6.1).
    beta : float
        Of the sparse law alone, above 0 and at most 1.

    Raises
    ------
    InputError
        For no such law, or `beta` out of range.
    """

    name: str
    beta: float = 1.0

    def __post_init__(self) -> None:
        if self.name not in VECTOR_LAWS:
            raise InputError("law", f"one of {', '.join(VECTOR_LAWS)}", self.name)
        if not 0 < finite_number("beta", self.beta) <= 1:
            raise InputError("beta", "a probability above 0 and at most 1", self.beta)

    @property
    def unit(self) -> float:
        """The mean variance of a coordinate of one vector."""
        return self.beta / 3.0 if self.name == "sparse" else 1.0

    def settings(self) -> dict[str, Any]:
        """Name and parameters, for the settings of a case."""
        return {"law": self.name, **({"beta": self.beta} if self.name == "sparse" else {})}

    def draw(self, seed: int, first: int, count: int, n: int, d: int) -> tuple[Array, Array]:
        """The vectors (count, n, d) of samples `first` on, and the variance (count,) of the sum of all n.

        The latter is that of each coordinate, given the factors that a vector's coordinates share.
        """
        base = f"theory.vectors.{self.name}.{n}.{d}"
        stream, size = Stream(seed=seed, source=base), n * d
        full = np.full(count, n * self.unit)
        if self.name == "sparse":
            there = Stream(seed=seed, source=f"{base}.there").uniform(count * size, first * size) < self.beta
            values = np.where(there, 2.0 * stream.uniform(count * size, first * size) - 1.0, 0.0)
            return values.reshape(count, n, d), full
        vectors = stream.normal(count * size, first * size).reshape(count, n, d)
        if self.name == "normal":
            return vectors, full
        factors = Stream(seed=seed, source=f"{base}.factors").normal(count * n, first * n).reshape(count, n)
        return vectors * factors[:, :, None], np.square(factors).sum(axis=1)

    def variances(self, k: int) -> tuple[Array, Array]:
        """The variance of the sum of k vectors: its values and their probabilities, or a Gauss rule for its law.

        A sum of squares of k normal numbers, chi-squared, for NSN vectors; else a number.
        """
        if self.name != "nsn" or k == 0:
            return np.array([k * self.unit]), np.ones(1)
        return _chi_squared(k)

    def shares(self, n: int, k: int) -> tuple[Array, Array]:
        """The share of k vectors in the variance of all n, as :meth:`variances`; a beta law for NSN vectors."""
        if self.name != "nsn" or k in {0, n}:
            return np.array([k / max(n, 1)]), np.ones(1)
        return _beta(n, k)


@cache
def _chi_squared(k: int) -> tuple[Array, Array]:
    nodes, weights = roots_genlaguerre(_NODES, k / 2.0 - 1.0)
    return 2.0 * nodes, weights / weights.sum()


@cache
def _beta(n: int, k: int) -> tuple[Array, Array]:
    """The law of a share of k out of n chi-squared numbers of one degree each, Beta(k / 2, (n - k) / 2)."""
    nodes, weights = roots_sh_jacobi(_NODES, n / 2.0 - 1.0, k / 2.0)
    return nodes, weights / weights.sum()
