"""Settling after a step of the inputs, against dense state-space references, closed forms and ngspice."""

from __future__ import annotations

import math
import subprocess
from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.linalg import eigh, expm

import rescircuit as rc
from rescircuit.crossbar import modes as modes_module
from rescircuit.crossbar import transients as module
from rescircuit.crossbar.transients import settling, settling_course
from rescircuit.spice.engines.ngspice import find_ngspice
from rescircuit.spice.engines.raw import read_raw


class StateSpace:
    """``C dv/dt = -Y v + b``, node by node, of an array driven on the left and sensed at the bottom."""

    def __init__(self, cells, r_word, r_bit, c_word, c_bit, c_cell, voltages):
        m, n = self.shape = cells.shape
        self.conductance, self.capacitance = np.zeros((2 * m * n, 2 * m * n)), np.zeros((2 * m * n, 2 * m * n))
        self.sources, self.to_outputs = np.zeros(2 * m * n), np.zeros((n, 2 * m * n))

        def join(matrix, a, b, value):
            matrix[a, a] += value
            if b is not None:
                matrix[b, b] += value
                matrix[a, b] -= value
                matrix[b, a] -= value

        for i, j in np.ndindex(m, n):
            word, bit = i * n + j, m * n + i * n + j
            join(self.conductance, word, bit, cells[i, j])
            join(self.capacitance, word, bit, c_cell[i, j])
            join(self.capacitance, word, None, c_word[i, j])
            join(self.capacitance, bit, None, c_bit[i, j])
            join(self.conductance, word, word - 1 if j else None, 1 / r_word[i, j])
            join(self.conductance, bit, bit + n if i < m - 1 else None, 1 / r_bit[i + 1, j])
            self.sources[word] += voltages[i] / r_word[i, j] if j == 0 else 0.0
            self.to_outputs[j, bit] = 1 / r_bit[i + 1, j] if i == m - 1 else 0.0
        self.final = np.linalg.solve(self.conductance, self.sources)
        self.time_constants, self.modes = eigh(self.capacitance, self.conductance)  # modesᵀ Y modes = 1

    def elmore(self):
        """``∫ (1 - i(t) / i(∞)) dt`` mode by mode: what is missing of a mode at t = 0, times its time constant."""
        missing = self.modes.T @ self.conductance @ self.final
        return self.to_outputs @ (self.modes @ (self.time_constants * missing)) / (self.to_outputs @ self.final)

    def currents(self, time):
        """Output currents, by the matrix exponential."""
        decay = expm(-time * np.linalg.solve(self.capacitance, self.conductance))
        return self.to_outputs @ (self.final - decay @ self.final)


def sample(seed, shape, cell_capacitance=True):
    rng = np.random.default_rng(seed)
    m, n = shape
    cells = 10.0 ** rng.uniform(-6, -4, shape)
    r_word, r_bit = rng.uniform(5, 500, (m, n + 1)), rng.uniform(5, 500, (m + 1, n))
    c_word, c_bit = rng.uniform(1e-16, 5e-15, shape), rng.uniform(1e-16, 5e-15, shape)
    c_cell = rng.uniform(0, 1e-14, shape) if cell_capacitance else np.zeros(shape)
    return (cells, r_word, r_bit), (c_word, c_bit, c_cell), rng.uniform(0.1, 1, m)


def settled(wired, capacitances, voltages, **more):
    c_word, c_bit, c_cell = capacitances
    return settling(rc.Crossbar(*wired, **more), voltages, c_word_line=c_word, c_bit_line=c_bit, c_cell=c_cell)


def followed(wired, capacitances, voltages, **more):
    c_word, c_bit, c_cell = capacitances
    return settling_course(rc.Crossbar(*wired, **more), voltages, c_word_line=c_word, c_bit_line=c_bit, c_cell=c_cell)


@pytest.mark.parametrize("shape", [(1, 1), (1, 6), (6, 1), (3, 4), (7, 5)])
@pytest.mark.parametrize("cell_capacitance", [False, True])
def test_equals_a_state_space_written_independently(shape, cell_capacitance):
    wired, capacitances, voltages = sample(3, shape, cell_capacitance)
    reference = StateSpace(*wired, *capacitances, voltages)
    found = settled(wired, capacitances, voltages)
    assert found.elmore_delays == pytest.approx(reference.elmore(), rel=1e-9)
    assert found.slowest_time_constant == pytest.approx(reference.time_constants.max(), rel=1e-9)
    assert found.residual < module.RESIDUAL_LIMIT


