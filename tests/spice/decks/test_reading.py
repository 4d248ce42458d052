"""Decks of ours come back as the circuits that they came from, and no others are taken for them."""

from __future__ import annotations

import dataclasses
import subprocess

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import rescircuit as rc
from rescircuit.bank import CapacitorBank
from rescircuit.bank.series import SeriesBank
from rescircuit.crossbar import BankCells
from rescircuit.crossbar.cells import LinearCells, SelectedCells, SinhCells
from rescircuit.devices import AntiFuse, Coefficients, Fuse, ThresholdSelector
from rescircuit.devices.memristors import VTEAM, LinearDriftMemristor, PiecewiseLinear, Sine
from rescircuit.errors import InputError
from rescircuit.spice import (
    Circuit,
    GivenCharge,
    GivenCurrent,
    Instance,
    Level1Model,
    Mosfet,
    PiecewiseLinearSource,
    Resistor,
    SelectedSource,
    SineSource,
    Subcircuit,
    TemperatureSweep,
    Transient,
    VoltageSource,
    bank_circuit,
    capacitor_bank_circuit,
    crossbar_circuit,
    find_ngspice,
    memristor_circuit,
    run_deck,
    series_bank_circuit,
    write_deck,
)
from rescircuit.spice.circuits.charges import CurrentMirror
from rescircuit.spice.circuits.elements import Capacitor
from rescircuit.spice.circuits.sameness import same_circuit
from rescircuit.spice.circuits.sources import CurrentSource
from rescircuit.spice.decks.reading import parse_deck, read_deck
from rescircuit.spice.decks.writing import Deck
from rescircuit.spice.makers.pair import pair_circuit
from rescircuit.spice.makers.population import population_circuit
from rescircuit.spice.makers.settling import settling_circuit

RNG = np.random.default_rng(11)
N = 5
R = 10e3 * 1.7 ** np.arange(N) * RNG.uniform(0.9, 1.1, N)
MASK = np.array([True, False, True, True, False])
BENT = Coefficients(tc1=RNG.normal(8e-4, 2e-4, N), tc2=3e-7, vc1=RNG.normal(1e-3, 3e-4, N), vc2=-5e-4)
SAMPLES = RNG.uniform(0, 0.5, 20)
SWEEP = TemperatureSweep(start=-40.0, stop=125.0, step=55.0)
CARD = rc.BSIM4Card.parse(".model n nmos level=54 version=4.5 toxe=3n vth0=0.4 u0=0.04 k1=0.5 vsat=1e5 ndep=2e17")
SWITCHES = {
    "ideal": rc.IdealSwitch(r_on=100.0, r_off=1e9),
    "nmos": rc.NMOS(w_over_l=10),
    "nmos, each its own": rc.NMOS(w_over_l=10, vto=0.4 + 0.02 * RNG.standard_normal(N), i_threshold=1e-7),
    "bsim4": rc.BSIM4Switch(card=CARD, width=2e-6, length=180e-9),
    "threshold": ThresholdSelector(r_on=500.0, r_off=1e9, v_threshold=1.0, v_hold=0.05),
    "fuse": Fuse(r_on=RNG.uniform(20, 80, N), r_off=1e10),
    "antifuse": AntiFuse(r_on=50.0, r_off=1e11),
}
CELLS = RNG.uniform(1e-6, 1e-5, (4, 3))
WIRED = {"r_word_line": 1.0, "r_bit_line": 2.0}
SELECTED = SelectedCells(cells=LinearCells(conductances=CELLS), i_selector=1e-9, v_selector=0.05)
INPUTS = RNG.uniform(0.0, 0.3, (5, 4))


def array_of(cells):
    return rc.NonlinearCrossbar(cells, **WIRED)


def banks_behind(switch):
    bank = rc.Bank(resistances=10.0 ** RNG.uniform(3, 6, (2, 2, 3)), switch=switch)
    return BankCells(bank=bank, mask=RNG.random((2, 2, 3)) < 0.6)


def bank(switch="nmos", coefficients=BENT):
    return rc.Bank(resistances=R, switch=SWITCHES[switch], coefficients=coefficients)


