"""Cells: each law against many digits, its derivatives, its limits, and what it refuses."""

from __future__ import annotations

import dataclasses
import math
from decimal import Decimal, localcontext

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rescircuit as rc
from rescircuit.crossbar.cells import (
    BankCells,
    LinearCells,
    SelectedCells,
    SinhCells,
    conductances_at,
    linearised,
)

NMOS = rc.NMOS(w_over_l=10)
CONDUCTANCES = np.array([[1e-5, 0.0, 3e-6], [1e-7, 2e-4, 1e-6]])


def bank_cells(switch=NMOS, shape=(2, 3), n=4, seed=1):
    rng = np.random.default_rng(seed)
    bank = rc.Bank(resistances=10.0 ** rng.uniform(3, 6, (*shape, n)), switch=switch)
    return BankCells(bank=bank, mask=rng.random((*shape, n)) < 0.6)


LAWS = {
    "linear": LinearCells(conductances=CONDUCTANCES),
    "bank": bank_cells(),
    "leaky bank": bank_cells(rc.NMOS(w_over_l=10, r_off=1e7)),
    "ideal bank": bank_cells(rc.IdealSwitch(r_on=100.0, r_off=1e9)),
    "sinh": SinhCells(conductances=CONDUCTANCES, v_scale=0.25),
    "selected": SelectedCells(cells=LinearCells(conductances=CONDUCTANCES), i_selector=1e-9, v_selector=0.03),
    "selected bank": SelectedCells(cells=bank_cells(), i_selector=1e-7, v_selector=0.05),
    "selected sinh": SelectedCells(
        cells=SinhCells(conductances=CONDUCTANCES, v_scale=0.1), i_selector=1e-12, v_selector=0.02
    ),
}


def sinh(x):
    return (x.exp() - (-x).exp()) / 2


def exact_cell(cells, place, v_word, v_bit):
    """One cell's current in as many digits as the voltages have; a selector's middle node by halving."""
    if isinstance(cells, LinearCells):
        return Decimal(cells.conductances[place]) * (v_word - v_bit)
    if isinstance(cells, SinhCells):
        scale = Decimal(cells.v_scale[place])
        return Decimal(cells.conductances[place]) * scale * sinh((v_word - v_bit) / scale)
    i_selector, v_selector = Decimal(cells.i_selector[place]), Decimal(cells.v_selector[place])
    low, high = min(v_word, v_bit), max(v_word, v_bit)
    for _ in range(190):
        middle = (low + high) / 2
        if exact_cell(cells.cells, place, middle, v_bit) > i_selector * sinh((v_word - middle) / v_selector):
            high = middle
        else:
            low = middle
    return i_selector * sinh((v_word - middle) / v_selector)


@pytest.mark.parametrize("name", ["linear", "sinh", "selected", "selected sinh"])
@pytest.mark.parametrize(
    ("v_word", "v_bit"), [(0.5, 0.0), (0.1, 0.01), (1e-6, 0.0), (0.3, 0.3), (-0.4, 0.3), (0.0, 0.5)]
)
def test_a_cell_equals_one_of_sixty_digits(name, v_word, v_bit):
    """Current and both derivatives, by halving and by differences of 1e-15 V."""
    cells = LAWS[name]
    current, d_word, d_bit = cells.currents(np.full((2, 3), v_word), np.full((2, 3), v_bit))
    with localcontext(prec=60):
        h, word, bit = Decimal("1e-15"), Decimal(v_word), Decimal(v_bit)
        for place in np.ndindex(2, 3):

            def exact(by_word, by_bit, place=place):
                return float(exact_cell(cells, place, word + by_word, bit + by_bit))

            def slope(*steps, place=place):
                right, left = (exact_cell(cells, place, word + s * a, bit + s * b) for s in (1, -1) for a, b in [steps])
                return float((right - left) / (2 * h))

            assert current[place] == pytest.approx(exact(0, 0), rel=1e-12, abs=1e-36)
            assert d_word[place] == pytest.approx(slope(h, 0), rel=1e-12, abs=1e-36)
            assert d_bit[place] == pytest.approx(slope(0, h), rel=1e-12, abs=1e-36)


