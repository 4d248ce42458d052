"""Pictures of how a bank's number of components follows from accuracy and yield."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rescircuit.plotting.figures import COLOURS, new_axes

if TYPE_CHECKING:
    from rescircuit.theory.sizing_findings import SizingFindings

__all__ = ["plot_sizing", "plot_yields"]

_MARKERS = "osD^"
_ASIDE = 0.9  # by which trials of one accuracy stand apart, that they may be seen


def plot_sizing(findings: SizingFindings) -> Any:
    """The number of components against the accuracy, for each yield: measured, by the rule, and the least possible.

    Returns
    -------
    Axes
    """
    axes = new_axes(figsize=(7.5, 5.0))
    sizes = np.array([point.n for point in findings.points], dtype=np.float64)
    fine, coarse = findings.rule.accuracies
    line = np.geomspace(0.7 * fine, min(1.4 * coarse, 0.5), 50)
    for k, asked in enumerate(findings.yields):
        colour = COLOURS[k % len(COLOURS)]
        values, low, high = np.array([point.accuracy(asked) for point in findings.points]).T
        bars = [np.clip(values - low, 0, None), np.where(np.isfinite(high), high - values, 0.0)]
        marker = _MARKERS[k % len(_MARKERS)]
        label = f"yield {100 * asked:g} %"
        axes.errorbar(values, sizes, xerr=bars, fmt=marker, color=colour, markersize=5, capsize=2, label=label)
        axes.plot(line, [findings.rule.exact(each, asked) for each in line], color=colour, linewidth=1)
    axes.plot([], [], color="grey", linewidth=1, label="the rule, before margin and rounding")
    width = findings.span[1] - findings.span[0]
    axes.plot(line, np.log2(width / (2.0 * line)), color="black", linestyle=":", label="least that covers the range")
    found = findings.required
    label = f"{found.accuracy:g} at {100 * found.asked:g} %: n = {found.n}"
    axes.plot([found.accuracy], [found.n], "*", color="black", markersize=13, label=label)
    axes.set_xscale("log")
    axes.invert_xaxis()
    axes.set(xlabel="accuracy of the worst target, of full scale", ylabel="components n")
    axes.set_title(f"{findings.name}, targets from {findings.span[0]:g} to {findings.span[1]:g} of full scale")
    axes.yaxis.get_major_locator().set_params(integer=True)
    axes.grid(alpha=0.3)
    axes.legend(fontsize=9)
    return axes


def plot_yields(findings: SizingFindings) -> Any:
    """The yield against the accuracy for each number of components, and the rule's trials on fresh banks.

    Returns
    -------
    Axes
    """
    axes = new_axes(figsize=(7.5, 4.8))
    for k, point in enumerate(findings.points):
        colour = COLOURS[k % len(COLOURS)]
        errors = np.sort(point.worst)
        axes.plot(errors, np.arange(1, errors.size + 1) / errors.size, color=colour, linewidth=1.2)
        axes.annotate(
            f"n = {point.n}", (np.median(errors), 0.5), (3, 0), "data", "offset points", fontsize=8, color=colour
        )
    axes.plot([], [], color="grey", label="measured, for each n")
    axes.plot([], [], "_", color="black", markersize=14, label="asked of the rule (trials set apart)")
    for k, asked in enumerate(findings.yields):
        style = {"fmt": _MARKERS[k % len(_MARKERS)], "color": "black", "markersize": 4, "capsize": 3}
        label = f"fresh banks, {100 * asked:g} % asked"
        for trial in (each for each in findings.trials if each.asked == asked):
            low, high = trial.reached.limits
            share, x = trial.reached.share, trial.accuracy * _ASIDE**k
            axes.errorbar([x], [share], yerr=[[share - low], [high - share]], label=label, **style)
            axes.plot([x, x], [asked, share], ":", color="black", linewidth=0.8)
            axes.plot([x], [asked], "_", color="black", markersize=9)
            label = None
    axes.set_xscale("log")
    axes.invert_xaxis()
    axes.set(xlabel="accuracy of the worst target, of full scale", ylabel="yield")
    axes.set_title(findings.name)
    axes.grid(alpha=0.3)
    axes.legend(fontsize=9, loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=3)
    return axes
