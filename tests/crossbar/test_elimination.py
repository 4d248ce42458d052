"""Nested dissection: against a sparse LU of the same nodes, at shapes on both sides of its blocks' sizes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.linalg import splu
from threadpoolctl import threadpool_limits

from rescircuit.crossbar import elimination, leaves, star_mesh
from rescircuit.crossbar.elimination import PANEL, SYMMETRIC, Elimination
from rescircuit.crossbar.kirchhoff import defects

RNG = np.random.default_rng(11)
LEFT_BOTTOM, ALL = (True, False, False, True), (True, True, True, True)


@pytest.fixture(scope="module", autouse=True)
def _one_blas_thread():
    """The sparse LU's many small products only wait for each other in more, above all where cores are busy."""
    with threadpool_limits(1, user_api="blas"):
        yield


def network(shape, ends=LEFT_BOTTOM, seed=0, open_cells=0.2):
    """Conductances of cells over three decades, and of wires; nothing at ends that are not there."""
    m, n = shape
    rng = np.random.default_rng([seed, m, n])
    cells = np.where(rng.random(shape) < open_cells, 0.0, 10.0 ** rng.uniform(-6, -3, shape))
    words, bits = 10.0 ** rng.uniform(-2, 1, (m, n + 1)), 10.0 ** rng.uniform(-2, 1, (m + 1, n))
    for side, there in zip((words[:, 0], words[:, -1], bits[0], bits[-1]), ends, strict=True):
        side[:] = side if there else 0.0
    return cells, words, bits


def close(found, expected, relative, of_largest=0.0):
    """Whether all elements agree; for large arrays, where pytest.approx takes seconds."""
    allowed = relative * np.abs(expected) + of_largest * np.abs(expected).max()
    return bool((np.abs(found - expected) <= allowed).all())


class Sparse:
    """The same network node by node: inner nodes first, then the ends in order."""

    def __init__(self, cells, words, bits):
        m, n = self.shape = cells.shape
        self.inner = 2 * m * n
        word = np.arange(m * n).reshape(m, n)
        bit = word + m * n
        ends = [words[:, 0].any(), words[:, -1].any(), bits[0].any(), bits[-1].any()]
        sizes = np.array([m, m, n, n]) * ends
        left, right, top, bottom = np.split(self.inner + np.arange(sizes.sum()), np.cumsum(sizes)[:-1])
        parts = [(word, bit, cells), (word[:, :-1], word[:, 1:], words[:, 1:-1]), (bit[:-1], bit[1:], bits[1:-1])]
        outer = [(left, word[:, 0], words[:, 0]), (right, word[:, -1], words[:, -1])]
        outer += [(top, bit[0], bits[0]), (bottom, bit[-1], bits[-1])]
        parts += [part for part, there in zip(outer, ends, strict=True) if there]
        tail, head, g = (np.concatenate([part[k].ravel() for part in parts]) for k in range(3))
        count = self.inner + sizes.sum()
        off = coo_array((-np.tile(g, 2), (np.concatenate([tail, head]), np.concatenate([head, tail]))), (count, count))
        whole = off.tocsc()
        whole.setdiag(-whole.sum(axis=0))
        whole = whole.tocsc()
        self.within = splu(whole[: self.inner, : self.inner].tocsc())
        self.across = whole[: self.inner, self.inner :]
        self.ports = whole[self.inner :, self.inner :].toarray()

    def conductances(self):
        left = self.across.T @ self.within.solve(self.across.toarray()) - self.ports
        np.fill_diagonal(left, 0.0)
        return left

    def solve(self, ports, words, bits):
        injected = np.concatenate([words.reshape(len(ports), -1), bits.reshape(len(ports), -1)], axis=1).T
        nodes = self.within.solve(injected - self.across @ ports.T).T
        return nodes.reshape(len(ports), 2, *self.shape).swapaxes(0, 1)

    def arriving(self, words, bits):
        injected = np.concatenate([words.reshape(len(words), -1), bits.reshape(len(words), -1)], axis=1).T
        return -(self.across.T @ self.within.solve(injected)).T


