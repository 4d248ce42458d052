"""A settling array's circuit: what is in it, and what ngspice makes of it by closed forms."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.crossbar import LinearCells, settling
from rescircuit.errors import InputError
from rescircuit.spice.circuits.charges import CurrentMirror
from rescircuit.spice.circuits.elements import Capacitor
from rescircuit.spice.circuits.sources import PiecewiseLinearSource
from rescircuit.spice.decks.writing import write_deck
from rescircuit.spice.engines.ngspice import run_deck
from rescircuit.spice.makers.crossbar import crossbar_circuit
from rescircuit.spice.makers.settling import read_arrived_charges, settling_circuit

CELLS = np.array([[1e-4, 2e-4, 3e-4], [4e-4, 5e-4, 6e-4]])
STEP = np.array([0.1, -0.2])
CAPACITANCES = {"c_word_line": 1e-15, "c_bit_line": 2e-15, "c_cell": 3e-15}


def of_kind(circuit, kind):
    return {each.name: each for each in circuit.elements if isinstance(each, kind)}


def test_it_is_the_crossbars_circuit_with_capacitors():
    crossbar = rc.Crossbar(CELLS, 1.0, 2.0, r_driver=5.0, drive="both", sense=["top", "bottom", "both"])
    still = crossbar_circuit(crossbar, voltages=STEP)
    circuit = settling_circuit(crossbar, STEP, **CAPACITANCES)
    resistors = [each for each in still.elements if each.name.startswith("r_")]
    assert [each for each in circuit.elements if each.name.startswith("r_")] == resistors
    capacitors = of_kind(circuit, Capacitor)
    assert len(capacitors) == 3 * 6 + 3
    for name, nodes, farad in (
        ("c_word_1_2", ("word_1_2", "0"), 1e-15),
        ("c_bit_0_1", ("bit_0_1", "0"), 2e-15),
        ("c_cell_1_0", ("word_1_0", "bit_1_0"), 3e-15),
    ):
        assert capacitors[name].terminals == nodes
        assert capacitors[name].capacitance == farad
        assert capacitors[name].initial_voltage == 0.0
    assert circuit.transient.use_initial_conditions
    assert "r_driver" in circuit.comment


def test_the_inputs_are_at_their_voltages_from_the_start():
    circuit = settling_circuit(rc.Crossbar(CELLS, 1.0, 2.0), STEP, **CAPACITANCES)
    sources = of_kind(circuit, PiecewiseLinearSource)
    assert {name: set(each.voltages) for name, each in sources.items()} == {"v_drive_0": {0.1}, "v_drive_1": {-0.2}}
    assert 0 < sources["v_drive_0"].times[1] < 1e-3 * circuit.transient.max_step


def test_the_largest_current_for_the_whole_time_is_1_volt():
    crossbar = rc.Crossbar(CELLS, 1.0, 2.0)
    circuit = settling_circuit(crossbar, STEP, **CAPACITANCES)
    slowest = settling(crossbar, STEP, **CAPACITANCES).slowest_time_constant
    assert circuit.transient.stop == pytest.approx(40 * slowest, rel=1e-12)
    mirror, capacitor = of_kind(circuit, CurrentMirror)["f_charge_1"], of_kind(circuit, Capacitor)["c_charge_1"]
    assert mirror.source == "v_sense_1"
    assert (mirror.plus, mirror.minus) == ("0", capacitor.plus)
    largest = np.abs(crossbar.solve(STEP).output_currents).max()
    assert mirror.gain * largest * circuit.transient.stop / capacitor.capacitance == pytest.approx(1.0, rel=1e-12)


def test_one_cell_charges_as_an_rc():
    """1 kΩ of wire, 3 pF and a cell of 2 kΩ: τ is 2 ns, and ``i = V / 3 kΩ (1 - exp(-t / τ))``."""
    crossbar = rc.Crossbar([[5e-4]], r_word_line=1e3)
    circuit = settling_circuit(crossbar, [0.6], c_word_line=3e-12, c_bit_line=0.0)
    result = run_deck(write_deck(circuit))
    final, tau, times = 2e-4, 2e-9, result.times
    exact = final * -np.expm1(-times / tau)
    assert result.source_currents["v_sense_0"] == pytest.approx(exact, rel=0, abs=3e-6 * final)
    charge = read_arrived_charges(crossbar, circuit, result)[:, 0]
    assert charge[-1] == pytest.approx(final * (times[-1] - tau), rel=1e-11)  # τ by which it lags is exact
    assert charge == pytest.approx(final * times - exact * tau, rel=0, abs=3e-6 * final * tau)


def test_what_is_held_or_bridged_or_has_none_needs_no_capacitor():
    """Of a shorted cell, whose nodes are one, the two capacitors to ground remain; of 0 F nothing."""
    cells = np.array([[np.inf, 1e-4], [1e-4, 1e-4]])
    crossbar = rc.Crossbar(cells, 1.0, 1.0)
    farads = np.array([[1e-15, 0.0], [1e-15, 1e-15]])
    names = of_kind(settling_circuit(crossbar, STEP, c_word_line=farads, c_bit_line=1e-15, c_cell=1e-15), Capacitor)
    assert "c_cell_0_0" not in names
    assert "c_word_0_1" not in names
    assert names["c_word_0_0"].plus == names["c_bit_0_0"].plus


def test_floating_lines_have_neither_source_nor_charge():
    crossbar = rc.Crossbar(CELLS, 1.0, 2.0, drive=["left", "floating"], sense=["bottom", "floating", "top"])
    circuit = settling_circuit(crossbar, STEP, **CAPACITANCES)
    assert sorted(of_kind(circuit, PiecewiseLinearSource)) == ["v_drive_0"]
    assert sorted(of_kind(circuit, CurrentMirror)) == ["f_charge_0", "f_charge_2"]
    charges = read_arrived_charges(crossbar, circuit, run_deck(write_deck(circuit)))
    assert not charges[:, 1].any()
    assert (charges[-1, [0, 2]] > 0).all()


def test_a_duration_may_be_chosen():
    crossbar = rc.Crossbar(CELLS, 1.0, 2.0)
    slowest = settling(crossbar, STEP, **CAPACITANCES).slowest_time_constant
    short = settling_circuit(crossbar, STEP, duration=0.1 * slowest, comment="early", **CAPACITANCES)
    assert short.transient.stop == 0.1 * slowest
    assert short.comment.endswith("early")
    assert run_deck(write_deck(short)).times[-1] == pytest.approx(0.1 * slowest, rel=1e-9)
    text = write_deck(short).text
    assert (
        text
        == write_deck(settling_circuit(crossbar, STEP, duration=0.1 * slowest, comment="early", **CAPACITANCES)).text
    )


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"crossbar": "an array"}, "crossbar must be a Crossbar, whose cells are linear"),
        (
            {"crossbar": rc.NonlinearCrossbar(LinearCells(conductances=CELLS), 1.0)},
            "crossbar must be a Crossbar, whose cells are linear",
        ),
        ({"voltages": [0.1]}, "voltages must be of shape (2,), one step"),
        ({"voltages": [[0.1, 0.2], [0.3, 0.4]]}, "voltages must be of shape (2,), one step"),
        ({"voltages": [0.1, np.nan]}, "voltages"),
        ({"voltages": "high"}, "voltages"),
        ({"c_word_line": -1e-15}, "c_word_line must be finite numbers of at least 0"),
        ({"c_bit_line": np.ones((3, 3))}, "c_bit_line must be a number or of a shape that broadcasts to (2, 3)"),
        ({"c_cell": "1f"}, "c_cell"),
        (
            {"c_word_line": 0.0, "c_bit_line": 0.0, "c_cell": 0.0},
            "the array must be with a capacitance that is charged",
        ),
        ({"crossbar": rc.Crossbar(CELLS), "c_cell": 0.0}, "the array must be with a capacitance that is charged"),
        ({"duration": 0.0}, "duration must be a finite number above 0 (s)"),
        ({"duration": 1.0}, "duration must be at most 10,000 of the slowest time constant of"),
        ({"comment": 7}, "comment must be"),
    ],
)
def test_what_does_not_fit_gets_one_clear_line(change, says):
    arguments = {"crossbar": rc.Crossbar(CELLS, 1.0, 2.0), "voltages": STEP, **CAPACITANCES, **change}
    with pytest.raises(InputError) as caught:
        settling_circuit(arguments.pop("crossbar"), arguments.pop("voltages"), **arguments)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_charges_of_an_operating_point_are_refused():
    crossbar = rc.Crossbar(CELLS, 1.0, 2.0)
    circuit = settling_circuit(crossbar, STEP, **CAPACITANCES)
    result = dataclasses.replace(run_deck(write_deck(circuit)), times=None)
    with pytest.raises(InputError, match="result must be one of a transient"):
        read_arrived_charges(crossbar, circuit, result)
