"""Pictures of memristors under changing voltages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rescircuit.devices.memristors import MemristorTransient, Sine
from rescircuit.errors import InputError
from rescircuit.plotting.figures import COLOURS, prefixed_unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from rescircuit.spice.verification.cases.memristors import MemristorVerification

__all__ = ["plot_hysteresis"]

_MARKS = 48  # of ngspice's thousands of points


def plot_hysteresis(
    transients: MemristorTransient | Sequence[MemristorTransient],
    checks: Sequence[MemristorVerification] | None = None,
    axes: Sequence[Axes] | None = None,
) -> list[Axes]:
    """Current against voltage, a loop pinched at 0 V, and below it the state over time.

    Parameters
    ----------
    transients : MemristorTransient or sequence of them
        Up to four, such as one for each frequency. Under sines of different frequencies time counts in periods.
    checks : sequence of MemristorVerification, optional
        Of the same transients: some of ngspice's points are drawn over the lines.
    axes : two matplotlib axes, optional

    Returns
    -------
    list of the two axes

    Raises
    ------
    InputError
        For no transients or more than four, or another number of checks.
    """
    runs = [transients] if isinstance(transients, MemristorTransient) else list(transients)
    if not 1 <= len(runs) <= len(COLOURS):
        raise InputError("transients", f"1 to {len(COLOURS)} transients", f"{len(runs)} of them")
    if checks is not None and len(checks) != len(runs):
        raise InputError("checks", f"{len(runs)}, one for each transient", f"{len(checks)} of them")
    loop, course = axes if axes is not None else _stacked_axes()
    ampere, current_unit = prefixed_unit(max(float(np.abs(run.current).max()) for run in runs), "A")
    volt, voltage_unit = prefixed_unit(max(float(np.abs(run.voltage).max()) for run in runs), "V")
    units, time_label = _time_units(runs)
    for k, run in enumerate(runs):
        colour = COLOURS[k]
        loop.plot(volt * run.voltage, ampere * run.current, color=colour, lw=1.6, label=_name(run))
        course.plot(run.time / units[k], run.state, color=colour, lw=1.6)
        if checks is not None:
            check, ends = checks[k], np.linspace(0.0, run.duration, _MARKS + 1)
            shown = np.unique(np.minimum(np.searchsorted(check.times, ends), check.times.size - 1))
            marks: dict[str, Any] = {"ls": "", "marker": "o", "ms": 4.5, "mfc": "none", "mec": colour, "mew": 0.9}
            name = f"ngspice, off by {check.max_relative_error:.0e}"
            loop.plot(volt * check.voltages[shown], ampere * check.currents[shown], label=name, **marks)
            course.plot(check.times[shown] / units[k], check.states[shown], **marks)
    loop.axhline(0.0, color="0.7", lw=0.8, zorder=0)
    loop.axvline(0.0, color="0.7", lw=0.8, zorder=0)
    loop.set_xlabel(f"voltage ({voltage_unit})")
    loop.set_ylabel(f"current ({current_unit})")
    loop.set_title("A memristor's loop is pinched at 0 V")
    loop.legend(fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=len(runs), frameon=False)
    course.set_xlabel(time_label)
    course.set_ylabel("state (r_off 0, r_on 1)")
    course.set_ylim(-0.05, 1.05)
    course.margins(x=0.01)
    for panel in (loop, course):
        panel.grid(True, alpha=0.3)
    return [loop, course]


def _stacked_axes() -> list[Axes]:
    from matplotlib import pyplot as plt

    _, axes = plt.subplots(2, 1, figsize=(7, 7.6), height_ratios=[3, 2], layout="constrained")
    return list(axes)


def _time_units(runs: list[MemristorTransient]) -> tuple[list[float], str]:
    """What to divide each transient's times by, and what the axis then shows."""
    waves = [run.waveform for run in runs]
    if len(runs) > 1 and all(isinstance(wave, Sine) for wave in waves):
        return [wave.period for wave in waves if isinstance(wave, Sine)], "time / period"
    scale, unit = prefixed_unit(max(run.duration for run in runs), "s")
    return [1.0 / scale] * len(runs), f"time ({unit})"


def _name(run: MemristorTransient) -> str:
    wave = run.waveform
    largest, unit = (wave.frequency, "Hz") if isinstance(wave, Sine) else (wave.largest, "V")
    factor, prefixed = prefixed_unit(largest, unit)
    return f"{'' if isinstance(wave, Sine) else 'up to '}{factor * largest:.4g} {prefixed}"
