"""Pictures of how exactly banks are programmed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from rescircuit.checks import Array, finite_array
from rescircuit.plotting.figures import COLOURS, new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_error_histogram", "plot_programming_error"]


def plot_programming_error(
    errors: Mapping[str, Mapping[int, Array]],
    predictions: Mapping[str, Mapping[int, float]] | None = None,
    axes: Axes | None = None,
) -> Axes:
    """Programming error against bank size: median, the range from 5 to 95 %, the worst, and the theory's median.

    Parameters
    ----------
    errors : mapping of str to mapping of int to array
        For each process, for each bank size n, |errors| relative to full scale.
    predictions : mapping of str to mapping of int to float, optional
        The predicted medians, drawn as lines.
    axes : matplotlib axes, optional
    """
    panel: Axes = new_axes() if axes is None else axes
    for k, (process, by_size) in enumerate(errors.items()):
        colour = COLOURS[k % len(COLOURS)]
        sizes = np.array(sorted(by_size))
        shift = 0.12 * (k - 0.5 * (len(errors) - 1))  # side by side where they coincide
        low, median, high = np.array([np.quantile(by_size[n], [0.05, 0.5, 0.95]) for n in sizes]).T
        worst = [by_size[n].max() for n in sizes]
        bars = np.array([median - low, high - median])
        panel.errorbar(
            sizes + shift, median, yerr=bars, fmt="o", color=colour, capsize=4, label=f"{process}: median, 5 to 95 %"
        )
        panel.plot(sizes + shift, worst, "v", color=colour, mfc="none", label=f"{process}: worst")
        if predictions is not None and process in predictions:
            line = sorted(predictions[process].items())
            panel.plot(*zip(*line, strict=True), "-", color=colour, lw=1, label=f"{process}: theory (median)")
    panel.set_yscale("log")
    panel.set_xlabel("resistors in a bank, n")
    panel.set_ylabel("programming error / full scale")
    panel.set_title("Programming error halves with each resistor")
    panel.set_xticks(sorted({n for by_size in errors.values() for n in by_size}))
    panel.grid(True, which="major", alpha=0.3)
    panel.legend(fontsize=8)
    return panel


def plot_error_histogram(errors: Array, axes: Axes | None = None) -> Axes:
    """How many settings have which programming error, on a logarithmic axis, with the median.

    Parameters
    ----------
    errors : array
        Errors relative to full scale, of either sign; those that are exactly 0, for which a logarithmic axis has no
        place, are counted in the title.
    axes : matplotlib axes, optional
    """
    sizes = np.abs(finite_array("errors", errors)).ravel()
    panel: Axes = new_axes() if axes is None else axes
    shown = sizes[sizes > 0]
    if shown.size:
        low, high = float(shown.min()), float(shown.max())
        if high < 1.001 * low:  # a bar of its own width for one value
            low, high = 0.8 * low, 1.25 * high
        count = min(60, max(10, round(2 * shown.size ** (1 / 3))))
        panel.hist(shown, np.geomspace(low, high, count + 1).tolist(), color=COLOURS[0])
    panel.set_xscale("log")
    median = float(np.median(sizes))
    if median > 0:
        panel.axvline(median, color=COLOURS[1], lw=1.5, label=f"median {median:.2g}")
        panel.legend(loc="upper left", fontsize=8)
    zeros = sizes.size - shown.size
    panel.set_title(f"Errors of {sizes.size:,} settings" + (f", {zeros:,} exactly 0" if zeros else ""))
    panel.set_xlabel("|programming error| / full scale")
    panel.set_ylabel("settings")
    panel.locator_params(axis="y", integer=True)
    panel.set_axisbelow(True)
    panel.grid(True, which="major", alpha=0.3)
    return panel
