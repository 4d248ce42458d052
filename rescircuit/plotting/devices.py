"""Pictures of what was made: populations of components, and banks under other conditions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from rescircuit.bank import Behaviour
from rescircuit.checks import Array, positive_array
from rescircuit.plotting.figures import COLOURS, new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_behaviour", "plot_population"]

_YEAR = 8766 * 3600.0  # second
_PLAIN = 1e-9  # relative change below which a curve is flat, and its rounding not worth a scale


def plot_population(factors: Mapping[str, Array] | Array, axes: Axes | None = None) -> Axes:
    """How far components are from their nominals, as a histogram.

    Parameters
    ----------
    factors : array, or mapping of str to array
        Values over their nominals, of one population or of several by name, in one picture.
    axes : matplotlib axes, optional
    """
    panel: Axes = new_axes() if axes is None else axes
    groups = factors if isinstance(factors, Mapping) else {"": factors}
    deviations = {name: 100 * (positive_array("factors", each).ravel() - 1) for name, each in groups.items()}
    everything = np.concatenate(list(deviations.values()))
    low, high = float(everything.min()), float(everything.max())
    if high - low < 1e-9:  # all alike
        low, high = low - 0.5, high + 0.5
    count = min(80, max(10, round(2 * everything.size ** (1 / 3))))
    edges = np.linspace(low, high, count + 1)
    for k, (name, each) in enumerate(deviations.items()):
        said = f"{name + ': ' if name else ''}mean {each.mean():+.2f} %, standard deviation {each.std():.2g} %"
        panel.hist(
            each, edges.tolist(), color=COLOURS[k % len(COLOURS)], alpha=0.7 if len(groups) > 1 else 1, label=said
        )
    panel.set_title(f"{everything.size:,} components as they were made")
    panel.set_xlabel("deviation from nominal (%)")
    panel.set_ylabel("components")
    panel.margins(y=0.18)  # the legend's place
    panel.locator_params(axis="y", integer=True)
    panel.set_axisbelow(True)
    panel.grid(True, which="major", alpha=0.3)
    panel.legend(loc="upper left", fontsize=8)
    return panel


def plot_behaviour(found: Behaviour, axes: Any | None = None) -> Any:
    """How a bank's value moves with voltage, temperature and age, in three panels side by side.

    Parameters
    ----------
    found : Behaviour
        What :func:`rescircuit.describe` returns.
    axes : three matplotlib axes, optional

    Returns
    -------
    array of matplotlib axes
    """
    panels = new_axes(1, 3, figsize=(12, 3.8)) if axes is None else axes
    what = "capacitance" if found.unit == "F" else "conductance"
    contents = (
        (found.voltages, found.values_over_voltage, "voltage (V)"),
        (found.temperatures, found.values_over_temperature, "temperature (°C)"),
        (found.ages / _YEAR, found.values_over_age, "age (years)"),
    )
    for k, (panel, (x, values, label)) in enumerate(zip(panels, contents, strict=True)):
        changes = (values / found.value - 1) if found.value else np.zeros_like(values)
        scale, unit = (1e6, "ppm") if np.abs(changes).max() < 1e-3 else (100.0, "%")
        panel.plot(x, scale * changes, "o-" if len(x) < 10 else "-", color=COLOURS[k])
        panel.set_xlabel(label)
        panel.set_ylabel(f"change of {what} ({unit})")
        panel.axhline(0, color="0.6", lw=0.8)
        panel.grid(True, alpha=0.3)
        if np.abs(changes).max() < _PLAIN:
            panel.set_ylim(-1, 1)
    panels[0].set_title(f"non-linearity {found.nonlinearity:.1e}, INL {found.inl:.1e}", fontsize=10)
    slope = found.temperature_coefficient
    panels[1].set_title("at one temperature" if slope is None else f"{slope * 1e6:+.0f} ppm/K", fontsize=10)
    panels[2].set_title("drift", fontsize=10)
    return panels
