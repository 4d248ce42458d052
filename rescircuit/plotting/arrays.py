"""Arrays as heat maps: what wires take from cells, and what flows through them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rescircuit.checks import Array, finite_array, whole_number
from rescircuit.crossbar import CrossbarSolution, ir_drop
from rescircuit.crossbar.topology import Flags
from rescircuit.errors import InputError
from rescircuit.plotting.figures import new_axes, prefixed_unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["QUANTITIES", "name_lines", "one_sample", "plot_array", "plot_effective_conductances"]

_ROUNDING = 1e-12  # relative IR drop that is none
_WORD_ENDS = {
    (True, False): "driven from the left",
    (False, True): "driven from the right",
    (True, True): "driven from both sides",
    (False, False): "floating",
}
_BIT_ENDS = {
    (False, True): "sensed at the bottom",
    (True, False): "sensed at the top",
    (True, True): "sensed at both ends",
    (False, False): "floating",
}


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
    panels = new_axes(1, 2, figsize=(10, 4.6)) if axes is None else axes
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


@dataclass(frozen=True, kw_only=True)
class _Quantity:
    """Something that each cell has one of."""

    title: str
    unit: str
    values: Callable[[CrossbarSolution], Array]
    worst: str
    badness: Callable[[CrossbarSolution], Array]  # the cell where it is largest is marked; NaN where nothing is known


def _relative_drop(solution: CrossbarSolution) -> Array:
    return ir_drop(solution).relative


def _lost_on_word_line(solution: CrossbarSolution) -> Array:
    lost = np.abs(solution.driver_voltages[:, np.newaxis] - solution.word_line_voltages)
    return np.where(solution.topology.driven[:, np.newaxis], lost, np.nan)


def _raised_on_bit_line(solution: CrossbarSolution) -> Array:
    raised = np.abs(solution.bit_line_voltages - solution.sense_voltages)
    return np.where(solution.topology.sensed, raised, np.nan)


def _cell_power(solution: CrossbarSolution) -> Array:
    return solution.device_currents * (solution.word_line_voltages - solution.bit_line_voltages)


# By the names that plot_array takes.
QUANTITIES = {
    "ir_drop": _Quantity(
        title="IR drop / voltage applied",
        unit="%",
        values=_relative_drop,
        worst="largest",
        badness=lambda solution: np.abs(_relative_drop(solution)),
    ),
    "word_line_voltage": _Quantity(
        title="word-line voltage",
        unit="V",
        values=lambda solution: solution.word_line_voltages,
        worst="farthest from its source",
        badness=_lost_on_word_line,
    ),
    "bit_line_voltage": _Quantity(
        title="bit-line voltage",
        unit="V",
        values=lambda solution: solution.bit_line_voltages,
        worst="farthest from its end",
        badness=_raised_on_bit_line,
    ),
    "current": _Quantity(
        title="current through cells",
        unit="A",
        values=lambda solution: solution.device_currents,
        worst="largest",
        badness=lambda solution: np.abs(solution.device_currents),
    ),
    "power": _Quantity(
        title="power in cells",
        unit="W",
        values=_cell_power,
        worst="largest",
        badness=lambda solution: np.abs(_cell_power(solution)),
    ),
}


def plot_array(
    solution: CrossbarSolution, quantity: str = "ir_drop", axes: Axes | None = None, sample: int | None = None
) -> Axes:
    """An array as a heat map, word lines as rows, with its worst cell marked.

    Parameters
    ----------
    solution : CrossbarSolution
        Of m word lines and n bit lines.
    quantity : str
        ``"ir_drop"``, the share of the voltage applied that wires, drivers and senses keep from a cell;
        ``"word_line_voltage"`` and ``"bit_line_voltage"`` at the cells' ends; ``"current"`` and ``"power"`` of the
        cells. Of a voltage the cell farthest from what its line's end is held at is marked.
    axes : matplotlib axes, optional
    sample : int, optional
        Which of a batch, counted from 0; by default the first.

    Raises
    ------
    InputError
        For a quantity that is unknown or that the array has not, and a sample that is not there.
    """
    if quantity not in QUANTITIES:
        raise InputError("quantity", f"one of {', '.join(map(repr, QUANTITIES))}", quantity)
    shown, one = QUANTITIES[quantity], one_sample(solution, sample)
    values, badness = shown.values(one), shown.badness(one)
    known = np.abs(values[np.isfinite(values)])
    largest = float(known.max(initial=0.0))
    factor, unit = (100.0, "%") if shown.unit == "%" else prefixed_unit(largest, shown.unit)
    panel: Axes = new_axes() if axes is None else axes
    image = panel.imshow(
        np.ma.masked_invalid(factor * values), aspect="auto", **_colours(factor * values, quantity == "ir_drop")
    )
    panel.set_facecolor("0.8")  # cells without a value
    title = shown.title
    if float(np.nanmax(badness, initial=0.0)) > (_ROUNDING if quantity == "ir_drop" else 0.0):
        row, column = np.unravel_index(int(np.nanargmax(badness)), badness.shape)
        _mark(panel, int(row), int(column))
        number = f"{factor * values[row, column]:.4g}"
        title += f"\n{shown.worst} (circle): {number} {unit} at word line {row}, bit line {column}"
    panel.set_title(title, fontsize=10, pad=12)
    name_lines(panel, one)
    bar = panel.figure.colorbar(image, ax=panel, label=f"{shown.title} ({unit})")
    bar.ax.yaxis.get_major_formatter().set_useOffset(False)  # type: ignore[attr-defined]
    return panel


def one_sample(solution: CrossbarSolution, sample: int | None) -> CrossbarSolution:
    """One of a batch, without the batch's axes."""
    m, n = solution.topology.shape
    count = solution.device_currents.size // (m * n)
    k = whole_number("sample", 0 if sample is None else sample, 0, count - 1)
    shapes = {
        "driver_voltages": (m,),
        "sense_voltages": (n,),
        "output_currents": (n,),
        "input_currents": (m,),
        "word_line_voltages": (m, n),
        "bit_line_voltages": (m, n),
        "device_currents": (m, n),
    }
    return replace(solution, **{name: getattr(solution, name).reshape(-1, *shapes[name])[k] for name in shapes})


