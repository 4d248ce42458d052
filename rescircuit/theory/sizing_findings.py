"""What a population of components needs for an accuracy and a yield, by simulation and by rule."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from rescircuit.checks import Array
from rescircuit.tables import Table, figure
from rescircuit.theory.findings import known, with_limits
from rescircuit.theory.sizing_points import RequiredSize, SizePoint, Yield
from rescircuit.theory.sizing_rule import SizingRule

__all__ = ["SizingFindings", "Trial"]


@dataclass(frozen=True, kw_only=True)
class Trial:
    """The rule tried on samples that it was not fitted to.

    Attributes
    ----------
    accuracy, asked : float
        What was asked of the rule.
    reached : Yield
        Of the rule's number of components.
    one_less : Yield or None
        Of one less.
    """

    accuracy: float
    asked: float
    reached: Yield
    one_less: Yield | None


@dataclass(frozen=True, kw_only=True, eq=False)
class SizingFindings:
    """What a population needs, by simulation and by rule.

    Attributes
    ----------
    name : str
        Of the population.
    span : (float, float)
        The range of targets, in full scales.
    required : RequiredSize
    points : tuple of SizePoint
    rule : SizingRule
    trials : tuple of Trial
    yields : tuple of float
    samples, seed : int
        Of each point; trials are of the next seed.
    """

    name: str
    span: tuple[float, float]
    required: RequiredSize
    points: tuple[SizePoint, ...]
    rule: SizingRule
    trials: tuple[Trial, ...]
    yields: tuple[float, ...]
    samples: int
    seed: int

    def tables(self) -> tuple[Table, ...]:
        """The accuracy by n and yield, the rule's trials, and what was asked for."""
        return self._accuracy_table(), self._trial_table(), self._required_table()

    def remarks(self) -> tuple[str, ...]:
        """The rule, and how it did."""
        rule, required = self.rule, self.required
        kept = sum(trial.reached.limits[1] >= trial.asked for trial in self.trials)
        less = [(trial.asked, trial.one_less) for trial in self.trials if trial.one_less is not None]
        tight = sum(seen.limits[1] < asked for asked, seen in less)
        settings = (
            f"{self.samples} banks of each size, seed {self.seed}; limits at 95 %. Targets from {self.span[0]:g} to "
            f"{self.span[1]:g} of full scale; the accuracy holds for the worst of them. Beside it stands what as many "
            "independent points of the sums' density would reach."
        )
        fitted = (
            f"Rule for {self.name}: {rule}; for accuracies from {rule.accuracies[0]:.2g} to "
            f"{rule.accuracies[1]:.2g} and yields from {rule.yields[0]:g} to {rule.yields[1]:g}."
        )
        terms = (
            f"A bit of accuracy takes {rule.per_bit:.3f} +- {rule.per_bit_bar:.3f} components, of which 1 is the least "
            f"there can be, and half as many bad banks {rule.per_halving:.3f} +- {rule.per_halving_bar:.3f}; "
            f"{rule.margin:.2f} are added, as the fit falls short by so much where it does most."
        )
        tried = (
            f"On banks of seed {self.seed + 1} the rule's sizes agree with the yield asked for, or exceed it, in "
            f"{kept} of {len(self.trials)} trials; in {tight} of them one component less surely does not."
        )
        asked = (
            f"An accuracy of {required.accuracy:g} at a yield of {required.asked:g} takes {required.n} components; "
            f"fewer than {required.least} cannot do, as their sums do not cover the range."
        )
        return settings, fitted, terms, tried, asked

    def arrays(self) -> dict[str, Array]:
        """The worst errors by n, such as ``worst_12``."""
        return {f"worst_{point.n}": point.worst for point in self.points}

    def as_dict(self) -> dict[str, Any]:
        """Settings and figures."""
        return {
            "experiment": "theory sizing",
            "population": self.name,
            "span": list(self.span),
            "samples": self.samples,
            "seed": self.seed,
            "required": {
                "n": self.required.n,
                "accuracy": self.required.accuracy,
                "yield": self.required.asked,
                "least": self.required.least,
                "reached": _as_dict(self.required.reached),
                "one_less": _as_dict(self.required.one_less),
            },
            "rule": asdict(self.rule),
            "points": [
                {
                    "n": point.n,
                    "accuracies": [
                        {
                            "yield": asked,
                            "measured": [known(value) for value in point.accuracy(asked)],
                            "predicted": known(point.predicted(asked)),
                        }
                        for asked in self.yields
                    ],
                }
                for point in self.points
            ],
            "trials": [
                {
                    "accuracy": trial.accuracy,
                    "yield": trial.asked,
                    "reached": _as_dict(trial.reached),
                    "one_less": _as_dict(trial.one_less),
                }
                for trial in self.trials
            ],
        }

    def _accuracy_table(self) -> Table:
        rows = []
        for point in self.points:
            cells = [f"n = {point.n}"]
            for asked in self.yields:
                cells += [with_limits(*point.accuracy(asked)), figure(known(point.predicted(asked)))]
            rows.append(tuple(cells))
        columns = ("", *(text for asked in self.yields for text in (f"yield {100 * asked:g} %", "random points")))
        title = f"Accuracy of the worst target, of full scale: {self.name}"
        return Table(title=title, columns=columns, rows=tuple(rows))

    def _trial_table(self) -> Table:
        rows = tuple(
            (
                f"{trial.accuracy:.3g}",
                f"{100 * trial.asked:g} %",
                str(trial.reached.n),
                str(trial.reached),
                "" if trial.one_less is None else str(trial.one_less),
            )
            for trial in self.trials
        )
        columns = ("accuracy", "yield asked for", "rule's n", "yield on fresh banks", "with one less")
        return Table(title="The rule on banks that it was not fitted to", columns=columns, rows=rows)

    def _required_table(self) -> Table:
        found = self.required
        rows = [(f"accuracy {found.accuracy:g}, yield {100 * found.asked:g} %", str(found.n), str(found.reached))]
        if found.one_less is not None:
            rows.append(("one less", str(found.one_less.n), str(found.one_less)))
        return Table(title="The size asked for", columns=("", "n", "yield, simulated"), rows=tuple(rows))


def _as_dict(seen: Yield | None) -> dict[str, Any] | None:
    if seen is None:
        return None
    return {"n": seen.n, "good": seen.good, "samples": seen.samples, "share": seen.share, "limits": list(seen.limits)}
