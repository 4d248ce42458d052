"""Random subset sums of vectors: exact against enumeration, and near what theory expects."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from rescircuit import subset_sum, vector_subset_sum
from rescircuit.devices.streams import Stream
from rescircuit.errors import InputError
from rescircuit.pieces import Pieces
from rescircuit.plotting.theory.vectors import draw_vectors
from rescircuit.theory.fixed_size import best_of_sizes
from rescircuit.theory.vector_laws import VectorLaw
from rescircuit.theory.vector_theory import (
    VectorTheory,
    covering_error,
    items_of_theorem,
    median_of,
    radius_for,
    second_moment,
    size_of,
)
from rescircuit.theory.vectors import vector_errors


@pytest.fixture
def problems():
    """Items (3, n, d) and targets (3, d)."""

    def draw(n, d, count=3):
        numbers = Stream(seed=4, source=f"test.{n}.{d}")
        return numbers.normal(count * n * d).reshape(count, n, d), numbers.uniform(count * d, 10**6).reshape(count, d)

    return draw


@pytest.mark.parametrize(("n", "d"), [(1, 1), (2, 3), (7, 1), (8, 2), (9, 5)])
def test_every_size_against_all_combinations(problems, n, d):
    items, targets = problems(n, d)
    radii = np.linspace(0.2, 1.5, n + 1)
    found = best_of_sizes(items, targets, radii)
    for t, k in itertools.product(range(3), range(n + 1)):
        subsets = list(itertools.combinations(range(n), k))
        errors = [np.abs(items[t, list(subset)].sum(axis=0) - targets[t]).max() for subset in subsets]
        assert found.errors[t, k] == pytest.approx(min(errors), abs=1e-12)
        assert found.counts[t, k] == sum(error <= radii[k] for error in errors)
        chosen = tuple(i for i in range(n) if int(found.masks[t, k]) >> i & 1)
        assert len(chosen) == k
        assert errors[subsets.index(chosen)] == pytest.approx(min(errors), abs=1e-12)


def test_free_subsets_against_the_exact_solvers(problems):
    items, targets = problems(15, 1)
    solved = subset_sum(items[:, :, 0], targets[:, 0])
    best = best_of_sizes(items, targets).errors.min(axis=1)
    np.testing.assert_allclose(best, np.abs(solved.residual), rtol=1e-9)
    items, targets = problems(17, 3)
    for vectors, target, error in zip(items, targets, best_of_sizes(items, targets).errors.min(axis=1), strict=True):
        assert error == pytest.approx(vector_subset_sum(vectors, target).distance, rel=1e-9)


def test_kernels_against_their_python(problems):
    items, targets = problems(5, 2)
    from rescircuit.theory import fixed_size

    half, masks, starts = fixed_size._sums_by_size.py_func(items[0, :3], 0)
    compiled = fixed_size._sums_by_size(items[0, :3], 0)
    for one, other in zip((half, masks, starts), compiled, strict=True):
        np.testing.assert_array_equal(one, other)
    arguments = (half[1:4], masks[1:4], half[4:7], masks[4:7], targets[0], math.inf, np.uint64(0), 2.0)
    assert fixed_size._closest_pair.py_func(*arguments) == fixed_size._closest_pair(*arguments)


@pytest.mark.parametrize("law", ["normal", "nsn"])
def test_medians_tend_to_the_prediction(law):
    found = vector_errors(items=[16], dimensions=[1], sizes=["free", "half"], law=law, samples=400, seed=2)
    for each in found.errors:
        assert each.low / 1.02 <= each.given_total <= each.high * 1.02
        assert each.first_moment < each.given_total
        assert each.covering < each.low


def test_the_second_moment_is_as_computed():
    """And not 1, as it would be of independent subsets."""
    found = vector_errors(items=[14], dimensions=[2], sizes=["free"], samples=3000, seed=3)
    assert [each.k for each in found.moments][-1] == 7
    for each in found.moments:
        assert each.ratio == pytest.approx(each.theory, abs=3.5 * each.error)
        assert each.mean == pytest.approx(8, rel=0.1)
    assert found.moments[-1].theory > 1.3


def test_second_moment_tends_to_its_limit_between_those_of_the_proof():
    """Lemmas 3.5.3 and 3.7.1: (1 - 4 a^2)^(-d/2) and (1 - a^2 / 4)^(-d/2)."""
    d, share = 4, 1 / 8
    ratios = [second_moment(n, d, n // 8, 1e-6) for n in (16, 64, 512, 4096)]
    limit = (1 - share**2) ** (-d / 2)
    assert np.abs(np.array(ratios) - limit).argsort().tolist() == [3, 2, 1, 0]
    assert ratios[-1] == pytest.approx(limit, rel=1e-3)
    assert (1 - share**2 / 4) ** (-d / 2) < ratios[-1] < (1 - 4 * share**2) ** (-d / 2)


def test_second_moment_of_two_pairs_by_the_bivariate_law():
    """All subsets of 2 of 3: two of them always share one item."""
    radius = 0.05
    targets, weights = np.polynomial.legendre.leggauss(8)
    covariance: Any = [[2, 1], [1, 2]]
    law: Any = multivariate_normal(np.zeros(2), covariance)
    together = sum(
        w / 2 * law.cdf([t + radius] * 2, lower_limit=[t - radius] * 2) for t, w in zip(targets, weights, strict=True)
    )
    alone = (norm(scale=math.sqrt(2)).cdf(targets + radius) - norm(scale=math.sqrt(2)).cdf(targets - radius)) @ weights
    share = 2 / 3  # of ordered pairs of subsets, those of two different ones
    assert second_moment(3, 1, 2, radius) == pytest.approx(share * together / (alone / 2) ** 2, rel=1e-5)


@pytest.mark.parametrize("name", ["normal", "nsn", "sparse"])
def test_expected_numbers_against_counts(name):
    """Also where the prediction given the total is an average over samples: the law of total expectation."""
    law, n, d, distance = VectorLaw(name=name), 7, 2, 0.7
    items, full = law.draw(5, 0, 6000, n, d)
    targets = 2.0 * Stream(seed=5, source="test.targets").uniform(6000 * d).reshape(-1, d) - 1.0
    counts = best_of_sizes(items, targets, np.full(n + 1, distance)).counts
    for sizes in ([1], [3], [7], range(n + 1)):
        theory = VectorTheory(law, n, sizes, targets, items.sum(axis=1), full)
        measured = counts[:, list(sizes)].sum(axis=1)
        error = 4 * measured.std() / math.sqrt(6000) + 0.02 * measured.mean()
        assert theory.expected(distance, sizes).mean() == pytest.approx(measured.mean(), abs=error)
        assert theory.expected_given_total(distance, sizes).mean() == pytest.approx(measured.mean(), abs=error)


def test_median_of_one_item_in_closed_form():
    """Of one size-1 subset of one item with target 0: the median of |N(0, 1)|, were numbers Poisson's -log(1/2) ..."""
    theory = VectorTheory(VectorLaw(name="normal"), 1, [1], np.zeros((1, 1)), np.zeros((1, 1)), np.ones(1))
    median = median_of(lambda distance: float(theory.first_moment(distance).mean()))
    assert median == pytest.approx(norm.ppf(0.5 + math.log(2) / 2), rel=1e-4)
    assert radius_for(4, 1, 1, 2.0) == pytest.approx(0.674 + 0.1, abs=0.15)  # half of N(0, 1) around [-1, 1]


