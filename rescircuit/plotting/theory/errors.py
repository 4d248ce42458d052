"""Pictures of the random subset-sum problem: errors and probabilities against the number of items."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from rescircuit.plotting.figures import new_axes
from rescircuit.plotting.theory.points import DISTINCT

if TYPE_CHECKING:
    from rescircuit.theory.error_findings import ErrorFindings, ErrorPoint

__all__ = ["plot_errors", "plot_reached"]

_MARKERS = "osD^v<>p"


def plot_errors(findings: ErrorFindings) -> Any:
    """The median error at a random target, and the worst target's, against n; points measured, lines predicted.

    Returns
    -------
    array of Axes (2,)
    """
    one, worst = axes = new_axes(1, 2, figsize=(11.5, 5.2))
    share = 1.0 - findings.failures
    for k, (name, points) in enumerate(findings.points.items()):
        _draw(one, k, name, points, lambda each: each.quantile(0.5), lambda each: each.predicted_quantile(0.5))
        listed = [each for each in points if each.worst is not None]
        _draw(
            worst,
            k,
            name,
            listed,
            lambda each: each.worst_quantile(share),
            lambda each: each.predicted_worst_quantile(share),
        )
    one.set_title("a random target, median")
    worst.set_title(f"the worst target, not exceeded by {100 * share:g} % of samples")
    for each in axes:
        each.set_yscale("log")
        each.set_xlabel("items n")
        each.grid(alpha=0.3)
    _draw_least(worst, next(iter(findings.points.values()))[0].width)
    one.set_ylabel("error, in the items' unit")
    one.legend(title="points: measured, 95 %\nlines: from the density of sums", fontsize=9)
    worst.set_ylabel("largest error in the interval of targets")
    worst.legend(loc="lower left", fontsize=9)
    return axes


def plot_reached(findings: ErrorFindings) -> Any:
    """The probability that a random target is reached against n, a panel for each accuracy.

    Returns
    -------
    array of Axes
    """
    count = len(findings.accuracies)
    axes = new_axes(1, count, figsize=(1.5 + 4.0 * count, 4.6))
    axes = axes if count > 1 else [axes]
    for each, accuracy in zip(axes, findings.accuracies, strict=True):
        for k, (name, points) in enumerate(findings.points.items()):
            _draw(
                each,
                k,
                name,
                points,
                lambda point, at=accuracy: point.reached(at),
                lambda point, at=accuracy: point.predicted_reached(at),
            )
        each.set_title(f"within {accuracy:g}")
        each.set_xlabel("items n")
        each.grid(alpha=0.3)
    axes[0].set_ylabel("probability that a target is reached")
    axes[0].legend(title="points: measured, 95 %\nlines: from the density", fontsize=9)
    return axes


def _draw(
    axes: Any,
    k: int,
    name: str,
    points: Sequence[ErrorPoint],
    measured: Callable[[ErrorPoint], tuple[float, float, float]],
    predicted: Callable[[ErrorPoint], float],
) -> None:
    """One population: its points with error bars, and its line."""
    import numpy as np

    colour = DISTINCT[k % len(DISTINCT)]
    sizes = np.array([point.n for point in points])
    values, low, high = np.array([measured(point) for point in points]).reshape(-1, 3).T
    bars = np.clip([values - low, np.where(np.isfinite(high), high, values) - values], 0.0, None)
    marker = _MARKERS[k % len(_MARKERS)]
    axes.errorbar(sizes, values, yerr=bars, fmt=marker, color=colour, markersize=4.5, capsize=2, label=name)
    line = np.array([predicted(point) for point in points])
    axes.plot(sizes, np.where(np.isfinite(line), line, np.nan), color=colour, linewidth=1)


def _draw_least(axes: Any, width: float) -> None:
    """What no items can beat: 2**n sums cover the interval only if each covers 2**-n of its width."""
    import numpy as np

    low, high = axes.get_xlim()
    n = np.array([max(low, 1.0), high])
    axes.plot(n, width * 2.0 ** (-n - 1.0), color="black", linestyle=":", label="no items can do better: 1 item a bit")
    axes.set_xlim(low, high)
