"""The smallest blocks in vector lanes: against dense Schur complements, and against themselves in plain Python."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from rescircuit.crossbar import leaves
from rescircuit.crossbar.leaves import eliminate_leaves, leaf_program, pull_leaves, push_leaves

RNG = np.random.default_rng(5)


def block_network(shape, ends, rim, cells, words, bits):
    """Node numbers by name, inner nodes first and ports last in a block's order, and all branches by number.

    A block owns the segments left of its cells and below them; at the array's right rim those right of them too, and
    at the upper one those above.
    """
    (height, width), (left, right, top, bottom), (at_right, at_top) = shape, ends, rim
    join = {}
    if not at_right:
        join |= {("word", i, width - 1): ("right", i) for i in range(height)}
    if not at_top:
        join |= {("bit", 0, j): ("top", j) for j in range(width)}
    inner = [(line, i, j) for line in ("word", "bit") for i in range(height) for j in range(width)]
    names = [name for name in inner if name not in join]
    for side, size, there in zip(("left", "right", "top", "bottom"), (height, height, width, width), ends, strict=True):
        names += [(side, k) for k in range(size) if there]
    number = {name: k for k, name in enumerate(names)}
    branches = [(("word", i, j), ("bit", i, j), cells[i, j]) for i, j in np.ndindex(*shape)]
    branches += [(("word", i, j - 1), ("word", i, j), words[i, j]) for i in range(height) for j in range(1, width)]
    branches += [(("bit", i - 1, j), ("bit", i, j), bits[i, j]) for i in range(1, height) for j in range(width)]
    for i in range(height):
        branches += [(("left", i), ("word", i, 0), words[i, 0])] * left
        branches += [(("word", i, width - 1), ("right", i), words[i, width])] * (right and at_right)
    for j in range(width):
        branches += [(("bit", height - 1, j), ("bottom", j), bits[height, j])] * bottom
        branches += [(("bit", 0, j), ("top", j), bits[0, j])] * (top and at_top)
    place = {name: number[join.get(name, name)] for name in (*inner, *(n for n in names if n not in inner))}
    return place, [(place[a], place[b], g) for a, b, g in branches], len(names)


PLACES = [
    (ends, rim)
    for ends in itertools.product([True, False], repeat=4)
    for rim in itertools.product([True, False], repeat=2)
    if any(ends) and (ends[1] or rim[0]) and (ends[2] or rim[1])  # inside the array there is always a neighbour
]
SIZES = [(1, 1), (1, 3), (4, 1), (2, 2), (3, 4)]
CASES = [(shape, *place) for shape in SIZES for place in PLACES] + [((8, 8), *place) for place in PLACES[::7]]


class Blocks:
    """Three blocks of one shape anywhere in an array, and what the kernels make of them."""

    def __init__(self, shape, ends, rim, kernel=eliminate_leaves):
        self.shape, self.ends, self.rim = shape, ends, rim
        height, width = shape
        self.corners = np.array([[0, 0], [2, 9], [11, 1]])
        m, n = 11 + height, 9 + width
        rng = np.random.default_rng([height, width, *ends, *rim])
        self.arrays = [10.0 ** rng.uniform(-2, 2, size) for size in ((m, n), (m, n + 1), (m + 1, n))]
        self.program = leaf_program(height, width, ends, rim)
        self.ports = self.program.port_count
        self.values = np.full((self.program.conductances, 3), np.nan)
        self.pivots = np.full((self.program.degrees.size, 3), np.nan)
        self.store = np.zeros(3 * self.ports**2 + 5)
        self.at = np.array([[5 + k * self.ports**2, self.ports] for k in range(3)])
        program = self.program
        kernel(
            *(program.branches, program.degrees, program.edges, program.targets, program.ports),
            *(self.corners, *self.arrays, self.values, self.pivots, self.store, self.at),
        )

    def matrix(self, k):
        return self.store[self.at[k, 0] :][: self.ports**2].reshape(self.ports, self.ports)

    def dense(self, k, laplacian):
        """Places by name and the dense conductance matrix of one block."""
        (row, column), (height, width) = self.corners[k], self.shape
        cells, words, bits = self.arrays
        place, branches, count = block_network(
            self.shape,
            self.ends,
            self.rim,
            cells[row : row + height, column : column + width],
            words[row : row + height, column : column + width + 1],
            bits[row : row + height + 1, column : column + width],
        )
        return place, laplacian(count, branches)

    def pushed(self, kernel, words, bits):
        program = self.program
        pending, vector = np.full(self.pivots.shape, np.nan), np.zeros(3 * self.ports)
        at = np.array([[k * self.ports, self.ports] for k in range(3)])
        kernel(
            *(program.degrees, program.edges, program.words, program.bits, self.corners, words, bits),
            *(self.values, self.pivots, pending, vector, at),
        )
        return pending, vector, at

    def pulled(self, kernel, pending, vector, at):
        program, found = self.program, np.full((2, *self.arrays[0].shape), np.nan)
        kernel(
            *(program.degrees, program.edges, program.words, program.bits, self.corners),
            *(self.values, self.pivots, pending, vector, at, *found),
        )
        return found


@pytest.mark.parametrize(("shape", "ends", "rim"), CASES)
def test_a_block_becomes_its_schur_complement(shape, ends, rim, dense):
    blocks = Blocks(shape, ends, rim)
    sides = np.repeat(shape, 2) * ends
    assert blocks.ports == sides.sum()
    for k in range(3):
        _, matrix = blocks.dense(k, dense.laplacian)
        assert blocks.matrix(k) == pytest.approx(dense.reduced(matrix, blocks.ports), rel=1e-9, abs=1e-13)
        assert not blocks.matrix(k).diagonal().any()
    assert not blocks.store[:5].any()


@pytest.mark.parametrize(("shape", "ends", "rim"), CASES[::3])
def test_pushed_and_pulled_currents_solve_the_dense_equations(shape, ends, rim, dense):
    blocks = Blocks(shape, ends, rim)
    injected = RNG.normal(size=(2, *blocks.arrays[0].shape))
    pending, vector, at = blocks.pushed(push_leaves, *injected)
    held = RNG.normal(size=vector.size)
    found = blocks.pulled(pull_leaves, pending, held, at)
    seen = np.zeros(injected.shape, bool)
    for k in range(3):
        place, matrix = blocks.dense(k, dense.laplacian)
        inner = len(matrix) - blocks.ports
        currents, ports = np.zeros(len(matrix)), slice(at[k, 0], at[k, 0] + blocks.ports)
        for line, name in enumerate(("word", "bit")):
            for i, j in np.ndindex(*shape):
                currents[place[name, i, j]] += injected[line, blocks.corners[k, 0] + i, blocks.corners[k, 1] + j]
        within, across = matrix[:inner, :inner], matrix[:inner, inner:]
        carried = currents[inner:] - across.T @ np.linalg.solve(within, currents[:inner])
        assert vector[ports] == pytest.approx(carried, rel=1e-8, abs=1e-9)
        volts = np.concatenate([np.linalg.solve(within, currents[:inner] - across @ held[ports]), held[ports]])
        for line, name in enumerate(("word", "bit")):
            for i, j in np.ndindex(*shape):
                cell = line, blocks.corners[k, 0] + i, blocks.corners[k, 1] + j
                seen[cell] = True
                assert found[cell] == pytest.approx(volts[place[name, i, j]], rel=1e-8, abs=1e-8)
    assert np.array_equal(np.isfinite(found), seen)


@pytest.mark.parametrize(("ends", "rim"), [PLACES[0], PLACES[7], PLACES[-1]])
@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (4, 4)])
def test_compiled_kernels_equal_their_python_twins(shape, ends, rim):
    compiled, plain = (Blocks(shape, ends, rim, kernel) for kernel in (eliminate_leaves, eliminate_leaves.py_func))
    for name in ("values", "pivots", "store"):
        assert getattr(plain, name) == pytest.approx(getattr(compiled, name), rel=1e-14)
    injected = RNG.normal(size=(2, *compiled.arrays[0].shape))
    one, other = (compiled.pushed(kernel, *injected) for kernel in (push_leaves, push_leaves.py_func))
    assert one[0] == pytest.approx(other[0], rel=1e-12, abs=1e-14)
    assert one[1] == pytest.approx(other[1], rel=1e-12, abs=1e-14)
    held = RNG.normal(size=one[1].size)
    volts = [compiled.pulled(kernel, one[0], held, one[2]) for kernel in (pull_leaves, pull_leaves.py_func)]
    assert volts[0] == pytest.approx(volts[1], rel=1e-12, abs=1e-14, nan_ok=True)


def test_nodes_without_any_conductance_read_zero():
    """Open cells and broken wires all around: nothing is divided by."""
    program = leaf_program(2, 2, (True, True, True, True), (True, True))
    cells, words, bits = np.zeros((2, 2)), np.zeros((2, 3)), np.zeros((3, 2))
    values, pivots = np.empty((program.conductances, 1)), np.empty((program.degrees.size, 1))
    store, at = np.zeros(64), np.array([[0, 8]])
    corners = np.zeros((1, 2), np.int64)
    eliminate_leaves(
        *(program.branches, program.degrees, program.edges, program.targets, program.ports),
        *(corners, cells, words, bits, values, pivots, store, at),
    )
    assert not store.any()
    assert not pivots.any()
    pending, found = np.zeros(pivots.shape), np.full((2, 2, 2), np.nan)
    pull_leaves(
        *(program.degrees, program.edges, program.words, program.bits, corners, values, pivots, pending),
        *(np.ones(8), at, *found),
    )
    assert not found.any()


def test_a_program_numbers_every_node_and_conductance_once():
    for shape, (ends, rim) in itertools.product([(1, 1), (3, 5), (8, 8)], PLACES):
        program = leaf_program(*shape, ends, rim)
        nodes = np.concatenate([program.words.ravel(), program.bits.ravel()])
        assert len(set(nodes.tolist())) == nodes.size == 2 * shape[0] * shape[1]
        assert set(range(program.degrees.size)) <= set(nodes.tolist())
        assert nodes.max() < program.degrees.size + program.port_count
        assert program.degrees.sum() == len(program.edges)
        assert (program.degrees * (program.degrees - 1) // 2).sum() == program.targets.size
        assert set(program.edges[:, 0]) | set(program.ports[:, 0]) == set(range(program.conductances))


def test_programs_have_the_right_number_of_branches():
    """A whole array of one block: cells, segments between them, and one at each end that is there."""
    program = leaf_program(3, 4, (True, False, False, True), (True, True))
    assert len(program.branches) == 12 + 3 * 3 + 2 * 4 + 3 + 4
    assert leaves.leaf_program(3, 4, (True, False, False, True), (True, True)) is program
