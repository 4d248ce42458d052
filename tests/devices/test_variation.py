"""Variation as a process has it: who shares what, Pelgrom's law, and the same bits in any chunking."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import rescircuit as rc
from rescircuit.devices.laws import Normal, Truncated, Uniform
from rescircuit.devices.variation import CorrelatedField, Gradient, Placement, Variation

UM2 = 1e-12
PLACEMENT = Placement(columns=21, pitch_x=5e-6, pitch_y=2e-5)
FULL = Variation(
    lot=Normal(sigma=0.03),
    wafer=Normal(sigma=0.02),
    die=Uniform(half_width=0.1),
    local=Truncated(law=Normal(sigma=0.05), within=0.1),
    mismatch=0.002,
    matching=2e-8,
    gradient=Gradient(linear=(2.0, -1.0), linear_spread=0.5),
    field=CorrelatedField(spread=0.005, length=1e-4),
)
NEEDS = {"areas": 50 * UM2, "placement": PLACEMENT}


def test_without_variation_all_factors_are_one():
    assert (Variation().factors(7, seed=1) == 1.0).all()
    assert Variation().factors(0, seed=1).shape == (0,)


def test_chips_sampled_before_keep_their_bits():
    """Pinned: Resistor(nominal=1e4, tolerance=.2, common=.1, mismatch=.01) as it sampled from the beginning."""
    variation = Variation(die=Uniform(half_width=0.1), local=Uniform(half_width=0.2), mismatch=0.01)
    sample = 1e4 * variation.factors(5, seed=7, chip=3)
    assert [value.hex() for value in sample.tolist()] == [
        "0x1.07c29b3b65bcep+13",
        "0x1.f2c2f1d30f131p+12",
        "0x1.4dd6ba4691474p+13",
        "0x1.36eb4dafb8ef7p+13",
        "0x1.f2b58dd266493p+12",
    ]


def test_all_parts_together_keep_their_bits():
    sample = FULL.factors(3, seed=7, chip=3, start=1000, **NEEDS)
    assert [value.hex() for value in sample.tolist()] == [
        "0x1.f33505362d580p-1",
        "0x1.ee540ae0aab9dp-1",
        "0x1.eba3948d3f806p-1",
    ]


@settings(max_examples=30)
@given(st.integers(0, 10**5), st.lists(st.integers(0, 60), min_size=1, max_size=5))
def test_a_chip_may_be_sampled_in_pieces(start, counts):
    count = sum(counts)
    areas = UM2 * (1.0 + np.arange(count) % 7)
    whole = FULL.factors(count, seed=7, chip=9, start=start, **{**NEEDS, "areas": areas}) if count else np.empty(0)
    pieces, done = [np.empty(0)], 0
    for size in filter(None, counts):
        needs = {**NEEDS, "areas": areas[done : done + size]}
        pieces.append(FULL.factors(size, seed=7, chip=9, start=start + done, **needs))
        done += size
    assert np.array_equal(whole, np.concatenate(pieces))


def first_of(variation, chips):
    return np.array([variation.factors(3, seed=4, chip=chip)[0] for chip in chips])


@pytest.mark.parametrize(("part", "share"), [("lot", 12), ("wafer", 4), ("die", 1)])
def test_chips_of_a_lot_and_of_a_wafer_share_their_factor(part, share):
    variation = Variation(**{part: Normal(sigma=0.05)}, dies_per_wafer=4, wafers_per_lot=3)
    values = first_of(variation, range(48)).reshape(-1, share)
    assert (values == values[:, :1]).all()
    assert np.unique(values).size == 48 // share
    on_a_chip = variation.factors(100, seed=4, chip=17, start=5)
    assert (on_a_chip == on_a_chip[0]).all()


@pytest.mark.parametrize("part", ["lot", "wafer", "die"])
def test_shared_factors_follow_their_law(part):
    variation = Variation(**{part: Uniform(half_width=0.2)}, dies_per_wafer=2, wafers_per_lot=2)
    values = np.unique(first_of(variation, range(0, 8000, 4)))
    assert values.size == 2000
    assert stats.kstest(values, stats.uniform(0.8, 0.4).cdf).pvalue > 0.01


def test_the_parts_of_variance_add_up():
    """Lots, wafers and dies as components: the variance of the logarithm is the sum, within four standard errors."""
    sigmas = {"lot": 0.03, "wafer": 0.02, "die": 0.01}
    variation = Variation(
        **{part: Normal(sigma=sigma) for part, sigma in sigmas.items()}, dies_per_wafer=3, wafers_per_lot=3
    )
    logs = np.log(first_of(variation, range(9 * 500))).reshape(500, 3, 3)
    within_wafer = logs.var(2, ddof=1).mean()
    between_wafers = logs.mean(2).var(1, ddof=1).mean()
    between_lots = logs.mean((1, 2)).var(ddof=1)
    assert within_wafer == pytest.approx(0.01**2, rel=4 * math.sqrt(2 / 3000))
    assert between_wafers == pytest.approx(0.02**2 + 0.01**2 / 3, rel=4 * math.sqrt(2 / 1000))
    assert between_lots == pytest.approx(0.03**2 + 0.02**2 / 3 + 0.01**2 / 9, rel=4 * math.sqrt(2 / 500))


def test_pelgroms_slope_is_minus_a_half():
    """The logarithm of the standard deviation against that of the area, over five decades."""
    areas = UM2 * np.logspace(0, 5, 11)
    variation = Variation(matching=2e-8)
    sigmas = [variation.factors(20_000, seed=3, start=20_000 * k, areas=area).std() for k, area in enumerate(areas)]
    fit = stats.linregress(np.log10(areas), np.log10(sigmas))
    assert fit.slope == pytest.approx(-0.5, abs=4 * fit.stderr)
    assert fit.slope == pytest.approx(-0.5, abs=0.003)
    assert sigmas == pytest.approx(2e-8 / np.sqrt(2 * areas), rel=4 / math.sqrt(40_000))


@pytest.mark.parametrize("area", [2.0, 50.0, 1000.0])
def test_pairs_differ_by_the_matching_coefficient(area):
    """What Pelgrom's coefficient is measured as: the spread of differences of pairs is A over the root of the area."""
    pairs = Variation(matching=2e-8).factors(40_000, seed=3, areas=area * UM2).reshape(-1, 2)
    differences = pairs[:, 0] - pairs[:, 1]
    assert differences.std() == pytest.approx(2e-8 / math.sqrt(area * UM2), rel=4 / math.sqrt(40_000))
    assert stats.kstest(differences / differences.std(), "norm").pvalue > 0.01


