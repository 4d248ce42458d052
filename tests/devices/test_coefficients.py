"""Temperature, voltage and age coefficients."""

from __future__ import annotations

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.devices.coefficients import LARGEST_VOLTAGE, THOUSAND_HOURS


def test_the_polynomial_of_temperature_and_the_power_of_age():
    moved = rc.Coefficients(tc1=1e-3, tc2=-2e-6, drift=0.01, drift_exponent=0.5)
    assert moved.at(27.0, 0.0) == 1.0
    assert moved.at(127.0, 0.0) == pytest.approx(1 + 0.1 - 0.02, rel=1e-15)
    assert moved.at(27.0, 4 * THOUSAND_HOURS) == pytest.approx(1.02, rel=1e-15)
    assert moved.at(-73.0, THOUSAND_HOURS) == pytest.approx((1 - 0.1 - 0.02) * 1.01, rel=1e-15)


def test_each_component_has_its_own():
    moved = rc.Coefficients(tc1=[1e-3, 2e-3])
    assert moved.at(37.0, 0.0) == pytest.approx([1.01, 1.02], rel=1e-15)
    assert moved.part(1).tc1 == 2e-3
    assert moved.spread_to((3, 2)).tc1.shape == (3, 2)
    with pytest.raises(rc.InputError, match=r"tc1 must be of a shape that broadcasts to \(3,\), got shape \(2,\)"):
        moved.spread_to((3,))


def test_growth_is_what_the_law_says():
    """di/dv of i = v / (R f(v)) by central differences."""
    moved = rc.Coefficients(vc1=1e-2, vc2=-3e-4)
    across = np.array([-12.0, -5.0, -0.5, 0.3, 2.0, 9.0, 11.0])
    step = 1e-6

    def current(v):
        return v / moved.with_voltage(v)[0]

    slopes = (current(across + step) - current(across - step)) / (2 * step)
    factor, growth = moved.with_voltage(across)
    assert growth / factor == pytest.approx(slopes, rel=1e-8)
    beyond = moved.with_voltage(np.array([LARGEST_VOLTAGE, 1e6]))[0]
    assert beyond[0] == beyond[1]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"tc1": "a"}, "tc1 must be finite numbers"),
        ({"tc2": [np.nan]}, "tc2 at index 0 must be finite numbers"),
        ({"drift_exponent": 3}, "drift_exponent must be a number from 0 to 2, got 3"),
        ({"vc1": -0.2}, "vc1 and vc2 must be small enough for a current that rises"),
        ({"vc2": 0.02}, "vc1 and vc2 must be small enough"),
    ],
)
def test_bad_coefficients(options, says):
    with pytest.raises(rc.InputError) as caught:
        rc.Coefficients(**options)
    assert says in str(caught.value)


def test_conditions_that_leave_nothing():
    with pytest.raises(rc.InputError, match=r"temperature must be a temperature above -273.15 °C"):
        rc.Coefficients().at(-300.0, 0.0)
    with pytest.raises(rc.InputError, match="temperature must be within the range"):
        rc.Coefficients(tc1=-0.01).at(127.0, 0.0)
    with pytest.raises(rc.InputError, match="age must be within the range"):
        rc.Coefficients(drift=-0.5).at(27.0, 5 * THOUSAND_HOURS)
    with pytest.raises(rc.InputError, match="age must be a finite number of at least 0"):
        rc.Coefficients().at(27.0, -1.0)


def test_the_check_at_10_v_is_that_of_all_voltages_below():
    """Against a dense sweep of factor and growth, over pairs of coefficients on both sides of the limit."""
    across = np.linspace(0.0, LARGEST_VOLTAGE * (1 - 1e-12), 4001)
    for vc1, vc2 in np.random.default_rng(1).uniform([-0.25, -0.015], [0.1, 0.015], (300, 2)):
        factor = 1 + vc1 * across + vc2 * across**2
        rising = (factor > 0).all() and (1 - vc2 * across**2 > 0).all()
        try:
            rc.Coefficients(vc1=vc1, vc2=vc2)
        except rc.InputError:
            assert not rising
        else:
            assert rising


def test_conditions_beyond_all_bounds_and_what_each_message_names():
    with pytest.raises(rc.InputError, match="temperature must be at most 10000 °C"):
        rc.Coefficients(tc2=1e-6).at(1e200, 0.0)
    with pytest.raises(rc.InputError, match=r"age must be at most 1e\+15 s"):
        rc.Coefficients(drift=0.1, drift_exponent=2).at(27.0, 1e300)
    with pytest.raises(rc.InputError, match=r"age must be within .*, got 18000000"):
        rc.Coefficients(drift=-0.5).at(85.0, 5 * THOUSAND_HOURS)
    with pytest.raises(rc.InputError, match="vc1 and vc2 must be small enough"):
        rc.Coefficients(vc1=1e308, vc2=1e308)
