"""Nodal analysis of resistor networks with some nodes held at known voltages: one factorisation, many right sides."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csc_array
from scipy.sparse.linalg import LinearOperator, SuperLU, onenormest, splu

from rescircuit.checks import Array
from rescircuit.crossbar.topology import Branches
from rescircuit.errors import SolutionError

__all__ = ["RESIDUAL_LIMIT", "TOO_MANY_DECADES", "NodalSystem"]

RESIDUAL_LIMIT = 1e-12  # backward error; a healthy solution has 1e-17 to 1e-15
TOO_MANY_DECADES = "The conductances span too many decades; leave out cells and wires that do not matter."
_REFINEMENTS = 1  # more change nothing: the voltages' own last bits are reached


class NodalSystem:
    """The conductance matrix of a network, split into free and held nodes, and factored once.

    Parameters
    ----------
    count : int
        Number of nodes; those that no branch touches and that are not held are left out.
    branches : sequence of Branches
    held : int array (p,)
        The nodes whose voltages are given, without repetition.
    """

    def __init__(self, count: int, branches: Sequence[Branches], held: NDArray[np.intp]) -> None:
        tail = np.concatenate([part.tail for part in branches])
        head = np.concatenate([part.head for part in branches])
        conductance = 1.0 / np.concatenate([part.resistance for part in branches])
        index = np.arange(tail.size)
        ends = (np.concatenate([index, index]), np.concatenate([tail, head]))
        signs = np.repeat([1.0, -1.0], tail.size)
        self._conductance = conductance[:, np.newaxis]
        self._incidence = coo_array((signs, ends), shape=(tail.size, count)).tocsr()
        touched = np.zeros(count, bool)
        touched[tail] = touched[head] = True
        touched[held] = False
        self.held = held
        self.free = np.flatnonzero(touched)
        self._count = count
        inner = self._incidence[:, self.free]
        self._inner = csc_array(inner.T @ (self._conductance * inner))

    def solve(self, held_voltages: Array) -> tuple[Array, Array, float]:
        """Voltages of all nodes.

        Parameters
        ----------
        held_voltages : array (k, p)
            The given voltages, volt, in the order of ``held``.

        Returns
        -------
        voltages : array (k, count)
            Volt; nodes that nothing touches read 0 V.
        change : array (k, count)
            What another step of refinement would change, volt: what rounding has left in doubt.
        kcl_residual : float
            The largest backward error ``|Y v - i| / (|Y| |v| + |i|)`` of the k solutions, in maximum norms.

        Raises
        ------
        SolutionError
            If that error is above :data:`RESIDUAL_LIMIT`, or the matrix is singular in doubles.
        """
        nodes = np.zeros((self._count, len(held_voltages)))
        nodes[self.held] = held_voltages.T
        if self.free.size == 0:
            return nodes.T, np.zeros_like(nodes.T), 0.0
        # The first pass solves; the others refine. Their defects are summed from the branches' currents, whose
        # voltage differences are exact, and not from a product that has rounded large terms already.
        for _ in range(1 + _REFINEMENTS):
            nodes[self.free] += self._factors.solve(-self._leaving(nodes)[self.free])
        change = np.zeros_like(nodes)
        change[self.free] = self._factors.solve(-self._leaving(nodes)[self.free])
        residual = float(self._backward_error(nodes).max())
        if not residual <= RESIDUAL_LIMIT:
            raise SolutionError("Kirchhoff's current law in the array", residual, RESIDUAL_LIMIT, TOO_MANY_DECADES)
        return nodes.T, change.T, residual

    def _leaving(self, nodes: Array) -> Array:
        """Currents that leave each node through its branches, ampere, (count, k)."""
        return self._incidence.T @ (self._conductance * (self._incidence @ nodes))

    @cached_property
    def condition_estimate(self) -> float:
        """An estimate (a lower bound, seldom far off) of the 1-norm condition number of the free nodes' matrix."""
        if self.free.size == 0:
            return 1.0
        if self.free.size <= 4:  # too small for the estimator's block of vectors
            return float(np.linalg.cond(self._inner.toarray(), 1))
        return float(abs(self._inner).sum(axis=0).max() * onenormest(_Inverse(self._factors), t=1))

    @cached_property
    def _factors(self) -> SuperLU:
        """Sparse LU. The matrix is symmetric and column-dominant, so it needs no pivoting."""
        try:
            return splu(
                self._inner,
                permc_spec="MMD_AT_PLUS_A",
                diag_pivot_thresh=0.0,
                options={"SymmetricMode": True},
            )
        except RuntimeError:  # beside a cell that conducts 1e16 times better, a wire is lost in rounding
            raise SolutionError(
                "Kirchhoff's current law in the array", np.inf, RESIDUAL_LIMIT, TOO_MANY_DECADES
            ) from None

    def __getstate__(self) -> dict[str, Any]:
        """For copies and other processes: all but the factors, which are made again when they are used."""
        return {name: value for name, value in vars(self).items() if name != "_factors"}

    def _backward_error(self, nodes: Array) -> Array:
        """``|Y v - i| / (|Y| |v| + |i|)`` of each column; what held nodes inject is part of ``Y v`` here."""
        norm = abs(self._inner).sum(axis=1).max()
        defect = np.abs(self._leaving(nodes)[self.free]).max(axis=0)
        scale = norm * np.abs(nodes).max(axis=0)
        return np.divide(defect, scale, out=np.zeros_like(defect), where=scale > 0)


class _Inverse(LinearOperator):
    """The inverse of a symmetric matrix from its factors, for the norm estimator."""

    def __init__(self, factors: SuperLU) -> None:
        super().__init__(dtype=np.dtype(np.float64), shape=factors.shape)
        self._factors = factors

    def _matmat(self, X: Array) -> Array:
        return self._factors.solve(np.ascontiguousarray(X))

    _rmatmat = _matmat
