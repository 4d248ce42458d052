"""The reproductions' pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from rescircuit.checks import Array
from rescircuit.plotting.figures import COLOURS, new_axes, save_figure

__all__ = ["draw_draws", "draw_pruned", "draw_stages", "draw_sweeps"]


def draw_draws(
    path: Path,
    numbers: Sequence[int],
    ours: Mapping[str, Sequence[Array]],
    published: Mapping[str, Sequence[float]],
) -> Path:
    """Distributions of draws against n, a panel for each quantity, with the published draw marked in each."""
    panels = np.atleast_1d(new_axes(1, len(ours), figsize=(5.2 * len(ours), 4.6)))
    for panel, (title, draws) in zip(panels, ours.items(), strict=True):
        for k, (n, values) in enumerate(zip(numbers, draws, strict=True)):
            # side by side by rank, so that none hides another
            offsets = np.linspace(-0.9, 0.9, len(values)) if len(values) > 1 else np.zeros(1)
            name = f"{len(values)} draw{'s' if len(values) > 1 else ''} each, optimal" if k == 0 else None
            panel.plot(n + offsets, np.sort(values), ".", ms=4, color=COLOURS[0], alpha=0.6, label=name)
            median = float(np.median(values))
            if len(values) > 1:
                name = "their median" if k == 0 else None
                panel.plot([n - 1.3, n + 1.3], [median, median], "-", color=COLOURS[0], label=name)
        panel.plot(numbers, published[title], "D", color=COLOURS[1], ms=7, mfc="none", mew=1.8, label="published draw")
        panel.set_yscale("log")
        panel.set_xticks(list(numbers))
        panel.set_xlabel("random numbers for each parameter, n")
        panel.set_ylabel(title)
        panel.grid(True, which="major", alpha=0.3)
        panel.legend(fontsize=8, loc="lower left")
    return save_figure(list(panels), path)


def draw_stages(path: Path, stages: Mapping[str, Sequence[float]], lines: Mapping[str, float]) -> Path:
    """Accuracies from stage to stage: the mean of the samples, each of them, and published ones as lines."""
    panel = new_axes(figsize=(7.6, 4.6))
    for k, values in enumerate(stages.values()):
        shares = 100 * np.asarray(values)
        panel.plot([k - 0.25, k + 0.25], [shares.mean()] * 2, "-", color=COLOURS[0], lw=2)
        panel.plot(np.full(len(shares), k), shares, "o", color=COLOURS[0], ms=5, mfc="none")
    for k, (name, value) in enumerate(lines.items()):
        panel.axhline(100 * value, color=COLOURS[1 + k], ls="--", lw=1.2, label=f"{name}: {value:.2%}")
    panel.set_xticks(range(len(stages)), list(stages))
    panel.set_ylabel("accuracy, %")
    panel.grid(True, axis="y", alpha=0.3)
    panel.legend(fontsize=8)
    return save_figure(panel, path)


def draw_sweeps(
    path: Path,
    panels: Mapping[str, tuple[Sequence[float], Sequence[Sequence[float]], float | None]],
    digital: float,
) -> Path:
    """Accuracies along axes, a panel each: the mean of the chips, from the least to the largest, and arithmetic's.

    Parameters
    ----------
    path : Path
    panels : mapping of str to (values, accuracies of each value, the value that the other panels have or None)
    digital : float
        The accuracy in arithmetic.
    """
    rows = (len(panels) + 1) // 2
    axes = np.atleast_1d(new_axes(rows, 2, figsize=(9.6, 3.6 * rows))).ravel()
    for panel, (title, (values, accuracies, base)) in zip(axes, panels.items(), strict=False):
        shares = [100 * np.asarray(each) for each in accuracies]
        means = np.array([each.mean() for each in shares])
        places = np.arange(len(values))  # evenly: values grow by factors as often as by steps
        reach = np.array([means - [each.min() for each in shares], [each.max() for each in shares] - means])
        panel.errorbar(places, means, yerr=reach, fmt="o-", color=COLOURS[0], capsize=4, label="chips: mean, range")
        panel.axhline(100 * digital, color=COLOURS[1], ls="--", lw=1.2, label=f"arithmetic: {digital:.2%}")
        if base is not None and base in values:
            panel.axvline(list(values).index(base), color="0.6", lw=1, ls=":", label="as in the other panels")
        panel.set_xticks(places, [f"{value:g}" for value in values])
        low, high = panel.get_ylim()
        if high - low < 1:  # a difference of a few images fills no panel
            panel.set_ylim(0.5 * (low + high) - 0.5, 0.5 * (low + high) + 0.5)
        panel.set_xlabel(title)
        panel.set_ylabel("accuracy, %")
        panel.grid(True, alpha=0.3)
        panel.legend(fontsize=7, loc="best")
    for panel in axes[len(panels) :]:
        panel.set_axis_off()
    return save_figure(list(axes), path)


def draw_pruned(
    path: Path,
    panels: Mapping[str, tuple[Mapping[str, tuple[Sequence[int], Sequence[Sequence[float]], bool]], tuple[int, float]]],
) -> Path:
    """Accuracies over the number of weights that stay, a panel for each network.

    Parameters
    ----------
    path : Path
    panels : mapping of str to (curves, (weights, accuracy) of the network whose weights are trained)
        Curves by name: the weights that stay, the accuracies of each point's samples, and whether the paper has it.
    """
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    colours = (*COLOURS, "#E69F00")
    axes = np.atleast_1d(new_axes(1, len(panels), figsize=(5.2 * len(panels), 4.8)))
    for panel, (title, (curves, dense)) in zip(axes, panels.items(), strict=True):
        for colour, (name, (weights, accuracies, published)) in zip(colours, curves.items(), strict=False):
            shares = [100 * np.asarray(each) for each in accuracies]
            means = np.array([each.mean() for each in shares])
            reach = np.array([means - [each.min() for each in shares], [each.max() for each in shares] - means])
            style = "o-" if published else "s--"
            panel.errorbar(np.asarray(weights) / 1000, means, yerr=reach, fmt=style, ms=4, color=colour, label=name)
        panel.axhline(100 * dense[1], color="0.5", lw=1, ls=":")
        panel.plot([dense[0] / 1000], [100 * dense[1]], "k*", ms=11, label="trained weights")
        panel.set_title(f"{title}; trained weights reach {dense[1]:.2%}", fontsize=10)
        panel.set_xscale("log")
        panel.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        panel.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        panel.xaxis.set_minor_formatter(NullFormatter())
        panel.set_xlabel("weights that stay, thousands")
        panel.set_ylabel("accuracy, %")
        panel.grid(True, which="both", alpha=0.25)
    named = {name: line for panel in axes for line, name in zip(*panel.get_legend_handles_labels(), strict=True)}
    axes[0].figure.legend(named.values(), named.keys(), loc="outside lower center", ncols=3, fontsize=8)
    return save_figure(list(axes), path)
