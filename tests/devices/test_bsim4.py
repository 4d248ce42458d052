"""Cards from strangers: parameters that BSIM4 has and numbers, and one line for whatever else is in them."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from rescircuit.devices.switches.bsim4 import BSIM4Card, BSIM4Switch
from rescircuit.errors import InputError

TEXT = """\
* a foundry's card
.MODEL nch.1 NMOS ( LEVEL = 54 version=4.5
* in between
+ toxe=3n VTH0 = 400m, u0=0.04 ; mobility
+ k1=.5 k2=-1e-2 $ body effect
+
+ ndep=2e17 vsat=0.1MEG xj=0.1mil )
"""


def test_a_card_is_read_as_spice_reads_it():
    card = BSIM4Card.parse(TEXT)
    assert card.version == "4.5"
    assert dict(card.parameters) == {
        "toxe": 3e-9,
        "vth0": 0.4,
        "u0": 0.04,
        "k1": 0.5,
        "k2": -0.01,
        "ndep": 2e17,
        "vsat": 1e5,
        "xj": 2.54e-6,
    }


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *[("1T", 1e12), ("2g", 2e9), ("3Meg", 3e6), ("4K", 4e3), ("5M", 5e-3), ("6U", 6e-6), ("7n", 7e-9)],
        *[("8p", 8e-12), ("9F", 9e-15), ("1e3k", 1e6), ("-.5", -0.5), ("+5.", 5.0), ("1e-320", 1e-320)],
    ],
)
def test_suffixes_are_those_of_spice(text, value):
    card = BSIM4Card.parse(f".model n nmos level=14 eta0={text}")
    assert card.parameters == (("eta0", value),)


def test_a_card_from_a_file(tmp_path):
    path = tmp_path / "nch.lib"
    path.write_text(TEXT, encoding="utf-8")
    assert BSIM4Card.parse(path) == BSIM4Card.parse(str(path)) == BSIM4Card.parse(TEXT)


def test_the_digest_is_that_of_what_the_card_says():
    card = BSIM4Card.parse(TEXT)
    turned = BSIM4Card(parameters=card.parameters[::-1], version="4.5")
    assert card.digest == turned.digest
    assert len(card.digest) == 64
    other = dataclasses.replace(card, parameters=(*card.parameters[:-1], ("xj", 2.55e-6)))
    assert other.digest != card.digest != dataclasses.replace(card, version="4.6").digest


HEAD = ".model n nmos level=14"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("* .model in a comment", "card must be a .model card"),
        ("m_1 a b c d n\n.model n nmos level=14", "line 1 must be a .model card first"),
        ("+ toxe=1n\n.model n nmos", "line 1 must be a .model card first"),
        (f"{HEAD}\n{HEAD}", "line 2 must be a line that continues the card"),
        (f"{HEAD}\n.include elsewhere", "line 2 must be a line that continues the card"),
        (f"{HEAD}\n.control", "line 2 must be a line that continues the card"),
        (f"{HEAD}\ntoxe=1n", "line 2 must be a line that continues the card"),
        (".param a=1 .model", "line 1 must be a .model card first, got '.param a=1 .model'"),
        (".model n pmos level=14", "pmos in the place of nmos"),
        (".model n", "nothing in the place of nmos"),
        (".model n nmos level=8", "of level 14 or 54"),
        (".model n nmos toxe=1n", "of level 14 or 54"),
        (f"{HEAD}\n\n+ toxe=1n bogus=3", "line 3 must be a parameter of BSIM4 that ngspice 39 knows, got 'bogus'"),
        (f"{HEAD} toxe=1n\n+ toxe=2n", "line 2 must be each parameter once, got 'toxe'"),
        (f"{HEAD} toxe", "line 1 must be name = number, in pairs"),
        (f"{HEAD} toxe 1n x", "line 1 must be toxe = number"),
        (f"{HEAD} toxe=='1n'", "without expressions"),
        (f"{HEAD} toxe={{t}}", "without expressions"),
        (f"{HEAD} toxe=`shell ls`", "without expressions"),
        (f"{HEAD} toxe=tox", "a number for toxe"),
        (f"{HEAD} toxe=1a", "a number for toxe"),
        (f"{HEAD} toxe=3nm", "a number for toxe"),
        (f"{HEAD} toxe=4k7", "a number for toxe"),
        (f"{HEAD} toxe=nan", "a number for toxe"),
        (f"{HEAD} toxe=inf", "a number for toxe"),
        (f"{HEAD} toxe=1e999", "a finite number for toxe"),
        (f"{HEAD} toxe=٣", "a number for toxe"),
        (f"{HEAD} version=4.5 version=4.6", "line 1 must be each parameter once, got 'version'"),
        (f"{HEAD} version=4.9", "version must be one of BSIM4"),
        (f"{HEAD} version=5", "version must be one of BSIM4"),
        (f"{HEAD} version=4.5.control", "version must be one of BSIM4"),
        (HEAD + " " * (1 << 20), "at most 1048576 characters"),
        ("nowhere.lib", "readable text, or the path of a file"),
        ("", "readable text, or the path of a file"),
        (b".model n nmos level=14", "text, or the path of a file"),
    ],
)
def test_anything_else_is_one_line(text, message):
    with pytest.raises(InputError) as caught:
        BSIM4Card.parse(text)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_files_that_are_too_large_or_no_text(tmp_path):
    large, binary = tmp_path / "large", tmp_path / "binary"
    large.write_bytes(b" " * ((1 << 20) + 1))
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="at most 1048576 bytes"):
        BSIM4Card.parse(large)
    for path in (binary, tmp_path):
        with pytest.raises(InputError, match="readable text"):
            BSIM4Card.parse(path)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ((("bogus", 1.0),), "names of BSIM4"),
        ((("toxe", 1e-9), ("toxe", 1e-9)), "each once"),
        ((("toxe", math.inf),), "parameter toxe must be a finite number"),
        ((("toxe", "1n"),), "parameter toxe must be a finite number"),
        ({"toxe": 1e-9}, "parameters must be a tuple of pairs"),
        ((("toxe",),), "parameters must be a tuple of pairs"),
        ((([], 1e-9),), "parameters must be a tuple of pairs"),
    ],
)
def test_cards_made_by_hand_are_checked_too(parameters, message):
    with pytest.raises(InputError, match=message):
        BSIM4Card(parameters=parameters)


@pytest.mark.parametrize("version", ["4.0", "4.5", "4.50", "4.6.5", "4.8", "4.8.1", "4.81"])
def test_versions_as_cards_spell_them(version):
    assert BSIM4Card.parse(f"{HEAD} version={version}").version == version


def test_values_become_plain_floats():
    (_, toxe), (_, binunit) = BSIM4Card(parameters=(("toxe", np.float64(3e-9)), ("binunit", 1))).parameters
    assert type(toxe) is type(binunit) is float
    assert (toxe, binunit) == (3e-9, 1.0)


SWITCH = BSIM4Switch(card=BSIM4Card.parse(TEXT), width=2e-6, length=0.2e-6)


def test_a_switch_by_a_card():
    assert SWITCH.area == pytest.approx(4e-13)
    assert SWITCH.at(85.0) == dataclasses.replace(SWITCH, temperature=85.0)
    assert SWITCH.sample((3,), seed=1) is SWITCH.part(0) is SWITCH


def test_its_currents_are_not_known_here():
    for ask in (
        lambda: SWITCH.branch_current(np.array(1e4), np.array(0.1), closed=True),
        lambda: SWITCH.branch(np.array(1e4), np.array(0.1), np.array(0.0), closed=True),
    ):
        with pytest.raises(InputError, match="characterise"):
            ask()


@pytest.mark.parametrize(
    ("field", "value"), [("card", TEXT), ("width", 0.0), ("length", -1.0), ("v_gate", math.nan), ("temperature", -300)]
)
def test_a_switch_that_cannot_be_is_refused(field, value):
    with pytest.raises(InputError, match=field):
        dataclasses.replace(SWITCH, **{field: value})
