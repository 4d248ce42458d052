"""What pictures of the theory share: points with error bars, and the colours of what they are told apart by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rescircuit.plotting.figures import COLOURS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from rescircuit.checks import Array
    from rescircuit.theory.integer_points import CountedPoint

__all__ = ["DISTINCT", "POINTS", "plot_shares", "plot_survival", "shades"]

DISTINCT = (*COLOURS, "#E69F00", "#56B4E9", "0.2", "0.6")  # the other ones of Okabe and Ito, and greys
POINTS = {"fmt": "o", "markersize": 3.5, "linewidth": 1.0, "capsize": 2.0}


def shades(count: int) -> list[Any]:
    """Colours of an ascending quantity, from dark to light."""
    from matplotlib import colormaps

    return list(colormaps["viridis"](np.linspace(0.0, 0.82, count)))


def plot_shares(panel: Axes, places: Sequence[float], points: Sequence[CountedPoint], **style: Any) -> None:
    """The shares of instances with a solution, and their limits."""
    shares = np.array([point.probability for point in points])
    limits = np.array([point.interval for point in points]).T
    panel.errorbar(places, shares, yerr=np.abs(limits - shares), **POINTS, **style)


def plot_survival(panel: Axes, values: Array, colour: Any, label: str) -> None:
    """The share of `values` (k,) above each of them, and a band of 95 %."""
    ordered = np.sort(values)
    share = 1.0 - np.arange(1, ordered.size + 1) / (ordered.size + 1.0)
    error = 1.96 * np.sqrt(share * (1.0 - share) / ordered.size)
    panel.plot(ordered, share, color=colour, linewidth=1.2, label=label)
    panel.fill_between(ordered, np.maximum(share - error, 1e-9), share + error, color=colour, alpha=0.2, linewidth=0)
