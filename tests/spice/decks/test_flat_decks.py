"""Other people's flat decks: what they say is solved as ngspice solves them, and what is not understood is refused."""

from __future__ import annotations

import subprocess

import numpy as np
import pytest

from rescircuit.errors import InputError
from rescircuit.spice import Circuit, Resistor, VoltageSource, find_ngspice, run_deck, write_deck
from rescircuit.spice.circuits.elements import Capacitor
from rescircuit.spice.circuits.sources import CurrentSource
from rescircuit.spice.decks.reading import parse_deck, read_deck


def test_a_flat_deck_is_read(flat):
    assert parse_deck(flat) == Circuit(
        elements=(
            Resistor(name="R1", plus="in", minus="mid", resistance=10e3),
            Resistor(name="r2", plus="mid", minus="0", resistance=4.7e3, tc1=1e-3),
            CurrentSource(name="I1", plus="0", minus="mid", current=1e-3),
            VoltageSource(name="V1", plus="in", minus="0", voltage=5.0),
            Capacitor(name="C1", plus="mid", minus="0", capacitance=100e-9),
        ),
        temperature_celsius=85.0,
        comment="Two resistors and more",
    )


IGNORED = ".ic v(mid)=1\n.nodeset v(in)= 2\n.width out=80\n.save all\n.four 1k v(mid)\n.op\n"


@pytest.mark.parametrize("changed", [False, True])
def test_ngspice_finds_the_same_in_the_deck_and_in_what_was_read(flat, tmp_path, changed):
    path, raw = tmp_path / "flat.cir", tmp_path / "flat.raw"
    if changed:  # what is ignored changes nothing in ngspice either
        flat = flat.replace(".op\n", IGNORED).replace("0 5V", "0 dc=5 AC 2 90").replace("DC 1mA", "1m ac")
        flat = "\ufeff" + flat.replace("\n", "\r\n")
    path.write_text(flat, encoding="utf-8", newline="")
    command = [find_ngspice(), "-n", "-b", "-r", raw, path]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True)
    header, _, data = raw.read_bytes().partition(b"Binary:\n")
    names = [line.split()[1] for line in header.decode().partition("Variables:\n")[2].splitlines()]
    theirs = dict(zip(names, np.frombuffer(data), strict=True))
    ours = run_deck(write_deck(read_deck(path)))
    warmer = 4.7e3 * (1 + 1e-3 * 58)
    expected = (5 / 10e3 + 1e-3) / (1 / 10e3 + 1 / warmer)
    assert theirs["v(mid)"] == pytest.approx(expected, rel=1e-6)
    assert ours.node_voltages["mid"] == pytest.approx([expected], rel=1e-9)


WAYS = {
    "a source without dc": ("I1 0 mid DC 1mA", "I1 0 mid 1m"),
    "carriage returns": ("\n", "\r\n"),
    "tabs": ("R1 in mid", "\tR1\tin  mid"),
    "capitals": ("R1 in mid", "R1 IN Mid"),
    "gnd in capitals": ("gnd", "GND"),
    "comments between continued lines": ("+ R =", "* between\n+ R ="),
    "a tail after a comma": (" ; the first", " ;the first; {x}"),
    "another title for .options": (".options", ".OPTION"),
    "a temperature of its own": ("temp=85", "gmin=1e-15\n.temp 85\n.options tnom=27"),
    "what is only printed": (".op\n", ".op\n.save all\n.plot dc v(in)\n.probe v(mid)\n.title something\n"),
    "what else is shown": (".op\n", ".width out=80\n.four 1k v(mid)\n.meas tran x find v(mid) at=1u\n.MEASURE y\n"),
    "other analyses": (".op\n", ".tran 1n 1u uic\n.ac dec 10 1 1meg\n.DC V1 0 1 0.1\n.tf v(mid) V1\n.backanno\n"),
    "more analyses": (".op\n", ".noise v(mid) V1 dec 10 1 1k\n.sens v(mid)\n.pz in 0 mid 0 vol pz\n"),
    "where a solver starts": (".op\n", ".ic v(mid)=1\n.nodeset v(in)= 2\n"),
    "an alternating part": ("V1 in 0 5V", "V1 in 0 DC 5 AC 1 90"),
    "an alternating part of one": ("V1 in 0 5V", "V1 in 0 5 ac 1"),
    "an alternating part of no size": ("DC 1mA", "DC = 1mA AC"),
    "dc by a sign": ("V1 in 0 5V", "V1 in 0 dc=5"),
    "a byte-order mark": ("* Two resistors", "\ufeff* Two resistors"),
    "blank lines": (".op\n", "\n\n.op\n\n"),
    "more comments at the end": (".END\n", ".END\n* that is all\n\n"),
    "no last line break": (".END\n", ".end"),
}


