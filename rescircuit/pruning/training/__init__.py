"""Training by pruning: which of a network's random weights stay is learnt, the weights never change.

Edge-popup (Ramanujan et al. 2020) keeps the weights of the largest scores, probabilistic masks (Zhou et al. 2019) draw
each weight by chance; both train scores by the gradient with respect to the mask. `models` says what a mask's weights
are: random numbers in digital arithmetic, the structures of Pensia et al. (2020), or resistors on a chip.

This index loads each name from its home when it is first used: what trains needs PyTorch, what is trained does not.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rescircuit.pruning.training.random_weights import random_network
    from rescircuit.pruning.training.settings import TrainingSettings
    from rescircuit.pruning.training.structures import gadget_models
    from rescircuit.pruning.training.templates import lenet5, normalised, perceptron
    from rescircuit.pruning.training.trained import TrainedMasks
    from rescircuit.pruning.training.training import Labelled, train_masks

__all__ = [
    "Labelled",
    "TrainedMasks",
    "TrainingSettings",
    "gadget_models",
    "lenet5",
    "normalised",
    "perceptron",
    "random_network",
    "train_masks",
]

_HOMES = {
    "random_weights": ("random_network",),
    "settings": ("TrainingSettings",),
    "structures": ("gadget_models",),
    "templates": ("lenet5", "normalised", "perceptron"),
    "trained": ("TrainedMasks",),
    "training": ("Labelled", "train_masks"),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
