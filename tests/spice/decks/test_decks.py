"""The text of a deck: every card of it, and nothing but what the circuit says."""

from __future__ import annotations

import dataclasses
import re

import pytest

from rescircuit.errors import InputError
from rescircuit.spice import SelectedSource, run_deck, write_deck

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
