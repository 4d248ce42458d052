"""Many banks in one deck: the values of a chip's own banks, each with its setting and its virtual ground."""

from __future__ import annotations

import math

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.devices import Fuse
from rescircuit.errors import InputError
from rescircuit.spice import Level1Model, Subcircuit, TemperatureSweep, run_deck, write_deck
from rescircuit.spice.makers.population import population_circuit, population_setting, sense_of

RESISTANCES = np.array([[1e3, 2e3, 5e3], [1.1e3, 1.9e3, 5.2e3]])
MASK = np.array([[True, False, True], [False, False, True]])
POLY = rc.Resistor(nominal=10e3, common=0.1, mismatch=0.01)


def make(switch, resistances=RESISTANCES):
    return rc.Bank(resistances=resistances, switch=switch)


def insides(circuit):
    return [model for model in circuit.models if isinstance(model, Subcircuit)]


def test_banks_stand_side_by_side_between_one_input_and_their_own_grounds():
    circuit = population_circuit(make(rc.IdealSwitch(r_on=50.0, r_off=1e9)), mask=MASK)
    assert [(e.name, *e.terminals) for e in circuit.elements] == [
        ("v_in", "in", "0"),
        ("x_bank_0", "in", "out_0"),
        ("v_out_0", "out_0", "0"),
        ("x_bank_1", "in", "out_1"),
        ("v_out_1", "out_1", "0"),
    ]
    first, second = insides(circuit)
    assert [(e.name, *e.nodes) for e in second.elements] == [
        ("r_0", "in", "branch_0"),
        ("r_switch_0", "branch_0", "out"),
        ("r_1", "in", "branch_1"),
        ("r_switch_1", "branch_1", "out"),
        ("r_2", "in", "branch_2"),
        ("r_switch_2", "branch_2", "out"),
    ]
    for inside, row, closed in zip((first, second), RESISTANCES, MASK, strict=True):
        assert [e.resistance for e in inside.elements[::2]] == row.tolist()
        assert [e.resistance for e in inside.elements[1::2]] == np.where(closed, 50.0, 1e9).tolist()
    assert [first.comment, second.comment] == ["bank 0: code 101", "bank 1: code 001"]


def test_transistors_share_one_gate_voltage_and_their_models():
    circuit = population_circuit(make(rc.NMOS(w_over_l=10, v_gate=1.5)), mask=MASK)
    names = {e.name: e for e in circuit.elements}
    assert names["v_gate_on"].voltage == 1.5
    assert names["x_bank_1"].ports == ("in", "out_1", "gate_on")
    assert [model.name for model in circuit.models] == ["switch", "bank_0", "bank_1"]
    gates = [e.gate for e in insides(circuit)[1].elements if e.name.startswith("m_")]
    assert gates == ["0", "0", "gate_on"]


def test_open_banks_have_no_gate_to_drive():
    mask = np.array([[True, True, False], [False, False, False]])
    circuit = population_circuit(make(rc.NMOS(w_over_l=10)), mask=mask)
    assert [inside.ports for inside in insides(circuit)] == [("in", "out", "gate_on"), ("in", "out")]
    closed = population_circuit(make(rc.NMOS(w_over_l=10)), mask=np.zeros(3, bool))
    assert "gate_on" not in closed.nodes
    currents = run_deck(write_deck(closed)).source_currents
    assert [currents[f"v_out_{k}"][0] for k in range(2)] == pytest.approx([0.0, 0.0], abs=1e-15)


def test_transistors_of_their_own_share_models_where_they_are_alike():
    """Two rows of three, whose first columns have the same threshold."""
    vto = np.array([[0.4, 0.41, 0.42], [0.4, 0.43, 0.42]])
    circuit = population_circuit(make(rc.NMOS(w_over_l=10, vto=vto)))
    models = {model.name: model.vto for model in circuit.models if isinstance(model, Level1Model)}
    assert sorted(models.values()) == [0.4, 0.41, 0.42, 0.43]
    used = [[models[e.model] for e in inside.elements if e.name.startswith("m_")] for inside in insides(circuit)]
    assert used == vto.tolist()