MADE = {
    **{
        f"bank, {name}": lambda name=name: bank_circuit(
            bank(name, Coefficients(tc1=1e-3)), mask=MASK, voltages=SAMPLES, comment="A bank - and its 12 Ω"
        )
        for name in SWITCHES
    },
    "bank, bent": lambda: bank_circuit(bank(), mask=MASK, temperature=85.0),
    "bank, sweep of temperatures": lambda: bank_circuit(bank("ideal"), voltages=SAMPLES[:3], temperature=SWEEP),
    "series": lambda: series_bank_circuit(SeriesBank(resistances=R, coefficients=BENT), mask=MASK),
    "capacitors": lambda: capacitor_bank_circuit(
        CapacitorBank(capacitances=1e-13 * R / R[0], switch=rc.IdealSwitch(r_on=1e3), c_off=1e-15), mask=MASK
    ),
    "capacitors, bent": lambda: capacitor_bank_circuit(
        CapacitorBank(capacitances=1e-13 * R / R[0], coefficients=BENT), mask=MASK, voltages=[0.1, -0.3]
    ),
    "pair": lambda: pair_circuit(rc.DifferentialPair(positive=bank(), negative=bank()), mask=[*MASK, *~MASK]),
    "population": lambda: population_circuit(rc.Bank(resistances=np.outer([1.0, 1.3], R), switch=SWITCHES["nmos"])),
    "crossbar": lambda: crossbar_circuit(rc.Crossbar(CELLS, **WIRED), voltages=INPUTS, comment="y\n.control"),
    "crossbar without wires": lambda: crossbar_circuit(rc.Crossbar(CELLS)),
    "crossbar, sinh": lambda: crossbar_circuit(array_of(SinhCells(conductances=CELLS, v_scale=0.3)), voltages=INPUTS),
    "crossbar, selected": lambda: crossbar_circuit(array_of(SELECTED), voltages=INPUTS[0]),
    "crossbar, banks": lambda: crossbar_circuit(array_of(banks_behind(SWITCHES["nmos"])), voltages=INPUTS[:, :2]),
    "crossbar, ideal banks": lambda: crossbar_circuit(array_of(banks_behind(SWITCHES["ideal"]))),
    "settling": lambda: settling_circuit(
        rc.Crossbar(CELLS, **WIRED), INPUTS[0], c_word_line=1e-15, c_bit_line=2e-15, c_cell=1e-16
    ),
    "memristor": lambda: memristor_circuit(LinearDriftMemristor(), Sine(amplitude=1.2, frequency=1.0), 2.0),
    "memristor, vteam": lambda: memristor_circuit(
        VTEAM(window=2, law="exponential"), PiecewiseLinear(times=[0, 1e-7, 3e-7], voltages_at=[0, 0.3, -0.3]), 4e-7
    ),
}


@pytest.mark.parametrize("make", MADE.values(), ids=MADE)
def test_what_is_made_comes_back(make, tmp_path):
    circuit = make()
    deck = write_deck(circuit)
    back = read_deck(deck.write(tmp_path / "deck.cir"))
    assert write_deck(back).text == deck.text
    assert same_circuit(back, circuit) is None
    assert (back.probes, back.comment) == (circuit.probes, " ".join(circuit.comment.split()))
    assert {name: text for name, text in circuit.notes.items() if text} == dict(back.notes)


def test_elements_come_back_as_what_they_were(ours):
    circuit = parse_deck(ours)
    inside = circuit.subcircuits["bank"]
    assert circuit.comment == "One bank of three"
    assert circuit.notes == {"v_in": "what drives it"}
    assert circuit.models[0] == Level1Model(name="switch", vto=0.4, kp=2e-4, lambda_=0.02, gamma=0.4, phi=0.7)
    assert (inside.comment, inside.ports) == ("bank of three: code 5", ("in", "out", "gate"))
    assert inside.elements[2] == Resistor(name="r_1", plus="in", minus="out", resistance=2e4, tc1=1e-3)
    assert isinstance(inside.elements[3], GivenCurrent)
    assert circuit.elements[2] == Instance(name="x_bank", ports=("in", "out", "gate"), model="bank")
    assert circuit.elements[3] == CurrentSource(name="i_extra", plus="0", minus="out", current=1e-6)
    assert circuit.probes == ("x_bank.branch_0",)
    assert (circuit.temperature_celsius, circuit.nominal_temperature_celsius) == (85.0, 27.0)


def test_ends_that_are_open_stay_so():
    open_bank = bank_circuit(rc.Bank(resistances=[1e3, 2e3]), mask=[True, False])
    again = parse_deck(write_deck(open_bank).text)
    (inside,) = again.subcircuits.values()
    assert inside.open_ends
    assert write_deck(again).text == write_deck(open_bank).text