SHAPES = [
    *[(1, 1), (1, 2), (2, 1), (7, 8), (8, 7), (8, 8), (9, 8), (8, 9), (9, 9), (16, 17), (17, 9)],
    *[(31, 32), (32, 31), (32, 32), (33, 32), (32, 33), (33, 33), (1, 33), (65, 1), (3, 70), (70, 5)],
]
ENDS = [LEFT_BOTTOM, ALL, (False, True, True, False), (True, True, False, True), (False, False, True, True)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("ends", ENDS)
def test_conductances_between_all_ends_equal_a_sparse_lu(shape, ends):
    branches = network(shape, ends, open_cells=0.2 if any(ends[:2]) and any(ends[2:]) else 0.0)
    found = Elimination(*branches, keep=True)
    expected = Sparse(*branches).conductances()
    assert found.sides.tolist() == [size * there for size, there in zip(np.repeat(shape, 2), ends, strict=True)]
    assert close(found.conductances(), expected, 1e-9, 1e-10)
    assert np.array_equal(found.conductances().diagonal(), np.zeros(len(expected)))
    assert close(found.conductances(), found.conductances().T, 1e-13)


@pytest.mark.parametrize("shape", [(63, 64), (64, 65), (65, 63), (100, 40), (1, 1000), (1000, 1), (3, 200), (200, 3)])
@pytest.mark.parametrize("ends", [LEFT_BOTTOM, (True, True, True, False)])
def test_large_arrays_equal_a_sparse_lu(shape, ends):
    branches = network(shape, ends)
    found, expected = Elimination(*branches, keep=True), Sparse(*branches)
    conductances = expected.conductances()
    assert close(found.conductances(), conductances, 1e-8, 1e-9)
    ports, injected = RNG.normal(size=(2, found.sides.sum())), 1e-4 * RNG.normal(size=(2, 2, *shape))
    for own, other in zip(found.solve(ports, *injected), expected.solve(ports, *injected), strict=True):
        assert close(own, other, 0.0, 1e-9)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("cases", [1, 3, 6])
def test_voltages_for_any_ends_and_injected_currents_equal_a_sparse_lu(shape, cases):
    branches = network(shape, ALL)
    found, expected = Elimination(*branches, keep=True), Sparse(*branches)
    ports, injected = RNG.normal(size=(cases, found.sides.sum())), 1e-3 * RNG.normal(size=(2, cases, *shape))
    for currents in (np.zeros_like(injected), injected):
        own = found.solve(ports, *currents) if currents.any() else found.solve(ports)
        for one, other in zip(own, expected.solve(ports, *currents), strict=True):
            assert close(one, other, 0.0, 1e-10)
    arriving = expected.arriving(*injected)
    assert close(found.arriving(*injected), arriving, 0.0, 1e-10)


@pytest.mark.parametrize("shape", [(5, 4), (33, 9), (40, 70)])
@pytest.mark.parametrize("ends", ENDS[:4])
def test_without_solutions_the_same_map_is_left(shape, ends):
    branches = network(shape, ends)
    kept, bare = Elimination(*branches, keep=True), Elimination(*branches, keep=False)
    assert close(bare.transfer(), kept.transfer(), 1e-13)
    assert np.array_equal(bare.sides, kept.sides)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.tuples(*[st.booleans()] * 4), st.integers(0, 2**32 - 1))
def test_any_shape_and_any_ends_equal_a_sparse_lu(m, n, ends, seed):
    if not any(ends):
        ends = LEFT_BOTTOM
    branches = network((m, n), ends, seed)
    branches[0][branches[0] == 0] = 1e-6  # so that no line without ends floats
    found, expected = Elimination(*branches, keep=True), Sparse(*branches)
    conductances = expected.conductances()
    assert close(found.conductances(), conductances, 1e-6, 1e-7)
    ports, injected = RNG.normal(size=(1, found.sides.sum())), 1e-6 * RNG.normal(size=(2, 1, m, n))
    for own, other in zip(found.solve(ports, *injected), expected.solve(ports, *injected), strict=True):
        assert close(own, other, 0.0, 1e-7)


@pytest.mark.parametrize("shape", [(100, 70), (65, 33), (20, 200)])
@pytest.mark.parametrize("keep", [True, False])
def test_threads_change_nothing_but_last_bits(shape, keep):
    branches = network(shape)
    one, two, five = (Elimination(*branches, keep=keep, threads=threads) for threads in (1, 2, 5))
    assert close(two.transfer(), one.transfer(), 1e-13)
    assert close(five.transfer(), one.transfer(), 1e-13)
    if keep:
        ports = RNG.normal(size=(2, one.sides.sum()))
        for own, other in zip(one.solve(ports), two.solve(ports), strict=True):
            assert close(own, other, 0.0, 1e-13)


@pytest.mark.parametrize("shape", [(9, 9), (70, 40), (130, 130)])
def test_a_repeated_run_gives_the_same_bits(shape):
    branches = network(shape)
    first, again = (Elimination(*(each.copy() for each in branches), keep=True) for _ in range(2))
    assert np.array_equal(first.conductances(), again.conductances())
    ports, injected = RNG.normal(size=(2, first.sides.sum())), RNG.normal(size=(2, 2, *shape))
    assert np.array_equal(first.solve(ports, *injected), again.solve(ports, *injected))
    assert np.array_equal(first.solve(ports, *injected), first.solve(ports, *injected))


@pytest.mark.parametrize("shape", [(1, 1), (8, 8), (32, 32), (33, 40), (65, 64), (1, 200), (130, 20)])
@pytest.mark.parametrize("threads", [1, 2])
def test_progress_grows_and_reaches_one(shape, threads):
    seen = []
    Elimination(*network(shape), keep=False, threads=threads, progress=seen.append)
    assert all(0.0 < share <= 1.0 for share in seen)
    assert threads > 1 or seen == sorted(seen)
    assert seen[-1] == 1.0


