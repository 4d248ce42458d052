"""Accuracies of pruned networks along the shares of weights that stay, each training a piece of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from rescircuit.reproductions.pruned_series import (
    ARCHITECTURES,
    SERIES,
    Architecture,
    Images,
    Series,
    Trained,
    train_dense,
    train_series,
)
from rescircuit.reproductions.runs import Run

__all__ = ["NAME", "Curve", "Plan", "Point", "Trainings"]

NAME = "pensia-experiment-2"  # of the reproduction that they belong to


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The sizes of the experiment.

    Attributes
    ----------
    architectures : tuple of Architecture
    series : tuple of Series
    pairs : int
        Of random numbers for each weight.
    keeps : tuple of float
        The shares that stay, along each curve.
    epochs : tuple of int
        Trainings of so many, of which the best counts.
    sweep_epochs : int
        A whole curve is trained for so many; for the others only its best share.
    dense_epochs : int or None
        At most so many for the networks whose weights are trained.
    training_images : int or None
        How many to train on; ``None`` for all.
    """

    architectures: tuple[Architecture, ...] = ARCHITECTURES
    series: tuple[Series, ...] = SERIES
    pairs: int = 5
    keeps: tuple[float, ...] = (0.1, 0.3, 0.5, 0.7)
    epochs: tuple[int, ...] = (2,)
    sweep_epochs: int = 2
    dense_epochs: int | None = 5
    training_images: int | None = None


@dataclass(frozen=True, kw_only=True)
class Point:
    """A share that stays, and what it gave.

    Attributes
    ----------
    keep : float
    epochs : int
        Of the training that was best.
    samples : tuple of Trained
        One for each seed.
    """

    keep: float
    epochs: int
    samples: tuple[Trained, ...]

    @property
    def accuracy(self) -> float:
        """The mean of the seeds' best."""
        return float(np.mean([each.accuracy for each in self.samples]))

    @property
    def parameters(self) -> int:
        """Weights that stay."""
        return self.samples[0].parameters


@dataclass(frozen=True, kw_only=True)
class Curve:
    """A network's accuracies along the shares that stay.

    Attributes
    ----------
    architecture, series : str
    published : bool
        Whether the paper has it.
    points : tuple of Point
    """

    architecture: str
    series: str
    published: bool
    points: tuple[Point, ...]

    @property
    def best(self) -> Point:
        """Of the highest accuracy."""
        return max(self.points, key=lambda each: each.accuracy)


class Trainings:
    """What is trained, one piece each.

    Parameters
    ----------
    given : Run
    plan : Plan
    """

    def __init__(self, given: Run, plan: Plan) -> None:
        self.given, self.plan = given, plan
        self.images = Images(given, plan.training_images)
        self.common = {
            "reproduction": NAME,
            "on": plan.training_images,
            "images": given.images,
            "data": self.images.digest,
        }

    def dense(self, architecture: Architecture) -> Point:
        """The network with all its weights trained."""
        epochs = min(architecture.dense_epochs, self.plan.dense_epochs or architecture.dense_epochs)
        samples = []
        for seed in self._seeds():
            settings = {**self.common, "architecture": architecture.key, "dense": epochs, "seed": seed}
            tell = self._teller(f"{architecture.name}, trained weights", epochs)
            samples.append(
                self.given.pieces.kept(
                    settings, lambda s=seed, t=tell: train_dense(architecture, epochs, s, self.images, t)
                )
            )
        return Point(keep=1.0, epochs=epochs, samples=tuple(Trained(**each) for each in samples))

    def curve(self, architecture: Architecture, series: Series) -> Curve:
        """A random network in its place along the shares that stay; longer trainings at the best of them."""
        plan = self.plan
        points = [self.point(architecture, series, keep, plan.sweep_epochs) for keep in plan.keeps]
        best = max(range(len(points)), key=lambda k: points[k].accuracy)
        for epochs in plan.epochs:
            other = self.point(architecture, series, plan.keeps[best], epochs)
            if other.accuracy > points[best].accuracy:
                points[best] = other
        return Curve(
            architecture=architecture.name, series=series.name, published=series.published, points=tuple(points)
        )

    def point(self, architecture: Architecture, series: Series, keep: float, epochs: int) -> Point:
        """One share that stays, after so many epochs."""
        samples = []
        for seed in self._seeds():
            what = {"architecture": architecture.key, "series": series.key(architecture), "pairs": self.plan.pairs}
            settings = {**self.common, **what, "keep": keep, "epochs": epochs, "seed": seed}
            tell = self._teller(f"{architecture.name}, {series.name}, {keep:.0%} stay", epochs)

            def train(seed: int = seed, tell: Any = tell) -> dict[str, Any]:
                return train_series(
                    architecture,
                    series,
                    pairs=self.plan.pairs,
                    keep=keep,
                    epochs=epochs,
                    seed=seed,
                    images=self.images,
                    given=self.given,
                    report=tell,
                )

            samples.append(Trained(**self.given.pieces.kept(settings, train)))
        return Point(keep=keep, epochs=epochs, samples=tuple(samples))

    def _seeds(self) -> Iterator[int]:
        yield from range(self.given.seeds)

    def _teller(self, what: str, epochs: int) -> Any:
        self.given.tell(what, 0, epochs)
        return lambda done: self.given.tell(what, done, epochs)
