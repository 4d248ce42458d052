"""What experiment 2 of Pensia et al. (2020) trains: networks, and the random ones that are pruned in their place."""

from __future__ import annotations

import hashlib
import json
import math
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from rescircuit.datasets import load_mnist
from rescircuit.network.layers import Dense, Network
from rescircuit.pruning.training import TrainingSettings, lenet5, normalised, perceptron, random_network
from rescircuit.reproductions.runs import Run

if TYPE_CHECKING:
    from rescircuit.pruning.training.training import Labelled

__all__ = ["ARCHITECTURES", "SERIES", "Architecture", "Images", "Series", "Trained", "train_dense", "train_series"]

_MEAN, _DEVIATION = 0.1307, 0.3081  # of MNIST's pixels, by which it is usually normalised
_IMAGE, _CLASSES = (1, 28, 28), 10


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """A network of the experiment.

    Attributes
    ----------
    name : str
    hidden : tuple of int
        The units of its dense hidden layers.
    convolutional : bool
        LeNet-5, whose dense layers stand behind its convolutions.
    rate : float
        Of training and pruning.
    dense_epochs : int
        That its weights are trained for.
    own_scale : float
        A factor on Kaiming's normal distribution for series that are not the paper's.
    """

    name: str
    hidden: tuple[int, ...]
    rate: float
    dense_epochs: int
    convolutional: bool = False
    own_scale: float = 2.0

    @property
    def key(self) -> list[Any]:
        """What a training of it depends on."""
        return [list(self.hidden), self.rate, self.convolutional]

    def template(self, hidden: tuple[int, ...] | None = None) -> Network:
        """Its layers, or those with other units in the dense hidden layers, behind the normalised pixels."""
        units = hidden or self.hidden
        network = lenet5(_CLASSES, units) if self.convolutional else perceptron(_IMAGE, units, _CLASSES)
        return normalised(network, _MEAN, _DEVIATION)

    def widened(self, times: int) -> tuple[int, ...]:
        """Hidden units, wider by one factor, with which the dense layers have about so many times the weights."""
        wanted = times * dense_weights(self.template())
        low, high = 1.0, float(times)
        while high - low > 1e-6:
            middle = 0.5 * (low + high)
            enough = _weights(_times(self.hidden, middle)) >= wanted
            low, high = (low, middle) if enough else (middle, high)
        return _times(self.hidden, high)


ARCHITECTURES = (
    Architecture(name="two layers", hidden=(500,), rate=0.1, dense_epochs=10),
    Architecture(name="four layers", hidden=(500, 500, 500), rate=0.1, dense_epochs=10),
    Architecture(name="LeNet-5", hidden=(120, 84), rate=0.01, dense_epochs=50, convolutional=True, own_scale=1.0),
)


@dataclass(frozen=True, kw_only=True)
class Series:
    """What is pruned in a network's place.

    Attributes
    ----------
    name : str
    kind : str
        ``"structure"``, figure 1c with the identity; ``"relu structure"``; ``"wide"``, with as many weights;
        ``"own"``, of the network's own size; ``"convolutions too"``.
    published : bool
        Whether the paper has it.
    """

    name: str
    kind: str
    published: bool = True

    def scale(self, architecture: Architecture) -> float:
        """A factor on Kaiming's normal distribution."""
        return 1.0 if self.published else architecture.own_scale

    def key(self, architecture: Architecture) -> list[Any]:
        """What a training of it depends on, beside the network."""
        return [self.kind, self.scale(architecture)]

    def fits(self, architecture: Architecture) -> bool:
        """Whether it says something of this network."""
        return architecture.convolutional or self.kind != "convolutions too"


SERIES = (
    Series(name="structure of figure 1c, identity", kind="structure"),
    Series(name="structure of figure 1c, ReLU", kind="relu structure"),
    Series(name="wide random network", kind="wide"),
    Series(name="of its own size (ours)", kind="own", published=False),
    Series(name="wide, convolutions pruned too (ours)", kind="convolutions too", published=False),
)


@dataclass(frozen=True, kw_only=True)
class Trained:
    """One training.

    Attributes
    ----------
    accuracy : float
        The best of all epochs, on the test images.
    last : float
        After the last epoch.
    best_epoch : int
    parameters : int
        Weights that stay: of the pruned layers, and of the structure's first, which are not pruned.
    size : int
        Random weights of the pruned layers, or all of a trained network's dense ones.
    """

    accuracy: float
    last: float
    best_epoch: int
    parameters: int
    size: int


