"""Hopfield networks pruned to the ground states of smaller ones (the question of Kumar 2025, section 5.3.2).

A small network of N spins and a large one have random couplings. Can couplings of the large one be set to zero so that
N of its spins have exactly the small one's ground states? The other spins are free: the ground states of the pruned
network are looked at on the chosen spins alone. Two cases are small enough to be decided, not estimated:

*Normal couplings.* The small network has one ground state s, and its mirror image. Then it can be done exactly if the
other spins have values with which bonds that are satisfied, ``J_ij s_i s_j > 0``, connect all chosen spins. It can:
keep the satisfied bonds and nothing else; then a state is a ground state if all kept bonds are satisfied. Otherwise it
cannot: take any mask that does it and one of its ground states. To prune a bond that is not satisfied in it lowers its
energy as far as a bond can lower any, so that the state stays a ground state, and none joins that was not one; without
such bonds the chosen spins must be connected, or some could be turned round. Nothing but signs matters, and turning
spins where s is -1 makes all of s 1: so the probability is that random signs connect the spins. With no other spins it
is that of a random graph of edge probability 1/2 being connected.

*Couplings of -1 and 1.* Ground states are many, and all masks of the large network are tried, up to 2**21: so it is
known which of all small networks, of every sign, it can be pruned to.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from itertools import product
from math import comb

import numpy as np
from numpy.typing import NDArray

from rescircuit.checks import whole_number
from rescircuit.devices.streams import Stream
from rescircuit.errors import InputError, SolutionError
from rescircuit.pieces import Pieces
from rescircuit.theory.ground_states import (
    connecting_patterns,
    connecting_spins,
    ground_states,
    pairs_of,
    reachable_sets,
    state_set,
)
from rescircuit.theory.hopfield_findings import HopfieldFindings, HopfieldPoint
from rescircuit.theory.intervals import mean_interval, wilson_interval
from rescircuit.theory.sampling import Arrays, Case, drawn

__all__ = ["connected_share", "exact_share", "measure_hopfield", "small_ground_states"]

_MOST_SPINS, _MOST_OTHERS = 12, 8
_MOST_CHOSEN = 5  # with couplings of -1 and 1: sets of 16 states
_MOST_SEARCHED = 7  # spins, 2**21 masks
_VERIFIED = 10  # spins, up to which every state of a pruned network is looked at
_COUNTED = 6  # spins, 2**15 patterns of signs
_TOLERANCE = 1e-9  # of energies of some tens


def measure_hopfield(
    chosen: Sequence[int] = (3, 4, 5, 6, 8),
    *,
    others: Sequence[int] = (0, 1, 2, 3),
    searched: int = 6,
    samples: int = 1000,
    seed: int = 1,
    pieces: Pieces | None = None,
    progress: Callable[[float], None] | None = None,
) -> HopfieldFindings:
    """Measure how often a random large network can be pruned to a random small one's ground states.

    Parameters
    ----------
    chosen : sequence of int
        N, 2 to 12.
    others : sequence of int
        Spins of the large network beside the chosen ones, 0 to 8.
    searched : int
        Spins of the largest network of couplings -1 and 1 whose masks are all tried, at most 7; N is then at most 5.
    samples : int
        Random pairs of networks for each point with normal couplings, and random large networks with others.
    seed : int
    pieces, progress
        See :func:`~rescircuit.theory.sampling.drawn`.

    Raises
    ------
    SolutionError
        If a pruned network, all of whose states are looked at, has other ground states than it should.
    """
    if not chosen or not others:
        raise InputError("chosen and others", "at least one number each", (chosen, others))
    sizes = sorted({whole_number("chosen", n, 2, _MOST_SPINS) for n in chosen})
    beside = sorted({whole_number("others", a, 0, _MOST_OTHERS) for a in others})
    whole_number("searched", searched, 2, _MOST_SEARCHED)
    grid = [("normal", n, a) for n in sizes for a in beside]
    grid += [("signs", n, a) for n in sizes for a in beside if n <= _MOST_CHOSEN and n + a <= searched]
    cases = [_case(kind, n, a, seed) for kind, n, a in grid]
    found = drawn(cases, samples=samples, seed=seed, pieces=pieces, progress=progress)
    points = tuple(_point(*place, arrays) for place, arrays in zip(grid, found, strict=True))
    return HopfieldFindings(points=points, samples=samples, seed=seed)


def connected_share(nodes: int) -> float:
    """The probability that a random graph, with each edge present with probability 1/2, is connected.

    By the component of one node (Gilbert 1959): ``1 - sum over k < n of C(n - 1, k - 1) c_k 2**(-k (n - k))``.
    """
    share = [0.0]
    for n in range(1, nodes + 1):
        parts = (comb(n - 1, k - 1) * share[k] * 2.0 ** (-k * (n - k)) for k in range(1, n))
        share.append(1.0 - sum(parts))
    return share[nodes]


@cache
def exact_share(chosen: int, others: int) -> float | None:
    """The probability that random signs connect the chosen spins, where it is known.

    By counting all patterns of signs, up to six spins; without other spins, that of a connected random graph.
    """
    spins = chosen + others
    if spins <= _COUNTED:
        return connecting_patterns(spins, chosen) / 2 ** (spins * (spins - 1) // 2)
    return connected_share(chosen) if others == 0 else None


def small_ground_states(chosen: int) -> NDArray[np.int64]:
    """The sets of ground states of all networks of `chosen` spins with couplings of -1 and 1, one number each."""
    pairs = len(pairs_of(chosen))
    every = product((-1, 1), repeat=pairs)
    return np.array([state_set(ground_states(np.array(signs), chosen, chosen)) for signs in every], np.int64)


def _case(kind: str, chosen: int, others: int, seed: int) -> Case:
    spins = chosen + others
    sets = small_ground_states(chosen) if kind == "signs" else np.empty(0, np.int64)

    def draw(first: int, count: int) -> Arrays:
        numbers = range(first, first + count)
        if kind == "normal":
            done = [_normal(chosen, spins, seed, number) for number in numbers]
            return {"done": np.array([each[0] for each in done]), "verified": np.array([each[1] for each in done])}
        reached = [reachable_sets(_signs(spins, seed, number), spins, chosen)[sets] for number in numbers]
        return {
            "share": np.array([each.mean() for each in reached]),
            "all": np.array([each.all() for each in reached]),
        }

    at_once = max(1, 200 >> max(0, spins - 6))
    if kind == "signs":
        at_once = min((1 << 28) >> (len(pairs_of(spins)) + spins - 1), 4096)  # of masks and states
    settings = {"experiment": "hopfield", "kind": kind, "chosen": chosen, "others": others}
    return Case(settings=settings, draw=draw, at_once=at_once)


def _couplings(name: str, spins: int, seed: int) -> Stream:
    return Stream(seed=seed, source=f"hopfield {name} {spins}")


def _signs(spins: int, seed: int, number: int) -> NDArray[np.int64]:
    pairs = len(pairs_of(spins))
    words = _couplings("signs", spins, seed).words(pairs, number * pairs)
    return 1 - 2 * (words & np.uint64(1)).astype(np.int64)


def _normal(chosen: int, spins: int, seed: int, number: int) -> tuple[bool, bool]:
    """Whether a large network can be pruned to a small one, and whether this was verified state by state."""
    own = len(pairs_of(chosen))
    small = _couplings("small", chosen, seed).normal(own, number * own)
    wanted = ground_states(small, chosen, chosen)
    pairs = pairs_of(spins)
    large = _couplings(f"large for {chosen}", spins, seed).normal(len(pairs), number * len(pairs))
    spin = np.ones(spins, np.int64)
    spin[1:chosen] = 1 - 2 * (int(np.flatnonzero(wanted)[0]) >> np.arange(chosen - 1) & 1)
    signs = np.zeros((spins, spins), np.int8)
    signs[pairs[:, 0], pairs[:, 1]] = np.sign(large) * spin[pairs[:, 0]] * spin[pairs[:, 1]]
    found = connecting_spins(signs + signs.T, chosen)
    if found < 0 or spins > _VERIFIED:
        return found >= 0, False
    spin[chosen:] = 1 - 2 * (found >> np.arange(spins - chosen) & 1)
    mask = large * spin[pairs[:, 0]] * spin[pairs[:, 1]] > 0
    got = ground_states(large * mask, spins, chosen, tolerance=_TOLERANCE)
    if not np.array_equal(got, wanted):
        wrong = int(np.count_nonzero(got != wanted))
        raise SolutionError(f"ground states of pruned network {number}", wrong, 0, "Please report this.")
    return True, True


def _point(kind: str, chosen: int, others: int, arrays: Arrays) -> HopfieldPoint:
    """The figures of one point of the grid."""
    if kind == "normal":
        done = int(np.count_nonzero(arrays["done"]))
        low, high = wilson_interval(done, arrays["done"].size)
        share, every, verified = done / arrays["done"].size, None, int(np.count_nonzero(arrays["verified"]))
    else:
        share, low, high = mean_interval(arrays["share"])
        every, verified = float(arrays["all"].mean()), arrays["share"].size
    expected = exact_share(chosen, others) if kind == "normal" else None
    return HopfieldPoint(
        kind=kind,
        chosen=chosen,
        others=others,
        share=share,
        low=max(0.0, low),
        high=min(1.0, high),
        expected=expected,
        every=every,
        verified=verified,
    )
