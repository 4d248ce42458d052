import numpy as np
import pytest

from rescircuit.calibration import Patterns
from rescircuit.errors import InputError


@pytest.mark.parametrize("n", [1, 2, 3, 7, 9, 11, 19, 21, 23, 25, 27, 31, 35, 43, 47, 60])
def test_hadamard_designs_reach_the_least_variance(n):
    patterns = Patterns.hadamard(n)
    signs = 1 - 2 * patterns.matrix.astype(int)
    assert np.array_equal(signs.T @ signs, patterns.count * np.eye(n))
    assert not patterns.matrix[0].any()
    np.testing.assert_allclose(patterns.variance_gain, 4 / patterns.count, rtol=1e-12)
    if 2 <= n < 48:  # the least multiple of 4
        assert patterns.count == -(-(n + 1) // 4) * 4


def test_one_hot_is_a_difference_of_two_readings():
    patterns = Patterns.one_hot(5)
    np.testing.assert_allclose(patterns.variance_gain, 2.0, rtol=1e-12)
    readings = np.array([0.5, 1.5, 2.5, 3.5, 4.5, 5.5])
    np.testing.assert_allclose(patterns.solution @ readings, [1, 2, 3, 4, 5, 0.5], rtol=1e-12)


def test_an_s_matrix_and_its_zero_give_the_closed_form():
    """Harwit and Sloane: 4 n / (n + 1)² with the zero known; with the zero read once, 4 / (n + 1)."""
    n = 7
    s_matrix = Patterns.hadamard(n).matrix[1:].astype(float)
    inverse = np.linalg.inv(s_matrix)
    np.testing.assert_allclose((inverse**2).sum(axis=1), 4 * n / (n + 1) ** 2, rtol=1e-12)
    np.testing.assert_allclose(Patterns.hadamard(n).variance_gain, 4 / (n + 1), rtol=1e-12)


def test_least_squares_of_more_readings_than_unknowns():
    matrix = np.vstack([Patterns.one_hot(4).matrix] * 3)
    np.testing.assert_allclose(Patterns(matrix=matrix).variance_gain, 2 / 3, rtol=1e-12)


@pytest.mark.parametrize(
    ("matrix", "text"),
    [
        (np.eye(4, dtype=bool), "all switches open"),
        (np.zeros((3, 2), bool), "rank of 1"),
        (np.ones((2, 2)), "booleans"),
        (np.ones(3, bool), "booleans"),
    ],
)
def test_patterns_that_do_not_determine_the_values_are_refused(matrix, text):
    if matrix.shape == (4, 4):
        matrix = matrix.copy()
        matrix[0, 0] = False
    with pytest.raises(InputError, match=text):
        Patterns(matrix=matrix)


@pytest.mark.parametrize("n", [0, 2.5, 10**6])
def test_sizes_out_of_range_are_refused(n):
    with pytest.raises(InputError, match=r"^n must be"):
        Patterns.one_hot(n)