def test_progress_of_a_large_array_is_not_all_at_the_end():
    seen = []
    Elimination(*network((200, 200)), keep=False, progress=seen.append)
    assert len(seen) > 20
    assert seen[0] < 0.1
    assert np.diff(seen).max() < 0.5


def test_compiled_kernels_equal_their_python_twins(as_plain_python):
    """Two tiles of four blocks each, with all that is done to them."""
    branches = network((9, 34), ALL)
    ports, injected = RNG.normal(size=(2, 2 * 9 + 2 * 34)), 1e-3 * RNG.normal(size=(2, 2, 9, 34))

    def everything():
        found = Elimination(*branches, keep=True)
        return found.conductances(), *found.solve(ports, *injected), found.arriving(*injected)

    compiled = everything()
    as_plain_python(star_mesh, leaves, elimination)
    for plain, own in zip(everything(), compiled, strict=True):
        assert close(plain, own, 1e-12, 1e-13)


@pytest.mark.parametrize("shared", [1, PANEL - 1, PANEL, PANEL + 1, 2 * PANEL + 5])
@pytest.mark.parametrize("ports", [1, SYMMETRIC - 1, SYMMETRIC + 9])
def test_large_mergers_in_panels_equal_a_dense_schur_complement(shared, ports, dense):
    conductances = np.triu(10.0 ** RNG.uniform(-2, 2, (shared + ports,) * 2), 1)
    conductances += conductances.T
    rows, pivots = conductances[:shared].copy(), np.empty(shared)
    elimination._eliminate(rows, pivots)
    mesh = elimination._mesh(rows[:, shared:], pivots, 0)
    np.fill_diagonal(mesh, 0.0)
    expected = dense.reduced(np.diag(conductances.sum(axis=1)) - conductances, ports)
    assert close(mesh + conductances[shared:, shared:], expected, 1e-10)
    if ports > 1:
        corner = elimination._mesh(rows[:, shared:], pivots, 1)
        assert corner[:1, 1:] == pytest.approx(mesh[:1, 1:], rel=1e-13)


def test_nodes_that_nothing_is_joined_to_do_not_matter():
    """Whole lines and tiles without any conductance, as broken wires leave them."""
    cells, words, bits = network((40, 40), ALL, open_cells=0.0)
    cells[:20, 24:] = 0.0
    words[:20, 24:] = bits[:21, 24:] = 0.0
    found = Elimination(cells, words, bits, keep=True)
    assert np.isfinite(found.conductances()).all()
    volts = found.solve(np.ones((1, 160)))
    for own in volts:
        assert own[0, :20, 24:] == pytest.approx(0.0, abs=0)
        assert own[0, 20:] == pytest.approx(1.0, rel=1e-13)


def test_equal_voltages_at_all_ends_are_equal_everywhere():
    """Sums of positive shares that add up to one, whatever the conductances."""
    branches = [part * 10.0 ** RNG.uniform(-12, 12, part.shape) for part in network((33, 40), ALL)]
    volts = Elimination(*branches, keep=True).solve(np.full((1, 146), 0.7))
    for own in volts:
        assert own == pytest.approx(0.7, rel=1e-13)


@pytest.mark.parametrize("shape", [(1, 1), (1, 4), (3, 1), (4, 5)])
def test_defects_are_a_sum_over_all_branches_and_their_python_twin_agrees(shape):
    m, n = shape
    cells, words, bits = network(shape, ALL)
    drivers, senses = RNG.normal(size=m), RNG.normal(size=n)
    v_word, v_bit = RNG.normal(size=(2, m, n))
    through = cells * (v_word - v_bit)
    along = np.column_stack([drivers, v_word, drivers])
    down = np.vstack([senses, v_bit, senses])
    right, below = words * -np.diff(along, axis=1), bits * -np.diff(down, axis=0)
    sizes = words * (np.abs(along[:, 1:]) + np.abs(along[:, :-1])), bits * (np.abs(down[1:]) + np.abs(down[:-1]))
    own = cells * (np.abs(v_word) + np.abs(v_bit))
    expected = right[:, :-1] - right[:, 1:] - through, below[:-1] - below[1:] + through
    scale = max((sizes[0][:, :-1] + sizes[0][:, 1:] + own).max(), (sizes[1][:-1] + sizes[1][1:] + own).max())
    for function in (defects, defects.py_func):
        word, bit, largest = function(through, cells, words, bits, drivers, senses, v_word, v_bit)
        assert word == pytest.approx(expected[0], rel=1e-13, abs=1e-15)
        assert bit == pytest.approx(expected[1], rel=1e-13, abs=1e-15)
        assert largest == pytest.approx(scale, rel=1e-14)
