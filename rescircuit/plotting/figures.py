"""What all pictures share: axes to draw on, colours, units, and files."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rescircuit.errors import InputError
from rescircuit.files import write_atomically

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["COLOURS", "new_axes", "prefixed_unit", "save_figure"]

# Okabe and Ito's colours, which colour-blind readers tell apart.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")

_PREFIXES = {-18: "a", -15: "f", -12: "p", -9: "n", -6: "µ", -3: "m", 0: "", 3: "k", 6: "M", 9: "G", 12: "T"}


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


def prefixed_unit(largest: float, unit: str) -> tuple[float, str]:
    """What to multiply numbers up to `largest` by, and the unit with its prefix that they then have: 1e6 and µA."""
    exponent = 3 * math.floor(math.log10(largest) / 3) if largest > 0 else 0
    exponent = min(max(exponent, min(_PREFIXES)), max(_PREFIXES))
    return 10.0**-exponent, _PREFIXES[exponent] + unit


def new_axes(rows: int = 1, columns: int = 1, figsize: tuple[float, float] = (7, 4.6)) -> Any:
    """Axes of a new figure; several as an array."""
    from matplotlib import pyplot as plt

    _, axes = plt.subplots(rows, columns, figsize=figsize, layout="constrained")
    return axes
