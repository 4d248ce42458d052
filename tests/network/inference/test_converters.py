"""Converters' kernels against loops over single numbers in plain Python."""

from __future__ import annotations

import numpy as np
import pytest

from rescircuit.network.inference.converters import (
    add_differences,
    add_signed,
    input_codes,
    largest_code,
    quantise,
    slices,
)

RNG = np.random.default_rng(5)


def rounded(value):
    """To the nearest whole number, halves to the even one, as Python's round does."""
    return float(round(value))


def test_quantising_rounds_clips_and_leaves_alone():
    x = np.array([-0.2, 0.0, 0.24, 0.26, 1.0, 1.7])
    assert quantise(x, 1.0, 1, signed=False) == pytest.approx([0, 0, 0, 0, 1, 1])
    assert quantise(x, 1.5, 2, signed=False) == pytest.approx([0, 0, 0, 0.5, 1.0, 1.5])
    assert quantise(x, 1.0, 2, signed=True) == pytest.approx([0, 0, 0, 0, 1, 1])
    assert quantise(-x, 1.5, 3, signed=True) == pytest.approx([0, 0, 0, -0.5, -1, -1.5])
    assert quantise(x, 1.0, None, signed=True) is x


@pytest.mark.parametrize(("bits", "signed", "last"), [(1, False, 1), (8, False, 255), (8, True, 127), (2, True, 1)])
def test_codes_end_where_bits_do(bits, signed, last):
    assert largest_code(bits, signed=signed) == last


@pytest.mark.parametrize("bits", [1, 3, 8])
def test_input_codes_are_those_of_a_loop(bits):
    x = RNG.normal(scale=0.6, size=(3, 2, 7, 5))[:, :, ::2]  # not contiguous
    codes, negative = input_codes(x, 1.2, bits)
    last = 2**bits - 1
    expected = [rounded(min(max(value * (last / 1.2), -last), last)) for value in x.ravel()]
    assert np.array_equal(codes.ravel(), expected)
    assert negative
    assert codes.shape == x.shape


def test_ideal_inputs_are_shares_without_end():
    codes, negative = input_codes(np.array([0.5, 3.0]), 2.0, None)
    assert np.array_equal(codes, [0.25, 1.5])
    assert not negative


def test_what_rounds_to_zero_is_not_negative():
    assert not input_codes(np.array([-1e-4, 0.5]), 1.0, 8)[1]
    assert input_codes(np.array([-1e-4, 0.5]), 1.0, None)[1]


@pytest.mark.parametrize(("bits", "slice_bits"), [(8, 1), (8, 3), (8, 8), (5, 2), (1, 1)])
def test_slices_are_the_bits_of_codes(bits, slice_bits):
    codes = np.arange(2.0**bits)
    found = list(slices(codes, bits, slice_bits))
    assert len(found) == -(-bits // slice_bits)
    for k, (weight, part) in enumerate(found):
        assert weight == 2.0 ** (k * slice_bits)
        assert part.tolist() == [(int(code) >> (k * slice_bits)) % 2**slice_bits for code in codes]
    assert np.array_equal(sum(weight * part for weight, part in found), codes)


def test_signed_conversion_is_that_of_a_loop():
    currents, offsets = RNG.normal(scale=6, size=(3, 2, 4)), RNG.normal(size=3)
    currents[0, 0] = [0.5, 1.5, -0.5, 2.5] - offsets[0]
    weights, total = RNG.normal(size=3), RNG.normal(size=(5, 2, 7))
    expected = total.copy()
    for j in range(3):
        for b in range(2):
            for p in range(4):
                code = rounded(min(max(currents[j, b, p] + offsets[j], -7.0), 7.0))
                expected[1 + j, b, 2 + p] += weights[j] * code
    add_signed(total, 1, 2, currents, offsets, weights, 7.0)
    assert total == pytest.approx(expected, rel=1e-15, abs=1e-15)


def test_conversion_of_lines_is_that_of_a_loop():
    currents, offsets = RNG.normal(loc=7, scale=6, size=(4, 2, 5)), RNG.normal(size=4)
    plus, minus = np.array([0, 1, 3]), np.array([2, 2, 2])
    weights, total = RNG.normal(size=3), RNG.normal(size=(3, 2, 5))
    expected = total.copy()
    for j in range(3):
        for b in range(2):
            for p in range(5):
                upper, lower = (
                    rounded(min(max(currents[line, b, p] + offsets[line], 0.0), 15.0)) for line in (plus[j], minus[j])
                )
                expected[j, b, p] += weights[j] * (upper - lower)
    add_differences(total, 0, 0, currents, offsets, weights, 15.0, plus, minus)
    assert total == pytest.approx(expected, rel=1e-15, abs=1e-15)
