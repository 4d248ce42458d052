"""scikit-learn's perceptrons; the reference is its own prediction."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.neural_network import MLPClassifier, MLPRegressor

from rescircuit.errors import InputError
from rescircuit.network.importers import from_sklearn

RNG = np.random.default_rng(11)


@pytest.mark.parametrize("activation", ["relu", "tanh", "logistic", "identity"])
def test_a_perceptron_is_taken_over(activation):
    x = RNG.normal(size=(60, 5))
    y = x @ RNG.normal(size=(5, 2))
    model = MLPRegressor(hidden_layer_sizes=(7, 6), activation=activation, max_iter=5000, tol=1e-2, random_state=0)
    model.fit(x, y)
    assert from_sklearn(model)(x) == pytest.approx(model.predict(x), rel=1e-10, abs=1e-10)


def test_layers_and_activations_have_their_own_names():
    model = MLPRegressor(hidden_layer_sizes=(3,), max_iter=5000, tol=1e-2, random_state=0)
    network = from_sklearn(model.fit(RNG.normal(size=(20, 2)), RNG.normal(size=20)))
    assert [layer.name for layer in network.layers] == ["layer1", "relu1", "layer2"]
    assert network.weighted == (0, 2)


@pytest.mark.parametrize("classes", [2, 3])
def test_a_classifiers_scores_have_its_order(classes):
    x = RNG.normal(size=(90, 4))
    y = np.digitize(x[:, 0], [-0.5, 0.5][: classes - 1])
    model = MLPClassifier(hidden_layer_sizes=(8,), max_iter=5000, tol=1e-2, random_state=0).fit(x, y)
    scores = from_sklearn(model)(x)
    labels = scores.argmax(axis=1) if classes > 2 else (scores[:, 0] > 0).astype(int)
    assert np.array_equal(labels, model.predict(x))


@pytest.mark.parametrize("model", [MLPClassifier(), object()])
def test_what_is_not_fitted_is_refused(model):
    with pytest.raises(InputError, match="fitted MLPClassifier or MLPRegressor"):
        from_sklearn(model)