def test_elmores_delay_is_the_integral_of_the_error():
    """By quadrature over the matrix exponential's currents."""
    wired, capacitances, voltages = sample(5, (3, 3))
    reference = StateSpace(*wired, *capacitances, voltages)
    found = settled(wired, capacitances, voltages)
    # Gauss and Legendre on pieces that grow, up to 40 slowest time constants
    edges = found.slowest_time_constant * np.concatenate([[0.0], np.geomspace(1e-6, 40, 30)])
    points, weights = np.polynomial.legendre.leggauss(8)
    final = reference.to_outputs @ reference.final
    total = np.zeros(3)
    for start, stop in pairwise(edges):
        for point, weight in zip(points, weights, strict=True):
            time = start + (stop - start) * (point + 1) / 2
            total += weight * (stop - start) / 2 * (1 - reference.currents(time) / final)
    assert found.elmore_delays == pytest.approx(total, rel=1e-8)


def test_late_errors_decay_with_the_slowest_time_constant():
    wired, capacitances, voltages = sample(8, (4, 4), cell_capacitance=False)
    reference = StateSpace(*wired, *capacitances, voltages)
    slowest = settled(wired, capacitances, voltages).slowest_time_constant
    final = reference.to_outputs @ reference.final
    early, late = (final - reference.currents(k * slowest) for k in (12.0, 14.0))
    assert np.log(early / late).min() == pytest.approx(2.0, rel=1e-3)  # on the line of the slowest mode


def test_one_cell_is_one_time_constant():
    """1 kΩ before the node, 2 kΩ after it: 2/3 kΩ charge it, and its current's delay is its time constant."""
    found = settling(rc.Crossbar([[5e-4]], r_word_line=1e3), [0.7], c_word_line=3e-12, c_bit_line=0.0)
    assert found.slowest_time_constant == pytest.approx(2e-9, rel=1e-12)
    assert found.elmore_delays == pytest.approx([2e-9], rel=1e-12)
    assert found.time_to(1e-3) == pytest.approx(2e-9 * math.log(1e3), rel=1e-12)


def test_a_cells_own_capacitance_rushes_ahead():
    """A divider of 1 kΩ of wire, a cell of 1 kΩ with 1 pF across it and a wire of 2 kΩ.

    At first the cell is a short: 1/3 mA for 1 V, which falls to 1/4 mA.
    """
    found = settling(
        rc.Crossbar([[1e-3]], r_word_line=1e3, r_bit_line=2e3), [1.0], c_word_line=0, c_bit_line=0, c_cell=1e-12
    )
    tau = 1e-12 / (1 / 1e3 + 1 / 3e3)
    assert found.slowest_time_constant == pytest.approx(tau, rel=1e-12)
    assert found.elmore_delays == pytest.approx([tau * (1 - (1 / 3) / (1 / 4))], rel=1e-12)  # below zero


def test_an_rc_line_has_its_known_delays():
    """One driven word line whose last cell alone conducts: Σ of each capacitance times the resistance it shares."""
    n, r, c, cell = 12, 50.0, 2e-15, 1e-5
    cells = np.zeros((1, n))
    cells[0, -1] = cell
    found = settling(rc.Crossbar(cells, r_word_line=r), [1.0], c_word_line=c, c_bit_line=0.0)
    before = r * np.arange(1, n + 1)  # from the source to each node
    after = n * r + 1 / cell - before  # on to the virtual ground
    # what a node's charge sends to the output, over the final current
    share = before / (before + after)
    charge = c * after / (before + after)
    assert found.elmore_delays[-1] == pytest.approx((share * charge).sum() * (n * r + 1 / cell), rel=1e-11)
    assert np.isnan(found.elmore_delays[:-1]).all()


def test_delays_scale_with_capacitance_and_not_with_voltage():
    wired, capacitances, voltages = sample(2, (4, 3))
    once, twice = settled(wired, capacitances, voltages), settled(wired, [2 * c for c in capacitances], -3 * voltages)
    assert twice.elmore_delays == pytest.approx(2 * once.elmore_delays, rel=1e-9)
    assert twice.slowest_time_constant == pytest.approx(2 * once.slowest_time_constant, rel=1e-9)


def test_batches_keep_their_axes():
    wired, capacitances, _ = sample(2, (4, 3))
    voltages = np.random.default_rng(0).uniform(0.1, 1, (2, 5, 4))
    together = settled(wired, capacitances, voltages)
    assert together.elmore_delays.shape == (2, 5, 3)
    alone = settled(wired, capacitances, voltages[1, 3])
    assert alone.elmore_delays == pytest.approx(together.elmore_delays[1, 3], rel=1e-12)
    assert alone.slowest_time_constant == together.slowest_time_constant  # the same bits in every run