LEVEL_1 = "(level=1 vto=0.4 kp=0.0002 lambda=0.02 gamma=0.4 phi=0.7 is=1e-14)"
CHANGES = {
    "another tolerance": (
        "reltol=1e-09",
        "reltol=0.001",
        r"line 19: \.options must be '\.options reltol=1e-09 .* as rescircuit",
    ),
    "another option": ("gmin=1e-18", "gmin=1e-18 klu", r"line 19: \.options must be followed by reltol=.* 'klu'"),
    "an option twice": ("gmin=1e-18", "gmin=1e-18 gmin=1e-18", "line 19: .options must be"),
    "another option with a value": ("gmin=1e-18", "gshunt=1.0", "line 19: .options must be"),
    "no temperature": (" temp=85.0", "", r"line 19: \.options must be with temp="),
    "no options": (".options", "* .options", "the deck must be with a card .options"),
    "a suffix": ("10000.0", "10k", "line 7: r_0 must be a plain decimal number, .*got '10k'"),
    "a digit of elsewhere": ("10000.0", "1٠000.0", "line 7"),
    "an underscore": ("10000.0", "10_000.0", "line 7: r_0 must be a plain"),
    "a resistance of nothing": ("10000.0", "0.0", "line 7: resistance of r_0 must be above 0 ohm"),
    "no number": ("10000.0", "nan", "line 7: r_0 must be a plain decimal number"),
    "capitals": ("tc1=", "TC1=", "line 9: r_1 must be followed by tc1=, tc2="),
    "no port": (".subckt bank in out gate", ".subckt bank", "line 6: .subckt must be followed by a name and ports"),
    "no name": (".subckt bank in out gate", ".subckt", "line 6: .subckt must be followed by"),
    "another end": (".ends bank", ".ends other", "line 11: .ends must be '.ends bank', as rescircuit writes it"),
    "no end": (".ends bank\n", "", "left out of a subcircuit"),
    "a definition inside": ("r_1 in", ".subckt other a\nr_1 in", "line 9: .subckt must be left out of a subcircuit"),
    "an unknown model": ("0 switch w=", "0 swatch w=", "model of m_0 must be one of the circuit's models"),
    "a width alone": (" l=1.8e-07", "", "line 8: m_0 must be of a width w= and a length l="),
    "an unknown parameter": ("vto=0.4", "vt0=0.4", "line 4: switch must be followed by vto="),
    "a missing parameter": (" phi=0.7", "", "line 4: model switch must be with its phi"),
    "another kind of model": (
        "nmos (level=1",
        "pmos (level=1",
        "line 4: .model must be '.model switch nmos .* as rescircuit",
    ),
    "another level": ("level=1 ", "level=2 ", r"line 4: model switch must be of .level=1 or .level=14"),
    "no level": (LEVEL_1, "", "line 4: .model must be"),
    "a card of a foundry's": ("(level=1 ", "(level=14 version=4.5 ", "line 4: parameters must be names of BSIM4"),
    "a huge number": (
        LEVEL_1,
        "(level=14 version=4.5 toxe=1e99999999999999999999)",
        "line 4: toxe of switch must be of a magnitude that a float holds",
    ),
    "a version of nothing": ("(level=1 vto=0.4", "(level=14 vto=0.4", "line 4"),
    "a formula with a file": ("v(in, out) /", "v(in, out) * file /", "line 10: formula of b_2 must be of known"),
    "no such kind": ("i_extra 0 out dc 1e-06", "q_extra 0 out dc 1e-06", "line 16: element must be an R, C, V"),
    "too few words": ("c_load out 0 1e-12", "c_load out 0", "line 17: c_load must be of the form c... node node"),
    "a source of noise": ("v_in in 0 dc 0.5", "v_in in 0 trnoise(1 2)", "line 13: v_in must be a source of one value"),
    "a file of samples": (
        "v_in in 0 dc 0.5",
        "v_in in 0 pwl(file=x.txt)",
        "line 13: v_in must be a plain decimal number",
    ),
    "twice": ("c_load out 0 1e-12", "X_BANK in out gate bank", "line 15: element X_BANK must be unlike all others"),
    "two analyses": (
        ".op\n",
        ".op\n.op\n",
        "line 21: .op must be there once, got 'another one behind that on line 20'",
    ),
    "another analysis": (".op\n", ".ac dec 1 1 10\n", "line 20: card must be one of the cards of our decks"),
    "no analysis": (".op\n", "", r"mine\.cir: the deck must be with the card \.op, got 'none'"),
    "a sweep": (".op\n", ".dc v_in 0.0 1.0 0.1\n", "line 20: .dc must be '.op', as rescircuit writes it"),
    "a sweep of text": (".op\n", ".dc temp a b c\n", "line 20: .dc must be a plain decimal number"),
    "a transient of nothing": (".op\n", ".tran\n", "line 20: .tran must be followed by"),
    "no such probe": ("x_bank.branch_0", "x_bank.branch_9", "probes at index 0"),
    "commands": (".op\n", ".op\n.control\nshell ls\n.endc\n", "line 21: card must be one of the cards"),
    "a command in a comment": ("* bank of three", "*#shell ls", "line 5 must be a comment that is no command"),
    "something behind the end": (".end\n", ".end\nr_9 in out 5.0\n", "line 23: r_9 must be left out behind .end"),
    "something beside the end": (".end\n", ".end now\n", "line 22: .end must be '.end', as rescircuit writes it"),
    "another node saved": (" v(gate)", " v(date)", r"line 21: \.save must be of v\(node\) .*got 'v\(date\)'"),
    "everything saved": (" v(gate)", " all", r"line 21: \.save must be of v\(node\)"),
    "a current inside": ("v(x_bank.branch_0)", "i(x_bank.branch_0)", r"line 21: \.save must be of v\(node\)"),
    "a selector of nothing": (
        "v_in in 0",
        "v_sample_index sample_index 0 dc 0.0\nv_in in 0",
        r"line 13: v_sample_index must be '\.op', as rescircuit writes it",
    ),
    "a number for a node": ("r_0 in branch_0", "r_0 in 1.0", "line 7: minus of r_0 must be letters"),
    "a coefficient of nothing": (
        "tc1=0.001",
        "tc1=0.001 tc2=0",
        r"line 9: r_1 must be 'r_1 in out 20000\.0 tc1=0\.001', as",
    ),
    "a number below all": ("10000.0", "1e-400", "line 7: r_0 must be of a magnitude that a float holds"),
    "no plain space": ("r_0 in", "r_0\N{NO-BREAK SPACE}in", "line 7 must be of plain letters, digits and signs"),
    "no plain space behind": ("10000.0", "10000.0\N{NO-BREAK SPACE}", "line 7 must be of plain letters"),
    "no end of the deck": (".end\n", "", r"the deck must be ended by \.end, got 'no such line'"),
}


