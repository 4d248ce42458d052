"""A perceptron trained as Pensia et al. (2020), section 5, trained theirs."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from rescircuit.crossbar.blas_threads import one_blas_thread
from rescircuit.datasets import Images
from rescircuit.devices.streams import Stream

__all__ = ["trained_perceptron"]

BATCH, MOMENTUM, DECAY, RATE = 64, 0.9, 0.0005, 0.1

Weights = dict[str, NDArray[np.float32]]


def trained_perceptron(
    images: Images,
    *,
    hidden: int,
    epochs: int,
    seed: int,
    progress: Callable[[int], None],
    classes: int = 10,
) -> Weights:
    """Weights of a network with one hidden layer of rectified units: ``hidden.weight``, ``output.bias`` and so on.

    Stochastic gradient descent on the cross entropy with momentum 0.9, batches of 64, weight decay 0.0005 and a rate
    that falls from 0.1 to 0 by a cosine; uniform initial weights after He et al. (2015).

    Parameters
    ----------
    images : Images
    hidden, epochs, seed : int
    progress : callable
        Called with the number of epochs done, after each.
    classes : int
    """
    x, y = images.flat.astype(np.float32), images.y
    weights = _initial(x.shape[1], hidden, classes, seed)
    velocity = {name: np.zeros_like(array) for name, array in weights.items()}
    targets = np.eye(classes, dtype=np.float32)[y]
    batches = math.ceil(len(x) / BATCH)
    for epoch in range(epochs):
        order = np.argsort(Stream(seed=seed, source=f"reproductions.training.order.{epoch}").uniform(len(x)))
        with one_blas_thread():  # several would wait for each other longer than a batch takes
            for batch in range(batches):
                chosen = order[batch * BATCH : (batch + 1) * BATCH]
                done = (epoch * batches + batch) / (epochs * batches)
                rate = np.float32(0.5 * RATE * (1.0 + math.cos(math.pi * done)))
                for name, slope in _slopes(weights, x[chosen], targets[chosen]).items():
                    velocity[name] *= MOMENTUM
                    velocity[name] += slope + DECAY * weights[name]
                    weights[name] -= rate * velocity[name]
        progress(epoch + 1)
    return weights


def _initial(inputs: int, hidden: int, classes: int, seed: int) -> Weights:
    weights = {}
    for name, out, width in (("hidden", hidden, inputs), ("output", classes, hidden)):
        stream = Stream(seed=seed, source=f"reproductions.training.{name}")
        bound = math.sqrt(6.0 / width)
        values = bound * (2.0 * stream.uniform(out * width) - 1.0)
        weights[f"{name}.weight"] = values.reshape(out, width).astype(np.float32)
        weights[f"{name}.bias"] = np.zeros(out, dtype=np.float32)
    return weights


def _slopes(weights: Weights, x: NDArray[np.float32], targets: NDArray[np.float32]) -> Weights:
    """The gradient of the mean cross entropy."""
    units = np.maximum(x @ weights["hidden.weight"].T + weights["hidden.bias"], 0.0)
    scores = units @ weights["output.weight"].T + weights["output.bias"]
    likelihood = np.exp(scores - scores.max(axis=1, keepdims=True))
    likelihood /= likelihood.sum(axis=1, keepdims=True)
    error = (likelihood - targets) / np.float32(len(x))
    back = (error @ weights["output.weight"]) * (units > 0)
    return {
        "hidden.weight": back.T @ x,
        "hidden.bias": back.sum(axis=0),
        "output.weight": error.T @ units,
        "output.bias": error.sum(axis=0),
    }
