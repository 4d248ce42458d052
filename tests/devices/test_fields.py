"""Gradients and correlated fields: closed forms, variograms over many chips, and one value a place."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import rescircuit as rc
from rescircuit.devices.fields import CorrelatedField, Gradient
from rescircuit.devices.placement import Placement
from rescircuit.devices.streams import Stream

PITCH = 2.0**-17  # 7.6 µm: so that places are exact in other placements, too
SPREAD = 0.01
SIDE = 16
LENGTH = 4.3 * PITCH
RASTER = Placement(columns=SIDE, pitch_x=PITCH, pitch_y=PITCH, origin_x=-3.2 * PITCH)


@pytest.fixture(scope="module")
def chips():
    """The same field on 600 chips, (chips, rows, columns)."""
    field = CorrelatedField(spread=SPREAD, length=LENGTH)
    values = [field.deviations(RASTER, SIDE * SIDE, seed=3, chip=chip) for chip in range(600)]
    return np.reshape(values, (600, SIDE, SIDE))


def test_elements_stand_in_rows():
    placement = Placement(columns=3, pitch_x=0.5, pitch_y=0.25, origin_x=0.125, origin_y=-1.0)
    x, y = placement.positions(5, start=2)
    assert x.tolist() == [1.375, 0.375, 0.875, 1.375, 0.375]
    assert y.tolist() == [-0.875, -0.625, -0.625, -0.625, -0.375]
    assert [values.shape for values in placement.positions(0)] == [(0,), (0,)]


@pytest.mark.parametrize("step", [(0, 1), (1, 0), (0, 4), (4, 0), (0, 9), (3, 3), (3, -3), (7, 7), (2, -5), (12, 0)])
def test_the_variogram_is_the_models(chips, step):
    """Half the mean square of differences, against spread² (1 - exp(-d² / 2 l²)), within four standard errors."""
    rows, columns = step
    shifted = np.roll(chips, (-rows, -columns), (1, 2))
    valid = np.s_[:, : SIDE - rows, max(0, -columns) : SIDE - max(0, columns)]
    per_chip = ((chips - shifted)[valid] ** 2).mean((1, 2)) / 2
    distance = math.hypot(*step) * PITCH
    expected = SPREAD**2 * -math.expm1(-(distance**2) / (2 * LENGTH**2))
    assert per_chip.mean() == pytest.approx(expected, abs=4 * per_chip.std() / math.sqrt(600))


def test_mean_and_variance_are_the_same_everywhere(chips):
    """At each of the 256 places, whatever its phase to the lattice: a limit of five standard errors."""
    assert np.abs(chips.mean(0)).max() < 5 * SPREAD / math.sqrt(600)
    assert np.abs(chips.var(0) / SPREAD**2 - 1).max() < 5 * math.sqrt(2 / 600)


def test_values_are_normal():
    """Places six lengths apart, practically independent: every third of a raster with a pitch of two lengths."""
    field = CorrelatedField(spread=SPREAD, length=PITCH / 2)
    placement = Placement(columns=90, pitch_x=PITCH, pitch_y=PITCH)
    values = np.array([field.deviations(placement, 8100, seed=1, chip=chip).reshape(90, 90) for chip in range(4)])
    apart = values[:, ::3, ::3].ravel() / SPREAD
    assert stats.kstest(apart, "norm").pvalue > 0.01
    assert stats.kurtosis(apart) == pytest.approx(0.0, abs=4 * math.sqrt(24 / apart.size))


def test_sums_of_neighbours_are_normal_too(chips):
    """A Gaussian field's linear combinations are normal; here of one row, with weights of both signs."""
    sums = chips[:, 5, :] @ np.cos(np.arange(SIDE))
    assert stats.kstest(sums / sums.std(), "norm").pvalue > 0.01


def test_chips_and_sources_are_independent(chips):
    pairs = np.corrcoef(chips[:-1, 7, 7], chips[1:, 7, 7])[0, 1]
    assert abs(pairs) < 4 / math.sqrt(600)
    field = CorrelatedField(spread=SPREAD, length=LENGTH)
    here = field.deviations(RASTER, 9, seed=3)
    assert not np.isclose(here, field.deviations(RASTER, 9, seed=3, source="other")).any()
    assert not np.isclose(here, field.deviations(RASTER, 9, seed=4)).any()


