"""``rescircuit theory vectors`` and ``rescircuit theory evolution``."""

from __future__ import annotations

import json

import numpy as np
import pytest

VECTORS = ("theory", "vectors", "--n", "4,8", "--d", "2", "--sizes", "free,n/4", "--epsilon", "0.2")
EVOLUTION = ("theory", "evolution", "--n", "4,8", "--shapes", "2x1", "--networks", "2")


def test_vectors_are_shown_and_kept(run, tmp_path):
    code, out, err = run(*VECTORS, "--samples", 20, "--out", "here")
    assert code == 0, err
    assert "Subsets of any size, standard normal items" in out
    assert "Items for a median error" in out
    kept = sorted(path.name for path in (tmp_path / "here").iterdir() if path.is_file())
    assert kept == ["arrays.npz", "error_by_items.png", "error_by_size.png", "results.json", "tables.md"]
    results = json.loads((tmp_path / "here/results.json").read_text())
    with np.load(tmp_path / "here/arrays.npz") as arrays:
        assert arrays["errors_median"].tolist() == [each["median"] for each in results["errors"]]
    code, out, _ = run(*VECTORS, "--samples", 20, "--json")
    assert json.loads(out) == results


def test_evolution_is_shown_and_kept(run, tmp_path):
    code, out, err = run(*EVOLUTION, "--samples", 20, "--law", "sparse", "--out", "here")
    assert code == 0, err
    assert "worst of 2" in out
    assert (tmp_path / "here/error_by_genes.png").stat().st_size > 10_000
    code, out, _ = run(*EVOLUTION, "--samples", 20, "--json")
    found = json.loads(out)
    assert (found["law"], found["beta"], len(found["errors"])) == ("normal", None, 2)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ((*VECTORS, "--law", "levy"), "--law must be normal or nsn"),
        ((*VECTORS, "--n", "1"), "--n must be a whole number from 2 to 36"),
        ((*VECTORS, "--d", "1.5"), "--d must be a whole number"),
        ((*VECTORS, "--sizes", "n/x"), "--sizes must be free, half"),
        ((*VECTORS, "--epsilon", "2"), "--epsilon must be errors above 0"),
        ((*VECTORS, "--samples", "0"), "--samples must be"),
        ((*EVOLUTION, "--shapes", "2"), "--shapes must be LAYERSxWIDTH"),
        ((*EVOLUTION, "--shapes", "3x3"), "--shapes must be networks of at most 8 weights"),
        ((*EVOLUTION, "--law", "nsn"), "--law must be normal or sparse"),
        ((*EVOLUTION, "--law", "sparse", "--beta", "2"), "--beta must be a probability"),
        ((*EVOLUTION, "--beta", "0.3"), "--beta must be left out without --law sparse"),
    ],
)
def test_what_is_refused(refused, line, message):
    assert message in refused(*line)


def test_a_folder_of_another_experiment_or_seed_is_left_alone(run, refused, tmp_path):
    line = (*VECTORS, "--samples", 5, "--out", "here")
    assert run(*line)[0] == 0
    kept = {path: path.read_bytes() for path in (tmp_path / "here").iterdir() if path.is_file()}
    message = "--out must be a folder of 'theory volume', or a new one, got 'theory vectors'"
    assert message in refused("theory", "volume", "--t", 3, "--samples", 5, "--out", "here")
    assert "--out must be a folder of --seed 2, or a new one, got '--seed 1'" in refused(*line, "--seed", 2)
    assert {path: path.read_bytes() for path in kept} == kept
    assert run(*VECTORS, "--samples", 7, "--out", "here")[0] == 0  # more samples extend it
    assert json.loads((tmp_path / "here/results.json").read_text())["samples"] == 7
    for damaged in ("{", "[1]", '{"experiment": 3}', "\u00ff"):
        (tmp_path / "here/results.json").write_bytes(damaged.encode("latin-1"))
        assert run(*line)[0] == 0, damaged


@pytest.mark.parametrize(
    "line",
    [
        ("errors", "--population", "uniform", "--n", "3"),
        ("volume", "--t", "3"),
        ("sizing", "--accuracy", "0.1", "--yield", "0.5", "--n", "3,4,5"),
        ("vectors", *VECTORS[2:]),
        ("evolution", *EVOLUTION[2:]),
        ("partition", "--n", "6", "--kappa", "0.7", "--window", ""),
        ("quantised", "--n", "6", "--kappa", "0.7", "--window", ""),
        ("energy", "--n", "6", "--kappa", "0.7"),
        ("representation", "--of", "weight", "--n", "6", "--kappa", "0.7"),
        ("hopfield", "--n", "3", "--others", "0", "--searched", "3"),
    ],
)
def test_results_name_their_command(run, line):
    code, out, err = run("theory", *line, "--samples", 20, "--seed", 3, "--json")
    assert code == 0, err
    found = json.loads(out)
    assert (found["experiment"], found["seed"]) == (f"theory {line[0]}", 3)
