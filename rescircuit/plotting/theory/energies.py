"""Pictures of number partitioning as statistical mechanics: energy, entropy, the density of states."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rescircuit.plotting.figures import COLOURS, new_axes, save_figure
from rescircuit.plotting.theory.points import POINTS, plot_survival
from rescircuit.theory.energy_findings import BINS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from rescircuit.theory.energy_findings import EnergyFindings, EnergyPoint

__all__ = ["draw_energies", "plot_energy", "plot_entropy", "plot_ground_spacings", "plot_states"]


_SPACINGS = ("the lowest energy", "from the lowest to the second", "from the second to the third")


def draw_energies(findings: EnergyFindings, folder: Path) -> list[Path]:
    """Write the pictures into `folder`."""
    count = len(findings.points)
    axes = np.reshape(new_axes(count, 2, figsize=(12, 4.2 * count)), (count, 2))
    for point, panels in zip(findings.points, axes, strict=True):
        plot_energy(point, panels[0])
        plot_entropy(point, panels[1])
    written = [save_figure(list(axes.flat), folder / "temperature.png")]
    axes = np.atleast_1d(new_axes(1, 2 if findings.hard else 1, figsize=(12, 4.8) if findings.hard else (7, 4.6)))
    plot_states(findings, axes[0])
    if findings.hard:
        plot_ground_spacings(findings, axes[1])
    return [*written, save_figure(list(axes), folder / "states.png")]


def plot_energy(point: EnergyPoint, axes: Axes | None = None) -> Axes:
    """The mean energy, in the temperature, against temperature."""
    panel: Axes = new_axes() if axes is None else axes
    for odd, colour in ((True, COLOURS[1]), (False, COLOURS[0])):
        curve = point.curve(odd)
        if curve is None:
            continue
        t = curve.temperatures
        panel.plot(t, curve.energy_theory / t, color=colour, linewidth=1.2)
        bars = 1.96 * curve.energy_errors / t
        panel.errorbar(t, curve.energies / t, yerr=bars, color=colour, label=_kind(odd), **POINTS)
        if not odd:
            panel.plot(t, curve.energy_saddle / t, "k--", linewidth=1.0, label="saddle point (Mertens 1998)")
    panel.set_yscale("log")
    panel.set_ylim(0.03, 40.0)
    _finish(panel, point, "mean energy / T")
    return panel


def plot_entropy(point: EnergyPoint, axes: Axes | None = None) -> Axes:
    """The entropy, in nats, against temperature; the line is one bit, that of a ground state and its mirror image."""
    panel: Axes = new_axes() if axes is None else axes
    bit = float(np.log(2.0))
    for odd, colour in ((True, COLOURS[1]), (False, COLOURS[0])):
        curve = point.curve(odd)
        if curve is None:
            continue
        t = curve.temperatures
        panel.plot(t, curve.entropy_theory, color=colour, linewidth=1.2)
        bars = 1.96 * curve.entropy_errors
        panel.errorbar(t, curve.entropies, yerr=bars, color=colour, label=_kind(odd), **POINTS)
        if not odd:
            panel.plot(t, curve.entropy_saddle, "k--", linewidth=1.0, label="saddle point (Mertens 1998)")
    panel.axhline(bit, color="0.7", linewidth=0.8)
    panel.set_ylim(min(-bit, panel.get_ylim()[0]) if point.offset > 0 else 0.0, (point.n + 1.5) * bit)
    _finish(panel, point, "entropy, nats")
    return panel


def plot_states(findings: EnergyFindings, axes: Axes | None = None) -> Axes:
    """The density of all energies, and the normal law with its correction."""
    panel: Axes = new_axes() if axes is None else axes
    middle, width = 0.5 * (BINS[1:] + BINS[:-1]), np.diff(BINS)
    for k, point in enumerate(findings.points):
        colour = COLOURS[k % len(COLOURS)]
        panel.plot(middle, point.expected_shares / width, color=colour, linewidth=1.0)
        errors = 1.96 * point.shares.std(axis=0) / np.sqrt(len(point.shares)) / width
        label = f"n = {point.n}, κ = {point.kappa:.3g}"
        panel.errorbar(middle, point.shares.mean(axis=0) / width, yerr=errors, color=colour, label=label, **POINTS)
    panel.set_yscale("log")
    panel.set_xlim(0, 3.5)
    panel.set_ylim(5e-4, 1.2)
    panel.set_xlabel("energy / √ΣX²")
    panel.set_ylabel("density of states")
    panel.set_title("points: enumerated, 95 %; lines: normal law with its 1/n correction", fontsize="medium")
    panel.legend(fontsize="small")
    return panel


def plot_ground_spacings(findings: EnergyFindings, axes: Axes | None = None) -> Axes:
    """How the lowest energies and their spacings are distributed where there is no solution."""
    panel: Axes = new_axes() if axes is None else axes
    grid = np.linspace(0.0, 6.0, 60)
    panel.plot(grid, np.exp(-grid), "k--", linewidth=1.2, label="exp(−E / T₀)")
    spacings = np.concatenate([point.spacings for point in findings.hard])
    for k, (values, colour) in enumerate(zip(spacings.T, COLOURS, strict=False)):
        plot_survival(panel, values, colour, _SPACINGS[k])
    panel.set_yscale("log")
    panel.set_xlim(0, 6)
    panel.set_ylim(2e-3, 1.1)
    panel.set_xlabel("energy, over T₀ = 2⁻ⁿ √(2π ΣX²) with its 1/n correction")
    panel.set_ylabel("share of instances above")
    panel.set_title("lowest energies without solutions; bands: 95 %", fontsize="medium")
    panel.legend(fontsize="small")
    return panel


def _kind(odd: bool) -> str:
    return f"{'odd' if odd else 'even'} sum: measured, 95 %, and closed form"


def _finish(panel: Axes, point: EnergyPoint, label: str) -> None:
    if point.offset > 0:
        ground = float(point.ground_temperatures.mean())
        panel.axvline(ground, color="0.7", linewidth=0.8)
        panel.annotate(
            "T₀", (ground, 0.02), xycoords=("data", "axes fraction"), xytext=(3, 0), textcoords="offset points"
        )
    panel.set_xscale("log")
    panel.set_xlabel("temperature T, in the items' unit")
    panel.set_ylabel(label)
    panel.set_title(f"n = {point.n}, κ = {point.kappa:.3g}, λ = {point.offset:.1f}", fontsize="medium")
    if panel.get_legend_handles_labels()[0]:
        panel.legend(fontsize="small")
