"""Settings, templates and random weights."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from rescircuit.devices.streams import Stream
from rescircuit.errors import InputError
from rescircuit.network import load_network
from rescircuit.network.layers import Activation, Dense
from rescircuit.pruning.training import TrainingSettings, lenet5, normalised, perceptron, random_network
from rescircuit.pruning.training.random_weights import DISTRIBUTIONS, random_weights


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"method": "magnitude"}, "method must be one of edge-popup, probabilistic, got 'magnitude'"),
        ({"keep": 0.0}, "keep must be above 0 and at most 1"),
        ({"keep": (0.5, 1.5)}, "keep must be above 0 and at most 1"),
        ({"keep": 1.0, "method": "probabilistic"}, "keep must be above 0 and below 1"),
        ({"keep": "half"}, "keep must be a finite number"),
        ({"epochs": 0}, "epochs must be a whole number from 1"),
        ({"batch": 0}, "batch must be a whole number from 1"),
        ({"rate": 0.0}, "rate must be a finite number above 0"),
        ({"momentum": 1.0}, "momentum must be below 1"),
        ({"decay": -1.0}, "decay must be a finite number of at least 0"),
        ({"schedule": "linear"}, "schedule must be one of cosine, constant"),
        ({"evaluation": "mean"}, "evaluation must be one of resampled, threshold"),
        ({"threads": 0}, "threads must be a whole number from 1"),
    ],
)
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(InputError, match=message):
        TrainingSettings(**settings)


def test_the_rate_follows_a_cosine_or_stays():
    cosine, constant = TrainingSettings(), TrainingSettings(schedule="constant")
    assert [cosine.rate_at(done) for done in (0.0, 0.5, 1.0)] == pytest.approx([0.1, 0.05, 0.0])
    assert {constant.rate_at(done) for done in (0.0, 0.5, 1.0)} == {0.1}
    assert json.loads(json.dumps(cosine.as_dict()))["rate"] == 0.1
    assert [TrainingSettings(method=method).decay for method in ("edge-popup", "probabilistic")] == [0.0005, 0.0]


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_random_weights_have_he_s_deviation_and_are_float32_s(distribution):
    values = random_weights(distribution, (100, 200), 50, Stream(seed=1, source="weights"), 3.0)
    assert values.std() == pytest.approx(3 * math.sqrt(2 / 50), rel=0.02)
    assert abs(values.mean()) < 5 * 3 * math.sqrt(2 / 50) / math.sqrt(values.size)
    assert np.array_equal(values, values.astype(np.float32))
    if distribution == "signed-constant":
        assert len(np.unique(np.abs(values))) == 1
    with pytest.raises(InputError, match="distribution must be one of"):
        random_weights("cauchy", (2,), 1, Stream(seed=1, source="weights"))


def test_lenet5_is_the_layer_file_s(tmp_path):
    """The file's layers take the template's arrays, and give the same outputs."""
    network = random_network(lenet5(), seed=3)
    assert network.weights == 150 + 2400 + 784 * 120 + 120 * 84 + 840  # da Cunha, Natale and Viennot's LeNet-5
    arrays = {f"{layer.name}.weight": layer.weight for _, layer in network.weighted_layers}
    np.savez(tmp_path / "weights.npz", **arrays)
    read = load_network(tmp_path / "weights.npz", layers="lenet5")
    x = np.random.default_rng(1).random((3, 1, 28, 28))
    assert np.array_equal(read(x), network(x))
    assert np.abs(network(x)).max() > 0


def test_a_network_that_no_memory_holds_is_refused():
    with pytest.raises(InputError, match=r"width must be of at most \d+ numbers, got shape"):
        perceptron((64,), (10**9,), 10)


def test_templates_have_the_asked_shapes():
    network = perceptron((1, 4, 4), (7, 5), 3)
    assert [layer.weight.shape for layer in network.layers if isinstance(layer, Dense)] == [(7, 16), (5, 7), (3, 5)]
    assert not isinstance(network.layers[-1], Activation)
    drawn = random_network(normalised(network, 0.2, 0.5), seed=1)
    x = np.random.default_rng(2).random((6, 1, 4, 4))
    plain = random_network(network, seed=1)
    assert drawn(x).shape == plain((x - 0.2) / 0.5).shape == (6, 3)
    first = next(layer for layer in drawn.layers if isinstance(layer, Dense))
    assert np.abs(drawn.run(x)[2] - ((x - 0.2) / 0.5).reshape(6, 16) @ first.weight.T).max() < 1e-12
    again, other = (random_network(network, seed=seed) for seed in (1, 2))
    assert all(
        np.array_equal(a.weight, b.weight)
        for (_, a), (_, b) in zip(plain.weighted_layers, again.weighted_layers, strict=True)
    )
    assert not np.array_equal(plain.layers[1].weight, other.layers[1].weight)