@pytest.mark.parametrize("name", LAWS)
@pytest.mark.parametrize("v_bit", [0.0, 0.01, 0.3])
def test_derivatives_are_those_of_the_current(name, v_bit):
    cells, h = LAWS[name], 1e-6
    v_word, v_bit = np.array([[0.05, 0.1, 0.5], [0.2, 0.4, 1.0]]), np.full((2, 3), v_bit)
    _, d_word, d_bit = cells.currents(v_word, v_bit)
    by_word = (cells.currents(v_word + h, v_bit)[0] - cells.currents(v_word - h, v_bit)[0]) / (2 * h)
    by_bit = (cells.currents(v_word, v_bit + h)[0] - cells.currents(v_word, v_bit - h)[0]) / (2 * h)
    assert d_word == pytest.approx(by_word, rel=1e-6, abs=1e-18)
    assert d_bit == pytest.approx(by_bit, rel=1e-6, abs=1e-18)


@pytest.mark.parametrize("name", LAWS)
def test_batches_keep_their_axes(name):
    cells = LAWS[name]
    assert cells.shape == (2, 3)
    rng = np.random.default_rng(1)
    v_word, v_bit = rng.uniform(0, 0.5, (4, 5, 2, 3)), rng.uniform(0, 0.1, (5, 2, 3))
    together = cells.currents(v_word, v_bit)
    apart = cells.currents(v_word[2, 3], v_bit[3])
    for whole, part in zip(together, apart, strict=True):
        assert whole.shape == (4, 5, 2, 3)
        assert whole[2, 3] == pytest.approx(part, rel=1e-12)


@pytest.mark.parametrize("name", LAWS)
def test_equal_voltages_drive_no_current(name):
    current, d_word, d_bit = LAWS[name].currents(np.full((2, 3), 0.2), np.full((2, 3), 0.2))
    assert (current == 0).all()
    assert -d_bit == pytest.approx(d_word, rel=1e-12)


@pytest.mark.parametrize("switch", [NMOS, rc.NMOS(w_over_l=10, r_off=1e7), rc.IdealSwitch(r_on=50.0)])
def test_a_bank_on_a_virtual_ground_is_the_bank_itself(switch):
    cells = bank_cells(switch)
    current = cells.currents(np.full((2, 3), 0.3), np.zeros((2, 3)))[0]
    assert current == pytest.approx(cells.bank.current(cells.mask, 0.3), rel=1e-13)


def test_ten_millivolts_on_the_bit_line_move_a_ten_kilohm_cell():
    """The same voltage across it, and 3e-4 less current."""
    cells = BankCells(bank=rc.Bank(resistances=[[[1e4]]], switch=NMOS), mask=[True])
    at_ground = cells.currents(np.array([[0.1]]), np.array([[0.0]]))[0]
    raised = cells.currents(np.array([[0.11]]), np.array([[0.01]]))[0]
    assert float(1 - raised[0, 0] / at_ground[0, 0]) == pytest.approx(3.1e-4, abs=2e-5)


def test_a_gentle_sinh_is_linear():
    v_word, v_bit = np.full((2, 3), 0.1), np.full((2, 3), 0.02)
    gentle = SinhCells(conductances=CONDUCTANCES, v_scale=1e4).currents(v_word, v_bit)
    for bent, straight in zip(gentle, LinearCells(conductances=CONDUCTANCES).currents(v_word, v_bit), strict=True):
        assert bent == pytest.approx(straight, rel=1e-10)


def test_a_strong_selector_is_a_wire_and_a_weak_one_all_there_is():
    v_word, v_bit = np.full((2, 3), 0.1), np.full((2, 3), 0.02)
    cells = LinearCells(conductances=np.full((2, 3), 1e-5))
    strong = SelectedCells(cells=cells, i_selector=1e3, v_selector=0.03).currents(v_word, v_bit)
    for part, alone in zip(strong, cells.currents(v_word, v_bit), strict=True):
        assert part == pytest.approx(alone, rel=1e-8)
    weak = SelectedCells(cells=cells, i_selector=1e-18, v_selector=0.03).currents(v_word, v_bit)[0]
    assert weak == pytest.approx(1e-18 * math.sinh(0.08 / 0.03), rel=1e-10)


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(["linear", "sinh", "bank"]),
    st.floats(-18, 0),
    st.floats(-2.5, 0.5),
    st.floats(-9, 3),
    st.integers(0, 2**32 - 1),
)
def test_any_selector_is_solved_at_any_voltages(kind, i_decade, v_decade, decade, seed):
    """Decades of current and of voltage, as a solver may pass through them: the middle node obeys Kirchhoff's law."""
    rng = np.random.default_rng(seed)
    conductances, scales = 10.0 ** rng.uniform(-12, 0, (5, 6)), 10.0 ** rng.uniform(-2, 1, (5, 6))
    cells = {
        "linear": LinearCells(conductances=conductances),
        "sinh": SinhCells(conductances=conductances, v_scale=scales),
        "bank": bank_cells(shape=(5, 6), seed=seed),
    }[kind]
    selected = SelectedCells(cells=cells, i_selector=10.0**i_decade, v_selector=10.0**v_decade)
    v_word, v_bit = 10.0**decade * rng.normal(size=(2, 5, 6))
    current, d_word, d_bit = selected.currents(v_word, v_bit)
    assert np.isfinite([current, d_word, d_bit]).all()
    assert (d_word >= 0).all()
    assert (d_bit <= 0).all()
    assert (current * (v_word - v_bit) >= 0).all()
    middle = v_word - selected.v_selector * selected._argument(v_word, v_bit)
    behind, slope, _ = cells.currents(middle, v_bit)
    last_bits = slope * (np.abs(v_word) + np.abs(v_bit))
    assert (np.abs(behind - current) <= 1e-12 * (np.abs(current) + last_bits)).all()


