"""Pictures of random subset sums of vectors."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rescircuit.plotting.figures import COLOURS, new_axes, save_figure
from rescircuit.plotting.theory.points import DISTINCT
from rescircuit.theory.vector_findings import VectorFindings
from rescircuit.theory.vector_rows import SizeError, size_title

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "draw_vectors",
    "explain",
    "finished",
    "measured",
    "plot_medians",
    "plot_moments",
    "plot_needed",
    "plot_ratios",
    "plot_sizes",
]

_MARKERS = "osv^D"


def draw_vectors(findings: VectorFindings, folder: Path) -> list[Path]:
    """All pictures of `findings`, as files in `folder`."""
    names = findings.names
    panels = np.reshape(new_axes(2, len(names), figsize=(0.8 + 4.4 * len(names), 8.0)), (2, len(names)))
    for k, name in enumerate(names):
        plot_medians(findings, name, panels[0, k])
        panels[0, k].set_ylim(*_common_limits(findings))
        plot_ratios(findings, name, panels[1, k])
    written = [save_figure(list(panels.flat), folder / "error_by_items.png")]
    written.append(save_figure(plot_sizes(findings), folder / "error_by_size.png"))
    if len(findings.dimensions) > 1:
        panels = np.atleast_1d(new_axes(1, len(findings.epsilons), figsize=(0.8 + 5.2 * len(findings.epsilons), 4.6)))
        for panel, epsilon in zip(panels, findings.epsilons, strict=True):
            plot_needed(findings, epsilon, panel)
        written.append(save_figure(list(panels), folder / "items_by_dimension.png"))
    if findings.moments:
        written.append(save_figure(plot_moments(findings), folder / "second_moment.png"))
    return written


def plot_medians(findings: VectorFindings, name: str, axes: Axes | None = None) -> Axes:
    """Median error against the number of items, for each dimension: measured, predicted, and the least possible.

    Parameters
    ----------
    findings : VectorFindings
    name : str
        Of the subsets' size.
    axes : matplotlib axes, optional
    """
    panel: Axes = new_axes() if axes is None else axes
    for k, d in enumerate(findings.dimensions):
        curve = findings.of(name, d)
        items = [each.n for each in curve]
        measured(panel, items, curve, DISTINCT[k], f"d = {d}")
        panel.plot(items, [each.given_total for each in curve], "-", color=DISTINCT[k], lw=1.2)
        panel.plot(items, [each.covering for each in curve], ":", color=DISTINCT[k], lw=1.0)
    explain(panel, [("-", "predicted given the total"), (":", "no items do better")])
    panel.set_yscale("log")
    panel.set_xlabel("items, n")
    panel.set_ylabel("median error, max-norm")
    panel.set_title(size_title(name))
    return finished(panel)


def plot_ratios(findings: VectorFindings, name: str, axes: Axes | None = None) -> Axes:
    """Measured median errors relative to those predicted given the total, with their limits."""
    panel: Axes = new_axes() if axes is None else axes
    for k, d in enumerate(findings.dimensions):
        curve = findings.of(name, d)
        places = np.array([each.n for each in curve]) + 0.4 * (k - (len(findings.dimensions) - 1) / 2)
        predicted = np.array([each.given_total for each in curve])
        measured(panel, places.tolist(), curve, DISTINCT[k], None, predicted)
        first = np.array([each.first_moment for each in curve]) / predicted
        panel.plot(places, first, "--", color=DISTINCT[k], lw=0.9)
    panel.axhline(1.0, color="0.4", lw=1.2)
    explain(panel, [("--", "first moment / given the total")])
    panel.set_xlabel("items, n")
    panel.set_ylabel("median error / predicted given the total")
    return finished(panel)


def plot_sizes(findings: VectorFindings, axes: Axes | None = None) -> Axes:
    """Median error against the size of the subsets, at the largest number of items."""
    panel: Axes = new_axes() if axes is None else axes
    n = findings.by_size[0].n
    for k, d in enumerate(findings.dimensions):
        curve = [each for each in findings.by_size if each.d == d]
        sizes: list[Any] = [each.k for each in curve]
        measured(panel, sizes, curve, DISTINCT[k], f"d = {d}")
        panel.plot(sizes, [each.given_total for each in curve], "-", color=DISTINCT[k], lw=1.2)
        panel.plot(sizes, [each.first_moment for each in curve], "--", color=DISTINCT[k], lw=0.9)
    explain(panel, [("-", "predicted given the total"), ("--", "by the first moment")])
    panel.set_yscale("log")
    panel.set_xlabel(f"items in the subset, of {n}")
    panel.set_ylabel("median error, max-norm")
    panel.set_title("Error of subsets of each size")
    return finished(panel)


def plot_needed(findings: VectorFindings, epsilon: float, axes: Axes | None = None) -> Axes:
    """Items at which the median error is `epsilon`, against the dimension, with the bound and the theorem's law."""
    panel: Axes = new_axes() if axes is None else axes
    needed = [each for each in findings.needed() if each.epsilon == epsilon]
    for k, name in enumerate(findings.names):
        curve = [each for each in needed if each.name == name and each.measured is not None]
        ends = [(each.low or each.measured, each.high or each.measured) for each in curve]
        values: Any = np.array([each.measured for each in curve], dtype=np.float64)
        bars = np.abs(np.array(ends, dtype=np.float64).reshape(-1, 2).T - values)
        label = size_title(name)
        colour = COLOURS[k % len(COLOURS)]
        places = [each.d for each in curve]
        marker = _MARKERS[k % len(_MARKERS)]
        panel.errorbar(places, values, bars, fmt=marker, color=colour, ms=5, capsize=3, label=label)
        known = [(each.d, each.given_total) for each in needed if each.name == name and each.given_total is not None]
        panel.plot([d for d, _ in known], [items for _, items in known], "-", color=colour, lw=1)
    panel.plot([], [], "-", color="0.4", lw=1, label="predicted given the total")
    widths = np.linspace(findings.dimensions[0], findings.dimensions[-1], 60)
    digits = np.log2(1.0 / epsilon)
    panel.plot(widths, widths * digits, ":", color="0.3", label="least for all targets, d log₂(1/ε)")
    law = widths**3 * digits * (digits + np.log2(widths))
    found = [(each.measured, each.theorem) for each in needed if each.measured is not None]
    if found:
        scale = found[0][0] / found[0][1]
        panel.plot(widths, scale * law, "-.", color="0.5", label=f"theorem's law, C = {scale:.2g}")
        panel.set_ylim(0, 1.6 * max(measured for measured, _ in found))
    panel.set_xticks(findings.dimensions)
    panel.set_xlabel("dimension, d")
    panel.set_ylabel("items, n")
    panel.set_title(f"Items for a median error of {epsilon:g}")
    return finished(panel)


