"""Experiment 2 of Pensia et al. (2020), section 5 and figure 4: random networks pruned by edge-popup.

Two- and four-layer networks of 500 units and the dense layers of LeNet-5 are made of the structures of figure 1c, with
five pairs of random numbers for each weight, or of wide random layers with as many weights. Edge-popup looks for the
ones that stay. The paper shows accuracies over the number of parameters in a figure, without numbers.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rescircuit.reproductions.pruned_curves import NAME, Curve, Plan, Point, Trainings
from rescircuit.reproductions.pruned_series import SERIES, Architecture
from rescircuit.reproductions.runs import Reproduction, Run
from rescircuit.tables import Table, spread

__all__ = ["FULL", "QUICK", "REPRODUCTION", "PensiaExperiment2"]

_TEST_IMAGES = 10_000


QUICK = Plan()
FULL = Plan(
    keeps=(0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9),
    epochs=(10, 20, 30, 50, 100),
    sweep_epochs=10,
    dense_epochs=None,
)


@dataclass(frozen=True, kw_only=True)
class PensiaExperiment2:
    """What the reproduction found.

    Attributes
    ----------
    plan : Plan
    dense : dict of str to Point
        The networks whose weights are trained, by the architecture's name.
    curves : tuple of Curve
    images : int
    """

    plan: Plan
    dense: dict[str, Point]
    curves: tuple[Curve, ...]
    images: int

    def tables(self) -> tuple[Table, ...]:
        """A table for each network: its best points, and its curves."""
        return tuple(self._table(each) for each in self.plan.architectures)

    def remarks(self) -> tuple[str, ...]:
        """What agrees, what deviates, and why."""
        plan, seeds = self.plan, len(self.curves[0].points[0].samples)
        lines = [
            (
                f"{seeds} seed{'s' if seeds > 1 else ''}, {self.images:,} test images; an "
                "accuracy is the best of its epochs on the test images themselves, as in the published protocol, and "
                f"so a little too good: after the last epoch it is {self._optimism:.2%} less in the mean."
            ),
            (
                "The paper has these curves as a picture without numbers, so only their order can be compared. It does "
                "not say how images are normalised (here by MNIST's mean and deviation), nor which LeNet-5 it takes "
                "(here the one with 784 inputs to the first dense layer)."
            ),
            *map(self._in_words, plan.architectures),
            (
                "Ours are not in the paper. In the fully connected networks of ours the weights are twice as large as "
                "Kaiming's: few weights that stay add up to little, and outputs that are too small decide nothing."
            ),
        ]
        if plan.epochs != FULL.epochs:
            lines.append(
                f"This is the quick setting, {_listed(plan.epochs)} epochs; the paper's best of {_listed(FULL.epochs)} "
                "epochs is the full one (--full)."
            )
        elif plan.sweep_epochs < max(plan.epochs):
            lines.append(
                f"Curves are swept with {plan.sweep_epochs} epochs, and {_listed(plan.epochs[1:])} epochs are trained "
                "at each curve's best share only; the paper trains all."
            )
        if self.images < _TEST_IMAGES:
            lines.append(f"The first {self.images:,} test images stand for all {_TEST_IMAGES:,}.")
        return tuple(lines)

    def draw(self, folder: Path) -> list[Path]:
        """Figure 4: accuracy over parameters, a panel for each network."""
        from rescircuit.reproductions.pictures import draw_pruned

        panels = {}
        for architecture in self.plan.architectures:
            curves = {
                each.series: (
                    [point.parameters for point in each.points],
                    [[sample.accuracy for sample in point.samples] for point in each.points],
                    each.published,
                )
                for each in self._of(architecture)
            }
            dense = self.dense[architecture.name]
            panels[architecture.name] = curves, (dense.parameters, dense.accuracy)
        return [draw_pruned(folder / f"{NAME}.png", panels)]

    def as_dict(self) -> dict[str, Any]:
        """All of it."""
        return {
            "plan": asdict(self.plan),
            "dense": {name: asdict(point) for name, point in self.dense.items()},
            "curves": [asdict(each) for each in self.curves],
        }

    @property
    def _optimism(self) -> float:
        """How much higher the best epoch is than the last, in the mean."""
        samples = [sample for curve in self.curves for point in curve.points for sample in point.samples]
        return float(np.mean([each.accuracy - each.last for each in samples]))

    def _of(self, architecture: Architecture) -> list[Curve]:
        return [each for each in self.curves if each.architecture == architecture.name]

    def _table(self, architecture: Architecture) -> Table:
        keeps = self.plan.keeps
        dense = self.dense[architecture.name]
        blank = ("",) * (len(keeps) - 1)
        best = spread(each.accuracy for each in dense.samples)
        rows: list[tuple[str, ...]] = [
            (
                "trained weights",
                f"{dense.parameters:,}",
                best,
                spread(each.last for each in dense.samples),
                f"{dense.parameters:,}",
                str(dense.epochs),
                "",
                *blank,
            )
        ]
        for curve in self._of(architecture):
            point = curve.best
            rows.append(
                (
                    curve.series,
                    f"{point.samples[0].size:,}",
                    spread(each.accuracy for each in point.samples),
                    spread(each.last for each in point.samples),
                    f"{point.parameters:,}",
                    str(point.epochs),
                    *(f"{100 * each.accuracy:.2f}" for each in curve.points),
                )
            )
        columns = (
            "",
            "random weights",
            "best, %",
            "after the last epoch, %",
            "with",
            "epochs",
            *(f"keep {keep:.0%}" for keep in keeps),
        )
        return Table(
            title=f"Accuracy of the epoch that is best on the test images, {architecture.name}",
            columns=columns,
            rows=tuple(rows),
        )

    def _in_words(self, architecture: Architecture) -> str:
        """The order of the curves, and the paper's."""
        curves = {each.series: each for each in self._of(architecture)}
        identity, relu = (curves.get(SERIES[k].name) for k in (0, 1))
        ranked = sorted(curves.values(), key=lambda each: -each.best.accuracy)
        best = ranked[0].best
        text = (
            f"{architecture.name}: the best is '{ranked[0].series}' with {best.accuracy:.2%} "
            f"({best.parameters:,} weights stay), trained weights reach "
            f"{self.dense[architecture.name].accuracy:.2%}."
        )
        if identity and relu:
            few, also = identity.points[0], relu.points[0]
            sign = "as the paper finds" if also.accuracy < few.accuracy else "other than the paper finds"
            text += (
                f" With the fewest parameters the structure reaches {few.accuracy:.2%} with the identity and "
                f"{also.accuracy:.2%} with the ReLU, {sign}."
            )
        return text


def run(given: Run) -> PensiaExperiment2:
    """Train the networks, and prune the random ones."""
    return run_plan(given, FULL if given.full else QUICK)


def run_plan(given: Run, plan: Plan) -> PensiaExperiment2:
    """The same with other sizes."""
    trainings = Trainings(given, plan)
    dense: dict[str, Point] = {}
    curves: list[Curve] = []
    for architecture in plan.architectures:
        curves += [trainings.curve(architecture, series) for series in plan.series if series.fits(architecture)]
        dense[architecture.name] = trainings.dense(architecture)
    return PensiaExperiment2(plan=plan, dense=dense, curves=tuple(curves), images=given.images)


def _listed(numbers: tuple[int, ...]) -> str:
    return ", ".join(map(str, numbers))


REPRODUCTION = Reproduction(
    name=NAME,
    title="Random networks pruned by edge-popup: structures of subset sums and wide layers",
    source="Pensia et al. (2020), Optimal lottery tickets via subset sum, section 5, experiment 2 and figure 4",
    needs="mnist; and PyTorch",
    seeds=1,
    images=10_000,
    run=run,
    has_full=True,
)
