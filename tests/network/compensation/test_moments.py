"""Moments of layers' inputs: against sums written out, and the same in any chunking."""

from __future__ import annotations

import numpy as np
import pytest

from rescircuit.errors import InputError
from rescircuit.network.compensation import Moments, input_moments
from rescircuit.network.layers import Activation, Conv, Dense, Flatten, Network

RNG = np.random.default_rng(0)
IMAGES = RNG.normal(size=(7, 4, 5, 6))


def network(groups=1):
    rng = np.random.default_rng(1)
    return Network(
        [
            Conv(weight=rng.normal(size=(6, 4 // groups, 3, 3)), padding=1, groups=groups),
            Activation(kind="relu"),
            Flatten(),
            Dense(weight=rng.normal(size=(3, 180)), bias=rng.normal(size=3)),
        ],
        input_shape=(4, 5, 6),
    )


def patches(images, channels):
    """Every 3 x 3 patch of images padded with zeros, written out with loops."""
    padded = np.zeros((len(images), images.shape[1], 7, 8))
    padded[:, :, 1:-1, 1:-1] = images
    return np.array([p[channels, y : y + 3, x : x + 3].ravel() for p in padded for y in range(5) for x in range(6)])


@pytest.mark.parametrize("groups", [1, 2])
def test_of_a_convolution_and_of_what_follows(groups):
    net = network(groups)
    found = input_moments(net, IMAGES)
    assert list(found) == [0, 3]
    for group in range(groups):
        rows = patches(IMAGES, slice(group * 4 // groups, (group + 1) * 4 // groups))
        np.testing.assert_allclose(found[0].second[group], rows.T @ rows / len(rows), rtol=1e-12, atol=1e-13)
        np.testing.assert_allclose(found[0].mean[group], rows.mean(axis=0), rtol=1e-10, atol=1e-13)
        np.testing.assert_allclose(found[0].centred[group], np.cov(rows.T, bias=True), rtol=1e-9, atol=1e-12)
    assert found[0].count == 7 * 30
    features = net.run(IMAGES)[2]
    np.testing.assert_allclose(found[3].second[0], features.T @ features / 7, rtol=1e-12, atol=1e-12)
    assert found[3].count == 7


def test_parts_of_the_samples_change_nothing(monkeypatch):
    whole = input_moments(network(), IMAGES, positions=7)
    monkeypatch.setattr(Network, "inputs_at_once", lambda self: 2)
    seen = []
    parts = input_moments(network(), IMAGES, positions=7, progress=seen.append)
    assert seen == [2, 2, 2, 1]
    for number, moments in whole.items():
        assert parts[number].count == moments.count
        np.testing.assert_allclose(parts[number].second, moments.second, rtol=1e-12)
        np.testing.assert_allclose(parts[number].mean, moments.mean, rtol=1e-12)


def test_positions_are_spread_over_all_samples_without_a_gap():
    alike = np.repeat(IMAGES[:1], 6, axis=0)  # five positions of each of six alike: together all 30
    some, every = input_moments(network(), alike, positions=5)[0], input_moments(network(), IMAGES[:1])[0]
    assert some.count == every.count == 30
    np.testing.assert_allclose(some.second, every.second, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(some.mean, every.mean, rtol=1e-12, atol=1e-14)
    first = input_moments(network(), IMAGES[:1], positions=5)[0]
    again = input_moments(network(), IMAGES[:1], positions=5)[0]
    np.testing.assert_array_equal(first.second, again.second)
    assert np.abs(first.second - every.second).max() > 1e-3
    plenty = input_moments(network(), IMAGES, positions=1000)[0]
    np.testing.assert_array_equal(plenty.second, input_moments(network(), IMAGES)[0].second)


def test_chosen_layers_only():
    assert list(input_moments(network(), IMAGES, numbers=[3])) == [3]


def test_a_word_line_that_is_always_driven():
    moments = input_moments(network(), IMAGES, numbers=[3])[3]
    more = moments.with_constant(2.5)
    features = np.column_stack([network().run(IMAGES)[2], np.full(7, 2.5)])
    np.testing.assert_allclose(more.second[0], features.T @ features / 7, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(more.mean[0], features.mean(axis=0), rtol=1e-12)
    assert more.count == 7


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"x": np.zeros((2, 3))}, "x must be of shape"),
        ({"x": np.full((1, 4, 5, 6), np.nan)}, "x"),
        ({"numbers": [1]}, "numbers must be of layers with weights: 0, 3"),
        ({"positions": 0}, "positions must be a whole number of at least 1"),
    ],
)
def test_bad_arguments(changes, message):
    arguments = {"x": IMAGES, **changes}
    with pytest.raises(InputError, match=message):
        input_moments(network(), arguments.pop("x"), **arguments)


def test_a_layer_of_too_many_inputs_is_refused_before_memory_is_taken():
    wide = Network([Dense(weight=np.zeros((1, 40_000)), name="wide")])
    with pytest.raises(InputError, match="wide must be of moments of at most 2048 MiB"):
        input_moments(wide, np.zeros((1, 40_000)))


def test_moments_whose_shapes_do_not_fit_are_refused():
    with pytest.raises(InputError, match="second must be of shape"):
        Moments(second=np.zeros((1, 2, 3)), mean=np.zeros((1, 2)), count=1)
    with pytest.raises(InputError, match="count"):
        Moments(second=np.zeros((1, 2, 2)), mean=np.zeros((1, 2)), count=0)
