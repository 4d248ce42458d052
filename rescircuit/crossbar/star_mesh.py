"""Kernels that eliminate the nodes of resistor networks by star-mesh transforms: sums of positive numbers only.

A network between *ports* is a symmetric matrix of the conductances between each two of them; its diagonal is never
read. Eliminating a node of conductances ``g_1, g_2, ...`` adds ``g_i g_j / (g_1 + g_2 + ...)`` between its neighbours
(Campbell 1911). Nothing is ever subtracted, so each conductance keeps its *relative* accuracy whatever the range of
the values, where a general factorisation is only accurate relative to the largest (Grassmann, Taksar and Heyman 1985;
O'Cinneide 1993).

A block of h x w cells has the ports of its four sides: left and right ends of its word lines, top and bottom ends of
its bit lines, in this order, each from top to bottom or from left to right; sides at the rim of the array where
nothing is connected have none. Two neighbours merge by joining the ports that they share and eliminating them:
nested dissection (George 1973), which takes an n x n array some n³ operations.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import itemgetter
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from rescircuit.checks import Array
from rescircuit.compiled import kernel, summing_kernel

__all__ = [
    "HORIZONTAL",
    "VERTICAL",
    "absorb_ports",
    "absorb_rows",
    "eliminate_rows",
    "joined_extent",
    "merge_tile",
    "mirror",
    "pair_up",
    "port_places",
    "pull",
    "pull_tile",
    "push",
    "push_tile",
    "tile_plan",
]

Integers = NDArray[np.int64]
Block = TypeVar("Block")
_Planned = tuple[tuple[int, int], Integers]  # a block of a plan: its extent, and its row of numbers
Flags = NDArray[np.bool_]

HORIZONTAL, VERTICAL = 0, 1  # how two blocks lie: side by side, or one above the other

# Columns of a plan: side lengths and where the sides' ports go, of the first block and of the second; the numbers of
# shared ports, of the merger's ports and of both blocks'; where in the stores both blocks' and the merger's matrices
# and vectors begin, and the merger's factor and its pivots.
_FIRST, _STARTS_A, _SECOND, _STARTS_B, _SHARED, _PORTS, _PORTS_A, _PORTS_B = 0, 4, 8, 12, 16, 17, 18, 19
_MATRICES, _VECTORS, _FACTOR, _PIVOTS, _COLUMNS = 20, 23, 26, 27, 28


def port_places(axis: int, first: Integers, second: Integers) -> tuple[Integers, Integers, int, Integers]:
    """Where the ports of two neighbours go when they merge.

    Returns the starts of the first's and of the second's four sides, int (4,), among the shared ports and then the
    merger's, the number of shared ports, and the merger's four side lengths.
    """
    sides, starts_a, starts_b = np.empty(4, np.int64), np.empty(4, np.int64), np.empty(4, np.int64)
    ahead, behind = (1, 0) if axis == HORIZONTAL else (3, 2)  # the first's side that meets which of the second's
    shared = first[ahead]
    position = shared
    for side in range(4):
        starts_a[side] = position
        starts_b[side] = position
        if side == ahead:  # here lies the second's
            sides[side] = second[side]
            starts_a[side] = 0
        elif side == behind:  # here lies the first's
            sides[side] = first[side]
            starts_b[side] = 0
        else:
            sides[side] = first[side] + second[side]
            starts_b[side] = position + first[side]
        position += sides[side]
    return starts_a, starts_b, shared, sides


@kernel
def absorb_rows(block: Array, sides: Integers, starts: Integers, rows: Array) -> None:
    """Add a block's conductances at the shared ports to their rows (s, s + p).

    `sides` are the block's side lengths, int (4,), and `starts` where its sides' ports go.
    """
    shared = rows.shape[0]
    begin = 0
    for side in range(4):
        if starts[side] < shared:
            for k in range(sides[side]):
                _add_sides(block[begin + k], sides, starts, 0, rows[starts[side] + k])
        begin += sides[side]


@kernel
def absorb_ports(block: Array, sides: Integers, starts: Integers, shared: int, merged: Array) -> None:
    """Add a block's conductances between ports that are not shared to the merger's matrix (p, p)."""
    begin = 0
    for side in range(4):
        if starts[side] >= shared:
            for k in range(sides[side]):
                _add_sides(block[begin + k], sides, starts, shared, merged[starts[side] - shared + k])
        begin += sides[side]


@kernel
def _add_sides(source: Array, sides: Integers, starts: Integers, offset: int, target: Array) -> None:
    """Add one port's conductances to their places; those whose places are before `offset` are left out."""
    other = np.uint64(0)
    for side in range(4):
        length = np.uint64(sides[side])
        if starts[side] >= offset:
            place = np.uint64(starts[side] - offset)
            for q in range(length):  # unsigned, or each index would be looked at for being negative
                target[place + q] += source[other + q]
        other += length