def test_what_is_there_for_sure_is_no_chance():
    """The empty subset, and given the total that of all items."""
    targets, totals = np.array([[0.3], [0.6]]), np.array([[5.0], [0.7]])
    theory = VectorTheory(VectorLaw(name="normal"), 2, [0, 2], targets, totals, np.full(2, 2.0))
    assert theory.given_total(0.2).tolist() == [0.0, 1.0]
    assert theory.given_total(0.4).tolist() == [1.0, 1.0]
    assert theory.first_moment(0.4)[0] == 1.0
    assert 0.0 < theory.first_moment(0.4)[1] < 1.0


def test_sizes_bounds_and_the_theorem():
    assert [size_of(name, 20, 4) for name in ("free", "half", "thesis", "root", "n/4", "3")] == [None, 10, 2, 4, 5, 3]
    assert covering_error(2.0**11, 2) == pytest.approx(2.0**-6)
    assert items_of_theorem(2, 0.25) == pytest.approx(8 * 2 * 3)
    for wrong in ("n/0", "0.5", "", "21"):
        with pytest.raises(InputError, match="sizes must be"):
            size_of(wrong, 20, 4)


def test_samples_depend_on_their_number_alone(monkeypatch, tmp_path):
    settings = {"items": [6, 10], "dimensions": [1, 3], "samples": 12, "seed": 6}
    whole = vector_errors(**settings).as_dict()
    monkeypatch.setattr("rescircuit.theory.vectors._MOST_AT_ONCE", 5)
    assert vector_errors(**settings, pieces=Pieces(folder=tmp_path)).as_dict() == whole
    monkeypatch.setattr("rescircuit.theory.vectors.best_of_sizes", None)  # all is read
    assert vector_errors(**settings, pieces=Pieces(folder=tmp_path)).as_dict() == whole


def test_findings_and_pictures(tmp_path):
    found = vector_errors(items=[4, 8, 12], dimensions=[1, 2], samples=30)
    titles = [table.title for table in found.tables()]
    assert titles[:2] == ["Subsets of any size, standard normal items", "Subsets of n / 2, standard normal items"]
    needed = {(each.name, each.d): each for each in found.needed() if each.epsilon == 0.1}
    at = needed["free", 2]
    low, measured, high = np.array([at.low, at.measured, at.high], dtype=np.float64)
    assert 4 < low <= measured <= high < 12
    assert at.least == pytest.approx(2 * math.log2(10))
    arrays = found.arrays()
    assert arrays["errors_median"].shape == (3 * 2 * 3,)
    assert np.isnan(arrays["errors_k"][0])
    assert any("of any size" in remark for remark in found.remarks())
    paths = draw_vectors(found, tmp_path)
    assert [path.suffix for path in paths] == [".png"] * 4
    assert all(path.stat().st_size > 10_000 for path in paths)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"items": [1]}, "items must be a whole number from 2 to 36"),
        ({"items": []}, "items must be at least one"),
        ({"dimensions": [9]}, "dimensions must be a whole number from 1 to 8"),
        ({"law": "cauchy"}, "law must be normal or nsn"),
        ({"law": "sparse"}, "law must be normal or nsn"),
        ({"epsilons": [1.0]}, "epsilons must be errors above 0"),
        ({"sizes": ["12"]}, "sizes must be at most the number of items"),
        ({"samples": 0}, "samples must be"),
    ],
)
def test_what_is_refused(wrong, message):
    with pytest.raises(InputError, match=message):
        vector_errors(**{"items": [6], "dimensions": [2], "samples": 2, **wrong})


def test_problems_that_do_not_fit():
    for items, targets, radii in (
        (np.ones((2, 40, 1)), np.ones((2, 1)), None),
        (np.ones((2, 3)), np.ones((2, 1)), None),
        (np.ones((2, 3, 1)), np.ones((2, 2)), None),
        (np.ones((2, 3, 1)), np.ones((2, 1)), np.ones(3)),
    ):
        with pytest.raises(InputError):
            best_of_sizes(items, targets, radii)
