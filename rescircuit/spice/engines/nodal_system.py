"""The voltages and currents of a linear network at rest, by nodal analysis.

Nodes that voltage sources join have known differences, so they are one unknown, or none where ground is among them:
what is left is a symmetric matrix of conductances, except for mirrors, whose currents are further unknowns. It is
factorised once, by SuperLU without pivoting in an order of minimum degree (with mirrors: COLAMD and pivoting), and the
solution is refined.

Every unknown is kept as the sum of two doubles. The voltage across a wire is then known to its own last digits, and
not to those of the voltages at its ends: so are its current, the sums of currents at the nodes, and a source's current,
which is the sum of all currents that reach it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from rescircuit.checks import Array
from rescircuit.errors import SolutionError
from rescircuit.spice.engines.nodal_network import Ends, Forest, LinearNetwork, NetworkSolution, refuse_floating

__all__ = ["solve_network"]

_EPSILON = float(np.finfo(np.float64).eps)
_GOAL = 4 * _EPSILON  # of the imbalance: below it are the roundings of the sums alone
_LIMIT = 1e-12  # of the imbalance: above it the refinement has failed
_MOST_REFINEMENTS = 30
_LIMIT_OF_ERROR = 1e-9
_EXTREME = "The values of its elements lie too far apart for double precision; leave out the extreme ones."
_VALUES_AT_ONCE = 1 << 23  # currents of branches in memory, over the samples of one block: 64 MiB an array


def solve_network(network: LinearNetwork) -> NetworkSolution:
    """Voltages of all nodes and currents of all voltage sources.

    Raises
    ------
    InputError
        For a loop of voltage sources, and for a node without a path to ground through conductances and voltage sources.
    SolutionError
        When mirrors make the circuit singular, refinement does not make the currents at every node add up to 1e-12 of
        their magnitudes, or the voltages are not known to 1e-9 of the largest.
    """
    refuse_floating(network)
    forest = Forest.of(network)
    equations = _Equations.of(network, forest)
    factor = _factorised(equations)
    samples = network.voltages.shape[1]
    voltages = np.empty((len(network.nodes), samples))
    currents = np.empty((len(network.sources), samples))
    residual = imbalance = error = 0.0
    step = max(1, _VALUES_AT_ONCE // max(1, equations.incidence.shape[1]))
    for start in range(0, samples, step):
        block = slice(start, start + step)
        state, backward, forward = _refined(equations, factor.solve, block)
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
class _Equations:
    """Kirchhoff's current law of what is unknown, over branches: conductances, current sources and mirrors, in turn.

    Attributes
    ----------
    incidence : sparse array (N, M)
        1 where a branch begins at a node and -1 where it ends there.
    laws : sparse array (U, M)
        The sums of branch currents that are zero, with `own` times the unknown currents. A row for each unknown
        voltage: a node's or a tree's; then one for each mirrored current: the nodes that hang on its source.
    own : array (U,)
        0 for voltages; the sign of a mirrored current, times `unit`.
    unit : float
        Siemens; a mirrored current is this times its unknown, which so has the size of a voltage.
    matrix : sparse array (U, U)
        Of these laws over the unknowns.
    mirrors : sparse array (F, U)
        The mirrors' currents over the unknowns.
    unknown : int array (N,)
        Place of each node's voltage among the unknowns; U where ground is in its tree.
    conductances : array (U,)
        Sums of the magnitudes in the matrix's rows.
    """

    network: LinearNetwork
    forest: Forest
    incidence: Any
    laws: Any
    own: Array
    unit: float
    matrix: Any
    mirrors: Any
    unknown: Ends
    conductances: Array

    @classmethod
    def of(cls, network: LinearNetwork, forest: Forest) -> _Equations:
        from scipy.sparse import coo_array, diags_array, hstack, vstack

        size = len(network.nodes)
        incidence = _incidence(size, network.ends, network.current_ends, network.mirror_ends)
        free = np.flatnonzero((forest.roots == np.arange(size)) & (np.arange(size) > 0))
        places = np.full(size, -1)
        places[free] = np.arange(free.size)
        unknown = places[forest.roots]
        members = np.flatnonzero(unknown >= 0)
        sums = coo_array((np.ones(members.size), (unknown[members], members)), shape=(free.size, size)).tocsr()
        mirrored, which = np.unique(network.mirrored, return_inverse=True)
        hanging = [forest.subtree(source) for source in mirrored.tolist()]
        rows = np.repeat(np.arange(len(hanging)), [len(nodes) for nodes, _ in hanging]).astype(np.intp)
        columns = np.array([node for nodes, _ in hanging for node in nodes], np.intp)
        trees = coo_array((np.ones(rows.size), (rows, columns)), shape=(len(hanging), size)).tocsr()
        laws = (vstack([sums, trees]) @ incidence).tocsr()
        laws.eliminate_zeros()  # branches inside a tree: their currents add to nothing
        count = network.conductances.size
        unit = float(np.median(network.conductances)) if count else 1.0
        entries = network.gains * unit, (np.arange(which.size), free.size + which)
        mirrors = coo_array(entries, shape=(which.size, free.size + mirrored.size)).tocsr()
        own = np.concatenate([np.zeros(free.size), unit * np.array([sign for _, sign in hanging])])
        across = hstack([(sums @ incidence[:, :count]).T, coo_array((count, mirrored.size))])
        conducted = laws[:, :count] @ (diags_array(network.conductances) @ across)
        matrix = conducted + laws[:, incidence.shape[1] - which.size :] @ mirrors + diags_array(own)
        return cls(
            network=network,
            forest=forest,
            incidence=incidence,
            laws=laws,
            own=own,
            unit=unit,
            matrix=matrix.tocsc(),
            mirrors=mirrors,
            unknown=np.where(unknown < 0, own.size, unknown),
            conductances=abs(matrix).sum(axis=1),
        )

    def voltages(self, unknowns: tuple[Array, Array], block: slice) -> tuple[Array, Array]:
        """Those of the nodes, (N, k), in two parts, at `unknowns` in two parts, (U, k)."""
        known = np.zeros((1, unknowns[0].shape[1]))
        high, low = (np.concatenate([part, known])[self.unknown] for part in unknowns)
        held = self.forest.held
        high[held], rest = _two_sum(high[held], self.forest.offsets[:, block])
        low[held] += rest
        return high, low

    def currents(self, voltages: tuple[Array, Array], unknowns: tuple[Array, Array], block: slice) -> Array:
        """Those of all branches, (M, k)."""
        high, low = voltages
        tail, head = self.network.ends
        across = (high[tail] - high[head]) + (low[tail] - low[head])
        conducted = self.network.conductances[:, np.newaxis] * across
        mirrored = self.mirrors @ unknowns[0] + self.mirrors @ unknowns[1]
        return np.concatenate([conducted, self.network.currents[:, block], mirrored])


def _incidence(size: int, *branches: Ends) -> Any:
    """1 where a branch begins at a node and -1 where it ends there, (size, branches)."""
    from scipy.sparse import coo_array

    tail, head = np.concatenate(branches, axis=1)
    count = np.arange(tail.size)
    entries = np.concatenate([np.ones(tail.size), -np.ones(tail.size)])
    places = np.concatenate([tail, head]), np.concatenate([count, count])
    return coo_array((entries, places), shape=(size, tail.size)).tocsr()


@dataclass(frozen=True, kw_only=True, eq=False)
class _Factor:
    """The matrix's factors at work."""

    solve: Callable[[Array], Array]
    condition: float
    fill: int


