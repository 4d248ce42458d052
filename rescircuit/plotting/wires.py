"""Drawings of small arrays, wire by wire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rescircuit.crossbar import CrossbarSolution
from rescircuit.errors import InputError
from rescircuit.plotting.arrays import name_lines, one_sample
from rescircuit.plotting.figures import COLOURS, new_axes, prefixed_unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import LineCollection
    from matplotlib.colors import Colormap

__all__ = ["plot_wires"]

_LARGEST_DRAWING = 32  # lines either way whose wires can still be told apart
_STUB = 0.9  # how far wires go beyond the outer cells, in cells


def plot_wires(solution: CrossbarSolution, axes: Axes | None = None, sample: int | None = None) -> Axes:
    """A drawing of a small array: its wires and cells, coloured by the sizes of their currents, and its ends.

    Wires are wider the more current they carry, lines that float are dashed, and broken wires are left out. Cells that
    carry no current in spite of a voltage across them are open; they are hollow.

    Parameters
    ----------
    solution : CrossbarSolution
        Of at most 32 word lines and 32 bit lines.
    axes : matplotlib axes, optional
    sample : int, optional
        Which of a batch, counted from 0; by default the first.

    Raises
    ------
    InputError
        For a larger array, and a sample that is not there.
    """
    m, n = solution.topology.shape
    if max(m, n) > _LARGEST_DRAWING:
        most = f"of at most {_LARGEST_DRAWING} lines either way for a drawing of its wires"
        raise InputError("the array", most, f"shape {(m, n)}", "plot_array shows larger ones.")
    one = one_sample(solution, sample)
    panel: Axes = new_axes(figsize=(4.8 + 0.26 * n, 3.2 + 0.26 * m)) if axes is None else axes
    wires = _draw_wires(panel, one)
    sizes = np.abs(one.device_currents)
    factor, unit = prefixed_unit(float(sizes.max()), "A")
    rows, columns = np.indices((m, n))
    dots = panel.scatter(
        *(columns.ravel(), rows.ravel()),
        c=factor * sizes.ravel(),
        s=min(130.0, 9000.0 / max(m, n) ** 2 + 14.0),
        cmap=_visible("plasma"),
        vmin=0.0,
        edgecolors="black",
        linewidths=0.5,
        zorder=3,
    )
    panel.figure.colorbar(dots, ax=panel, label=f"size of the current through cells ({unit})", shrink=0.9, aspect=30)
    panel.figure.colorbar(wires[0], ax=panel, label=f"size of the current in wires ({wires[1]})", shrink=0.9, aspect=30)
    _draw_ends(panel, one, _draw_open_cells(panel, one, dots.get_sizes()))
    panel.set_aspect("equal")
    panel.set_xlim(-1.4, n + 0.4)
    panel.set_ylim(m + 0.4, -1.4)
    for edge in panel.spines.values():
        edge.set_visible(False)
    panel.set_title(f"{m} x {n} array, wires and currents", fontsize=10)
    name_lines(panel, one)
    return panel


def _visible(name: str) -> Colormap:
    """A colour map from light to dark, without what is too light to be seen on white."""
    from matplotlib import colormaps
    from matplotlib.colors import ListedColormap

    return ListedColormap(colormaps[name](np.linspace(0.88, 0.0, 256)))


def _draw_wires(panel: Axes, solution: CrossbarSolution) -> tuple[LineCollection, str]:
    """All segments, each in its colour and width; the unit of their currents."""
    from matplotlib.collections import LineCollection

    topology = solution.topology
    (m, n) = topology.shape
    ends = [np.concatenate([[-_STUB], np.arange(count), [count - 1 + _STUB]]) for count in (m, n)]
    along = [((ends[1][k], i), (ends[1][k + 1], i)) for i in range(m) for k in range(n + 1)]
    down = [((j, ends[0][k]), (j, ends[0][k + 1])) for k in range(m + 1) for j in range(n)]
    there = np.isfinite(np.concatenate([topology.word_segments.ravel(), topology.bit_segments.ravel()]))
    floats = np.concatenate([np.repeat(~topology.driven, n + 1), np.tile(~topology.sensed, m + 1)])
    sizes = np.abs(np.concatenate([solution.word_wire_currents.ravel(), solution.bit_wire_currents.ravel()]))[there]
    factor, unit = prefixed_unit(float(sizes.max(initial=0.0)), "A")
    share = sizes / (sizes.max(initial=0.0) or 1.0)
    lines = LineCollection(
        [segment for segment, drawn in zip(along + down, there.tolist(), strict=True) if drawn],
        linewidths=0.8 + share * min(4.5, 90.0 / max(m, n, 10)),
        linestyles=["--" if floating else "-" for floating in floats[there].tolist()],
        cmap=_visible("viridis"),
        array=factor * sizes,
    )
    lines.set_clim(0.0, factor * float(sizes.max(initial=0.0)) or 1.0)
    panel.add_collection(lines)
    return lines, unit


def _draw_open_cells(panel: Axes, solution: CrossbarSolution, sizes: Any) -> dict[str, Any]:
    """Rings in place of the dots of open cells; the legend's name of them, if there are any."""
    across = solution.word_line_voltages != solution.bit_line_voltages
    rows, columns = np.nonzero(across & (solution.device_currents == 0))
    if not rows.size:
        return {}
    rings = panel.scatter(columns, rows, s=sizes, facecolors="white", edgecolors="black", linewidths=0.9, zorder=3.5)
    return {"open cell": rings}


def _draw_ends(panel: Axes, solution: CrossbarSolution, others: dict[str, Any]) -> None:
    """Sources, virtual grounds, and what floats, with a legend of these and `others`."""
    from matplotlib.transforms import offset_copy

    topology = solution.topology
    m, n = topology.shape
    places = (
        ("source", COLOURS[1], ">", np.full(m, -_STUB), np.arange(m), topology.left),
        ("source", COLOURS[1], "<", np.full(m, n - 1 + _STUB), np.arange(m), topology.right),
        ("virtual ground", COLOURS[0], "^", np.arange(n), np.full(n, -_STUB), topology.top),
        ("virtual ground", COLOURS[0], "v", np.arange(n), np.full(n, m - 1 + _STUB), topology.bottom),
    )
    named: dict[str, Any] = {}
    size = 9.0 if max(m, n) <= 16 else 6.0
    for name, colour, marker, x, y, there in places:
        if there.any():
            named.setdefault(name, panel.plot(x[there], y[there], marker, color=colour, ms=size, zorder=4)[0])
    if not (topology.driven.all() and topology.sensed.all()):
        named["floating line"] = panel.plot([], [], "--", color="0.3")[0]
    named |= others
    figure: Any = panel.figure
    below = offset_copy(panel.transAxes, figure, y=-38.0, units="points")  # the axis's name and numbers
    panel.legend(
        *(named.values(), named.keys()),
        loc="upper left",
        bbox_to_anchor=(0.0, 0.0),
        bbox_transform=below,
        ncols=3,
        fontsize=8,
        frameon=False,
    )
