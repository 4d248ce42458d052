"""Training by pruning: what it reaches, what it keeps, and that it goes on where it was."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rescircuit.errors import InputError, SolutionError
from rescircuit.network import load_network, save_network
from rescircuit.network.layers import Activation, AvgPool, Conv, Dense, Flatten, Network
from rescircuit.pruning.training import TrainingSettings, perceptron, random_network

pytestmark = pytest.mark.usefixtures("torch")


def train(*arguments, **options):
    from rescircuit.pruning.training import train_masks

    return train_masks(*arguments, **options)


@pytest.fixture(scope="module")
def network():
    return random_network(perceptron((64,), (200,), 10), seed=1, scale=3.0)


@pytest.fixture(scope="module")
def convolutional():
    layers = (
        Conv(weight=np.zeros((6, 1, 3, 3)), padding=1, name="conv1"),
        Activation(kind="relu"),
        AvgPool(kernel=(4, 4)),
        Flatten(),
        Dense(weight=np.zeros((16, 24)), name="fc1"),
        Activation(kind="relu"),
        Dense(weight=np.zeros((4, 16)), name="fc2"),
    )
    return random_network(Network(layers, (1, 8, 8)), seed=2, scale=2.0)


def same(a, b):
    assert a.history == b.history
    assert a.masks.keys() == b.masks.keys()
    for number in a.masks:
        assert np.array_equal(a.masks[number], b.masks[number])
        assert np.array_equal(a.last_masks[number], b.last_masks[number])


def test_pruning_alone_teaches_a_random_network_digits(network, digits, tmp_path):
    """Chance is 10 %; a linear classifier reaches 95 % on this split."""
    test_set = digits[1]
    settings = TrainingSettings(epochs=12, keep=0.4)
    seen = []
    found = train(network, *digits, settings=settings, seed=1, report=seen.append)
    assert seen == list(found.history)
    assert found.accuracy > 0.95
    assert found.history[0].loss > found.history[-1].loss
    assert [int(mask.sum()) for mask in found.masks.values()] == [round(0.4 * 64 * 200), round(0.4 * 2000)]
    assert {each.kept for each in found.history} == {(5120, 800)}
    # nothing but the random weights times the masks, and the best epoch's
    pruned = found.network()
    for (number, layer), (_, before) in zip(pruned.weighted_layers, network.weighted_layers, strict=True):
        assert np.array_equal(layer.weight, before.weight * found.masks[number])
    accuracy = (pruned(test_set.x).argmax(axis=1) == test_set.y).mean()
    assert accuracy == pytest.approx(found.accuracy, abs=1 / len(test_set.y) + 1e-9)  # float32 against float64
    assert found.accuracy == max(each.accuracy for each in found.history)
    assert found.history[found.best_epoch - 1].accuracy == found.accuracy
    loaded = load_network(save_network(pruned, tmp_path / "pruned.npz"))
    assert np.array_equal(loaded(test_set.x), pruned(test_set.x))
    assert found.sparsity == pytest.approx(0.6)
    assert "| fc1 | 12,800 | 5,120 | 40.00% |" in found.table().markdown()


def test_probabilistic_masks_learn_too(network, digits):
    settings = TrainingSettings(method="probabilistic", epochs=10, rate=50.0, decay=0.0)
    found = train(network, *digits, settings=settings, seed=1)
    assert found.accuracy > 0.9
    assert all(0.3 < share < 0.7 for share in found.shares.values())
    assert len({each.kept for each in found.history}) > 1
    network_of_it = found.network()
    x, y = digits[1].x, digits[1].y
    assert (network_of_it(x).argmax(axis=1) == y).mean() == pytest.approx(found.accuracy, abs=1 / len(y) + 1e-9)


def test_convolutions_are_pruned_or_stay_as_they_are(convolutional, squares):
    settings = TrainingSettings(epochs=6, batch=32)
    every = train(convolutional, *squares, settings=settings, seed=3)
    assert every.accuracy > 0.95
    assert list(every.masks) == [0, 4, 6]
    assert every.masks[0].shape == (6, 1, 3, 3)
    assert every.masks[0].sum() == 27
    dense = train(convolutional, *squares, settings=settings, seed=3, layers=[4, 6])
    assert dense.accuracy > 0.95
    assert np.array_equal(dense.network().layers[0].weight, convolutional.layers[0].weight)
    x, y = squares[1].x, squares[1].y
    for found in (every, dense):
        assert (found.network()(x).argmax(axis=1) == y).mean() == pytest.approx(found.accuracy, abs=1 / 64 + 1e-9)


def test_frozen_layers_computed_once_give_what_they_give_each_time(torch, convolutional, squares):
    from rescircuit.pruning.training.models import DigitalWeights
    from rescircuit.pruning.training.trained_layers import MaskedNetwork

    layer = convolutional.layers[6]
    masked = MaskedNetwork(convolutional, {6: DigitalWeights(layer.weight)})
    masked.trained[6].mask = torch.ones(layer.weight.shape)
    features, more = masked.features(squares[1].x, squares[0].x)
    assert features.shape == (64, 16)  # what fc2 takes
    assert more.shape == (256, 16)
    assert np.abs(masked(features).numpy() - convolutional(squares[1].x)).max() < 1e-5


def test_the_gradient_of_one_step_is_straight_through(digits):
    """One step on one batch, by hand: the mean cross entropy's gradient with respect to the effective weight, times
    the random weight and the score's sign, whether the weight was in the mask or not.
    """
    from rescircuit.pruning.training import Labelled
    from rescircuit.pruning.training.training import _models, _Training

    x, y = digits[0].x[:20].astype(np.float64), digits[0].y[:20]
    template = random_network(perceptron((64,), (), 10), seed=4)
    number = template.weighted[0]
    settings = TrainingSettings(epochs=1, batch=20, rate=0.25, momentum=0.0, decay=0.0, schedule="constant")
    training = _Training(template, _models(template, None, None), settings, seed=5)
    scores = training.scores[number]
    before = scores.scores.astype(np.float64).reshape(10, 64)
    data = Labelled(x=x, y=y)
    training.run(data, data, None, lambda _: None)
    weight = template.layers[number].weight
    mask = np.zeros(640)
    mask[np.argsort(-np.abs(before.ravel()), kind="stable")[:320]] = 1
    outputs = x @ (weight * mask.reshape(10, 64)).T
    likelihood = np.exp(outputs - outputs.max(axis=1, keepdims=True))
    likelihood /= likelihood.sum(axis=1, keepdims=True)
    slope = (likelihood - np.eye(10)[y]).T @ x / 20
    expected = before - 0.25 * slope * weight * np.sign(before)
    assert np.allclose(scores.scores.reshape(10, 64), expected, rtol=1e-4, atol=1e-6)
    assert np.abs(expected - before).reshape(-1)[mask == 0].max() > 1e-4


@pytest.mark.parametrize("method", ["edge-popup", "probabilistic"])
def test_an_ended_training_goes_on_to_the_same_last_bit(method, digits, tmp_path):
    small = random_network(perceptron((64,), (20,), 10), seed=1, scale=2.0)
    settings = TrainingSettings(method=method, epochs=4, keep=(0.3, 0.6))
    whole = train(small, *digits, settings=settings, seed=2)

    class EndedError(Exception):
        pass

    def end(epoch):
        if epoch.epoch == 2:
            raise EndedError

    with pytest.raises(EndedError):
        train(small, *digits, settings=settings, seed=2, checkpoint=tmp_path, report=end)
    reported = []
    resumed = train(small, *digits, settings=settings, seed=2, checkpoint=tmp_path, report=reported.append)
    assert [each.epoch for each in reported] == [1, 2, 3, 4]
    same(whole, resumed)
    same(whole, train(small, *digits, settings=settings, seed=2, checkpoint=tmp_path))  # nothing left to do
    other = train(small, *digits, settings=settings, seed=3)
    assert other.history != whole.history


def test_a_checkpoint_of_another_training_is_refused(digits, tmp_path):
    small = random_network(perceptron((64,), (5,), 10), seed=1)
    settings = TrainingSettings(epochs=1)
    train(small, *digits, settings=settings, checkpoint=tmp_path)
    with pytest.raises(InputError, match=r"one with another keep'\. It has keep 0\.5, this training has 0\.4\. Choose"):
        train(small, *digits, settings=replace(settings, keep=0.4), checkpoint=tmp_path)
    with pytest.raises(InputError, match=r"epochs and seed'\. It has epochs 1, this training has 2; seed 0, this "):
        train(small, *digits, settings=replace(settings, epochs=2), seed=3, checkpoint=tmp_path)
    other = random_network(perceptron((64,), (5,), 10), seed=2)
    with pytest.raises(InputError, match="one with another network and random weights"):
        train(other, *digits, settings=settings, checkpoint=tmp_path)
    with pytest.raises(InputError, match="one with another images"):
        train(small, digits[0], digits[0], settings=settings, checkpoint=tmp_path)
    path = tmp_path / "training.npz"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="checkpoint must be a readable npz archive"):
        train(small, *digits, settings=settings, checkpoint=tmp_path)
    arrays = dict(np.load(_written(path, whole)))
    np.savez(path, **{**arrays, "1.scores": arrays["1.scores"][:3]})
    with pytest.raises(InputError, match=r"checkpoint must be with 320 finite numbers as 1\.scores"):
        train(small, *digits, settings=settings, checkpoint=tmp_path)
    known = '"loss": 2.0, "accuracy": 0.1, "kept": [160, 25]'
    for history in (
        "[]",
        "[7]",
        "{",
        '[{"epoch": 1}]',
        f'[{{"epoch": 2, {known}}}]',
        f'[{{"epoch": 1, {known.replace("2.0", "NaN")}}}]',
        f'[{{"epoch": 1, {known.replace("0.1", "1.1")}}}]',
        f'[{{"epoch": 1, {known.replace(", 25", "")}}}]',
    ):
        np.savez(path, **{**arrays, "history": np.array(history)})
        with pytest.raises(InputError, match="checkpoint must be with a history of epochs"):
            train(small, *digits, settings=settings, checkpoint=tmp_path)
    np.savez(path, **{**arrays, "history": np.array(f'[{{"epoch": 1, {known}}}]')})
    assert train(small, *digits, settings=settings, checkpoint=tmp_path).accuracy == 0.1  # but this one is sound
    path.unlink()
    path.mkdir()
    with pytest.raises(InputError, match="checkpoint must be a readable file"):
        train(small, *digits, settings=settings, checkpoint=tmp_path)


def test_a_folder_that_cannot_be_made_is_refused_before_the_training(digits, tmp_path):
    (tmp_path / "state").write_text("a file")
    seen = []
    small = random_network(perceptron((64,), (5,), 10), seed=1)
    with pytest.raises(InputError, match="checkpoint must be a folder that can be made"):
        train(small, *digits, checkpoint=tmp_path / "state", report=seen.append)
    assert not seen


def _written(path, content):
    path.write_bytes(content)
    return path


def test_structures_are_trained_and_become_two_layers_each(digits):
    from rescircuit.pruning.training import gadget_models

    template = random_network(perceptron((64,), (30,), 10), seed=1)
    for relu in (False, True):
        models = gadget_models(template, pairs=4, relu=relu, seed=1, signed_inputs=False)
        found = train(template, *digits, settings=TrainingSettings(epochs=6, batch=16), seed=1, models=models)
        assert found.accuracy > (0.5 if relu else 0.85)  # chance is 10 %
        assert found.size == 4 * (64 * 30 + 300)
        pruned = found.network()
        x, y = digits[1].x, digits[1].y
        assert (pruned(x).argmax(axis=1) == y).mean() == pytest.approx(found.accuracy, abs=1 / len(y) + 1e-9)
        assert len(pruned.layers) == len(template.layers) + (4 if relu else 2)


def test_models_drive_read_and_look(digits):
    """What a chip does: inputs and outputs are its own, and it looks at the mask when it should."""
    from rescircuit.pruning.training.models import DigitalWeights, WeightModel

    class Doubled(DigitalWeights):
        def __init__(self, random):
            super().__init__(random)
            self.seen, self.modes = [], []

        def inputs(self, x):
            return 2 * x

        def outputs(self, y, training):
            self.modes.append(training)
            return y / 2

        def refresh(self, mask):
            assert mask.dtype == bool
            self.seen.append(mask.copy())

    template = random_network(perceptron((64,), (10,), 10), seed=1)
    template = Network(
        [replace(x, bias=np.arange(10.0)) if isinstance(x, Dense) else x for x in template.layers], (64,)
    )
    models = {number: Doubled(template.layers[number].weight) for number in template.weighted}
    assert all(isinstance(model, WeightModel) for model in models.values())
    settings = TrainingSettings(epochs=2, batch=100, refresh_every=6)
    found = train(template, *digits, settings=settings, models=models)
    plain = train(template, *digits, settings=settings)
    same(found, plain)  # twice the inputs, half the outputs: exact in floats
    steps = -(-len(digits[0].y) // 100)
    for model in models.values():
        assert len(model.seen) == 2 * (-(-steps // 6) + 1)  # every six steps of an epoch, and before each test
        assert set(model.modes) == {True, False}


def test_wrong_arguments_are_refused(network, digits):
    from rescircuit.pruning.training import Labelled

    with pytest.raises(InputError, match="layers must be numbers of layers with weights"):
        train(network, *digits, layers=[2])
    with pytest.raises(InputError, match="layers must be at least one layer with weights"):
        train(network, *digits, layers=[])
    with pytest.raises(InputError, match=r"x must be of shape \(k, 64\)"):
        train(network, Labelled(x=np.zeros((3, 5)), y=[0, 1, 2]), digits[1])
    with pytest.raises(InputError, match="y must be classes below 10"):
        train(network, Labelled(x=np.zeros((3, 64)), y=[0, 1, 12]), digits[1])
    with pytest.raises(InputError, match="y must be 3 classes, from 0"):
        Labelled(x=np.zeros((3, 64)), y=[0, 1])
    with pytest.raises(InputError, match="y must be 1 classes, from 0"):
        Labelled(x=3.0, y=[0, 1])
    with pytest.raises(InputError, match="keep must be one share, or 2"):
        train(network, *digits, settings=TrainingSettings(keep=(0.1, 0.2, 0.3)))


def test_a_loss_that_is_no_number_ends_the_training(digits):
    wild = random_network(perceptron((64,), (5,), 10), seed=1, scale=1e25)
    with pytest.raises(SolutionError, match="lower rate"):
        train(wild, *digits, settings=TrainingSettings(epochs=1))
