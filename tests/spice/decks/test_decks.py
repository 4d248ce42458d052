"""The text of a deck: every card of it, and nothing but what the circuit says."""

from __future__ import annotations

import dataclasses
import inspect
import os
import re
import subprocess
import sys

import pytest

import rescircuit as rc
from rescircuit.errors import InputError
from rescircuit.spice import (
    Capacitor,
    Deck,
    PiecewiseLinearSource,
    SelectedSource,
    TemperatureSweep,
    Transient,
    run_deck,
    write_deck,
)

DIVIDER = """\
rescircuit circuit
v_in in 0 dc 1.0
r_1 in middle 1000.0
r_2 middle out 3000.0
v_out out 0 dc 0.0
.options reltol=1e-09 vntol=1e-12 abstol=1e-18 gmin=1e-18 tnom=27.0 temp=27.0
.op
.save v(in) v(middle) v(out) i(v_in) i(v_out)
.end
"""


def with_samples(circuit, voltages):
    """The circuit with its input swept over voltages."""
    selected = SelectedSource(name="b_in", plus="in", minus="0", voltages=tuple(voltages))
    return dataclasses.replace(circuit, elements=(selected, *circuit.elements[1:]))


def test_an_operating_point(divider):
    deck = write_deck(divider)
    assert deck.text == str(deck) == DIVIDER
    assert deck.plot == "Operating Point"
    assert deck.points == 1
    assert deck.variables == {"v(in)", "v(middle)", "v(out)", "i(v_in)", "i(v_out)"}


def test_samples_are_one_sweep_of_plateaus(divider):
    deck = write_deck(with_samples(divider, [0.5, -1.0]))
    assert "b_in in 0 v = pwl(v(sample_index), -0.25, 0.5, 0.25, 0.5, 0.75, -1.0, 1.25, -1.0)\n" in deck.text
    assert "v_sample_index sample_index 0 dc 0.0\n.dc v_sample_index 0.0 1.0 1.0\n" in deck.text
    assert deck.plot == "DC transfer characteristic"
    assert deck.points == 2
    assert deck.variables == {"v(v-sweep)", "v(in)", "v(middle)", "v(out)", "i(b_in)", "i(v_out)"}


def test_a_model_card_has_known_parameters_alone(transistor):
    text = write_deck(transistor).text
    assert "m_1 drain gate out 0 switch w=1.8e-06 l=1.8e-07\n" in text
    assert ".model switch nmos (level=1 vto=0.4 kp=0.0002 lambda=0.02 gamma=0.4 phi=0.7 is=1e-14)\n" in text


def test_values_hold_at_the_nominal_temperature(divider):
    text = write_deck(dataclasses.replace(divider, temperature_celsius=85)).text
    assert " tnom=27.0 temp=85.0\n" in text
    other = dataclasses.replace(divider, temperature_celsius=-40, nominal_temperature_celsius=25)
    assert " tnom=25.0 temp=-40.0\n" in write_deck(other).text


def test_a_comment_stands_below_the_title_and_changes_nothing_else(divider):
    commented = dataclasses.replace(divider, comment="One divider\n.control\n*#shell ls")
    title, _, rest = DIVIDER.partition("\n")
    assert write_deck(commented).text == f"{title}\n* One divider .control *#shell ls\n\n{rest}"


def test_long_lines_are_continued_and_lose_nothing(divider):
    deck = write_deck(with_samples(divider, [k / 7 for k in range(500)]))
    lines = deck.text.splitlines()
    assert max(map(len, lines)) <= 100
    joined = re.sub(r"\n\+ ", " ", deck.text)
    assert len(joined.splitlines()) == 10
    assert repr(499 / 7) in joined


def test_names_come_back_in_the_spelling_of_the_circuit(divider):
    renamed = [
        dataclasses.replace(element, name=element.name.replace("v_out", "V_Out")) for element in divider.elements
    ]
    elements = tuple(
        dataclasses.replace(e, **{end: "Middle" for end in ("plus", "minus") if getattr(e, end) == "middle"})
        for e in renamed
    )
    deck = write_deck(dataclasses.replace(divider, elements=elements))
    assert {"v(middle)", "i(v_out)"} < deck.variables
    result = run_deck(deck)
    assert result.node_voltages["Middle"] == pytest.approx([0.75], rel=1e-12)
    assert result.source_currents["V_Out"] == pytest.approx([2.5e-4], rel=1e-12)