@pytest.mark.parametrize(("drive", "sense"), [("right", "top"), ("both", "both")])
def test_zero_and_vanishing_resistances_settle_alike(drive, sense):
    (cells, r_word, r_bit), capacitances, voltages = sample(6, (4, 4))
    r_word[0, :], r_word[1, 2], r_bit[:, 1], r_bit[2, 2] = 0.0, 0.0, 0.0, 0.0
    ends = {"drive": drive, "sense": sense, "r_driver": [0.0, 100.0, 100.0, 100.0]}
    exact = settled((cells, r_word, r_bit), capacitances, voltages, **ends)
    near = settled((cells, np.maximum(r_word, 1e-5), np.maximum(r_bit, 1e-5)), capacitances, voltages, **ends)
    assert exact.elmore_delays == pytest.approx(near.elmore_delays, rel=1e-5)
    assert exact.slowest_time_constant == pytest.approx(near.slowest_time_constant, rel=1e-5)


def test_driving_both_ends_settles_faster():
    wired, capacitances, voltages = sample(4, (6, 6), cell_capacitance=False)
    one, two = settled(wired, capacitances, voltages), settled(wired, capacitances, voltages, drive="both")
    assert two.slowest_time_constant < one.slowest_time_constant


def test_a_line_alone_settles_as_an_rc_line():
    """An open RC line of n segments, driven at one end: τ = RC / (4 sin²(π / (4n + 2))), but for what cells take."""
    n, r, c = 40, 10.0, 1e-15
    found = settling(rc.Crossbar(np.full((3, n), 1e-12), r), np.ones(3), c_word_line=c, c_bit_line=0.0)
    expected = r * c / (4 * math.sin(math.pi / (4 * n + 2)) ** 2)
    assert found.slowest_time_constant == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("c_word_line", [0.0, 1e-15])
def test_without_capacitance_or_without_wires_nothing_takes_time(c_word_line):
    found = settling(rc.Crossbar(np.full((2, 2), 1e-4)), [0.1, 0.1], c_word_line=c_word_line, c_bit_line=0.0)
    assert found.slowest_time_constant == found.residual == 0.0
    assert found.elmore_delays == pytest.approx(np.zeros(2), abs=1e-30)


def test_a_mode_that_is_not_found_is_refused(monkeypatch):
    wired, capacitances, voltages = sample(2, (4, 3))
    monkeypatch.setattr(module, "RESIDUAL_LIMIT", 1e-30)
    with pytest.raises(rc.SolutionError, match=r"slowest mode of the array: residual .* is above the limit 1e-30"):
        settled(wired, capacitances, voltages)


@pytest.mark.parametrize("shape", [(1, 1), (1, 6), (6, 1), (3, 4), (7, 5)])
@pytest.mark.parametrize("cell_capacitance", [False, True])
def test_a_course_is_that_of_the_matrix_exponential(shape, cell_capacitance):
    wired, capacitances, voltages = sample(3, shape, cell_capacitance)
    reference = StateSpace(*wired, *capacitances, voltages)
    found = followed(wired, capacitances, voltages)
    assert found.time_constants == pytest.approx(np.sort(reference.time_constants), rel=1e-9)
    times = found.time_constants[-1] * np.concatenate([[0.0], np.geomspace(1e-5, 30, 9)])
    scale = np.abs(found.amplitudes).sum(axis=-1).max()
    expected = [reference.currents(time) for time in times]
    assert found.currents(times) == pytest.approx(np.array(expected), rel=1e-9, abs=1e-11 * scale)


def test_a_course_has_the_delays_and_the_slowest_time_constant():
    """``∫ (1 - i / i∞) dt`` of a sum of exponentials is the sum of amplitudes times time constants."""
    wired, capacitances, voltages = sample(9, (5, 4))
    settles, course = settled(wired, capacitances, voltages), followed(wired, capacitances, voltages)
    assert course.amplitudes @ course.time_constants / course.final_currents == pytest.approx(
        settles.elmore_delays, rel=1e-9
    )
    assert course.time_constants[-1] == pytest.approx(settles.slowest_time_constant, rel=1e-11)
    assert course.currents([1e3 * settles.slowest_time_constant])[0] == pytest.approx(course.final_currents, rel=1e-14)


