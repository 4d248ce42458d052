"""Our own solvers and ngspice, which know nothing of each other, find the same currents and voltages."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rescircuit as rc
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
    assert check.compared == 4 * (n + 2 * m * n)


@pytest.mark.parametrize(("r_word_line", "r_bit_line"), [(0.0, 0.0), (1.0, 1.0), (5.0, 0.02)])
def test_a_crossbar_of_32_by_32(r_word_line, r_bit_line):
    rng = np.random.default_rng(32)
    conductances = rng.uniform(1e-6, 1e-5, (32, 32)) * (rng.random((32, 32)) < 0.8)
    check = rc.verify(rc.Crossbar(conductances, r_word_line, r_bit_line), voltages=rng.uniform(-0.2, 0.2, (3, 32)))
    assert check.passed
    assert check.compared == 3 * (32 + 2 * 32 * 32)


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
    assert check.compared == 6


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
        return right(self, mask, voltage) * np.array([1.0, 1.0 + 2e-9, 1.0])

    monkeypatch.setattr(rc.Bank, "current", wrong)
    check = rc.verify(rc.Bank.sample(POLY, n=4, seed=1), voltages=[0.1, 0.2, 0.3])
    assert not check.passed
    assert check.max_relative_error == pytest.approx(2e-9, rel=1e-3)
    assert check.quantity == "output_currents[1]"
    assert "DISAGREES" in check.summary()


@pytest.mark.parametrize("name", ["output_currents", "word_line_voltages", "bit_line_voltages"])
def test_a_wrong_number_of_a_crossbar_is_found(monkeypatch, name):
    right = rc.Crossbar.solve

    def wrong(self, voltages):
        solution = right(self, voltages)
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


@pytest.mark.parametrize("function", [rc.deck, rc.verify])
@pytest.mark.parametrize(
    ("thing", "options", "message"),
    [
        (BANK, {"mask": [True]}, "mask must be 2 booleans"),
        (BANK, {"mask": SETTING.mask, "setting": SETTING}, "mask must be left out when a setting is given"),
        (rc.Crossbar([[1e-4]]), {"mask": [True]}, "mask must be left out for a Crossbar"),
        (rc.Crossbar([[1e-4]]), {"setting": SETTING}, "mask must be left out for a Crossbar"),
        (rc.Crossbar([[1e-4]]), {"voltages": [0.1, 0.2]}, "voltages"),
        ([[1e-4]], {}, "a Bank or a Crossbar"),
    ],
)
def test_what_does_not_fit_is_refused(function, thing, options, message):
    with pytest.raises(InputError, match=message):
        function(thing, **options)


def test_negative_inputs_are_refused_where_switches_are_transistors():
    bank = rc.Bank.sample(POLY, n=3, seed=2, switch=SWITCHES["nmos"])
    with pytest.raises(InputError, match="at least 0 V at an NMOS switch"):
        rc.verify(bank, voltages=[0.1, -0.1])
