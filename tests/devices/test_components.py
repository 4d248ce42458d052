"""What resistors and capacitors share, and what each has of its own."""

from __future__ import annotations

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.devices.coefficients import Coefficients

FILM = rc.Geometry(sheet_resistance=200.0, width=1e-6)


def test_three_numbers_are_a_short_form_of_the_variation():
    short = rc.Resistor(nominal=1e4, tolerance=0.2, common=0.1, mismatch=0.01)
    long = rc.Resistor(
        nominal=1e4,
        variation=rc.Variation(die=rc.Uniform(half_width=0.1), local=rc.Uniform(half_width=0.2), mismatch=0.01),
    )
    assert np.array_equal(short.sample(50, seed=3, chip=2), long.sample(50, seed=3, chip=2))


def test_what_a_chip_has_in_common():
    """A resistor without local variation has just that."""
    varied = rc.Variation(lot=rc.Normal(sigma=0.05), die=rc.Uniform(half_width=0.1), mismatch=0.02)
    shared = rc.Variation(lot=rc.Normal(sigma=0.05), die=rc.Uniform(half_width=0.1))
    expected = rc.Resistor(nominal=1.0, variation=shared).sample(1, seed=4, chip=6)[0]
    assert rc.Resistor(nominal=1e4, variation=varied).common_factor(seed=4, chip=6) == pytest.approx(
        expected, rel=1e-15
    )
    assert rc.Resistor(nominal=1e4, tolerance=0.2).common_factor(seed=4) == 1.0


def test_geometry():
    assert FILM.length(np.array([10e3])) == pytest.approx([50e-6])
    assert rc.Resistor(nominal=1e4, geometry=FILM).area(np.array([10e3, 20e3])) == pytest.approx([50e-12, 100e-12])
    assert rc.Resistor(nominal=1e4).area(np.array([10e3])) is None
    assert rc.Capacitor(nominal=1e-13, density=1e-3).area(np.array([1e-13])) == pytest.approx([100e-12])


def test_larger_resistors_match_better():
    """Pelgrom: a resistor of 16 times the area has a quarter of the mismatch, A / sqrt(2 area)."""
    poly = rc.Resistor(nominal=1e4, geometry=FILM, variation=rc.Variation(matching=2e-8))
    nominals = np.tile([10e3, 160e3], 20_000)
    relative = poly.sample(40_000, seed=1, nominals=nominals) / nominals - 1
    for k, area in enumerate((50e-12, 800e-12)):
        expected = 2e-8 / np.sqrt(2 * area)
        assert relative[k::2].std() == pytest.approx(expected, rel=0.03)  # three times 1/sqrt(2 * 20000)


def test_coefficients_are_sampled_where_they_differ():
    film = rc.Resistor(nominal=1e4, tc1=1e-4, tc1_mismatch=1e-5, tc2=1e-7, drift=0.01, drift_spread=0.002)
    own = film.sample_coefficients((100, 200), seed=5)
    assert own.tc1.shape == (100, 200)
    assert own.tc2 == 1e-7
    assert own.tc1.mean() == pytest.approx(1e-4, abs=5e-5 / 100)
    assert own.tc1.std() == pytest.approx(1e-5, rel=0.03)
    assert own.drift.std() == pytest.approx(0.002, rel=0.03)
    assert abs(np.corrcoef(own.tc1.ravel(), own.drift.ravel())[0, 1]) < 0.03
    later = film.sample_coefficients(300, seed=5, start=700)
    assert np.array_equal(later.tc1, own.tc1.ravel()[700:1000])
    assert isinstance(rc.Resistor(nominal=1.0).sample_coefficients(3, seed=1), Coefficients)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (
            lambda: rc.Resistor(nominal=1.0, common=0.1, variation=rc.Variation()),
            "common must be left out where variation says it all, got 0.1",
        ),
        (lambda: rc.Resistor(nominal=1.0, variation=0.2), "variation must be a Variation, got 0.2"),
        (lambda: rc.Resistor(nominal=1.0, geometry=3), "geometry must be a Geometry"),
        (lambda: rc.Geometry(sheet_resistance=0, width=1), "sheet_resistance must be a finite number above 0"),
        (
            lambda: rc.Resistor(nominal=1.0, tc1=-150),
            "tc1 must be a coefficient of at most 0.05 in size, such as -150e-6",
        ),
        (
            lambda: rc.Geometry(sheet_resistance=200, width=2),
            "width must be from 1e-9 to 1e-2 m, such as 1e-6 (1um), got 2",
        ),
        (lambda: rc.Resistor(nominal=1.0, tc1_mismatch=-1), "tc1_mismatch must be a finite number of at least 0"),
        (lambda: rc.Resistor(nominal=1.0, vc1=-1.0), "vc1 and vc2 must be small enough"),
        (lambda: rc.Capacitor(nominal=2.0), "nominal must be a value from 1e-18 to 1 (F), got 2.0"),
        (lambda: rc.Capacitor(nominal=1e-12, density=-1), "density must be a finite number above 0"),
        (
            lambda: rc.Resistor(nominal=1e4, variation=rc.Variation(matching=1e-8)).sample(3, seed=1),
            "areas must be",
        ),
    ],
)
def test_bad_input_gets_one_clear_line(make, says):
    with pytest.raises(rc.InputError) as caught:
        make()
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_no_components_at_all_have_no_area_to_be_refused():
    matched = rc.Resistor(nominal=1e4, geometry=FILM, variation=rc.Variation(matching=2e-8))
    assert matched.sample(0, seed=1).shape == (0,)
