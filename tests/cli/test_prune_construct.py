"""``rescircuit prune construct``: tables, files and refusals."""

from __future__ import annotations

import json

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.pruning import load_tensors
from rescircuit.pruning.constructions import METHODS, random_target


def test_a_random_target(run, tmp_path):
    line = ("prune", "construct", "--sizes", "3,4,2", "--epsilon", 0.1, "--method", "pensia-linear", "--seed", 3)
    code, out, err = run(*line, "--out", "pruned.npz", "--masks", "masks.npz")
    assert code == 0, err
    assert "pensia-linear: a target of 20 weights" in out
    assert "proved for all inputs from -1 to 1" in out
    assert "Written: pruned.npz, masks.npz" in err
    told = json.loads(run(*line, "--json", "--inputs", 50)[1])
    assert 0.0 < told["measured"] <= told["bound"] <= told["promised"] == 0.1
    assert told["inputs"] == 100
    assert told["size"] == sum(np.prod(tensor["shape"]) for tensor in told["tensors"])

    target, pruned = random_target((3, 4, 2), seed=3), rc.load_network(tmp_path / "pruned.npz")
    x = np.random.default_rng(1).uniform(-1.0, 1.0, (100, 3))
    assert np.abs(target(x) - pruned(x)).max() <= told["bound"]
    for tensor in load_tensors(tmp_path / "masks.npz"):
        name = tensor.name.removesuffix(".weight")
        layer = next(layer for _, layer in pruned.weighted_layers if layer.name == name)
        np.testing.assert_array_equal(layer.weight, tensor.pruned)


def test_a_network_of_a_file_on_another_domain(run, tmp_path):
    rc.save_network(random_target((2, 3, 1), seed=1), tmp_path / "trained.npz")
    line = ("trained.npz", "--method", "burkholz", "--epsilon", 1, "--items", 50, "--domain", "0,2", "--json")
    told = json.loads(run("prune", "construct", *line)[1])
    assert (told["method"], told["input_range"], told["items"]) == ("burkholz", [0.0, 2.0], [50, 50])
    assert told["measured"] <= told["bound"] <= 1.0


def test_one_layer_beside_the_bound_by_counting(run):
    out = run("prune", "construct", "--sizes", "2,2", "--method", "pensia-ones", "--items", 20)[1]
    assert "needs 21.6 weights at least, by counting" in out  # 4 log2(50) - 1
    assert "- Random numbers for each weight: 20." in out


def test_the_list(run):
    code, out, _ = run("prune", "construct", "--method", "list")
    assert code == 0
    assert [line for line in out.splitlines() if line[0] != " "] == list(METHODS)
    assert list(json.loads(run("prune", "construct", "--method", "list", "--json")[1])) == list(METHODS)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ([], "FILE must be given, or --sizes in its place, got 'neither'"),
        (["--sizes", "4,x"], "--sizes must be whole numbers with commas between them, such as 4,8,2, got"),
        (["--sizes", "4"], "--sizes must be at least two whole numbers"),
        (["--sizes", "2,2", "--method", "lottery"], "--method must be one of pensia,"),
        (["--sizes", "2,2", "--epsilon", "0"], "--epsilon must be a finite number above 0"),
        (["--sizes", "2,2", "--epsilon", "1e-15"], "--epsilon must be so large"),
        (["--sizes", "2,2", "--items", "0"], "--items must be a whole number from 1"),
        (["--sizes", "2,2", "--domain", "1,0"], "--domain must be a pair of numbers"),
        (
            ["--sizes", "2,2", "--domain", "1;0"],
            "--domain must be two numbers with a comma between them, such as 0,1, got",
        ),
        (["--sizes", "-8,2"], "--sizes must be a whole number from 1 to 65536, got -8"),
        (["--sizes", "2,2", "--inputs", "0"], "--inputs must be a whole number from 1"),
        (["--sizes", "2,2", "--seed", "-1"], "--seed must be a whole number"),
        (["--sizes", "2,2", "--out", "pruned.pt"], "--out must be a file's name in .npz or .safetensors"),
        (["--sizes", "2,2", "--out", "a.npz", "--masks", "a.npz"], "--masks must be another file than --out"),
        (["--sizes", "2,2", "--layers", "lenet5"], "--layers must be left out with --sizes"),
        (["--sizes", "900,900", "--items", "100"], "--items must be so few that the random network has at most"),
        (["--sizes", "2,2", "--items", "1"], "More items reach farther."),
        (["missing.npz"], "missing.npz"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_refused(refused, line, said):
    assert said in refused("prune", "construct", *line)


def test_a_promise_that_is_not_reached(run):
    code, out, err = run(
        "prune", "construct", "--sizes", "4,3", "--epsilon", 1e-9, "--items", 12, "--method", "pensia-ones"
    )
    assert (code, out) == (1, "")
    assert "proved error of the outputs against the error promised: residual" in err
