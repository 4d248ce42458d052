"""Ground states of small networks of spins, and which sets of them pruning can reach: by looking at every state.

The energy of spins s of -1 and 1 is ``-sum of J_ij s_i s_j`` over pairs (Hopfield 1982; with J for -J that of Kumar
2025, section 5.3.2). As turning all spins round changes nothing, spin 0 is held at 1: a network of n spins has
``2**(n - 1)`` states, of which the bits of the state's number say which of the spins 1, 2, ... are -1.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rescircuit.compiled import kernel

__all__ = [
    "connecting_patterns",
    "connecting_spins",
    "ground_states",
    "pairs_of",
    "reachable_sets",
    "state_set",
    "states_of",
]

Flags = NDArray[np.bool_]


def pairs_of(spins: int) -> NDArray[np.int64]:
    """All pairs of spins, (spins * (spins - 1) / 2, 2), in lexicographic order: the order of couplings."""
    return np.array(list(combinations(range(spins), 2)), np.int64)


def states_of(spins: int) -> NDArray[np.int8]:
    """All states (2**(spins - 1), spins) of -1 and 1, spin 0 being 1."""
    numbers = np.arange(2 ** (spins - 1))[:, np.newaxis]
    turned = numbers >> np.arange(spins - 1) & 1
    return np.concatenate([np.ones_like(numbers), 1 - 2 * turned], axis=1).astype(np.int8)


def ground_states(couplings: NDArray[Any], spins: int, chosen: int, *, tolerance: float = 0.0) -> Flags:
    """The states of the first `chosen` spins that occur in ground states, (2**(chosen - 1),).

    Parameters
    ----------
    couplings : array (pairs,)
    spins, chosen : int
    tolerance : float
        By which energies may differ and be the same: the rounding of couplings that are no whole numbers.
    """
    states, pairs = states_of(spins), pairs_of(spins)
    energy = -(states[:, pairs[:, 0]] * states[:, pairs[:, 1]]) @ couplings
    lowest = np.flatnonzero(energy <= energy.min() + tolerance)
    found = np.zeros(2 ** (chosen - 1), np.bool_)
    found[lowest % found.size] = True
    return found


def state_set(found: Flags) -> int:
    """A set of states as a number: bit k for state k."""
    return sum(1 << int(k) for k in np.flatnonzero(found))


def reachable_sets(couplings: NDArray[np.int64], spins: int, chosen: int) -> Flags:
    """Which sets of states of the first `chosen` spins the ground states have under some mask of the couplings.

    Every mask is tried.

    Parameters
    ----------
    couplings : int64 array (pairs,)
        Whole numbers, so that equal energies are equal.
    spins, chosen : int
        `chosen` at most 5.

    Returns
    -------
    bool array (2**(2**(chosen - 1)),)
        By the numbers of :func:`state_set`.
    """
    states, pairs = states_of(spins), pairs_of(spins)
    gains = (states[:, pairs[:, 0]] * states[:, pairs[:, 1]]).T.astype(np.int64) * couplings[:, np.newaxis]
    return _reachable(np.ascontiguousarray(gains), 2 ** (chosen - 1))


@kernel
def _reachable(gains: Any, sets: int) -> Any:
    """`reachable_sets` from what each coupling takes off each state's energy, (pairs, states), mask by mask."""
    pairs, states = gains.shape
    reached = np.zeros(1 << sets, np.bool_)
    depth = np.zeros(states, np.int64)  # minus the energy
    mask = 0
    for step in range(1 << pairs):
        deepest = depth.max()
        found = 0
        for state in range(states):
            if depth[state] == deepest:
                found |= 1 << (state % sets)
        reached[found] = True
        # The next mask of Gray's code differs in one coupling: that of the lowest bit set in the step's number.
        following = step + 1
        if following == 1 << pairs:
            break
        pair = 0
        while not (following >> pair) & 1:
            pair += 1
        mask ^= 1 << pair
        sign = 1 if (mask >> pair) & 1 else -1
        for state in range(states):
            depth[state] += sign * gains[pair, state]
    return reached


@kernel
def connecting_spins(signs: Any, chosen: int) -> int:
    """Values of the other spins with which satisfied bonds connect the first `chosen` spins, which are all 1.

    Parameters
    ----------
    signs : int8 array (spins, spins)
        Of the couplings, symmetric.
    chosen : int

    Returns
    -------
    int
        Bit k is set where spin ``chosen + k`` is -1; -1 if there are no such values.
    """
    spins = signs.shape[0]
    value = np.ones(spins, np.int64)
    for others in range(1 << (spins - chosen)):
        for k in range(spins - chosen):
            value[chosen + k] = -1 if (others >> k) & 1 else 1
        reached, edge = 1, 1
        while edge:
            after = 0
            for i in range(spins):
                if (edge >> i) & 1:
                    for j in range(spins):
                        if not (reached >> j) & 1 and signs[i, j] * value[i] * value[j] > 0:
                            after |= 1 << j
                            reached |= 1 << j
            edge = after
        if reached & ((1 << chosen) - 1) == (1 << chosen) - 1:
            return others
    return -1


@kernel
def connecting_patterns(spins: int, chosen: int) -> int:
    """Of all patterns of signs of the couplings, 2 for each pair, those for which `connecting_spins` finds values."""
    pairs = spins * (spins - 1) // 2
    signs = np.zeros((spins, spins), np.int8)
    count = 0
    for pattern in range(1 << pairs):
        pair = 0
        for i in range(spins):
            for j in range(i + 1, spins):
                sign = 1 if (pattern >> pair) & 1 else -1
                signs[i, j] = sign
                signs[j, i] = sign
                pair += 1
        if connecting_spins(signs, chosen) >= 0:
            count += 1
    return count
