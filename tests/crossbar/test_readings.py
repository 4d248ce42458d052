"""Where voltage is lost, where power goes and how dense currents are, against Ohm's law written out."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rescircuit as rc
from rescircuit.crossbar import SinhCells, readings
from rescircuit.crossbar.nonlinear import NonlinearCrossbar
from rescircuit.crossbar.readings import current_density, ir_drop, power

ENDS = [("left", "bottom"), ("right", "top"), ("both", "both"), ("both", "bottom"), ("left", "both")]


def sample(seed, shape=(4, 5), drive="left", sense="bottom", **more):
    """An array with wires, drivers and senses of different resistances, and two inputs of any sign."""
    rng = np.random.default_rng(seed)
    m, n = shape
    cells = np.where(rng.random(shape) < 0.15, 0.0, 10.0 ** rng.uniform(-5, -3, shape))
    wires = {"r_word_line": rng.uniform(1, 20, (m, n + 1)), "r_bit_line": rng.uniform(1, 20, (m + 1, n))}
    ends = {"r_driver": rng.uniform(5, 50, m), "r_sense": rng.uniform(5, 50, n)}
    crossbar = rc.Crossbar(cells, drive=drive, sense=sense, **(wires | ends | more))
    return crossbar, crossbar.solve(rng.uniform(-1, 1, (2, m)), rng.uniform(-0.2, 0.2, n))


def currents_by_ohms_law(solution):
    """Currents in all segments from the voltages at their ends; NaN where a segment has no resistance."""
    topology = solution.topology
    drivers, senses = solution.driver_voltages[..., np.newaxis], solution.sense_voltages[..., np.newaxis, :]
    along = np.concatenate([drivers, solution.word_line_voltages, drivers], axis=-1)
    down = np.concatenate([senses, solution.bit_line_voltages, senses], axis=-2)
    found = []
    for levels, segments, axis in ((along, topology.word_segments, -1), (down, topology.bit_segments, -2)):
        drops = -np.diff(levels, axis=axis)
        found.append(np.where(segments == 0, np.nan, drops / np.where(segments == 0, np.nan, segments)))
    return found


@pytest.mark.parametrize(("drive", "sense"), ENDS)
@pytest.mark.parametrize("seed", range(5))
def test_wire_currents_obey_ohms_law(drive, sense, seed):
    _, solution = sample(seed, drive=drive, sense=sense)
    along, down = currents_by_ohms_law(solution)
    assert solution.word_wire_currents == pytest.approx(along, rel=1e-9, abs=1e-15)
    assert solution.bit_wire_currents == pytest.approx(down, rel=1e-9, abs=1e-15)


@pytest.mark.parametrize(("drive", "sense"), ENDS)
def test_wire_currents_where_segments_are_broken_or_without_resistance(drive, sense):
    rng = np.random.default_rng(3)
    r_word, r_bit = rng.uniform(1, 20, (4, 6)), rng.uniform(1, 20, (5, 5))
    r_word[0, 2], r_bit[3, 1] = math.inf, math.inf  # in the middle of lines
    r_word[1, 3], r_bit[1, 2], r_word[2, :], r_bit[:, 4] = 0.0, 0.0, 0.0, 0.0
    _, solution = sample(7, drive=drive, sense=sense, r_word_line=r_word, r_bit_line=r_bit)
    for found, expected in zip(
        (solution.word_wire_currents, solution.bit_wire_currents), currents_by_ohms_law(solution), strict=True
    ):
        known = ~np.isnan(expected)
        assert found[known] == pytest.approx(expected[known], rel=1e-9, abs=1e-14)
    assert power(solution).balance.max() < 1e-12


@pytest.mark.parametrize(("drive", "sense"), ENDS)
def test_power_is_that_of_each_resistance(drive, sense):
    crossbar, solution = sample(11, drive=drive, sense=sense)
    spent, topology = power(solution), crossbar.topology
    along, down = currents_by_ohms_law(solution)
    assert spent.word_segments == pytest.approx(topology.r_word_line * along**2, rel=1e-8, abs=1e-20)
    assert spent.bit_segments == pytest.approx(topology.r_bit_line * down**2, rel=1e-8, abs=1e-20)
    at_drivers = along[..., 0] ** 2 + along[..., -1] ** 2  # 0 at ends that are not driven
    at_senses = down[..., 0, :] ** 2 + down[..., -1, :] ** 2
    assert spent.drivers == pytest.approx(topology.r_driver * at_drivers, rel=1e-8)
    assert spent.senses == pytest.approx(topology.r_sense * at_senses, rel=1e-8)
    across = solution.word_line_voltages - solution.bit_line_voltages
    assert spent.cells == pytest.approx(crossbar.conductances * across**2, rel=1e-9, abs=1e-25)
    parts = (spent.word_segments, spent.bit_segments, spent.drivers, spent.senses, spent.cells)
    assert spent.total == pytest.approx(sum(part.reshape(2, -1).sum(axis=1) for part in parts), rel=1e-14)
    given_out = (solution.driver_voltages * solution.input_currents).sum(axis=-1)
    taken_in = (solution.sense_voltages * solution.output_currents).sum(axis=-1)
    assert spent.supplied == pytest.approx(given_out - taken_in, rel=1e-12)
    assert spent.balance.shape == spent.supplied.shape == (2,)
    assert spent.balance.max() < 1e-13


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.integers(1, 6), st.sampled_from(ENDS), st.floats(-3, 4))
def test_no_power_is_lost(seed, m, n, ends, log_wire):
    """Tellegen's theorem."""
    rng = np.random.default_rng(seed)
    cells, r = 10.0 ** rng.uniform(-7, -3, (m, n)), 10.0**log_wire
    crossbar = rc.Crossbar(cells, r, r, r_driver=r, r_sense=r, drive=ends[0], sense=ends[1])
    assert power(crossbar.solve(rng.uniform(-1, 1, m))).balance < readings.BALANCE_LIMIT


