"""Counting perfect partitions: the kernel against all subsets, the experiment against the library's other methods."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from rescircuit.devices.streams import Stream
from rescircuit.errors import InputError
from rescircuit.pieces import Pieces
from rescircuit.subsetsum.integers import closest_integer_subset, count_subsets
from rescircuit.theory.partition_counts import counted_subsets, uniform_integers
from rescircuit.theory.partitions import grid_of, measure_partitions


def sums_of(items):
    return np.array([sum(each) for each in itertools.product(*((0, int(x)) for x in items))])


@pytest.mark.parametrize("n", [2, 5, 8])
def test_the_kernel_counts_as_a_list_of_all_subsets(n):
    rng = np.random.default_rng(n)
    items, goals = rng.integers(0, 9, (60, n)), rng.integers(-5, 5 * n, (60, 3))
    counts, below, above = counted_subsets(items, goals)
    for sample, which in itertools.product(range(60), range(3)):
        sums, goal = sums_of(items[sample]), goals[sample, which]
        assert counts[sample, which] == (sums == goal).sum()
        lower, upper = sums[sums <= goal], sums[sums > goal]
        assert below[sample, which] == goal - lower.max() if lower.size else below[sample, which] >= 2**61
        assert above[sample, which] == upper.min() - goal if upper.size else above[sample, which] >= 2**61


@pytest.mark.parametrize("bits", [6, 14, 53])
def test_the_kernel_agrees_with_the_solver_of_one_problem(bits):
    items = np.random.default_rng(bits).integers(1, 2**bits, (6, 17))
    goals = items.sum(axis=1, keepdims=True) // 2
    counts, below, above = counted_subsets(items, goals)
    for sample in range(6):
        goal = int(goals[sample, 0])
        listed = [int(x) for x in items[sample]]
        assert counts[sample, 0] == count_subsets(listed, goal)
        nearest = abs(closest_integer_subset(listed, goal).residual)
        assert min(below[sample, 0], above[sample, 0]) == nearest or counts[sample, 0] > 0
        assert (counts[sample, 0] > 0) == (nearest == 0)


def test_sums_near_the_largest_do_not_overflow():
    m = 2**60 // 40
    items = np.full((1, 40), m)
    items[0, :20] -= np.arange(20)
    goal = int(items[0].sum())
    counts, below, above = counted_subsets(items[:, 28:], np.array([[12 * m, 6 * m]]))
    assert counts.tolist() == [[1, 924]]
    assert goal < 2**60
    assert below[0, 0] == 0
    assert above[0, 0] >= 2**61


@pytest.mark.parametrize("largest", [1, 7, 2**40 + 12345, 2**60])
def test_whole_numbers_are_the_upper_half_of_the_product(largest):
    words = Stream(seed=1, source="test").words(200)
    words[:2] = 0, 2**64 - 1
    expected = [((int(word) * largest) >> 64) + 1 for word in words]
    assert uniform_integers(words, largest).tolist() == expected
    assert (expected[0], expected[1]) == (1, largest)


def test_an_experiment_counts_what_a_list_of_all_signs_has():
    found = measure_partitions(n=[6], kappa=[0.7], samples=40, seed=5)
    (point,) = found.points
    assert point.m == round(2**4.2)
    items = uniform_integers(Stream(seed=5, source=f"theory.partitions/6/{point.m}").words(240), point.m)
    signs = np.array(list(itertools.product((-1, 1), repeat=6)))
    for sample, each in enumerate(items.reshape(40, 6)):
        differences = np.abs(signs @ each)
        odd = each.sum() % 2
        assert 2 * point.pairs[sample] == (differences == odd).sum()
        assert point.least[sample] + point.odd[sample] == differences.min()
        assert point.squares[sample] == (each**2).sum()
    assert point.mean_solutions == 2 * point.pairs.mean()


@pytest.mark.parametrize("target", [0.0, 1.5])
def test_measured_probabilities_and_moments_lie_on_the_finite_size_curve(target):
    found = measure_partitions(n=[16, 20], offsets=range(-4, 7), samples=1500, seed=1, target=target)
    for each in found.agreements:
        assert each.finite_size.points >= 9
        assert each.finite_size.p_value > 0.003
        assert each.numbers.p_value > 0.003
        assert each.means.p_value > 0.003
        assert each.largest_deviation < 0.05
    # The same points off by a tenth of the window's width would not pass.
    points = found.of_size(20)
    shifted = [abs(point.probability - partition_at(point, 0.3)) for point in points]
    assert max(shifted) > 0.05


def partition_at(point, shift):
    from rescircuit.theory.partition_theory import partition_probability

    return partition_probability(point.n, round(point.m * 2**shift), point.target)


def test_ground_states_are_exponential_where_no_solution_is_expected():
    found = measure_partitions(n=[20], offsets=[9, 10], samples=1000, seed=2)
    (each,) = found.agreements
    samples, mean, distance, p = each.ground_states
    assert samples == 2000
    assert mean == pytest.approx(1, abs=4 / samples**0.5)
    assert distance < 0.04
    assert p > 0.003
    assert measure_partitions(n=[8], offsets=[0], samples=5).agreements[0].ground_states is None


def test_an_experiment_is_the_same_in_any_pieces_and_goes_on(tmp_path):
    whole = measure_partitions(n=[8, 10], kappa=[0.8], samples=30, seed=3)
    folder = Pieces(folder=tmp_path)
    measure_partitions(n=[10], kappa=[0.8], samples=10, seed=3, pieces=folder)
    told = []
    again = measure_partitions(n=[8, 10], kappa=[0.8], samples=30, seed=3, pieces=folder, progress=told.append)
    np.testing.assert_array_equal(whole.arrays()["pairs"], again.arrays()["pairs"])
    assert sum(told) == pytest.approx(1)
    assert len(again.tables()) == 3
    assert again.tables()[1].rows[0][0] == "0.7990"  # M = 84
    assert again.as_dict()["points"][0]["n"] == 8


def test_items_that_are_all_one_have_a_certain_answer():
    found = measure_partitions(n=[6, 7], kappa=[0.0], samples=3, seed=1)
    assert found.arrays()["pairs"].tolist() == [[10] * 3, [35] * 3]  # C(6, 3) / 2 and C(7, 3)
    assert found.arrays()["expected_moments"][:, 0] == pytest.approx([20, 70])
    assert np.isfinite(
        [each["chi_square"] for each in found.as_dict()["agreements"][0].values() if isinstance(each, dict)]
    ).all()


def test_the_grid_has_each_point_once_and_says_what_does_not_fit():
    assert grid_of([8, 8], [1.0], [8 - 8 * 0.8708416482030523]) == [(8, 256)]
    with pytest.raises(
        InputError, match=r"kappa must be such that M = 2\*\*\(80\) is from 1 to 2\*\*54\.68, as n = 40"
    ):
        grid_of([40], [2.0], [])
    with pytest.raises(InputError, match="offsets must be such that"):
        grid_of([8], [], [-9])
    with pytest.raises(InputError, match="n must be a whole number from 4 to 44"):
        grid_of([50], [1.0], [])
    with pytest.raises(InputError, match="kappa must be at least one number"):
        grid_of([8], [], [])
    with pytest.raises(InputError, match="target must be at most 64"):
        measure_partitions(n=[8], kappa=[1.0], target=65)
