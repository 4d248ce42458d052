"""Pictures of pruned Hopfield networks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rescircuit.plotting.figures import new_axes, save_figure
from rescircuit.plotting.theory.points import shades
from rescircuit.theory.hopfield_findings import KINDS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from rescircuit.theory.hopfield_findings import HopfieldFindings

__all__ = ["draw_hopfield", "plot_hopfield"]


def draw_hopfield(findings: HopfieldFindings, folder: Path) -> list[Path]:
    """Write ``hopfield.png``: a panel for each kind of couplings that was measured."""
    kinds = [kind for kind in KINDS if findings.of(kind)]
    panels = np.ravel(new_axes(1, len(kinds), figsize=(5.6 * len(kinds), 4.0)))
    for panel, kind in zip(panels, kinds, strict=True):
        plot_hopfield(panel, kind, findings)
    return [save_figure(list(panels), folder / "hopfield.png")]


def plot_hopfield(axes: Axes, kind: str, findings: HopfieldFindings) -> None:
    """The share of pairs that can be pruned, over the large network's other spins; crosses are exact."""
    points = findings.of(kind)
    sizes = list(dict.fromkeys(point.chosen for point in findings.points))
    for chosen, colour in zip(sizes, shades(len(sizes)), strict=True):
        own = sorted((point for point in points if point.chosen == chosen), key=lambda point: point.others)
        if not own:
            continue
        share = np.array([point.share for point in own])
        bars = np.clip([[s - p.low, p.high - s] for s, p in zip(share, own, strict=True)], 0.0, None).T
        others = [point.others for point in own]
        axes.errorbar(others, share, bars, color=colour, fmt="o-", markersize=4, capsize=3, label=f"N = {chosen}")
        exact = [(point.others, point.expected) for point in own if point.expected is not None]
        if exact:
            axes.plot(*np.transpose(exact), color="black", marker="x", markersize=8, linestyle="none", zorder=3)
    if kind == "normal":
        axes.plot([], [], color="black", marker="x", linestyle="none", label="exact")
    axes.set_xticks(sorted({point.others for point in points}))
    axes.set_ylim(0.0, 1.03)
    axes.set_xlabel("other spins of the large network, N' − N")
    axes.set_ylabel("share that can be pruned to the small one")
    axes.set_title(KINDS[kind], fontsize="medium")
    axes.legend(fontsize="small", loc="lower right")