def _colours(values: Array, losses: bool) -> dict[str, Any]:
    """Light to dark for losses, with white as no loss; where signs are mixed, white is in the middle."""
    known = values[np.isfinite(values)]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 0.0)
    rounding = 1e-9 * max(-low, high)
    if low < -rounding and high > rounding:
        return {"cmap": "RdBu_r", "vmin": -max(-low, high), "vmax": max(-low, high)}
    if losses:
        return {"cmap": "OrRd_r", "vmin": low, "vmax": 0.0} if low < -rounding else _from_zero("OrRd", high)
    if high - low > rounding:
        return {"cmap": "viridis", "vmin": low, "vmax": high}
    return _from_zero("viridis", high) if high >= 0 else {"cmap": "viridis", "vmin": low, "vmax": 0.0}


def _from_zero(cmap: str, high: float) -> dict[str, Any]:
    return {"cmap": cmap, "vmin": 0.0, "vmax": high if high > 0 else 1.0}


def _mark(panel: Axes, row: int, column: int) -> None:
    """A ring that shows on any colour."""
    for colour, width in (("black", 3.5), ("white", 1.5)):
        panel.plot(column, row, "o", ms=13, mfc="none", mec=colour, mew=width, clip_on=False)


def name_lines(panel: Axes, solution: CrossbarSolution) -> None:
    """Axes of word lines and bit lines, numbered, with what is at their ends."""
    from matplotlib.ticker import MaxNLocator

    topology = solution.topology
    panel.set_xlabel(f"bit line, {_ends(topology.top, topology.bottom, _BIT_ENDS)}")
    panel.set_ylabel(f"word line, {_ends(topology.left, topology.right, _WORD_ENDS)}")
    for axis, count in zip((panel.yaxis, panel.xaxis), topology.shape, strict=True):
        ticks = MaxNLocator(nbins=8, integer=True).tick_values(0, max(count - 1, 1))
        axis.set_ticks([tick for tick in ticks if 0 <= tick < count])


def _ends(first: Flags, last: Flags, words: dict[tuple[bool, bool], str]) -> str:
    """What is at the lines' ends, in words."""
    kinds = {words[ends] for ends in zip(first.tolist(), last.tolist(), strict=True)}
    return kinds.pop() if len(kinds) == 1 else "connected each in its own way"