def test_a_ladder_is_integrated():
    """A word line of ten segments and one cell at its end, node by node by SciPy's implicit Runge-Kutta method."""
    n, r, cell, volt = 10, 200.0, 1e-4, 0.5
    farads = np.linspace(1e-15, 5e-15, n)
    conductances = np.zeros((1, n))
    conductances[0, -1] = cell
    slopes = -np.diag(np.full(n, 2 / r)) + (np.eye(n, k=1) + np.eye(n, k=-1)) / r
    slopes[-1, -1] = -1 / r - cell
    drive = np.zeros(n)
    drive[0] = volt / r
    unit = r * farads.sum()  # second
    times = np.array([0.01, 0.1, 0.3, 1.0, 3.0])
    solution = solve_ivp(
        lambda _, v: unit * (slopes @ v + drive) / farads,
        (0.0, times[-1]),
        np.zeros(n),
        method="Radau",
        t_eval=times,
        rtol=1e-10,
        atol=1e-13,
        jac=unit * slopes / farads[:, np.newaxis],
    )
    course = settling_course(rc.Crossbar(conductances, r_word_line=r), [volt], c_word_line=farads, c_bit_line=0.0)
    found = course.currents(unit * times)
    assert found[:, -1] == pytest.approx(cell * solution.y[-1], rel=1e-7, abs=1e-9 * volt * cell)
    assert not found[:, :-1].any()


def test_a_course_in_many_blocks_of_times_and_of_nodes_is_the_same(monkeypatch):
    wired, capacitances, voltages = sample(4, (4, 5))
    course = followed(wired, capacitances, voltages)
    times = np.linspace(0, 5 * course.time_constants[-1], 11)
    monkeypatch.setattr(module, "_BLOCK", 3)
    monkeypatch.setattr(modes_module, "_BLOCK", 7)
    again = followed(wired, capacitances, voltages)
    assert again.time_constants == pytest.approx(course.time_constants, rel=1e-12)
    assert again.currents(times) == pytest.approx(course.currents(times), rel=1e-10)


def test_a_course_keeps_the_axes_of_batches():
    wired, capacitances, _ = sample(2, (4, 3))
    voltages = np.random.default_rng(0).uniform(0.1, 1, (2, 5, 4))
    together, alone = followed(wired, capacitances, voltages), followed(wired, capacitances, voltages[1, 3])
    times = np.array([0.0, 1e-12, 1e-11, 1e-10])
    assert together.currents(times).shape == (2, 5, 4, 3)
    assert together.currents(times)[1, 3] == pytest.approx(alone.currents(times), rel=1e-10)


def test_a_course_of_joined_nodes_and_of_nodes_without_capacitance():
    """Zero resistances are the limit of small ones, and nodes without capacitance that of nodes with little."""
    (cells, r_word, r_bit), (c_word, c_bit, _), voltages = sample(6, (4, 4))
    r_word[0, :], r_word[1, 2], r_bit[:, 1], r_bit[2, 2] = 0.0, 0.0, 0.0, 0.0
    c_word[2] = c_bit[:, 3] = 0.0
    ends = {"drive": "both", "sense": ["both", "top", "bottom", "both"], "r_driver": [0.0, 100.0, 100.0, 100.0]}
    exact = followed((cells, r_word, r_bit), (c_word, c_bit, 0.0), voltages, **ends)
    near = followed(
        (cells, np.maximum(r_word, 1e-4), np.maximum(r_bit, 1e-4)),
        (np.maximum(c_word, 1e-21), np.maximum(c_bit, 1e-21), 0.0),
        voltages,
        **ends,
    )
    assert exact.time_constants.size < 32
    times = exact.time_constants[-1] * np.array([1e-3, 1e-2, 0.1, 1.0, 5.0])
    scale = np.abs(exact.final_currents).max()
    assert exact.currents(times) == pytest.approx(near.currents(times), rel=1e-4, abs=1e-4 * scale)


def test_without_capacitance_a_course_is_flat():
    crossbar = rc.Crossbar(np.full((2, 3), 1e-4), 1.0, 1.0)
    course = settling_course(crossbar, [0.1, 0.2], c_word_line=0.0, c_bit_line=0.0)
    assert course.time_constants.size == 0
    assert (course.currents([0.0, 1.0]) == crossbar.solve([0.1, 0.2]).output_currents).all()


