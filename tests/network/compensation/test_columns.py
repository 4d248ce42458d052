"""Rows that absorb errors: against enumeration, against the published update, and in the metric of real samples."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from rescircuit.errors import InputError
from rescircuit.network.compensation import absorbed


def correlated(inputs, seed, common=1.0):
    """Samples (k, inputs) with something in common, as activations behind a ReLU have."""
    rng = np.random.default_rng(seed)
    return np.maximum(rng.normal(size=(400, inputs)) + common * rng.normal(size=(400, 1)) + 0.5, 0.0)


def moments_of(x):
    return x.T @ x / len(x)


def rounding(step):
    return lambda row, wanted: np.round(wanted / step) * step


def surgeon(weights, moments, program_row):
    """The update as published (Frantar et al. 2022, equations 2 and 3): the inverse, from which rows are eliminated."""
    remaining = np.array(weights)
    achieved = np.empty_like(remaining)
    inverse = np.linalg.inv(moments)
    for row in range(len(weights)):
        achieved[row] = program_row(row, remaining[row])
        lack = (remaining[row] - achieved[row]) / inverse[0, 0]
        remaining[row:] -= np.outer(inverse[0], lack)
        inverse = (inverse - np.outer(inverse[:, 0], inverse[0]) / inverse[0, 0])[1:, 1:]
    return achieved


@pytest.mark.parametrize("inputs", [1, 7, 150])
def test_it_is_the_published_update(inputs):
    rng = np.random.default_rng(inputs)
    moments, weights = moments_of(correlated(inputs, 3)), rng.normal(size=(inputs, 5))
    found = absorbed(weights, moments, rounding(0.3), damping=0.0)
    np.testing.assert_allclose(found.achieved, surgeon(weights, moments, rounding(0.3)), atol=1e-12)
    damped = moments + 0.1 * np.diag(moments).mean() * np.eye(inputs)
    found = absorbed(weights, moments, rounding(0.3), damping=0.1)
    np.testing.assert_allclose(found.achieved, surgeon(weights, damped, rounding(0.3)), atol=1e-12)


def test_between_the_optimum_and_each_row_by_itself():
    """Five cells of four levels each: all 1024 settings are tried."""
    levels = np.array([-1.0, -0.3, 0.4, 1.1])

    def nearest(_row, wanted):
        return levels[np.abs(levels - wanted[:, np.newaxis]).argmin(axis=1)]

    settings = np.array(list(product(levels, repeat=5)))
    sums = np.zeros(3)
    for seed in range(60):
        moments = moments_of(correlated(5, seed, common=2.0))
        weights = np.random.default_rng(seed).uniform(-0.9, 1.0, size=(5, 1))
        missed = settings - weights.T
        best = np.sqrt(np.einsum("ki,ij,kj->k", missed, moments, missed).min())
        alone = np.array([nearest(0, row) for row in weights]) - weights
        independent = np.sqrt((alone.T @ moments @ alone).item())
        found = absorbed(weights, moments, nearest, order="largest", damping=0.0, low=-1.0, high=1.1).error[0]
        assert best <= found + 1e-12
        sums += best, found, independent
    assert sums[0] < sums[1] < 0.75 * sums[2]


def test_only_each_rows_own_miss_is_left_weighed_by_what_later_inputs_do_not_say():
    """The square error is the sum of own misses squared times Schur complements, computed here by inverses."""
    moments, weights = moments_of(correlated(8, 1)), np.random.default_rng(2).normal(size=(8, 3))
    found = absorbed(weights, moments, rounding(0.25), damping=0.0)
    own = found.achieved - found.asked
    weights_left = [1.0 / np.linalg.inv(moments[row:, row:])[0, 0] for row in range(8)]
    np.testing.assert_allclose(found.error**2, weights_left @ own**2, rtol=1e-10)
    np.testing.assert_allclose(found.unabsorbed**2, np.einsum("io,ij,jo->o", own, moments, own), rtol=1e-10)
    assert (np.array(weights_left) <= np.diag(moments)).all()


def test_the_error_is_that_of_the_outputs_over_the_samples():
    x, weights = correlated(30, 4), np.random.default_rng(5).normal(size=(30, 6))
    found = absorbed(weights, moments_of(x), rounding(0.2))
    outputs = x @ (found.achieved - weights)
    np.testing.assert_allclose(found.error, np.sqrt((outputs**2).mean(axis=0)), rtol=1e-9)
    alone = x @ (np.round(weights / 0.2) * 0.2 - weights)
    assert (outputs**2).mean() < 0.4 * (alone**2).mean()


def test_with_the_mean_the_bias_takes_what_is_common():
    x, weights = correlated(30, 4), np.random.default_rng(5).normal(size=(30, 6))
    found = absorbed(weights, moments_of(x), rounding(0.2), mean=x.mean(axis=0))
    outputs = x @ (found.achieved - weights) + found.bias_correction
    np.testing.assert_allclose(outputs.mean(axis=0), 0.0, atol=1e-12)
    np.testing.assert_allclose(found.error, outputs.std(axis=0), rtol=1e-9)
    without = absorbed(weights, moments_of(x), rounding(0.2))
    assert (without.bias_correction == 0).all()
    assert (found.error**2).mean() < (without.error**2).mean()


def test_inputs_that_say_nothing_of_each_other_absorb_nothing():
    weights = np.random.default_rng(0).normal(size=(6, 4))
    found = absorbed(weights, np.diag([1.0, 2.0, 3.0, 0.0, 5.0, 6.0]), rounding(0.5))
    np.testing.assert_array_equal(found.asked, weights)
    np.testing.assert_allclose(found.error, found.unabsorbed)
    silent = absorbed(weights, np.zeros((6, 6)), rounding(0.5))
    np.testing.assert_array_equal(silent.asked, weights)
    assert (silent.error == 0).all()


def test_what_leaves_the_range_is_clipped_told_and_left_to_later_rows():
    x = correlated(10, 7, common=2.0)
    weights = np.full((10, 2), 0.9)
    weights[:, 1] = 0.1

    def half(_row, wanted):  # cells that always fall short
        return wanted - 0.08

    found = absorbed(weights, moments_of(x), half, low=0.0, high=1.0, damping=1e-3)
    assert found.asked.min() >= 0.0
    assert found.asked.max() == 1.0
    assert found.clipped[:, 0].any()
    np.testing.assert_array_equal(found.clipped, (found.asked == 1.0) | (found.asked == 0.0))
    first = np.flatnonzero(found.clipped[:, 0])[0]
    free = absorbed(weights, moments_of(x), half, damping=1e-3)
    np.testing.assert_allclose(found.achieved[:first, 0], free.achieved[:first, 0])
    assert found.achieved[first + 1, 0] != free.achieved[first + 1, 0]
    assert found.error[0] > free.error[0]
    each = absorbed(weights, moments_of(x), half, low=np.zeros((10, 1)), high=np.array([1.0, np.inf]))
    assert not each.clipped[:, 1].any()


def test_rows_are_programmed_once_each_in_the_order_asked_for():
    moments = moments_of(correlated(9, 2) * np.array([3, 1, 4, 1, 5, 9, 2, 6, 5.5]))
    weights = np.random.default_rng(1).normal(size=(9, 2))
    orders = {"natural": list(range(9)), "largest": list(np.argsort(-np.diag(moments)))}
    orders |= {"own": [8, 0, 7, 1, 6, 2, 5, 3, 4]}
    for name, expected in orders.items():
        seen = []

        def program(row, wanted, seen=seen):
            seen.append(row)
            return wanted

        found = absorbed(weights, moments, program, order=expected if name == "own" else name)
        assert seen == expected
        np.testing.assert_array_equal(found.achieved, weights)
    permuted = absorbed(weights, moments, rounding(0.3), order=orders["own"])
    again = absorbed(weights[orders["own"]], moments[np.ix_(orders["own"], orders["own"])], rounding(0.3))
    np.testing.assert_allclose(permuted.achieved[orders["own"]], again.achieved, atol=1e-12)


def test_the_caller_may_not_spoil_what_was_asked():
    def greedy(_row, wanted):
        wanted[:] = 7.0
        return np.zeros(wanted.shape)

    found = absorbed(np.ones((3, 2)), np.eye(3), greedy)
    np.testing.assert_array_equal(found.asked, 1.0)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"weights": np.ones(3)}, "weights must be of shape"),
        ({"weights": np.full((3, 2), np.inf)}, "weights"),
        ({"moments": np.eye(4)}, r"moments must be of shape \(3, 3\)"),
        ({"moments": np.triu(np.ones((3, 3)))}, "symmetric"),
        ({"moments": np.diag([1.0, 1.0, -1.0])}, "positive definite.*more damping"),
        ({"mean": np.zeros(2)}, "mean must be of shape"),
        ({"low": 2.0, "high": 1.0}, "low must be at most high"),
        ({"low": np.nan}, "low must be at most high"),
        ({"high": np.ones(4)}, "high must be one number, or an array that fits"),
        ({"order": "random"}, "order must be natural, largest"),
        ({"order": [0, 1, 1]}, "order must be each row from 0 to 2 once"),
        ({"damping": -1.0}, "damping"),
        ({"program_row": lambda row, wanted: wanted[:1]}, r"program_row\(0\) must be of shape \(2,\)"),
        ({"program_row": lambda row, wanted: wanted * np.nan}, r"program_row\(0\)"),
    ],
)
def test_bad_arguments(changes, message):
    arguments = {"weights": np.ones((3, 2)), "moments": np.eye(3), "program_row": rounding(0.3), **changes}
    with pytest.raises(InputError, match=message):
        absorbed(**arguments)
