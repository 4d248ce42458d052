"""The law of sums of random integers of either sign, against all of them listed, and against its limit."""

from __future__ import annotations

import itertools
import math

import pytest

from rescircuit.errors import InputError
from rescircuit.theory.signed_sums import normal_probability, second_moment, sum_probabilities


@pytest.mark.parametrize("m", [1, 2, 3])
def test_the_law_is_that_of_all_sums_listed(m):
    values = [x for x in range(-m, m + 1) if x]
    for k in range(5):
        sums = [sum(each) for each in itertools.product(values, repeat=k)]
        for target in range(-4 * m - 1, 4 * m + 2):
            assert sum_probabilities(4, m, target)[k] == sums.count(target) / (2 * m) ** k


def test_probabilities_add_up_to_one():
    assert math.fsum(sum_probabilities(7, 11, t)[7] for t in range(-77, 78)) == pytest.approx(1, abs=1e-14)


def test_the_second_moment_is_that_of_the_items():
    for m in (1, 2, 9):
        assert second_moment(m) == pytest.approx(sum(x * x for x in range(1, m + 1)) / m**3, rel=1e-14)


@pytest.mark.parametrize("n", [10, 20, 40])
def test_the_normal_law_and_its_first_correction(n):
    """At 0 the density of a sum of n uniform variables is the normal one times 1 - 3 / (20 n): excess kurtosis -6/5."""
    m = 2**44 + 123
    ratio = sum_probabilities(n, m, 0)[n] / normal_probability(n, m, 0)
    assert ratio == pytest.approx(1 - 3 / (20 * n), abs=0.02 / n**2)


def test_other_arguments_are_refused():
    with pytest.raises(InputError, match="n must be a whole number from 0 to 64"):
        sum_probabilities(65, 3, 0)
    with pytest.raises(InputError, match="m must be"):
        sum_probabilities(3, 0, 0)