def plot_moments(findings: VectorFindings, axes: Axes | None = None) -> Axes:
    """How far numbers of close subsets vary beyond chance, against the subsets' share of the items."""
    panel: Axes = new_axes() if axes is None else axes
    for k, d in enumerate(findings.dimensions):
        rows = [each for each in findings.moments if each.d == d]
        if not rows:
            continue
        n, shares = rows[0].n, [each.k / each.n for each in rows]
        ratios, errors = [each.ratio for each in rows], [1.96 * each.error for each in rows]
        panel.errorbar(shares, ratios, errors, fmt="o", color=DISTINCT[k], ms=4, capsize=2, label=f"d = {d}")
        panel.plot(shares, [each.theory for each in rows], "-", color=DISTINCT[k], lw=1.2)
        fine = np.linspace(0.0, 0.5, 100)
        panel.plot(fine, (1.0 - fine**2) ** (-d / 2), "--", color=DISTINCT[k], lw=0.9)
        thesis = 1.0 / (6.0 * np.sqrt(d))
        panel.plot([thesis], [(1.0 - thesis**2) ** (-d / 2)], "|", color=DISTINCT[k], ms=14, mew=2)
        panel.set_title(f"Clusters of close subsets, n = {n}")
    explain(panel, [("-", "computed for this n"), ("--", "(1 − α²)^(−d/2), as n grows"), ("|", "α = 1 / (6√d)")])
    panel.set_xlabel("share of the items in the subset, α = k / n")
    panel.set_ylabel("E[Y(Y − 1)] / E[Y]²")
    return finished(panel)


def measured(
    panel: Axes, places: Sequence[Any], curve: Sequence[SizeError], colour: str, label: str | None, unit: Any = 1.0
) -> None:
    """Draw medians and their limits, in `unit`."""
    values = np.array([each.median for each in curve]) / unit
    ends = np.array([[each.low, each.high] for each in curve]).T / unit
    ends = np.where(np.isfinite(ends), ends, values)  # too few samples for a limit
    panel.errorbar(places, values, np.abs(ends - values), fmt="o", color=colour, ms=4, capsize=2, label=label)


def explain(panel: Axes, styles: Sequence[tuple[str, str]]) -> None:
    """Grey lines in the legend for what all colours share."""
    for style, label in styles:
        if style == "|":
            panel.plot([], [], "|", color="0.4", ms=10, mew=2, label=label)
        else:
            panel.plot([], [], style, color="0.4", lw=1.2, label=label)


def _common_limits(findings: VectorFindings) -> tuple[float, float]:
    medians = [each.median for each in findings.errors]
    return 0.3 * min(medians), 3.0 * max(medians)


def finished(panel: Axes, legend: Any = "best") -> Axes:
    """The panel with grid and legend, and where that is."""
    panel.grid(True, which="major", alpha=0.3)
    panel.legend(fontsize=8, loc=legend)
    return panel
