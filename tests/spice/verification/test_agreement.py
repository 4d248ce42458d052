"""The table of limits, and the error that is held against it."""

from __future__ import annotations

import re

import numpy as np
import pytest

from rescircuit.spice import LIMITS, relative_error, write_deck


def test_an_error_is_relative_to_the_reference_above_the_floor():
    assert relative_error(np.array([1.1, -2.0]), np.array([1.0, -1.0]), 0.5) == pytest.approx([0.1, 1.0])


def test_an_error_is_relative_to_the_floor_below_it():
    assert relative_error(np.array([2e-9, 1e-9]), np.array([0.0, 1e-10]), 1e-6) == pytest.approx([2e-3, 9e-4])


def test_no_two_numbers_differ_from_themselves():
    assert relative_error(np.zeros(3), np.zeros(3), 1e-9).tolist() == [0.0, 0.0, 0.0]


def test_what_was_promised_for_each_kind_of_circuit():
    assert LIMITS["linear"].relative == 1e-9
    assert LIMITS["mos"].relative == 1e-7


@pytest.mark.parametrize("kind", LIMITS)
def test_the_floors_are_no_finer_than_the_tolerances_of_the_decks(kind, divider):
    options = dict(re.findall(r"(\w+)=(\S+)", write_deck(divider).text))
    limit = LIMITS[kind]
    one_volt = 1.0
    finest_current = limit.relative * limit.current_floor * (1 + 1e-12)
    assert float(options["abstol"]) <= finest_current
    assert float(options["gmin"]) * one_volt <= finest_current
    assert float(options["vntol"]) <= limit.relative * limit.voltage_floor * (1 + 1e-12)
    assert float(options["reltol"]) <= limit.relative


def test_a_floor_rises_with_the_terms_that_cancel():
    limit = LIMITS["linear"]
    assert limit.floor_of_currents() == limit.current_floor
    assert limit.floor_of_currents([0.0, 1.0]).tolist() == [limit.current_floor, 1e-4]
    assert limit.floor_of_voltages() == limit.floor_of_voltages(1.0) == limit.voltage_floor
    assert limit.floor_of_voltages(1e3) == pytest.approx(0.1)