@pytest.mark.parametrize(("old", "new", "says"), CHANGES.values(), ids=CHANGES)
def test_a_deck_of_ours_that_somebody_changed_is_refused_with_its_line(ours, old, new, says):
    assert old in ours
    with pytest.raises(InputError, match=says) as caught:
        parse_deck(ours.replace(old, new), name="mine.cir")
    assert str(caught.value).startswith("mine.cir")
    assert "\n" not in str(caught.value)


UNTOUCHED = {
    "numbers in other spellings": ("10000.0", "1e4"),
    "whole numbers": ("20000.0", "20000"),
    "a number in capitals": ("1e-12", "+.1E-11"),
    "a whole voltage": ("v_out out 0 dc 0.0", "v_out out 0 dc 0"),
    "less than nothing": ("v_out out 0 dc 0.0", "v_out out 0 dc 0."),
    "a coefficient": ("tc1=0.001", "tc1=1e-3"),
    "options": ("reltol=1e-09 vntol=1e-12", "reltol=1E-9 vntol=0.000000000001"),
    "temperatures": ("tnom=27.0 temp=85.0", "tnom=27 temp=85"),
    "a model": ("vto=0.4 kp=0.0002 lambda=0.02", "vto=.4 kp=2e-4 lambda=2e-2"),
    "spaces and tabs": ("r_0 in branch_0", "\tr_0  in\tbranch_0 "),
    "other wrapping": ("m_0 branch_0 gate out 0", "m_0 branch_0\n+ gate out\n  +0"),
    "one long line": ("\n+ ", " "),
    "carriage returns": ("\n", "\r\n"),
    "a byte-order mark": ("rescircuit circuit\n", "\ufeffrescircuit circuit\n"),
    "blank lines": ("v_in in 0", "\n\n  \nv_in in 0"),
    "a blank line behind a comment": ("* what drives it\n", "* what\n\n* drives it\n\n"),
    "a comment of another width": ("* One bank of three", "*One   bank\n* of three"),
    "a comment in a subcircuit": ("r_1 in", "* x\nr_1 in"),
    "a comment within a card": ("gate out 0 switch", "\n* ...\n+ gate out 0 switch"),
    "a comment at a line's end": ("r_1 in out 20000.0 tc1=0.001", "r_1 in out 20000.0 tc1=0.001 ; was {20777}"),
    "another one": ("r_1 in out 20000.0 tc1=0.001", "r_1 in out 20000.0 tc1=0.001 $ was 20777 Ω"),
    "a comment before the options": (".options", "* so exact\n.options"),
    "comments at the end": (".end\n", "* x\n.end\n* y\n\n* z"),
    "no last line break": (".end\n", ".end"),
    "more behind the end": (".end\n", ".end\n \n\n"),
    "less saved": (" v(gate)", ""),
    "saved twice": (" v(gate)", " v(x_bank.branch_0) v(in)"),
    "an element behind the options": (
        "v_out out 0 dc 0.0\n.options",
        ".options",
    ),
}