def directly(field, x, y, **place):
    """The field at one place from its definition, with a window far wider than where it ends."""
    spacing = field.length / 2
    column, row = round(x / spacing), round(y / spacing)
    reach = np.arange(-15, 16)
    rows = [Stream(**place, source=f"field.{row + k}").normal(31, column - 15 + 2**21) for k in reach]
    window = [np.exp(-(((at - (cell + reach) * spacing) / field.length) ** 2)) for at, cell in ((y, row), (x, column))]
    weights = np.outer(*window)
    return field.spread * (weights * rows).sum() / np.sqrt((weights**2).sum())


@pytest.mark.parametrize("length", [0.7 * PITCH, 3.1 * PITCH, 200 * PITCH])
def test_the_raster_equals_the_definition(length):
    field = CorrelatedField(spread=SPREAD, length=length)
    placement = Placement(columns=7, pitch_x=PITCH, pitch_y=1.5 * PITCH, origin_x=-3 * PITCH, origin_y=1e-3)
    values = field.deviations(placement, 30, start=4, seed=8, chip=5)
    expected = [directly(field, x, y, seed=8, chip=5) for x, y in zip(*placement.positions(30, 4), strict=True)]
    assert values == pytest.approx(expected, abs=1e-9 * SPREAD)


WHOLE = Placement(columns=37, pitch_x=PITCH, pitch_y=3 * PITCH, origin_x=-5e-5, origin_y=2e-3)


@settings(max_examples=25)
@given(st.integers(0, 3000), st.lists(st.integers(0, 90), min_size=1, max_size=6))
def test_the_same_bits_in_any_chunking(start, counts):
    for part in (
        CorrelatedField(spread=SPREAD, length=5 * PITCH),
        Gradient(linear=(3.0, -2.0), quadratic=(1e3, 20.0, 5e2), linear_spread=0.5, quadratic_spread=9.0),
    ):
        whole = part.deviations(WHOLE, sum(counts), start, seed=2)
        starts = [start + sum(counts[:k]) for k in range(len(counts))]
        pieces = [part.deviations(WHOLE, count, first, seed=2) for count, first in zip(counts, starts, strict=True)]
        assert np.array_equal(whole, np.concatenate(pieces))


@pytest.mark.parametrize("columns", [1, 3, 300, 90_000])
def test_the_same_bits_where_the_work_is_done_in_parts(columns):
    """More elements than are worked on at once, in narrow and wide rasters."""
    field = CorrelatedField(spread=SPREAD, length=4000 * PITCH)
    placement = Placement(columns=columns, pitch_x=PITCH, pitch_y=PITCH, origin_x=-0.3)
    whole = field.deviations(placement, 90_000, seed=2)
    for start, count in ((0, 10), (65_530, 12), (89_999, 1)):
        assert np.array_equal(field.deviations(placement, count, start, seed=2), whole[start : start + count])


def test_a_place_has_one_value_whatever_the_placement():
    field = CorrelatedField(spread=SPREAD, length=5 * PITCH)
    fine = Placement(columns=12, pitch_x=PITCH, pitch_y=PITCH)
    coarse = Placement(columns=4, pitch_x=2 * PITCH, pitch_y=4 * PITCH, origin_x=-PITCH / 2, origin_y=-PITCH * 1.5)
    values = field.deviations(fine, 144, seed=2).reshape(12, 12)
    assert np.array_equal(field.deviations(coarse, 12, seed=2).reshape(3, 4), values[::4, :8:2])


def test_a_field_keeps_its_bits():
    field = CorrelatedField(spread=SPREAD, length=5 * PITCH)
    assert [value.hex() for value in field.deviations(WHOLE, 2, 100, seed=7, chip=3).tolist()] == [
        "0x1.26b956d023775p-7",
        "0x1.7561ca60a194ep-7",
    ]


def test_a_field_without_spread_is_nothing():
    assert not CorrelatedField(spread=0.0, length=1e-4).deviations(WHOLE, 50, seed=1).any()
    assert CorrelatedField(spread=0.01, length=1e-4).deviations(WHOLE, 0, seed=1).shape == (0,)


def test_a_gradient_is_its_polynomial():
    gradient = Gradient(linear=(2.0, -1.0), quadratic=(300.0, 40.0, -200.0), centre=(1e-3, 2e-3))
    placement = Placement(columns=50, pitch_x=5e-5, pitch_y=8e-5)
    x, y = placement.positions(400, 10)
    d = np.array([x - 1e-3, y - 2e-3])
    expected = [2.0, -1.0] @ d + np.einsum("ik,ij,jk->k", d, [[300.0, 40.0], [40.0, -200.0]], d)
    assert gradient.deviations(placement, 400, 10, seed=1) == pytest.approx(expected, rel=1e-12, abs=1e-15)


