"""The sheet that a schematic is drawn on: symbols, wires and text in places given in units of the sheet."""

from __future__ import annotations

import textwrap
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from schemdraw import Drawing
from schemdraw import elements as elm

from rescircuit.files import write_atomically
from rescircuit.plotting.figures import COLOURS

__all__ = ["CARRYING", "IDLE", "PLAIN", "Pen", "Point", "Sheet", "house_style"]

Point = tuple[float, float]

_DPI = 150
_FONT = 9.0  # points
_LETTER = 0.56  # mean width of a letter, of the font's size
_PAD = 0.12  # inch of white around everything


@dataclass(frozen=True, kw_only=True)
class Pen:
    """How lines are drawn: their colour and their width in points."""

    colour: str
    width: float

    @property
    def options(self) -> dict[str, Any]:
        """As schemdraw's elements take them."""
        return {"color": self.colour, "lw": self.width}


PLAIN = Pen(colour="black", width=1.1)
CARRYING = Pen(colour=COLOURS[0], width=2.0)  # thick, so that it is told apart without colours too
IDLE = Pen(colour="#6b6b6b", width=0.8)


@contextmanager
def house_style() -> Iterator[None]:
    """Within it, pictures are the same bytes whatever settings a person has, and no text is read as mathematics."""
    with mpl.rc_context(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from", category=UserWarning)  # a box is drawn
        mpl.rcdefaults()
        mpl.rcParams.update(
            {
                "font.family": ["DejaVu Sans"],
                "svg.fonttype": "path",  # looks the same without our fonts
                "svg.hashsalt": "rescircuit",
                "text.parse_math": False,
            }
        )
        yield


class Sheet:
    """An empty white sheet; x grows to the right, y upwards.

    Parameters
    ----------
    inches_per_unit : float
        The scale. A resistor's zigzag is 1 unit long; text has its size in points whatever the scale.
    """

    def __init__(self, inches_per_unit: float = 0.42) -> None:
        self._scale = inches_per_unit
        self.figure = Figure(facecolor="white")  # not pyplot's: nothing stays open
        FigureCanvasAgg(self.figure)
        self._axes = self.figure.add_axes((0.0, 0.0, 1.0, 1.0))
        self._axes.set_axis_off()
        style = {"unit": 1.0, "color": "black", "bgcolor": "white", "fill": None, "font": "DejaVu Sans", "ls": "-"}
        self._drawing = Drawing(canvas=self._axes, show=False, lw=PLAIN.width, fontsize=_FONT, **style)
        self._xs: list[float] = []
        self._ys: list[float] = []

    def symbol(
        self, kind: Any, start: Point, end: Point, pen: Pen = PLAIN, *, scale: float = 1.0, **options: Any
    ) -> None:
        """A two-terminal symbol of schemdraw in the middle of the line from `start` to `end`."""
        with self._drawing:  # ours and nobody else's, whatever drawing a person has open
            self._drawing.add(kind(**pen.options, **options).scale(scale).endpoints(start, end))
        self._reach(start, end)

    def stamp(
        self, kind: Any, at: Point, pen: Pen = PLAIN, *, turn: float = 0.0, scale: float = 1.0, flip: bool = False
    ) -> None:
        """Another symbol of schemdraw with its first anchor at `at`, turned by degrees, or mirrored left to right."""
        with self._drawing:
            element = kind(**pen.options).scale(scale).theta(turn).at(at)
            self._drawing.add(element.reverse() if flip else element)
        bounds = element.get_bbox(transform=True)
        self._reach((bounds.xmin, bounds.ymin), (bounds.xmax, bounds.ymax))

    def wire(self, *points: Point, pen: Pen = PLAIN) -> None:
        """A line through `points`."""
        for start, end in pairwise(points):
            if start != end:
                self.symbol(elm.Line, start, end, pen)

    def arrow(self, tip: Point, turn: float, pen: Pen = PLAIN) -> None:
        """The head of an arrow on a wire, of a current that flows in the direction `turn`, degrees."""
        with self._drawing:
            head = elm.Arrowhead(headwidth=0.26, headlength=0.34, **pen.options)
            self._drawing.add(head.at(tip).theta(turn))
        self._reach(tip)

    def dot(self, at: Point, pen: Pen = PLAIN, *, hollow: bool = False) -> None:
        """A junction of wires, or a hollow terminal."""
        with self._drawing:
            self._drawing.add(elm.Dot(radius=0.1 if hollow else 0.075, open=hollow, **pen.options).at(at))
        self._reach(at)

    def box(self, low: Point, high: Point, pen: Pen = PLAIN) -> None:
        """A rectangle between two corners."""
        self.wire(low, (high[0], low[1]), high, (low[0], high[1]), low, pen=pen)

    def text(self, at: Point, text: str, *, align: tuple[str, str] = ("center", "center"), **options: Any) -> None:
        """Text at a place; `options` are matplotlib's: fontsize, rotation, color, fontweight, fontfamily."""
        horizontal, vertical = align
        style = {"fontsize": _FONT, "linespacing": 1.15, **options}
        self._axes.text(*at, text, ha=horizontal, va=vertical, zorder=5, **style)
        if not options.get("rotation"):
            height = (text.count("\n") + 1) * style["fontsize"] * style["linespacing"] / 72 / self._scale
            above = {"top": 0.0, "center": 0.5, "bottom": 1.0}[vertical]
            self._reach((at[0], at[1] + above * height), (at[0], at[1] - (1.0 - above) * height))

    def finish(self, title: str, caption: Sequence[str]) -> None:
        """Put the title above everything and the caption below, and give the figure its size."""
        self._drawing.draw(show=False)
        for artist in self._axes.get_children():
            artist.set_clip_on(False)  # the sheet ends where the outermost line's middle is
        low, high = (min(self._xs), min(self._ys)), (max(self._xs), max(self._ys))
        middle = 0.5 * (low[0] + high[0])
        across, letters = (high[0] - low[0]) * self._scale, _LETTER * (_FONT + 2) / 72
        lines = textwrap.wrap(title, max(24, int(across / letters)), break_long_words=True)
        if lines:
            above = (middle, high[1] + 0.22 / self._scale)
            self.text(above, "\n".join(lines), align=("center", "bottom"), fontsize=_FONT + 2, fontweight="bold")
        self.text((middle, low[1] - 0.14 / self._scale), "\n".join(caption), align=("center", "top"), linespacing=1.45)
        self.figure.set_size_inches(across, (high[1] - low[1]) * self._scale)
        self._axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), aspect="equal")

    def save(self, path: Path, title: str) -> Path:
        """Write the picture in the format of the path's suffix, whole or not at all; texts outside widen it."""
        kind = path.suffix.lower().removeprefix(".")
        about: dict[str, str | None] = {"Software": None}
        if kind == "svg":
            about = {"Date": None, "Creator": "rescircuit"} | ({"Title": title} if title else {})
        return write_atomically(
            path,
            lambda temporary: self.figure.savefig(
                temporary, format=kind, dpi=_DPI, metadata=about, bbox_inches="tight", pad_inches=_PAD
            ),
        )

    def _reach(self, *points: Point) -> None:
        for x, y in points:
            self._xs.append(x)
            self._ys.append(y)
