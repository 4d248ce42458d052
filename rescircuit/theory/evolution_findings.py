"""What the experiment on neural-net evolution has found, beside the theory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from rescircuit.checks import Array
from rescircuit.tables import Table, figure
from rescircuit.theory.findings import range_text
from rescircuit.theory.vector_rows import (
    VectorError,
    columns_of,
    finite_row,
    items_needed,
    limits_text,
    needed_table,
    reached_table,
)

__all__ = ["EvolutionError", "EvolutionFindings"]

_SPARSE = (
    "Of sparse genes those that are all zero are left out of the prediction, but others still change few weights, or "
    "none by much, so that genotypes come in clumps: the prediction is too low, the more so the fewer the weights."
)


@dataclass(frozen=True, kw_only=True)
class EvolutionError(VectorError):
    """Errors of the best genotypes of n genes, for networks of one shape; of the weights, unless said otherwise.

    Attributes
    ----------
    name : str
        ``"LAYERSxWIDTH"``; `d` is the number of weights.
    layers, width : int
    worst, worst_low, worst_high, worst_given_total : float
        The median error of the worst of a sample's networks, its limits, and as predicted.
    output, output_low, output_high : float
        The median of the largest error of an output over the inputs, and its limits.
    output_bound : float
        What a weight error of the median can do to an output, at most.
    within_bound : bool
        Whether no network's output was further off than its own weight error allows.
    """

    layers: int
    width: int
    worst: float
    worst_low: float
    worst_high: float
    worst_given_total: float
    output: float
    output_low: float
    output_high: float
    output_bound: float
    within_bound: bool


@dataclass(frozen=True, kw_only=True, eq=False)
class EvolutionFindings:
    """Errors of genotypes against the number of genes.

    Attributes
    ----------
    law : str
        Of the genes.
    beta : float or None
        Of the sparse law.
    networks, inputs, samples, seed : int
    errors : tuple of EvolutionError
        For each shape of a network and number of genes.
    """

    law: str
    beta: float | None
    networks: int
    inputs: int
    samples: int
    seed: int
    errors: tuple[EvolutionError, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Of the networks' shapes."""
        return tuple(dict.fromkeys(each.name for each in self.errors))

    def of(self, name: str) -> list[EvolutionError]:
        """Errors by number of genes."""
        return [each for each in self.errors if each.name == name]

    def tables(self) -> tuple[Table, ...]:
        """Errors of weights, of the worst network and of outputs; probabilities; genes needed."""
        needed = [items_needed(self.of(name), at.epsilon) for name in self.names for at in self.of(name)[0].reached]
        return (
            self._weight_table(),
            self._output_table(),
            reached_table(self.errors, "network"),
            needed_table(needed, "network", "genes"),
        )

    def remarks(self) -> tuple[str, ...]:
        """What agrees, and what deviates."""
        genes = "standard normal" if self.beta is None else f"uniform with probability {self.beta:g}, else 0"
        single = np.array([each.median / each.given_total for each in self.errors])
        worst = np.array([each.worst / each.worst_given_total for each in self.errors])
        held = all(each.within_bound for each in self.errors)
        return (
            (
                f"{self.samples} samples of genes ({genes}) a point, {self.networks} networks each, seed {self.seed}; "
                "every genotype was considered; limits hold 95 %."
            ),
            (
                f"The median error of a network's weights is {range_text(single)} times that "
                f"predicted given the genes' total, that of the worst of {self.networks} networks "
                f"{range_text(worst)} times."
            ),
            (
                f"{'No' if held else 'Some'} output, over {self.inputs} inputs, is further off than the error of its "
                "network's weights allows."
            ),
            *([] if self.beta is None else [_SPARSE]),
        )

    def arrays(self) -> dict[str, Array]:
        """Columns of the errors."""
        return {f"errors_{name}": column for name, column in columns_of(self.errors, ("name", "reached")).items()}

    def as_dict(self) -> dict[str, Any]:
        """Settings and all figures, for JSON."""
        return {
            "experiment": "theory evolution",
            "law": self.law,
            "beta": self.beta,
            "networks": self.networks,
            "inputs": self.inputs,
            "samples": self.samples,
            "seed": self.seed,
            "errors": [finite_row(asdict(each)) for each in self.errors],
        }

    def _weight_table(self) -> Table:
        rows = [
            (
                each.name,
                str(each.d),
                str(each.n),
                figure(each.median),
                limits_text(each.low, each.high),
                figure(each.given_total),
                f"{each.median / each.given_total:.2f}",
                figure(each.first_moment),
                figure(each.covering),
            )
            for each in self.errors
        ]
        columns = ("network", "weights", "genes", "median error", "limits", "given the total", "ratio")
        return _table("Error of the weights, largest of a network", (*columns, "first moment", "no less than"), rows)

    def _output_table(self) -> Table:
        rows = [
            (
                each.name,
                str(each.n),
                figure(each.worst),
                limits_text(each.worst_low, each.worst_high),
                figure(each.worst_given_total),
                figure(each.output),
                limits_text(each.output_low, each.output_high),
                figure(each.output_bound),
            )
            for each in self.errors
        ]
        columns = ("network", "genes", f"worst of {self.networks}", "limits", "given the total", "output", "limits")
        return _table("Weights of the worst network, and error of the outputs", (*columns, "at most"), rows)


def _table(title: str, columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Table:
    return Table(title=title, columns=columns, rows=tuple(rows))
