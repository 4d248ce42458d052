"""``rescircuit compare``: a deck beside what it came from, and netlists drawn elsewhere."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.bank.files import save_bank

MASK = np.array([True, False, True, True])
BANK = rc.Bank(resistances=[1e4, 2e4, 4e4, 8e4], switch=rc.NMOS(w_over_l=10))
OF_EACH_FORM = {
    "parallel": (BANK, MASK),
    "series": (rc.SeriesBank(resistances=[1e4, 2e4], switch=rc.IdealSwitch(r_on=50.0)), MASK[:2]),
    "capacitor": (rc.CapacitorBank(capacitances=[1e-13, 2e-13]), MASK[:2]),
    "pair": (
        rc.DifferentialPair(positive=BANK, negative=rc.Bank(resistances=[5e4], switch=BANK.switch)),
        [*MASK, True],
    ),
}
DRAWN = """a bridge, drawn elsewhere
V1 in 0 5
R1 in left 1k
R2 in right 2.2k
R3 left 0 470
R4 right 0 330
R5 left right 10k
.op
.end
"""
DRAWN_AGAIN = """another title
* the same with other names, in another order, and a resistor the other way round
Rbridge b a 10k
Rd 0 b 330
Rc a 0 0.47k
Rb top b 2200
Ra top a 1e3
Vsupply top 0 5
.op
.end
"""


@pytest.fixture
def files(tmp_path):
    """A bank with a setting and its deck, and a netlist drawn twice."""
    save_bank(BANK, tmp_path / "bank.json", MASK)
    rc.deck(BANK, mask=MASK).write(tmp_path / "bank.cir")
    (tmp_path / "drawn.net").write_text(DRAWN)
    (tmp_path / "again.sp").write_text(DRAWN_AGAIN)
    return tmp_path


@pytest.mark.parametrize("form", OF_EACH_FORM)
def test_the_deck_of_a_bank_is_the_bank(run, tmp_path, form):
    bank, mask = OF_EACH_FORM[form]
    save_bank(bank, tmp_path / "bank.json", np.array(mask))
    assert run("export", "bank.json", "-o", "ours.cir")[0] == 0
    code, out, err = run("compare", "ours.cir", "bank.json")
    assert (code, err) == (0, "")
    elements = json.loads(run("check", "bank.json", "--json")[1])["elements"]
    assert out == f"ours.cir and bank.json are the same circuit: {elements} elements.\n"


@pytest.mark.usefixtures("files")
def test_what_is_no_part_of_the_circuit_does_not_count(run, tmp_path):
    for first, second in (("drawn.net", "again.sp"), ("again.sp", "drawn.net"), ("bank.json", "bank.json")):
        assert run("compare", first, second)[0] == 0
    assert run("compare", "drawn.net", "again.sp")[1].endswith(" are the same circuit: 6 elements.\n")
    lines = (tmp_path / "bank.cir").read_text().splitlines()
    noted = "\n".join([lines[0], "* a note by hand", *lines[1:]])
    (tmp_path / "noted.cir").write_text(f"{noted}\n")
    assert json.loads(run("compare", "bank.json", "noted.cir", "--json")[1]) == {"same": True, "difference": None}


@pytest.mark.usefixtures("files")
def test_one_changed_resistor_is_found(run, tmp_path):
    text = (tmp_path / "bank.cir").read_text()
    edited = re.sub(r"^(r_2 \S+ \S+) 40000\.0", r"\1 41000.0", text, flags=re.MULTILINE)
    assert edited != text
    (tmp_path / "edited.cir").write_text(edited)
    code, out, err = run("compare", "edited.cir", "bank.json")
    assert (code, err, out.count("\n")) == (1, "", 1)
    assert out.startswith("edited.cir and bank.json differ: ")
    assert "r 41000.0" in out
    assert "x_bank.r_2" in out
    code, out, _ = run("compare", "bank.json", "edited.cir", "--json")
    answer = json.loads(out)
    assert (code, answer["same"]) == (1, False)
    assert "x_bank.r_2" in answer["difference"]


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(
    ("before", "after"),
    [("R5 left right 10k", "R5 left in 10k"), ("R4 right 0 330\n", ""), ("V1 in 0 5", "V1 0 in 5")],
)
def test_other_wiring_is_found(run, tmp_path, before, after):
    (tmp_path / "other.net").write_text(DRAWN.replace(before, after))
    code, out, err = run("compare", "drawn.net", "other.net")
    assert (code, err, out.count("\n")) == (1, "", 1)
    assert out.startswith("drawn.net and other.net differ: ")


@pytest.mark.usefixtures("files")
def test_another_setting_is_another_circuit(run):
    assert run("export", "bank.json", "--code", "1111", "-o", "other.cir")[0] == 0
    code, out, _ = run("compare", "other.cir", "bank.json")
    assert code == 1
    assert "has 4 of 'v dc 1.8' and the second 3" in out


MISTAKES = [
    (["none.cir", "bank.json"], "A must be a readable file, got 'none.cir'. No such file or directory."),
    (["bank.cir", "none.json"], "B must be a readable bank file, got 'none.json'. No such file or directory."),
    (["bank.cir", "cells.csv"], "B must be a netlist (.cir, .sp, .net, .spice) or a bank (.json), got 'cells.csv'"),
    (["broken.cir", "bank.cir"], "broken.cir, line 2"),
    (["bank.cir", "broken.json"], "broken.json must be a valid bank file"),
    (["bank.cir"], "Missing argument 'B'"),
]


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(("options", "says"), MISTAKES, ids=[" ".join(options) for options, _ in MISTAKES])
def test_what_cannot_be_read_is_one_line(refused, tmp_path, options, says):
    (tmp_path / "broken.cir").write_text("title\nR1 a b many\n.end\n")
    (tmp_path / "broken.json").write_bytes(b"\x00{")
    assert says in refused("compare", *options)
