"""Ranges of output converters against brute force, and calibration rows."""

from __future__ import annotations

import numpy as np
import pytest

from rescircuit.network.arrays import Converters
from rescircuit.network.inference.converters import quantise
from rescircuit.network.inference.ranges import (
    calibrated_range,
    calibration_rows,
    evenly,
    kept_currents,
    least_error_range,
)
from rescircuit.network.layers import Conv, Dense

RNG = np.random.default_rng(6)


@pytest.mark.parametrize(("bits", "signed"), [(3, True), (6, True), (4, False)])
def test_the_least_error_is_found(bits, signed):
    values = RNG.laplace(size=4000)
    values = values if signed else np.abs(values)
    found = least_error_range(values, bits, signed=signed)

    def error(full_scale):
        return ((quantise(values, full_scale, bits, signed=signed) - values) ** 2).sum()

    best = min(error(scale) for scale in np.linspace(0.05, 1.0, 3000) * np.abs(values).max())
    assert error(found) <= 1.01 * best
    assert found < 0.9 * np.abs(values).max()  # the tails of this law are worth clipping


def test_each_rule_is_what_it_says():
    values = [RNG.normal(size=(50, 3)), RNG.normal(size=(20, 3))]
    together = np.abs(np.concatenate([part.ravel() for part in values]))

    def found(currents=values, **settings):
        converters = Converters(**settings)
        kept = [kept_currents(converters, part, len(currents)) for part in currents]
        return calibrated_range(converters, kept, 8, signed=True, reach=40.0)

    assert found(adc_range="all") == 40.0
    assert found(adc_range="peak") == together.max()
    assert found(adc_range="percentile", percentile=90.0) == pytest.approx(np.percentile(together, 90.0))
    assert found(adc_range="fixed", adc_full_scale=2e-6) == 2e-6
    assert found(adc_range="least_error") == least_error_range(together, 8, signed=True)
    assert found(currents=[], adc_range="peak") == 40.0
    for rule in ("peak", "percentile", "least_error"):  # samples that say nothing
        assert found(currents=[np.zeros((3, 2))], adc_range=rule) == 40.0


def test_numbers_are_taken_evenly_and_once():
    assert np.array_equal(evenly(5, 7), np.arange(5))
    chosen = evenly(1000, 100)
    assert np.array_equal(chosen // 10, np.arange(100))  # one of each ten
    assert np.array_equal(chosen, evenly(1000, 100))
    assert len(set(chosen % 10)) == 10  # at all places of them


@pytest.mark.parametrize("most", [7, 10**6])
def test_calibration_rows_are_rows_of_the_layer(monkeypatch, most):
    monkeypatch.setattr("rescircuit.network.inference.ranges._MOST_ROWS", most)
    monkeypatch.setattr("rescircuit.network.inference.ranges._FEWEST_ROWS", 1)
    monkeypatch.setattr("rescircuit.network.inference.ranges._AT_ONCE", 300)
    conv = Conv(weight=RNG.normal(size=(4, 1, 3, 3)), groups=2)
    x = RNG.normal(size=(5, 2, 6, 6))
    rows = conv.rows(x)
    every = rows.reshape(2, -1, rows.shape[-1])
    assert np.array_equal(calibration_rows(conv, x), every[:, evenly(every.shape[1], most)])
    dense = Dense(weight=RNG.normal(size=(4, 3)))
    assert np.array_equal(calibration_rows(dense, np.ones((2, 3))), np.ones((1, 2, 3)))
