"""Faults with which a chip is made."""

from __future__ import annotations

import numpy as np
import pytest

import rescircuit as rc


def test_as_many_as_the_probabilities_say():
    found = rc.Faults(stuck_open=0.02, stuck_closed=0.01).sample((500, 200), seed=3)
    assert found["stuck_open"].mean() == pytest.approx(0.02, abs=4 * np.sqrt(0.02 / 1e5))
    assert found["stuck_closed"].mean() == pytest.approx(0.01, abs=4 * np.sqrt(0.01 / 1e5))
    assert not (found["stuck_open"] & found["stuck_closed"]).any()


def test_the_same_switches_in_any_chunking():
    faults = rc.Faults(stuck_open=0.2, stuck_closed=0.3)
    whole, later = faults.sample((100,), seed=1), faults.sample((30,), seed=1, start=70)
    assert all(np.array_equal(whole[name][70:], later[name]) for name in whole)


def test_banks_are_sampled_with_them():
    poly = rc.Resistor(nominal=1e4)
    bank = rc.Bank.sample(poly, n=6, seed=2, shape=(50,), faults=rc.Faults(stuck_open=0.1, stuck_closed=0.1))
    open_, closed = bank.stuck_open, bank.stuck_closed
    assert 10 < open_.sum() < 60
    nothing = bank.conductance(np.zeros(6, bool))
    assert nothing == pytest.approx((bank.on_conductances * closed).sum(axis=-1), rel=1e-14)
    assert rc.Bank.sample(poly, n=6, seed=2, faults=rc.Faults()).stuck_open is None
    with pytest.raises(rc.InputError, match="faults must be left out for a SeriesBank"):
        rc.SeriesBank.sample(poly, n=6, seed=2, faults=rc.Faults())


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"stuck_open": 1.1}, "stuck_open must be a probability from 0 to 1, got 1.1"),
        ({"stuck_closed": "x"}, "stuck_closed must be a probability from 0 to 1"),
        ({"stuck_open": 0.6, "stuck_closed": 0.6}, "stuck_closed must be at most 0.4, what stuck_open leaves"),
    ],
)
def test_what_are_no_probabilities(options, says):
    with pytest.raises(rc.InputError, match=says):
        rc.Faults(**options)


def test_a_shape_may_be_a_number():
    flags = rc.Faults(stuck_open=0.5).sample(50, seed=1)["stuck_open"]
    assert flags is not None
    assert np.array_equal(flags, rc.Faults(stuck_open=0.5).sample((50,), seed=1)["stuck_open"])
    with pytest.raises(rc.InputError, match=r"shape must be a whole number of at least 0, got 1.5"):
        rc.Faults().sample(1.5, seed=1)