def test_beyond_forty_a_sinh_goes_on_along_its_tangent():
    cells = SinhCells(conductances=[[1e-6]], v_scale=0.1)
    edge, far = (cells.currents(np.array([[v]]), np.zeros((1, 1))) for v in (4.0, 1e4))
    assert far[1] == pytest.approx(edge[1])
    assert far[0] == pytest.approx(edge[0] + edge[1] * (1e4 - 4.0), rel=1e-12)
    assert cells.currents(np.array([[-1e4]]), np.zeros((1, 1)))[0] == -far[0]


@pytest.mark.parametrize("name", LAWS)
def test_inputs_within_the_law_pass(name):
    assert LAWS[name].check_inputs(np.array([0.0, 0.5]), np.zeros(3)) is None


@pytest.mark.parametrize(
    ("cells", "v_word_lines", "v_bit_lines", "says"),
    [
        (LAWS["linear"], [0.1, math.nan], 0.0, "v_word_lines at index 1 must be finite numbers (V)"),
        (LAWS["bank"], [0.1, -0.2], 0.0, "voltage must be at least 0 V at an NMOS switch, got -0.2"),
        (LAWS["bank"], [0.1, 0.2], [0.0, -0.01], "voltage must be at least 0 V at an NMOS switch, got -0.01"),
        (LAWS["selected bank"], -0.1, 0.0, "at least 0 V at an NMOS switch"),
        (LAWS["sinh"], [6.0, 0.1], -4.5, "voltages must be within 10 V of each other, 40 v_scale, got '-4.5 V to 6 V'"),
        (
            SelectedCells(cells=LAWS["linear"], i_selector=1e-30, v_selector=0.01),
            [1.0],
            [0.0],
            "voltages must be such that no selector's voltage can exceed 40 v_selector",
        ),
    ],
)
def test_inputs_outside_the_law_are_refused(cells, v_word_lines, v_bit_lines, says):
    with pytest.raises(rc.InputError) as caught:
        cells.check_inputs(v_word_lines, v_bit_lines)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_signed_inputs_are_for_cells_without_transistors():
    for name in ("linear", "ideal bank", "sinh", "selected"):
        LAWS[name].check_inputs([-0.3, 0.2], 0.0)


def test_a_selector_may_see_more_voltage_than_it_takes():
    """1 V is 100 v_selector, but the cells take all of it but 14."""
    cells = SelectedCells(cells=LinearCells(conductances=[[1e-6]]), i_selector=1e-12, v_selector=0.01)
    cells.check_inputs(1.0, 0.0)


def test_conductances_are_current_over_voltage():
    assert conductances_at(LAWS["linear"]) == pytest.approx(CONDUCTANCES)
    cells = LAWS["bank"]
    assert conductances_at(cells, 0.2) == pytest.approx(cells.bank.conductance(cells.mask, 0.2), rel=1e-13)
    with pytest.raises(rc.InputError, match="v_read must be a finite number above 0"):
        conductances_at(cells, 0.0)
    with pytest.raises(rc.InputError, match="within 10 V"):
        conductances_at(LAWS["sinh"], 11.0)