def _factorised(equations: _Equations) -> _Factor:
    from scipy.sparse.linalg import splu

    matrix = equations.matrix
    if not matrix.shape[0]:
        return _Factor(solve=np.copy, condition=1.0, fill=0)
    symmetric = not equations.mirrors.shape[0]
    try:
        if symmetric:  # the least of the orders' fill and time in arrays with wires, from 64 x 64 to 512 x 512
            options = {"SymmetricMode": True}
            factors = splu(matrix, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options=options)
        else:
            factors = splu(matrix)
    except RuntimeError:
        hint = _EXTREME if symmetric else "Its mirrors feed back so that no voltages fit, or many; check their gains."
        raise SolutionError("the circuit has a singular matrix", np.inf, _LIMIT, hint) from None
    norm = float(equations.conductances.max())
    inverse = float(np.abs(factors.solve(np.ones(matrix.shape[0]))).max())
    return _Factor(solve=factors.solve, condition=norm * inverse, fill=int(factors.nnz))


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
        That of :class:`~rescircuit.spice.engines.nodal_network.NetworkSolution`.
    """

    unknowns: tuple[Array, Array]
    voltages: tuple[Array, Array]
    currents: Array
    missing: Array
    terms: Array
    imbalance: float

    @classmethod
    def at(cls, equations: _Equations, unknowns: tuple[Array, Array], block: slice) -> _State:
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


def _refined(equations: _Equations, solve: Callable[[Array], Array], block: slice) -> tuple[_State, float, float]:
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
            following = _State.at(equations, _sum_of_parts(*state.unknowns, solve(state.missing)), block)
        if not following.imbalance < state.imbalance:
            break
        state = following
    if state.imbalance > _LIMIT:
        raise SolutionError("currents at the nodes of the circuit", state.imbalance, _LIMIT, _EXTREME)
    injected, largest = (np.abs(a).max(axis=0, initial=0.0) for a in (first.missing, state.unknowns[0]))
    scale = equations.conductances.max(initial=0.0) * largest + injected
    residual = _largest_share(np.abs(state.missing).max(axis=0, initial=0.0), scale)
    # What the sums of currents lack, and what their roundings may hide, drives voltages that are all of one sign.
    off = np.abs(solve(np.abs(state.missing) + _EPSILON * state.terms)).max(axis=0, initial=0.0)
    error = _largest_share(off, np.abs(state.voltages[0]).max(axis=0))
    if not error <= _LIMIT_OF_ERROR:
        raise SolutionError("voltages of the circuit", error, _LIMIT_OF_ERROR, _EXTREME)
    return state, residual, error


def _largest_share(parts: Array, wholes: Array) -> float:
    """The largest of ``|parts| / wholes``; nothing of nothing is 0."""
    with np.errstate(divide="ignore"):
        return float(np.divide(np.abs(parts), wholes, out=np.zeros_like(parts), where=parts != 0).max(initial=0.0))


def _two_sum(a: Array, b: Array) -> tuple[Array, Array]:
    """``a + b`` rounded, and what the rounding left out (Knuth, The Art of Computer Programming 2, 4.2.2)."""
    total = a + b
    shadow = total - a
    return total, (a - (total - shadow)) + (b - shadow)


def _sum_of_parts(high: Array, low: Array, change: Array) -> tuple[Array, Array]:
    """``high + low + change`` in two parts."""
    total, rest = _two_sum(high, change)
    return _two_sum(total, low + rest)
