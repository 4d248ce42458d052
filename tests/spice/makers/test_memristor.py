"""Memristors as subcircuits: ngspice agrees with our own transients, and decks hold checked numbers alone."""

from __future__ import annotations

import doctest

import numpy as np
import pytest

from rescircuit.devices.memristors import VTEAM, LinearDriftMemristor, PiecewiseLinear, Pulses, Sine, simulate_memristor
from rescircuit.errors import InputError, SpiceError
from rescircuit.spice import write_deck
from rescircuit.spice.circuits.memristors import memristor_subcircuit
from rescircuit.spice.makers import memristor as from_memristor
from rescircuit.spice.makers.memristor import memristor_circuit
from rescircuit.spice.verification.cases import memristors as verification
from rescircuit.spice.verification.cases.memristors import verify_memristor

HP = LinearDriftMemristor()
SLOW, FAST = Sine(amplitude=1.2, frequency=1.0), Sine(amplitude=1.0, frequency=5e6)
CASES = {
    "hp": (HP, SLOW, 3.0),
    "hp, p = 1, shifted": (LinearDriftMemristor(window=1), Sine(amplitude=1.2, frequency=1, offset=0.1, phase=1), 2.0),
    "hp, no window": (LinearDriftMemristor(window=None), Sine(amplitude=1.0, frequency=1.0), 2.0),
    "vteam, exponential, p = 2": (VTEAM(window=2, law="exponential"), FAST, 4e-7),
    "vteam, p = 10, alpha 4.5": (VTEAM(window=10, alpha_on=4.5), FAST, 4e-7),
    "vteam, pulses": (VTEAM(), Pulses(high=0.1, rise=1e-8, width=1e-7, fall=1e-8, period=3e-7), 1e-6),
}
HARD = {  # the published VTEAM: it switches in a hundredth of a period, and stops at once
    "sine": (VTEAM(), FAST, 4e-7),
    "lines": (VTEAM(), PiecewiseLinear(times=[0, 1e-7, 3e-7], voltages_at=[0, 0.3, -0.3]), 4e-7, 0.1),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_ngspice_agrees_over_whole_transients(case):
    run = simulate_memristor(*case)
    check = verify_memristor(run)
    assert check.passed
    assert check.max_relative_error <= 1e-5
    assert check.compared == 3 * check.times.size
    assert check.times.size >= 1000
    assert "agrees" in check.summary()
    assert check.as_dict()["limit"] == 1e-3


@pytest.mark.parametrize("case", HARD.values(), ids=HARD)
def test_ngspice_agrees_where_the_state_runs_into_both_ends(case):
    run = simulate_memristor(*case)
    assert (run.state.min(), run.state.max()) == (0.0, 1.0)
    assert verify_memristor(run).max_relative_error <= 1e-4


def test_a_wrong_transient_is_found_out(monkeypatch):
    run = simulate_memristor(HP, SLOW, 2.0)
    honest = memristor_circuit

    def thicker(model, *arguments, **options):
        return honest(LinearDriftMemristor(thickness=1.01 * model.thickness), *arguments, **options)

    monkeypatch.setattr(verification, "memristor_circuit", thicker)
    check = verify_memristor(run)
    assert not check.passed
    assert "DISAGREES" in check.summary()


def test_looser_tolerances_reach_the_deck():
    circuit = memristor_circuit(HP, SLOW, 2.0, max_step=0.1, relative_tolerance=1e-7)
    text = write_deck(circuit).text
    assert ".tran 0.1 2.0 0.0 0.1 uic" in text
    assert "reltol=1e-07" in text


def test_the_deck_is_a_subcircuit_with_a_state():
    text = write_deck(memristor_circuit(VTEAM(), FAST, 4e-7, 0.25, comment="a\n.control")).text
    lines = text.splitlines()
    assert lines[1] == "* a .control"
    assert "x_memristor in 0 state memristor" in lines
    assert ".subckt memristor plus minus state" in lines
    assert "c_state state 0 4e-07 ic=0.25" in lines
    assert ".save v(in) v(state) i(v_in)" in lines
    assert lines.count(".ends memristor") == 1


def subcircuit_of(**fields):
    """That of a model whose own checks were passed by."""
    model = LinearDriftMemristor()
    for name, value in fields.items():
        object.__setattr__(model, name, value)
    return memristor_subcircuit(model, initial_state=0.1, capacitance=1.0)


BAD = [
    (lambda: verify_memristor("run"), "transient must be what simulate_memristor returned"),
    (lambda: memristor_circuit("hp", SLOW, 2.0), "model must be a LinearDriftMemristor or a VTEAM"),
    (lambda: memristor_circuit(HP, 1.0, 2.0), "waveform must be a Sine"),
    (lambda: memristor_circuit(HP, SLOW, -1.0), "duration must be a finite number above 0"),
    (lambda: memristor_circuit(HP, SLOW, 2.0, 1.5), "initial_state of memristor must be from 0 to 1"),
    (lambda: memristor_circuit(HP, SLOW, 2.0, max_step=0.0), "max_step must be a finite number above 0"),
    (lambda: memristor_circuit(HP, SLOW, 2.0, relative_tolerance=1.0), "relative_tolerance must be from"),
    (lambda: memristor_circuit(VTEAM(k_off=1e-60), FAST, 1e-7), "model must be of a size"),
    (lambda: memristor_subcircuit(HP, name="a b", initial_state=0.1, capacitance=1.0), "name must be letters"),
    (lambda: memristor_subcircuit(HP, initial_state=0.1, capacitance=0.0), "model must be of a size"),
    (lambda: subcircuit_of(window="2; shell"), "window of memristor must be a whole number"),
    (lambda: subcircuit_of(window=0), "window of memristor must be a whole number"),
    (lambda: subcircuit_of(r_off="1.0) + (1.0"), "r_off of memristor must be"),
]


@pytest.mark.parametrize(("call", "message"), BAD, ids=[message for _, message in BAD])
def test_slips_get_one_line(call, message):
    with pytest.raises(InputError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_a_run_that_ngspice_gives_up_is_not_believed(stand_in):
    stand_in("echo 'doAnalyses: TRAN: Timestep too small'; echo 'run simulation(s) aborted'; exit 1")
    with pytest.raises(SpiceError, match="aborted"):
        verify_memristor(simulate_memristor(HP, SLOW, 2.0))


def test_ngspice_s_points_are_those_of_the_check():
    run = simulate_memristor(HP, SLOW, 2.0)
    check = verify_memristor(run)
    _, current, state = run.at(np.minimum(check.times, run.duration))
    assert check.currents == pytest.approx(current, abs=1e-5 * np.abs(current).max())
    assert check.states == pytest.approx(state, abs=1e-5)


def test_docstring_example():
    outcome = doctest.testmod(from_memristor)
    assert outcome.attempted > 1
    assert outcome.failed == 0
