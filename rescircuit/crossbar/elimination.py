"""The exact elimination of an array's nodes in the order of nested dissection: tiles of cells, then larger blocks.

Tiles are eliminated by the kernels of :mod:`rescircuit.crossbar.star_mesh`, side by side in threads; their mergers are
large enough for matrix products. An n x n array takes some 25 n³ multiplications and additions.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import lru_cache
from operator import attrgetter
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import get_blas_funcs

from rescircuit.checks import Array
from rescircuit.crossbar.blas_threads import one_blas_thread
from rescircuit.crossbar.leaves import LeafProgram, eliminate_leaves, leaf_program, pull_leaves, push_leaves
from rescircuit.crossbar.star_mesh import (
    absorb_ports,
    absorb_rows,
    eliminate_rows,
    joined_extent,
    merge_tile,
    mirror,
    pair_up,
    port_places,
    pull,
    pull_tile,
    push,
    push_tile,
    tile_plan,
)

__all__ = ["Elimination", "threads_by_default"]

Integers = NDArray[np.int64]
B = TypeVar("B")

_SYRK: Any = get_blas_funcs("syrk", dtype=np.float64)  # a matrix times its transpose, one triangle of it

LEAF = 8  # cells on a side, at most, of the blocks that are eliminated in vector lanes
TILE = 64  # and of those that one thread eliminates by itself
SYMMETRIC = 192  # ports from which on half a product and a mirror are faster than a whole one
CASES = 4  # from so many on, currents and voltages of several cases are worth matrix products
WORTH_THREADS = 128 * 128  # cells from which on a second thread does more than it takes to start
WORTH_BLAS_THREADS = 1024  # ports from which on products run faster in several threads
PANEL = 48  # rows that are eliminated before a matrix product updates the rest


@dataclass(frozen=True, kw_only=True, eq=False)
class _Leaves:
    """The small blocks of a tile that have one shape.

    `corners` are their first cells, (k, 2); `matrices` and `vectors`, (k, 2), where their matrices and port vectors
    begin in the tile's stores, and how many ports they have. `values` and `pivots` are where in the tile's stores of
    factors and of pivots theirs lie.
    """

    program: LeafProgram
    corners: Integers
    matrices: Integers
    vectors: Integers
    values: slice
    pivots: slice

    def part(self, store: Array, where: slice) -> Array:
        """A row for each conductance or node, a column for each block."""
        return store[where].reshape(-1, len(self.corners))


@dataclass(frozen=True, kw_only=True, eq=False)
class _TilePlan:
    """How a tile of a given shape and place is eliminated: its small blocks, then their mergers."""

    sides: Integers
    leaves: tuple[_Leaves, ...]
    plan: Integers
    leaf_store: int
    matrix_store: int
    vector_store: int
    factor_store: int
    pivot_store: int
    last: int  # where the tile's own port vector begins


class _Scratch(threading.local):
    """Memory for what is not kept, of one thread, used again and again: fresh pages cost more than what is done there.

    Tiles are small, so it is some 4 MiB at most.
    """

    def __init__(self) -> None:
        self._arrays: dict[str, Array] = {}

    def array(self, name: str, size: int) -> Array:
        """So many numbers, of any value."""
        if name not in self._arrays or self._arrays[name].size < size:
            self._arrays[name] = np.empty(size)
        return self._arrays[name][:size]


_SCRATCH = _Scratch()


def _nothing() -> Array:
    return np.empty((0, 0))


@dataclass(kw_only=True, eq=False)
class _Block:
    """A block of cells once its inside is eliminated.

    `matrix` holds the conductances between its ports and is given up once it is merged; `rows` and `pivots`, what was
    eliminated, are kept for solutions.
    """

    sides: Integers
    extent: tuple[int, int]
    matrix: Array = field(default_factory=_nothing)
    rows: Array = field(default_factory=_nothing)
    pivots: Array = field(default_factory=_nothing)

    @property
    def ports(self) -> int:
        return int(self.sides.sum())


@dataclass(kw_only=True, eq=False)
class _Tile(_Block):
    """A block of cells; `corner` is the first."""

    plan: _TilePlan
    corner: Integers


@dataclass(kw_only=True, eq=False)
class _Merger(_Block):
    """A block of two; `starts` and `places` are where the sides and the ports of both went."""

    parts: tuple[_Block, ...]
    starts: tuple[Integers, ...]
    places: tuple[Integers, ...]


class Elimination:
    """An array's nodes eliminated, and what is left between the ends of its lines.

    Parameters
    ----------
    cells : array (m, n)
        Conductances, siemens, at least 0.
    words : array (m, n + 1)
        Conductances of the segments along the word lines; 0 where nothing is connected.
    bits : array (m + 1, n)
        Conductances of the segments along the bit lines.
    keep : bool
        Keep what solutions need; without it only the conductances between the ends are left.
    threads : int
        How many threads may compute; small arrays take one.
    progress : callable, optional
        Called with the share of the work that is done.

    Attributes
    ----------
    sides : int array (4,)
        The numbers of ports: the left and right ends of the word lines, m or 0 each, then the top and bottom ends of
        the bit lines, n or 0.
    """

    def __init__(
        self,
        cells: Array,
        words: Array,
        bits: Array,
        *,
        keep: bool,
        threads: int = 1,
        progress: Callable[[float], None] | None = None,
    ) -> None:
        self.shape = cells.shape
        self.kept = keep
        self._threads = threads if cells.size >= WORTH_THREADS else 1
        self._tiles: list[_Tile] = []
        ends = np.array([words[:, 0].any(), words[:, -1].any(), bits[0].any(), bits[-1].any()])
        self._order: list[_Merger] = []
        done, total, counting = 0.0, _work(self.shape), threading.Lock()

        def report(cells_done: int, side: int) -> None:
            nonlocal done
            with counting:  # so that it never goes backwards
                done += cells_done * side
                if progress is not None:
                    progress(min(1.0, done / total))

        grid = self._eliminate_tiles(cells, words, bits, ends, report)
        self._root = self._merge_all(grid, report)
        np.fill_diagonal(self._matrix, 0.0)
        if progress is not None:
            progress(1.0)
        self.sides = self._root.sides

    def _eliminate_tiles(
        self, cells: Array, words: Array, bits: Array, ends: NDArray[np.bool_], report: Callable[[int, int], None]
    ) -> list[list[_Block]]:
        """The grid of tiles, each a block."""
        m, n = self.shape
        grid: list[list[_Tile]] = []
        row_slices, column_slices = list(_parts(m, TILE)), list(_parts(n, TILE))
        for i, rows in enumerate(row_slices):
            line: list[_Tile] = []
            for j, columns in enumerate(column_slices):
                last, first = j == len(column_slices) - 1, i == 0
                own = (
                    bool(j > 0 or ends[0]),
                    bool(not last or ends[1]),
                    bool(not first or ends[2]),
                    bool(i < len(row_slices) - 1 or ends[3]),
                )
                plan = _tile_plan(rows.stop - rows.start, columns.stop - columns.start, own, (last, first))
                extent = (rows.stop - rows.start, columns.stop - columns.start)
                corner = np.array([rows.start, columns.start])
                line.append(_Tile(sides=plan.sides, extent=extent, plan=plan, corner=corner))
            grid.append(line)
        self._tiles = [block for line in grid for block in line]

        def eliminate(blocks: list[_Tile]) -> None:
            for block in blocks:
                plan = block.plan
                allocate = (lambda _, size: np.empty(size)) if self.kept else _SCRATCH.array
                block.rows, block.pivots = allocate("rows", plan.factor_store), allocate("pivots", plan.pivot_store)
                _eliminate_tile(block, cells, words, bits, _SCRATCH.array("matrices", plan.matrix_store))
                if not self.kept:
                    block.rows = block.pivots = _nothing()
                report(block.extent[0] * block.extent[1], 2 * TILE)

        with one_blas_thread():
            self._spread_out(eliminate, self._tiles, self._threads)
        return [list[_Block](line) for line in grid]

    def _merge_all(self, grid: list[list[_Block]], report: Callable[[int, int], None]) -> _Block:
        """One block of all."""
        while len(grid) * len(grid[0]) > 1:
            made: list[_Merger] = []

            def join(axis: int, first: _Block, second: _Block, made: list[_Merger] = made) -> _Block:
                made.append(_joined(axis, first, second))
                return made[-1]

            grid = pair_up(grid, attrgetter("extent"), join)
            last = len(grid) * len(grid[0]) == 1

            def merge(blocks: list[_Merger], last: bool = last) -> None:
                for block in blocks:
                    self._merge(block, last)
                    report(block.extent[0] * block.extent[1], max(block.extent))

            own = min(self._threads, len(made))
            # A product of large matrices may have all cores, if nothing else runs beside it.
            alone = own == 1 and self._threads > 1 and made[0].ports >= WORTH_BLAS_THREADS
            with nullcontext() if alone else one_blas_thread():
                self._spread_out(merge, made, own)
            self._order += made
        return grid[0][0]

    def _merge(self, block: _Merger, last: bool) -> None:
        """Eliminate the ports that two blocks share."""
        shared = block.pivots.size
        rows = np.zeros((shared, shared + block.ports))
        for part, starts in zip(block.parts, block.starts, strict=True):
            absorb_rows(part.matrix, part.sides, starts, rows)
        _eliminate(rows, block.pivots)
        # Of the last merger only what leads from word lines to bit lines is asked for, if nothing else is kept.
        corner = int(block.sides[:2].sum()) if last and not self.kept else 0
        block.matrix = _mesh(rows[:, shared:], block.pivots, corner)
        for part, starts in zip(block.parts, block.starts, strict=True):
            absorb_ports(part.matrix, part.sides, starts, shared, block.matrix)
            part.matrix = _nothing()
        if self.kept:
            block.rows = rows
        else:
            block.parts = ()

    def transfer(self) -> Array:
        """Conductances from the ends of the word lines to those of the bit lines, siemens."""
        words = int(self.sides[:2].sum())
        return self._matrix[:words, words:]

    def conductances(self) -> Array:
        """Conductances between all ends, siemens, (p, p), 0 on the diagonal. Needs ``keep``."""
        return self._matrix

    @property
    def _matrix(self) -> Array:
        return self._root.matrix

    def solve(self, ports: Array, words: Array | None = None, bits: Array | None = None) -> tuple[Array, Array]:
        """Voltages of all nodes. Needs ``keep``.

        Parameters
        ----------
        ports : array (k, p)
            Voltages of the ends, volt.
        words, bits : array (k, m, n), optional
            Currents injected into the nodes, ampere.

        Returns
        -------
        words, bits : array (k, m, n)
            Volt.
        """
        with one_blas_thread():
            return self._solve(ports, words, bits)

    def _solve(self, ports: Array, words: Array | None, bits: Array | None) -> tuple[Array, Array]:
        pending = self._pending(len(ports), words, bits)
        voltages: dict[int, Array] = {id(self._root): np.ascontiguousarray(ports)}
        for block in reversed(self._order):
            shared = block.pivots.size
            whole = np.empty((len(ports), shared + block.ports))
            whole[:, shared:] = voltages.pop(id(block))
            _pull(block.rows, block.pivots, pending[id(block)], whole)
            for part, places in zip(block.parts, block.places, strict=True):
                voltages[id(part)] = whole[:, places]
        found_words, found_bits = np.empty((len(ports), *self.shape)), np.empty((len(ports), *self.shape))

        def fill(blocks: list[_Tile]) -> None:
            for block in blocks:
                for case, own in enumerate(voltages[id(block)]):
                    _pull_tile(block, own, pending[id(block)][case], found_words[case], found_bits[case])

        self._spread_out(fill, self._tiles, self._threads)
        return found_words, found_bits

    def arriving(self, words: Array, bits: Array) -> Array:
        """Currents that arrive at the ends, all at 0 V, when currents (k, m, n) are injected into the nodes, (k, p)."""
        pending: dict[int, Array] = {}
        return self._push(words, bits, pending)

    def response(self, rows: Integers, columns: Integers) -> tuple[Array, Array]:
        """What a unit current does that is drawn from a cell's bit line and injected into its word line.

        Only blocks that hold one of the cells are visited, on the way from its tile to the whole.

        Parameters
        ----------
        rows, columns : int array (k,)
            The cells.

        Returns
        -------
        arriving : array (k, p)
            Currents at the ends, all at 0 V; and so, as networks are reciprocal, the voltages across the cells for
            1 V at each end.
        across : array (k, k)
            Voltages across each cell for the currents at the others, ohm.
        """
        with one_blas_thread():
            return self._response(rows, columns)

    def _response(self, rows: Integers, columns: Integers) -> tuple[Array, Array]:
        across = np.zeros((rows.size, rows.size))
        arrived: dict[int, tuple[Integers, Array]] = {}
        for number, cases in _grouped(self._tile_numbers(rows, columns)):
            block = self._tiles[number]
            pending, out = np.zeros((cases.size, block.pivots.size)), np.empty((cases.size, block.ports))
            for k, case in enumerate(cases):
                out[k] = _push_cell(block, int(rows[case]), int(columns[case]), pending[k])
            _add_energies(across, cases, pending, block.pivots)
            arrived[id(block)] = cases, out
        for block in self._order:
            parts = [
                (arrived.pop(id(part)), at)
                for part, at in zip(block.parts, block.places, strict=True)
                if id(part) in arrived
            ]
            if not parts:
                continue
            cases = np.concatenate([own for (own, _), _ in parts])
            shared = block.pivots.size
            whole = np.zeros((cases.size, shared + block.ports))
            start = 0
            for (own, currents), places in parts:
                whole[start : start + own.size, places] = currents
                start += own.size
            _push(block.rows, block.pivots, whole)
            _add_energies(across, cases, whole[:, :shared], block.pivots)
            arrived[id(block)] = cases, whole[:, shared:]
        cases, currents = arrived[id(self._root)]
        return currents[np.argsort(cases)], across

    def _tile_numbers(self, rows: Integers, columns: Integers) -> Integers:
        """Which tile holds each cell."""
        m, n = self.shape
        down = np.array([part.stop for part in _parts(m, TILE)])
        along = np.array([part.stop for part in _parts(n, TILE)])
        return np.searchsorted(down, rows, "right") * along.size + np.searchsorted(along, columns, "right")

    def _pending(self, cases: int, words: Array | None, bits: Array | None) -> dict[int, Array]:
        """What of injected currents stands at each eliminated node."""
        pending: dict[int, Array] = {}
        if words is None or bits is None:
            for block in (*self._tiles, *self._order):
                pending[id(block)] = np.broadcast_to(np.zeros(block.pivots.size), (cases, block.pivots.size))
            zeros: dict[int, Array] = {size: np.zeros((cases, size)) for size in {b.shape[1] for b in pending.values()}}
            return {key: zeros[value.shape[1]] for key, value in pending.items()}
        self._push(words, bits, pending)
        return pending

    def _push(self, words: Array, bits: Array, pending: dict[int, Array]) -> Array:
        cases = len(words)
        arrived: dict[int, Array] = {}

        def start(blocks: list[_Tile]) -> None:
            for block in blocks:
                store, out = np.empty((cases, block.pivots.size)), np.empty((cases, block.ports))
                for case in range(cases):
                    out[case] = _push_tile(block, words[case], bits[case], store[case])
                pending[id(block)], arrived[id(block)] = store, out

        self._spread_out(start, self._tiles, self._threads)
        for block in self._order:
            shared = block.pivots.size
            whole = np.zeros((cases, shared + block.ports))
            for part, places in zip(block.parts, block.places, strict=True):
                whole[:, places] += arrived.pop(id(part))
            _push(block.rows, block.pivots, whole)
            pending[id(block)], arrived[id(block)] = whole[:, :shared].copy(), whole[:, shared:]
        return arrived[id(self._root)]

    def _spread_out(self, work: Callable[[list[B]], None], blocks: list[B], threads: int) -> None:
        """Do `work` on all blocks, in so many threads."""
        if threads == 1 or len(blocks) < 2:
            work(blocks)
            return
        with ThreadPoolExecutor(threads) as pool:
            for outcome in [pool.submit(work, blocks[k::threads]) for k in range(threads)]:
                outcome.result()


def threads_by_default() -> int:
    """As many as this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _parts(count: int, most: int) -> Iterator[slice]:
    """`count` in as few equal parts as have at most so many each."""
    parts = -(-count // most)
    return (slice(k * count // parts, (k + 1) * count // parts) for k in range(parts))


@lru_cache(256)
def _tile_plan(height: int, width: int, ends: tuple[bool, ...], rim: tuple[bool, bool]) -> _TilePlan:
    """The plan of a tile; `rim` says whether it is at the array's right rim, and at its upper one."""
    rows, columns = list(_parts(height, LEAF)), list(_parts(width, LEAF))
    heights, widths = (np.array([part.stop - part.start for part in parts], np.int64) for parts in (rows, columns))
    plan, places, sizes = tile_plan(heights, widths, np.array(ends))
    shapes: dict[Any, list[tuple[int, int]]] = {}
    for i, j in np.ndindex(len(rows), len(columns)):
        last, first = j == len(columns) - 1, i == 0
        own = (j > 0 or ends[0], not last or ends[1], not first or ends[2], i < len(rows) - 1 or ends[3])
        shape = (int(heights[i]), int(widths[j]), own, (last and rim[0], first and rim[1]))
        shapes.setdefault(shape, []).append((i, j))
    factors, pivots = int(sizes[2]), int(sizes[3])
    leaves = []
    for shape, members in shapes.items():
        program = leaf_program(*shape)
        i, j = np.array(members).T
        values, nodes = program.conductances * len(members), program.degrees.size * len(members)
        leaves.append(
            _Leaves(
                program=program,
                corners=np.array([(rows[a].start, columns[b].start) for a, b in members], np.int64),
                matrices=np.ascontiguousarray(places[i, j][:, [5, 4]]),
                vectors=np.ascontiguousarray(places[i, j][:, [6, 4]]),
                values=slice(factors, factors + values),
                pivots=slice(pivots, pivots + nodes),
            )
        )
        factors, pivots = factors + values, pivots + nodes
    sides = np.array([height, height, width, width]) * np.array(ends)
    return _TilePlan(
        sides=sides,
        leaves=tuple(leaves),
        plan=plan,
        leaf_store=int((places[..., 4] ** 2).sum()),
        matrix_store=int(sizes[0]),
        vector_store=int(sizes[1]),
        factor_store=factors,
        pivot_store=pivots,
        last=int(sizes[1] - sides.sum()),
    )


def _eliminate_tile(block: _Tile, cells: Array, words: Array, bits: Array, store: Array) -> None:
    """Eliminate a tile's inside; its matrices go through `store`."""
    plan, corner = block.plan, block.corner
    store[: plan.leaf_store] = 0.0
    for leaves in plan.leaves:
        program = leaves.program
        eliminate_leaves(
            *(program.branches, program.degrees, program.edges, program.targets, program.ports),
            *(leaves.corners + corner, cells, words, bits),
            *(leaves.part(block.rows, leaves.values), leaves.part(block.pivots, leaves.pivots)),
            *(store, leaves.matrices),
        )
    if len(plan.plan):
        block.matrix = merge_tile(plan.plan, store, block.rows, block.pivots).copy()
    else:
        block.matrix = store.reshape(block.ports, block.ports).copy()


def _push_tile(block: _Tile, words: Array, bits: Array, pending: Array) -> Array:
    """What arrives at a tile's ports, (p,), when currents are injected into its nodes; see :func:`push_leaves`."""
    plan, corner = block.plan, block.corner
    vector = np.zeros(plan.vector_store)
    for leaves in plan.leaves:
        program = leaves.program
        push_leaves(
            *(program.degrees, program.edges, program.words, program.bits, leaves.corners + corner, words, bits),
            *(leaves.part(block.rows, leaves.values), leaves.part(block.pivots, leaves.pivots)),
            *(leaves.part(pending, leaves.pivots), vector, leaves.vectors),
        )
    push_tile(plan.plan, block.rows, block.pivots, vector, pending)
    return vector[plan.last :]


def _push_cell(block: _Tile, row: int, column: int, pending: Array) -> Array:
    """:func:`_push_tile` for a unit current into a cell's word line and out of its bit line; `pending` holds zeros."""
    plan, cell = block.plan, np.array([row, column]) - block.corner
    vector = np.zeros(plan.vector_store)
    for leaves in plan.leaves:
        program = leaves.program
        within = cell - leaves.corners
        lanes = np.flatnonzero(((within >= 0) & (within < program.words.shape)).all(axis=1))
        for lane in lanes:
            own = slice(lane, lane + 1)
            unit = np.zeros(program.words.shape)
            unit[tuple(within[lane])] = 1.0
            stored = np.empty((program.degrees.size, 1))
            push_leaves(
                *(program.degrees, program.edges, program.words, program.bits, np.zeros((1, 2), np.int64), unit, -unit),
                *(
                    leaves.part(part, where)[:, own].copy()
                    for part, where in ((block.rows, leaves.values), (block.pivots, leaves.pivots))
                ),
                *(stored, vector, leaves.vectors[own]),
            )
            leaves.part(pending, leaves.pivots)[:, own] = stored
    push_tile(plan.plan, block.rows, block.pivots, vector, pending)
    return vector[plan.last :]


def _pull_tile(block: _Tile, ports: Array, pending: Array, words: Array, bits: Array) -> None:
    """Set the voltages of a tile's nodes from its ports', (p,), and from what :func:`_push_tile` has left."""
    plan, corner = block.plan, block.corner
    vector = np.empty(plan.vector_store)
    vector[plan.last :] = ports
    pull_tile(plan.plan, block.rows, block.pivots, pending, vector)
    for leaves in plan.leaves:
        program = leaves.program
        pull_leaves(
            *(program.degrees, program.edges, program.words, program.bits, leaves.corners + corner),
            *(leaves.part(block.rows, leaves.values), leaves.part(block.pivots, leaves.pivots)),
            *(leaves.part(pending, leaves.pivots), vector, leaves.vectors, words, bits),
        )


def _joined(axis: int, first: _Block, second: _Block) -> _Merger:
    """Two neighbours as one block, whose shared ports are still to be eliminated."""
    starts_a, starts_b, shared, sides = port_places(axis, first.sides, second.sides)
    return _Merger(
        sides=sides,
        extent=joined_extent(axis, first.extent, second.extent),
        parts=(first, second),
        starts=(starts_a, starts_b),
        places=(_places(starts_a, first.sides), _places(starts_b, second.sides)),
        pivots=np.empty(shared),
    )


def _places(starts: Integers, sides: Integers) -> Integers:
    """Where each port of a block goes, from where its sides begin."""
    return np.concatenate([np.arange(start, start + size) for start, size in zip(starts, sides, strict=True)])


def _eliminate(rows: Array, pivots: Array) -> None:
    """Eliminate the nodes of all rows, a panel at a time, after a matrix product with what all before leave there."""
    for start in range(0, len(rows), PANEL):
        stop = min(start + PANEL, len(rows))
        if start:
            shares = rows[:start, start:stop].T * _inverse(pivots[:start])
            rows[start:stop, start:] += shares @ rows[:start, start:]
        eliminate_rows(rows, start, stop, pivots)


def _grouped(numbers: Integers) -> Iterator[tuple[int, Integers]]:
    """Each number that occurs, and where."""
    for number in np.unique(numbers):
        yield int(number), np.flatnonzero(numbers == number)


def _push(rows: Array, pivots: Array, currents: Array) -> None:
    """:func:`push`; of several cases a panel of nodes at a time, with matrix products for the rest."""
    shared = pivots.size
    if len(currents) < CASES or shared <= 2 * PANEL:
        push(rows, pivots, currents)
        return
    for start in range(0, shared, PANEL):
        own = slice(start, min(start + PANEL, shared))
        panel = currents[:, own].copy()
        push(rows[own, own].copy(), pivots[own], panel)
        currents[:, own] = panel
        currents[:, own.stop :] += (panel * _inverse(pivots[own])) @ rows[own, own.stop :]


def _pull(rows: Array, pivots: Array, currents: Array, voltages: Array) -> None:
    """:func:`pull`, likewise."""
    shared = pivots.size
    if len(voltages) < CASES or shared <= 2 * PANEL:
        pull(rows, pivots, currents, voltages)
        return
    for start in reversed(range(0, shared, PANEL)):
        own = slice(start, min(start + PANEL, shared))
        panel = np.empty((len(voltages), own.stop - start))
        pull(
            rows[own, own].copy(),
            pivots[own],
            currents[:, own] + voltages[:, own.stop :] @ rows[own, own.stop :].T,
            panel,
        )
        voltages[:, own] = panel


def _add_energies(across: Array, cases: Integers, pending: Array, pivots: Array) -> None:
    """Add what some eliminated nodes contribute to the voltages of currents where the currents are injected."""
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = np.where(pivots > 0, pending / pivots, 0.0)
    across[cases[:, np.newaxis], cases] += shares @ pending.T


def _mesh(joined: Array, pivots: Array, corner: int) -> Array:
    """What eliminated nodes contribute between their neighbours, (p, p); only ``[:corner, corner:]`` if not zero."""
    ports = joined.shape[1]
    if corner:
        matrix = np.zeros((ports, ports))
        np.matmul(joined[:, :corner].T * _inverse(pivots), joined[:, corner:], out=matrix[:corner, corner:])
    elif ports < SYMMETRIC:
        matrix = (joined.T * _inverse(pivots)) @ joined
    else:
        scaled = joined * np.sqrt(_inverse(pivots))[:, np.newaxis]
        matrix = _SYRK(1.0, scaled.T, lower=1).T
        mirror(matrix)
    return matrix


def _inverse(pivots: Array) -> Array:
    """``1 / pivot``; 0 for a node that nothing is joined to."""
    return np.divide(1.0, pivots, out=np.zeros_like(pivots), where=pivots > 0)


def _work(shape: tuple[int, int]) -> float:
    """An array's work, in cells merged times the length of a block's side."""
    m, n = shape
    return float(m * n) * 4 * max(m, n)
