"""Errors of random subset sums against all subsets, closed forms, and what densities promise."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from rescircuit.errors import InputError
from rescircuit.theory.densities import missed, predicted_quantile, sum_densities, uncovered
from rescircuit.theory.gaps import worst_errors
from rescircuit.theory.populations import population
from rescircuit.theory.subset_sums import measure_errors


def all_sums(items):
    """All subset sums, (count, 2**n), by a table of masks."""
    n = items.shape[1]
    masks = (np.arange(2**n)[:, np.newaxis] >> np.arange(n)) & 1
    return items @ masks.T


@pytest.mark.parametrize("name", ["uniform", "positive", "lognormal"])
@pytest.mark.parametrize("n", [1, 2, 5, 8])
def test_worst_errors_against_a_fine_grid_of_targets(name, n):
    items = population(name).items(n, 20, seed=1)
    low, high = population(name).centre(n) - 0.5, population(name).centre(n) + 0.5
    grid = np.linspace(low, high, 4001)
    seen = np.array([np.abs(sums[:, np.newaxis] - grid).min(axis=0).max() for sums in all_sums(items)])
    found = worst_errors(items, low, high)
    assert (found >= seen - 1e-12).all()
    assert (found <= seen + 1 / 4000).all()  # the error changes by no more than the target


def test_worst_errors_by_hand():
    """0.4 and -0.3 sum to -0.3, 0, 0.1 and 0.4."""
    items = [[0.4, -0.3]]
    assert worst_errors(items, -0.5, 0.5) == pytest.approx([0.2])  # from -0.5 to -0.3
    assert worst_errors(items, -0.3, 0.4) == pytest.approx([0.15])  # the middles of both wide gaps
    assert worst_errors(items, 0.0, 0.2) == pytest.approx([0.1])  # at 0.2, before the middle of its gap
    assert worst_errors(items, 0.3, 0.3) == pytest.approx([0.1])
    assert worst_errors(items, 1.0, 2.0) == pytest.approx([1.6])


def test_the_density_in_the_middle_of_many_equal_items_is_the_binomial_one():
    """Of 40 items 1 the sums are binomial: with items slightly spread, C(40, k) of them lie around k."""
    n = 40
    for k in (8, 14, 20):
        density = sum_densities(np.ones((1, n)), [float(k)])[0, 0]
        assert density == pytest.approx(math.comb(n, k), rel=0.02)


def test_the_density_against_counted_sums():
    """In intervals with some hundred sums, on the average of samples, far from the middle as well."""
    items = population("uniform").items(14, 40, seed=2)
    sums = all_sums(items)
    for place in (-0.8, 0.0, 1.0):
        counted = (np.abs(sums - place) < 0.05).sum(axis=1) / 0.1
        promised = sum_densities(items, [place])[:, 0]
        assert counted.mean() == pytest.approx(promised.mean(), rel=0.05)  # counting alone is good to 1 %
        assert np.corrcoef(counted, promised)[0, 1] > 0.95


def test_no_density_out_of_reach_and_items_of_nothing_do_not_count():
    items = np.array([[0.5, -0.2, 0.3]])
    np.testing.assert_array_equal(sum_densities(items, [-0.21, 0.81]), [[0.0, 0.0]])
    padded = np.array([[0.5, 0.0, -0.2, 0.3, 0.0]])
    np.testing.assert_allclose(sum_densities(padded, [0.1]), sum_densities(items, [0.1]), rtol=1e-12)


def test_independent_points_follow_their_formulas():
    """Poisson points of known density: none within e of a target, and the widest gap of an interval."""
    rng = np.random.default_rng(5)
    targets, worst, nearest = np.linspace(0, 1, 1001), [], []
    for _ in range(2000):
        points = np.sort(rng.uniform(-1, 2, rng.poisson(3 * 60)))
        above = np.searchsorted(points, targets).clip(1, points.size - 1)
        distances = np.minimum(np.abs(points[above] - targets), np.abs(targets - points[above - 1]))
        nearest.append(distances[500])
        worst.append(distances.max())
    densities = np.full((1, 9), 60.0)
    assert np.mean(np.array(nearest) > 0.005) == pytest.approx(float(missed(densities, 0.005)[0, 0]), abs=0.03)
    for share in (0.5, 0.9):
        error = float(np.quantile(worst, share))
        assert float(uncovered(densities, 1.0, error)[0]) == pytest.approx(1 - share, abs=0.04)


def test_a_predicted_quantile_is_where_the_probability_is():
    assert predicted_quantile(lambda e: math.exp(-e), 0.5, 100.0) == pytest.approx(math.log(2), rel=1e-9)
    assert predicted_quantile(lambda e: 0.3 + 0.7 * math.exp(-e), 0.9, 100.0) == math.inf


def test_one_and_two_items_by_hand():
    """Reaching a target within e: uniform items, targets uniform on [-1/2, 1/2].

    With one item, 0 and x are the sums: the share is 2 e from 0, and e from x (x within the interval in half of the
    cases, its surroundings overlap those of 0 and the ends in a share of e**2). With two, the sum of both adds
    ``2 e P(|x + y| < 1/2)``, that is 2 e 7/16.
    """
    found = measure_errors([population("uniform")], sizes=(1, 2), samples=10_000, accuracies=(0.02,), worst_up_to=2)
    one, two = found.points["uniform"]
    for point, expected in ((one, 0.04 + 0.02), (two, 0.04 + 2 * 0.02 + 0.04 * 7 / 16)):
        share, low, high = point.reached(0.02)
        assert low < share < high
        assert share == pytest.approx(expected, abs=0.01)


def test_errors_are_those_of_all_subsets_and_the_worst_is_no_less():
    found = measure_errors([population("uniform"), population("positive")], sizes=(6,), samples=50, seed=4)
    for name in ("uniform", "positive"):
        (point,) = found.points[name]
        source = population(name)
        sums = all_sums(source.items(6, 50, seed=4))
        assert point.worst is not None
        assert (point.worst >= point.errors - 1e-12).all()
        assert (point.errors <= 1).all()
        grid = np.linspace(source.centre(6) - 0.5, source.centre(6) + 0.5, 2001)
        typical = np.abs(sums[:, :, np.newaxis] - grid).min(axis=1)
        assert stats.ks_2samp(point.errors, typical.reshape(-1)).pvalue > 1e-3


def test_the_density_promises_what_is_measured():
    found = measure_errors([population("uniform"), population("normal")], sizes=(14,), samples=500, seed=1)
    for points in found.points.values():
        (point,) = points
        assert point.predicted_quantile(0.5) == pytest.approx(point.quantile(0.5)[0], rel=0.2)
        assert point.predicted_worst_quantile(0.5) == pytest.approx(point.worst_quantile(0.5)[0], rel=0.12)
        _, low, high = point.reached(1e-3)
        assert low - 0.02 < point.predicted_reached(1e-3) < high + 0.02


def test_a_thinned_run_is_the_start_of_a_longer_one():
    few, more = (measure_errors([population("normal")], sizes=(5,), samples=k, worst_up_to=5) for k in (10, 25))
    np.testing.assert_array_equal(more.points["normal"][0].errors[:10], few.points["normal"][0].errors)


def test_findings_in_tables_and_numbers():
    found = measure_errors([population("uniform")], sizes=(4, 10, 11, 12, 30), samples=60)
    tables = found.tables()
    assert [len(table.rows) for table in tables] == [5, 5, 4, 1]
    assert all(len(row) == len(table.columns) for table in tables for row in table.rows)
    assert len(found.remarks()) == 3
    assert "uniform_30_errors" in found.arrays()
    assert "uniform_30_worst" not in found.arrays()
    kept = found.as_dict()["populations"]["uniform"]
    assert kept["lueker"]["sizes"] == [10, 11, 12]
    assert "worst_error" not in kept["points"][-1]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"sizes": (65,)}, "sizes must be a whole number from 1 to 64"),
        ({"sizes": ()}, "populations must be at least one"),
        ({"failures": 1.0}, "failures must be a probability above 0 and below 1"),
        ({"accuracies": (0.0,)}, "accuracies at index 0 must be"),
        ({"width": -1.0}, "width must be"),
        ({"worst_up_to": 25}, "worst_up_to must be a whole number from 0 to 24"),
        ({"samples": 0}, "samples must be"),
    ],
)
def test_other_arguments_are_refused(given, says):
    with pytest.raises(InputError, match=says):
        measure_errors([population("uniform")], **{"sizes": (3,), **given})


def test_other_arrays_are_refused():
    for call, says in (
        (lambda: worst_errors(np.ones((1, 25)), 0, 1), "n at most 24"),
        (lambda: worst_errors([[1.0]], 1, 0), "low must be at most high"),
        (lambda: sum_densities([1.0], [0.0]), r"items must be of shape \(count, n\)"),
        (lambda: sum_densities([[1.0]], [[0.0], [1.0]]), r"targets must be of shape \(1, m\) or \(m,\)"),
    ):
        with pytest.raises(InputError, match=says):
            call()