def test_mismatch_and_matching_add_in_quadrature():
    areas = np.array([20.0, 500.0]) * UM2
    values = Variation(mismatch=0.003, matching=2e-8).factors(40_000, seed=3, areas=np.repeat(areas, 20_000))
    expected = np.sqrt(0.003**2 + 2e-8**2 / (2 * areas))
    assert values.reshape(2, -1).std(1) == pytest.approx(expected, rel=4 / math.sqrt(40_000))


def test_areas_broadcast():
    variation = Variation(matching=2e-8)
    assert np.array_equal(
        variation.factors(4, seed=1, areas=9 * UM2), variation.factors(4, seed=1, areas=np.full(4, 9 * UM2))
    )
    assert np.array_equal(variation.factors(4, seed=1, areas=[9 * UM2]), variation.factors(4, seed=1, areas=9 * UM2))


def test_the_parts_multiply():
    place = {"seed": 3, "chip": 405, "start": 17}
    parts = ("lot", "wafer", "die", "local", "gradient", "field")
    apart = [Variation(**{part: getattr(FULL, part)}).factors(500, **place, placement=PLACEMENT) for part in parts]
    apart.append(Variation(mismatch=FULL.mismatch, matching=FULL.matching).factors(500, **place, areas=50 * UM2))
    assert FULL.factors(500, **place, **NEEDS) == pytest.approx(np.prod(apart, axis=0), rel=2e-15)


def test_gradient_and_field_are_one_plus_their_deviations():
    x, y = PLACEMENT.positions(300)
    slope = Variation(gradient=Gradient(linear=(2.0, -1.0))).factors(300, seed=1, placement=PLACEMENT)
    assert slope == pytest.approx(1 + 2 * x - y, rel=1e-14)
    field = CorrelatedField(spread=0.005, length=1e-4)
    expected = 1 + field.deviations(PLACEMENT, 300, seed=1, chip=2, source="resistor.field")
    assert np.array_equal(Variation(field=field).factors(300, seed=1, chip=2, placement=PLACEMENT), expected)


