"""The linear crossbar: closed forms, an independent dense solution, and the laws that hold for any array."""

from __future__ import annotations

import math
import pickle
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rescircuit as rc
from rescircuit.crossbar import solution

RNG = np.random.default_rng(7)
SHAPES = [(1, 1), (1, 7), (7, 1), (3, 5), (6, 4), (9, 9)]


def sample(shape, open_cells=0.0):
    cells = 10.0 ** RNG.uniform(-6, -4, shape)
    return np.where(RNG.random(shape) < open_cells, 0.0, cells)


def dense_solution(conductances, r_word, r_bit, voltages):
    """Nodal analysis written out a second time: a dense matrix, node by node, wires above zero."""
    m, n = conductances.shape
    matrix, current = np.zeros((2 * m * n, 2 * m * n)), np.zeros(2 * m * n)

    def join(a, b, g):
        matrix[a, a] += g
        matrix[b, b] += g
        matrix[a, b] -= g
        matrix[b, a] -= g

    for i in range(m):
        for j in range(n):
            word, bit = i * n + j, m * n + i * n + j
            join(word, bit, conductances[i, j])
            g = 1 / r_word[i, j]
            if j == 0:
                matrix[word, word] += g
                current[word] += g * voltages[i]
            else:
                join(word - 1, word, g)
            g = 1 / r_bit[i + 1, j]
            if i == m - 1:
                matrix[bit, bit] += g
            else:
                join(bit, bit + n, g)
    nodes = np.linalg.solve(matrix, current)
    word, bit = nodes[: m * n].reshape(m, n), nodes[m * n :].reshape(m, n)
    return word, bit, (conductances * (word - bit)).sum(axis=0)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e4])
def test_equals_a_dense_solution_written_independently(shape, scale):
    m, n = shape
    cells, volts = sample(shape, open_cells=0.2), RNG.uniform(-1, 1, m)
    r_word, r_bit = scale * RNG.uniform(0.5, 2, (m, n + 1)), scale * RNG.uniform(0.5, 2, (m + 1, n))
    word, bit, currents = dense_solution(cells, r_word, r_bit, volts)
    solution = rc.Crossbar(cells, r_word, r_bit).solve(volts)
    assert solution.word_line_voltages == pytest.approx(word, rel=1e-9, abs=1e-12)
    assert solution.bit_line_voltages == pytest.approx(bit, rel=1e-9, abs=1e-12)
    assert solution.output_currents == pytest.approx(currents, rel=1e-9, abs=1e-16)


def rational_solution(conductances, r_word, r_bit, voltages):
    """Output currents in rational arithmetic: nodal analysis eliminated without any rounding."""
    m, n = conductances.shape
    size = 2 * m * n
    rows = [[Fraction(0)] * (size + 1) for _ in range(size)]

    def join(a, b, g):
        rows[a][a] += g
        if b is not None:
            rows[b][b] += g
            rows[a][b] -= g
            rows[b][a] -= g

    for i, j in np.ndindex(m, n):
        word, bit = i * n + j, m * n + i * n + j
        join(word, bit, Fraction(conductances[i, j]))
        g = 1 / Fraction(r_word[i, j])
        join(word, word - 1 if j else None, g)
        rows[word][size] += g * Fraction(voltages[i]) if j == 0 else 0
        join(bit, bit + n if i < m - 1 else None, 1 / Fraction(r_bit[i + 1, j]))
    for k in range(size):  # Gauss and Jordan
        rows[k] = [value / rows[k][k] for value in rows[k]]
        for other in range(size):
            if other != k and rows[other][k]:
                factor = rows[other][k]
                rows[other] = [x - factor * y for x, y in zip(rows[other], rows[k], strict=True)]
    nodes = [row[size] for row in rows]
    return [
        float(sum(Fraction(conductances[i, j]) * (nodes[i * n + j] - nodes[m * n + i * n + j]) for i in range(m)))
        for j in range(n)
    ]


@pytest.mark.parametrize(("decades", "agreement"), [(2, 1e-14), (4, 1e-14), (8, 1e-11)])
def test_wide_ranges_of_cells_and_wires_against_rational_arithmetic(decades, agreement):
    """Cells and wires each spread over many decades, side by side in one small array."""
    for _ in range(25):
        m, n = RNG.integers(1, 4, 2)
        spread = 10.0 ** RNG.uniform(-decades / 2, decades / 2, (3, m + 1, n + 1))
        cells, r_word, r_bit = 1e-4 * spread[0, :m, :n], spread[1, :m], spread[2, :, :n]
        volts = RNG.uniform(0.1, 1, m)
        expected = rational_solution(cells, r_word, r_bit, volts)
        assert rc.Crossbar(cells, r_word, r_bit).solve(volts).output_currents == pytest.approx(expected, rel=agreement)


