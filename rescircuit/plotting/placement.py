"""A network on its chip: tiles as rectangles in a floor plan."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from rescircuit.errors import InputError
from rescircuit.network.arrays import TilePlacement, placement_of
from rescircuit.plotting.figures import COLOURS, new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from rescircuit.network import AnalogNetwork

__all__ = ["plot_placement"]

_COLOURS = (*COLOURS, "#E69F00", "#56B4E9", "#999999")  # the rest of Okabe and Ito's, and grey
_WIDTH = 10.0  # inch
_TALLEST = 14.0
_AROUND = 1.0  # inch, for a picture's title and legend
_GAP = 0.06  # between tiles, relative to the width of one
_APART = 0.30  # between layers
_TITLE = 0.30  # inch, above each layer
_LETTER = 0.075  # inch, of a title
_SHARES = (1.0, 1.2, 1.4, 1.7, 2.0, 2.4, 2.9)  # widths that are tried, of the root of the area
_PROPORTION = 1.5
_LABEL_LETTER, _LABEL_LINE = 0.062, 0.13  # inch, of a tile's label
_LONGEST_LEGEND = 14


@dataclass(frozen=True, kw_only=True)
class _Block:
    """The tiles of one layer, in units of a tile with its gap: matrices side by side, as they are in the layer."""

    tiles: tuple[TilePlacement, ...]
    across: int  # matrices next to each other
    rows: int  # tiles of one matrix
    columns: int

    @classmethod
    def of(cls, tiles: tuple[TilePlacement, ...]) -> _Block:
        first = [tile for tile in tiles if (tile.copy, tile.group) == (tiles[0].copy, tiles[0].group)]
        rows, columns = len({tile.inputs for tile in first}), len({tile.outputs for tile in first})
        matrices = len(tiles) // len(first)
        across = min(matrices, max(1, round(math.sqrt(1.6 * matrices * rows / columns))))
        return cls(tiles=tiles, across=across, rows=rows, columns=columns)

    @property
    def width(self) -> int:
        """In tiles."""
        return self.across * self.columns

    @property
    def height(self) -> int:
        """In tiles."""
        return -(-self._matrices // self.across) * self.rows

    @property
    def _matrices(self) -> int:
        return len(self.tiles) // (self.rows * self.columns)

    def place(self, index: int) -> tuple[int, int]:
        """Column and row of a tile in the block: within a matrix, tiles go along the outputs first."""
        matrix, within = divmod(index, self.rows * self.columns)
        row, column = divmod(within, self.columns)
        return (matrix % self.across) * self.columns + column, (matrix // self.across) * self.rows + row

    @property
    def title(self) -> str:
        """Name, size, and how much of the tiles is used."""
        first = self.tiles[0]
        inputs, outputs = (max(getattr(tile, side)[1] for tile in self.tiles) + 1 for side in ("inputs", "outputs"))
        groups, copies = (len({getattr(tile, part) for tile in self.tiles}) for part in ("group", "copy"))
        times = "".join(f", {n} {what}" for n, what in ((groups, "groups"), (copies, "copies")) if n > 1)
        count = f"{len(self.tiles):,} tile{'s' if len(self.tiles) > 1 else ''}"
        used = sum(tile.share for tile in self.tiles) / len(self.tiles)
        return f"{first.layer}: {inputs} × {outputs}{times}; {count}, {100 * used:.0f} % used"


def plot_placement(analog: AnalogNetwork, axes: Axes | None = None) -> Axes:
    """A picture of the chip: each tile as a rectangle, the part of its crossings that is used in its layer's colour.

    Tiles of a layer stand together as the parts of its matrix do: inputs downwards, outputs to the right; groups and
    copies are matrices of their own. Where they stand on a real die is for its designers to say.

    Parameters
    ----------
    analog : AnalogNetwork
    axes : matplotlib axes, optional

    Returns
    -------
    matplotlib axes

    Raises
    ------
    InputError
        For what is no network on a chip.
    """
    layers = getattr(analog, "layers", None)
    if not layers or not hasattr(layers[0], "tiles"):
        raise InputError("analog", "an AnalogNetwork, from map_network", analog)
    rows = placement_of(layers)
    blocks = [_Block.of(tuple(tiles)) for _, tiles in groupby(rows, key=lambda tile: tile.number)]
    plan = _FloorPlan.of(blocks, height=min(max(analog.spec.rows / analog.spec.cols, 0.25), 4.0))
    panel: Axes = axes or new_axes(figsize=plan.figure_size)
    _draw(panel, plan, analog.spec.rows, analog.spec.cols)
    used = sum(tile.share for tile in rows) / len(rows)
    panel.set_title(
        f"{len(rows):,} tile{'s' if len(rows) > 1 else ''} of {analog.spec.rows} × {analog.spec.cols}, "
        f"{100 * used:.0f} % of their crossings used",
        pad=12,
    )
    return panel


@dataclass(frozen=True, kw_only=True)
class _FloorPlan:
    """Where the blocks are, in units of a tile's width, y downwards."""

    blocks: Sequence[_Block]
    corners: Sequence[tuple[float, float]]
    tile: tuple[float, float]  # width and height of a tile
    size: tuple[float, float]

    @classmethod
    def of(cls, blocks: Sequence[_Block], height: float) -> _FloorPlan:
        """Layers from left to right in shelves, as they come; of several widths, that of the best proportions."""
        area = sum((block.width + _APART) * (block.height * height + _APART) for block in blocks)
        plans = [cls._in_shelves(blocks, height, share * math.sqrt(area)) for share in _SHARES]
        return min(plans, key=lambda plan: abs(math.log(plan.size[0] / plan.size[1] / _PROPORTION)))

    @classmethod
    def _in_shelves(cls, blocks: Sequence[_Block], height: float, widest: float) -> _FloorPlan:
        widest = max(widest, *(block.width * (1 + _GAP) for block in blocks))
        # Titles take as much of the plan as the picture's scale says.
        inch = widest / _WIDTH
        corners, x, y, shelf, reached = [], 0.0, 0.0, 0.0, 0.0
        for block in blocks:
            own = max(block.width * (1 + _GAP), _LETTER * len(block.title) * inch)
            if x and x + own > widest * (1 + 1e-9):
                x, y, shelf = 0.0, y + shelf + _APART, 0.0
            corners.append((x, y + _TITLE * inch))
            shelf = max(shelf, _TITLE * inch + block.height * (height + _GAP))
            x += own + _APART
            reached = max(reached, x - _APART)
        return cls(blocks=blocks, corners=corners, tile=(1.0, height), size=(reached, y + shelf))

    @property
    def figure_size(self) -> tuple[float, float]:
        """Inches: as wide as pictures are, or narrower where the plan is too tall for that, with no empty margins."""
        high = _WIDTH * self.size[1] / self.size[0]
        shrunk = min(1.0, (_TALLEST - _AROUND) / high)
        return max(shrunk, 0.5) * _WIDTH, shrunk * high + _AROUND