def test_nothing_is_supplied_where_all_sources_are_at_one_voltage():
    crossbar = rc.Crossbar([[1e-4, 2e-4]], 1.0, 1.0)
    assert power(crossbar.solve([[0.0], [1.0]], [[0.0, 0.0], [0.0, 0.0]])).balance.shape == (2,)
    still = power(crossbar.solve([0.0]))
    assert still.supplied == still.total == still.balance == 0.0


MIXED = {"drive": ["left", "floating", "both"], "sense": ["floating", "bottom", "top"], "r_driver": 5.0}


def test_floating_lines_keep_the_balance_and_have_no_drop():
    cells = np.array([[1e-4, 3e-4, 2e-4], [3e-4, 1e-4, 0.0], [2e-4, 5e-4, 1e-4]])
    solution = rc.Crossbar(cells, 2.0, 3.0, **MIXED).solve([0.3, 99.0, -0.2])
    spent, lost = power(solution), ir_drop(solution)
    assert spent.balance < 1e-12
    assert spent.drivers[1] == spent.senses[0] == 0.0
    assert np.isnan(lost.drop).tolist() == [[True, False, False], [True] * 3, [True, False, False]]
    assert np.isfinite([lost.worst, lost.mean, lost.worst_relative, lost.mean_relative]).all()


def test_nothing_is_left_across_a_short():
    cells = np.array([[1e-4, np.inf, 2e-4], [3e-4, 1e-4, 0.0], [2e-4, 5e-4, 1e-4]])
    solution = rc.Crossbar(cells, 2.0, 3.0, **MIXED).solve([0.3, 99.0, -0.2])
    spent, lost = power(solution), ir_drop(solution)
    assert spent.balance < 1e-12
    assert spent.cells[0, 1] == 0.0
    assert lost.drop[0, 1] == pytest.approx(0.3)
    assert tuple(lost.worst_cell) == (0, 1)


def test_a_solution_that_breaks_tellegens_theorem_is_refused():
    _, solution = sample(1)
    wrong = replace(solution, word_line_voltages=solution.word_line_voltages * (1 + 1e-6))
    with pytest.raises(rc.SolutionError, match=r"balance of the array's power: residual .* is above the limit 1e-09"):
        power(wrong)


def test_the_drop_of_one_cell_is_a_dividers():
    lost = ir_drop(rc.Crossbar([[1e-3]], r_word_line=300.0, r_bit_line=200.0, r_driver=500.0).solve([2.0]))
    assert lost.drop == pytest.approx(np.array([[1.0]]))
    assert lost.relative == pytest.approx(np.array([[0.5]]))
    assert float(lost.worst) == float(lost.mean) == pytest.approx(1.0)
    assert float(lost.worst_relative) == float(lost.mean_relative) == pytest.approx(0.5)


def test_drops_are_what_cells_lack():
    crossbar, solution = sample(5)
    lost = ir_drop(solution)
    across = solution.driver_voltages[:, :, np.newaxis] - solution.sense_voltages[:, np.newaxis] - lost.drop
    assert crossbar.conductances * across == pytest.approx(solution.device_currents, rel=1e-9, abs=1e-18)
    sizes = np.abs(lost.drop)
    assert lost.worst == pytest.approx(sizes.max(axis=(1, 2)))
    assert lost.mean == pytest.approx(sizes.mean(axis=(1, 2)))
    assert lost.worst_cell.shape == (2, 2)
    for k, (row, column) in enumerate(lost.worst_cell):
        assert sizes[k, row, column] == lost.worst[k]
    assert lost.worst_relative == pytest.approx(np.abs(lost.drop / lost.applied).max(axis=(1, 2)))


