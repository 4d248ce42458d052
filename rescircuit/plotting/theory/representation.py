"""Pictures of the phase transition of representation."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rescircuit.plotting.figures import COLOURS, new_axes, save_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from rescircuit.theory.representation_findings import Curve, RepresentationFindings, Structure

__all__ = ["draw_representation", "plot_representation"]


def draw_representation(findings: RepresentationFindings, folder: Path) -> list[Path]:
    """Write ``representation.png``: a panel for each structure."""
    count = len(findings.structures)
    columns = min(count, 2)
    rows = -(-count // columns)
    panels = np.ravel(new_axes(rows, columns, figsize=(5.6 * columns, 3.9 * rows)))
    for panel, structure in zip(panels, findings.structures, strict=False):
        plot_representation(panel, structure, findings.of(structure))
    for empty in panels[count:]:
        empty.set_axis_off()
    return [save_figure(list(panels), folder / "representation.png")]


def plot_representation(axes: Axes, structure: Structure, curves: tuple[Curve, ...]) -> None:
    """The probability of representation over kappa: points with error bars, curves, and the first moment's line."""
    for number, curve in enumerate(curves):
        colour = COLOURS[number % len(COLOURS)]
        bars = np.clip([curve.represented - curve.low, curve.high - curve.represented], 0.0, None)
        axes.errorbar(
            curve.kappa, curve.represented, bars, color=colour, fmt="o", markersize=3.5, capsize=2.0,
            label=f"n = {curve.items}",
        )  # fmt: skip
        axes.plot(curve.kappa, curve.predicted, color=colour, linewidth=1.2)
        axes.plot(curve.kappa, curve.first_moment, color=colour, linewidth=0.9, linestyle=":")
    axes.axvline(1.0, color="0.6", linewidth=0.8, linestyle="--")
    axes.set_ylim(-0.03, 1.03)
    axes.set_xlabel("κ: bits of a weight for each item")
    axes.set_ylabel("probability of representation")
    axes.set_title(f"{structure.title} ({structure.problems} subset sums)", fontsize="medium")
    handles, labels = axes.get_legend_handles_labels()
    handles += axes.plot([], [], color="0.3", linewidth=1.2) + axes.plot([], [], color="0.3", linestyle=":")
    axes.legend(handles, [*labels, "curve, nothing fitted", "first moment alone"], fontsize="small", loc="best")