def _draw(axes: Axes, plan: _FloorPlan, word_lines: int, bit_lines: int) -> None:
    axes.set_xlim(-0.02 * plan.size[0], 1.02 * plan.size[0])
    axes.set_ylim(plan.size[1] * 1.02, 0)
    axes.set_aspect("equal")
    axes.set_axis_off()
    inches = axes.get_window_extent().width / axes.figure.dpi * plan.tile[0] / plan.size[0]
    width, height = plan.tile
    for number, (block, corner) in enumerate(zip(plan.blocks, plan.corners, strict=True)):
        colour = _COLOURS[number % len(_COLOURS)]
        axes.annotate(
            block.title, corner, xytext=(0, 3), textcoords="offset points", va="bottom", fontsize=8.5, color="0.1"
        )
        for index, tile in enumerate(block.tiles):
            column, row = block.place(index)
            at = corner[0] + column * (width + _GAP), corner[1] + row * (height + _GAP)
            used = width * tile.bit_lines / bit_lines, height * tile.word_lines / word_lines
            _draw_tile(axes, at, plan.tile, used, colour)
            if tile.has_bias:
                bottom = at[1] + used[1]
                axes.plot([at[0], at[0] + used[0]], [bottom, bottom], color="black", linewidth=1.6)
            _label(axes, tile, at, plan.tile, used, inches)
    _legend(axes, plan)


def _draw_tile(
    axes: Axes, at: tuple[float, float], size: tuple[float, float], used: tuple[float, float], colour: str
) -> None:
    from matplotlib.patches import Rectangle

    axes.add_patch(Rectangle(at, *size, facecolor="0.96", edgecolor="none"))
    axes.add_patch(Rectangle(at, *used, facecolor=colour, alpha=0.45, edgecolor="none"))
    axes.add_patch(Rectangle(at, *size, facecolor="none", edgecolor=colour, linewidth=0.8))


def _label(
    axes: Axes,
    tile: TilePlacement,
    at: tuple[float, float],
    size: tuple[float, float],
    used: tuple[float, float],
    inches: float,
) -> None:
    """In the used part, or in the larger of what is left beside and below it, so that no edge crosses the words."""
    scale = inches / size[0]
    parts = (
        (*at, *used),
        (at[0] + used[0], at[1], size[0] - used[0], size[1]),
        (at[0], at[1] + used[1], size[0], size[1] - used[1]),
    )
    for text in (_long_label(tile), str(tile.tile)):
        lines = text.split("\n")
        wide, high = _LABEL_LETTER * max(map(len, lines)), _LABEL_LINE * len(lines)
        # The used part first, then the widest of the others.
        for left, top, width, height in (parts[0], *sorted(parts[1:], key=lambda part: -min(part[2:]))):
            if wide <= width * scale and high <= height * scale:
                middle = left + width / 2, top + height / 2
                axes.text(*middle, text, ha="center", va="center", fontsize=7, color="0.1")
                return


def _long_label(tile: TilePlacement) -> str:
    inputs, outputs = (f"{first}-{last}" for first, last in (tile.inputs, tile.outputs))
    return f"tile {tile.tile}\nin {inputs}\nout {outputs}\n{100 * tile.share:.0f} %"


def _legend(axes: Axes, plan: _FloorPlan) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Any] = [
        Patch(facecolor=_COLOURS[k % len(_COLOURS)], alpha=0.45, label=block.tiles[0].layer)
        for k, block in enumerate(plan.blocks[:_LONGEST_LEGEND])
    ]
    if len(plan.blocks) > _LONGEST_LEGEND:
        handles.append(Patch(facecolor="none", label=f"and {len(plan.blocks) - _LONGEST_LEGEND} more"))
    handles.append(Patch(facecolor="0.96", edgecolor="0.5", label="not used"))
    if any(tile.has_bias for block in plan.blocks for tile in block.tiles):
        handles.append(Line2D([], [], color="black", linewidth=1.6, label="biases' word line"))
    axes.legend(
        handles=handles, loc="upper center", bbox_to_anchor=(0.5, 0.0), ncols=min(len(handles), 6), frameon=False
    )
