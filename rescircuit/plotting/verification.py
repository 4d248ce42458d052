"""Pictures of how closely our own solutions agree with another solver's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rescircuit.checks import Array
from rescircuit.plotting.figures import COLOURS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from rescircuit.spice.verification.comparison import Agreement, Verification

__all__ = ["plot_verification"]

_WIDTH, _ROW = 9.0, 2.3  # inches
_MOST_POINTS = 4000  # of a curve
_INDEX = ("first", "second", "third", "fourth")
_FEW = 20  # numbers that are drawn one by one
_NOTHING = 1e-7  # of the limit: how far below it an axis goes that has no errors to show
_ROOM = 3.0  # what is drawn above the limit and below the least error, as a factor


def plot_verification(check: Verification) -> list[Axes]:
    """The relative errors of each quantity, the largest first, with their limit; and where they are.

    A quantity whose last two axes have more than one number each has a map beside its curve: the errors over these, the
    largest over the other axes, with the worst marked. Errors that are exactly 0 have no place on a logarithmic axis;
    they are white in a map, and a panel's title says how many there are. Infinite ones, of what is no number, are
    counted there too, and as dark as the largest in a map.

    Parameters
    ----------
    check : Verification
        As :func:`rescircuit.verify` returns it.

    Returns
    -------
    list of matplotlib axes
        Of the curves, in the order of ``check.agreements``, and then of the maps.
    """
    from matplotlib import pyplot as plt

    rows = len(check.agreements)
    figure = plt.figure(figsize=(_WIDTH, 0.6 + _ROW * rows), layout="constrained")
    grid = figure.add_gridspec(rows, 2, width_ratios=(1.25, 1))
    curves, maps = [], []
    for row, agreement in enumerate(check.agreements):
        mapped = _map_of(agreement)
        curve = figure.add_subplot(grid[row, :] if mapped is None else grid[row, 0])
        _draw_curve(curve, agreement)
        curves.append(curve)
        if mapped is not None:
            panel = figure.add_subplot(grid[row, 1])
            _draw_map(figure, panel, agreement, mapped)
            maps.append(panel)
    curves[-1].set_xlabel("numbers, the largest error first")
    verdict = "agrees" if check.passed else "DISAGREES"
    figure.suptitle(f"{check.engine} {check.ngspice_version} {verdict}: {check.compared:,} numbers", fontsize=11)
    return [*curves, *maps]


def _draw_curve(panel: Axes, agreement: Agreement) -> None:
    errors = np.sort(agreement.errors, axis=None)[::-1][: agreement.compared]
    finite = errors[np.isfinite(errors)]
    shown = finite[finite > 0]
    places = np.unique(np.geomspace(1, max(shown.size, 1), _MOST_POINTS).astype(int))[: shown.size]
    colour = COLOURS[0] if agreement.worst <= agreement.limit else COLOURS[1]
    endless = errors.size - finite.size
    if shown.size:
        style = "o" if errors.size < _FEW else "-"
        panel.plot(endless + places, shown[places - 1], style, color=colour, lw=1.6, ms=4)
    panel.axhline(agreement.limit, color="0.2", lw=1.0, ls="--")
    panel.annotate(
        f"limit {agreement.limit:.0e}",
        (1.0, agreement.limit),
        xycoords=("axes fraction", "data"),
        xytext=(-4, -3),
        textcoords="offset points",
        ha="right",
        va="top",
        fontsize=8,
    )
    _number_axis(panel, errors.size)
    panel.set_yscale("log")
    known = np.append(shown if shown.size else agreement.limit * _NOTHING, agreement.limit)
    panel.set_ylim(known.min() / _ROOM, known.max() * _ROOM)
    panel.set_ylabel("relative error")
    panel.grid(True, which="major", alpha=0.3)
    panel.set_title(
        f"{agreement.name}: {_counted(errors.size, errors.size - shown.size - endless, endless)}", fontsize=9
    )


def _number_axis(panel: Axes, count: int) -> None:
    """Places from 1 to `count`; of many on a logarithmic axis, as the largest errors matter most."""
    from matplotlib.ticker import MaxNLocator, StrMethodFormatter

    if count < _FEW:
        panel.set_xlim(0.5, count + 0.5)
        panel.xaxis.set_major_locator(MaxNLocator(integer=True))
        return
    panel.set_xscale("log")
    panel.set_xlim(0.8, 1.25 * count)
    panel.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))


def _counted(numbers: int, exact: int, endless: int) -> str:
    """How many numbers a panel shows, and how many it cannot."""
    text = f"{numbers:,} number{'' if numbers == 1 else 's'}"
    if exact:
        text += f", {exact:,} exactly equal"
    return f"{text}, {endless:,} infinitely wrong" if endless else text


def _map_of(agreement: Agreement) -> Array | None:
    """The errors over the last two axes, the largest over all others; nothing where there are no two, or no errors."""
    errors = agreement.errors
    if errors.ndim < 2 or min(errors.shape[-2:]) < 2 or not errors.any():
        return None
    return errors.reshape(-1, *errors.shape[-2:]).max(axis=0)


def _draw_map(figure: Figure, panel: Axes, agreement: Agreement, errors: Array) -> None:
    from matplotlib.colors import LogNorm
    from matplotlib.ticker import MaxNLocator

    known = errors[np.isfinite(errors) & (errors > 0)]
    decades = np.log10(known if known.size else [agreement.limit])  # of none where all are infinite
    first, last = np.floor(decades.min()), np.ceil(decades.max())
    low, high = 10.0**first, 10.0 ** max(last, first + 1)
    hidden = np.ma.masked_where(~(errors > 0), np.minimum(errors, high))
    image = panel.imshow(hidden, aspect="auto", interpolation="nearest", cmap="viridis_r", norm=LogNorm(low, high))
    row, column = agreement.place[-2:]
    for colour, width in (("black", 3.5), ("white", 1.5)):  # a ring that shows on any colour
        panel.plot(column, row, "o", ms=11, mfc="none", mec=colour, mew=width, clip_on=False)
    dimensions = agreement.errors.ndim
    named = agreement.axes if len(agreement.axes) == dimensions else [f"{each} index" for each in _INDEX]
    panel.set_ylabel(named[dimensions - 2])
    panel.set_xlabel(named[dimensions - 1])
    panel.set_title(f"worst at {agreement.label}, {agreement.element}", fontsize=9)
    for axis, count in ((panel.yaxis, errors.shape[0]), (panel.xaxis, errors.shape[1])):
        ticks = MaxNLocator(nbins=6, integer=True).tick_values(0, max(count - 1, 1))
        axis.set_ticks([tick for tick in ticks if 0 <= tick < count])
    figure.colorbar(image, ax=panel)
