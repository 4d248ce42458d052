"""Pictures of results. Each function takes results and, if you like, the axes to draw on, and returns those axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rescircuit.checks import Array, finite_array
from rescircuit.errors import InputError
from rescircuit.files import write_atomically

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["plot_effective_conductances", "plot_error_histogram", "plot_programming_error", "save_figure"]

# Okabe and Ito's colours, which colour-blind readers tell apart.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")


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
    panel: Axes = _new_axes() if axes is None else axes
    for k, (process, by_size) in enumerate(errors.items()):
        colour = _COLOURS[k % len(_COLOURS)]
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
    panel: Axes = _new_axes() if axes is None else axes
    shown = sizes[sizes > 0]
    if shown.size:
        low, high = float(shown.min()), float(shown.max())
        if high < 1.001 * low:  # a bar of its own width for one value
            low, high = 0.8 * low, 1.25 * high
        count = min(60, max(10, round(2 * shown.size ** (1 / 3))))
        panel.hist(shown, np.geomspace(low, high, count + 1).tolist(), color=_COLOURS[0])
    panel.set_xscale("log")
    median = float(np.median(sizes))
    if median > 0:
        panel.axvline(median, color=_COLOURS[1], lw=1.5, label=f"median {median:.2g}")
        panel.legend(loc="upper left", fontsize=8)
    zeros = sizes.size - shown.size
    panel.set_title(f"Errors of {sizes.size:,} settings" + (f", {zeros:,} exactly 0" if zeros else ""))
    panel.set_xlabel("|programming error| / full scale")
    panel.set_ylabel("settings")
    panel.locator_params(axis="y", integer=True)
    panel.set_axisbelow(True)
    panel.grid(True, which="major", alpha=0.3)
    return panel


def plot_effective_conductances(ideal: Array, effective: Array, axes: Any | None = None) -> Any:
    """An array's ideal conductances beside what its wires take from them.

    Parameters
    ----------
    ideal, effective : array (m, n)
        Siemens.
    axes : pair of matplotlib axes, optional

    Returns
    -------
    pair of matplotlib axes
    """
    ideal, effective = finite_array("ideal", ideal, "S"), finite_array("effective", effective, "S")
    if ideal.ndim != 2 or ideal.shape != effective.shape:
        required = f"of the shape of ideal, {ideal.shape}, in two dimensions"
        raise InputError("effective", required, f"shape {effective.shape}")
    panels = _new_axes(1, 2, figsize=(10, 4.6)) if axes is None else axes
    loss = 100 * np.divide(effective - ideal, ideal, out=np.zeros_like(ideal), where=ideal > 0)
    reach = np.abs(loss).max() or 1.0
    # Wires mostly take; where some cells gain, white stands for no change.
    style = {"cmap": "RdBu", "vmin": -reach, "vmax": reach} if loss.max() > 0 else {"cmap": "OrRd_r", "vmax": 0.0}
    contents = (
        (1e6 * ideal, "programmed conductance (µS)", {"cmap": "viridis"}),
        (loss, "effective against programmed (%)", style),
    )
    for panel, (values, title, options) in zip(panels, contents, strict=True):
        image = panel.imshow(values, aspect="auto", interpolation="nearest", **options)
        panel.set_title(title)
        panel.set_xlabel("bit line, sensed at the bottom")
        panel.set_ylabel("word line, driven from the left")
        panel.figure.colorbar(image, ax=panel)
    return panels


def save_figure(axes: Axes | Sequence[Axes], path: str | Path) -> Path:
    """Write the figure of `axes` as a picture, in the format of the path's suffix, and close it.

    Raises
    ------
    InputError
        For a suffix of no picture format, or a folder that cannot be written to; the figure is closed even so.
    """
    from matplotlib import pyplot as plt

    first = axes if hasattr(axes, "figure") else next(iter(axes))  # type: ignore[call-overload]
    figure: Figure = first.figure  # type: ignore[union-attr, assignment]
    try:
        if Path(path).suffix.lower().removeprefix(".") not in figure.canvas.get_supported_filetypes():
            raise InputError("path", "the name of a picture, such as figure.png, .svg or .pdf", str(path))
        return write_atomically(path, lambda temporary: figure.savefig(temporary, dpi=130))
    finally:
        plt.close(figure)


def _new_axes(rows: int = 1, columns: int = 1, figsize: tuple[float, float] = (7, 4.6)) -> Any:
    from matplotlib import pyplot as plt

    _, axes = plt.subplots(rows, columns, figsize=figsize, layout="constrained")
    return axes
