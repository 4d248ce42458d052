"""Pictures of quantised subset sums: the step, its window, and what an instance's own sum says of its chance."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rescircuit.plotting.figures import COLOURS, new_axes, save_figure
from rescircuit.plotting.theory.points import POINTS, plot_shares, shades
from rescircuit.theory.intervals import wilson_interval
from rescircuit.theory.partition_theory import critical_ratio
from rescircuit.theory.quantised_theory import (
    leading_bounds,
    rate_of_instance,
    subset_sum_limit,
    subset_sum_probability,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from rescircuit.theory.quantised_findings import QuantisedFindings

__all__ = ["draw_quantised_sums", "plot_given_totals", "plot_steps", "plot_subset_window"]

_STEPS = 60  # of a curve
_BINS = np.linspace(-3.0, 3.0, 13)  # of h
_LEAST = 10  # instances in a bin, to be drawn


def draw_quantised_sums(findings: QuantisedFindings, folder: Path) -> list[Path]:
    """Write the pictures into `folder`."""
    count = len(findings.targets)
    axes = np.atleast_1d(new_axes(1, count, figsize=(max(6.0 * count, 7.0), 4.8)))
    for share, panel in zip(findings.targets, axes, strict=True):
        plot_steps(findings, share, panel)
    written = [save_figure(list(axes), folder / "probability.png")]
    axes = new_axes(1, 2, figsize=(12, 4.8))
    plot_subset_window(findings, axes[0])
    plot_given_totals(findings, axes[1])
    return [*written, save_figure(axes, folder / "window.png")]


def plot_steps(findings: QuantisedFindings, share: float, axes: Axes | None = None) -> Axes:
    """The probability that a subset sums to a target, against kappa, with the curves at finite n."""
    panel: Axes = new_axes() if axes is None else axes
    panel.plot([0, 1, 1, 2], [1, 1, 0, 0], color="black", linestyle="--", linewidth=1.2, label="limit n → ∞")
    for n, colour in zip(findings.sizes, shades(len(findings.sizes)), strict=True):
        points = findings.chosen(n, share)
        places = [point.kappa for point in points]
        grid = np.linspace(min(places), max(places), _STEPS)
        sizes = [max(round(2 ** (n * kappa)), 1) for kappa in grid]
        curve = [subset_sum_probability(n, m, round(share * m)) for m in sizes]
        panel.plot(grid, curve, color=colour, linewidth=1.0)
        plot_shares(panel, places, points, color=colour, label=f"n = {n}")
    drawn = [point.kappa for point in findings.points]
    panel.set_xlim(min(drawn) - 0.02, max(drawn) + 0.02)
    panel.set_xlabel("κ = log₂(M) / n")
    panel.set_ylabel(f"probability of a subset that sums to {f'{share:g} M' if share else '0'}")
    panel.set_title("points: measured, 95 %; lines: finite-size curves", fontsize="medium")
    panel.legend(fontsize="small")
    return panel


def plot_subset_window(findings: QuantisedFindings, axes: Axes | None = None) -> Axes:
    """The same against lambda for the target that is least, with the limit and the leading terms of lemma 3."""
    panel: Axes = new_axes() if axes is None else axes
    share = min(findings.targets, key=abs)
    offsets = [point.offset for point in findings.points]
    grid = np.linspace(max(min(offsets), -9.0), min(max(offsets), 9.0), 200)
    lower, upper = leading_bounds(2.0**-grid)
    panel.fill_between(grid, lower, upper, color="0.88", linewidth=0, label="between lemma 3's leading terms, z = 0")
    panel.plot(grid, subset_sum_limit(2.0**-grid), color="black", linestyle="--", linewidth=1.2, label="limit, over z")
    for n, colour in zip(findings.sizes, shades(len(findings.sizes)), strict=True):
        points = findings.chosen(n, share)
        places = [point.offset for point in points]
        sizes = [max(round(2 ** (n * critical_ratio(n) + offset)), 1) for offset in grid]
        curve = [subset_sum_probability(n, m, round(share * m)) for m in sizes]
        panel.plot(grid, curve, color=colour, linewidth=1.0)
        plot_shares(panel, places, points, color=colour, label=f"n = {n}")
    panel.set_xlim(grid[0] - 0.3, grid[-1] + 0.3)
    panel.set_xlabel("λ = n (κ − κ_c(n))")
    panel.set_ylabel(f"probability of a subset that sums to {f'{share:g} M' if share else '0'}")
    panel.set_title("the window of the transition", fontsize="medium")
    panel.legend(fontsize="small")
    return panel


def plot_given_totals(findings: QuantisedFindings, axes: Axes | None = None) -> Axes:
    """The probability against an instance's own z = Lambda - 2 t, for the largest n and some M."""
    panel: Axes = new_axes() if axes is None else axes
    n = max(findings.sizes)
    offsets = sorted({point.offset for point in findings.points if point.n == n})
    chosen = sorted({min(offsets, key=lambda offset, near=near: abs(offset - near)) for near in (-4, -2, 0, 2)})
    grid = np.linspace(-3.2, 3.2, 129)
    for offset, colour in zip(chosen, COLOURS, strict=False):
        points = [point for point in findings.points if (point.n, point.offset) == (n, offset)]
        squares = float(np.mean([point.squares.mean() for point in points]))
        curve = -np.expm1(-rate_of_instance(n, squares, grid))
        panel.plot(grid, curve, color=colour, linewidth=1.0)
        distance = np.concatenate([point.distances for point in points])
        solved = np.concatenate([point.subsets > 0 for point in points])
        bins = np.digitize(distance, _BINS)
        used = [k for k in range(1, _BINS.size) if (bins == k).sum() >= _LEAST]
        if not used:
            continue
        size = np.array([(bins == k).sum() for k in used])
        hits = np.array([solved[bins == k].sum() for k in used])
        places = [float(distance[bins == k].mean()) for k in used]
        low, high = wilson_interval(hits, size)
        bars = np.abs(np.array([low, high]) - hits / size)
        panel.errorbar(
            places, hits / size, yerr=bars, color=colour, label=f"λ = {round(offset, 1) + 0.0:.1f}", **POINTS
        )
    panel.set_xlabel("h = (Λ − 2t) / √ΣX²")
    panel.set_ylabel("probability of a solution")
    panel.set_title(f"given an instance's sum Λ, n = {n}, all targets", fontsize="medium")
    panel.set_ylim(-0.03, 1.03)
    if panel.get_legend_handles_labels()[0]:
        panel.legend(fontsize="small")
    return panel
