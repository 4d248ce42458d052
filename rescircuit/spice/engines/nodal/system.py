"""The voltages and currents of a linear network at rest, by nodal analysis.

The matrix of :mod:`rescircuit.spice.engines.nodal.equations` is factorised once, by SuperLU without pivoting in an
order of minimum degree (with mirrors: COLAMD and pivoting), and the solution is refined.

Every unknown is kept as the sum of two doubles. The voltage across a wire is then known to its own last digits, and
not to those of the voltages at its ends: so are its current, the sums of currents at the nodes, and a source's current,
which is the sum of all currents that reach it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from rescircuit.checks import Array
from rescircuit.errors import SolutionError
from rescircuit.spice.engines.nodal.double_double import sum_of_parts
from rescircuit.spice.engines.nodal.equations import Equations
from rescircuit.spice.engines.nodal.network import Forest, LinearNetwork, NetworkSolution, refuse_floating

__all__ = ["solve_network"]

_EPSILON = float(np.finfo(np.float64).eps)
_GOAL = 4 * _EPSILON  # of the imbalance: below it are the roundings of the sums alone
_LIMIT = 1e-12  # of the imbalance: above it the refinement has failed
_MOST_REFINEMENTS = 30
_LIMIT_OF_ERROR = 1e-9
_EXTREME = "Its values lie too far apart for double precision, or its currents cancel; leave out the extreme ones."
_FEEDBACK = "Its mirrors feed back so that no voltages fit, or many; check their gains."
_LARGEST_LOSS = 1e-3  # of the matrix to its roundings
_MOST_ITERATES = 4
_VALUES_AT_ONCE = 1 << 23  # currents of branches in memory, over the samples of one block: 64 MiB an array
_COLUMNS_AT_ONCE = 64  # of 1/Y, whose entries are looked at only where mirrors may make some negative


def solve_network(network: LinearNetwork) -> NetworkSolution:
    """Voltages of all nodes and currents of all voltage sources.

    Raises
    ------
    InputError
        For a loop of voltage sources, and for a node without a path to ground through conductances and voltage sources.
    SolutionError
        When mirrors make the circuit singular, or nearly so, refinement does not make the currents at every node add
        up to 1e-12 of their magnitudes, or the voltages or the mirrored currents are not known to 1e-9 of the largest.
    """
    refuse_floating(network)
    forest = Forest.of(network)
    equations = Equations.of(network, forest)
    factor = _factorised(equations)
    samples = network.voltages.shape[1]
    voltages = np.empty((len(network.nodes), samples))
    currents = np.empty((len(network.sources), samples))
    residual = imbalance = error = 0.0
    step = max(1, _VALUES_AT_ONCE // max(1, equations.incidence.shape[1]))
    for start in range(0, samples, step):
        block = slice(start, start + step)
        state, backward, forward = _refined(equations, factor, block)
        voltages[:, block] = state.voltages[0]
        currents[:, block] = forest.source_currents(equations.incidence @ state.currents)
        residual, error, imbalance = max(residual, backward), max(error, forward), max(imbalance, state.imbalance)
    return NetworkSolution(
        node_voltages=voltages,
        source_currents=currents,
        residual=residual,
        imbalance=imbalance,
        error=error,
        condition=factor.condition,
        unknowns=equations.own.size,
        fill=factor.fill,
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Factor:
    """The matrix's factors at work.

    Attributes
    ----------
    solve : callable
        ``1/Y`` times columns (U, k).
    bound : callable
        ``|1/Y|``, entry by entry, times columns (U, k) without negative entries: what errors of up to these in the
        sums of currents can make of the unknowns.
    condition : float
    fill : int
    """

    solve: Callable[[Array], Array]
    bound: Callable[[Array], Array]
    condition: float
    fill: int


def _factorised(equations: Equations) -> _Factor:
    from scipy.sparse.linalg import splu

    matrix = equations.matrix
    if not matrix.shape[0]:
        return _Factor(solve=np.copy, bound=np.copy, condition=1.0, fill=0)
    symmetric = not equations.mirrors.shape[0]
    try:
        if symmetric:  # the least of the orders' fill and time in arrays with wires, from 64 x 64 to 512 x 512
            options = {"SymmetricMode": True}
            factors = splu(matrix, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options=options)
        else:
            factors = splu(matrix)
    except RuntimeError:
        hint = _EXTREME if symmetric else _FEEDBACK
        raise SolutionError("the circuit has a singular matrix", np.inf, _LIMIT, hint) from None
    bound = partial(_bound_of_positive if symmetric else _bound_of_any, factors.solve)
    with np.errstate(over="ignore", invalid="ignore"):  # where the factors are of no use
        inverse = float(bound(np.ones((matrix.shape[0], 1))).max())
        if not symmetric:
            _refuse_lost(equations.magnitudes, bound)
    condition = float(equations.conductances.max()) * inverse
    return _Factor(solve=factors.solve, bound=bound, condition=condition, fill=int(factors.nnz))


def _refuse_lost(magnitudes: Any, bound: Callable[[Array], Array]) -> None:
    """Raise where roundings of the matrix may make it any other, so that its factors bound nothing.

    That is where ``|1/Y| E`` with these roundings E has a spectral radius that is not small. No quotient of one of its
    iterates by the one before is below the radius (Collatz and Wielandt), whatever the units of the unknowns.
    """
    share = np.inf
    before = bound(np.ones((magnitudes.shape[0], 1)))
    for _ in range(_MOST_ITERATES):
        after = bound(_EPSILON * (magnitudes @ before))
        share = _largest_share(after, before)
        if share <= _LARGEST_LOSS:
            return
        before = after
    raise SolutionError("roundings of the circuit's matrix", share, _LARGEST_LOSS, _FEEDBACK)


def _bound_of_positive(solve: Callable[[Array], Array], amounts: Array) -> Array:
    """Where 1/Y has no negative entry: conductances alone make it so."""
    return np.abs(solve(amounts))


def _bound_of_any(solve: Callable[[Array], Array], amounts: Array) -> Array:
    """Takes a solution for each unknown: an estimate from fewer misses feedback that the signs of `amounts` hide."""
    size = amounts.shape[0]
    total = np.zeros_like(amounts)
    for start in range(0, size, _COLUMNS_AT_ONCE):
        columns = np.eye(size, min(_COLUMNS_AT_ONCE, size - start), -start)
        total += np.abs(solve(columns)) @ amounts[start : start + _COLUMNS_AT_ONCE]
    return total


@dataclass(frozen=True, kw_only=True, eq=False)
class _State:
    """Unknowns in two parts, and what follows from them.

    Attributes
    ----------
    missing : array (U, k)
        What the sums of currents lack.
    terms : array (U, k)
        The sums of the currents' magnitudes.
    imbalance : float
        That of :class:`~rescircuit.spice.engines.nodal.network.NetworkSolution`.
    """

    unknowns: tuple[Array, Array]
    voltages: tuple[Array, Array]
    currents: Array
    missing: Array
    terms: Array
    imbalance: float

    @classmethod
    def at(cls, equations: Equations, unknowns: tuple[Array, Array], block: slice) -> _State:
        voltages = equations.voltages(unknowns, block)
        currents = equations.currents(voltages, unknowns, block)
        own = [equations.own[:, np.newaxis] * part for part in unknowns]
        terms = abs(equations.laws) @ np.abs(currents) + np.abs(own[0])
        rounded = _EPSILON * np.abs(voltages[0]).max(axis=0)
        missing = -(equations.laws @ currents + own[0] + own[1])
        imbalance = _largest_share(missing, terms + np.multiply.outer(equations.conductances, rounded))
        return cls(
            unknowns=unknowns,
            voltages=voltages,
            currents=currents,
            missing=missing,
            terms=terms,
            imbalance=imbalance,
        )


def _refined(equations: Equations, factor: _Factor, block: slice) -> tuple[_State, float, float]:
    """The solution of the samples in `block`, its backward error, and the bound of its error.

    It is refined until the currents add up or come no closer to it. The first pass starts from unknowns that are all 0,
    and so solves the whole system.
    """
    samples = range(equations.network.voltages.shape[1])[block]
    nothing = np.zeros((equations.own.size, len(samples)))
    state = first = _State.at(equations, (nothing, nothing), block)
    for _ in range(_MOST_REFINEMENTS):
        if state.imbalance <= _GOAL:
            break
        with np.errstate(over="ignore", invalid="ignore"):  # where the factors are of no use
            following = _State.at(equations, sum_of_parts(*state.unknowns, factor.solve(state.missing)), block)
        if not following.imbalance < state.imbalance:
            break
        state = following
    if state.imbalance > _LIMIT:
        raise SolutionError("currents at the nodes of the circuit", state.imbalance, _LIMIT, _EXTREME)
    injected, largest = (np.abs(a).max(axis=0, initial=0.0) for a in (first.missing, state.unknowns[0]))
    scale = equations.conductances.max(initial=0.0) * largest + injected
    residual = _largest_share(np.abs(state.missing).max(axis=0, initial=0.0), scale)
    # What the sums of currents lack, and what their roundings may hide, in the worst of all signs.
    off = factor.bound(np.abs(state.missing) + _EPSILON * state.terms)
    mirrored = np.abs(equations.own)[:, np.newaxis] * off  # ampere; 0 for the others, which are voltages
    wrong = np.where(mirrored > 0, 0.0, off)
    rounding = _EPSILON / 2  # to one double each
    error = rounding + max(_largest_of(wrong, state.voltages[0]), _largest_of(mirrored, state.currents))
    if not error <= _LIMIT_OF_ERROR:
        raise SolutionError("voltages of the circuit", error, _LIMIT_OF_ERROR, _EXTREME)
    return state, residual, error


def _largest_of(errors: Array, values: Array) -> float:
    """The largest error of a sample as a share of its largest value."""
    return _largest_share(np.abs(errors).max(axis=0, initial=0.0), np.abs(values).max(axis=0, initial=0.0))


def _largest_share(parts: Array, wholes: Array) -> float:
    """The largest of ``|parts| / wholes``; nothing of nothing is 0."""
    with np.errstate(divide="ignore"):
        return float(np.divide(np.abs(parts), wholes, out=np.zeros_like(parts), where=parts != 0).max(initial=0.0))
