"""Names and texts: whatever they are, a deck has no line but ours, and making it runs nothing."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import rescircuit as rc
from rescircuit.devices.switches.bsim4 import BSIM4Card
from rescircuit.errors import InputError
from rescircuit.spice import (
    Behavioural,
    Bsim4Model,
    Capacitor,
    Circuit,
    CurrentMirror,
    CurrentSource,
    Deck,
    Element,
    GivenCharge,
    GivenCurrent,
    Instance,
    Level1Model,
    Model,
    Mosfet,
    PiecewiseLinearSource,
    Resistor,
    SelectedSource,
    SineSource,
    SinhConductor,
    Subcircuit,
    Transient,
    VoltageDependentCapacitor,
    VoltageDependentResistor,
    VoltageSource,
    to_pyspice,
    write_deck,
)
from rescircuit.spice.circuits.behavioural import HeldDevice, WeakInversionCurrent
from rescircuit.spice.circuits.census import LazyElements
from rescircuit.spice.circuits.memristors import memristor_subcircuit

SOURCE = VoltageSource(name="v_in", plus="in", minus="0", voltage=1.0)
LOAD = Resistor(name="r_load", plus="in", minus="0", resistance=1e3)
INSIDE = Subcircuit(
    name="bank",
    ports=("a", "b"),
    elements=(
        Resistor(name="r_1", plus="a", minus="middle", resistance=1e3),
        Resistor(name="r_2", plus="middle", minus="b", resistance=1e3),
    ),
    comment="a bank",
)
SWITCH = Level1Model(name="switch", vto=0.4, kp=2e-4, lambda_=0.02, gamma=0.4, phi=0.7)
CARD = BSIM4Card(parameters=(("vth0", 0.4), ("k1", 0.5)), version="4.5")
FOUNDRY = Bsim4Model(name="foundry", card=CARD)
OVER_TIME = Transient(stop=1e-3, max_step=1e-5)
ENDS = {"plus": "in", "minus": "0"}
ELEMENTS = (
    LOAD,
    Capacitor(name="c_1", capacitance=1e-9, **ENDS),
    Mosfet(name="m_1", drain="in", gate="in", source="0", bulk="0", model="switch", width=1e-6, length=1e-7),
    Instance(name="x_1", ports=("in", "0"), model="bank"),
    VoltageSource(name="v_1", voltage=1.0, **ENDS),
    SelectedSource(name="b_1", voltages=(1.0, 2.0), **ENDS),
    SineSource(name="v_1", amplitude=1.0, frequency=1e3, **ENDS),
    PiecewiseLinearSource(name="v_1", times=(0.0, 1.0), voltages=(0.0, 1.0), **ENDS),
    CurrentSource(name="i_1", current=1e-3, **ENDS),
    SinhConductor(name="b_1", conductance=1e-6, v_scale=0.25, **ENDS),
    VoltageDependentResistor(name="b_1", resistance=1e3, vc1=0.1, tc1=1e-3, **ENDS),
    HeldDevice(name="b_1", r_on=1e3, r_off=1e9, v_hold=0.1, **ENDS),
    WeakInversionCurrent(
        name="b_1", at_threshold=1e-9, vto=0.4, gamma=0.4, phi=0.7, slope=0.03, thermal=0.026, celsius=27.0, **ENDS
    ),
    VoltageDependentCapacitor(name="c_1", capacitance=1e-9, vc1=0.1, **ENDS),
    CurrentMirror(name="f_1", source="v_in", gain=2.0, **ENDS),
    GivenCurrent(name="b_1", formula="1e-3 * v(in)", **ENDS),
    GivenCharge(name="c_1", formula="1e-9 * v(in, 0)", **ENDS),
)
OF_TIME = SineSource | PiecewiseLinearSource


def circuit_with(*elements, models=(SWITCH, INSIDE, FOUNDRY), **options):
    """A source, its load, and these."""
    over_time = {"transient": OVER_TIME} if any(isinstance(each, OF_TIME) for each in elements) else {}
    return Circuit(elements=(SOURCE, LOAD, *elements), models=models, **{**over_time, **options})


def text_of(circuit):
    """The deck without the rules of circuits, of which only some allow these."""
    return Deck(circuit).text


def _with_field(element, field, text):
    value = getattr(element, field)
    changed = (text, *value[1:]) if isinstance(value, tuple) else text
    changed = dataclasses.replace(element, **{field: changed})
    others = tuple(dataclasses.replace(each, name=f"{each.name}_2") if each.name == changed.name else each
                   for each in (SOURCE, LOAD))  # fmt: skip
    over_time = {"transient": OVER_TIME} if isinstance(changed, OF_TIME) else {}
    return text_of(Circuit(elements=(*others, changed), models=(SWITCH, INSIDE, FOUNDRY), **over_time))


def _text_fields(element):
    for field in dataclasses.fields(element):
        value = getattr(element, field.name)
        if isinstance(value, str) or (isinstance(value, tuple) and isinstance(value[0], str)):
            yield field.name


def _positions():
    """Every place for a name or a text, by what it is: a function from the text to a deck."""
    for k, element in enumerate(ELEMENTS):
        for field in _text_fields(element):
            label = f"{field} of {type(element).__name__} {k}"
            yield label, lambda text, e=element, f=field: _with_field(e, f, text)
            if field == "name":
                letter = element.name[:2]
                yield f"{label}, behind its letter", lambda text, e=element, c=letter: _with_field(e, "name", c + text)
    yield from {
        "comment": lambda text: text_of(circuit_with(comment=text)),
        "comment of deck()": lambda text: rc.deck(rc.Bank(resistances=[1e4, 2e4]), comment=text).text,
        "note": lambda text: text_of(circuit_with(notes={"r_load": text})),
        "key of a note": lambda text: text_of(circuit_with(notes={text: "a note"})),
        "probe": lambda text: text_of(circuit_with(ELEMENTS[3], probes=(text,))),
        "node of a probe": lambda text: text_of(circuit_with(ELEMENTS[3], probes=(f"x_1.{text}",))),
        "open end": lambda text: write_deck(circuit_with(models=(), open_ends=frozenset({text}))).text,
        "transient's method": lambda text: text_of(
            circuit_with(transient=Transient(stop=1.0, max_step=0.1, method=text))
        ),
        "subcircuit": lambda text: _subcircuit(name=text),
        "subcircuit's port": lambda text: _subcircuit(ports=("a", text)),
        "subcircuit's comment": lambda text: _subcircuit(comment=text),
        "subcircuit's open end": lambda text: _subcircuit(open_ends=frozenset({text})),
        "level 1": lambda text: text_of(circuit_with(models=(dataclasses.replace(SWITCH, name=text),))),
        "BSIM4": lambda text: text_of(circuit_with(models=(Bsim4Model(name=text, card=CARD),))),
        "BSIM4's parameter": lambda text: _card(parameters=((text, 0.5),)),
        "BSIM4's version": lambda text: _card(version=text),
        "BSIM4's text": lambda text: _card_text(f".model {text} nmos level=14 vth0=0.4"),
        "BSIM4's text of a parameter": lambda text: _card_text(f".model n nmos level=14 {text}=0.4"),
        "BSIM4's text of a value": lambda text: _card_text(f".model n nmos level=14 vth0={text}"),
        "BSIM4's text at its end": lambda text: _card_text(f".model n nmos level=14 vth0=0.4{text}"),
        "memristor": lambda text: text_of(circuit_with(models=(_memristor(text),))),
        "formula's node": lambda text: _with_field(ELEMENTS[15], "formula", f"v({text})"),
        "formula's end": lambda text: _with_field(ELEMENTS[15], "formula", f"v(in) + {text}"),
        "charge's end": lambda text: _with_field(ELEMENTS[16], "formula", f"v(in) + {text}"),
    }.items()


def _subcircuit(**changed):
    return text_of(circuit_with(models=(dataclasses.replace(INSIDE, **changed),)))


def _card(**changed):
    return text_of(circuit_with(models=(Bsim4Model(name="m", card=dataclasses.replace(CARD, **changed)),)))


def _card_text(text):
    return text_of(circuit_with(models=(Bsim4Model(name="m", card=BSIM4Card.parse(text)),)))


def _memristor(name):
    model = rc.LinearDriftMemristor()
    return memristor_subcircuit(model, name=name, initial_state=0.5, capacitance=1e-3)


POSITIONS = dict(_positions())


class Liar(str):
    """A text that is one thing when it is looked at and another when it is written."""

    __slots__ = ()
    OTHER = "r_1 a 0 1.0\n*#shell touch canary\n"

    def __str__(self):
        return self.OTHER

    def __repr__(self):
        return repr(self.OTHER)

    def __format__(self, _):
        return self.OTHER

    def __iter__(self):
        return iter([Liar(self.OTHER)])

    def __add__(self, _):
        return self.OTHER

    def __len__(self):
        return 1

    def isprintable(self):
        return True

    def lower(self):
        return "harmless"

    def split(self, *_):
        return [self.OTHER]

    def startswith(self, *_):
        return False

    def __eq__(self, other):
        return str.__eq__(self, other) or other in ("k1", "vth0")

    def __hash__(self):
        return hash("k1")


GOOD = {
    "key of a note": "r_load", "probe": "x_1.middle", "node of a probe": "middle", "transient's method": "gear",
    "BSIM4's parameter": "k1", "BSIM4's version": "4.8", "BSIM4's text of a parameter": "k1",
    "BSIM4's text of a value": "0.5", "BSIM4's text at its end": " k1=0.5", "formula's end": "1.0", "charge's end": "1",
}  # fmt: skip


def good_text(label):
    """One that is right in its place."""
    element = next((e for k, e in enumerate(ELEMENTS) if label.startswith(f"name of {type(e).__name__} {k}")), None)
    if element is not None and not label.endswith("letter"):
        return f"{element.name}_a"
    for field, text in (("model of Mosfet", "switch"), ("model of Inst", "bank"), ("source of CurrentM", "v_in"),
                        ("formula of", "2.0 * v(in)")):  # fmt: skip
        if label.startswith(field):
            return text
    return GOOD.get(label, "plain")


def test_each_place_takes_what_is_right_there(outcome):
    assert len(POSITIONS) > 80
    refused = [label for label, write in POSITIONS.items() if outcome(lambda w=write, x=label: w(good_text(x))) is None]
    assert refused == []


def test_hostile_texts_are_many(hostile_texts):
    assert len(set(hostile_texts)) > 500


@pytest.mark.parametrize("label", POSITIONS)
def test_no_text_makes_a_line(label, hostile_texts, outcome, nothing_runs, canary):
    write = POSITIONS[label]
    taken = 0
    with nothing_runs():
        for text in hostile_texts:
            taken += outcome(lambda t=text: write(t)) is not None
    assert taken <= (len(hostile_texts) if "comment" in label or label == "note" or "open end" in label else 120)
    assert not canary.exists()


@pytest.mark.parametrize("label", POSITIONS)
def test_no_text_writes_itself_as_another(label, outcome):
    text = outcome(lambda: POSITIONS[label](Liar(good_text(label))))
    assert text is None or "shell" not in text


@pytest.mark.parametrize("wrong", [None, 1, b"in", ["in"], {"in": 1}, 1.5, True, object()], ids=repr)
def test_what_is_no_text_is_refused(wrong):
    for element in ELEMENTS:
        for field in _text_fields(element):
            with pytest.raises(InputError) as refusal:
                dataclasses.replace(element, **{field: wrong})
            assert str(refusal.value).isprintable()


FRAGMENTS = st.sampled_from(
    ["\n", "\r", "\x85", "\u2028", "*#shell touch canary", ".control", "`x`", " ", "+", "{", "}", "$", "'", '"', "//",
     ";", "v_in", "in", "0", "1e3", "v(in)", "(", ")", "=", ",", "*", "r_load", "x_1.middle", "bank", "k1", "\x00"]
)  # fmt: skip
TEXTS = st.lists(FRAGMENTS | st.text(max_size=5), max_size=6).map("".join)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(label=st.sampled_from(sorted(POSITIONS)), text=TEXTS)
def test_no_text_at_all_makes_a_line(label, text, outcome):
    write = POSITIONS[label]
    outcome(lambda: write(text))


@dataclasses.dataclass(frozen=True, kw_only=True)
class Own(Element):
    """An element of somebody's own, who checks nothing."""

    name: str = "r_own"
    terminals: tuple[str, ...] = ("in", "0")
    words: tuple[str, ...] = ("1.0",)


