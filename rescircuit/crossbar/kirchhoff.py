"""Kirchhoff's current law in an array, node by node: what any solution is held against."""

from __future__ import annotations

import numpy as np

from rescircuit.checks import Array
from rescircuit.compiled import kernel

__all__ = ["defects", "flows", "updated"]


@kernel
def defects(
    through: Array,
    slopes: Array,
    words: Array,
    bits: Array,
    drivers: Array,
    senses: Array,
    v_word: Array,
    v_bit: Array,
) -> tuple[Array, Array, float]:
    """Currents that arrive at each node and do not leave it.

    They are summed from the branches' currents, whose voltage differences are exact, and not from a product of the
    conductance matrix, which has rounded large terms already.

    Parameters
    ----------
    through : array (m, n)
        Currents through the cells, from word line to bit line, ampere.
    slopes : array (m, n)
        The cells' conductances, siemens: how much the last bit of a voltage changes their currents.
    words, bits : array (m, n + 1), (m + 1, n)
        Conductances of the segments, siemens; 0 where nothing is connected.
    drivers, senses : array (m,), (n,)
        Voltages at the lines' ends, volt.
    v_word, v_bit : array (m, n)
        Voltages of the nodes, volt.

    Returns
    -------
    word, bit : array (m, n)
        Ampere.
    scale : float
        The largest sum of a node's branches' conductances times the voltages at their ends, ampere: what rounding
        is relative to.
    """
    m, n = through.shape
    word, bit = np.empty((m, n)), np.empty((m, n))
    scale = 0.0
    for i in range(m):
        for j in range(n):
            v, u = v_word[i, j], v_bit[i, j]
            cell = slopes[i, j] * (abs(v) + abs(u))
            before = v_word[i, j - 1] if j > 0 else drivers[i]
            after = v_word[i, j + 1] if j < n - 1 else drivers[i]
            left, right = words[i, j], words[i, j + 1]
            word[i, j] = left * (before - v) + right * (after - v) - through[i, j]
            scale = max(scale, left * (abs(before) + abs(v)) + right * (abs(after) + abs(v)) + cell)
            before = v_bit[i - 1, j] if i > 0 else senses[j]
            after = v_bit[i + 1, j] if i < m - 1 else senses[j]
            above, below = bits[i, j], bits[i + 1, j]
            bit[i, j] = above * (before - u) + below * (after - u) + through[i, j]
            scale = max(scale, above * (abs(before) + abs(u)) + below * (abs(after) + abs(u)) + cell)
    return word, bit, scale


@kernel
def flows(voltages: Array, conductances: Array) -> Array:
    """Currents out of nodes, (k, p), ampere, at voltages (k, p) with conductances (p, p) between each two.

    Differences of voltages come first: between equal ones nothing flows, however well they are connected.
    """
    cases, count = voltages.shape
    currents = np.zeros((cases, count))
    for case in range(cases):
        for i in range(count):
            for j in range(count):
                currents[case, i] += (voltages[case, i] - voltages[case, j]) * conductances[i, j]
    return currents


@kernel
def updated(before: Array, change: Array) -> float:
    """Turn changes (m, n) into what they make of `before`, and return the largest change relative to what it leaves.

    Infinite where nothing that is a conductance is left.
    """
    worst = 0.0
    for i in range(before.shape[0]):
        for j in range(before.shape[1]):
            moved = abs(change[i, j])
            after = before[i, j] + change[i, j]
            change[i, j] = after
            if moved > 0.0:
                worst = max(worst, moved / after) if after > 0.0 else np.inf
            elif moved != 0.0:  # not a number
                worst = np.inf
    return worst