def test_coefficients_of_dies_scatter_by_their_spreads():
    """Fitted on each of 500 dies by least squares; four standard errors."""
    linear, quadratic = np.array([2.0, -1.0]), np.array([300.0, 40.0, -200.0])
    gradient = Gradient(linear=tuple(linear), quadratic=tuple(quadratic), linear_spread=0.5, quadratic_spread=90.0)
    placement = Placement(columns=4, pitch_x=1e-3, pitch_y=1e-3)
    x, y = placement.positions(16)
    dies = np.array([gradient.deviations(placement, 16, seed=6, chip=chip) for chip in range(500)])
    fitted = np.linalg.lstsq(np.array([x, y, x * x, 2 * x * y, y * y]).T, dies.T)[0].T
    scatter = (fitted - [*linear, *quadratic]) / [0.5, 0.5, 90.0, 90.0, 90.0]
    assert np.abs(scatter.mean(0)).max() < 4 / math.sqrt(500)
    assert np.abs(scatter.std(0) - 1).max() < 4 / math.sqrt(1000)
    assert stats.kstest(scatter.ravel(), "norm").pvalue > 0.01
    assert np.abs(np.corrcoef(scatter.T) - np.eye(5)).max() < 4 / math.sqrt(500)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: CorrelatedField(spread=0.1, length=1e-4), "spread must be a relative standard deviation"),
        (lambda: CorrelatedField(spread=-0.1, length=1e-4), "spread must be"),
        (lambda: CorrelatedField(spread=0.01, length=0.0), "length must be a correlation length from 1e-9 to 1000"),
        (lambda: CorrelatedField(spread=0.01, length="1mm"), "length must be"),
        (lambda: Gradient(linear=2.0), r"linear must be 2 numbers \(per metre\), got 2.0"),
        (lambda: Gradient(linear=(1.0, math.nan)), "linear at index 1 must be finite numbers"),
        (lambda: Gradient(quadratic=(1.0, 2.0)), r"quadratic must be 3 numbers \(per m²\)"),
        (lambda: Gradient(centre=("a", "b")), "centre must be finite numbers"),
        (lambda: Gradient(linear_spread=-1.0), "linear_spread must be a finite number of at least 0"),
        (lambda: Gradient(quadratic_spread=-1.0), "quadratic_spread must be a finite number of at least 0"),
        (lambda: Placement(columns=0, pitch_x=1e-6, pitch_y=1e-6), "columns must be a whole number from 1"),
        (lambda: Placement(columns=1, pitch_x=0.0, pitch_y=1e-6), "pitch_x must be a length above 0 and at most 1"),
        (lambda: Placement(columns=1, pitch_x=1e-6, pitch_y=5), "pitch_y must be a length above 0 and at most 1"),
        (lambda: Placement(columns=1, pitch_x=1e-6, pitch_y=1e-6, origin_x=9), "origin_x must be a coordinate from -1"),
        (lambda: RASTER.positions(-1), "count must be"),
        (lambda: RASTER.positions(1, 2**53), "start must be a whole number from 0 to"),
    ],
)
def test_fields_outside_their_range_are_refused(make, says):
    with pytest.raises(rc.InputError, match=says):
        make()


@pytest.mark.parametrize(
    ("length", "arguments", "says"),
    [
        (1e-4, {"placement": None}, "placement must be a Placement, for a gradient and a field depend on where"),
        (1e-4, {"count": -1}, "count must be"),
        (1e-4, {"start": 0.5}, "start must be"),
        (
            1e-6,
            {},
            "length must be at least 6.61e-06 m, half the elements' pitch, got 1e-06. So far apart, elements vary",
        ),
        (1e-5, {"start": 10**9}, "placement must be within 5.24 m from 0 along y, got .* Raise the field's length"),
    ],
)
def test_fields_that_do_not_fit_the_placement_are_refused(length, arguments, says):
    field = CorrelatedField(spread=SPREAD, length=length)
    with pytest.raises(rc.InputError, match=says):
        field.deviations(**{"placement": WHOLE, "count": 5, "seed": 1, **arguments})
