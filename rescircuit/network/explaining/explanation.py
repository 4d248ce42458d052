"""The result of :func:`rescircuit.explain`: a table, a story, and numbers for JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rescircuit.errors import InputError
from rescircuit.network.explaining.runs import Run
from rescircuit.network.text_table import text_table

if TYPE_CHECKING:
    from rescircuit.network.arrays import ArraySpec
    from rescircuit.network.explaining.suggestions import Suggestion

__all__ = ["CAUSES", "COLUMNS", "Explanation", "interval", "percent"]

# The effects in words.
CAUSES = {
    "programming": "programming",
    "calibration": "calibration",
    "stuck": "stuck cells",
    "temperature": "temperature",
    "drift": "drift",
    "switches": "switches",
    "wires": "wires",
    "amplifier": "amplifiers",
    "read_noise": "read noise",
    "thermal_noise": "thermal noise",
    "dac": "input converters",
    "adc": "output converters",
}
COLUMNS = ("cause", "alone", "without it", "share", "accuracy alone", "accuracy without it", "worst in")


@dataclass(frozen=True, kw_only=True, eq=False)
class Explanation:
    """Where a chip's loss comes from.

    Errors are those of the network's outputs, rms, relative to the digital outputs' rms.

    Attributes
    ----------
    spec : ArraySpec
        The arrays of the chip.
    compensation : tuple of str
        What its targets were compensated for.
    digital, together : Run
        None of the causes, and all of them.
    alone, without : mapping of str to Run
        Of each cause: it alone, and all but it.
    tile_lines : (int, int) or None
        The most word lines, and the most bit lines, that any tile has in use.
    tiles : tuple of int
        How many each layer with weights has.
    """

    spec: ArraySpec = field(repr=False)
    compensation: tuple[str, ...] = ()
    digital: Run
    together: Run
    alone: Mapping[str, Run]
    without: Mapping[str, Run]
    tile_lines: tuple[int, int] | None = None
    tiles: tuple[int, ...] = ()

    @property
    def causes(self) -> tuple[str, ...]:
        """The causes, in the order in which they act."""
        return tuple(self.alone)

    @property
    def layers(self) -> tuple[str, ...]:
        """The names of the layers with weights."""
        return tuple(layer.name for layer in self.together.layers)

    @property
    def sum_of_squares(self) -> float:
        """The root of the sum of the squares of the single causes' errors: what independent causes would make."""
        return math.sqrt(sum(run.error**2 for run in self.alone.values()))

    def share(self, cause: str) -> float:
        """The share of the squared error of all together that goes with this cause; below 0 where it offsets others."""
        together = self.together.error
        return 1.0 - (self.without[cause].error / together) ** 2 if together else 0.0

    def needed(self, cause: str) -> bool:
        """Whether answers get worse without a cause, by more than chance: cells were chosen with it in place, say.

        So it is where masks were trained with the wires in the loop. Against such a cause nothing is suggested.
        """
        return self.without[cause].fewer_right_than(self.together)

    def worst_layer(self, cause: str) -> int:
        """The number, among the layers with weights, of that in which this cause alone makes the largest own error."""
        errors = [layer.local for layer in self.alone[cause].layers]
        return errors.index(max(errors))

    @property
    def ranked(self) -> tuple[str, ...]:
        """The causes, that whose absence recovers most first."""
        return tuple(sorted(self.causes, key=lambda cause: (self.without[cause].error, -self.alone[cause].error)))

    def suggestions(self, cause: str) -> tuple[Suggestion, ...]:
        """What to change against a cause, with the changed arrays and what they are predicted to reach.

        Nothing, against a cause without which the answers get worse, see :meth:`needed`.

        Raises
        ------
        InputError
            For a cause that was not looked at.
        """
        from rescircuit.network.explaining.suggestions import suggestions

        if cause not in self.causes:
            raise InputError("cause", f"of {', '.join(self.causes) or 'none'}", cause)
        return suggestions(self, cause)

    @property
    def story(self) -> str:
        """What an engineer should know: which cause costs most, where, what to change, and what does not matter."""
        from rescircuit.network.explaining.story import story_of

        return story_of(self)

    @property
    def table(self) -> tuple[dict[str, Any], ...]:
        """A row for each cause, in numbers: see :data:`COLUMNS`."""
        return tuple(
            {
                "cause": cause,
                "error_alone": self.alone[cause].error,
                "error_without": self.without[cause].error,
                "share": self.share(cause),
                "accuracy_alone": self.alone[cause].accuracy,
                "accuracy_without": self.without[cause].accuracy,
                "worst_layer": self.layers[self.worst_layer(cause)],
                "worst_layer_error": self.alone[cause].layers[self.worst_layer(cause)].local,
            }
            for cause in self.causes
        )

    def columns(self) -> list[str]:
        """The heads of :meth:`rows`; those of accuracies only where there were labels."""
        return [name for name in COLUMNS if self.together.accuracy is not None or not name.startswith("accuracy")]

    def rows(self) -> list[list[str]]:
        """The table as texts: a row for each cause, then independent causes' sum, all together, and none."""
        labelled = self.together.accuracy is not None
        rows = []
        for row in self.table:
            accuracies = [row["accuracy_alone"], row["accuracy_without"]] if labelled else []
            rows.append(
                [
                    CAUSES[row["cause"]],
                    percent(row["error_alone"]),
                    percent(row["error_without"]),
                    f"{round(row['share'], 3) + 0.0:.1%}",  # no negative zero
                    *(f"{accuracy:.2%}" for accuracy in accuracies),
                    f"{row['worst_layer']}: {percent(row['worst_layer_error'])}",
                ]
            )
        gap = [""] * (len(self.columns()) - 2)
        rows.append(["root of the sum of squares", percent(self.sum_of_squares), *gap])
        for name, run in (("all together", self.together), ("digital", self.digital)):
            accuracy = [_accuracy(run), ""] if labelled else []
            rows.append([name, percent(run.error), "", "", *accuracy, ""])
        return rows

    def summary(self) -> str:
        """The table and the story as text."""
        return "\n".join([text_table([self.columns(), *self.rows()]), "", self.story])

    def as_dict(self) -> dict[str, Any]:
        """For JSON: all runs, the table and the story."""
        return {
            "inputs": self.together.inputs,
            "causes": list(self.causes),
            "layers": list(self.layers),
            "digital": self.digital.as_dict(),
            "together": self.together.as_dict(),
            "alone": {cause: run.as_dict() for cause, run in self.alone.items()},
            "without": {cause: run.as_dict() for cause, run in self.without.items()},
            "sum_of_squares": self.sum_of_squares,
            "table": list(self.table),
            "story": self.story,
        }


def percent(share: float) -> str:
    """Two digits of a share, in percent."""
    if share == 0 or share >= 0.0995:
        return f"{100 * share:.0f}%"
    return f"{100 * share:#.2g}%" if share >= 1e-5 else f"{100 * share:.0e}%"


def interval(run: Run) -> str:
    """The interval of 95 % of a run's accuracy, in words."""
    low, high = run.accuracy_interval or (0.0, 1.0)
    return f"{low:.1%} to {high:.1%}"


def _accuracy(run: Run) -> str:
    return "" if run.accuracy is None else f"{run.accuracy:.2%}, {interval(run)}"
