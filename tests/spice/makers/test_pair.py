"""A differential pair as one circuit: two banks from one input, and the difference of their currents."""

from __future__ import annotations

import math

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.errors import InputError
from rescircuit.spice import CurrentMirror, Subcircuit, TemperatureSweep, run_deck, write_deck
from rescircuit.spice.makers.pair import pair_circuit

PLUS, MINUS = np.array([1e3, 2e3, 5e3]), np.array([1.5e3, 4e3])
MASK = np.array([True, False, True, False, True])


def make(switch, positive=PLUS, negative=MINUS, other=None):
    return rc.DifferentialPair(
        positive=rc.Bank(resistances=positive, switch=switch),
        negative=rc.Bank(resistances=negative, switch=other or switch),
    )


def test_both_banks_and_the_mirrors_of_their_currents():
    circuit = pair_circuit(make(rc.NMOS(w_over_l=10)), mask=MASK)
    assert [(e.name, *e.terminals) for e in circuit.elements] == [
        ("v_in", "in", "0"),
        ("x_positive", "in", "positive_out", "positive_gate_0", "positive_gate_1", "positive_gate_2"),
        ("v_positive_gate_0", "positive_gate_0", "0"),
        ("v_positive_gate_1", "positive_gate_1", "0"),
        ("v_positive_gate_2", "positive_gate_2", "0"),
        ("v_positive", "positive_out", "0"),
        ("x_negative", "in", "negative_out", "negative_gate_0", "negative_gate_1"),
        ("v_negative_gate_0", "negative_gate_0", "0"),
        ("v_negative_gate_1", "negative_gate_1", "0"),
        ("v_negative", "negative_out", "0"),
        ("f_positive", "0", "difference"),
        ("f_negative", "difference", "0"),
        ("r_difference", "difference", "0"),
    ]
    volts = [e.voltage for e in circuit.elements if "gate" in e.name]
    assert volts == np.where(MASK, 1.8, 0.0).tolist()
    assert [model.name for model in circuit.models] == ["switch", "positive", "negative"]
    mirrors = [e for e in circuit.elements if isinstance(e, CurrentMirror)]
    assert [mirror.source for mirror in mirrors] == ["v_positive", "v_negative"]
    assert circuit.probes == (
        *(f"x_positive.branch_{k}" for k in range(3)),
        *(f"x_negative.branch_{k}" for k in range(2)),
    )


def test_the_difference_in_ampere_is_a_voltage():
    circuit = pair_circuit(make(rc.IdealSwitch()), mask=MASK, voltages=[0.2, -0.5])
    result = run_deck(write_deck(circuit))
    positive, negative = 1 / 1e3 + 1 / 5e3, 1 / 4e3
    volts = np.array([0.2, -0.5])
    assert result.source_currents["v_positive"] == pytest.approx(volts * positive, rel=1e-12)
    assert result.source_currents["v_negative"] == pytest.approx(volts * negative, rel=1e-12)
    assert result.node_voltages["difference"] == pytest.approx(volts * (positive - negative), rel=1e-12)
    assert result.source_currents["b_in"] == pytest.approx(-volts * (positive + negative), rel=1e-12)


def test_each_bank_says_its_code():
    lines = write_deck(pair_circuit(make(rc.IdealSwitch()), mask=MASK)).text.splitlines()
    assert lines[lines.index("x_positive in positive_out positive") - 1].startswith("* code 101, branch 0 first")
    assert lines[lines.index("x_negative in negative_out negative") - 1].startswith("* code 01, branch 0 first")


def test_a_side_that_is_all_open():
    mask = np.array([False] * 3 + [True] * 2)
    for switch in (rc.IdealSwitch(), rc.NMOS(w_over_l=10)):
        result = run_deck(write_deck(pair_circuit(make(switch), mask=mask)))
        assert result.source_currents["v_positive"] == pytest.approx([0.0], abs=1e-15)
        negative = result.source_currents["v_negative"]
        assert negative[0] > 0
        assert result.node_voltages["difference"] == pytest.approx(-negative, rel=1e-9)


def test_transistors_of_both_sides_share_models():
    """Alike ones; both banks have one kind of transistor each, so both call it the same."""
    circuit = pair_circuit(make(rc.NMOS(w_over_l=10), other=rc.NMOS(w_over_l=20)), mask=MASK)
    positive, negative = (model for model in circuit.models if isinstance(model, Subcircuit))
    widths = [{e.width for e in side.elements if e.name.startswith("m_")} for side in (positive, negative)]
    assert widths[1] == {2 * width for width in widths[0]}
    assert len(circuit.models) == 3


@pytest.mark.parametrize("own", [{"vto": 0.5}, {"kp": 1e-4}, {"gamma": 0.1}], ids=str)
def test_other_transistors_on_the_two_sides_have_models_of_their_own(own):
    pair = make(rc.NMOS(w_over_l=10), other=rc.NMOS(w_over_l=10, **own))
    names = [model.name for model in pair_circuit(pair, mask=MASK).models]
    assert names == ["positive_switch", "positive", "negative_switch", "negative"]
    assert rc.verify(pair, mask=MASK).passed


def test_a_pair_of_transistors_that_spread_one_by_one():
    """As the processes diffusion and n-well have them: a model for each."""
    process = rc.load_process("diffusion")
    sample = {"n": 4, "seed": 1, "switch": process.make_switch(), "nominals": process.nominals}
    resistor = process.make_resistor(1e5)
    pair = rc.DifferentialPair(
        positive=rc.Bank.sample(resistor, start=0, **sample), negative=rc.Bank.sample(resistor, start=1, **sample)
    )
    setting = pair.program(-1e-5)
    names = [model.name for model in pair_circuit(pair, mask=setting.mask).models]
    assert names[:2] == ["positive_switch_0", "positive_switch_1"]
    assert len(names) == 2 * 4 + 2
    assert rc.verify(pair, setting=setting).passed


def test_one_side_may_have_no_transistors():
    circuit = pair_circuit(make(rc.NMOS(w_over_l=10), other=rc.IdealSwitch()), mask=MASK)
    assert [model.name for model in circuit.models] == ["switch", "positive", "negative"]
    assert not any(node.startswith("negative_gate") for node in circuit.nodes)


def test_temperatures_reach_the_circuit():
    sweep = TemperatureSweep(start=0, stop=50, step=25)
    pair = make(rc.NMOS(w_over_l=10))
    assert pair_circuit(pair, mask=MASK, temperature=sweep).temperatures is sweep
    assert pair_circuit(pair, mask=MASK, temperature=-40.0).temperature_celsius == -40.0
    assert pair_circuit(pair.at(temperature=85.0), mask=MASK).temperature_celsius == 85.0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mask": [True] * 4}, "mask"),
        ({"mask": [1] * 5}, "mask"),
        ({"voltages": [[0.1]]}, "voltages"),
        ({"voltages": math.inf}, "voltages"),
        ({"temperature": -300.0}, "temperature"),
        ({"temperature": "hot"}, "temperature"),
        ({"comment": None}, "comment must be text"),
    ],
)
def test_what_does_not_fit_is_refused(options, message):
    with pytest.raises(InputError, match=message) as caught:
        pair_circuit(make(rc.IdealSwitch()), **{"mask": MASK, **options})
    assert "\n" not in str(caught.value)


def test_an_array_of_pairs_is_refused():
    pairs = make(rc.IdealSwitch(), np.ones((2, 3)), np.ones((2, 2)))
    with pytest.raises(InputError, match=r"pair must be a single pair, of shape \(\)"):
        pair_circuit(pairs, mask=MASK)
