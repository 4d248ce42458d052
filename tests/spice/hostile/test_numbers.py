"""Numbers: whatever pretends to be one, a deck has plain numbers or the value is refused."""

from __future__ import annotations

import dataclasses
import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rescircuit as rc
from rescircuit.devices.switches.bsim4 import BSIM4Card
from rescircuit.errors import InputError
from rescircuit.spice import (
    Bsim4Model,
    Capacitor,
    Circuit,
    CurrentMirror,
    CurrentSource,
    Deck,
    Level1Model,
    Mosfet,
    PiecewiseLinearSource,
    Resistor,
    SelectedSource,
    SineSource,
    SinhConductor,
    TemperatureSweep,
    Transient,
    VoltageDependentCapacitor,
    VoltageDependentResistor,
    VoltageSource,
)
from rescircuit.spice.circuits.behavioural import HeldDevice, WeakInversionCurrent

INJECTED = "1.0\n*#shell touch canary\n"


class LyingFloat(float):
    """A number that writes itself as a command."""

    __slots__ = ()

    def __repr__(self):
        return INJECTED

    def __str__(self):
        return INJECTED

    def __format__(self, _):
        return INJECTED

    def __abs__(self):
        return self

    def __neg__(self):
        return self


class LyingInt(int):
    """The same of a whole number, which becomes a lying float."""

    __slots__ = ()
    __repr__ = __str__ = lambda _: INJECTED

    def __format__(self, _):
        return INJECTED


class OtherFloat(float):
    """A number that becomes another."""

    __slots__ = ()
    __repr__ = LyingFloat.__repr__

    def __float__(self):
        return math.nan


class Pretender:
    """No number, but it can become one."""

    def __float__(self):
        return 1.0

    def __index__(self):
        return 1

    def __repr__(self):
        return INJECTED


NUMBERS = [
    *(math.nan, math.inf, -math.inf, float("1e400"), -0.0, 0, 1, -1, 5e-324, 1e-31, 1e31, 1.7e308, 10**400, -(10**30)),
    *("1", "1.0", "nan", "inf", "1e400", "1_000", "1k", "1.0\n*#shell touch canary", "\u0663", "\uff11", "1,5"),
    *("0x10", "1e3 ", "+1", "1.0;", "{1}", "'1'", "`1`", "", " ", "$x", b"1", b"1.0\n", bytearray(b"1"), None),
    *(True, False, Decimal(1), Decimal("nan"), Decimal("1e400"), Fraction(1, 3), 1j, complex(1, 0), [1.0], (1.0,)),
    *({1.0}, {}),
    *(object(), np.float64(1.5), np.float32(0.1), np.float16(0.1), np.longdouble("0.1"), np.int64(3), np.uint8(2)),
    *(np.bool_(True), np.str_("1"), np.bytes_(b"1"), np.array(1.5), np.array([1.5]), np.array([1.0, 2.0])),
    *(np.array("1"), np.array(None), np.float64("nan"), np.float32("inf"), np.complex128(1)),
    np.datetime64("2020-01-01"),
    np.array([]),
    *(LyingFloat(1.0), LyingFloat(0.5), LyingFloat(-1.0), LyingInt(1), LyingInt(-1), OtherFloat(1.0), Pretender()),
    Pretender,
]  # fmt: skip
ENDS = {"plus": "in", "minus": "0"}
SOURCE = VoltageSource(name="v_in", plus="in", minus="0", voltage=1.0)
LOAD = Resistor(name="r_load", plus="in", minus="0", resistance=1e3, tc1=1e-3, tc2=1e-6)
SWITCH = Level1Model(name="switch", vto=0.4, kp=2e-4, lambda_=0.02, gamma=0.4, phi=0.7)
OVER_TIME = Transient(stop=1e-3, max_step=1e-5)
PARTS = (
    LOAD,
    Capacitor(name="c_1", capacitance=1e-9, initial_voltage=0.5, tc1=1e-3, **ENDS),
    Mosfet(name="m_1", drain="in", gate="in", source="0", bulk="0", model="switch", width=1e-6, length=1e-7),
    SOURCE,
    SelectedSource(name="b_1", voltages=(1.0, 2.0), **ENDS),
    SineSource(name="v_1", amplitude=1.0, frequency=1e3, **ENDS),
    PiecewiseLinearSource(name="v_1", times=(0.0, 1.0), voltages=(0.0, 1.0), **ENDS),
    CurrentSource(name="i_1", current=1e-3, **ENDS),
    SinhConductor(name="b_1", conductance=1e-6, v_scale=0.25, **ENDS),
    VoltageDependentResistor(name="b_1", resistance=1e3, vc1=0.1, vc2=0.1, tc1=1e-3, **ENDS),
    HeldDevice(name="b_1", r_on=1e3, r_off=1e9, v_hold=0.1, **ENDS),
    WeakInversionCurrent(
        name="b_1", at_threshold=1e-9, vto=0.4, gamma=0.4, phi=0.7, slope=0.03, thermal=0.026, celsius=27.0, **ENDS
    ),
    VoltageDependentCapacitor(name="c_1", capacitance=1e-9, vc1=0.1, **ENDS),
    CurrentMirror(name="f_1", source="v_in", gain=2.0, **ENDS),
)