@pytest.mark.parametrize("conductance", [1e3, 1e5, 1e7])
def test_the_stated_error_of_a_current_is_its_error(conductance):
    """A cell far better than its wires: its current is a difference of nearly equal voltages, and it shows."""
    solution = rc.Crossbar([[conductance]], 1.0, 1.0).solve([1.0])
    error = abs(solution.output_currents[0] * (2.0 + 1.0 / conductance) - 1.0)
    assert error / 3 - 1e-15 < solution.current_error < 10 * error + 1e-14


@pytest.mark.parametrize("conductance", [1e9, 1e12, 1e16, 1e29])
def test_a_current_in_doubt_is_refused_and_the_map_is_never_in_doubt(conductance):
    crossbar = rc.Crossbar([[conductance]], 1.0, 1.0)
    with pytest.raises(rc.SolutionError, match="span too many decades"):
        crossbar.solve([1.0])
    assert crossbar.effective_conductances()[0, 0] == pytest.approx(1 / (2.0 + 1 / conductance), rel=1e-15)


def test_arrays_go_to_other_processes():
    crossbar = rc.Crossbar(sample((5, 4)), 1.0, 1.0)
    effective = crossbar.effective_conductances()
    assert np.array_equal(pickle.loads(pickle.dumps(crossbar)).effective_conductances(), effective)  # noqa: S301 - our own bytes
    copied = pickle.loads(pickle.dumps(crossbar))  # noqa: S301 - our own bytes
    assert copied.solve(np.ones(5)).output_currents == pytest.approx(effective.sum(axis=0), rel=1e-12)


def test_cells_cannot_be_changed_behind_the_kept_solution():
    with pytest.raises(ValueError, match="read-only"):
        rc.Crossbar(sample((2, 2))).conductances[0, 0] = 1.0


def test_one_cell_is_three_resistors_in_series():
    effective = rc.Crossbar([[1e-3]], r_word_line=3.0, r_bit_line=4.0).effective_conductances()
    assert effective[0, 0] == pytest.approx(1 / 1007, rel=1e-14)


def test_a_ladder_equals_its_continued_fraction():
    """One word line of n cells: the driver sees r + 1 / (g' + 1 / (r + 1 / (g' + ...))), g' a cell with its end."""
    cells, r_word, r_bit = RNG.uniform(1e-4, 1e-3, 12), 10.0, 7.0
    branch = 1 / (1 / cells + r_bit)
    seen = 0.0
    for g in branch[::-1]:
        seen = 1 / (r_word + 1 / (g + seen))
    crossbar = rc.Crossbar(cells[np.newaxis], r_word, r_bit)
    assert crossbar.solve([1.0]).output_currents.sum() == pytest.approx(seen, rel=1e-13)
    column = rc.Crossbar(cells[:, np.newaxis], r_bit, r_word)
    # driven all at 1 V and sensed at one end, the column is the same ladder read from its other side
    assert column.solve(np.ones(12)).output_currents[0] == pytest.approx(
        rc.Crossbar(cells[np.newaxis, ::-1], r_word, r_bit).effective_conductances().sum(), rel=1e-13
    )


@pytest.mark.parametrize("shape", SHAPES)
def test_without_wires_the_product_is_exact(shape):
    cells, volts = sample(shape), RNG.uniform(-1, 1, (4, shape[0]))
    crossbar = rc.Crossbar(cells)
    assert np.array_equal(crossbar.effective_conductances(), cells)
    assert crossbar.solve(volts).output_currents == pytest.approx(volts @ cells, rel=1e-13, abs=1e-20)
    assert crossbar.solve(volts).kcl_residual == 0.0


@pytest.mark.parametrize("shape", SHAPES)
def test_wires_that_vanish_reach_the_limit_linearly(shape):
    cells = sample(shape)
    gap = [np.abs(rc.Crossbar(cells, r, r).effective_conductances() / cells - 1).max() for r in (1e-3, 1e-6, 1e-9)]
    assert gap[0] / gap[1] == pytest.approx(1e3, rel=1e-2)
    assert gap[2] < 1e-9  # ratios of wire to cell conductance of 1e13 and more


