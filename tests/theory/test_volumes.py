"""Covered volumes against grids and closed forms, and the lemmas' bounds below what is measured."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rescircuit.errors import InputError
from rescircuit.theory.covered import covered_volumes, growth_bound, tau_1_bound, tau_2_bound
from rescircuit.theory.populations import population
from rescircuit.theory.volumes import measure_volumes

EPS = 0.01


@pytest.fixture(scope="module")
def found():
    return measure_volumes(error=EPS, steps=32, samples=400, seed=1)


def grid_volume(items, eps, points=200_001):
    """The share of a fine grid's points on [-1, 1] within eps of a sum of any subset."""
    sums = np.zeros(1)
    for item in items:
        sums = np.concatenate([sums, sums + item])
    sums = np.concatenate([[-np.inf], np.sort(sums), [np.inf]])
    grid = np.linspace(-1, 1, points)
    above = np.searchsorted(sums, grid)
    return (np.minimum(sums[above] - grid, grid - sums[above - 1]) <= eps).mean()


@pytest.mark.parametrize(("eps", "t"), [(0.003, 7), (0.01, 5), (0.3, 4), (1e-4, 10)])
def test_volumes_against_a_fine_grid(eps, t):
    items = population("uniform").items(t, 6, seed=3)
    volumes, _ = covered_volumes(items, eps)
    for sample, row in zip(items, volumes, strict=True):
        for k in (0, t // 2, t):
            assert row[k] == pytest.approx(grid_volume(sample[:k], eps), abs=1e-5 * 2 ** min(k, 6))


def test_volumes_by_hand():
    """Around 0, 0.6, -0.5 and 0.1 with eps 0.1: 0.2 each, the first and the last overlapping by half."""
    volumes, _ = covered_volumes([[0.6, -0.5]], 0.1)
    assert volumes[0] == pytest.approx([0.1, 0.2, (0.2 + 0.2 + 0.3) / 2])
    at_the_end, _ = covered_volumes([[1.0]], 0.1)
    assert at_the_end[0] == pytest.approx([0.1, 0.15])


def test_sums_outside_come_back():
    """0.9 and 0.8 sum to 1.7, outside; -1 more brings the sum 0.7 inside."""
    volumes, _ = covered_volumes([[0.9, 0.8, -1.0]], 0.01)
    inside = [0.0, 0.9, 0.8, -0.1, -0.2, 0.7]  # and the sum -1, of which half is inside
    assert volumes[0, 3] == pytest.approx(0.01 * len(inside) + 0.005)


def test_the_expected_volume_is_the_mean_over_the_next_item():
    """The integral over the next item by 8000 of them; at t = 0 by hand: 2 eps more, less overlap and ends."""
    items = population("uniform").items(6, 3, seed=5)
    _, expected = covered_volumes(items, 0.02)
    steps = (np.arange(8000) + 0.5) / 4000 - 1
    for sample, row in zip(items, expected, strict=True):
        for t in (0, 5):
            following, _ = covered_volumes(np.column_stack([np.tile(sample[:t], (8000, 1)), steps]), 0.02)
            assert row[t] == pytest.approx(following[:, -1].mean(), abs=1e-5)
    assert expected[0, 0] == pytest.approx(0.02 + 0.02 - 0.02**2 - 0.02**2 / 4, abs=1e-12)


def test_lemma_2_2_1_holds_in_every_state(found):
    before, expected = found.volumes[:, :-1], found.expected[:, :-1]
    assert (expected >= before * growth_bound(before) - 1e-12).all()
    assert found.margin() > 1
    for each in found.growths():
        assert each.measured[0] >= each.bound
        assert each.margin >= 1
        if each.steps > 200:
            assert each.measured[0] == pytest.approx(each.expected, rel=0.03)


def test_times_are_within_the_lemmas(found):
    for times, bound in ((found.tau_1, tau_1_bound), (found.tau_2, tau_2_bound)):
        for t in range(1, 3000, 50):
            assert (times <= t).mean() >= bound(EPS, t) - 1e-12
    assert np.median(found.tau_1) <= 12
    volumes = np.array([[0.1, 0.4, 0.6, 0.997], [0.1, 0.2, 0.5, 0.5]])
    again = type(found)(error=EPS, volumes=volumes, expected=volumes, predicted=volumes[0], samples=2, seed=0)
    assert again.tau_1.tolist() == [2, math.inf]
    assert again.tau_2.tolist() == [1, math.inf]


def test_volumes_grow_and_the_density_promises_them(found):
    assert (np.diff(found.volumes, axis=1) >= -1e-15).all()
    assert found.volumes[:, 0] == pytest.approx(EPS)
    means = found.volumes.mean(axis=0)
    assert found.predicted[4:] == pytest.approx(means[4:], rel=0.12)


def test_the_bounds_by_hand():
    """Lemma 2.2.3 with beta 1/16: p = 1/15, i* = ceil(log(50) / log(17/16)) = 65, so nothing is said below 975."""
    assert tau_1_bound(EPS, 500) == 0
    t, least = 3000, 65 * 15
    assert tau_1_bound(EPS, t) >= 1 - math.exp(-2 / 15**2 / t * (t - least) ** 2) - 1e-12
    assert tau_2_bound(EPS, 40) == pytest.approx(1 - 100 * (7 / 8) ** 40)
    assert tau_2_bound(EPS, 10) == 0
    assert growth_bound(0.5) == pytest.approx(9 / 8)


def test_findings_in_tables_and_numbers(found):
    tables = found.tables()
    assert [table.title.split()[0] for table in tables] == ["Volume", "Growth", "Steps"]
    assert all(len(row) == len(table.columns) for table in tables for row in table.rows)
    assert any("lemma 2.2.1" in remark for remark in found.remarks())
    assert found.arrays()["volumes"].shape == (400, 33)
    kept = found.as_dict()
    assert kept["least_gain_over_bound"] > 1
    assert 0.3 < kept["fall"] < 0.7


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"error": 0.5}, "error must be from 1e-06 to 1/3"),
        ({"error": 1e-7}, "error must be"),
        ({"steps": 401}, "steps must be a whole number from 1 to 400"),
        ({"samples": 0}, "samples must be"),
    ],
)
def test_other_arguments_are_refused(given, says):
    with pytest.raises(InputError, match=says):
        measure_volumes(**{"samples": 1, "steps": 2, **given})
    with pytest.raises(InputError, match="items must be"):
        covered_volumes([[1.5]], 0.1)