def test_ngspice_agrees(tmp_path):
    """A transient of a 2 x 2 array with all kinds of capacitances."""
    wired, capacitances, voltages = sample(12, (2, 2))
    (cells, r_word, r_bit), (c_word, c_bit, c_cell) = wired, capacitances
    found = settled(wired, capacitances, voltages)
    end = 25 * found.slowest_time_constant
    step = end / 20000
    cards = ["settling of a crossbar"]
    for i in range(2):
        cards += [f"v{i} d{i} 0 pwl(0 0 {step / 100!r} {float(voltages[i])!r})"]
        cards += [f"vs{i} s{i} 0 0"]
    for i, j in np.ndindex(2, 2):
        before, after = (f"w{i}{j - 1}" if j else f"d{i}"), (f"b{i + 1}{j}" if i == 0 else f"s{j}")
        for name, a, b, value in (
            (f"rw{i}{j}", before, f"w{i}{j}", r_word[i, j]),
            (f"rb{i}{j}", f"b{i}{j}", after, r_bit[i + 1, j]),
            (f"rc{i}{j}", f"w{i}{j}", f"b{i}{j}", 1 / cells[i, j]),
            (f"cw{i}{j}", f"w{i}{j}", "0", c_word[i, j]),
            (f"cb{i}{j}", f"b{i}{j}", "0", c_bit[i, j]),
            (f"cc{i}{j}", f"w{i}{j}", f"b{i}{j}", c_cell[i, j]),
        ):
            cards.append(f"{name} {a} {b} {float(value)!r}")
    cards += [".options reltol=1e-7 abstol=1e-18 vntol=1e-12 chgtol=1e-25", f".tran {step!r} {end!r} 0 {step!r}"]
    cards += [".save i(vs0) i(vs1)", ".end"]
    deck = tmp_path / "settling.cir"
    deck.write_text("\n".join(cards) + "\n", encoding="utf-8")
    command = [find_ngspice(), "-n", "-b", "-r", "out.raw", deck.name]
    subprocess.run(command, cwd=tmp_path, capture_output=True, check=True)
    plot = read_raw((tmp_path / "out.raw").read_bytes())
    time = plot.values[:, 0]
    for line in range(2):
        current = plot.values[:, 1 + line]
        delay = np.trapezoid(1 - current / current[-1], time)
        assert found.elmore_delays[line] == pytest.approx(delay, rel=1e-3)
        late = (time > 0.3 * end) & (time < 0.5 * end)
        slope = np.polyfit(time[late], np.log(np.abs(1 - current[late] / current[-1])), 1)[0]
        assert found.slowest_time_constant == pytest.approx(-1 / slope, rel=2e-2)


@pytest.mark.parametrize(
    ("read", "says"),
    [
        (lambda x: settling(x, [1, 1], c_word_line=-1.0, c_bit_line=0), "c_word_line must be finite numbers of at le"),
        (lambda x: settling(x, [1, 1], c_word_line=1.0, c_bit_line=np.ones((3, 2))), "c_bit_line must be a number or"),
        (lambda x: settling(x, [1, 1], c_word_line=1, c_bit_line=0, c_cell=np.inf), "c_cell must be finite numbers"),
        (lambda x: settling(x, [1, 1, 1], c_word_line=1, c_bit_line=0), "voltages must be of shape (..., 2)"),
        (lambda x: settling(x, [1, 1], c_word_line=1, c_bit_line=0).time_to(0), "relative_error must be a number abov"),
        (lambda x: settling(x, [1, 1], c_word_line=1, c_bit_line=0).time_to(1), "relative_error must be a number abov"),
        (lambda x: settling_course(x, [1, 1], c_word_line=-1, c_bit_line=0), "c_word_line must be finite numbers of"),
        (lambda x: settling_course(x, [1], c_word_line=1, c_bit_line=0), "voltages must be of shape (..., 2)"),
        (
            lambda x: settling_course(x, [1, 1], c_word_line=1, c_bit_line=0).currents([-1.0]),
            "times at index 0 must be finite numbers of at",
        ),
        (
            lambda x: settling_course(x, [1, 1], c_word_line=1, c_bit_line=0).currents(1.0),
            "times must be of shape (K,)",
        ),
    ],
)
def test_bad_input_gets_one_clear_line(read, says):
    with pytest.raises(rc.InputError) as caught:
        read(rc.Crossbar(np.full((2, 2), 1e-4), 1.0, 1.0))
    assert says in str(caught.value)


def test_a_course_of_too_large_an_array_is_refused_before_it_is_computed(monkeypatch):
    monkeypatch.setattr(module, "MOST_MODES", 7)
    crossbar = rc.Crossbar(np.full((2, 2), 1e-4), 1.0, 1.0)
    assert settling_course(crossbar, [1, 1], c_word_line=1e-15, c_bit_line=0).time_constants.size == 4
    with pytest.raises(rc.InputError, match="the array must be of at most 7 nodes with capacitance, got 8"):
        settling_course(crossbar, [1, 1], c_word_line=1e-15, c_bit_line=1e-15)