def test_small_signals_see_the_slope():
    straight = linearised(LAWS["sinh"], 0.3, [[0.0], [0.1]])
    assert isinstance(straight, LinearCells)
    expected = CONDUCTANCES * np.cosh(np.array([[0.3], [0.2]]) / 0.25)
    assert straight.conductances == pytest.approx(expected, rel=1e-14)
    assert linearised(LAWS["linear"]).conductances == pytest.approx(CONDUCTANCES)
    with pytest.raises(rc.InputError, match=r"v_bit must be of a shape that broadcasts to \(2, 3\), got shape \(2,\)"):
        linearised(LAWS["sinh"], 0.3, [0.0, 0.1])
    with pytest.raises(rc.InputError, match="at least 0 V"):
        linearised(LAWS["bank"], -0.3)


class Relay:
    """A switch that is known with its output at 0 V only."""

    def branch_current(self, resistance, voltage, *, closed):
        return np.where(closed, voltage / resistance, 0.0)


BANK = LAWS["bank"].bank


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (
            lambda: LinearCells(conductances=[[-1.0]]),
            "conductances at index (0, 0) must be finite numbers of at least 0",
        ),
        (lambda: LinearCells(conductances=[1.0]), "conductances must be an array (m, n), got shape (1,)"),
        (lambda: SinhCells(conductances=[[math.inf]], v_scale=1.0), "conductances at index (0, 0) must be finite"),
        (lambda: SinhCells(conductances=[[1.0]], v_scale=0.0), "v_scale must be finite numbers above 0 (V)"),
        (lambda: SinhCells(conductances=[[1.0]], v_scale=[1.0, 2.0]), "v_scale must be of a shape that broadcasts to"),
        (lambda: BankCells(bank=rc.Bank(resistances=[1e3]), mask=[True]), "bank must be a Bank of shape (m, n)"),
        (lambda: BankCells(bank=[[[1e3]]], mask=[True]), "bank must be a Bank of shape (m, n), got [[[1000.0]]]"),
        (lambda: BankCells(bank=BANK, mask=[True]), "mask must be booleans (..., 4)"),
        (lambda: BankCells(bank=BANK, mask=np.ones((3, 3, 4), bool)), "mask must be of a shape that broadcasts to"),
        (lambda: BankCells(bank=BANK, mask=np.ones((2, 3, 4))), "mask must be booleans (..., 4)"),
        (
            lambda: BankCells(bank=rc.Bank(resistances=[[[1e3]]], switch=Relay()), mask=[True]),
            "switch must be one whose output may be at any voltage, with a method branch",
        ),
        (lambda: SelectedCells(cells=CONDUCTANCES, i_selector=1.0, v_selector=1.0), "cells must be cells, such as"),
        (
            lambda: SelectedCells(cells=LAWS["linear"], i_selector=0.0, v_selector=1.0),
            "i_selector must be finite numbers above 0 (A)",
        ),
        (
            lambda: SelectedCells(cells=LAWS["linear"], i_selector=1.0, v_selector=[1.0, 1.0]),
            "v_selector must be of a shape that broadcasts to (2, 3), got shape (2,)",
        ),
    ],
)
def test_cells_outside_their_range_are_refused(make, says):
    with pytest.raises(rc.InputError) as caught:
        make()
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_cells_do_not_change():
    """Neither by their fields nor through an array that went in."""
    given = np.array([[1e-6, 2e-6]])
    cells = LinearCells(conductances=given)
    given[0, 0] = -1.0
    assert cells.conductances.tolist() == [[1e-6, 2e-6]]
    with pytest.raises(ValueError, match="read-only"):
        cells.conductances[0, 0] = -1.0
    with pytest.raises(dataclasses.FrozenInstanceError):
        cells.conductances = given
    mask = np.ones((2, 3, 4), bool)
    banks = BankCells(bank=BANK, mask=mask)
    mask[:] = False
    assert banks.mask.all()


def test_a_mask_may_be_one_for_all_cells():
    cells = BankCells(bank=BANK, mask=[True, False, True, False])
    assert cells.mask.shape == (2, 3, 4)
    assert cells.currents(np.full((2, 3), 0.1), np.zeros((2, 3)))[0] == pytest.approx(
        BANK.current(np.array([True, False, True, False]), 0.1), rel=1e-13
    )


def test_voltages_that_are_no_numbers_have_no_current():
    with pytest.raises(rc.SolutionError, match="voltage behind a selector"):
        LAWS["selected"].currents(np.full((2, 3), math.nan), np.zeros((2, 3)))
