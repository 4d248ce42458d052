"""Pictures of number partitioning: the step and its window, the number of solutions, and the ground states."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rescircuit.plotting.figures import new_axes, save_figure
from rescircuit.plotting.theory.points import POINTS, plot_shares, plot_survival, shades
from rescircuit.theory.partition_theory import (
    critical_ratio,
    moments_of_solutions,
    partition_probability,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from rescircuit.theory.partition_findings import PartitionFindings

__all__ = [
    "draw_partitions",
    "plot_ground_states",
    "plot_probabilities",
    "plot_solutions",
    "plot_window",
]

_STEPS = 60  # of a curve
_LEAST_SOLUTIONS = 20  # expected in all samples together, for their mean to be drawn


def draw_partitions(findings: PartitionFindings, folder: Path) -> list[Path]:
    """Write the pictures into `folder`."""
    axes = new_axes(1, 2, figsize=(12, 4.8))
    plot_probabilities(findings, axes[0])
    plot_window(findings, axes[1])
    written = [save_figure(axes, folder / "probability.png")]
    written.append(save_figure(plot_solutions(findings), folder / "solutions.png"))
    if any(each.ground_states for each in findings.agreements):
        written.append(save_figure(plot_ground_states(findings), folder / "ground-states.png"))
    return written


def plot_probabilities(findings: PartitionFindings, axes: Axes | None = None) -> Axes:
    """The probability of a perfect partition against kappa, with the curves at finite n and the limit's step."""
    panel: Axes = new_axes() if axes is None else axes
    panel.plot([0, 1, 1, 2], [1, 1, 0, 0], color="black", linestyle="--", linewidth=1.2, label="limit n → ∞")
    for n, colour in zip(findings.sizes, shades(len(findings.sizes)), strict=True):
        kappa, curve = _curve(findings, n)
        panel.plot(kappa, curve, color=colour, linewidth=1.0)
        points = findings.of_size(n)
        plot_shares(panel, [point.kappa for point in points], points, color=colour, label=f"n = {n}")
    drawn = [point.kappa for point in findings.points]
    panel.set_xlim(min(drawn) - 0.02, max(drawn) + 0.02)
    panel.set_xlabel("κ = log₂(M) / n")
    panel.set_ylabel("probability of a perfect partition")
    panel.set_title("points: measured, 95 %; lines: finite-size curves", fontsize="medium")
    panel.legend(fontsize="small")
    return panel


def plot_window(findings: PartitionFindings, axes: Axes | None = None) -> Axes:
    """The same against lambda, where all n fall on one curve in the limit."""
    panel: Axes = new_axes() if axes is None else axes
    offsets = [point.offset for point in findings.points]
    lowest, highest = max(min(offsets), -7.0), min(max(offsets), 9.0)
    grid = np.linspace(lowest, highest, 200)
    rate = 2.0**-grid
    limit = -0.5 * (np.expm1(-rate if findings.target else -0.5 * rate) + np.expm1(-rate))
    panel.plot(grid, limit, color="black", linestyle="--", linewidth=1.2, label="limit (Borgs et al. 2001)")
    for n, colour in zip(findings.sizes, shades(len(findings.sizes)), strict=True):
        kappa, curve = _curve(findings, n)
        panel.plot(n * (kappa - critical_ratio(n)), curve, color=colour, linewidth=1.0)
        points = findings.of_size(n)
        plot_shares(panel, [point.offset for point in points], points, color=colour, label=f"n = {n}")
    panel.set_xlim(lowest - 0.3, highest + 0.3)
    panel.set_xlabel("λ = n (κ − κ_c(n))")
    panel.set_ylabel("probability of a perfect partition")
    panel.set_title("the window of the transition", fontsize="medium")
    panel.legend(fontsize="small")
    return panel


def plot_solutions(findings: PartitionFindings, axes: Axes | None = None) -> Axes:
    """The mean number of solutions against kappa: bits for each item, with the exact first moment."""
    panel: Axes = new_axes() if axes is None else axes
    ends = np.array([min(point.kappa for point in findings.points), max(point.kappa for point in findings.points)])
    panel.plot(ends, 1.0 - ends, color="black", linestyle="--", linewidth=1.2, label="limit: 1 − κ")
    for n, colour in zip(findings.sizes, shades(len(findings.sizes)), strict=True):
        points = [point for point in findings.of_size(n) if findings.samples * point.moments[0] >= _LEAST_SOLUTIONS]
        grid = _grid(findings, n)
        goals = [(round(2**bits), round(findings.target * round(2**bits))) for bits in n * grid]
        means = [moments_of_solutions(n, m, goal)[0] for m, goal in goals]
        panel.plot(grid, np.log2(means) / n, color=colour, linewidth=1.0)
        means = np.array([point.mean_solutions for point in points])
        errors = 1.96 * np.array([point.standard_error for point in points])
        low = np.log2(np.maximum(means - errors, means / 16.0))
        bars = np.array([np.log2(means) - low, np.log2(means + errors) - np.log2(means)]) / n
        places = [point.kappa for point in points]
        panel.errorbar(places, np.log2(means) / n, yerr=bars, color=colour, label=f"n = {n}", **POINTS)
    panel.axhline(0.0, color="0.7", linewidth=0.8)
    panel.set_xlabel("κ = log₂(M) / n")
    panel.set_ylabel("log₂(mean number of solutions) / n")
    panel.set_title("points: measured, 95 %; lines: exact first moment", fontsize="medium")
    panel.legend(fontsize="small")
    return panel


def plot_ground_states(findings: PartitionFindings, axes: Axes | None = None) -> Axes:
    """How the least difference is distributed where no solution is expected, beside the exponential law."""
    panel: Axes = new_axes() if axes is None else axes
    grid = np.linspace(0.0, 6.0, 100)
    panel.plot(grid, np.exp(-grid), color="black", linestyle="--", linewidth=1.2, label="exp(−E / E₀)")
    for n, colour in zip(findings.sizes, shades(len(findings.sizes)), strict=True):
        found = [point.scaled_ground_states for point in findings.of_size(n) if point.offset >= findings.hard]
        if not found:
            continue
        values = np.concatenate(found)
        plot_survival(panel, values, colour, f"n = {n}, {values.size} instances")
    panel.set_yscale("log")
    panel.set_xlim(0, 6)
    panel.set_ylim(2e-3, 1.1)
    panel.set_xlabel("least difference, over E₀ = 2⁻ⁿ √(2π ΣX²) with its 1/n correction")
    panel.set_ylabel("share of instances above")
    panel.set_title("ground states without solutions (λ ≥ 6); bands: 95 %", fontsize="medium")
    panel.legend(fontsize="small")
    return panel


def _curve(findings: PartitionFindings, n: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    grid = _grid(findings, n)
    sizes = [round(2**bits) for bits in n * grid]
    return grid, np.array([partition_probability(n, m, round(findings.target * m)) for m in sizes])


def _grid(findings: PartitionFindings, n: int) -> np.ndarray[Any, Any]:
    """Values of kappa whose M are whole, or nearly: where M is small, those of the points alone."""
    places = [point.kappa for point in findings.of_size(n)]
    grid = np.linspace(min(places), max(places), _STEPS)
    sizes = sorted({max(round(2 ** (n * kappa)), 1) for kappa in grid})
    return np.array([math.log2(m) / n for m in sizes])
