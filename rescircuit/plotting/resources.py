"""What a result costs in parts: accuracies against numbers of devices and of bits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rescircuit.checks import Array
from rescircuit.plotting.figures import COLOURS, new_axes

__all__ = ["Line", "plot_resources"]

_MARKS = "osD^v<>P"
_TICKS = (90, 70, 50, 30, 20, 15, 10, 7, 5, 4, 3, 2.5, 2, 1.5, 1, 0.5, 0.2, 0.1)  # errors, percent


@dataclass(frozen=True, kw_only=True, eq=False)
class Line:
    """One way to make a thing, in several sizes.

    Attributes
    ----------
    label : str
    family : int
        Lines of one family have one colour.
    costs : array (k,)
        Of each size; empty where this way has no such cost.
    shares : array (k, s)
        The result of each size, 0 to 1, of s samples.
    tests : int
        That each result is the share of.
    """

    label: str
    family: int
    costs: Array
    shares: Array
    tests: int


def plot_resources(panels: Sequence[tuple[str, str, Sequence[Line]]], columns: int) -> Any:
    """A panel for each (title, name of the cost, lines).

    Points are means; bars a standard error of the tests, or from the least to the largest of the samples where that is
    more. Accuracies stand as far from 100 % as the logarithm of the error: near it every tenth of a percent counts.

    Returns
    -------
    array of Axes
    """
    rows = -(-len(panels) // columns)
    axes = np.atleast_1d(new_axes(rows, columns, figsize=(6.2 * columns, 4.8 * rows))).ravel()
    errors = np.concatenate([_errors(line.shares).ravel() for _, _, lines in panels for line in lines])
    for panel, (title, cost, lines) in zip(axes, panels, strict=False):
        marks: dict[int, int] = {}
        for line in lines:
            mark = marks[line.family] = marks.get(line.family, -1) + 1
            if line.costs.size:
                _draw(panel, line, _MARKS[mark % len(_MARKS)])
        _scale(panel, float(errors.min()), float(errors.max()))
        panel.set_xlabel(cost)
        panel.set_ylabel("accuracy, %")
        panel.set_title(title, fontsize=10)
        panel.grid(True, which="both", alpha=0.25)
    for panel in axes[len(panels) :]:
        panel.set_axis_off()
    handles, labels = axes[0].get_legend_handles_labels()
    figure = axes[0].figure
    figure.legend(handles, labels, fontsize=8, loc="outside lower center", ncols=3)
    return axes


def _errors(shares: Array) -> Array:
    """Percent, at least a hundredth."""
    return np.maximum(100.0 * (1.0 - shares), 0.01)


def _scale(panel: Any, least: float, most: float) -> None:
    """Logarithmic axes, whose ticks up the side are accuracies."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter, NullLocator

    panel.set_xscale("log")
    panel.xaxis.set_minor_formatter(NullFormatter())
    panel.set_yscale("log")
    panel.set_ylim(1.15 * most, 0.85 * least)
    panel.yaxis.set_major_locator(FixedLocator(_TICKS))
    panel.yaxis.set_minor_locator(NullLocator())
    panel.yaxis.set_major_formatter(FuncFormatter(lambda error, _: f"{100 - error:g}"))


def _draw(panel: Any, line: Line, mark: str) -> None:
    errors = _errors(line.shares)
    means = _errors(line.shares.mean(axis=1))
    spread = np.sqrt(means * (100.0 - means) / line.tests)
    reach = np.maximum([means - errors.min(axis=1), errors.max(axis=1) - means], spread)
    panel.errorbar(
        line.costs,
        means,
        yerr=reach,
        fmt=f"{mark}-",
        ms=5,
        lw=1.2,
        capsize=3,
        color=COLOURS[line.family % len(COLOURS)],
        mfc="white",
        label=line.label,
    )
