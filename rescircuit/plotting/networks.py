"""Pictures of networks on chips: where their losses come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rescircuit.errors import InputError
from rescircuit.network.explaining import CAUSES
from rescircuit.network.explaining.explanation import percent
from rescircuit.plotting.figures import COLOURS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from rescircuit.checks import Array
    from rescircuit.network.explaining import Explanation

__all__ = ["plot_explanation"]

_BAR = 0.36  # of the distance between two causes
_DECADES = 4  # of errors that are shown
_ROUNDING = 1e-12  # errors that are nothing else
_LEGIBLE = 12  # layers whose numbers can be written into the map


def plot_explanation(explanation: Explanation) -> list[Axes]:
    """A chip's loss by its causes, and the causes by layers.

    On the left, for each cause, the error of the outputs that it makes alone and what is left without it, beside the
    error of all together and what independent causes would make. On the right, the error that each cause alone makes
    in each layer with weights, which is fed with the digital network's activations.

    Parameters
    ----------
    explanation : Explanation
        With at least one cause.

    Returns
    -------
    list of matplotlib axes
        Of the bars, and of the map.

    Raises
    ------
    InputError
        For a chip without any cause of error.
    """
    from matplotlib import pyplot as plt

    causes, layers = explanation.causes, explanation.layers
    if not causes:
        raise InputError("explanation", "of a chip with at least one cause of error", "none")
    figure = plt.figure(
        figsize=(6.4 + min(1.0 + 0.75 * len(layers), 8.0), 2.0 + 0.55 * len(causes)), layout="constrained"
    )
    grid = figure.add_gridspec(1, 2, width_ratios=(5.2, min(1.0 + 0.75 * len(layers), 8.0)))
    bars = figure.add_subplot(grid[0, 0])
    panel = figure.add_subplot(grid[0, 1])
    _draw_bars(bars, explanation)
    _draw_map(figure, panel, explanation)
    return [bars, panel]


def _draw_bars(panel: Axes, explanation: Explanation) -> None:
    """Errors of the outputs on a logarithmic axis; those below what is shown are bars of no length."""
    causes = explanation.causes
    alone = np.array([explanation.alone[cause].error for cause in causes])
    without = np.array([explanation.without[cause].error for cause in causes])
    together, total = explanation.together.error, explanation.sum_of_squares
    largest = max(*alone, *without, together, total, 1e-300)
    low = _floor(np.concatenate([alone, without]), largest)
    places = np.arange(len(causes))
    panel.barh(places - 0.5 * _BAR, np.maximum(alone, low), _BAR, color=COLOURS[0], label="the cause alone")
    panel.barh(
        places + 0.5 * _BAR, np.maximum(without, low), _BAR, color="white", edgecolor=COLOURS[1], hatch="////",
        label="all but the cause",
    )  # fmt: skip
    for place, error in zip(places, alone, strict=True):
        inside = error > 10.0 * low
        panel.text(
            max(error, low), place - 0.5 * _BAR, f" {percent(error)} ", ha="right" if inside else "left", va="center",
            fontsize=7.5, color="white" if inside else "black",
        )  # fmt: skip
    panel.axvline(max(together, low), color="black", lw=1.4, label="all together")
    panel.axvline(max(total, low), color="black", lw=1.4, ls=":", label="if they were independent")
    panel.set_xscale("log")
    panel.set_xlim(low, 2.0 * largest)
    panel.set_yticks(places, [CAUSES[cause] for cause in causes])
    panel.set_ylim(len(causes) - 0.45, -0.55)
    panel.set_xlabel("error of the outputs / their rms")
    panel.set_title(_title(explanation), fontsize=10)
    panel.grid(True, which="major", axis="x", alpha=0.3)
    panel.set_axisbelow(True)
    panel.figure.legend(
        *panel.get_legend_handles_labels(), loc="outside lower left", ncols=4, fontsize=8, frameon=False
    )


def _draw_map(figure: Figure, panel: Axes, explanation: Explanation) -> None:
    """Cause by layer, the cause alone in that layer alone."""
    from matplotlib.colors import LogNorm

    errors = np.array([[layer.local for layer in run.layers] for run in explanation.alone.values()])
    largest = float(errors.max(initial=0.0)) or 1.0
    low = _floor(errors.ravel(), largest)
    image = panel.imshow(np.maximum(errors, low), norm=LogNorm(low, largest), cmap="cividis", aspect="auto")
    panel.set_xticks(range(len(explanation.layers)), explanation.layers, rotation=40, ha="right", fontsize=8)
    panel.set_yticks(range(len(explanation.causes)), [""] * len(explanation.causes))
    panel.set_title("each cause in each layer alone", fontsize=10)
    figure.colorbar(image, ax=panel, label="error of the layer's output / its rms", shrink=0.95, aspect=30)
    if len(explanation.layers) <= _LEGIBLE:
        middle = np.sqrt(low * largest)
        for (row, column), error in np.ndenumerate(errors):
            colour = "black" if error > middle else "white"
            panel.text(
                column,
                row,
                percent(error if error > _ROUNDING else 0.0),
                ha="center",
                va="center",
                fontsize=7.5,
                color=colour,
            )


def _floor(errors: Array, largest: float) -> float:
    """Where a logarithmic axis begins: below the least error that is shown."""
    shown = errors[errors > largest * 10.0**-_DECADES]
    return 0.5 * float(shown.min()) if shown.size else 0.1 * largest


def _title(explanation: Explanation) -> str:
    together, digital = explanation.together, explanation.digital
    if together.accuracy is None or digital.accuracy is None:
        return f"{together.inputs:,} inputs"
    return f"{together.inputs:,} inputs: {together.accuracy:.2%} right, digitally {digital.accuracy:.2%}"
