"""Numbers in other people's decks: read as ngspice reads them, or refused where people read them differently."""

from __future__ import annotations

import subprocess

import numpy as np
import pytest

from rescircuit.errors import InputError
from rescircuit.spice import find_ngspice
from rescircuit.spice.decks.numbers import spice_number

READ = [
    ("5", "", 5.0),
    ("-5", "", -5.0),
    ("+.5", "", 0.5),
    ("5.", "", 5.0),
    ("007", "", 7.0),
    ("-0", "", -0.0),
    ("1e3", "", 1e3),
    ("1E-3", "", 1e-3),
    ("1.5e+2", "", 150.0),
    ("1e3k", "", 1e6),
    ("0.1u", "", 0.1e-6),
    ("1t", "", 1e12),
    ("1G", "", 1e9),
    ("1meg", "", 1e6),
    ("1MEG", "", 1e6),
    ("1Meg", "", 1e6),
    ("1K", "", 1e3),
    ("1m", "", 1e-3),
    ("1U", "", 1e-6),
    ("1n", "", 1e-9),
    ("1P", "", 1e-12),
    ("1f", "", 1e-15),
    ("10kOhm", "ohm", 1e4),
    ("10ohms", "ohm", 10.0),
    ("10mohm", "ohm", 1e-2),
    ("1MegOhm", "ohm", 1e6),
    ("5V", "V", 5.0),
    ("5mvolts", "V", 5e-3),
    ("2mA", "A", 2e-3),
    ("2a", "A", 2.0),
    ("2amps", "A", 2.0),
    ("100nF", "F", 1e-7),
    ("100f", "F", 1e-13),
    ("100fF", "F", 1e-13),
    ("1kfarad", "F", 1e3),
]


@pytest.mark.parametrize(("text", "unit", "value"), READ)
def test_a_number_is_read_to_the_last_bit(text, unit, value):
    assert repr(spice_number("value", text, unit)) == repr(value)


def test_ngspice_reads_the_same_numbers(tmp_path):
    """Each as the voltage of a source; through a file of its own, since our decks hold no suffixes."""
    texts = [text for text, unit, _ in READ if unit in {"", "V"}]
    cards = [f"v{k} {k} 0 dc {text}\nr{k} {k} 0 1k" for k, text in enumerate(texts, 1)]
    saved = " ".join(f"v({k})" for k in range(1, len(texts) + 1))
    raw, deck = tmp_path / "out.raw", tmp_path / "deck.cir"
    deck.write_text("\n".join(["numbers", *cards, ".op", f".save {saved}", ".end", ""]), encoding="ascii")
    program = find_ngspice()
    subprocess.run([program, "-n", "-b", "-r", raw, deck], check=True, stdin=subprocess.DEVNULL, capture_output=True)
    values = np.frombuffer(raw.read_bytes().partition(b"Binary:\n")[2])
    np.testing.assert_allclose(values, [spice_number("value", text, "V") for text in texts], rtol=1e-14)


@pytest.mark.parametrize(
    ("text", "unit", "reason"),
    [
        ("1M", "ohm", "SPICE reads M as milli"),
        ("1MOhm", "ohm", "SPICE reads M as milli"),
        ("1MV", "V", "SPICE reads M as milli"),
        ("1F", "F", "SPICE reads F as femto"),
        ("1Farad", "F", "SPICE reads F as femto"),
        ("1FF", "F", "SPICE reads F as femto"),
        ("1F", "ohm", "SPICE reads F as femto"),
        ("1farad", "F", "one of the suffixes"),
        ("1mil", "ohm", "one of the suffixes"),
        ("1kHz", "ohm", "one of the suffixes"),
        ("1a", "ohm", "one of the suffixes"),
        ("1V", "A", "one of the suffixes"),
        ("4R7", "ohm", "a number"),
        ("4k7", "ohm", "4.7k for 4k7"),
        ("1,5k", "ohm", "1.5k for 1,5k"),
        ("1.5.2", "ohm", "a number"),
        ("0x10", "ohm", "a number"),
        ("1e", "ohm", "one of the suffixes"),
        ("1e+", "ohm", "a number"),
        ("1e3.5", "ohm", "a number"),
        ("1d3", "ohm", "a number"),
        ("1_000", "ohm", "a number"),
        ("1e99999", "ohm", "a number"),
        ("1e400", "ohm", "that a float holds"),
        ("1e-400", "ohm", "that a float holds"),
        ("nan", "", "a number"),
        ("inf", "", "a number"),
        ("", "", "a number"),
        ("-", "", "a number"),
        (".", "", "a number"),
        ("--1", "", "a number"),
        ("1 k", "", "a number"),
        ("1k\n", "", "a number"),
        ("1µ", "", "a number"),
        ("1Ω", "ohm", "a number"),
        ("١", "", "a number"),
        ("{x}", "", "a number"),
        ("'1+1'", "", "a number"),
    ],
)
def test_what_may_mean_something_else_is_refused(text, unit, reason):
    with pytest.raises(InputError) as caught:
        spice_number("value of r_1", text, unit)
    assert str(caught.value).startswith("value of r_1 must be ")
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)