def test_a_deck_is_written_whole(divider, tmp_path):
    path = tmp_path / "divider.cir"
    path.write_text("an older deck", encoding="utf-8")
    assert write_deck(divider).write(str(path)) == path
    assert path.read_text(encoding="utf-8") == DIVIDER
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("place", ["missing/divider.cir", "file/divider.cir", "folder"])
def test_a_deck_that_cannot_be_written_leaves_nothing_behind(divider, tmp_path, place):
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match="path must be"):
        write_deck(divider).write(tmp_path / place)
    assert {entry.name for entry in tmp_path.iterdir()} == {"file", "folder"}


def test_a_deck_says_what_a_run_must_bring(divider):
    """All of it follows from the circuit, whatever is asked."""
    swept = with_samples(divider, [0.1, 0.2, 0.3])
    temperatures = TemperatureSweep(start=0, stop=50, step=25)
    ramp = PiecewiseLinearSource(name="v_in", plus="in", minus="0", times=(0.0, 1.0), voltages=(0.0, 1.0))
    load = Capacitor(name="c_1", plus="middle", minus="0", capacitance=1e-6)
    course = Transient(stop=1.0, max_step=0.01, start=0.5)
    over_time = dataclasses.replace(divider, elements=(ramp, *divider.elements[1:], load), transient=course)
    found = [
        (deck.plot, deck.scale, deck.points, deck.shape, deck.n_samples, deck.transient, deck.temperatures)
        for deck in map(
            write_deck,
            (
                divider,
                swept,
                dataclasses.replace(divider, temperatures=temperatures),
                dataclasses.replace(swept, temperatures=temperatures),
                over_time,
            ),
        )
    ]
    sweep = "DC transfer characteristic"
    assert found == [
        ("Operating Point", None, 1, (1,), None, None, None),
        (sweep, "v(v-sweep)", 3, (3,), 3, None, None),
        (sweep, "temp-sweep", 3, (3, 1), None, None, temperatures),
        (sweep, "v(v-sweep)", 9, (3, 3), 3, None, temperatures),
        ("Transient Analysis", "time", 50, (1,), None, course, None),
    ]


def test_lines_are_the_text_and_the_file(divider, tmp_path):
    deck = write_deck(dataclasses.replace(divider, comment="One divider", notes={"r_1": "the upper one"}))
    assert isinstance(deck, Deck)
    lines = list(deck.lines())
    assert lines == list(deck.lines()) == deck.text.splitlines()
    assert deck.write(tmp_path / "deck.cir").read_text(encoding="utf-8") == deck.text
    assert deck == write_deck(dataclasses.replace(deck.circuit))


def test_nodes_inside_instances_are_saved_last():
    deck = rc.deck(rc.Bank(resistances=[1e3, 2e3], switch=rc.IdealSwitch(r_on=10.0)))
    assert deck.nodes == ("in", "out", "x_bank.branch_0", "x_bank.branch_1")
    assert deck.sources == ("v_in", "v_out")
    assert ".save v(in) v(out) v(x_bank.branch_0) v(x_bank.branch_1) i(v_in) i(v_out)\n" in deck.text
    assert "v(x_bank.branch_1)" in deck.variables


def print_decks_of_a_chip():
    """By itself, as another process runs its source."""
    import sys

    import numpy as np

    import rescircuit as rc
    from rescircuit.crossbar import BankCells

    poly = rc.Resistor(nominal=1e4, mismatch=0.01)
    bank = rc.Bank.sample(poly, n=2, shape=(3, 2), seed=5, switch=rc.NMOS(w_over_l=10))
    cells = BankCells(bank=bank, mask=np.arange(12).reshape(3, 2, 2) % 3 > 0)
    for thing in (bank, rc.NonlinearCrossbar(cells, 1.0, 1.0)):
        sys.stdout.write(rc.deck(thing, comment="a chip").text)


def test_a_chip_s_decks_are_the_same_bytes_in_another_process(capsys):
    """Whatever order its sets and mappings have there."""
    print_decks_of_a_chip()
    here = capsys.readouterr().out
    script = f"{inspect.getsource(print_decks_of_a_chip)}\nprint_decks_of_a_chip()"
    environment = {**os.environ, "PYTHONHASHSEED": "12345"}
    there = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, check=True, text=True)
    assert there.stdout == here
    assert here.count("x_bank_5 in out_5 gate_on bank_5\n") == 1
