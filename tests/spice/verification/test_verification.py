"""Our own solvers and ngspice, which know nothing of each other, find the same currents and voltages."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rescircuit as rc
from rescircuit.crossbar import BankCells, LinearCells, SelectedCells, SinhCells
from rescircuit.devices import Fuse
from rescircuit.errors import InputError, SpiceError
from rescircuit.spice import LIMITS

POLY = rc.Resistor(nominal=10e3, mismatch=0.01)
SWITCHES = {
    "perfect": rc.IdealSwitch(),
    "linear": rc.IdealSwitch(r_on=200.0, r_off=1e9),
    "nmos": rc.NMOS(w_over_l=10),
    "leaky nmos": rc.NMOS(w_over_l=10, r_off=1e8),
    "weak nmos": rc.NMOS(w_over_l=1, v_gate=0.9),
}


def limit_of(switch):
    return LIMITS["mos" if isinstance(switch, rc.NMOS) else "linear"].relative


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize(("r_word_line", "r_bit_line"), [(0.0, 0.0), (1.0, 1.0), (0.0, 2.5), (0.3, 0.0)])
@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (7, 1), (5, 12), (12, 5)])
def test_a_crossbar(shape, r_word_line, r_bit_line, seed):
    conductances = np.random.default_rng(seed).uniform(1e-6, 1e-5, shape)
    check = rc.verify(rc.Crossbar(conductances, r_word_line, r_bit_line))
    assert check.passed
    assert check.max_relative_error <= check.limit == 1e-9
    m, n = shape
    assert check.compared == 4 * (m + n + 2 * m * n)


@pytest.mark.parametrize(("r_word_line", "r_bit_line"), [(0.0, 0.0), (1.0, 1.0), (5.0, 0.02)])
def test_a_crossbar_of_32_by_32(r_word_line, r_bit_line):
    rng = np.random.default_rng(32)
    conductances = rng.uniform(1e-6, 1e-5, (32, 32)) * (rng.random((32, 32)) < 0.8)
    check = rc.verify(rc.Crossbar(conductances, r_word_line, r_bit_line), voltages=rng.uniform(-0.2, 0.2, (3, 32)))
    assert check.passed
    assert check.compared == 3 * (32 + 32 + 2 * 32 * 32)


@given(seed=st.integers(0, 2**32 - 1), m=st.integers(1, 6), n=st.integers(1, 6))
@settings(max_examples=25, deadline=None)
def test_any_crossbar(seed, m, n):
    """Conductances over four decades, wires over three, some cells and segments missing."""
    rng = np.random.default_rng(seed)
    conductances = 10 ** rng.uniform(-8, -4, (m, n)) * (rng.random((m, n)) < 0.7)
    r_word_line, r_bit_line = (
        10 ** rng.uniform(-1, 2, size) * (rng.random(size) < 0.7) for size in [(m, n + 1), (m + 1, n)]
    )
    check = rc.verify(rc.Crossbar(conductances, r_word_line, r_bit_line))
    assert check.passed, check.summary()


def test_a_crossbar_whose_output_currents_cancel():
    """Large currents whose sums are rounding errors: they agree to a share of what cancels."""
    rng = np.random.default_rng(8)
    crossbar = rc.Crossbar(rng.uniform(0.01, 0.02, (8, 5)), 0.1, 0.1)
    null_space = np.linalg.svd(crossbar.effective_conductances().T)[2][5:]
    assert np.abs(null_space @ crossbar.effective_conductances()).max() < 1e-15
    assert rc.verify(crossbar, voltages=null_space).passed


@pytest.mark.parametrize("setting", ["all closed", "all open", "some closed"])
@pytest.mark.parametrize("n", [1, 8, 20])
@pytest.mark.parametrize("switch", SWITCHES.values(), ids=SWITCHES)
def test_a_bank(switch, n, setting):
    bank = rc.Bank.sample(POLY, n=n, switch=switch, seed=n)
    masks = {
        "all closed": np.ones(n, bool),
        "all open": np.zeros(n, bool),
        "some closed": np.random.default_rng(n).random(n) < 0.5,
    }
    check = rc.verify(bank, mask=masks[setting], voltages=[0.0, 0.01, 0.1, 0.5, 1.0, 1.8])
    assert check.passed, check.summary()
    assert check.limit == limit_of(switch)
    assert check.agreements[0].compared == 6


@pytest.mark.parametrize("switch", SWITCHES.values(), ids=SWITCHES)
def test_a_programmed_bank_gives_its_conductance_in_ngspice(switch):
    bank = rc.Bank.sample(POLY, n=10, switch=switch, seed=4)
    setting = bank.program(0.4 * float(bank.full_scale))
    check = rc.verify(bank, setting=setting)
    assert check.passed
    result = rc.spice.run_deck(rc.deck(bank, setting=setting))
    measured = result.source_currents["v_out"][0] / bank.v_read
    assert measured == pytest.approx(setting.conductance, rel=limit_of(switch))
    assert rc.verify(bank, mask=setting.mask).deck == check.deck


def test_by_default_a_bank_is_closed_and_read_at_several_voltages():
    bank = rc.Bank.sample(POLY, n=4, seed=1)
    check = rc.verify(bank)
    assert check.deck == rc.deck(bank, mask=np.ones(4, bool), voltages=[0.025, 0.05, 0.1, 0.2])
    assert rc.deck(bank) == rc.deck(bank, mask=np.ones(4, bool), voltages=0.1)


def test_one_input_is_an_operating_point_with_the_same_currents_as_in_a_sweep():
    rng = np.random.default_rng(6)
    crossbar = rc.Crossbar(rng.uniform(1e-6, 1e-5, (4, 3)), 1.0, 1.0)
    voltages = rng.uniform(-0.2, 0.2, (2, 4))
    swept = rc.spice.run_deck(rc.deck(crossbar, voltages=voltages))
    for k in range(2):
        assert rc.verify(crossbar, voltages=voltages[k]).passed
        alone = rc.spice.run_deck(rc.deck(crossbar, voltages=voltages[k]))
        for source in ("v_sense_0", "v_sense_1", "v_sense_2"):
            assert alone.source_currents[source][0] == pytest.approx(swept.source_currents[source][k], rel=1e-12)


def test_a_wrong_current_of_a_bank_is_found(monkeypatch):
    right = rc.Bank.current

    def wrong(self, mask, voltage):
        wrong = np.array([1.0, 1.0 + 2e-9, 1.0]) if np.shape(voltage) == (3,) else 1.0
        return right(self, mask, voltage) * wrong

    monkeypatch.setattr(rc.Bank, "current", wrong)
    check = rc.verify(rc.Bank.sample(POLY, n=4, seed=1), voltages=[0.1, 0.2, 0.3])
    assert not check.passed
    assert check.max_relative_error == pytest.approx(2e-9, rel=1e-3)
    assert check.quantity == "output_currents[1, 0]"
    assert check.element == "v_out"
    assert "DISAGREES" in check.summary()


@pytest.mark.parametrize("name", ["output_currents", "input_currents", "word_line_voltages", "bit_line_voltages"])
def test_a_wrong_number_of_a_crossbar_is_found(monkeypatch, name):
    right = rc.Crossbar.solve

    def wrong(self, *voltages):
        solution = right(self, *voltages)
        values = getattr(solution, name).copy()
        values.flat[-1] *= 1 + 1e-4
        return dataclasses.replace(solution, **{name: values})

    monkeypatch.setattr(rc.Crossbar, "solve", wrong)
    crossbar = rc.Crossbar(np.full((3, 2), 1e-4), 10.0, 10.0)
    check = rc.verify(crossbar, voltages=np.full((4, 3), 0.1))
    assert not check.passed
    assert check.quantity.startswith(name + "[3, ")


def test_a_summary_is_one_line_and_the_rest_is_ready_for_json():
    check = rc.verify(rc.Bank.sample(POLY, n=3, seed=2))
    assert check.summary().startswith(f"ngspice {check.ngspice_version} agrees: 4 numbers, ")
    assert "\n" not in check.summary()
    report = json.loads(json.dumps(check.as_dict()))
    assert report["passed"] is True
    assert report["compared"] == 4
    assert report["limit"] == 1e-9


def test_a_failed_run_is_an_error_and_no_verdict(stand_in):
    stand_in("echo 'Error: no convergence'; exit 1")
    with pytest.raises(SpiceError, match="no convergence"):
        rc.verify(rc.Bank.sample(POLY, n=3, seed=2))


def test_a_time_limit_reaches_ngspice(stand_in):
    stand_in("sleep 60")
    with pytest.raises(SpiceError, match=r"stopped after 0\.1 s"):
        rc.verify(rc.Crossbar([[1e-4]]), timeout=0.1)


BANK = rc.Bank(resistances=np.array([1e3, 2e3]))
SETTING = BANK.program(1e-3)
MEMRISTORS = rc.NonlinearCrossbar(SinhCells(conductances=[[1e-4]], v_scale=0.25))


@pytest.mark.parametrize("function", [rc.deck, rc.verify])
@pytest.mark.parametrize(
    ("thing", "options", "message"),
    [
        (BANK, {"mask": [True]}, "mask must be 2 booleans"),
        (BANK, {"mask": SETTING.mask, "setting": SETTING}, "mask must be left out when a setting is given"),
        (rc.Crossbar([[1e-4]]), {"mask": [True]}, "mask must be left out for a Crossbar"),
        (rc.Crossbar([[1e-4]]), {"setting": SETTING}, "setting must be left out for a Crossbar"),
        (rc.Crossbar([[1e-4]]), {"voltages": [0.1, 0.2]}, "voltages"),
        (rc.Crossbar([[1e-4]]), {"bit_line_voltages": [0.1, 0.2]}, "bit_line_voltages"),
        (BANK, {"bit_line_voltages": 0.1}, "bit_line_voltages must be left out for a Bank"),
        (rc.SeriesBank(resistances=[1e3, 2e3]), {"bit_line_voltages": 0.1}, "left out for a SeriesBank"),
        (MEMRISTORS, {"mask": [True]}, "mask must be left out for a NonlinearCrossbar"),
        ([[1e-4]], {}, "thing must be a bank, a pair of banks, a crossbar, a network's tile or a circuit"),
    ],
)
def test_what_does_not_fit_is_refused(function, thing, options, message):
    with pytest.raises(InputError, match=message):
        function(thing, **options)


@pytest.mark.parametrize("function", [rc.deck, rc.verify])
@pytest.mark.parametrize("thing", [BANK, rc.Crossbar([[1e-4]])])
def test_what_is_no_setting_is_refused(function, thing):
    with pytest.raises(InputError, match=r"setting must be one of a Bank|setting must be left out for a Crossbar"):
        function(thing, setting=5)


def test_blown_fuses_stay_blown_in_the_cells_of_a_crossbar():
    rng = np.random.default_rng(0)
    fuses = rc.Bank(resistances=rng.uniform(1e4, 1e5, (2, 2, 3)), switch=Fuse(r_on=100.0, r_off=1e9))
    blown = fuses.blow(rng.random((2, 2, 3)) < 0.5)
    for asked in (True, False):
        cells = BankCells(bank=blown, mask=np.full((2, 2, 3), asked))
        assert_agrees(rc.NonlinearCrossbar(cells, 1.0, 1.0))


def test_negative_inputs_are_refused_where_switches_are_transistors():
    bank = rc.Bank.sample(POLY, n=3, seed=2, switch=SWITCHES["nmos"])
    with pytest.raises(InputError, match="at least 0 V at an NMOS switch"):
        rc.verify(bank, voltages=[0.1, -0.1])


SHAPES = [(1, 1), (1, 7), (7, 1), (3, 5), (8, 8)]
DRIVES, SENSES = ["left", "right", "both"], ["bottom", "top", "both"]


def memristances(shape, seed=0):
    return 10 ** np.random.default_rng(seed).uniform(-6, -4, shape)


def assert_agrees(crossbar, **options):
    check = rc.verify(crossbar, **options)
    assert check.passed, check.summary()
    return check


@pytest.mark.parametrize("sense", SENSES)
@pytest.mark.parametrize("drive", DRIVES)
@pytest.mark.parametrize("shape", SHAPES)
def test_lines_connected_at_any_end(shape, drive, sense):
    rng = np.random.default_rng(7)
    m, n = shape
    wires = rng.uniform(0.5, 5.0, (m, n + 1)), rng.uniform(0.5, 5.0, (m + 1, n))
    ends = {"r_driver": rng.uniform(0.0, 50.0, m), "r_sense": rng.uniform(0.0, 50.0, n)}
    assert_agrees(rc.Crossbar(memristances(shape), *wires, **ends, drive=drive, sense=sense))


@pytest.mark.parametrize("shape", SHAPES[3:])
def test_each_line_connected_in_its_own_way(shape):
    """With floating ones, which have no currents to compare."""
    m, n = shape
    drive, sense = [[*ends, "floating"] * count for ends, count in ((DRIVES, m), (SENSES, n))]
    floating = sum(ends == "floating" for ends in (*drive[:m], *sense[:n]))
    assert floating
    options = {"drive": drive[:m], "sense": sense[:n], "r_driver": 20.0, "r_sense": 10.0}
    crossbar = rc.Crossbar(memristances(shape), 1.0, 2.0, **options)
    assert assert_agrees(crossbar).compared == 4 * (m + n - floating + 2 * m * n)
    voltages = np.full(m, 0.1)
    alone = rc.verify(crossbar, voltages=np.where(crossbar.topology.driven, voltages, 1e9))
    assert alone.deck.text == rc.verify(crossbar, voltages=voltages).deck.text


@pytest.mark.parametrize("ends", [{"sense": "floating"}, {"drive": "floating"}])
def test_all_lines_of_one_kind_floating(ends):
    crossbar = rc.Crossbar(memristances((4, 3)), 1.0, 1.0, **ends)
    assert_agrees(crossbar, voltages=[0.1, 0.2, 0.3, 0.4], bit_line_voltages=[0.0, 0.1, -0.2])
    assert_agrees(crossbar, voltages=np.full((2, 4), 0.1), bit_line_voltages=[0.0, 0.1, -0.2])


def half_selected(shape, share, largest=0.6):
    """Each cell of the diagonal at `largest` volt, and all others at this share of it or less."""
    m, n = shape
    count = min(m, n)
    words, bits = np.full((count, m), share * largest), np.full((count, n), (1 - share) * largest)
    words[range(count), range(count)], bits[range(count), range(count)] = largest, 0.0
    return {"voltages": words, "bit_line_voltages": bits}


@pytest.mark.parametrize("share", [1 / 2, 1 / 3])
@pytest.mark.parametrize(("drive", "sense"), [("left", "bottom"), ("right", "top"), ("both", "bottom")])
@pytest.mark.parametrize("shape", SHAPES)
def test_half_selected_cells(shape, drive, sense, share):
    crossbar = rc.Crossbar(memristances(shape), 2.0, 1.0, r_driver=10.0, r_sense=5.0, drive=drive, sense=sense)
    assert_agrees(crossbar, **half_selected(shape, share))


@pytest.mark.parametrize("sense", SENSES)
def test_raised_bit_lines_without_any_resistance(sense):
    crossbar = rc.Crossbar(memristances((3, 5)), sense=sense)
    assert_agrees(crossbar, bit_line_voltages=[0.1, 0.2, 0.3, 0.0, -0.1])


def test_sixteen_inputs_with_their_bit_line_voltages():
    rng = np.random.default_rng(16)
    crossbar = rc.Crossbar(memristances((8, 8)), 1.0, 1.0, r_sense=10.0)
    voltages, raised = rng.uniform(-0.5, 0.5, (16, 8)), rng.uniform(-0.5, 0.5, (16, 8))
    check = assert_agrees(crossbar, voltages=voltages, bit_line_voltages=raised)
    assert check.compared == 16 * (8 + 8 + 2 * 64)
    assert check.deck == rc.deck(crossbar, voltages=voltages, bit_line_voltages=raised)
    by_default = assert_agrees(crossbar, bit_line_voltages=raised)
    assert by_default.compared == check.compared


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("ends", [("left", "bottom"), ("both", "both")])
def test_broken_wires(ends, seed):
    rng = np.random.default_rng(seed)
    wires = [np.where(rng.random(size) < 0.1, np.inf, 2.0) for size in ((6, 6), (7, 5))]
    assert_agrees(rc.Crossbar(memristances((6, 5)), *wires, drive=ends[0], sense=ends[1], r_driver=5.0))


@pytest.mark.parametrize("ends", [("left", "bottom"), ("both", "top")])
@pytest.mark.parametrize("shape", SHAPES)
def test_shorted_cells(shape, ends):
    rng = np.random.default_rng(2)
    cells = np.where(rng.random(shape) < 0.1, np.inf, memristances(shape))
    cells[0, 0] = np.inf
    assert_agrees(rc.Crossbar(cells, 2.0, 1.0, drive=ends[0], sense=ends[1]))


@given(seed=st.integers(0, 2**32 - 1), m=st.integers(1, 5), n=st.integers(1, 5))
@settings(max_examples=25, deadline=None)
def test_any_ends(seed, m, n):
    """Some cells open, some wires broken or without resistance, some lines floating."""
    rng = np.random.default_rng(seed)
    cells = memristances((m, n), seed) * (rng.random((m, n)) < 0.9)
    wires = [rng.choice([0.0, 1.0, 3.0, np.inf], size, p=[0.2, 0.4, 0.35, 0.05]) for size in ((m, n + 1), (m + 1, n))]
    drive, sense = rng.choice([*DRIVES, "floating"], m).tolist(), rng.choice([*SENSES, "floating"], n).tolist()
    try:
        crossbar = rc.Crossbar(cells, *wires, r_driver=rng.uniform(0, 50, m), drive=drive, sense=sense)
    except InputError as error:
        assert "the array must be" in str(error)
        return
    assert_agrees(crossbar)


def transistor_cells(shape, k=1, *, seed=0, share=1.0, **options):
    rng = np.random.default_rng(seed)
    bank = rc.Bank(resistances=10 ** rng.uniform(3.5, 5.5, (*shape, k)), switch=rc.NMOS(w_over_l=10, **options))
    return BankCells(bank=bank, mask=rng.random((*shape, k)) < share)


@pytest.mark.parametrize("wire", [0.0, 1.0, 20.0])
@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (7, 1), (4, 4), (8, 8)])
def test_cells_of_one_transistor_and_one_resistor(shape, wire):
    check = assert_agrees(rc.NonlinearCrossbar(transistor_cells(shape), wire, wire))
    assert check.limit == LIMITS["mos"].relative
    m, n = shape
    assert check.compared == 4 * (m + n + 2 * m * n)


@pytest.mark.parametrize("drive", DRIVES)
@pytest.mark.parametrize("sense", SENSES)
def test_transistors_between_lines_connected_at_any_end(drive, sense):
    cells = transistor_cells((3, 4), 2, share=0.6, r_off=1e8)
    assert_agrees(rc.NonlinearCrossbar(cells, 2.0, 3.0, r_driver=50.0, r_sense=20.0, drive=drive, sense=sense))


def test_sixteen_inputs_at_banks_of_three_behind_transistors():
    rng = np.random.default_rng(3)
    crossbar = rc.NonlinearCrossbar(transistor_cells((8, 8), 3, share=0.5), 1.0, 1.0, r_driver=10.0)
    voltages = rng.uniform(0.0, 1.0, (16, 8))
    check = assert_agrees(crossbar, voltages=voltages)
    assert check.compared == 16 * (8 + 8 + 2 * 64)
    assert check.deck == rc.deck(crossbar, voltages=voltages)
    assert_agrees(crossbar, voltages=voltages, bit_line_voltages=rng.uniform(0.0, 0.3, (16, 8)))


def test_transistors_in_floating_lines():
    """Open ones leak: ngspice takes them all as open at first, and does not start where nothing holds a line."""
    cells = transistor_cells((4, 4), share=0.8, r_off=1e7)
    ends = {"drive": ["left", "floating", "both", "right"], "sense": ["bottom", "floating", "both", "top"]}
    check = assert_agrees(rc.NonlinearCrossbar(cells, 2.0, 2.0, r_sense=10.0, **ends))
    assert check.compared == 4 * (3 + 3 + 2 * 16)


@pytest.mark.parametrize("switch", [rc.IdealSwitch(), rc.IdealSwitch(r_on=100.0, r_off=1e8)])
def test_banks_behind_ideal_switches_and_linear_cells_are_linear(switch):
    mask = np.random.default_rng(4).random((3, 5, 3)) < 0.6
    mask[..., 0] = True
    bank = rc.Bank(resistances=np.full((3, 5, 3), [1e4, 3e4, 1e5]), switch=switch)
    for cells in (BankCells(bank=bank, mask=mask), LinearCells(conductances=memristances((3, 5)))):
        check = assert_agrees(rc.NonlinearCrossbar(cells, 1.0, 1.0, drive="both", r_sense=5.0))
        assert check.limit == LIMITS["linear"].relative


@pytest.mark.parametrize("wire", [0.0, 1.0, 50.0])
@pytest.mark.parametrize("v_scale", [0.05, 0.25])
@pytest.mark.parametrize("shape", SHAPES)
def test_memristors(shape, v_scale, wire):
    cells = SinhCells(conductances=memristances(shape), v_scale=v_scale)
    check = assert_agrees(rc.NonlinearCrossbar(cells, wire, wire))
    assert check.limit == LIMITS["sinh"].relative
    assert_agrees(rc.NonlinearCrossbar(cells, wire, wire, r_driver=10.0, drive="both"), **half_selected(shape, 1 / 2))


@pytest.mark.parametrize(
    ("i_selector", "v_selector", "largest"), [(1e-6, 0.5, 0.6), (1e-9, 0.05, 0.6), (1e-12, 0.03, 0.45)]
)
@pytest.mark.parametrize(
    "cells",
    [
        LinearCells(conductances=memristances((4, 4))),
        SinhCells(conductances=memristances((4, 4)), v_scale=0.25),
        transistor_cells((4, 4)),
    ],
)
@pytest.mark.parametrize("share", [1 / 2, 1 / 3])
def test_selectors(cells, i_selector, v_selector, largest, share):
    """At 0.6 V ngspice does not find its start behind the steepest."""
    selected = SelectedCells(cells=cells, i_selector=i_selector, v_selector=v_selector)
    crossbar = rc.NonlinearCrossbar(selected, 5.0, 5.0, r_driver=50.0)
    check = assert_agrees(crossbar, **half_selected((4, 4), share, largest))
    assert check.limit == LIMITS["mos" if isinstance(cells, BankCells) else "sinh"].relative


@pytest.mark.parametrize("name", ["output_currents", "input_currents", "word_line_voltages", "bit_line_voltages"])
@pytest.mark.parametrize(
    "cells", [transistor_cells((3, 2)), SinhCells(conductances=np.full((3, 2), 1e-4), v_scale=0.2)]
)
def test_a_wrong_number_of_a_non_linear_crossbar_is_found(monkeypatch, name, cells):
    right = rc.NonlinearCrossbar.solve

    def wrong(self, *voltages):
        solution = right(self, *voltages)
        values = getattr(solution, name).copy()
        values.flat[-1] *= 1 + 1e-4
        return dataclasses.replace(solution, **{name: values})

    monkeypatch.setattr(rc.NonlinearCrossbar, "solve", wrong)
    check = rc.verify(rc.NonlinearCrossbar(cells, 10.0, 10.0), voltages=np.full((4, 3), 0.1))
    assert not check.passed
    assert check.quantity.startswith(name + "[3, ")


@pytest.mark.parametrize("name", ["output_currents", "bit_line_voltages"])
def test_what_is_no_number_is_wrong(monkeypatch, name):
    right = rc.Crossbar.solve

    def wrong(self, *voltages):
        solution = right(self, *voltages)
        return dataclasses.replace(solution, **{name: np.full_like(getattr(solution, name), np.nan)})

    monkeypatch.setattr(rc.Crossbar, "solve", wrong)
    check = rc.verify(rc.Crossbar([[1e-4]], 1.0, 1.0))
    assert not check.passed
    assert check.max_relative_error == np.inf
    assert check.quantity.startswith(name)


def test_cells_that_ignore_their_bit_line_are_found(monkeypatch):
    """What the array's cells do at 10 mV on the bit line is no small thing: ngspice tells it."""
    right = BankCells.currents

    def wrong(self, v_word, v_bit):
        return right(self, v_word - v_bit, np.zeros_like(v_bit))

    monkeypatch.setattr(BankCells, "currents", wrong)
    check = rc.verify(rc.NonlinearCrossbar(transistor_cells((4, 4)), 20.0, 20.0))
    assert not check.passed
    assert check.max_relative_error > 1e-6


def test_negative_inputs_are_refused_where_cells_are_transistors():
    with pytest.raises(InputError, match="at least 0 V at an NMOS switch"):
        rc.verify(rc.NonlinearCrossbar(transistor_cells((2, 2))), voltages=[0.1, -0.1])