def test_other_sources_vary_independently():
    variation = Variation(local=Uniform())
    pair = [variation.factors(20_000, seed=1, source=source) for source in ("resistor", "switch.vto")]
    assert abs(np.corrcoef(pair)[0, 1]) < 4 / math.sqrt(20_000)


@dataclass(frozen=True)
class Ramp:
    """A law that somebody wrote: from `low` to twice as much."""

    low: float
    spread: float = 0.3

    def factors(self, uniforms):
        return self.low * (1.0 + uniforms)


def test_a_law_of_ones_own():
    values = Variation(local=Ramp(0.7)).factors(20_000, seed=1)
    assert stats.kstest(values, stats.uniform(0.7, 0.7).cdf).pvalue > 0.01


@pytest.mark.parametrize("part", ["lot", "wafer", "die", "local"])
@pytest.mark.parametrize("low", [0.0, -1.0, math.nan, math.inf])
def test_factors_that_are_not_above_zero_are_refused(part, low):
    says = rf"{part} must be such that every factor is above 0 and below 1e\+12, got .*\. Lower its spread."
    with pytest.raises(rc.InputError, match=says):
        Variation(**{part: Ramp(low)}).factors(5, seed=1)


@pytest.mark.parametrize(
    "gradient", [Gradient(linear=(-2e5, 0.0)), Gradient(linear=(1e308, 0), quadratic=(-1e308, 0, 0))]
)
def test_a_gradient_below_zero_is_refused(gradient):
    with pytest.raises(rc.InputError, match=r"gradient must be such that every factor is .* Lower its coefficients or"):
        Variation(gradient=gradient).factors(21, seed=1, placement=PLACEMENT)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        *(
            ({part: value}, rf"{part} must be a law such as Uniform\(half_width=0.2\), or None, got")
            for part in ("lot", "wafer", "die", "local")
            for value in (0.2, Uniform)
        ),
        ({"gradient": (1.0, 2.0)}, "gradient must be a Gradient, or None, got"),
        ({"field": 0.01}, "field must be a CorrelatedField, or None, got 0.01"),
        ({"mismatch": 0.1}, "mismatch must be a relative variation of at least 0 and below 0.1, .* use local"),
        ({"mismatch": "1%"}, "mismatch must be"),
        ({"matching": 0.02}, "matching must be Pelgrom's coefficient .* such as 2e-8 for 2 %·µm, got 0.02"),
        ({"matching": -1e-9}, "matching must be"),
        ({"dies_per_wafer": 0}, "dies_per_wafer must be a whole number of at least 1"),
        ({"wafers_per_lot": 2.5}, "wafers_per_lot must be a whole number of at least 1"),
    ],
)
def test_fields_that_are_not_what_they_must_be_are_refused(fields, says):
    with pytest.raises(rc.InputError, match=says):
        Variation(**fields)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"count": -1}, "count must be"),
        ({"start": 0.5}, "start must be"),
        ({"seed": -1}, "seed must be"),
        ({"chip": 2**32}, "chip must be"),
        (
            {"areas": None},
            r"areas must be the devices' areas \(m²\), as the variation has a matching by area, got None",
        ),
        ({"areas": [1e-12, 0.0, 1e-12, 1e-12, 1e-12]}, "areas at index 1 must be finite numbers above 0"),
        ({"areas": np.full(4, 1e-12)}, r"areas must be of a shape that broadcasts to \(5,\), got shape \(4,\)"),
        ({"areas": np.full((2, 5), 1e-12)}, r"areas must be of a shape that broadcasts to \(5,\), got shape \(2, 5\)"),
        ({"areas": 1e-14}, r"areas must be above 2e-14 m², so that the mismatch stays below 0.1, got 1e-14. Make the"),
        ({"areas": 1e-320}, "areas must be above"),
        ({"placement": None}, "placement must be a Placement, for a gradient and a field depend on where"),
        ({"placement": (3, 4)}, "placement must be a Placement"),
    ],
)
def test_arguments_of_a_sample_are_checked(arguments, says):
    with pytest.raises(rc.InputError, match=says) as caught:
        FULL.factors(**{"count": 5, "seed": 1, **NEEDS, **arguments})
    assert "\n" not in str(caught.value)
