"""Networks of any layers whose weights are trained: what pruned ones are held against.

In PyTorch, as the pruned ones are; :mod:`rescircuit.reproductions.training` does it for perceptrons without PyTorch.
"""

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
from rescircuit.pruning.training.trained_layers import computing_threads, correct_share
from rescircuit.pruning.training.training import Labelled

__all__ = ["trained_network"]


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

    Other layers stay as they are; a normalisation of the pixels, too.

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
        trained = [each for number in template.weighted for each in module.layers[number].parameters()]
        optimiser = torch.optim.SGD(
            trained, lr=settings.rate, momentum=settings.momentum, weight_decay=settings.decay or 0.0
        )
        x, y, test_x, test_y = map(torch.from_numpy, (train.x, train.y, test.x, test.y))
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
            accuracies.append(correct_share(module, test_x, test_y))
            report(epoch + 1)
        return module.network(), accuracies


def _initial(template: Network, seed: int) -> Network:
    layers = list(template.layers)
    for number, layer in template.weighted_layers:
        stream = Stream(seed=seed, source=f"reproductions.dense_training.{number}")
        weight = random_weights("kaiming-uniform", layer.weight.shape, layer.weight[0].size, stream)
        layers[number] = replace(layer, weight=weight, bias=None)
    return Network(layers, template.input_shape, template.sources)
