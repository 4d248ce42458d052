"""Resistors: what a chip shares, what each one has of its own, and that a sample does not depend on its chunking."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import rescircuit as rc


def relative(resistor, count, **place):
    return resistor.sample((count,), **place) / resistor.nominal


def test_without_variation_all_are_nominal():
    assert np.array_equal(rc.Resistor(nominal=4.7e3).sample((2, 3), seed=1), np.full((2, 3), 4.7e3))


def test_the_common_part_is_shared_by_a_chip_and_differs_between_chips():
    resistor = rc.Resistor(nominal=1e3, common=0.2)
    chips = [relative(resistor, 50, seed=5, chip=chip) for chip in range(2000)]
    assert all(np.ptp(chip) == 0 for chip in chips)
    values = np.array([chip[0] for chip in chips])
    assert len(set(values.tolist())) == 2000
    assert stats.kstest(values, stats.uniform(0.8, 0.4).cdf).pvalue > 0.01
    # wherever on the chip one begins
    assert relative(resistor, 3, seed=5, chip=4, start=10**6)[0] == chips[4][0]


def test_tolerance_is_uniform_independent_and_bounded():
    resistor = rc.Resistor(nominal=1e3, tolerance=0.2)
    values = relative(resistor, 50_000, seed=5)
    assert 0.8 <= values.min() < 0.8001
    assert 1.1999 < values.max() <= 1.2
    assert stats.kstest(values, stats.uniform(0.8, 0.4).cdf).pvalue > 0.01
    other_chip = relative(resistor, 50_000, seed=5, chip=1)
    assert abs(np.corrcoef(values, other_chip)[0, 1]) < 4 / math.sqrt(50_000)


@pytest.mark.parametrize("mismatch", [0.001, 0.01, 0.03])
def test_mismatch_is_the_standard_deviation_of_a_normal_variable(mismatch):
    values = relative(rc.Resistor(nominal=1e3, mismatch=mismatch), 50_000, seed=5)
    # four standard errors: s / sqrt(2 n) of a standard deviation, s / sqrt(n) of a mean
    assert values.std() == pytest.approx(mismatch, rel=4 / math.sqrt(2 * 50_000))
    assert values.mean() == pytest.approx(1.0, abs=4 * mismatch / math.sqrt(50_000))
    assert stats.kstest((values - 1) / mismatch, "norm").pvalue > 0.01


def test_the_parts_multiply_and_are_independent():
    parts = {"common": 0.2, "tolerance": 0.1, "mismatch": 0.01}
    place = {"seed": 3, "chip": 8}
    apart = [relative(rc.Resistor(nominal=1.0, **{part: size}), 20_000, **place) for part, size in parts.items()]
    together = relative(rc.Resistor(nominal=1.0, **parts), 20_000, **place)
    assert together == pytest.approx(apart[0] * apart[1] * apart[2], rel=1e-15)
    assert abs(np.corrcoef(apart[1], apart[2])[0, 1]) < 4 / math.sqrt(20_000)


def test_a_chip_keeps_its_bits():
    """Pinned: the names of the sources and the order of the factors belong to what a seed means."""
    resistor = rc.Resistor(nominal=1e4, tolerance=0.2, common=0.1, mismatch=0.01)
    sample = resistor.sample((3,), seed=7, chip=2)
    assert [r.hex() for r in sample.tolist()] == [
        "0x1.6c7a61a4d8a54p+13",
        "0x1.8156f6ea62e89p+13",
        "0x1.37245c800676bp+13",
    ]


@settings(max_examples=60)
@given(st.integers(0, 2**50), st.integers(0, 20), st.integers(0, 20))
def test_a_chip_may_be_sampled_in_pieces(start, first, second):
    resistor = rc.Resistor(nominal=1e4, tolerance=0.2, common=0.1, mismatch=0.01)
    whole = resistor.sample((first + second,), seed=7, start=start)
    pieces = [resistor.sample((first,), seed=7, start=start), resistor.sample((second,), seed=7, start=start + first)]
    assert np.array_equal(whole, np.concatenate(pieces))


def test_elements_are_numbered_in_c_order():
    resistor = rc.Resistor(nominal=1e4, mismatch=0.01)
    flat = resistor.sample((24,), seed=7)
    assert np.array_equal(resistor.sample((2, 3, 4), seed=7), flat.reshape(2, 3, 4))
    assert resistor.sample(seed=7) == flat[0]
    assert resistor.sample((0,), seed=7).shape == (0,)
    assert np.array_equal(resistor.sample(24, seed=7), flat)
    assert np.array_equal(resistor.sample(np.int64(24), seed=7), flat)


@pytest.mark.parametrize("shape", [-1, (2, -1), 2.5, "5", (2.0,), True, None])
def test_other_shapes_are_refused(shape):
    with pytest.raises(rc.InputError, match="shape must be a whole number of at least 0, got"):
        rc.Resistor(nominal=1e4, mismatch=0.01).sample(shape, seed=7)


@pytest.mark.parametrize("nominal", [1e-320, 9e-13, 1.1e15, 1e35])
def test_resistances_that_nobody_makes_are_refused(nominal):
    with pytest.raises(rc.InputError, match=r"nominal must be a value from 1e-12 to 1e\+15 \(ohm\), got"):
        rc.Resistor(nominal=nominal)
    assert rc.Resistor(nominal=1e-12).nominal == 1e-12
    assert rc.Resistor(nominal=1e15).nominal == 1e15


def test_nominals_scale_and_leave_the_draw_alone():
    resistor = rc.Resistor(nominal=1e4, tolerance=0.2)
    nominals = np.array([1e3, 2e3, 5e3])
    draw = resistor.sample((4, 3), seed=7) / 1e4
    assert resistor.sample((4, 3), seed=7, nominals=nominals) == pytest.approx(nominals * draw, rel=1e-15)
    assert resistor.sample((4, 3), seed=7, nominals=2e3) == pytest.approx(2e3 * draw, rel=1e-15)


@pytest.mark.parametrize("shape", [(), (2,), (3, 2)])
def test_nominals_of_another_shape_are_refused(shape):
    """Also where NumPy would broadcast the sample to them: three resistors would then share one draw."""
    with pytest.raises(rc.InputError, match=r"nominals must be of a shape that broadcasts to .*, got shape \(3,\)"):
        rc.Resistor(nominal=1e4, mismatch=0.01).sample(shape, seed=1, nominals=np.ones(3))


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"nominal": 0.0}, "nominal must be a finite number above 0 (ohm), got 0.0"),
        ({"nominal": -1.0}, "nominal must be"),
        ({"nominal": math.inf}, "nominal must be"),
        ({"nominal": "10k"}, "nominal must be"),
        ({"tolerance": 1.0}, "tolerance must be a relative variation of at least 0 and below 1, such as 0.1, got 1.0"),
        ({"tolerance": -0.1}, "tolerance must be"),
        ({"tolerance": math.nan}, "tolerance must be"),
        ({"common": 1.5}, "common must be a relative variation of at least 0 and below 1"),
        ({"mismatch": 0.1}, "mismatch must be a relative variation of at least 0 and below 0.1, such as 0.01, got 0.1"),
        ({"mismatch": 20}, "use tolerance"),  # 20, meant as per cent
        ({"mismatch": True}, "mismatch must be"),
    ],
)
def test_fields_outside_their_range_are_refused(fields, says):
    with pytest.raises(rc.InputError) as caught:
        rc.Resistor(**{"nominal": 1e3, **fields})
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"seed": -1}, "seed must be"),
        ({"seed": 1, "chip": 2**32}, "chip must be"),
        ({"seed": 1, "start": -1}, "start must be"),
        ({"seed": 1, "nominals": [1.0, -1.0]}, "nominals at index 1 must be finite numbers above 0"),
    ],
)
def test_arguments_of_a_sample_are_checked(arguments, says):
    with pytest.raises(rc.InputError, match=says):
        rc.Resistor(nominal=1e3, mismatch=0.01).sample((2,), **arguments)