@pytest.mark.parametrize(("old", "new"), UNTOUCHED.values(), ids=UNTOUCHED)
def test_another_spelling_is_the_same_deck(ours, old, new):
    """Written again, it is the one that it was made from, byte for byte."""
    assert old in ours or old == "\n+ "
    edited = ours.replace(old, new)
    if new == ".options":
        edited = edited.replace(".op\n", "v_out out 0 dc 0.0\n.op\n")
    assert Deck(parse_deck(edited)).text == ours


def test_an_edited_deck_is_what_a_person_means(ours):
    edited = (
        ours.replace("20000.0 tc1=0.001", "20777")
        .replace("dc 0.5", "dc .25")
        .replace("* bank of three: code 5", "* bank of three, by hand")
        .replace("i_extra", "\n* added at the bench\nr_added in out 1e6\ni_extra")
        .replace("* One bank of three\n", "* One bank\n* of three and more\n")
    )
    edited = "".join(line for line in edited.splitlines(keepends=True) if not line.startswith(".save"))
    circuit = parse_deck(edited.replace("\n", "\r\n"))
    inside = circuit.subcircuits["bank"]
    assert inside.elements[2] == Resistor(name="r_1", plus="in", minus="out", resistance=20777.0)
    assert inside.comment == "bank of three, by hand"
    assert circuit.elements[0] == VoltageSource(name="v_in", plus="in", minus="0", voltage=0.25)
    assert circuit.elements[3] == Resistor(name="r_added", plus="in", minus="out", resistance=1e6)
    assert circuit.notes == {"v_in": "what drives it", "r_added": "added at the bench"}
    assert (circuit.comment, circuit.probes) == ("One bank of three and more", ())
    again = write_deck(circuit)
    assert parse_deck(again.text) == circuit
    assert write_deck(parse_deck(again.text)).text == again.text
    for node in ("in", "gate", "out"):
        assert f" v({node})" in again.text


def test_ngspice_takes_an_edited_deck_as_it_is_read(ours, tmp_path):
    edited = ours.replace("10000.0", "+1.E4 ; was {x}").replace("20000.0", "20777 $ new")
    edited = edited.replace("gate out 0", "\n* between\n  +gate\n+\tout 0").replace(".op\n", "\n* x\n\n .op\n")
    path, raw = tmp_path / "edited.cir", tmp_path / "edited.raw"
    path.write_text(edited, encoding="utf-8", newline="\r\n")
    command = [find_ngspice(), "-n", "-b", "-r", raw, path]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True)
    header, _, data = raw.read_bytes().partition(b"Binary:\n")
    names = [line.split()[1] for line in header.decode().partition("Variables:\n")[2].splitlines()]
    theirs = dict(zip(names, np.frombuffer(data), strict=True))
    result = run_deck(write_deck(read_deck(path)))
    for node, voltage in result.node_voltages.items():
        assert theirs[f"v({node})"] == pytest.approx(voltage[0], rel=1e-12, abs=1e-15)
    assert theirs["i(v_out)"] == pytest.approx(result.source_currents["v_out"][0], rel=1e-12)


