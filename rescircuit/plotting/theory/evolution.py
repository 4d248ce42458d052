"""Pictures of neural-net evolution."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rescircuit.plotting.figures import new_axes, save_figure
from rescircuit.plotting.theory.points import DISTINCT
from rescircuit.plotting.theory.vectors import explain, finished, measured
from rescircuit.theory.evolution_findings import EvolutionFindings

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_evolution", "plot_outputs", "plot_weights"]


def draw_evolution(findings: EvolutionFindings, folder: Path) -> list[Path]:
    """All pictures of `findings`, as files in `folder`."""
    panels = new_axes(1, 2, figsize=(11.5, 4.8))
    plot_weights(findings, panels[0])
    plot_outputs(findings, panels[1])
    return [save_figure(list(panels), folder / "error_by_genes.png")]


def plot_weights(findings: EvolutionFindings, axes: Axes | None = None) -> Axes:
    """Median error of a network's weights against the number of genes, and that of the worst of several networks."""
    panel: Axes = new_axes() if axes is None else axes
    for k, name in enumerate(findings.names):
        colour = DISTINCT[k % len(DISTINCT)]
        curve = findings.of(name)
        genes = [each.n for each in curve]
        label = f"{_shape(name)}: {curve[0].d} weights"
        measured(panel, genes, curve, colour, label)
        panel.plot(genes, [each.given_total for each in curve], "-", color=colour, lw=1.2)
        values = np.array([each.worst for each in curve])
        ends = np.array([[each.worst_low, each.worst_high] for each in curve]).T
        bars = np.abs(np.where(np.isfinite(ends), ends, values) - values)
        panel.errorbar(genes, values, bars, fmt="o", mfc="white", color=colour, ms=4, capsize=2)
        panel.plot(genes, [each.worst_given_total for each in curve], "--", color=colour, lw=0.9)
    styles = [("o-", "one network, predicted"), ("o--", f"worst of {findings.networks}, predicted")]
    for style, label in styles:
        panel.plot([], [], style, color="0.4", ms=4, mfc="white" if "--" in style else "0.4", lw=1.2, label=label)
    panel.set_yscale("log")
    panel.set_xlabel("genes, n")
    panel.set_ylabel("median error of the weights, max-norm")
    panel.set_title(f"The best genotype's weights, {_GENES[findings.law]} genes")
    return finished(panel)


def plot_outputs(findings: EvolutionFindings, axes: Axes | None = None) -> Axes:
    """Median of the outputs' largest error against the number of genes, and what the weights' error allows."""
    panel: Axes = new_axes() if axes is None else axes
    for k, name in enumerate(findings.names):
        colour = DISTINCT[k % len(DISTINCT)]
        curve = findings.of(name)
        genes = [each.n for each in curve]
        values = np.array([each.output for each in curve])
        ends = np.array([[each.output_low, each.output_high] for each in curve]).T
        bars = np.abs(np.where(np.isfinite(ends), ends, values) - values)
        shown = values > 0  # some networks give 0, and so do their genotypes
        panel.errorbar(
            np.array(genes)[shown],
            values[shown],
            bars[:, shown],
            fmt="o",
            color=colour,
            ms=4,
            capsize=2,
            label=_shape(name),
        )
        panel.plot(genes, [each.output_bound for each in curve], ":", color=colour, lw=1.2)
    explain(panel, [(":", "at most, by the weights' error")])
    panel.set_yscale("log")
    panel.set_xlabel("genes, n")
    panel.set_ylabel(f"median of the largest error over {findings.inputs} inputs")
    panel.set_title("Its outputs")
    return finished(panel, "lower left")


_GENES = {"normal": "normal", "sparse": "sparse uniform"}


def _shape(name: str) -> str:
    """``"2x1"`` in words."""
    layers, width = name.split("x")
    return f"{layers} {'layer' if layers == '1' else 'layers'} of {width}"
