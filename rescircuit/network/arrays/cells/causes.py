"""The causes that change a cell's conductance, in the order in which they act."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from rescircuit.checks import Array

__all__ = ["with_causes"]


def with_causes(
    effects: Iterable[str],
    *,
    asked: Array,
    targets: Array,
    believed: Array,
    programmed: Array,
    stuck: Callable[[], Array],
    factors: Callable[[str], Array],
) -> Array:
    """What cells conduct with some of the causes, siemens, of the arrays' shape; see :meth:`TileCells.conductances`.

    Each cause takes the cells one step further: from the targets to what programming is believed to have reached, from
    there to what it has, and from there to what faults make of it; then come factors. A step that is left out is left
    out of the sum. Where none is, the cells are exactly what the last one says.

    Parameters
    ----------
    effects : iterable of str
    asked, targets, believed, programmed : array
        Siemens.
    stuck : callable
        Gives what faults make of the programmed cells, siemens.
    factors : callable
        Gives the factors of the conductances for ``"temperature"`` and ``"drift"``.
    """
    chosen = frozenset(effects)
    values = targets if "wires" in chosen else asked
    before = targets
    for name, find in (("programming", lambda: believed), ("calibration", lambda: programmed), ("stuck", stuck)):
        if name in chosen:
            after = find()
            values = after if values is before else values + (after - before)
            before = after
        elif name != "stuck":
            before = find()
    for name in ("temperature", "drift"):
        if name in chosen:
            values = values * factors(name)
    return np.maximum(values, 0.0)