def _with_element(element):
    kept = tuple(each for each in (SOURCE, LOAD) if each.name != element.name)
    if isinstance(element, SineSource | PiecewiseLinearSource) or getattr(element, "initial_voltage", None) is not None:
        return Deck(Circuit(elements=(*kept, element), models=(SWITCH,), transient=OVER_TIME)).text
    return Deck(Circuit(elements=(*kept, element), models=(SWITCH,))).text


def _with(**options):
    return Deck(Circuit(elements=(SOURCE, LOAD), **{"models": (SWITCH,), **options})).text


def _positions():
    """Every place for a number, by what it is: a function from the number to a deck."""
    for part in PARTS:
        for field in dataclasses.fields(part):
            value = getattr(part, field.name)
            label = f"{field.name} of {type(part).__name__}"
            if isinstance(value, float):
                yield label, lambda x, e=part, f=field.name: _with_element(dataclasses.replace(e, **{f: x}))
            elif isinstance(value, tuple):
                yield (
                    label,
                    lambda x, e=part, f=field.name, v=value: _with_element(dataclasses.replace(e, **{f: (*v[:-1], x)})),
                )
    for field in ("vto", "kp", "lambda_", "gamma", "phi", "is_"):
        yield f"{field} of level 1", lambda x, f=field: _with(models=(dataclasses.replace(SWITCH, **{f: x}),))
    for field in ("stop", "max_step", "start", "relative_tolerance", "use_initial_conditions", "method"):
        yield f"{field} of Transient", lambda x, f=field: _with(transient=dataclasses.replace(OVER_TIME, **{f: x}))
    sweep = TemperatureSweep(start=0.0, stop=2.0, step=0.5)
    for field in ("start", "stop", "step"):
        yield (
            f"{field} of TemperatureSweep",
            lambda x, f=field: _with(temperatures=dataclasses.replace(sweep, **{f: x})),
        )
    for field in ("temperature_celsius", "nominal_temperature_celsius"):
        yield field, lambda x, f=field: _with(**{f: x})
    yield (
        "BSIM4's parameter",
        lambda x: _with(models=(Bsim4Model(name="foundry", card=BSIM4Card(parameters=(("vth0", x),))),)),
    )
    bank = rc.Bank(resistances=[1e4, 2e4])
    yield "temperature of deck()", lambda x: rc.deck(bank, temperature=x).text
    yield "voltages of deck()", lambda x: rc.deck(bank, voltages=x).text
    yield "mask of deck()", lambda x: rc.deck(bank, mask=x).text
    yield "resistance of a bank", lambda x: rc.deck(rc.Bank(resistances=[x, 2e4])).text
    yield "wire of an array", lambda x: rc.deck(rc.Crossbar([[1e-6]], r_word_line=x)).text


POSITIONS = dict(_positions())


def test_places_and_numbers_are_many():
    assert len(POSITIONS) > 60
    assert len(NUMBERS) > 70


@pytest.mark.parametrize("label", POSITIONS)
def test_no_number_makes_a_line(label, outcome, nothing_runs):
    write = POSITIONS[label]
    decks = []
    with nothing_runs():
        for number in NUMBERS:
            text = outcome(lambda x=number: write(x))
            if text is not None:
                assert "shell" not in text
                decks.append(number)
    assert len(decks) < len(NUMBERS) / 2


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    label=st.sampled_from(sorted(POSITIONS)),
    number=st.floats() | st.integers() | st.text(max_size=8) | st.decimals() | st.fractions() | st.binary(max_size=4),
)
def test_no_number_at_all_makes_a_line(label, number, outcome):
    write = POSITIONS[label]
    outcome(lambda: write(number))


@pytest.mark.parametrize("number", [LyingFloat(2.0), LyingInt(2), np.float32(2), np.array(2.0)], ids=type)
def test_a_number_that_is_taken_is_written_as_it_is(number):
    assert "r_1 in 0 2.0\n" in _with_element(Resistor(name="r_1", resistance=number, **ENDS))


def test_what_is_no_number_is_refused_and_shown_in_one_line():
    for number in ("1", b"1", Decimal(1), Fraction(1), Pretender(), True, np.str_("1"), np.array("1")):
        with pytest.raises(InputError, match="resistance of r_1 must be") as refusal:
            Resistor(name="r_1", resistance=number, **ENDS)
        assert str(refusal.value).isprintable()
