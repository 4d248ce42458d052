"""``prune quantised``: the library's figures, and one line for an error."""

from __future__ import annotations

import json

import pytest

from rescircuit.pruning.constructions import random_quantised_network, represent_exactly

COMMAND = ("prune", "quantised", "--sizes", "3,2,2")


@pytest.mark.parametrize("method", ["pensia", "burkholz"])
def test_json_is_the_library_s(run, method):
    code, out, _ = run(*COMMAND, "--method", method, "--target-parts", 4, "--parts", 8, "--seed", 3, "--json")
    target = random_quantised_network((3, 2, 2), parts=4, activations=64, seed=3)
    made = represent_exactly(target, parts=8, method=method, seed=3)
    assert code == 0
    figures = json.loads(out)
    assert (figures.pop("inputs"), figures.pop("differing")) == (1000, 0)
    assert figures == json.loads(json.dumps(made.as_dict()))


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
        (("--sizes", "3,0"), "--sizes must be a whole number from 1"),
        (("--sizes", "900,900"), "--items must be so few that the random network has at most"),
    ],
)
def test_one_line_for_an_error(refused, arguments, message):
    assert message in refused(*COMMAND, *arguments)
