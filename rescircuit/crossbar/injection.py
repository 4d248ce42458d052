"""Where currents go that are injected into an array's nodes while its ends are held."""

from __future__ import annotations

import numpy as np

from rescircuit.checks import Array
from rescircuit.crossbar.wiring import LinearSystem

__all__ = ["arriving_currents"]


def arriving_currents(system: LinearSystem, words: Array, bits: Array) -> tuple[Array, Array]:
    """Currents that arrive at sources (k, m) and at virtual grounds (k, n), ampere, all of them at 0 V.

    Both ends of a line count together; at a floating line nothing arrives.

    Parameters
    ----------
    system : LinearSystem
    words, bits : array (k, m, n)
        Currents injected into the nodes, ampere.
    """
    m, n = system.topology.shape
    elimination = system.elimination
    arrived = elimination.arriving(words, bits)
    at_words = int(elimination.sides[:2].sum())
    return _by_line(arrived[:, :at_words], m), _by_line(arrived[:, at_words:], n)


def _by_line(arrived: Array, lines: int) -> Array:
    """Currents at all ends of one kind, (k, 0, 1 or 2 times the lines), as those of lines, (k, lines)."""
    ends = arrived.shape[1] // lines
    return arrived.reshape(len(arrived), ends, lines).sum(axis=1) if ends else np.zeros((len(arrived), lines))
