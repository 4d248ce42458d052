"""Training by pruning: stochastic gradient descent on the scores of a random network's weights."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rescircuit.checks import finite_array, whole_number
from rescircuit.devices.streams import Stream
from rescircuit.errors import InputError, SolutionError
from rescircuit.network.importers.torch_package import F, torch
from rescircuit.network.layers import Network, WeightedLayer
from rescircuit.pruning.training.checkpoints import Checkpoint, Progress
from rescircuit.pruning.training.masks import Scores, new_scores
from rescircuit.pruning.training.models import DigitalWeights, WeightModel
from rescircuit.pruning.training.settings import TrainingSettings
from rescircuit.pruning.training.trained import Epoch, TrainedMasks
from rescircuit.pruning.training.trained_layers import MaskedNetwork, computing_threads

__all__ = ["Labelled", "train_masks"]

Report = Callable[[Epoch], None]


@dataclass(frozen=True, kw_only=True, eq=False)
class Labelled:
    """Images, or other inputs, and their classes.

    Parameters
    ----------
    x : array (k, ...)
    y : int array (k,)
        From 0.

    Raises
    ------
    InputError
        For what is not finite, or of different lengths.
    """

    x: NDArray[Any]
    y: NDArray[np.int_]

    def __post_init__(self) -> None:
        x, y = np.atleast_1d(finite_array("x", self.x)), np.asarray(self.y)
        if y.dtype.kind not in "iu" or y.shape != (len(x),) or y.min() < 0:
            raise InputError("y", f"{len(x)} classes, from 0", f"{y.dtype} of shape {y.shape}")
        object.__setattr__(self, "x", x.astype(np.float32))
        object.__setattr__(self, "y", y.astype(np.int64))


def train_masks(
    template: Network,
    train: Labelled,
    test: Labelled,
    *,
    settings: TrainingSettings | None = None,
    seed: int = 0,
    models: Mapping[int, WeightModel] | None = None,
    layers: Sequence[int] | None = None,
    checkpoint: str | Path | None = None,
    report: Report | None = None,
) -> TrainedMasks:
    """Learn which of a network's random weights stay; the weights themselves never change.

    Parameters
    ----------
    template : Network
        With random weights, such as :func:`random_network` draws. Its outputs are the classes' scores.
    train, test : Labelled
        To learn from, and to test after each epoch.
    settings : TrainingSettings, optional
    seed : int
        Of the scores, of the order of the images and of probabilistic masks.
    models : mapping of int to WeightModel, optional
        What the weights of trained layers are, by the layers' numbers; by default the template's own in digital
        arithmetic.
    layers : sequence of int, optional
        Which layers are trained, by their numbers: by default those of `models`, or else all that have weights. Others
        stay as they are.
    checkpoint : path, optional
        A folder that keeps the state after each epoch. A training that was ended goes on from there, and gives what it
        would have given, to the last bit on the same machine. It keeps masks and scores, but nothing of the models:
        a chip's, which carry ranges and draws of noise from step to step, begin anew with those.
    report : callable, optional
        Called with each epoch, those that were kept before included.

    Returns
    -------
    TrainedMasks

    Raises
    ------
    InputError
        For layers without weights, masks of other shapes, inputs that the network does not take or classes that it
        does not have, or a checkpoint of another training.
    SolutionError
        If the loss is no longer finite.
    MissingToolError
        Without PyTorch.
    """
    settings = settings or TrainingSettings()
    seed = whole_number("seed", seed, 0)
    chosen = _models(template, models, layers)
    for part in (train, test):
        _check_data(template, part)
    with computing_threads(settings.threads):
        training = _Training(template, chosen, settings, seed)
        kept = None
        if checkpoint is not None:
            kept = Checkpoint(folder=Path(checkpoint), identity=training.identity(train, test))
        progress = training.run(train, test, kept, report or (lambda _: None))
    return TrainedMasks(
        template=template,
        models=chosen,
        masks=progress.best,
        last_masks=progress.last,
        history=tuple(progress.history),
        settings=settings,
        seed=seed,
    )


class _Training:
    def __init__(
        self, template: Network, models: Mapping[int, WeightModel], settings: TrainingSettings, seed: int
    ) -> None:
        self.template, self.models, self.settings, self.seed = template, models, settings, seed
        self.network = MaskedNetwork(template, models)
        self.scores: dict[int, Scores] = {}
        for share, (number, model) in zip(settings.shares(len(models)), models.items(), strict=True):
            size = math.prod(model.mask_shape)
            scores = new_scores(
                settings.method,
                size,
                keep=share,
                fan_in=size // template.layers[number].outputs,  # type: ignore[attr-defined]
                seed=seed,
                name=str(number),
                evaluation=settings.evaluation,
            )
            self.scores[number] = scores
            leaf = torch.from_numpy(scores.mask).reshape(model.mask_shape)
            self.network.trained[number].mask = leaf.requires_grad_()

    def run(self, train: Labelled, test: Labelled, kept: Checkpoint | None, report: Report) -> Progress:
        shapes = {number: model.mask_shape for number, model in self.models.items()}
        progress = Progress(history=[], best={}, last={})
        if kept is not None:
            progress = kept.load(self.scores, shapes)
        for each in progress.history:
            report(each)
        if len(progress.history) >= self.settings.epochs:
            return progress
        x, test_x = self.network.features(train.x, test.x)
        y, test_y = torch.from_numpy(train.y), torch.from_numpy(test.y)
        for epoch in range(len(progress.history), self.settings.epochs):
            loss = self._epoch(epoch, x, y)
            self._evaluate(epoch, loss, test_x, test_y, progress)
            if kept is not None:
                kept.save(progress, self.scores)
            report(progress.history[-1])
        return progress

    def _epoch(self, epoch: int, x: Any, y: Any) -> float:
        """The mean loss of one pass."""
        settings = self.settings
        stream = Stream(seed=self.seed, source=f"pruning.training.order.{epoch}")
        order = torch.from_numpy(np.argsort(stream.uniform(len(x)), kind="stable"))
        steps = -(-len(x) // settings.batch)
        total = 0.0
        for k in range(steps):
            step = epoch * steps + k
            for scores in self.scores.values():
                scores.draw(step)
            if k % settings.refresh_every == 0:
                self._refresh()
            chosen = order[k * settings.batch : (k + 1) * settings.batch]
            loss = F.cross_entropy(self.network(x[chosen]), y[chosen])
            loss.backward()
            total += float(loss.detach()) * len(chosen)
            self._learn(settings.rate_at(step / (steps * settings.epochs)))
        if not math.isfinite(total):
            hint = "The loss is no longer a finite number; a lower rate may help."
            raise SolutionError(f"epoch {epoch + 1}", math.inf, float(np.finfo(np.float32).max), hint)
        return total / len(x)

    def _learn(self, rate: float) -> None:
        for number, scores in self.scores.items():
            mask = self.network.trained[number].mask
            scores.learn(mask.grad.reshape(-1).numpy(), rate, self.settings.momentum, self.settings.decay or 0.0)
            mask.grad = None

    def _evaluate(self, epoch: int, loss: float, x: Any, y: Any, progress: Progress) -> None:
        for scores in self.scores.values():
            scores.draw_to_evaluate(epoch)
        self._refresh()
        progress.last = {number: self._mask(number) for number in self.models}
        kept = tuple(int(np.count_nonzero(mask)) for mask in progress.last.values())
        accuracy = self.network.correct(x, y)
        if all(accuracy > each.accuracy for each in progress.history):
            progress.best = progress.last
        progress.history.append(Epoch(epoch=epoch + 1, loss=loss, accuracy=accuracy, kept=kept))

    def _refresh(self) -> None:
        for number, model in self.models.items():
            model.refresh(self._mask(number))

    def _mask(self, number: int) -> NDArray[np.bool_]:
        return self.scores[number].mask.astype(bool).reshape(self.models[number].mask_shape)

    def identity(self, train: Labelled, test: Labelled) -> dict[str, Any]:
        """All that the result depends on, but for the machine."""
        weights = [layer.weight for _, layer in self.template.weighted_layers]
        with torch.no_grad():  # weights without the noise that training has
            made = [model.weight(torch.ones(model.mask_shape)).numpy() for model in self.models.values()]
        return {
            "settings": self.settings.as_dict(),
            "seed": self.seed,
            "network": _digest([np.frombuffer(repr(self.template.layers).encode(), np.uint8), *weights]),
            "models": {str(number): model.kind for number, model in self.models.items()},
            "random weights": _digest(made),
            "images": _digest([train.x, train.y, test.x, test.y]),
        }


def _models(
    template: Network, models: Mapping[int, WeightModel] | None, layers: Sequence[int] | None
) -> dict[int, WeightModel]:
    """The model of each trained layer, in the order of the layers."""
    given = dict(models or {})
    others = layers if layers is not None else () if given else template.weighted
    numbers: list[Any] = sorted({*given, *others})
    chosen: dict[int, WeightModel] = {}
    for each in numbers:
        number = whole_number("layers", each, 0, len(template.layers) - 1)
        layer = template.layers[number]
        if not isinstance(layer, WeightedLayer):
            raise InputError("layers", "numbers of layers with weights", f"{number}, {type(layer).__name__}")
        chosen[number] = given.get(number) or DigitalWeights(layer.weight)
    if not chosen:
        raise InputError("layers", "at least one layer with weights", "none")
    return chosen


def _check_data(template: Network, data: Labelled) -> None:
    if data.x.shape[1:] != template.input_shape:
        raise InputError("x", f"of shape (k, {', '.join(map(str, template.input_shape))})", f"shape {data.x.shape}")
    classes = math.prod(template.output_shape)
    if data.y.max() >= classes:
        raise InputError("y", f"classes below {classes}, the network's outputs", int(data.y.max()))


def _digest(arrays: Sequence[NDArray[Any]]) -> str:
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(str((array.dtype, array.shape)).encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
