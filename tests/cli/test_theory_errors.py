"""``rescircuit theory errors``: prints, writes, goes on, and refuses."""

from __future__ import annotations

import json

import numpy as np
import pytest

SMALL = ("theory", "errors", "--population", "uniform,resistor", "--n", "4,10:12:1", "--samples", 40)


def test_tables_and_remarks(run):
    code, out, err = run(*SMALL)
    assert code == 0, err
    for words in ("Error at a random target", "Probability that a random target is reached", "Lueker's constant"):
        assert words in out
    assert "resistor, n = 12" in out
    assert "- 40 samples each, seed 1" in out
    assert "= 686" in out
    assert "points of 16 items and more" not in out  # there is none
    assert " or more)" in out  # of 40 samples none is surely above the 95 % of the worst errors
    assert "the samples are too few" in out
    assert "inf" not in out.replace("information", "")


def test_what_is_written_and_kept(run, tmp_path):
    code, out, err = run(*SMALL, "--out", "found", "--accuracy", "0.1")
    assert code == 0, err
    folder = tmp_path / "found"
    names = {path.name for path in folder.iterdir()}
    assert names == {"pieces", "errors.png", "reached.png", "tables.md", "results.json", "arrays.npz"}
    pieces = {path: path.stat().st_mtime_ns for path in (folder / "pieces").iterdir()}
    assert len(pieces) == 8
    with np.load(folder / "arrays.npz") as arrays:
        assert arrays["uniform_4_errors"].shape == (40,)
    again = run(*SMALL, "--out", "found", "--accuracy", "0.1")
    assert again[1] == out
    assert {path: path.stat().st_mtime_ns for path in (folder / "pieces").iterdir()} == pieces
    told = json.loads(run(*SMALL, "--accuracy", "0.1", "--json")[1])
    assert told == json.loads((folder / "results.json").read_text())
    assert told["accuracies"] == [0.1]


def test_measured_resistors(run, tmp_path):
    values = 1e4 * np.linspace(0.9, 1.1, 150)
    (tmp_path / "bench.csv").write_text("place,ohm\n" + "".join(f"3,{value!r}\n" for value in values.tolist()))
    common = ("theory", "errors", "--population", "measured", "--n", "3", "--samples", 10, "--json")
    by_name = run(*common, "--measured", "bench.csv", "--column", "ohm")
    assert by_name[0] == 0, by_name[2]
    assert json.loads(by_name[1])["populations"]["measured"]["points"][0]["n"] == 3
    assert run(*common, "--measured", "bench.csv", "--column", "1")[1] == by_name[1]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--population", "cauchy"), "--population must be one of uniform, positive"),
        (("--population", "uniform,uniform"), "--population must be at least one, of different names"),
        (("--population", "measured"), "--measured must be given"),
        (("--n", "65"), "--n must be a whole number from 1 to 64"),
        (("--n", "x"), "--n must be numbers between commas"),
        (("--samples", "0"), "--samples must be a whole number from 1"),
        (("--accuracy", "0"), "--accuracy at index 0 must be"),
        (("--failures", "2"), "--failures must be a probability"),
        (("--worst-up-to", "30"), "--worst-up-to must be a whole number from 0 to 24"),
        (("--width", "0"), "--width must be"),
        (("--seed", "-1"), "--seed must be"),
        (("--population", "resistor", "--tolerance", "150%"), "--tolerance must be a relative variation"),
        (("--population", "resistor", "--tolerance", "0"), "resistor must be one that varies by itself"),
        (("--population", "resistor", "--process", "polysilicon", "--mismatch", "1%"), "--mismatch must be left out"),
        (("--population", "resistor", "--nominals", "binary"), "--nominals must be"),
        (("--population", "uniform", "--tolerance", "nonsense"), "--tolerance must be left out without --population r"),
        (("--population", "uniform", "--nominals", "foo"), "--nominals must be left out without --population resistor"),
        (("--population", "normal", "--mismatch", "1%"), "--mismatch must be left out without --population resistor"),
        (("--population", "normal,resistor", "--column", "x"), "--column must be left out without --population meas"),
        (("--population", "resistor", "--nominal", "2meg"), "--nominal must be left out without --process"),
    ],
)
def test_refusals_name_the_option(refused, options, says):
    assert says in refused("theory", "errors", "--samples", "5", "--n", "3", *options)
