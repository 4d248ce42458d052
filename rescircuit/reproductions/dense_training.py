"""Networks whose weights are trained: what pruned ones are held against."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from rescircuit.devices.streams import Stream
from rescircuit.network.importers.torch_module import NetworkModule
from rescircuit.network.importers.torch_package import F, torch
from rescircuit.network.layers import Network
from rescircuit.pruning.training.random_weights import random_weights
from rescircuit.pruning.training.settings import TrainingSettings
from rescircuit.pruning.training.trained_layers import computing_threads
from rescircuit.pruning.training.training import Labelled

__all__ = ["trained_network"]

_AT_ONCE = 1000


def trained_network(
    template: Network,
    train: Labelled,
    test: Labelled,
    *,
    settings: TrainingSettings,
    seed: int,
    report: Callable[[int], None],
) -> tuple[Network, list[float]]:
    """Train all weights and biases by stochastic gradient descent, as `settings` says: rate, batch, momentum, decay.

    Parameters
    ----------
    template : Network
        Its weights are drawn anew, uniform after He et al. (2015), and its biases begin at zero.
    train, test : Labelled
    settings : TrainingSettings
    seed : int
    report : callable
        Called with the number of epochs done.

    Returns
    -------
    Network
        After the last epoch.
    list of float
        The test accuracy after each epoch.
    """
    accuracies = []
    with computing_threads(settings.threads):
        module: Any = NetworkModule(_initial(template, seed)).float()
        optimiser = torch.optim.SGD(
            module.parameters(), lr=settings.rate, momentum=settings.momentum, weight_decay=settings.decay or 0.0
        )
        x, y = torch.from_numpy(train.x), torch.from_numpy(train.y)
        steps = -(-len(x) // settings.batch)
        for epoch in range(settings.epochs):
            stream = Stream(seed=seed, source=f"reproductions.dense_training.order.{epoch}")
            order = torch.from_numpy(np.argsort(stream.uniform(len(x)), kind="stable"))
            for k in range(steps):
                chosen = order[k * settings.batch : (k + 1) * settings.batch]
                for group in optimiser.param_groups:
                    group["lr"] = settings.rate_at((epoch * steps + k) / (steps * settings.epochs))
                optimiser.zero_grad()
                F.cross_entropy(module(x[chosen]), y[chosen]).backward()
                optimiser.step()
            accuracies.append(_correct(module, test))
            report(epoch + 1)
        return module.network(), accuracies


def _initial(template: Network, seed: int) -> Network:
    layers = list(template.layers)
    for number, layer in template.weighted_layers:
        stream = Stream(seed=seed, source=f"reproductions.dense_training.{number}")
        weight = random_weights("kaiming-uniform", layer.weight.shape, layer.weight[0].size, stream)
        layers[number] = replace(layer, weight=weight, bias=None)
    return Network(layers, template.input_shape, template.sources)


def _correct(module: Any, test: Labelled) -> float:
    right = 0
    with torch.no_grad():
        for first in range(0, len(test.y), _AT_ONCE):
            part = slice(first, first + _AT_ONCE)
            right += int((module(torch.from_numpy(test.x[part])).argmax(1).numpy() == test.y[part]).sum())
    return right / len(test.y)