@pytest.mark.parametrize("shape", [(3,), (2, 3), (2, 1, 2), (1,)])
def test_rows_come_one_after_the_other(shape):
    resistances = 1e3 * (1.0 + np.arange(math.prod(shape) * 2.0)).reshape(*shape, 2)
    circuit = population_circuit(make(rc.IdealSwitch(), resistances), voltages=[0.1, 0.3])
    found = run_deck(write_deck(circuit)).source_currents
    per_bank = (1.0 / resistances).sum(axis=-1).ravel()
    for k, (at, conductance) in enumerate(zip(np.ndindex(*shape), per_bank, strict=True)):
        assert found[sense_of(k)] == pytest.approx([0.1 * conductance, 0.3 * conductance], rel=1e-12)
        assert insides(circuit)[k].comment == f"bank {', '.join(map(str, at))}: code 11"
    assert len(insides(circuit)) == math.prod(shape)


@pytest.mark.parametrize(
    ("mask", "shape"),
    [(None, (2, 3)), ([True, False, True], (2, 3)), (MASK, (2, 3)), (np.array([[True, False, True]]), (2, 3))],
)
def test_a_setting_is_that_of_each_bank_or_of_all(mask, shape):
    bank = make(rc.IdealSwitch())
    setting = population_setting(bank, mask)
    assert setting.shape == shape
    assert (setting == (np.True_ if mask is None else np.asarray(mask))).all()


def test_blown_and_stuck_ones_are_written_as_they_are():
    bank = make(Fuse(r_on=50.0, r_off=1e9)).blow(MASK)
    assert [inside.comment[-3:] for inside in insides(population_circuit(bank))] == ["101", "001"]
    assert write_deck(population_circuit(bank)).text == write_deck(population_circuit(bank, mask=MASK)).text
    stuck = rc.Bank(resistances=RESISTANCES, switch=rc.IdealSwitch(), stuck_closed=~MASK)
    assert [inside.comment[-3:] for inside in insides(population_circuit(stuck, mask=[False] * 3))] == ["010", "110"]


def test_a_sampled_chip_is_in_its_deck_to_the_last_bit():
    bank = rc.Bank.sample(POLY, n=4, shape=(2, 3), seed=7, switch=rc.NMOS(w_over_l=10))
    circuit = population_circuit(bank)
    found = [[e.resistance for e in inside.elements if e.name.startswith("r_")] for inside in insides(circuit)]
    assert np.array(found).tobytes() == bank.resistances.reshape(6, 4).tobytes()
    text = write_deck(circuit).text
    assert all(f" {ohms!r}\n" in text for ohms in bank.resistances.ravel().tolist())
    again = rc.Bank.sample(POLY, n=4, shape=(2, 3), seed=7, switch=rc.NMOS(w_over_l=10))
    assert write_deck(population_circuit(again)).text == text
    other = rc.Bank.sample(POLY, n=4, shape=(2, 3), seed=8, switch=rc.NMOS(w_over_l=10))
    assert write_deck(population_circuit(other)).text != text


def test_temperatures_reach_the_circuit():
    sweep = TemperatureSweep(start=0, stop=50, step=25)
    assert population_circuit(make(rc.IdealSwitch()), temperature=sweep).temperatures is sweep
    assert population_circuit(make(rc.IdealSwitch()), temperature=85.0).temperature_celsius == 85.0
    warm = make(rc.NMOS(w_over_l=10)).at(temperature=85.0)
    assert population_circuit(warm).temperature_celsius == 85.0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mask": [True, False]}, "mask must be"),
        ({"mask": [1, 0, 1]}, "mask must be"),
        ({"mask": np.ones((3, 3), bool)}, r"mask must be booleans that broadcast to \(2, 3\), got shape \(3, 3\)"),
        ({"mask": np.ones((2, 2, 3), bool)}, r"mask must be booleans that broadcast to \(2, 3\)"),
        ({"voltages": [[0.1]]}, "voltages"),
        ({"voltages": math.nan}, "voltages"),
        ({"temperature": -300.0}, "temperature"),
        ({"comment": 3}, "comment must be text"),
    ],
)
def test_what_does_not_fit_is_refused(options, message):
    with pytest.raises(InputError, match=message) as caught:
        population_circuit(make(rc.IdealSwitch()), **options)
    assert "\n" not in str(caught.value)
