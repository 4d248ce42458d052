"""Hopfield networks pruned to smaller ones: against enumeration of states, masks and graphs."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest

from rescircuit.devices.streams import Stream
from rescircuit.errors import InputError
from rescircuit.pieces import Pieces
from rescircuit.theory.ground_states import (
    connecting_spins,
    ground_states,
    pairs_of,
    reachable_sets,
    state_set,
    states_of,
)
from rescircuit.theory.hopfield import connected_share, exact_share, measure_hopfield, small_ground_states


def lowest_states(couplings, spins, chosen):
    """The chosen spins' states in ground states, as tuples, spin by spin and pair by pair."""
    energies = {}
    for state in product((1, -1), repeat=spins):
        pairs = zip(combinations(range(spins), 2), couplings, strict=True)
        energies[state] = -sum(coupling * state[i] * state[j] for (i, j), coupling in pairs)
    least = min(energies.values())
    return {state[:chosen] for state, energy in energies.items() if energy <= least + 1e-9}


def as_tuples(found, chosen):
    """A set of states with spin 0 up as tuples, with their mirror images."""
    up = {tuple(int(s) for s in state) for state, there in zip(states_of(chosen), found, strict=True) if there}
    return up | {tuple(-s for s in state) for state in up}


def test_ground_states_are_those_of_enumeration():
    for number in range(20):
        couplings = Stream(seed=1, source="test").normal(10, 10 * number)
        couplings[::3] = 0.0
        got = ground_states(couplings, 5, 3, tolerance=1e-9)
        assert as_tuples(got, 3) == lowest_states(couplings, 5, 3)


def test_a_ferromagnet_has_one_state_and_a_frustrated_triangle_three():
    assert ground_states(np.ones(6), 4, 4).tolist() == [True] + 7 * [False]
    assert ground_states(-np.ones(3), 3, 3).tolist() == [False, True, True, True]


def test_small_networks_of_three_spins():
    """Of the eight, four are not frustrated and have one state (and its mirror image); the others have three."""
    sizes = sorted(int(number).bit_count() for number in small_ground_states(3))
    assert sizes == [1, 1, 1, 1, 3, 3, 3, 3]


def test_reachable_sets_are_those_of_all_masks():
    couplings = np.array([1, -1, -1, 1, 1, -1])
    for chosen, sets in ((3, 16), (4, 256)):
        expected = np.zeros(sets, np.bool_)
        for mask in product((0, 1), repeat=6):
            expected[state_set(ground_states(couplings * np.array(mask), 4, chosen))] = True
        np.testing.assert_array_equal(reachable_sets(couplings, 4, chosen), expected)
        assert 4 < expected.sum() <= min(64, sets - 1)


def test_the_criterion_is_exact():
    """Whether satisfied bonds connect the chosen spins, against all 2**6 masks and all states."""
    wanted = ground_states(np.ones(3), 3, 3)
    answers = []
    for number in range(40):
        couplings = Stream(seed=2, source="test").normal(6, 6 * number)
        signs = np.zeros((4, 4), np.int8)
        signs[tuple(pairs_of(4).T)] = np.sign(couplings)
        masks = np.array(list(product((0, 1), repeat=6)))
        pairs, states = pairs_of(4), states_of(4)
        energy = -(masks * couplings) @ (states[:, pairs[:, 0]] * states[:, pairs[:, 1]]).T
        lowest = energy <= energy.min(axis=1, keepdims=True) + 1e-9
        seen = lowest.reshape(len(masks), -1, 4).any(axis=1)  # the states of the first three spins
        possible = (seen == wanted).all(axis=1).any()
        assert (connecting_spins(signs + signs.T, 3) >= 0) == possible
        answers.append(possible)
    assert 0 < sum(answers) < 40


def test_connected_graphs_are_counted():
    def connected(n, edges):
        reached = {0}
        for _ in range(n):
            reached |= {j for edge in edges for i, j in (edge, edge[::-1]) if i in reached}
        return len(reached) == n

    for n in (1, 2, 3, 4):
        pairs = list(combinations(range(n), 2))
        graphs = [
            [pair for pair, there in zip(pairs, mask, strict=True) if there]
            for mask in product((0, 1), repeat=len(pairs))
        ]
        assert connected_share(n) == pytest.approx(np.mean([connected(n, edges) for edges in graphs]))
    assert connected_share(5) == pytest.approx(728 / 1024)  # labelled connected graphs: OEIS A001187


def test_exact_shares():
    for n in (2, 3, 4, 5):
        assert exact_share(n, 0) == pytest.approx(connected_share(n))
    # Two spins and another: 1/2 for the bond, and, without it, 1/2 for the same sign or opposite ones by way of it.
    assert exact_share(2, 1) == 0.75
    assert exact_share(8, 0) == connected_share(8)
    assert exact_share(8, 1) is None


def test_findings(tmp_path):
    pieces = Pieces(folder=tmp_path)
    found = measure_hopfield((3, 4), others=(0, 1), searched=5, samples=300, seed=4, pieces=pieces)
    normal, signs = found.of("normal"), found.of("signs")
    assert [(point.chosen, point.others) for point in normal] == [(3, 0), (3, 1), (4, 0), (4, 1)]
    assert [point.expected for point in normal] == [0.5, exact_share(3, 1), 38 / 64, exact_share(4, 1)]
    for point in normal:
        assert point.verified == round(point.share * 300)  # all that are pruned were looked at
        assert point.low < point.share < point.high
        if point.expected is not None:
            assert abs(point.share - point.expected) < 4 * np.sqrt(0.25 / 300)
    assert signs[0].share < signs[1].share
    assert signs[0].every == 0.0  # one mask's signs cannot make both a triangle frustrated and not
    again = measure_hopfield((3, 4), others=(0, 1), searched=5, samples=300, seed=4, pieces=pieces)
    assert again.as_dict() == found.as_dict()
    assert len(found.tables()) == 2
    assert any("of 4 points agree within" in remark for remark in found.remarks())
    assert found.arrays()["share"].shape == (8,)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"chosen": (1,)}, "chosen must be a whole number from 2 to 12"),
        ({"others": (9,)}, "others must be a whole number from 0 to 8"),
        ({"searched": 8}, "searched must be a whole number from 2 to 7"),
        ({"chosen": ()}, "at least one number each"),
    ],
)
def test_sizes_are_checked(given, message):
    with pytest.raises(InputError, match=message):
        measure_hopfield(**{"chosen": (3,), "others": (0,), "samples": 1} | given)
