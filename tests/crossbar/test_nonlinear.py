"""Non-linear crossbars: closed forms, an independent solver, limits, and what is refused (ngspice: tests/spice)."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq, fsolve

import rescircuit as rc
from rescircuit.crossbar import BankCells, LinearCells, SelectedCells, SinhCells

RNG = np.random.default_rng(11)


def sinh_cells(shape, v_scale=0.1, scale=1.0):
    return SinhCells(conductances=scale * 10.0 ** RNG.uniform(-6, -4, shape), v_scale=v_scale)


def behind_switches(shape, **switch):
    resistances = 10.0 ** RNG.uniform(4, 6, (*shape, 2))
    bank = rc.Bank(resistances=resistances, switch=rc.NMOS(**{"w_over_l": 10, **switch}))
    return BankCells(bank=bank, mask=RNG.random((*shape, 2)) < 0.7)


def by_fsolve(cells, r_word, r_bit, volts):
    """Kirchhoff's law at every node as SciPy's general solver of equations sees it: drivers left, senses below."""
    m, n = cells.shape

    def leaving(nodes):
        words, bits = nodes.reshape(2, m, n)
        current = cells.currents(words, bits)[0]
        along = np.diff(np.column_stack([volts, words]), axis=1) / r_word
        down = np.diff(np.vstack([bits, np.zeros(n)]), axis=0) / r_bit
        at_words = along - np.column_stack([along[:, 1:], np.zeros(m)]) + current
        at_bits = -(down - np.vstack([np.zeros(n), down[:-1]])) - current
        return np.concatenate([at_words.ravel(), at_bits.ravel()]) * 1e6

    start = np.concatenate([np.repeat(volts, n), np.zeros(m * n)])
    nodes = fsolve(leaving, start, full_output=True, xtol=1e-13)[0]
    assert np.abs(leaving(nodes)).max() < 1e-9  # microampere
    words, bits = nodes.reshape(2, m, n)
    return words, bits, cells.currents(words, bits)[0].sum(axis=0)


@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (4, 1), (3, 4)])
@pytest.mark.parametrize("make", [sinh_cells, behind_switches])
def test_equals_a_general_solver_of_equations(shape, make):
    cells, volts = make(shape), RNG.uniform(0.05, 0.4, shape[0])
    words, bits, currents = by_fsolve(cells, 20.0, 30.0, volts)
    solution = rc.NonlinearCrossbar(cells, 20.0, 30.0).solve(volts)
    assert solution.word_line_voltages == pytest.approx(words, rel=1e-8, abs=1e-9)
    assert solution.bit_line_voltages == pytest.approx(bits, rel=1e-8, abs=1e-9)
    assert solution.output_currents == pytest.approx(currents, rel=1e-7)


def test_one_memristor_in_series_with_wires():
    g, v_scale, r, volt = 1e-3, 0.05, 300.0, 0.4
    current = brentq(lambda i: i - g * v_scale * np.sinh((volt - i * r) / v_scale), 0.0, volt / r, xtol=1e-18)
    cells = SinhCells(conductances=[[g]], v_scale=v_scale)
    solution = rc.NonlinearCrossbar(cells, 100.0, 150.0, r_driver=20.0, r_sense=30.0).solve([volt])
    assert solution.output_currents[0] == pytest.approx(current, rel=1e-12)


@pytest.mark.parametrize("shape", [(1, 1), (5, 3), (9, 17), (33, 40)])
@pytest.mark.parametrize(("drive", "sense"), [("left", "bottom"), ("both", "top"), ("right", "both")])
def test_linear_cells_give_the_linear_array(shape, drive, sense):
    cells, volts = 10.0 ** RNG.uniform(-6, -4, shape), RNG.uniform(-1, 1, (3, shape[0]))
    wires = {"r_word_line": 2.0, "r_bit_line": 3.0, "drive": drive, "sense": sense}
    expected = rc.Crossbar(cells, **wires).solve(volts, 0.1)
    found = rc.NonlinearCrossbar(LinearCells(conductances=cells), **wires).solve(volts, 0.1)
    assert found.output_currents == pytest.approx(expected.output_currents, rel=1e-11, abs=1e-18)
    assert found.word_line_voltages == pytest.approx(expected.word_line_voltages, abs=1e-13)
    assert found.condition_estimate == pytest.approx(expected.condition_estimate, rel=1e-9)


def test_small_voltages_see_the_linear_array():
    cells = sinh_cells((12, 9), v_scale=0.3)
    volts = 1e-6 * RNG.uniform(0, 1, 12)
    linear = rc.Crossbar(cells.conductances, 5.0, 5.0).solve(volts)
    found = rc.NonlinearCrossbar(cells, 5.0, 5.0).solve(volts)
    assert found.output_currents == pytest.approx(linear.output_currents, rel=1e-9)


@pytest.mark.parametrize(
    "cells",
    [
        sinh_cells((20, 13)),
        sinh_cells((20, 13), v_scale=0.03, scale=100.0),
        behind_switches((20, 13)),
        behind_switches((20, 13), w_over_l=0.5, v_gate=0.6),
        SelectedCells(cells=LinearCells(conductances=np.full((20, 13), 1e-4)), i_selector=1e-9, v_selector=0.05),
    ],
    ids=["sinh", "steep sinh", "switches", "saturated switches", "selectors"],
)
@pytest.mark.parametrize("wire", [0.0, 1.0, 200.0])
def test_kirchhoff_holds_whatever_the_wires(cells, wire):
    volts = RNG.uniform(0, 0.9, (4, 20))
    solution = rc.NonlinearCrossbar(cells, wire, wire).solve(volts)
    assert solution.kcl_residual < 1e-12
    assert solution.current_error < 1e-11
    through, _, _ = cells.currents(solution.word_line_voltages, solution.bit_line_voltages)
    assert solution.output_currents == pytest.approx(through.sum(axis=1), rel=1e-12)
    assert solution.input_currents.sum(axis=-1) == pytest.approx(solution.output_currents.sum(axis=-1), rel=1e-9)
    if wire:
        drops = -np.diff(np.concatenate([volts[..., np.newaxis], solution.word_line_voltages], axis=-1), axis=-1)
        assert wire * solution.word_wire_currents[..., :-1] == pytest.approx(drops, abs=1e-12)
        assert (solution.word_line_voltages <= volts.max(axis=-1)[:, np.newaxis, np.newaxis]).all()


def test_each_input_has_its_own_solution_whatever_its_company():
    cells, volts = sinh_cells((16, 16), scale=10.0), RNG.uniform(0, 0.8, (2, 3, 16))
    crossbar = rc.NonlinearCrossbar(cells, 10.0, 10.0)
    together = crossbar.solve(volts)
    assert together.output_currents.shape == (2, 3, 16)
    alone = crossbar.solve(volts[1, 2])
    assert together.output_currents[1, 2] == pytest.approx(alone.output_currents, rel=1e-11)


def test_lines_may_float():
    cells = sinh_cells((6, 5))
    drive = ["left"] * 5 + ["floating"]
    solution = rc.NonlinearCrossbar(cells, 5.0, 5.0, drive=drive).solve(np.linspace(0.1, 0.6, 6))
    assert abs(solution.device_currents[5].sum()) < 1e-12 * np.abs(solution.device_currents).sum()
    assert solution.input_currents[5] == 0.0


def test_progress_is_told():
    told = []
    crossbar = rc.NonlinearCrossbar(sinh_cells((8, 8)), 5.0, 5.0, progress=lambda *each: told.append(each))
    crossbar.solve(np.full(8, 0.3))
    assert told
    assert all(0.0 <= share <= 1.0 for _, share in told)


def test_cells_that_lie_about_their_slope_are_found_out():
    """A law whose derivatives have nothing to do with its current: no convergence, and the error says where."""

    class Lying:
        shape = (2, 2)

        def check_inputs(self, *_):
            pass

        def currents(self, v_word, v_bit):
            across = v_word - v_bit
            return 1e-3 * np.sign(across) * (1 + 0.5 * np.sin(1e6 * across)), *(
                np.full(across.shape, s) for s in (1e-9, -1e-9)
            )

    with pytest.raises(rc.SolutionError, match=r"fails most at (word|bit)_\d_\d.*what|fails most at (word|bit)_\d_\d"):
        rc.NonlinearCrossbar(Lying(), 1e3, 1e3).solve([0.3, 0.4])


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: rc.NonlinearCrossbar([[1e-4]]), "cells must be a law of cells"),
        (lambda: rc.NonlinearCrossbar(sinh_cells((2, 2)), -1.0), "r_word_line must be finite numbers of at least 0"),
        (lambda: rc.NonlinearCrossbar(sinh_cells((2, 2))).solve([0.1]), "voltages must be of shape (..., 2)"),
        (lambda: rc.NonlinearCrossbar(behind_switches((2, 2)), 1.0, 1.0).solve([-0.1, 0.1]), "at least 0 V"),
        (lambda: rc.NonlinearCrossbar(sinh_cells((64, 64)), memory_limit=1000), "a size whose solution needs at most"),
    ],
)
def test_bad_input_gets_one_clear_line(make, says):
    with pytest.raises(rc.InputError) as caught:
        make()
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