SAMPLED = Circuit(
    elements=(
        SelectedSource(name="b_1", plus="a", minus="0", voltages=tuple(k / 7 for k in range(40))),
        Resistor(name="r_1", plus="a", minus="0", resistance=5.0),
    )
)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (" 6.75, 1.0,", " 6.75, 1.5,", r"b_1 must be '\.\.\. 6\.75, 1\.5, 7\.25, 1\.5, .*, as rescircuit writes it"),
        (
            ".dc v_sample_index 0.0 39.0",
            ".dc v_sample_index 0.0 38.0",
            r"\.dc must be '\.dc v_sample_index 0\.0 39\.0 1\.0'",
        ),
        (
            "v_sample_index sample_index 0 dc 0.0\n",
            "",
            "the deck must be with the card v_sample_index sample_index 0 dc",
        ),
        (" dc 0.0", " dc 1.0", "v_sample_index must be 'v_sample_index sample_index 0 dc 0.0'"),
    ],
)
def test_samples_that_disagree_are_refused(old, new, says):
    text = Deck(SAMPLED).text.replace("\n+ ", " ")
    assert old in text
    assert (
        parse_deck(text.replace("6.75, 1.0, 7.25, 1.0", "6.75, 1, 7.25, 1e0").replace("0.0 39.0 1.0", "0 39 1"))
        == SAMPLED
    )
    with pytest.raises(InputError, match=says):
        parse_deck(text.replace(old, new))


def test_a_changed_value_is_a_changed_circuit(ours):
    changed = parse_deck(ours.replace("10000.0", "10001.0"))
    assert changed.subcircuits["bank"].elements[0].resistance == 10001.0
    assert same_circuit(changed, parse_deck(ours)) is not None


def test_subcircuits_in_subcircuits_without_end_are_refused():
    """Forty that use each the one before twice would be 2^40 elements; three thousand inside each other, too deep."""
    for levels, width, says in ((40, 2, "at most 20,000,000 elements"), (3000, 1, "at most 100 subcircuits")):
        lines = ["rescircuit circuit", ".subckt s_0 p", "r_1 p 0 1.0", ".ends s_0"]
        for k in range(1, levels):
            uses = [f"x_{j} p s_{k - 1}" for j in range(width)]
            lines += [f".subckt s_{k} p", "r_1 p 0 1.0", *uses, f".ends s_{k}"]
        lines += ["v_1 a 0 dc 1.0", f"x_1 a s_{levels - 1}", ".options reltol=1e-09 tnom=27.0 temp=27.0", ".op", ".end"]
        with pytest.raises(InputError, match=says):
            parse_deck("\n".join([*lines, ""]))


def numbers(low=1e-30, high=1e30):
    return st.floats(low, high, allow_nan=False)


SIGNED = st.one_of(st.just(0.0), numbers(), numbers().map(lambda value: -value))
WORDS = st.from_regex(r"[A-Za-z0-9_]{0,20}", fullmatch=True)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=250).filter(str.isprintable)
FORMULAS = st.sampled_from(
    ["v({0}, {1}) / 1000.0", "1e-06 * (temper - 27.0) * v({0})", "v({1}) > 0.5 ? 1.0 : v({2})^2"]
)


def draw_element(draw, name, subcircuits, plus, minus, other):
    """One element of any kind that has two ends, or a transistor, or a subcircuit."""
    ends = {"plus": plus, "minus": minus}
    formula = draw(FORMULAS).format(plus, minus, other)
    kinds = ["resistor", "capacitor", "current", "formula", "charge", "mosfet", *["instance"] * 3 * bool(subcircuits)]
    kind = draw(st.sampled_from(kinds))
    if kind == "instance":
        return Instance(name=f"x__{name}", ports=(plus, minus), model=draw(st.sampled_from(subcircuits)).name)
    if kind == "mosfet":
        size = {"width": draw(numbers()), "length": draw(numbers())}
        return Mosfet(name=f"m__{name}", drain=plus, gate=other, source=minus, bulk="0", model="Switch", **size)
    if kind == "resistor":
        return Resistor(name=f"r__{name}", **ends, resistance=draw(numbers()), tc1=draw(numbers(1e-30, 1e-3)))
    if kind == "capacitor":
        return Capacitor(name=f"c__{name}", **ends, capacitance=draw(numbers()))
    if kind == "current":
        return CurrentSource(name=f"I__{name}", **ends, current=draw(SIGNED))
    if kind == "formula":
        return GivenCurrent(name=f"b__{name}", **ends, formula=formula)
    return GivenCharge(name=f"c__{name}", **ends, formula=formula)


