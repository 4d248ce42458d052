"""The perceptron's training: its gradient against PyTorch's, and that it learns."""

from __future__ import annotations

import numpy as np
import pytest

from rescircuit.datasets import Images, load_mnist
from rescircuit.reproductions import training


@pytest.fixture
def images():
    rng = np.random.default_rng(5)
    return Images(x=rng.uniform(size=(200, 1, 3, 3)), y=rng.integers(0, 10, 200))


def test_it_is_pytorch_s_descent(images, monkeypatch):
    """SGD with momentum, weight decay and a rate that follows a cosine, step by step, in the same order."""
    torch = pytest.importorskip("torch", reason="needs PyTorch")
    order = []
    monkeypatch.setattr(training.np, "argsort", lambda values: order.append(np.lexsort((values,))) or order[-1])
    start = training._initial(9, 6, 10, seed=4)
    found = training.trained_perceptron(images, hidden=6, epochs=3, seed=4, progress=lambda _: None)

    model = torch.nn.Sequential(torch.nn.Linear(9, 6), torch.nn.ReLU(), torch.nn.Linear(6, 10))
    names = ("hidden.weight", "hidden.bias", "output.weight", "output.bias")
    with torch.no_grad():
        for parameter, name in zip(model.parameters(), names, strict=True):
            parameter.copy_(torch.tensor(start[name]))
    descent = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=0.0005)
    rate = torch.optim.lr_scheduler.CosineAnnealingLR(descent, T_max=3 * 4)
    x, y = torch.tensor(images.flat, dtype=torch.float32), torch.tensor(images.y)
    for epoch in range(3):
        for first in range(0, 200, 64):
            chosen = order[epoch][first : first + 64]
            descent.zero_grad()
            torch.nn.functional.cross_entropy(model(x[chosen]), y[chosen]).backward()
            descent.step()
            rate.step()
    for parameter, name in zip(model.parameters(), names, strict=True):
        assert np.abs(parameter.detach().numpy() - found[name]).max() < 1e-5, name


def test_it_learns_and_its_seed_decides(data_dir):
    training_images, test = load_mnist(data_dir, "train"), load_mnist(data_dir)
    epochs = []
    weights = training.trained_perceptron(training_images, hidden=32, epochs=6, seed=1, progress=epochs.append)
    assert epochs == [1, 2, 3, 4, 5, 6]
    units = np.maximum(test.flat @ weights["hidden.weight"].T + weights["hidden.bias"], 0)
    scores = units @ weights["output.weight"].T + weights["output.bias"]
    assert (scores.argmax(axis=1) == test.y).mean() > 0.9
    same, other = (
        training.trained_perceptron(training_images, hidden=12, epochs=1, seed=seed, progress=epochs.append)
        for seed in (1, 2)
    )
    assert not np.array_equal(same["hidden.weight"], other["hidden.weight"])
    assert {array.dtype for array in same.values()} == {np.dtype(np.float32)}