@pytest.mark.parametrize(("r_word", "r_bit"), [(0.0, 2.0), (2.0, 0.0)])
def test_a_line_without_resistance_is_one_node(r_word, r_bit):
    cells, volts = sample((5, 4)), RNG.uniform(-1, 1, 5)
    exact = rc.Crossbar(cells, r_word, r_bit).solve(volts)
    near = rc.Crossbar(cells, r_word or 1e-9, r_bit or 1e-9).solve(volts)
    assert exact.output_currents == pytest.approx(near.output_currents, rel=1e-9)
    if r_word == 0.0:
        assert np.array_equal(exact.word_line_voltages, np.repeat(volts[:, np.newaxis], 4, axis=1))
    else:
        assert not exact.bit_line_voltages.any()


def test_single_segments_may_be_zero():
    cells = sample((4, 4))
    r_word = np.where(RNG.random((4, 5)) < 0.5, 0.0, 3.0)
    r_bit = np.where(RNG.random((5, 4)) < 0.5, 0.0, 3.0)
    volts = RNG.uniform(0, 1, 4)
    exact = rc.Crossbar(cells, r_word, r_bit).solve(volts)
    near = rc.Crossbar(cells, np.maximum(r_word, 1e-6), np.maximum(r_bit, 1e-6)).solve(volts)
    assert exact.output_currents == pytest.approx(near.output_currents, rel=1e-5)


arrays = st.tuples(st.integers(1, 6), st.integers(1, 6), st.integers(0, 2**32 - 1), st.floats(-3, 4), st.floats(-3, 4))


def build(case):
    m, n, seed, log_word, log_bit = case
    rng = np.random.default_rng(seed)
    cells = np.where(rng.random((m, n)) < 0.1, 0.0, 10.0 ** rng.uniform(-7, -3, (m, n)))
    return rc.Crossbar(cells, 10.0**log_word, 10.0**log_bit), rng


@settings(max_examples=60, deadline=None)
@given(arrays)
def test_kirchhoff_holds_at_every_node(case):
    crossbar, rng = build(case)
    m, n = crossbar.shape
    r_word, r_bit = 10.0 ** case[3], 10.0 ** case[4]
    volts = rng.uniform(-1, 1, m)
    s = crossbar.solve(volts)
    along = np.diff(np.column_stack([volts, s.word_line_voltages])) / -r_word  # towards the right
    down = -np.diff(np.vstack([s.bit_line_voltages, np.zeros(n)]), axis=0) / r_bit
    leaving = np.column_stack([along[:, 1:], np.zeros(m)])
    arriving = np.vstack([np.zeros(n), down[:-1]])
    # a wire's current is a difference of nearly equal voltages: good to an ulp of a volt over its resistance
    assert along - leaving == pytest.approx(s.device_currents, abs=4e-15 / r_word + 1e-15)
    assert down - arriving == pytest.approx(s.device_currents, abs=4e-15 / r_bit + 1e-15)
    assert s.output_currents == pytest.approx(s.device_currents.sum(axis=0), rel=1e-14, abs=1e-20)
    assert s.kcl_residual < 1e-14


@settings(max_examples=60, deadline=None)
@given(arrays)
def test_superposition_and_the_effective_map(case):
    crossbar, rng = build(case)
    volts = rng.uniform(-1, 1, (3, crossbar.shape[0]))
    effective = crossbar.effective_conductances()
    assert crossbar.solve(volts).output_currents == pytest.approx(volts @ effective, rel=1e-10, abs=1e-16)
    assert (effective >= 0).all()


@settings(max_examples=60, deadline=None)
@given(arrays)
def test_reciprocity(case):
    """Sources and senses exchanged: the mirrored array has the transposed map, from the other set of solutions."""
    crossbar, _ = build(case)
    r_word, r_bit = 10.0 ** case[3], 10.0 ** case[4]
    mirrored = rc.Crossbar(crossbar.conductances[::-1, ::-1].T, r_bit, r_word)
    back = mirrored.effective_conductances()[::-1, ::-1].T
    assert crossbar.effective_conductances() == pytest.approx(back, rel=1e-10, abs=1e-20)


