"""Pictures of the covered volume: its two phases, and its growth by one item."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rescircuit.plotting.figures import COLOURS, new_axes

if TYPE_CHECKING:
    from rescircuit.theory.volume_findings import VolumeFindings

__all__ = ["plot_growth", "plot_volumes"]

_BANDS = ((0.05, 0.95, 0.15, "90 % of samples"), (0.25, 0.75, 0.3, "50 % of samples"))


def plot_volumes(findings: VolumeFindings) -> Any:
    """The volume against t up to 1/2, and what is left of it beyond, both on logarithmic scales.

    Returns
    -------
    array of Axes (2,)
    """
    from rescircuit.theory.covered import growth_bound
    from rescircuit.theory.intervals import mean_interval

    first, second = axes = new_axes(1, 2, figsize=(11.5, 4.8))
    t = np.arange(findings.volumes.shape[1])
    left = 1.0 - findings.volumes
    floor = 0.2 * findings.error
    for each, values in ((first, findings.volumes), (second, np.maximum(left, floor / 10))):
        for low, high, alpha, label in _BANDS:
            band = np.quantile(values, [low, high], axis=0)
            each.fill_between(t, *band, color=COLOURS[0], alpha=alpha, linewidth=0, label=label)
        each.plot(t, np.median(values, axis=0), color=COLOURS[0], label="median")
        each.set_yscale("log")
        each.set_xlabel("items t")
        each.xaxis.get_major_locator().set_params(integer=True)
        each.grid(alpha=0.3)
    for each, values, predicted in ((first, findings.volumes, findings.predicted), (second, left, None)):
        means, low, high = np.transpose([mean_interval(column) for column in values.T])
        bars = np.where(np.isfinite(high - low), 0.5 * (high - low), 0.0)  # of one sample there are none
        each.errorbar(t, means, yerr=bars, fmt="o", color="black", markersize=3, capsize=2, label="mean, 95 %")
        promised = 1.0 - findings.predicted if predicted is None else predicted
        each.plot(t[3:], promised[3:], color=COLOURS[1], linestyle="--", label="mean, from the density of sums")
    bound = [findings.error]
    while len(bound) < t.size and bound[-1] < 0.5:
        bound.append(float(bound[-1] * growth_bound(bound[-1])))
    first.plot(t[: len(bound)], bound, color=COLOURS[2], label="grown by lemma 2.2.1's bound")
    median_first = float(np.median(findings.tau_1))
    if np.isfinite(median_first):
        beyond = np.arange(int(median_first), t.size)
        fall = 0.5 * (7.0 / 8.0) ** (beyond - beyond[0])
        second.plot(beyond, fall, color=COLOURS[2], label="corollary 2.2.4's bound, from 1/2")
    first.axhline(0.5, color="grey", linewidth=0.8)
    second.axhline(0.5 * findings.error, color="grey", linewidth=0.8)
    second.text(0, 0.52 * findings.error, "eps / 2", va="bottom", color="grey")
    last = _last_of_interest(left, findings.error, t.size)
    first.set(ylim=(0.7 * findings.error, 1.4), xlim=(0, last), ylabel="volume v")
    second.set(ylim=(floor, 1.5), xlim=(0, last), ylabel="what is left, 1 - v")
    first.set_title(f"eps = {findings.error:g}: growth up to 1/2")
    second.set_title("fall beyond it")
    first.legend(fontsize=9, loc="lower right")
    second.legend(fontsize=9, loc="lower left", bbox_to_anchor=(0.0, 0.14))
    return axes


def plot_growth(findings: VolumeFindings) -> Any:
    """The growth by one item against the volume before it, beside lemma 2.2.1's bound.

    Returns
    -------
    Axes
    """
    from rescircuit.theory.covered import growth_bound

    axes = new_axes(figsize=(7.5, 4.8))
    growths = findings.growths()
    middles = [0.5 * (each.low + each.high) for each in growths]
    means, low, high = np.array([each.measured for each in growths]).reshape(-1, 3).T
    axes.errorbar(
        middles,
        means,
        yerr=[means - low, high - means],
        xerr=[0.5 * (each.high - each.low) for each in growths],
        fmt="o",
        color=COLOURS[0],
        markersize=4,
        capsize=2,
        label="measured mean in bins, 95 %",
    )
    axes.plot(
        middles, [each.expected for each in growths], "x", color=COLOURS[1], label="expected, exactly, same states"
    )
    volumes = np.linspace(0.0, 1.0, 101)
    axes.plot(volumes, growth_bound(volumes), color=COLOURS[2], label="lemma 2.2.1: at least 1 + (1 - v) / 4")
    axes.set(xlabel="volume v before", ylabel="growth by one item, v' / v", xlim=(0, 1), ylim=(0.98, 2.05))
    axes.grid(alpha=0.3)
    axes.legend()
    return axes


def _last_of_interest(left: Any, error: float, size: int) -> int:
    """The step at which all but few samples are done."""
    open_ = np.flatnonzero(left.mean(axis=0) > 0.2 * error)
    return int(min(open_[-1] + 1, size - 1)) if open_.size else size - 1