@summing_kernel
def eliminate_rows(rows: Array, start: int, stop: int, pivots: Array) -> None:
    """Eliminate the nodes `start` to `stop` of the shared ones, whose rows (s, s + p) hold what they are joined to.

    Only what stands right of a row's diagonal counts. `pivots` takes the sum of each row when its turn comes, the
    node's total conductance. Rows beyond `stop` are left as they were.
    """
    for i in range(start, stop):
        row = rows[i, i + 1 :]
        k = start
        while k + 4 <= i:  # four at a time: the row is loaded and stored once for four products
            a = rows[k, i] / pivots[k] if pivots[k] > 0.0 else 0.0
            b = rows[k + 1, i] / pivots[k + 1] if pivots[k + 1] > 0.0 else 0.0
            c = rows[k + 2, i] / pivots[k + 2] if pivots[k + 2] > 0.0 else 0.0
            d = rows[k + 3, i] / pivots[k + 3] if pivots[k + 3] > 0.0 else 0.0
            if a + b + c + d > 0.0:
                x, y, z, u = rows[k, i + 1 :], rows[k + 1, i + 1 :], rows[k + 2, i + 1 :], rows[k + 3, i + 1 :]
                for q in range(row.size):
                    row[q] += (a * x[q] + b * y[q]) + (c * z[q] + d * u[q])
            k += 4
        while k < i:
            a = rows[k, i] / pivots[k] if pivots[k] > 0.0 else 0.0
            if a > 0.0:
                x = rows[k, i + 1 :]
                for q in range(row.size):
                    row[q] += a * x[q]
            k += 1
        total = 0.0
        for q in range(row.size):
            total += row[q]
        pivots[i] = total


@summing_kernel
def _mesh(rows: Array, pivots: Array, scratch: Array, merged: Array) -> None:
    """What the eliminated nodes contribute between their neighbours: ``sum_k x_ki x_kj / pivot_k``, (p, p)."""
    shared, ports = rows.shape[0], merged.shape[0]
    plain = scratch[0, : shared * ports].reshape(shared, ports)
    share = scratch[1, : shared * ports].reshape(shared, ports)
    for k in range(shared):
        each = 1.0 / pivots[k] if pivots[k] > 0.0 else 0.0
        x, y, z = rows[k, shared:], plain[k], share[k]
        for i in range(ports):
            y[i] = x[i]
            z[i] = x[i] * each
    np.dot(share.T, plain, merged)


@kernel
def mirror(matrix: Array) -> None:
    """Copy what is above the diagonal below it, square by square, so that both stay in the cache."""
    size, square = matrix.shape[0], 32
    for i in range(0, size, square):
        for j in range(0, i + 1, square):
            for p in range(i, min(i + square, size)):
                for q in range(j, min(j + square, p)):
                    matrix[p, q] = matrix[q, p]


def tile_plan(heights: Integers, widths: Integers, ends: Flags) -> tuple[Integers, Integers, Integers]:
    """The merges that make one block of a tile's grid of smaller ones.

    Parameters
    ----------
    heights, widths : int arrays
        Of the rows and columns of small blocks, in cells.
    ends : bool array (4,)
        Which sides of the tile have ports.

    Returns
    -------
    plan : int array (merges, columns)
        See the columns above.
    leaves : int array (rows, columns, 7)
        Of each small block the side lengths, the number of its ports, and where its matrix and its vectors begin.
    sizes : int array (4,)
        Of the stores of matrices and vectors, and of the mergers' factors and pivots.
    """
    rows, columns = heights.size, widths.size
    leaves = np.empty((rows, columns, 7), np.int64)
    sizes = np.zeros(4, np.int64)
    for i in range(rows):
        for j in range(columns):
            leaves[i, j, 0] = heights[i] if j > 0 or ends[0] else 0
            leaves[i, j, 1] = heights[i] if j < columns - 1 or ends[1] else 0
            leaves[i, j, 2] = widths[j] if i > 0 or ends[2] else 0
            leaves[i, j, 3] = widths[j] if i < rows - 1 or ends[3] else 0
            _place(leaves[i, j], sizes)
    merges: list[Integers] = []

    def join(axis: int, one: _Planned, other: _Planned) -> _Planned:
        (extent, first), (beyond, second) = one, other
        merged, row = np.empty(7, np.int64), np.empty(_COLUMNS, np.int64)
        starts_a, starts_b, shared, merged[:4] = port_places(axis, first, second)
        _place(merged, sizes)
        row[_FIRST : _FIRST + 4], row[_STARTS_A : _STARTS_A + 4] = first[:4], starts_a
        row[_SECOND : _SECOND + 4], row[_STARTS_B : _STARTS_B + 4] = second[:4], starts_b
        row[_SHARED], row[_PORTS], row[_PORTS_A], row[_PORTS_B] = shared, merged[4], first[4], second[4]
        row[_MATRICES], row[_MATRICES + 1], row[_MATRICES + 2] = first[5], second[5], merged[5]
        row[_VECTORS], row[_VECTORS + 1], row[_VECTORS + 2] = first[6], second[6], merged[6]
        row[_FACTOR], row[_PIVOTS] = sizes[2], sizes[3]
        sizes[2] += shared * (shared + merged[4])
        sizes[3] += shared
        merges.append(row)
        return joined_extent(axis, extent, beyond), merged

    grid: list[list[_Planned]] = [
        [((int(heights[i]), int(widths[j])), leaves[i, j]) for j in range(columns)] for i in range(rows)
    ]
    while len(grid) * len(grid[0]) > 1:
        grid = pair_up(grid, itemgetter(0), join)
    return np.array(merges, np.int64).reshape(-1, _COLUMNS), leaves, sizes


