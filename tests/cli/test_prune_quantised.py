"""``prune quantised``: the library's figures, and one line for an error."""

from __future__ import annotations

import json

import numpy as np
import pytest

from rescircuit.pruning import load_tensors
from rescircuit.pruning.constructions import random_quantised_network, represent_exactly

COMMAND = ("prune", "quantised", "--sizes", "3,2,2")


@pytest.mark.parametrize("method", ["pensia", "burkholz"])
def test_json_is_the_library_s(run, method):
    code, out, _ = run(*COMMAND, "--method", method, "--target-parts", 4, "--parts", 8, "--seed", 3, "--json")
    target = random_quantised_network((3, 2, 2), parts=4, activations=64, seed=3)
    made = represent_exactly(target, parts=8, method=method, seed=3)
    assert code == 0
    figures = json.loads(out)
    assert (figures.pop("inputs"), figures.pop("differing"), figures.pop("files")) == (1000, 0, [])
    assert figures == json.loads(json.dumps(made.as_dict()))


def test_masks_are_written_beside_the_target(run, tmp_path):
    code, out, _ = run(*COMMAND, "--parts", 32, "--masks", "masks.npz", "--json")
    assert code == 0
    assert json.loads(out)["files"] == ["masks.npz"]
    with np.load(tmp_path / "masks.npz") as file:
        arrays = dict(file)
    assert arrays["target_parts"].tolist() == [16, 16]
    assert arrays["parts"].tolist() == [32] * 4
    for number in (0, 1):  # inputs that are not negative use the units of positive weight, two layers for one
        first, second = (tensor.pruned for tensor in load_tensors(tmp_path / "masks.npz")[2 * number : 2 * number + 2])
        assert first.dtype == np.int64
        assert (second @ np.maximum(first, 0) * 16 == arrays[f"target.{number}.weight"] * 32**2).all()


def test_words(run):
    code, out, _ = run(*COMMAND, "--inputs", 50)
    assert code == 0
    assert "- 0 of 100 outputs differ from the target's, at 50 random inputs." in out
    assert "must not be (theorem 3)" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--method", "malach"), "--method must be pensia or burkholz"),
        (("--parts", "3"), "--target-parts must be of a precision that the sums of random weights have"),
        (("--random-parts", "4"), "--random-parts must be a whole number from 16"),
        (("--items", "0"), "--items must be a whole number from 1 to 64"),
        (("--inputs", "0"), "--inputs must be a whole number from 1"),
        (("--inputs", "5000000"), "--inputs must be a whole number from 1 to 3333333"),
        (("--sizes", "3"), "--sizes must be two numbers or more"),
        (("--sizes", "3:9:2"), "--sizes must be whole numbers with commas between them, such as 4,8,2, got '3:9:2'"),
        (("--masks", "masks.csv"), "--masks must be a file's name in .npz"),
        (("--sizes", "3,0"), "--sizes must be a whole number from 1"),
        (("--sizes", "900,900"), "--items must be so few that the random network has at most"),
    ],
)
def test_one_line_for_an_error(refused, arguments, message):
    assert message in refused(*COMMAND, *arguments)