@st.composite
def element_lists(draw, nodes, subcircuits, *, top=False):
    """Elements between these nodes, each node joined to ground so that all have a voltage."""
    names = draw(st.lists(WORDS, min_size=1, max_size=8, unique_by=str.lower))
    elements = [
        Resistor(name=f"R_ground_{k}", plus=node, minus="0", resistance=draw(numbers())) for k, node in enumerate(nodes)
    ]
    for name in names:
        plus, minus, other = draw(st.permutations([*nodes, "0"]))[:3]
        elements.append(draw_element(draw, name, subcircuits, plus, minus, other))
    source = f"V_{draw(WORDS)}"  # on a node that no other source holds, which a port might be
    elements.append(VoltageSource(name=source, plus=nodes[2], minus="0", voltage=draw(SIGNED)))
    elements.append(CurrentMirror(name="f_copy", plus=nodes[1], minus="0", source=source, gain=draw(SIGNED)))
    if top and draw(st.booleans()):
        samples = draw(st.lists(SIGNED, min_size=2, max_size=9))
        elements.append(SelectedSource(name="B_samples", plus=nodes[1], minus="0", voltages=tuple(samples)))
    return tuple(elements)


@st.composite
def hierarchies(draw):
    """Circuits of up to three levels of subcircuits."""
    subcircuits = []
    for level in range(draw(st.integers(0, 3))):
        nodes = [f"p{level}", "q", "Inner_1", "inner_2"]
        elements = draw(element_lists(nodes, subcircuits))
        subcircuits.append(
            Subcircuit(name=f"sub_{level}", ports=tuple(nodes[:2]), elements=elements, comment=draw(TEXTS))
        )
    elements = draw(element_lists(["in", "OUT", "12", "a_b"], subcircuits, top=True))
    model = Level1Model(name="Switch", vto=draw(SIGNED), kp=draw(numbers()), lambda_=0.0, gamma=0.0, phi=0.7)
    noted = draw(st.lists(st.sampled_from([e.name for e in elements]), max_size=3, unique=True))
    return Circuit(
        elements=elements,
        models=(model, *subcircuits),
        temperatures=draw(st.sampled_from([None, TemperatureSweep(start=0.0, stop=0.01, step=0.005)])),
        comment=draw(TEXTS),
        notes={name: draw(TEXTS) for name in noted},
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(circuit=hierarchies())
def test_random_hierarchies_come_back(circuit):
    text = Deck(circuit).text
    back = parse_deck(text)
    assert Deck(back).text == text
    assert same_circuit(back, circuit) is None
    assert back.elements == circuit.elements
    assert [stated(model) for model in back.models] == [stated(model) for model in circuit.models]


def stated(model):
    """A model, of a subcircuit without its open ends, which a deck does not say."""
    if not isinstance(model, Subcircuit):
        return model
    return dataclasses.replace(model, comment=" ".join(model.comment.split()), open_ends=frozenset())


@given(
    stop=numbers(1e-9, 1e3),
    part=st.floats(1e-3, 0.5),
    start=st.sampled_from([0.0, 0.25]),
    initial=st.booleans(),
    tolerance=numbers(1e-12, 1e-3),
    method=st.sampled_from(["trapezoidal", "gear"]),
)
@settings(deadline=None)
def test_transients_come_back(stop, part, start, initial, tolerance, method):
    transient = Transient(
        stop=stop,
        max_step=part * stop,
        start=start * stop,
        use_initial_conditions=initial,
        relative_tolerance=tolerance,
        method=method,
    )
    circuit = Circuit(
        elements=(
            SineSource(
                name="v_sine", plus="a", minus="0", amplitude=stop, frequency=1 / stop, offset=-part, phase=90.0
            ),
            PiecewiseLinearSource(name="v_pwl", plus="b", minus="0", times=(0.0, part * stop), voltages=(0.0, stop)),
            Resistor(name="r_1", plus="a", minus="c", resistance=1e3),
            Resistor(name="r_2", plus="b", minus="c", resistance=1e3),
            Capacitor(
                name="c_1", plus="c", minus="0", capacitance=1e-12, initial_voltage=-part if initial else None, tc2=1e-9
            ),
        ),
        transient=transient,
    )
    back = parse_deck(write_deck(circuit).text)
    assert back.elements == circuit.elements
    assert back.transient == transient
