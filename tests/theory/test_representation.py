"""The phase transition of representation: against enumeration, the exact first moment, and itself in other pieces."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from rescircuit.errors import InputError
from rescircuit.pieces import Pieces
from rescircuit.pruning.constructions.counting import expected_subsets, product_law
from rescircuit.theory import representation as module
from rescircuit.theory.representation import mean_solutions, measure_representation
from rescircuit.theory.representation_findings import STRUCTURES, Curve


def test_the_density_of_sums_is_the_same_at_finer_precision():
    exact = expected_subsets(product_law(128), 6, np.arange(-(128**2), 128**2 + 1)).mean()
    assert mean_solutions(6, 128) == pytest.approx(exact, rel=0.02)
    assert mean_solutions(6, 64) == pytest.approx(
        expected_subsets(product_law(64), 6, np.arange(-4096, 4097)).mean(), rel=1e-12
    )


def test_kappa_is_one_where_one_subset_is_expected():
    found = measure_representation(["weight"], items=[16], kappas=[0.9, 1.0, 1.1], samples=1).curves[0]
    expected = np.array([mean_solutions(16, int(parts)) for parts in found.parts])
    np.testing.assert_allclose(found.kappa, 1.0 - np.log2(expected) / 16)
    np.testing.assert_allclose(found.kappa, [0.9, 1.0, 1.1], atol=0.005)
    np.testing.assert_allclose(found.first_moment, (1.0 - np.exp(-expected)) ** 2)


def test_the_smallest_gadget_is_that_of_enumeration():
    """Four nodes with weights of -1, 0 and 1: all 3**8 networks and three targets, each sign of the input."""
    every = np.array(list(product((-1, 0, 1), repeat=8)))
    first, second = every[:, :4], every[:, 4:]
    successes = 0
    for weight in (-1, 0, 1):
        able = np.ones(len(every), np.bool_)
        for sign in (1, -1):
            items = np.maximum(sign * first, 0) * second
            able &= weight == 0 or (items == sign * weight).any(axis=1)
        successes += len(every) if weight == 0 else int(np.count_nonzero(able))
    exact = successes / (3 * len(every))
    found = measure_representation(["weight"], items=[2], kappas=[0.05], samples=4000, seed=3).curves[0]
    assert found.parts.tolist() == [1]
    assert found.represented[0] == pytest.approx(exact, abs=4 * np.sqrt(0.25 / 4000))


def test_samples_do_not_depend_on_the_pieces(tmp_path, monkeypatch):
    settings = {"items": [8], "kappas": [0.6, 0.9], "samples": 30, "seed": 2}
    whole = measure_representation(["layer", "balanced"], **settings, pieces=Pieces(folder=tmp_path))
    again = measure_representation(["layer", "balanced"], **settings, pieces=Pieces(folder=tmp_path))
    monkeypatch.setattr(module, "_NUMBERS_AT_ONCE", 10_000)
    parts = measure_representation(["layer", "balanced"], **settings)
    for name, values in whole.arrays().items():
        np.testing.assert_array_equal(values, again.arrays()[name])
        np.testing.assert_allclose(values, parts.arrays()[name], rtol=1e-12)
    other = measure_representation(["layer", "balanced"], **settings | {"seed": 3})
    assert any((values != other.arrays()[name]).any() for name, values in whole.arrays().items())


def test_points_lie_on_the_curve_and_the_jump_sharpens():
    found = measure_representation(
        ["balanced", "weight"], items=[14, 21], kappas=[0.4, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1], samples=300, seed=5
    )
    agreeing = np.concatenate([curve.agreeing for curve in found.curves])
    assert agreeing.mean() > 0.85
    distance = np.concatenate([curve.distance(300)[curve.between] for curve in found.curves])
    assert distance @ distance < 2.0 * distance.size
    for structure in found.structures:
        small, large = found.of(structure)
        assert small.window > 1.2 * large.window
        assert small.crossing(0.5) < large.crossing(0.5) < 1.0
    assert len(found.tables()) == 3
    assert "of 28 points lie on the curve" in found.remarks()[0]
    assert len(found.remarks()) == 3
    figures = found.as_dict()
    assert figures["curves"][0]["window"] == found.curves[0].window
    assert figures["structures"][0]["name"] == "balanced"


def test_where_a_curve_falls():
    zeros = np.zeros(3)
    curve = Curve(
        structure=STRUCTURES["weight"], items=9, parts=np.array([1, 2, 3]), kappa=np.array([0.5, 1.0, 1.5]),
        represented=np.array([0.9, 0.5, 0.1]), low=zeros, high=zeros + 1, predicted=zeros, doubt=zeros,
        first_moment=zeros, solved=zeros,
    )  # fmt: skip
    assert curve.crossing(0.5) == pytest.approx(1.0)
    assert curve.crossing(0.7) == pytest.approx(0.75)
    assert curve.crossing(0.95) is None
    assert curve.crossing(0.05) is None
    assert curve.window == pytest.approx(0.625)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"structures": ["resnet"]}, "structures must be names among balanced, weight, layer, network"),
        ({"structures": []}, "structures must be names among"),
        ({"items": [31]}, "items must be a whole number from 2 to 30"),
        ({"kappas": [1.0, 0.9]}, "kappas must be ascending numbers above 0"),
        ({"kappas": [0.0]}, "kappas must be ascending numbers above 0"),
        ({"kappas": [0.9, 1e6]}, "kappas must be such that 1 / delta is at most"),
        ({"samples": 0}, "samples must be a whole number from 1"),
    ],
)
def test_arguments_are_checked(given, message):
    with pytest.raises(InputError, match=message):
        measure_representation(**{"structures": ["weight"], "items": [4], "kappas": [0.9], "samples": 1} | given)
