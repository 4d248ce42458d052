"""Pictures of calibrations: what programming leaves, and what measuring does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from rescircuit.calibration import UsefulSize
from rescircuit.checks import Array, positive_number
from rescircuit.plotting.figures import COLOURS, new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_floors", "plot_useful_size"]


def plot_useful_size(useful: UsefulSize, full_scale: float, axes: Axes | None = None) -> Axes:
    """The error to expect against the number of resistors in a bank, and the two causes that it has.

    Parameters
    ----------
    useful : UsefulSize
        What :func:`rescircuit.calibration.useful_size` returns.
    full_scale : float
        Of a whole bank, siemens; errors are shown relative to it.
    axes : matplotlib axes, optional
    """
    scale = positive_number("full_scale", full_scale, "S")
    panel: Axes = new_axes() if axes is None else axes
    curves = (
        (useful.residual, "left by programming", "o--", COLOURS[0]),
        (useful.standard_error, "left by measuring", "s--", COLOURS[1]),
        (useful.total, "both", "-", COLOURS[2]),
    )
    for values, label, style, colour in curves:
        shown = values > 0
        panel.plot(useful.sizes[shown], values[shown] / scale, style, color=colour, ms=4, label=label)
    panel.axvline(useful.n, color="0.5", lw=1)
    panel.annotate(
        f" from {useful.n} on,\n more do not help",
        (useful.n, 0.97),
        xycoords=("data", "axes fraction"),
        va="top",
        fontsize=8,
    )
    panel.set_yscale("log")
    panel.set_xlabel("resistors in a bank, n")
    panel.set_ylabel("median error / full scale")
    panel.set_title("Error to expect of a programmed bank")
    panel.grid(True, which="major", alpha=0.3)
    panel.legend(fontsize=8, loc="lower left")
    return panel


def plot_floors(
    errors: Mapping[str, Mapping[int, Array]],
    floors: Mapping[str, float] | None = None,
    axes: Axes | None = None,
) -> Axes:
    """True errors of banks programmed from calibrations, against their size, for several read-outs.

    Parameters
    ----------
    errors : mapping of str to mapping of int to array
        For each read-out, for each bank size n, |true errors| relative to full scale.
    floors : mapping of str to float, optional
        The median errors to expect however many resistors there are, drawn as lines.
    axes : matplotlib axes, optional
    """
    panel: Axes = new_axes() if axes is None else axes
    for k, (name, by_size) in enumerate(errors.items()):
        colour = COLOURS[k % len(COLOURS)]
        sizes = np.array(sorted(by_size))
        low, median, high = np.array([np.quantile(by_size[n], [0.25, 0.5, 0.75]) for n in sizes]).T
        panel.plot(sizes, median, "o-", color=colour, ms=4, label=name)
        panel.fill_between(sizes, low, high, color=colour, alpha=0.12, lw=0)
        if floors is not None and name in floors:
            panel.axhline(floors[name], color=colour, ls=":", lw=1.2)
    panel.set_yscale("log")
    panel.set_xlabel("resistors in a bank, n")
    panel.set_ylabel("true programming error / full scale")
    panel.set_title("Medians and quartiles; dotted: the medians that the read-outs leave, as predicted", fontsize=10)
    panel.grid(True, which="major", alpha=0.3)
    panel.legend(fontsize=8)
    return panel
