"""``rescircuit theory volume``: prints, writes and refuses."""

from __future__ import annotations

import json

import pytest

SMALL = ("theory", "volume", "--accuracy", "0.02", "--t", 12, "--samples", 60)


def test_tables_and_remarks(run):
    code, out, err = run(*SMALL)
    assert code == 0, err
    assert "Volume within eps = 0.02 of a sum" in out
    assert "tau_2, 99% of samples" in out
    assert "lemma 2.2.1" in out


def test_what_is_written(run, tmp_path):
    code, _, err = run(*SMALL, "--out", "found")
    assert code == 0, err
    names = {path.name for path in (tmp_path / "found").iterdir()}
    assert names == {"pieces", "volumes.png", "growth.png", "tables.md", "results.json", "arrays.npz"}
    told = json.loads(run(*SMALL, "--json")[1])
    assert told == json.loads((tmp_path / "found" / "results.json").read_text())
    assert len(told["volumes"]) == 13
    assert told["volumes"][0]["mean"] == pytest.approx(0.02)


def test_times_that_were_not_seen_are_said_to_be_later(run):
    code, out, err = run("theory", "volume", "--t", 4, "--samples", 20)
    assert code == 0, err
    assert "Half is passed later than t = 4" in out
    assert "inf" not in out


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--accuracy", "0.5"), "--accuracy must be from 1e-06 to 1/3"),
        (("--t", "0"), "--t must be a whole number from 1 to 400"),
        (("--samples", "0"), "--samples must be a whole number from 1"),
        (("--seed", "-1"), "--seed must be"),
    ],
)
def test_refusals_name_the_option(refused, options, says):
    assert says in refused("theory", "volume", "--samples", "3", "--t", "3", *options)


def test_one_sample_has_no_error_bars_but_a_picture(run, tmp_path):
    code, _, err = run("theory", "volume", "--accuracy", "0.1", "--t", "2", "--samples", "1", "--out", "few")
    assert code == 0, err
    assert (tmp_path / "few/growth.png").stat().st_size > 1000