def pair_up(
    grid: list[list[Block]], extent: Callable[[Block], tuple[int, int]], join: Callable[[int, Block, Block], Block]
) -> list[list[Block]]:
    """One round of merging: neighbours join along their longer sides; an odd one out waits for the next round.

    Parameters
    ----------
    grid : list of lists
        The blocks, at least two.
    extent : callable
        A block's height and width, in cells.
    join : callable
        Makes one block of two that lie so, see :data:`HORIZONTAL`; called row by row.
    """
    rows, columns = len(grid), len(grid[0])
    height, width = extent(grid[0][0])
    axis = HORIZONTAL if columns > 1 and (rows == 1 or width <= height) else VERTICAL
    down, along = (0, 1) if axis == HORIZONTAL else (1, 0)

    def merged(i: int, j: int) -> Block:
        alone = i + down == rows or j + along == columns
        return grid[i][j] if alone else join(axis, grid[i][j], grid[i + down][j + along])

    return [[merged(i, j) for j in range(0, columns, along + 1)] for i in range(0, rows, down + 1)]


def joined_extent(axis: int, first: tuple[int, int], second: tuple[int, int]) -> tuple[int, int]:
    """Height and width of two neighbours together."""
    (height, width), (more_height, more_width) = first, second
    return (height, width + more_width) if axis == HORIZONTAL else (height + more_height, width)


def _place(block: Integers, sizes: Integers) -> None:
    """Give a block of known side lengths its place in the stores of matrices and vectors."""
    ports = block[0] + block[1] + block[2] + block[3]
    block[4], block[5], block[6] = ports, sizes[0], sizes[1]
    sizes[0] += ports * ports
    sizes[1] += ports


@kernel
def merge_tile(plan: Integers, store: Array, factors: Array, pivots: Array) -> Array:
    """Merge all small blocks of a tile into one.

    Parameters
    ----------
    plan : int array
        See :func:`tile_plan`.
    store : array
        The small blocks' matrices, at their places.
    factors, pivots : arrays
        Take the rows of the eliminated nodes, and their total conductances.

    Returns
    -------
    array (p, p)
        The conductances between the tile's ports, in `store`.
    """
    largest = 1
    for k in range(plan.shape[0]):
        largest = max(largest, plan[k, _SHARED] * plan[k, _PORTS])
    scratch = np.empty((2, largest))
    begin, count = 0, 0
    for k in range(plan.shape[0]):
        shared, count, begin = plan[k, _SHARED], plan[k, _PORTS], plan[k, _MATRICES + 2]
        row, first = plan[k, _FACTOR], plan[k, _PIVOTS]
        rows = factors[row : row + shared * (shared + count)].reshape(shared, shared + count)
        rows[:] = 0.0
        a, p = plan[k, _MATRICES], plan[k, _PORTS_A]
        b, q = plan[k, _MATRICES + 1], plan[k, _PORTS_B]
        one, other = store[a : a + p * p].reshape(p, p), store[b : b + q * q].reshape(q, q)
        absorb_rows(one, plan[k, _FIRST:], plan[k, _STARTS_A:], rows)
        absorb_rows(other, plan[k, _SECOND:], plan[k, _STARTS_B:], rows)
        totals = pivots[first : first + shared]
        eliminate_rows(rows, 0, shared, totals)
        merged = store[begin : begin + count * count].reshape(count, count)
        _mesh(rows, totals, scratch, merged)
        absorb_ports(one, plan[k, _FIRST:], plan[k, _STARTS_A:], shared, merged)
        absorb_ports(other, plan[k, _SECOND:], plan[k, _STARTS_B:], shared, merged)
    return store[begin : begin + count * count].reshape(count, count)