class Images:
    """MNIST: the test images at once, those to train on when they are first needed.

    Attributes
    ----------
    digest : str
        Of the test images, which tells one data set from another.
    """

    def __init__(self, given: Run, training_images: int | None) -> None:
        self._given, self._limit = given, training_images
        self._test = load_mnist(given.data_dir, limit=given.images)
        self.digest = self._test.digest
        self._parts: tuple[Labelled, Labelled] | None = None

    def __call__(self) -> tuple[Labelled, Labelled]:
        """To train on and to test with."""
        from rescircuit.pruning.training.training import Labelled

        if self._parts is None:
            train = load_mnist(self._given.data_dir, "train", limit=self._limit)
            self._parts = Labelled(x=train.x, y=train.y), Labelled(x=self._test.x, y=self._test.y)
        return self._parts


def train_dense(
    architecture: Architecture, epochs: int, seed: int, images: Images, report: Callable[[int], None]
) -> dict[str, Any]:
    """The network itself, all its weights trained."""
    from rescircuit.reproductions.dense_training import trained_network

    template = architecture.template()
    settings = TrainingSettings(epochs=epochs, rate=architecture.rate)
    _, accuracies = trained_network(template, *images(), settings=settings, seed=seed, report=report)
    best, weights = max(accuracies), dense_weights(template)
    return asdict(
        Trained(
            accuracy=best,
            last=accuracies[-1],
            best_epoch=accuracies.index(best) + 1,
            parameters=weights,
            size=weights,
        )
    )


def train_series(
    architecture: Architecture,
    series: Series,
    *,
    pairs: int,
    keep: float,
    epochs: int,
    seed: int,
    images: Images,
    given: Run,
    report: Callable[[int], None],
) -> dict[str, Any]:
    """A random network in its place, pruned by edge-popup."""
    from rescircuit.pruning.training.structures import gadget_models
    from rescircuit.pruning.training.training import train_masks

    wide = architecture.widened(pairs) if series.kind in ("wide", "convolutions too") else None
    template = random_network(architecture.template(wide), seed=seed, scale=series.scale(architecture))
    models, layers, units = None, _dense_numbers(template), 0
    if series.kind.endswith("structure"):
        models = gadget_models(template, pairs=pairs, relu=series.kind.startswith("relu"), seed=seed)
        units = sum(model.first.size for model in models.values())
    elif series.kind == "convolutions too":
        layers = list(template.weighted)
    settings = TrainingSettings(keep=keep, epochs=epochs, rate=architecture.rate)
    told = json.dumps([architecture.key, series.key(architecture), pairs, settings.as_dict(), seed], sort_keys=True)
    folder = given.pieces.folder / f"under-way-{hashlib.sha256(told.encode()).hexdigest()[:16]}"
    masks = train_masks(
        template,
        *images(),
        settings=settings,
        seed=seed,
        models=models,
        layers=layers,
        checkpoint=folder,
        report=lambda epoch: report(epoch.epoch),
    )
    shutil.rmtree(folder, ignore_errors=True)  # what comes of it is kept as a piece
    return asdict(
        Trained(
            accuracy=masks.accuracy,
            last=masks.last_accuracy,
            best_epoch=masks.best_epoch,
            parameters=masks.kept + units,
            size=masks.size,
        )
    )


def dense_weights(network: Network) -> int:
    """Weights of the dense layers."""
    return sum(layer.weight.size for layer in network.layers if isinstance(layer, Dense))


def _dense_numbers(network: Network) -> list[int]:
    return [number for number, layer in network.weighted_layers if isinstance(layer, Dense)]


def _times(hidden: tuple[int, ...], factor: float) -> tuple[int, ...]:
    return tuple(math.floor(factor * units + 0.5) for units in hidden)


def _weights(hidden: tuple[int, ...]) -> int:
    """Of dense layers with so many hidden units; LeNet-5's take as many numbers as an image has, 16 times 7 x 7."""
    return sum(a * b for a, b in pairwise((math.prod(_IMAGE), *hidden, _CLASSES)))
