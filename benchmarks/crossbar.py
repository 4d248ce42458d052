"""Crossbars with wires: ours against badcrossbar (all inputs at once) and ngspice (one input), in one run."""

from __future__ import annotations

import logging
import warnings

import numpy as np

import rescircuit as rc
from benchmarks.report import peak_memory, seconds, show, table

SIZES = (16, 32, 64, 128)
LARGEST_IN_NGSPICE = 64  # 128 x 128 takes it minutes


def run() -> str:
    """The table, in Markdown."""
    rows = []
    for n in SIZES:
        rng = np.random.default_rng(n)
        cells, volts = 10.0 ** rng.uniform(-6, -5, (n, n)), rng.uniform(0, 0.2, n)
        map_time = seconds(lambda cells=cells: rc.Crossbar(cells, 1.0, 1.0).effective_conductances())
        one_time = seconds(lambda cells=cells, volts=volts: rc.Crossbar(cells, 1.0, 1.0).solve(volts))
        peer_time, peer_ratio = _badcrossbar(cells, map_time)
        spice_time, ratio, agreement = "", "", ""
        if n <= LARGEST_IN_NGSPICE:
            check = rc.verify(rc.Crossbar(cells, 1.0, 1.0), voltages=volts)
            spice_time, ratio = show(check.seconds), f"{check.seconds / one_time:,.0f}"
            agreement = f"{check.max_relative_error:.0e}"
        rows.append(
            [
                f"{n} x {n}",
                *(show(map_time), peer_time, peer_ratio),
                *(show(one_time), spice_time, ratio, agreement, peak_memory()),
            ]
        )
    columns = ["array", "effective conductances", "badcrossbar, n inputs", "times slower"]
    columns += ["one input", "ngspice", "times slower", "largest difference", "peak memory so far"]
    return table(columns, rows)


def _badcrossbar(cells: np.ndarray, ours: float) -> tuple[str, str]:
    """Its time for as many inputs as word lines, which gives the same map, and the ratio to ours."""
    logging.disable(logging.INFO)  # it reports each step
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ImportWarning)  # its plots would need cairo
        import badcrossbar
    inputs, resistances = np.eye(len(cells)), 1 / cells
    theirs = np.asarray(badcrossbar.compute(inputs, resistances, r_i=1.0).currents.output)
    difference = np.abs(theirs / rc.Crossbar(cells, 1.0, 1.0).effective_conductances() - 1).max()
    if not difference < 1e-9:
        raise SystemExit(f"badcrossbar and rescircuit differ by {difference:.1e}: nothing to compare")
    taken = seconds(lambda: badcrossbar.compute(inputs, resistances, r_i=1.0), repeat=1)
    return show(taken), f"{taken / ours:.2g}"
