"""Formulas: token by token, so that nothing but arithmetic gets into a deck."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rescircuit.errors import InputError
from rescircuit.spice import (
    Circuit,
    GivenCharge,
    GivenCurrent,
    PiecewiseLinearSource,
    Resistor,
    Transient,
    VoltageSource,
    run_deck,
    write_deck,
)
from rescircuit.spice.circuits.sources import driven

FOOT = VoltageSource(name="v_out", plus="out", minus="0", voltage=0.0)
CURRENT = GivenCurrent(name="b_1", plus="in", minus="out", formula="v(in, out) / 1e3")
CHARGE = GivenCharge(name="c_1", plus="in", minus="out", formula="1e-9 * v(in, out)")
V = np.array([-0.7, -0.2, 0.1, 0.4, 0.9])


def circuit_of(formula, *others, voltages=V, **options):
    return Circuit(
        elements=(driven("in", voltages), dataclasses.replace(CURRENT, formula=formula), *others, FOOT), **options
    )


LAWS = {
    "v(in, out) / 1e3": V / 1e3,
    "1.5e-3*v(in)": 1.5e-3 * V,
    "1e-3 * sinh(2 * v(in, out))": 1e-3 * np.sinh(2 * V),
    "1e-3 * (cosh(v(in)) + cos(v(in)) - sin(v(in)))": 1e-3 * (np.cosh(V) + np.cos(V) - np.sin(V)),
    "1e-3 * min(max(v(in), -0.5), 0.5)": 1e-3 * np.clip(V, -0.5, 0.5),
    "1e-3 * sgn(v(in)) * sqrt(abs(v(in)))": 1e-3 * np.sign(V) * np.sqrt(np.abs(V)),
    "1e-3 * tanh(v(in)) + 1e-3 * u(v(in))": 1e-3 * np.tanh(V) + 1e-3 * (V > 0),
    "1e-3 * exp(v(in)) - ln(abs(v(in))) * 1e-3": 1e-3 * np.exp(V) - 1e-3 * np.log(np.abs(V)),
    "1e-3 * pwr(v(in), 3)": 1e-3 * np.abs(V) ** 3 * np.sign(V),
    "1e-3 * v(in)^2": 1e-3 * V**2,
    "v(in) >= 0.0 ? 1e-3 : -2e-3": np.where(V >= 0, 1e-3, -2e-3),
    "v(in) < 0.0 ? (1e-3) : (v(in) > 0.5 ? 2e-3 : 3e-3)": np.where(V < 0, 1e-3, np.where(V > 0.5, 2e-3, 3e-3)),
    "(v(in) <= -0.2 ? 1e-3 : 0) + 1e-6*temper": np.where(V <= -0.2, 1e-3, 0) + 27e-6,
    ".5e-3*v(in)": 0.5e-3 * V,
    "u(v(in)) == 1.0 ? 1e-3 : 2e-3": np.where(V > 0, 1e-3, 2e-3),
    "-v(in) / 1e3 - -1e-3": 1e-3 - V / 1e3,
    "(-max(v(in), min(0.2, -(0.1)))) * 1e-3": -1e-3 * np.maximum(V, -0.1),
    "v(in) < 0 ? -1e-3 : v(in) > 0.5 ? 2e-3 : 3e-3": np.where(V < 0, -1e-3, np.where(V > 0.5, 2e-3, 3e-3)),
}


@pytest.mark.parametrize(("formula", "expected"), LAWS.items(), ids=LAWS)
def test_ngspice_takes_a_formula_for_what_it_says(formula, expected):
    found = run_deck(write_deck(circuit_of(formula))).source_currents["v_out"]
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-15)


def test_its_words_are_the_formula_s():
    assert CURRENT.words == ("i", "=", "v(in,", "out)", "/", "1e3")
    assert CURRENT.nodes == ("in", "out")
    assert CHARGE.words == ("q", "=", "'1e-9", "*", "v(in,", "out)'")
    assert CHARGE.direct_paths == ()


def test_other_nodes_that_it_reads_are_its_nodes_too():
    reading = dataclasses.replace(CURRENT, formula="1e-3 * v(aside) * v(in) + 1e-3 * v(0, aside) + v(beyond)")
    assert reading.nodes == ("in", "out", "aside", "beyond")
    charge = dataclasses.replace(CHARGE, formula="1e-9 * v(in, out) * v(aside)")
    assert charge.nodes == ("in", "out", "aside")
    held = VoltageSource(name="v_aside", plus="aside", minus="0", voltage=2.0)
    found = run_deck(write_deck(circuit_of("1e-3 * v(aside) * v(in)", held))).source_currents["v_out"]
    assert found == pytest.approx(2e-3 * V, rel=1e-12)
    with pytest.raises(InputError, match="aside"):
        write_deck(circuit_of("1e-3 * v(aside) * v(in)"))


def test_a_direct_current_needs_the_voltage_of_an_end():
    assert CURRENT.direct_paths == (("in", "out"),)
    assert dataclasses.replace(CURRENT, formula="1e-3 * v(out)").direct_paths == (("in", "out"),)
    assert dataclasses.replace(CURRENT, formula="1e-3 * v(aside) * temper").direct_paths == ()


def test_a_charge_is_what_ngspice_integrates():
    """0.25 µC over a ramp of 1 V through a cubic law: the resistor carries it all."""
    ramp = PiecewiseLinearSource(name="v_in", plus="in", minus="0", times=(0.0, 1.0, 2.0), voltages=(0.0, 1.0, 1.0))
    sensed = Resistor(name="r_1", plus="in", minus="top", resistance=1.0)
    charge = dataclasses.replace(CHARGE, plus="top", formula="1e-7 * v(top, out) + 1.5e-7 * v(top, out)^3")
    circuit = Circuit(elements=(ramp, sensed, charge, FOOT), transient=Transient(stop=1.5, max_step=1e-3))
    result = run_deck(write_deck(circuit))
    moved = np.trapezoid(result.source_currents["v_out"], result.times)
    assert moved == pytest.approx(2.5e-7, rel=1e-3)


BAD = [
    "", " ", "v(in", "v(in))", "(v(in)", ")v(in)(", "v(in) ; shell ls", "v(in)\n.control", "v(in)  + 1", " v(in)",
    "v(in) ", "v(in)\t+ 1", "`ls`", "$(ls)", "1 'q'", '1 "q"', "{1}", "i(v_out)", "v(in, out, in)", "v( in )",
    "v(in-out)", "v(in)[0]", "2k", "1meg", "1e", "1e+", "0x10", "1_000", "1.2.3", "pow(v(in), 2)", "if(1, 2, 3)",
    "table(1, 2)", "pwl(v(in), 0, 1)", "ddt(v(in))", "time", "temper(1)x", "sin", "sin v(in)", "rnd(1)", "vv(in)",
    "v(time)", "v(temper)", "v(gnd)", "v(sample_index)", "v(in) = 1", "v(in) := 1", "v(in) === 1", "v(in) & 1",
    "v(in) | 1", "1 % 2", "1 ! 2", "é", "٣", "v(é)", "1\x00", "v(in) \\ 2", "v(in)#", "v(in) // 2", "@m_1[id]",
    "1 2", "1e-3 .5", "2 v(in)", "v(in) v(in)", "1, 2", "(1, 2)", ", 1", "()", "1 -", "*1", "(1)(2)", "abs(1) 2",
    "1 (2)", "temper temper", "max(1)", "max(1, 2, 3)", "abs(1, 2)", "abs()", "pwr(1,)", "max((1, 2))", "1 : 2",
    "? 1 : 2", "1 ? 2", "1 ? (2 : 3)", "(1 ? 2) : 3", "1 ? 2 : 3 : 4", "1 + * 2", "1 < > 2", "max(1, 2",
    "abs(1 ? 2, 3)",
    "v(" + "a" * 65 + ")", "1" * 10_001, None, 3.0, b"1", ["1"],
]  # fmt: skip


@pytest.mark.parametrize("element", [CURRENT, CHARGE], ids=["current", "charge"])
@pytest.mark.parametrize("formula", BAD, ids=repr)
def test_anything_else_is_refused(element, formula):
    with pytest.raises(InputError, match="formula of") as caught:
        dataclasses.replace(element, formula=formula)
    assert "\n" not in str(caught.value)


@given(st.text(alphabet="v(in,out)0123456789.e+-*/^?:<>= \n;'`$#tempraxsgqu", max_size=30))
@settings(max_examples=300, deadline=None)
def test_what_is_taken_has_no_other_tokens(text):
    try:
        element = dataclasses.replace(CURRENT, formula=text)
    except InputError as error:
        assert "\n" not in str(error)
        return
    line = " ".join(element.words)
    assert line == f"i = {text}"
    assert not set(line) & set("\n;'`$#{}\"\\")
    assert line.count("(") == line.count(")")
