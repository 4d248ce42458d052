"""What training by pruning gives: masks, and how they came to be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rescircuit.errors import InputError
from rescircuit.network.layers import Layer, Network
from rescircuit.pruning.training.settings import TrainingSettings
from rescircuit.tables import Table

if TYPE_CHECKING:
    from rescircuit.pruning.training.models import WeightModel

__all__ = ["Epoch", "TrainedMasks"]


@dataclass(frozen=True, kw_only=True)
class Epoch:
    """One pass over the training images.

    Attributes
    ----------
    epoch : int
        Its number, from 1.
    loss : float
        The mean cross entropy of its steps.
    accuracy : float
        On the test images, after it.
    kept : tuple of int
        The weights of each trained layer that stayed in the mask that was tested.
    """

    epoch: int
    loss: float
    accuracy: float
    kept: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class TrainedMasks:
    """Masks of a random network, found by training.

    Attributes
    ----------
    template : Network
        The random network.
    models : mapping of int to WeightModel
        What each trained layer's weights are, by its number.
    masks : mapping of int to bool array
        Of the best epoch, by the number of the layer, of the model's `mask_shape`.
    last_masks : mapping of int to bool array
        Of the last epoch.
    history : tuple of Epoch
    settings : TrainingSettings
    seed : int
    """

    template: Network
    models: Mapping[int, WeightModel]
    masks: Mapping[int, NDArray[np.bool_]]
    last_masks: Mapping[int, NDArray[np.bool_]]
    history: tuple[Epoch, ...]
    settings: TrainingSettings
    seed: int

    @property
    def best_epoch(self) -> int:
        """The number of the epoch after which the test accuracy was highest, the first of several."""
        return max(self.history, key=lambda each: (each.accuracy, -each.epoch)).epoch

    @property
    def accuracy(self) -> float:
        """The best test accuracy of any epoch: chosen by looking at the test images, as in the paper's protocol."""
        return self.history[self.best_epoch - 1].accuracy

    @property
    def last_accuracy(self) -> float:
        """The test accuracy after the last epoch, which nobody chose."""
        return self.history[-1].accuracy

    @property
    def size(self) -> int:
        """Random weights of the trained layers."""
        return sum(mask.size for mask in self.masks.values())

    @property
    def kept(self) -> int:
        """Those that stay."""
        return sum(int(np.count_nonzero(mask)) for mask in self.masks.values())

    @property
    def sparsity(self) -> float:
        """The share of the random weights that is pruned."""
        return 1.0 - self.kept / self.size

    @property
    def shares(self) -> dict[str, float]:
        """The share that stays of each trained layer, by the layer's name."""
        return {self.template.layers[number].name: float(mask.mean()) for number, mask in self.masks.items()}

    def network(self) -> Network:
        """The pruned network in digital arithmetic and float64: the random weights times the masks.

        Raises
        ------
        InputError
            Where a model puts several layers in one's place and the network's layers do not form a chain.
        """
        layers: list[Layer] = []
        for number, layer in enumerate(self.template.layers):
            if number in self.models:
                layers += self.models[number].pruned(layer, self.masks[number])  # type: ignore[arg-type]
            else:
                layers.append(layer)
        sources = self.template.sources
        if len(layers) != len(self.template.layers):
            if any(taken != (number - 1,) for number, taken in enumerate(sources)):
                raise InputError("template", "a chain of layers, as several take one's place", "branches")
            sources = None
        return Network(layers, self.template.input_shape, sources)

    def table(self) -> Table:
        """The layers, their random weights and what stays."""
        rows = []
        for number, mask in self.masks.items():
            kept = int(np.count_nonzero(mask))
            rows.append((self.template.layers[number].name, f"{mask.size:,}", f"{kept:,}", f"{kept / mask.size:.2%}"))
        rows.append(("all", f"{self.size:,}", f"{self.kept:,}", f"{self.kept / self.size:.2%}"))
        title = (
            f"Test accuracy {self.accuracy:.2%} after epoch {self.best_epoch} of {len(self.history)}, the best on the "
            f"test images; {self.last_accuracy:.2%} after the last"
        )
        return Table(title=title, columns=("layer", "random weights", "kept", "share"), rows=tuple(rows))

    def as_dict(self) -> dict[str, Any]:
        """For JSON: all but the masks."""
        return {
            "settings": self.settings.as_dict(),
            "seed": self.seed,
            "accuracy": self.accuracy,
            "best_epoch": self.best_epoch,
            "last_accuracy": self.last_accuracy,
            "random_weights": self.size,
            "kept": self.kept,
            "shares": self.shares,
            "history": [asdict(each) for each in self.history],
        }
