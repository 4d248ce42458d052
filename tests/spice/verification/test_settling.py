"""Settling by ngspice and by our own solvers: many kinds of array agree, and wrong numbers are caught."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.crossbar.transients import settling
from rescircuit.errors import SpiceError
from rescircuit.spice.verification import settling as module
from rescircuit.spice.verification.settling import verify_settling

CAPACITANCES = {"c_word_line": 1e-15, "c_bit_line": 2e-15, "c_cell": 5e-16}
QUANTITIES = [
    "output_currents",
    "input_currents",
    "word_line_voltages",
    "bit_line_voltages",
    "elmore_delays",
    "currents_over_time",
]


def sample(seed, shape=(4, 5), **changes):
    """An array with all kinds of wires, and its capacitances."""
    rng = np.random.default_rng(seed)
    m, n = shape
    options = {
        "r_word_line": rng.uniform(1, 20, (m, n + 1)),
        "r_bit_line": rng.uniform(1, 20, (m + 1, n)),
        "r_driver": rng.uniform(0, 100, m),
        "r_sense": rng.uniform(0, 50, n),
        "drive": ["left", "right", "both"][seed % 3],
        "sense": ["bottom", "both", "top"][seed // 3 % 3],
        **changes,
    }
    crossbar = rc.Crossbar(10.0 ** rng.uniform(-6, -4, shape), **options)
    farads = {
        "c_word_line": rng.uniform(1e-16, 5e-15, shape),
        "c_bit_line": rng.uniform(1e-16, 5e-15, shape),
        "c_cell": rng.uniform(0, 1e-15, shape) * (seed % 2),
    }
    return crossbar, rng.uniform(-1, 1, m), farads


@pytest.mark.parametrize("seed", range(9))
def test_arrays_of_all_ends_agree(seed):
    crossbar, voltages, farads = sample(seed)
    check = verify_settling(crossbar, voltages, **farads)
    assert check.passed, check.summary()
    assert [each.name for each in check.agreements] == QUANTITIES
    assert check.compared > 5 * 2000  # currents over time, at each of ngspice's steps


def test_broken_wires_floating_lines_and_joined_nodes_agree():
    r_word, r_bit = np.full((4, 6), 3.0), np.full((5, 5), 2.0)
    r_word[1, 3] = r_bit[2, 1] = np.inf
    r_word[0], r_bit[:, 4] = 0.0, 0.0
    drive, sense = ["both", "both", "floating", "left"], ["both", "both", "floating", "top", "bottom"]
    wires = {"r_word_line": r_word, "r_bit_line": r_bit, "drive": drive, "sense": sense}
    crossbar, voltages, farads = sample(5, r_driver=[0.0, 10.0, 10.0, 10.0], r_sense=0.0, **wires)
    farads["c_word_line"][2], farads["c_bit_line"][:, 3] = 0.0, 0.0
    check = verify_settling(crossbar, voltages, **farads)
    assert check.passed, check.summary()
    delays = next(each for each in check.agreements if each.name == "elmore_delays")
    assert delays.compared == 4  # the floating bit line has none


def test_charge_that_arrives_in_no_time_is_in_the_delays():
    """A cell with 1 fF between a source and a virtual ground lets 0.5 fC through at once: its current is early."""
    crossbar = rc.Crossbar([[1e-4, 1e-4]], r_word_line=[[0.0, 100.0, 0.0]])
    check = verify_settling(crossbar, [0.5], c_word_line=1e-15, c_bit_line=0.0, c_cell=1e-15)
    assert check.passed, check.summary()
    first = settling(crossbar, [0.5], c_word_line=1e-15, c_bit_line=0.0, c_cell=1e-15).elmore_delays[0]
    assert first == pytest.approx(-1e-15 / 1e-4, rel=1e-12)


def test_lines_without_current_have_no_delay_to_compare():
    crossbar = rc.Crossbar([[1e-4, 0.0], [2e-4, 0.0]], 1.0, 1.0)
    check = verify_settling(crossbar, [0.1, 0.2], **{**CAPACITANCES, "c_cell": 0.0})
    assert check.passed, check.summary()
    assert next(each for each in check.agreements if each.name == "elmore_delays").compared == 1
    still = verify_settling(crossbar, [0.0, 0.0], **CAPACITANCES)
    assert still.passed, still.summary()


@pytest.mark.parametrize("by", [1e-4, 1e-6, np.nan])
def test_a_wrong_delay_is_caught(monkeypatch, by):
    def wrong(*arguments, **options):
        found = settling(*arguments, **options)
        factors = np.ones(found.elmore_delays.shape)
        factors[3] += by
        return dataclasses.replace(found, elmore_delays=found.elmore_delays * factors)

    monkeypatch.setattr(module, "settling", wrong)
    crossbar, voltages, farads = sample(4)
    check = verify_settling(crossbar, voltages, **farads)
    assert not check.passed
    assert check.quantity == "elmore_delays[0, 3]"
    assert check.element == "c_charge_3"
    assert check.max_relative_error == pytest.approx(by if by > 0 else np.inf, rel=1e-2)


@pytest.mark.parametrize("field", ["time_constants", "amplitudes", "final_currents"])
def test_a_wrong_course_is_caught(monkeypatch, field):
    original = module.settling_course

    def wrong(*arguments, **options):
        found = original(*arguments, **options)
        return dataclasses.replace(found, **{field: 1.01 * getattr(found, field)})

    monkeypatch.setattr(module, "settling_course", wrong)
    crossbar, voltages, farads = sample(4)
    check = verify_settling(crossbar, voltages, **farads)
    assert not check.passed
    assert check.quantity.startswith("currents_over_time[")


def test_a_capacitance_that_only_one_side_has_is_caught(monkeypatch):
    crossbar, voltages, farads = sample(4)
    original, more = module.settling_circuit, farads["c_word_line"].copy()
    more[0, 0] *= 1.01
    monkeypatch.setattr(module, "settling_circuit", lambda *a, **k: original(*a, **{**k, "c_word_line": more}))
    check = verify_settling(crossbar, voltages, **farads)
    assert not check.passed
    assert check.quantity.startswith("elmore_delays[")


def test_too_little_time_for_ngspice_is_said():
    crossbar, voltages, farads = sample(4)
    with pytest.raises(SpiceError, match="ngspice was stopped after"):
        verify_settling(crossbar, voltages, **farads, timeout=1e-3)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"crossbar": rc.Bank(resistances=[1e4])}, "crossbar must be a Crossbar"),
        ({"voltages": np.zeros((2, 2))}, "voltages must be of shape (2,), one step"),
        ({"c_word_line": np.inf}, "c_word_line must be finite numbers"),
        ({"c_word_line": 0, "c_bit_line": 0, "c_cell": 0}, "the array must be with a capacitance that is charged thr"),
        ({"timeout": 0}, "timeout must be"),
    ],
)
def test_what_does_not_fit_gets_one_clear_line(change, says):
    arguments = {"crossbar": rc.Crossbar([[1e-4], [2e-4]], 1.0), "voltages": [0.1, 0.2], **CAPACITANCES, **change}
    with pytest.raises(rc.InputError) as caught:
        verify_settling(arguments.pop("crossbar"), arguments.pop("voltages"), **arguments)
    assert says in str(caught.value)
