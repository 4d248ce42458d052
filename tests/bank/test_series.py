"""The series bank: what a string resists, programmed in ohm and in siemens, against every setting and ngspice."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.bank import spread_nominals
from rescircuit.spice import run_deck, series_bank_circuit

THESIS = rc.Resistor(nominal=10e3, tolerance=0.20)
FOUNDRY = rc.Resistor(nominal=10e3, common=0.20, mismatch=0.01)
SWITCHES = {
    "perfect": rc.IdealSwitch(),
    "with on-resistance": rc.IdealSwitch(r_on=300.0),
    "leaky": rc.IdealSwitch(r_off=1e7),
    "linear": rc.IdealSwitch(r_on=300.0, r_off=1e7),
}


def every_setting(n):
    return np.array(list(itertools.product([False, True], repeat=n)))


def exact_resistances(bank):
    """Every setting's resistance, exactly, on the bank's items as doubles."""
    counted, bypassed = bank.counted_resistances, bank.bypassed_resistances
    offset = Fraction(float(bypassed.sum()))
    items = [Fraction(float(x)) for x in counted - bypassed]
    return [offset + sum(itertools.compress(items, mask)) for mask in every_setting(bank.n)]


def test_an_item_counts_where_its_bypass_is_open():
    bank = rc.SeriesBank(resistances=[1e3, 2e3], switch=rc.IdealSwitch(r_on=100.0, r_off=1e6))
    open_1, open_2 = 1e3 * 1e6 / (1e3 + 1e6), 2e3 * 1e6 / (2e3 + 1e6)
    closed_1, closed_2 = 1e3 * 100 / 1100, 2e3 * 100 / 2100
    assert bank.resistance([True, True]) == pytest.approx(open_1 + open_2, rel=1e-15)
    assert bank.resistance([True, False]) == pytest.approx(open_1 + closed_2, rel=1e-15)
    assert bank.conductance([False, True]) == pytest.approx(1 / (closed_1 + open_2), rel=1e-15)
    assert bank.current([False, False], -2.0) == pytest.approx(-2 / (closed_1 + closed_2), rel=1e-15)
    assert bank.full_scale == pytest.approx(open_1 + open_2, rel=1e-15)
    setting = bank.program_resistance(2e3)
    assert setting.mask.tolist() == [False, True]
    assert setting.switch_states().tolist() == [True, False]


def test_perfect_switches_leave_the_resistors_alone():
    """Figure 6.3: the current is V / sum(s_i r_i)."""
    bank = rc.SeriesBank(resistances=[1e3, 2e3, 5e3])
    assert bank.resistance([True, False, True]) == 6e3
    assert bank.current([True, False, True], [0.75, 1.5]).tolist() == [1.25e-4, 2.5e-4]
    assert bank.resistance([False] * 3) == 0.0
    assert bank.conductance([False] * 3) == math.inf


@pytest.mark.parametrize("switch", SWITCHES.values(), ids=SWITCHES)
@pytest.mark.parametrize("n", [1, 2, 5, 9])
def test_resistances_are_the_best_of_all_settings(switch, n):
    bank = rc.SeriesBank.sample(THESIS, n=n, seed=n, switch=switch)
    every = exact_resistances(bank)
    for target in [*np.linspace(0.0, 1.2, 17) * bank.full_scale, float(every[1 % len(every)])]:
        setting = bank.program_resistance(target)
        error = min(abs(total - Fraction(float(target))) for total in every)
        assert abs(setting.resistance_error) == float(error)
        assert setting.bound == abs(setting.resistance_error)
        assert setting.status == "optimal"
        check_setting(bank, setting)


@pytest.mark.parametrize("switch", SWITCHES.values(), ids=SWITCHES)
@pytest.mark.parametrize("n", [1, 2, 5, 9])
def test_conductances_are_the_best_of_all_settings(switch, n):
    bank = rc.SeriesBank.sample(THESIS, n=n, seed=n, switch=switch)
    every = exact_resistances(bank)
    targets = 1 / (np.linspace(0.05, 1.2, 16) * bank.full_scale)
    for target in [*targets, 0.0, 1.0, float(1 / every[-1])]:
        setting = bank.program(target)
        error = min(abs(1 / total - Fraction(float(target))) for total in every if total)
        assert abs(setting.conductance_error) == pytest.approx(float(error), rel=1e-14, abs=0)
        assert setting.bound == abs(setting.conductance_error)
        assert setting.status == "optimal"
        check_setting(bank, setting)


def check_setting(bank, setting):
    """Both errors are those of the setting, to the digits that they keep, and agree with each other."""
    assert setting.resistance == pytest.approx(bank.resistance(setting.mask), rel=1e-14)
    if not setting.resistance or not setting.target_conductance or not setting.target_resistance:
        return
    scale = np.maximum(setting.resistance, setting.target_resistance)
    assert setting.resistance_error == pytest.approx(setting.resistance - setting.target_resistance, abs=1e-15 * scale)
    slope = setting.resistance * setting.target_resistance
    assert setting.conductance_error * slope == pytest.approx(-setting.resistance_error, rel=1e-13, abs=1e-300)
    assert setting.conductance == pytest.approx(1 / setting.resistance, rel=1e-15)
    assert setting.target_conductance * setting.target_resistance == pytest.approx(1, rel=1e-15)


def test_the_best_resistance_is_not_always_the_best_conductance():
    """1.5 kΩ is closer to 2.1 kΩ than 2.8 kΩ is; 1/2.8 mS is closer to 1/2.1 mS than 1/1.5 mS is."""
    bank = rc.SeriesBank(resistances=[1.5e3, 2.8e3])
    ohms, siemens = bank.program_resistance(2.1e3), bank.program(1 / 2.1e3)
    assert ohms.optimal_in == "ohm"
    assert ohms.mask.tolist() == [True, False]
    assert siemens.optimal_in == "siemens"
    assert siemens.mask.tolist() == [False, True]
    assert abs(siemens.conductance_error) < abs(ohms.conductance_error)
    assert abs(siemens.resistance_error) > abs(ohms.resistance_error)


def test_large_banks_reach_any_conductance_closely():
    bank = rc.SeriesBank.sample(FOUNDRY, n=32, seed=5)
    targets = 1 / (np.linspace(0.2, 0.8, 5) * bank.full_scale)
    for setting in (bank.program(targets), bank.program_resistance(1 / targets)):
        assert (np.abs(setting.conductance_error) < 1e-7 * targets).all()
        assert (np.abs(setting.resistance_error) < 1e-7 / targets).all()


def test_extreme_targets_are_answered_in_their_limits():
    bank = rc.SeriesBank(resistances=[1e3, 2e3])
    none = bank.program(0.0)
    assert none.mask.all()
    assert none.conductance_error == none.conductance
    assert none.target_resistance == math.inf
    assert none.resistance_error == -math.inf
    tiny = bank.program(5e-324)
    assert tiny.mask.all()
    most = bank.program(1e300)
    assert most.mask.tolist() == [True, False]
    short = bank.program_resistance(0.0)
    assert not short.mask.any()
    assert short.conductance == short.target_conductance == math.inf
    assert short.resistance_error == short.conductance_error == 0.0
    nearly = bank.program_resistance(100.0)
    assert nearly.resistance == 0.0
    assert nearly.conductance_error == math.inf
    leaky = rc.SeriesBank(resistances=[1e3], switch=rc.IdealSwitch(r_on=1.0)).program_resistance(0.0)
    assert leaky.conductance_error == -math.inf


@pytest.mark.parametrize("method", ["program", "program_resistance"])
def test_arrays_of_banks_and_targets_broadcast(method):
    banks = rc.SeriesBank.sample(THESIS, n=6, seed=1, shape=(3, 2), switch=SWITCHES["linear"])
    targets = 0.5 * banks.full_scale if method == "program_resistance" else 2 / banks.full_scale
    together = getattr(banks, method)(targets)
    assert together.mask.shape == (3, 2, 6)
    for place in np.ndindex(3, 2):
        row = rc.SeriesBank(resistances=banks.resistances[place], switch=banks.switch)
        alone = getattr(row, method)(targets[place])
        assert np.array_equal(alone.mask, together.mask[place])
        for name in ("resistance", "conductance", "target_resistance", "target_conductance"):
            assert getattr(alone, name) == getattr(together, name)[place]
        for name in ("resistance_error", "conductance_error", "bound", "status"):
            assert getattr(alone, name) == getattr(together, name)[place]
    crossed = getattr(rc.SeriesBank(resistances=banks.resistances[:, :1]), method)(targets[0])
    assert crossed.mask.shape == (3, 2, 6)
    one = rc.SeriesBank(resistances=banks.resistances[0, 0])
    assert getattr(one, method)(targets).mask.shape == (3, 2, 6)
    assert banks.resistance(together.mask).shape == (3, 2)
    assert banks.current(together.mask, 0.1).shape == (3, 2)


def test_progress_counts_all_targets():
    bank, seen = rc.SeriesBank.sample(THESIS, n=6, seed=1), []
    bank.program(np.linspace(1e-5, 1e-4, 50), progress=seen.append)
    assert sum(seen) == 50


def test_a_chip_is_the_same_in_any_chunking():
    whole = rc.SeriesBank.sample(FOUNDRY, n=5, seed=9, chip=2, shape=(10,)).resistances
    parts = [
        rc.SeriesBank.sample(FOUNDRY, n=5, seed=9, chip=2, shape=(k,), start=s).resistances for s, k in ((0, 3), (3, 7))
    ]
    assert np.array_equal(whole, np.concatenate(parts))
    assert not np.array_equal(whole, rc.SeriesBank.sample(FOUNDRY, n=5, seed=9, chip=3, shape=(10,)).resistances)


def test_resistances_fall_geometrically_and_keep_the_sum():
    spread = spread_nominals(10e3, 12, falling=True)
    assert spread.sum() == pytest.approx(12 * 10e3, rel=1e-14)
    assert spread[:-1] / spread[1:] == pytest.approx(1.7, rel=1e-14)
    assert np.array_equal(spread_nominals(10e3, 3, "equal", falling=True), [10e3] * 3)


@pytest.mark.parametrize("setting", ["all open", "some open", "one open"])
@pytest.mark.parametrize("n", [1, 7, 20])
@pytest.mark.parametrize("switch", SWITCHES.values(), ids=SWITCHES)
def test_ngspice_agrees(switch, n, setting):
    bank = rc.SeriesBank.sample(FOUNDRY, n=n, seed=n, switch=switch)
    some = np.random.default_rng(n).random(n) < 0.5
    masks = {"all open": np.ones(n, bool), "some open": some | (np.arange(n) == 0), "one open": np.arange(n) == n - 1}
    check = rc.verify(bank, mask=masks[setting], voltages=[0.0, 0.01, 0.1, -0.5, 1.8])
    assert check.passed, check.summary()
    assert check.max_relative_error <= check.limit == 1e-9
    assert check.agreements[0].compared == 5


def test_a_programmed_bank_gives_its_conductance_in_ngspice():
    bank = rc.SeriesBank.sample(FOUNDRY, n=10, seed=4, switch=SWITCHES["linear"])
    setting = bank.program(2 / float(bank.full_scale))
    assert rc.verify(bank, setting=setting).passed
    result = run_deck(rc.deck(bank, setting=setting))
    assert result.source_currents["v_out"][0] / 0.1 == pytest.approx(setting.conductance, rel=1e-9)
    assert rc.verify(bank).deck == rc.deck(bank, mask=np.ones(10, bool), voltages=[0.025, 0.05, 0.1, 0.2])


def test_all_bypasses_closed_is_a_circuit_if_they_resist():
    bank = rc.SeriesBank.sample(FOUNDRY, n=4, seed=4, switch=SWITCHES["with on-resistance"])
    assert rc.verify(bank, mask=np.zeros(4, bool)).passed


def test_a_bypass_of_no_resistance_joins_its_nodes():
    bank = rc.SeriesBank(resistances=[1e3, 2e3, 3e3])
    circuit = series_bank_circuit(bank, mask=[True, False, True])
    (inside,) = circuit.models
    names = {e.name: e.nodes for e in (*circuit.elements, *inside.elements)}
    assert names == {
        "v_in": ("in", "0"),
        "x_bank": ("in", "out"),
        "r_0": ("in", "joint_0"),
        "r_2": ("joint_0", "out"),
        "v_out": ("out", "0"),
    }


def test_a_bank_cannot_be_changed_behind_its_cached_values():
    given = np.array([1e3, 2e3])
    bank = rc.SeriesBank(resistances=given)
    given[0] = 5.0
    assert bank.resistances[0] == 1e3
    with pytest.raises(ValueError, match="read-only"):
        bank.resistances[0] = 1.0


SHORT = "mask must be a setting with a resistance, got 'all bypasses closed, of 0 ohm'. It is a short."


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: rc.SeriesBank(resistances=[]), "resistances must be finite numbers (ohm), at least one"),
        (lambda: rc.SeriesBank(resistances=[1e3, 0.0]), "resistances at index 1 must be finite numbers above 0"),
        (lambda: rc.SeriesBank(resistances=5.0), "resistances must be an array"),
        (lambda: rc.SeriesBank(resistances=[1e3], switch=rc.NMOS(w_over_l=10)), "NMOS bypass floats: its gate drive"),
        (lambda: rc.SeriesBank(resistances=[1e3], switch=None), "switch must be an IdealSwitch in a series bank"),
        (lambda: rc.SeriesBank.sample(THESIS, n=0, seed=1), "n must be a whole number from 1 to 4096"),
        (lambda: rc.SeriesBank.sample(THESIS, n=4, seed=1, ratio=2.5), "ratio must be above 1 and at most 2"),
        (lambda: rc.SeriesBank.sample(THESIS, n=4, seed=1, shape=(0,)), "shape must be a whole number of at least 1"),
        (lambda: rc.SeriesBank(resistances=[1e3]).program(-1e-6), "target must be finite numbers of at least 0 (S)"),
        (lambda: rc.SeriesBank(resistances=[1e3]).program_resistance(math.nan), "target must be finite numbers (ohm)"),
        (
            lambda: rc.SeriesBank(resistances=np.ones((3, 2))).program([1.0, 1.0]),
            "target must be of a shape that broadcasts against the banks' (3,)",
        ),
        (lambda: rc.SeriesBank(resistances=np.ones(41)).program(1.0), "items must be at most 40"),
        (lambda: rc.SeriesBank(resistances=[1e3]).resistance([True, True]), "mask must be booleans (..., 1)"),
        (lambda: rc.SeriesBank(resistances=[1e3]).resistance([1]), "mask must be booleans (..., 1)"),
        (lambda: rc.SeriesBank(resistances=[1e3]).current([True], math.inf), "voltage must be finite numbers (V)"),
        (lambda: rc.SeriesBank(resistances=[1e3]).current([False], 0.1), SHORT),
        (lambda: rc.deck(rc.SeriesBank(resistances=[1e3]), mask=[False]), SHORT),
        (lambda: rc.deck(rc.SeriesBank(resistances=np.ones((2, 2)))), "bank must be a single bank, of shape ()"),
        (lambda: rc.deck(rc.SeriesBank(resistances=[1e3]), mask=[[True]]), "mask must be 1 booleans"),
        (
            lambda: rc.deck(rc.SeriesBank(resistances=[1e3]), setting=rc.Bank(resistances=[1e3]).program(1e-3)),
            "setting must be one of a SeriesBank",
        ),
        (
            lambda: rc.verify(rc.Bank(resistances=[1e3]), setting=rc.SeriesBank(resistances=[1e3]).program(1e-3)),
            "setting must be one of a Bank",
        ),
        (lambda: rc.deck(rc.SeriesBank(resistances=[1e3]), voltages=[[0.1]]), "voltages must be a number or an array"),
    ],
)
def test_bad_input_gets_one_clear_line(make, says):
    with pytest.raises(rc.InputError) as caught:
        make()
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