@dataclasses.dataclass(frozen=True, kw_only=True)
class OwnModel(Model):
    """A model likewise."""

    lines: tuple[tuple[str, ...], ...]
    name: str = "own"

    @property
    def cards(self):
        return self.lines


@dataclasses.dataclass(frozen=True, kw_only=True)
class OwnLaw(Behavioural):
    """A law likewise."""

    law: str

    @property
    def expression(self):
        return self.law


class Changing(tuple):
    """Nodes that are others each time they are gone through."""

    __slots__ = ()
    times: ClassVar[list[int]] = []

    def __iter__(self):
        self.times.append(1)
        return iter(["a\n*#shell touch canary", "0"] if len(self.times) > 1 else self[:])


def test_elements_of_one_s_own_write_no_line_of_their_own(outcome, hostile_texts, nothing_runs):
    assert outcome(lambda: text_of(circuit_with(Own()))) is not None
    broken = [text for text in hostile_texts if not text.isprintable()]
    ours = (".ends", ".save", ".op", ".model", ".subckt")  # cards that do no more than fail
    first = [text for text in hostile_texts if text.startswith((".", "*")) and not text.startswith(ours)]
    assert len(broken) > 200
    assert len(first) > 20
    owns = [own for text in broken for own in (Own(terminals=(text, "0")), Own(words=("1.0", text)))]
    owns += [Own(name=text) for text in [*broken, *first]]
    owns += [OwnLaw(name="b_own", law=text, **ENDS) for text in hostile_texts if "`" in text]
    with nothing_runs():
        for own in owns:
            with pytest.raises(InputError):
                text_of(circuit_with(own))
            with pytest.raises(InputError):
                text_of(Circuit(elements=LazyElements(lambda own=own: iter((SOURCE, LOAD, own)))))
        for text in broken:
            with pytest.raises(InputError):
                text_of(circuit_with(models=(OwnModel(lines=((".model", text),)),)))


def test_a_tuple_that_changes_is_caught_where_it_is_written():
    Changing.times.clear()
    instance = Instance(name="x_1", ports=Changing(("in", "0")), model="bank")
    with pytest.raises(InputError):
        text_of(circuit_with(instance))


def test_comments_keep_their_words_and_nothing_else(hostile_texts, outcome):
    for text in hostile_texts:
        written = outcome(lambda t=text: text_of(circuit_with(comment=t, models=())))
        comments = " ".join(line[2:] for line in written.splitlines() if line.startswith("* "))
        printable = "".join(c if c.isprintable() else " " for c in text)
        assert comments.replace(" ", "") == printable.replace(" ", "")


def test_pyspice_gets_no_text(hostile_texts, nothing_runs):
    pytest.importorskip("PySpice")
    circuit = circuit_with(ELEMENTS[3], models=(INSIDE,))
    plain = str(to_pyspice(circuit))
    inside = dataclasses.replace(INSIDE, comment="\n".join(hostile_texts))
    notes = {"r_load": "\n".join(hostile_texts)}
    told = dataclasses.replace(circuit, comment="\n".join(hostile_texts), notes=notes, models=(inside,))
    with nothing_runs():
        assert str(to_pyspice(told)) == plain