@kernel
def push(rows: Array, pivots: Array, currents: Array) -> None:
    """Hand the currents injected into nodes on to what they are joined to, one node after the other.

    Parameters
    ----------
    rows, pivots : arrays (s, s + p) and (s,)
        From :func:`eliminate_rows`.
    currents : array (k, s + p)
        Ampere, for each of k cases; on return those of each node when its turn came, and those of the ports.
    """
    for node in range(rows.shape[0]):
        if pivots[node] > 0.0:
            row = rows[node, node + 1 :]
            for case in range(currents.shape[0]):
                share = currents[case, node] / pivots[node]
                if share != 0.0:
                    others = currents[case, node + 1 :]
                    for q in range(row.size):
                        others[q] += share * row[q]


@summing_kernel
def pull(rows: Array, pivots: Array, currents: Array, voltages: Array) -> None:
    """The voltages of eliminated nodes from their ports', the last node first.

    Parameters
    ----------
    rows, pivots : arrays (s, s + p) and (s,)
    currents : array (k, s)
        What :func:`push` has left at the nodes, ampere.
    voltages : array (k, s + p)
        Volt; the ports' are given, the nodes' are set. A node without any conductance reads 0 V.
    """
    for node in range(rows.shape[0] - 1, -1, -1):
        row = rows[node, node + 1 :]
        for case in range(voltages.shape[0]):
            others = voltages[case, node + 1 :]
            total = currents[case, node]
            for q in range(row.size):
                total += row[q] * others[q]
            voltages[case, node] = total / pivots[node] if pivots[node] > 0.0 else 0.0


@kernel
def push_tile(plan: Integers, factors: Array, pivots: Array, vector: Array, pending: Array) -> None:
    """Eliminate currents as the nodes were that a tile's small blocks share.

    Parameters
    ----------
    plan, factors, pivots
        See :func:`merge_tile`.
    vector : array
        What arrives at the small blocks' ports, ampere, at their places; on return also at those of their mergers.
    pending : array (pivots,)
        Takes the nodes' currents when their turn came.
    """
    for k in range(plan.shape[0]):
        shared, count, at = plan[k, _SHARED], plan[k, _PORTS], plan[k, _VECTORS + 2]
        row, first = plan[k, _FACTOR], plan[k, _PIVOTS]
        whole = np.zeros((1, shared + count))
        _spread(vector, plan[k, _VECTORS], plan[k, _STARTS_A:], plan[k, _FIRST:], whole[0])
        _spread(vector, plan[k, _VECTORS + 1], plan[k, _STARTS_B:], plan[k, _SECOND:], whole[0])
        if whole.any():
            rows = factors[row : row + shared * (shared + count)].reshape(shared, shared + count)
            push(rows, pivots[first : first + shared], whole)
        pending[first : first + shared] = whole[0, :shared]
        vector[at : at + count] = whole[0, shared:]


@kernel
def pull_tile(plan: Integers, factors: Array, pivots: Array, pending: Array, vector: Array) -> None:
    """The voltages of a tile's small blocks' ports from the tile's own.

    Parameters
    ----------
    plan, factors, pivots, pending
        See :func:`push_tile`.
    vector : array
        Volt; those of the tile's ports are given, those of the small blocks' ports are set.
    """
    for k in range(plan.shape[0] - 1, -1, -1):
        shared, count, at = plan[k, _SHARED], plan[k, _PORTS], plan[k, _VECTORS + 2]
        row, first = plan[k, _FACTOR], plan[k, _PIVOTS]
        whole = np.empty((1, shared + count))
        whole[0, shared:] = vector[at : at + count]
        rows = factors[row : row + shared * (shared + count)].reshape(shared, shared + count)
        pull(rows, pivots[first : first + shared], pending[first : first + shared].reshape(1, shared), whole)
        _gather(whole[0], plan[k, _STARTS_A:], plan[k, _FIRST:], vector, plan[k, _VECTORS])
        _gather(whole[0], plan[k, _STARTS_B:], plan[k, _SECOND:], vector, plan[k, _VECTORS + 1])


@kernel
def _spread(vector: Array, at: int, starts: Integers, sides: Integers, whole: Array) -> None:
    """Add what is at a block's ports to their places among its merger's nodes."""
    for side in range(4):
        for q in range(sides[side]):
            whole[starts[side] + q] += vector[at]
            at += 1


@kernel
def _gather(whole: Array, starts: Integers, sides: Integers, vector: Array, at: int) -> None:
    """Copy back what is at these places."""
    for side in range(4):
        for q in range(sides[side]):
            vector[at] = whole[starts[side] + q]
            at += 1
