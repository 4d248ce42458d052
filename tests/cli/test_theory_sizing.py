"""``rescircuit theory sizing``: prints, writes and refuses."""

from __future__ import annotations

import json

import pytest

SMALL = ("theory", "sizing", "--accuracy", "0.02", "--yield", "0.9", "--n", "5,6,7,8", "--samples", 60)


def test_tables_and_remarks(run):
    code, out, err = run(*SMALL)
    assert code == 0, err
    assert "accuracy 0.02, yield 90 %" in out
    assert "Rule for resistor: n = " in out
    assert "Targets from 0.1 to 0.8 of full scale" in out


def test_what_is_written(run, tmp_path):
    code, _, err = run(*SMALL, "--process", "polysilicon", "--least", "0.2", "--out", "found")
    assert code == 0, err
    names = {path.name for path in (tmp_path / "found").iterdir()}
    assert names == {"pieces", "sizing.png", "yields.png", "tables.md", "results.json", "arrays.npz"}
    told = json.loads(run(*SMALL, "--process", "polysilicon", "--least", "0.2", "--json")[1])
    assert told == json.loads((tmp_path / "found" / "results.json").read_text())
    assert told["span"] == [0.2, 0.8]
    assert told["required"]["reached"]["limits"][0] >= 0.9
    assert [point["n"] for point in told["points"]] == [5, 6, 7, 8]


def test_a_law_has_its_own_range(run):
    code, out, err = run("theory", "sizing", "--population", "normal", "--accuracy", "0.1", *SMALL[4:], "--json")
    assert code == 0, err
    assert json.loads(out)["span"] == [-0.5, 0.5]


def test_what_cannot_be_reached_is_said(run):
    code, out, err = run(*SMALL, "--most", "0.97")
    assert (code, out) != (0, "")
    assert "Both ends of the range are within reach of" in err


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--population", "x"), "--population must be one of"),
        (("--accuracy", "0"), "--accuracy must be a share of full scale"),
        (("--yield", "1"), "--yield must be a share above 0 and below 1"),
        (("--yield", "0.999"), "--samples must be a whole number from 3838 to"),
        (("--yield", "0.9999999999"), "--yield must be at most 0.9999996"),
        (("--samples", "1000000000000"), "--samples must be a whole number from 35 to 10000000"),
        (("--least", "0.9"), "--least must be the least and the largest target"),
        (("--n", "4,5"), "--n must be at least three"),
        (("--n", "4,5,40"), "--n must be a whole number from 1 to 24"),
        (("--tolerance", "x"), "--tolerance must be"),
        (("--nominal", "x"), "--nominal must be"),
    ],
)
def test_refusals_name_the_option(refused, options, says):
    assert says in refused(*SMALL, *options)