@settings(max_examples=40, deadline=None)
@given(arrays)
def test_more_conductance_draws_more_current(case):
    """Rayleigh's monotonicity: with all word lines at one voltage, raising a cell cannot lower the total."""
    crossbar, rng = build(case)
    m, n = crossbar.shape
    raised = crossbar.conductances.copy()
    raised[rng.integers(m), rng.integers(n)] += 1e-4
    more = rc.Crossbar(raised, 10.0 ** case[3], 10.0 ** case[4])
    before, after = (x.effective_conductances().sum() for x in (crossbar, more))
    assert after >= before * (1 - 1e-12)


def test_batches_keep_their_axes_and_change_nothing():
    crossbar = rc.Crossbar(sample((4, 3)), 1.0, 1.0)
    volts = RNG.uniform(0, 1, (2, 5, 4))
    together = crossbar.solve(volts)
    assert together.output_currents.shape == (2, 5, 3)
    assert together.word_line_voltages.shape == together.device_currents.shape == (2, 5, 4, 3)
    alone = crossbar.solve(volts[1, 2])
    assert alone.output_currents.shape == (3,)
    assert alone.output_currents == pytest.approx(together.output_currents[1, 2], rel=1e-13)


def test_the_effective_map_is_the_callers_to_change():
    crossbar = rc.Crossbar(sample((2, 2)), 1.0, 1.0)
    crossbar.effective_conductances()[:] = 0.0
    assert crossbar.effective_conductances().all()


def test_known_loss_of_a_large_array():
    """10 kΩ resistors, n = 12, 1 Ω segments: a 64x64 array delivers 40 % of its ideal currents."""
    cells = np.full((64, 64), 0.5 * 12 / 10e3)
    delivered = rc.Crossbar(cells, 1.0, 1.0).effective_conductances().sum() / cells.sum()
    assert 0.3 < delivered < 0.5


def test_the_condition_number_is_that_of_the_dense_matrix(sparse_lu):
    cells = sample((5, 4))
    crossbar = rc.Crossbar(cells, 2.0, 3.0)
    expected = np.linalg.cond(sparse_lu(crossbar).inner.toarray(), 1)
    assert crossbar.solve(np.ones(5)).condition_estimate == pytest.approx(expected, rel=1e-9)


def test_a_bad_residual_raises_and_says_what_to_do(monkeypatch):
    monkeypatch.setattr(solution, "RESIDUAL_LIMIT", 1e-30)
    with pytest.raises(rc.SolutionError, match=r"residual .* is above the limit 1e-30"):
        rc.Crossbar(sample((6, 6)), 1.0, 1.0).solve(RNG.uniform(0, 1, 6))


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: rc.Crossbar([]), "conductances must be finite numbers (S), at least one"),
        (lambda: rc.Crossbar([1.0]), "conductances must be an array (m, n)"),
        (lambda: rc.Crossbar([[1.0, -1.0]]), "conductances at index (0, 1) must be finite numbers of at least 0"),
        (lambda: rc.Crossbar([[math.nan]]), "conductances at index (0, 0) must be finite"),
        (lambda: rc.Crossbar([[-math.inf]]), "conductances at index (0, 0) must be finite"),
        (lambda: rc.Crossbar([[1e31]]), "conductances must be at most 1e+30 S"),
        (lambda: rc.Crossbar([[1.0]], r_word_line=1e-320), "r_word_line must be 0, from 1e-30 to 1e+30 ohm, or inf"),
        (lambda: rc.Crossbar([[1.0], [1.0, 2.0]]), "rectangular"),
        (lambda: rc.Crossbar([[1.0]], r_word_line=-1.0), "r_word_line must be finite numbers of at least 0"),
        (lambda: rc.Crossbar([[1.0]], r_bit_line=math.nan), "r_bit_line must be finite"),
        (lambda: rc.Crossbar(np.ones((2, 3)), r_word_line=np.ones((2, 3))), "broadcasts to (2, 4)"),
        (lambda: rc.Crossbar(np.ones((2, 3)), r_bit_line=np.ones((2, 3))), "broadcasts to (3, 3)"),
        (lambda: rc.Crossbar([[1.0]]).solve([1.0, 2.0]), "voltages must be of shape (..., 1)"),
        (lambda: rc.Crossbar([[1.0]]).solve(1.0), "voltages must be of shape (..., 1)"),
        (lambda: rc.Crossbar([[1.0]]).solve([math.inf]), "voltages at index 0 must be finite"),
        (lambda: rc.Crossbar([[1.0]]).solve([]), "voltages must be finite numbers (V), at least one"),
    ],
)
def test_bad_input_gets_one_clear_line(make, says):
    with pytest.raises(rc.InputError) as caught:
        make()
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
