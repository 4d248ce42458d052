"""Scores and the masks that they make: the largest ones, or by chance.

In both cases the gradient with respect to the mask is handed on to the scores as if the mask were a smooth function of
them: the straight-through estimator (Bengio et al. 2013).
"""

from __future__ import annotations

import math
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from rescircuit.compiled import kernel
from rescircuit.devices.streams import Stream
from rescircuit.pruning.training.top_share import TopShare

__all__ = ["EdgePopup", "Probabilistic", "Scores", "new_scores"]

_Floats = NDArray[np.float32]


class Scores(Protocol):
    """A layer's scores.

    Attributes
    ----------
    scores, velocity : float32 array (size,)
        What is trained, and the momentum's memory of past gradients.
    mask : float32 array (size,)
        0 and 1, as last drawn.
    """

    scores: _Floats
    velocity: _Floats
    mask: _Floats

    def draw(self, step: int) -> None:
        """Make the mask of a training step."""
        ...

    def draw_to_evaluate(self, epoch: int) -> None:
        """Make the mask that is tested after an epoch."""
        ...

    def learn(self, gradient: _Floats, rate: float, momentum: float, decay: float) -> None:
        """A step down the gradient with respect to the mask (size,)."""
        ...


def new_scores(
    method: str, size: int, *, keep: float, fan_in: int, seed: int, name: str, evaluation: str = "resampled"
) -> Scores:
    """Scores before the first step.

    Parameters
    ----------
    method, evaluation : str
        Of :class:`TrainingSettings`.
    size : int
        Weights of the layer.
    keep : float
        The share that stays, or the probability to begin with.
    fan_in : int
        Weights of each of its sums: scores begin uniform on plus or minus 1 / sqrt(fan_in), which is He's uniform
        distribution with PyTorch's slope sqrt(5).
    seed : int
    name : str
        Of the layer, whose scores are its own.
    """
    stream = Stream(seed=seed, source=f"pruning.training.scores.{name}")
    initial = ((2.0 * stream.uniform(size) - 1.0) / math.sqrt(fan_in)).astype(np.float32)
    if method == "edge-popup":
        return EdgePopup(initial, round(keep * size))
    chance = Stream(seed=seed, source=f"pruning.training.chance.{name}")
    start = np.float32(math.log(keep / (1.0 - keep)))
    return Probabilistic(initial + start, chance, resampled=evaluation == "resampled")


class EdgePopup:
    """The weights of the largest scores in magnitude stay (Ramanujan et al. 2020).

    Parameters
    ----------
    scores : float32 array (size,)
    count : int
        How many stay, at least one.
    """

    def __init__(self, scores: _Floats, count: int) -> None:
        self.scores, self.velocity, self.mask = scores, np.zeros_like(scores), np.zeros_like(scores)
        self.top = TopShare(scores.size, max(count, 1))

    def draw(self, step: int) -> None:  # noqa: ARG002 - nothing is left to chance
        """The largest ones'."""
        self.top.choose(self.scores, self.mask)

    def draw_to_evaluate(self, epoch: int) -> None:
        """The largest ones'."""
        self.draw(epoch)

    def learn(self, gradient: _Floats, rate: float, momentum: float, decay: float) -> None:
        """The gradient of the mask times the score's sign, as the mask grows with its magnitude."""
        _learn_magnitudes(self.scores, self.velocity, gradient, *map(np.float32, (rate, momentum, decay)))


class Probabilistic:
    """Each weight stays with the probability that is the logistic function of its score (Zhou et al. 2019).

    Parameters
    ----------
    scores : float32 array (size,)
    chance : Stream
        Its word number k is the seed of the sample of step k.
    resampled : bool
        Whether what is tested is a sample, too, or what is more likely to stay than not.
    """

    def __init__(self, scores: _Floats, chance: Stream, *, resampled: bool = False) -> None:
        self.scores, self.velocity, self.mask = scores, np.zeros_like(scores), np.zeros_like(scores)
        self._chance, self._tests = chance, Stream(seed=chance.seed, source=f"{chance.source}.test")
        self._resampled = resampled
        self._probability = np.empty_like(scores)

    @property
    def probability(self) -> _Floats:
        """Of each weight to stay, (size,)."""
        np.negative(self.scores, out=self._probability)
        with np.errstate(over="ignore"):  # infinity leads to the right probability, 0
            np.exp(self._probability, out=self._probability)
        self._probability += np.float32(1.0)
        np.reciprocal(self._probability, out=self._probability)
        return self._probability

    def draw(self, step: int) -> None:
        """A sample."""
        self._sample(self._chance, step)

    def draw_to_evaluate(self, epoch: int) -> None:
        """A sample, or the likelier value of each."""
        if self._resampled:
            self._sample(self._tests, epoch)
        else:
            np.greater(self.scores, np.float32(0.0), out=self.mask, casting="unsafe")

    def learn(self, gradient: _Floats, rate: float, momentum: float, decay: float) -> None:
        """The gradient of the mask times the probability's slope, p (1 - p)."""
        numbers = map(np.float32, (rate, momentum, decay))
        _learn_probabilities(self.scores, self.velocity, gradient, self.probability, *numbers)

    def _sample(self, stream: Stream, number: int) -> None:
        generator = np.random.Generator(np.random.SFC64(int(stream.words(1, number)[0])))
        generator.random(out=self.mask, dtype=np.float32)
        np.less(self.mask, self.probability, out=self.mask, casting="unsafe")


@kernel
def _learn_magnitudes(
    scores: Any, velocity: Any, gradient: Any, rate: np.float32, momentum: np.float32, decay: np.float32
) -> None:
    """Stochastic gradient descent with momentum and weight decay, as PyTorch's, through the magnitude."""
    for i in range(scores.size):
        score = scores[i]
        slope = gradient[i] * (np.float32(score > 0) - np.float32(score < 0))
        moved = momentum * velocity[i] + (slope + decay * score)
        velocity[i] = moved
        scores[i] = score - rate * moved


@kernel
def _learn_probabilities(
    scores: Any,
    velocity: Any,
    gradient: Any,
    probability: Any,
    rate: np.float32,
    momentum: np.float32,
    decay: np.float32,
) -> None:
    """The same through the logistic function."""
    one = np.float32(1.0)
    for i in range(scores.size):
        slope = gradient[i] * probability[i] * (one - probability[i])
        moved = momentum * velocity[i] + (slope + decay * scores[i])
        velocity[i] = moved
        scores[i] -= rate * moved