def test_no_drop_without_wires_and_no_share_of_no_voltage():
    lost = ir_drop(rc.Crossbar([[1e-3, 1e-4], [1e-5, 1e-3]]).solve([0.0, 0.0]))
    assert not lost.drop.any()
    assert np.isnan(lost.worst_relative)
    assert np.isnan(lost.mean_relative)


def test_the_far_corner_loses_most():
    lost = ir_drop(rc.Crossbar(np.full((6, 7), 1e-4), 5.0, 5.0).solve(np.full(6, 0.1)))
    assert tuple(lost.worst_cell) == (0, 6)  # far from the driver and far from the virtual ground


def test_densities_are_currents_over_cross_sections():
    _, solution = sample(9, drive="both")
    density = current_density(solution, (2e-14, 5e-15), limit=1e9)
    words, bits = np.abs(solution.word_wire_currents) / 2e-14, np.abs(solution.bit_wire_currents) / 5e-15
    bits[:, 0] = 0.0  # the open end
    assert density.word_segments == pytest.approx(words, rel=1e-15)
    assert density.bit_segments == pytest.approx(bits, rel=1e-15)
    both = np.concatenate([words.reshape(2, -1), bits[:, 1:].reshape(2, -1)], axis=1)
    assert density.worst == pytest.approx(both.max(axis=1), rel=1e-15)
    assert density.share_above == pytest.approx((both > 1e9).mean(axis=1), rel=1e-15)
    kind, row, column = density.worst_segment
    segments = density.word_segments if kind == "word" else density.bit_segments
    assert segments[:, row, column].max() == density.worst.max()


def test_one_cross_section_is_that_of_all_wires():
    _, solution = sample(9)
    one, pair = current_density(solution, 1e-14), current_density(solution, (1e-14, 1e-14))
    assert np.array_equal(one.word_segments, pair.word_segments)
    assert np.array_equal(one.bit_segments, pair.bit_segments)
    assert one.limit == readings.COPPER_LIMIT == 1e10


def test_the_first_segment_of_the_hungriest_line_is_the_most_crowded():
    cells = np.full((5, 6), 1e-4)
    cells[3] *= 4
    crossbar = rc.Crossbar(cells, 1.0, 1.0)
    assert current_density(crossbar.solve(np.full(5, 0.1)), 1e-14).worst_segment == ("word", 3, 0)
    assert current_density(crossbar.solve(np.full(5, 0.1)), (1e-13, 1e-14)).worst_segment == ("bit", 5, 0)


def test_nonlinear_solutions_are_read_alike():
    cells = SinhCells(conductances=np.full((4, 4), 1e-4), v_scale=0.2)
    solution = NonlinearCrossbar(cells, 10.0, 10.0, r_driver=20.0, drive="both").solve([0.5, 0.3, -0.4, 0.2])
    spent = power(solution)
    assert spent.balance < 1e-10
    along, down = currents_by_ohms_law(solution)
    assert current_density(solution, 1e-14).word_segments == pytest.approx(np.abs(along) / 1e-14, rel=1e-7, abs=1e2)
    assert solution.bit_wire_currents == pytest.approx(down, rel=1e-7, abs=1e-12)
    assert ir_drop(solution).worst > 0


@pytest.mark.parametrize(
    ("read", "says"),
    [
        (lambda s: current_density(s, 0.0), "cross_section must be finite numbers above 0 (m²)"),
        (lambda s: current_density(s, [1.0, 2.0, 3.0]), "cross_section must be one number or a pair"),
        (lambda s: current_density(s, 1e-14, limit=-1.0), "limit must be a finite number above 0 (A/m²)"),
    ],
)
def test_bad_input_gets_one_clear_line(read, says):
    with pytest.raises(rc.InputError) as caught:
        read(sample(0)[1])
    assert says in str(caught.value)


def test_an_array_without_a_sensed_line_has_no_drop():
    with pytest.raises(rc.InputError, match="with a driven word line and a sensed bit line"):
        ir_drop(rc.Crossbar([[1e-3]], sense="floating").solve([1.0]))


@pytest.mark.parametrize("read", [ir_drop, power, lambda x: current_density(x, 1e-14)])
def test_an_array_is_no_solution(read):
    with pytest.raises(rc.InputError, match=r"solution must be what an array's solve\(\) returned, got <Crossbar of 1"):
        read(rc.Crossbar([[1e-3]]))
