"""``rescircuit theory partition``, ``quantised`` and ``energy``, and the lists of numbers that they take."""

from __future__ import annotations

import json

import numpy as np
import pytest

from rescircuit.cli.number_lists import numbers_of, whole_numbers_of
from rescircuit.errors import InputError
from rescircuit.theory import partitions

SMALL = ("--n", "10", "--kappa", "0.7", "--window=-1:1:1", "--samples", "40")
PICTURES = {
    "partition": {"probability.png", "solutions.png"},
    "quantised": {"probability.png", "window.png"},
    "energy": {"temperature.png", "states.png"},
}
TABLES = {"tables.md", "results.json", "arrays.npz", "pieces"}


@pytest.mark.parametrize("command", ["partition", "quantised"])
def test_a_run_prints_its_tables_and_leaves_them_and_goes_on(run, tmp_path, monkeypatch, command):
    code, out, err = run("theory", command, *SMALL, "--out", "results")
    assert code == 0, err
    assert "finite-size curve" in out
    assert "n = 10: " in out
    assert {path.name for path in (tmp_path / "results").iterdir()} == PICTURES[command] | TABLES
    assert "In results/:" in err
    kept = json.loads((tmp_path / "results" / "results.json").read_text())
    assert (kept["samples"], kept["seed"]) == (40, 1)
    assert {point["n"] for point in kept["points"]} == {10}
    with np.load(tmp_path / "results" / "arrays.npz") as arrays:
        assert arrays["probability"].tolist() == [point["probability"] for point in kept["points"]]
    monkeypatch.setattr(partitions, "counted_subsets", None)  # what is there is not counted again
    monkeypatch.setattr("rescircuit.theory.quantised_sums.counted_subsets", None)
    monkeypatch.setattr("rescircuit.plotting.theory.partitions.draw_partitions", lambda *_: [])
    monkeypatch.setattr("rescircuit.plotting.theory.quantised_sums.draw_quantised_sums", lambda *_: [])
    again = run("theory", command, *SMALL, "--out", "results", "--json")
    assert json.loads(again[1]) == kept


def test_energies_are_printed_and_drawn(run, tmp_path):
    code, out, err = run("theory", "energy", "--n", 8, "--kappa", 1.6, "--samples", 12, "--out", "results")
    assert code == 0, err
    assert "instances of odd sum" in out
    assert "S, nats" in out
    assert "The lowest energies and their spacings" in out
    assert {path.name for path in (tmp_path / "results").iterdir()} == PICTURES["energy"] | TABLES
    answer = json.loads(run("theory", "energy", "--n", 8, "--kappa", 0.5, "--samples", 12, "--json")[1])
    (point,) = answer["points"]
    assert point["m"] == 16
    assert len(point["even"]["energies"]) == len(point["odd"]["temperatures"])


def test_other_seeds_are_other_instances_and_targets_are_taken(run):
    small = ("--n", 8, "--kappa", 0.7, "--window", "", "--samples", 50, "--json")
    first, other = (json.loads(run("theory", "partition", *small, "--seed", seed)[1]) for seed in (1, 2))
    assert first["points"][0]["mean_solutions"] != other["points"][0]["mean_solutions"]
    (point,) = json.loads(run("theory", "partition", *small, "--target", 1)[1])["points"]
    assert point["target"] == point["m"]
    points = json.loads(run("theory", "quantised", *small, "--targets", "0.5,-1")[1])["points"]
    assert [each["target"] for each in points] == [-points[0]["m"], round(0.5 * points[0]["m"])]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("partition", "--n", "3"), "--n must be a whole number from 4 to 44"),
        (("partition", "--n", "ten"), "--n must be numbers between commas or start:stop:step"),
        (("partition", "--n", "10.5"), "--n must be a whole number"),
        (("partition", "--n", "40", "--kappa", "2"), "--kappa must be such that M"),
        (("partition", "--n", "8", "--window=-20"), "--window must be such that M"),
        (("partition", "--kappa", "", "--window", ""), "--kappa must be at least one number"),
        (("partition", "--n", "8", "--samples", "0"), "--samples must be a whole number"),
        (("partition", "--n", "8", "--seed", "-1"), "--seed must be a whole number"),
        (("partition", "--n", "8", "--target", "-1"), "--target must be"),
        (("quantised", "--n", "8", "--targets", "99"), "--targets must be 1 to 20 numbers"),
        (("quantised", "--n", "8", "--targets", "0:1"), "--targets must be numbers"),
        (("energy", "--n", "8", "--samples", "1"), "--samples must be a whole number of at least 2"),
        (("energy", "--n", "30"), "--n must be a whole number from 4 to 24"),
        (("energy", "--kappa", "1:0:0.1"), "--kappa must be numbers"),
        (("energy", "--kappa", ""), "--kappa must be numbers"),
    ],
)
def test_other_options_are_refused(refused, arguments, says):
    assert says in refused("theory", *arguments)


@pytest.mark.parametrize("command", ["partition", "quantised", "energy"])
def test_help_shows_an_example(run, command):
    code, out, _ = run("theory", command, "--help")
    assert code == 0
    assert f"rescircuit theory {command} --n" in out


def test_lists_of_numbers():
    assert numbers_of("0.6:1.2:0.05", "--kappa") == [round(0.6 + 0.05 * k, 12) for k in range(13)]
    assert numbers_of("3,-1:1:1,0.5", "--kappa") == [3, -1, 0, 1, 0.5]
    assert whole_numbers_of("10:40:10", "--n", 1, 50) == [10, 20, 30, 40]
    for text in ("", "1,", "1:2", "1:2:0", "1:2:-1", "2:1:1", "nan", "0:inf:1", "0:1e9:1", "x"):
        with pytest.raises(InputError, match="--kappa must be"):
            numbers_of(text, "--kappa")