@pytest.mark.parametrize(("old", "new"), WAYS.values(), ids=WAYS)
def test_other_ways_to_write_the_same(flat, old, new):
    assert old in flat
    changed, original = parse_deck(flat.replace(old, new)), parse_deck(flat)
    assert [(e.name, *e.words) for e in changed.elements] == [(e.name, *e.words) for e in original.elements]
    lowered = [[node.lower() for e in circuit.elements for node in e.nodes] for circuit in (changed, original)]
    assert lowered[0] == lowered[1]
    assert (changed.temperature_celsius, changed.nominal_temperature_celsius) == (85.0, 27.0)


REFUSED = {
    "milli or mega": ("10k", "1M", r"line 2: R1 must be .* got '1M'\. SPICE reads M as milli"),
    "zero ohm": ("10k", "0", r"line 2: resistance of R1 must be above 0 ohm, got 0\.0"),
    "below zero": ("10k", "-5", "line 2: resistance of R1 must be above 0 ohm"),
    "too large for a deck": ("10k", "1e31", "line 2: resistance of R1 must be zero or of a magnitude"),
    "no value": ("R1 in mid 10k", "R1 in mid", "line 2: R1 must be of the form R1 node node resistance"),
    "no second node": ("R1 in mid 10k", "R1 in 10k", "line 2: R1 must be of the form"),
    "two values": ("10k", "10k 5k", "line 2: 5k must be a setting, key=value"),
    "another value's name": ("R = 4.7kOhm", "C = 4.7k", "line 3: r2 must be of the form"),
    "a factor": ("10k", "10k m=2", "line 2: R1 must be of the form R1 node node resistance, with tc1="),
    "a coefficient twice": ("tc1=1e-3", "tc1=1e-3 TC1=1e-3", "line 3: r2 must be of the form"),
    "an initial voltage of a resistor": ("10k", "10k ic=0", "line 2: R1 must be of the form"),
    "a model": ("10k", "rmod", "line 2: R1 must be a number"),
    "both ends on one node": ("R1 in mid", "R1 in IN", "line 2: minus of R1 must be on another node"),
    "both ends on ground": ("C1 mid 0", "C1 gnd 0", "line 8: minus of C1 must be on another node"),
    "the name of another": (
        "r2 MID",
        "r1 MID",
        r"line 3: r1 must be the name of one element, got 'that on line 2 too'",
    ),
    "a name of one letter": ("R1 in", "R in", r"line 2: element must be the letter r and at least .*Rename it"),
    "a name with a sign": ("R1 in", "R-1 in", r"line 2: element must be letters.* got 'R-1'\. Rename it"),
    "a node with a sign": ("R1 in", "R1 in+", r"line 2: node must be letters.* got 'in\+'\. Rename it"),
    "a node of zeros": ("R1 in", "R1 00", "line 2: node must be"),
    "a node called time": ("R1 in", "R1 time", "line 2: node must be a word without a meaning"),
    "a long node": ("R1 in", f"R1 {'n' * 65}", "line 2: node must be at most 64"),
    "a node of ours": ("R1 in", "R1 sample_index", "line 2: node must be"),
    "another element": ("C1 mid 0 100nF", "D1 mid 0 diode", "line 8: element must be an R, C, V or I"),
    "a subcircuit": ("C1 mid 0 100nF", "X1 mid 0 sub", "line 8: element must be an R, C, V or I"),
    "a behavioural source": ("5V", "V=5", "line 7: V1 must be a number"),
    "a sine": ("5V", "sin(0 1 1k)", "line 7: V1 must be of the form V1 node node voltage, or with dc"),
    "an alternating part alone": ("5V", "AC 1", "line 7: V1 must be of the form"),
    "an alternating part of three": ("5V", "5 AC 1 2 3", "line 7: V1 must be of the form"),
    "an alternating part that is no number": ("5V", "5 AC 1 sin(0", "line 7: ac of V1 must be a number"),
    "an alternating part before": ("5V", "AC 1 DC 5", "line 7: V1 must be of the form"),
    "nothing by a sign": ("5V", "dc=", "line 7: V1 must be a number"),
    "dc of nothing": ("5V", "DC", "line 7: V1 must be of the form"),
    "a condition": ("\n.op\n", "\n.if (1)\n", "line 11: card must be one of"),
    "an include": (
        "\n.op\n",
        "\n.include other.cir\n",
        r"line 11: card must be one of \.end.*got '\.include other.cir'",
    ),
    "a quoted include": ("\n.op\n", '\n.inc "other.cir"\n', "line 11 must be names of letters"),
    "a library": ("\n.op\n", "\n.lib models.lib tt\n", "line 11: card must be one of"),
    "a parameter": ("\n.op\n", "\n.param r=1k\n", "line 11: card must be one of"),
    "a definition": ("\n.op\n", "\n.subckt a b c\n", "line 11: card must be one of"),
    "a card of a model": ("\n.op\n", "\n.model d d\n", "line 11: card must be one of"),
    "commands": ("\n.op\n", "\n.control\nop\n.endc\n", "line 11: card must be one of"),
    "a sweep of temperatures": ("\n.op\n", "\n.dc TEMP 0 1 0.1\n", "line 11: .dc must be of sources alone"),
    "steps": ("\n.op\n", "\n.step V1 0 1 0.1\n", "line 11: card must be one of"),
    "a measured expression": ("\n.op\n", "\n.meas tran x param='2*y'\n", "line 11 must be names of letters"),
    "a node in brackets": ("R1 in", "R1 in[0]", r"line 2: node must be letters.*or a whole number, got 'in\[0\]'"),
    "a node of a bus": ("R1 in", "R1 in<0>", "line 2 must be names of letters, digits and underscores"),
    "an unknown option": ("reltol=1e-6", "rshunt=1e6", "line 9: .options must be of temp, tnom"),
    "an option without value": ("reltol=1e-6", "reltol", "line 9: reltol must be a setting"),
    "two temperatures": ("\n.op\n", "\n.temp 25\n", "line 11: temp must be given once"),
    "a list of temperatures": ("\n.op\n", "\n.temp 25 85\n", "line 11: .temp must be followed by one"),
    "a temperature of no world": ("temp=85", "temp=-300", "deck: temperature_celsius must be above absolute zero"),
    "a temperature with a factor": ("temp=85", "temp=1k5", "line 9: temp must be a number"),
    "an expression": ("10k", "{2*5k}", "line 2 must be names of letters"),
    "an expression in quotes": ("10k", "'2*5k'", "line 2 must be names of letters"),
    "a dollar without spaces": ("10k", "10k$x", "line 2 must be names of letters"),
    "a micro sign": ("100nF", "100µF", "line 8 must be names of letters"),
    "something behind the end": (".END", ".END\nR9 in 0 1k", "line 13: R9 must be left out behind .end"),
    "something beside the end": (".END", ".END now", "line 12: .end must be alone"),
    "no end": (".END\n", "", "the deck must be ended by .end.*Write it as the last line"),
    "continued nothing": ("R1 in", "+ R1 in", "line 2 must be after the beginning of what"),
    "continued over a blank line": ("\n+ R", "\n\n+ R", "line 3: r2 must be of the form"),
    "no title, and a value that is refused": ("* Two resistors and more", "R1 in mid 1M", "line 1 must be a title"),
    "no title": ("* Two resistors and more\n", "", "line 1 must be a title, got 'R1 in mid 10k ; the first'"),
    "a card as title": ("* Two resistors and more", ".op", "line 1 must be a title"),
    "a script as title": ("* Two resistors and more", "*ng_script", "line 1 must be a title that is no command"),
    "a command as title": ("* Two resistors and more", "*#shell ls", "line 1 must be a title that is no command"),
    "a command as comment": ("* a comment between", "*#shell ls", "line 5 must be a comment that is no command"),
}


