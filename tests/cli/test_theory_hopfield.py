"""``theory hopfield``: the library's figures, files, and one line for an error."""

from __future__ import annotations

import json

import pytest

from rescircuit.theory.hopfield import measure_hopfield

COMMAND = ("theory", "hopfield", "--n", "3,4", "--others", "0,1", "--searched", "4", "--samples", "30")


def test_json_is_the_library_s(run):
    code, out, _ = run(*COMMAND, "--seed", 7, "--json")
    found = measure_hopfield((3, 4), others=(0, 1), searched=4, samples=30, seed=7)
    assert code == 0
    assert json.loads(out) == found.as_dict()


def test_tables_and_pictures(run, tmp_path):
    code, out, _ = run(*COMMAND, "--out", "kept")
    assert code == 0
    assert "Normal couplings" in out
    assert "verified by looking at all states" in out
    assert (tmp_path / "kept" / "hopfield.png").stat().st_size > 10_000
    assert {path.name for path in (tmp_path / "kept").iterdir()} >= {"arrays.npz", "results.json", "tables.md"}


def test_networks_too_large_to_be_verified_say_so(run):
    code, out, _ = run("theory", "hopfield", "--n", "12", "--others", "0", "--samples", "5")
    assert code == 0
    assert "too many states" in out
    assert "0 pruned networks" not in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--n", "13"), "--n must be a whole number from 2 to 12"),
        (("--others", "9"), "--others must be a whole number from 0 to 8"),
        (("--searched", "8"), "--searched must be a whole number from 2 to 7"),
        (("--samples", "0"), "--samples must be a whole number"),
    ],
)
def test_one_line_for_an_error(refused, arguments, message):
    assert message in refused("theory", "hopfield", *arguments)