@pytest.mark.parametrize(("old", "new", "says"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_understood_is_refused_with_its_line(flat, old, new, says):
    assert old in flat
    with pytest.raises(InputError, match=says) as caught:
        parse_deck(flat.replace(old, new, 1))
    assert str(caught.value).startswith("deck")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "deck must be a deck, got 'nothing'"),
        ("\n", "the deck must be with at least one element"),
        ("a title\n.end\n", "the deck must be with at least one element"),
        ("a title\nR1 a b 1\nV1 a b 1\n.end\n", "ground must be a node of the deck, called 0 or gnd"),
    ],
)
def test_decks_of_nothing(text, says):
    with pytest.raises(InputError, match=says):
        parse_deck(text)


@pytest.mark.parametrize(
    "title", ["", "Resistor array 4x4", "R12", "C3 chip", "Vias and their resistance", "C and R", "* R1 a b 10k", "πß"]
)
def test_titles_are_free(title):
    circuit = parse_deck(f"{title}\nr1 1 0 5\nv1 1 0 1\n.end\n")
    assert circuit.comment == title.removeprefix("* ")
    assert write_deck(circuit).text.startswith("rescircuit circuit\n")


def test_names_keep_their_first_spelling():
    circuit = parse_deck("t\nR1 Out 0 5\nV1 OUT GND 1\nr2 out oUt2 1\nr3 OUT2 0 1\n.end\n")
    assert circuit.nodes == ("Out", "oUt2")
