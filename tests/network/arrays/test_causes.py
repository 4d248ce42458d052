"""Causes in all their combinations, against the sum of the steps that are switched on."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from rescircuit.network.arrays import CELL_EFFECTS
from rescircuit.network.arrays.cells.causes import with_causes

RNG = np.random.default_rng(3)
ASKED, TARGETS, BELIEVED, PROGRAMMED, STUCK = RNG.uniform(1.0, 2.0, (5, 3, 4))
FACTORS = {"temperature": 0.9, "drift": 1.2}
NAMES = ("wires", *CELL_EFFECTS)


def found(chosen, **others):
    arrays = {"asked": ASKED, "targets": TARGETS, "believed": BELIEVED, "programmed": PROGRAMMED} | others
    return with_causes(chosen, **arrays, stuck=lambda: STUCK, factors=lambda name: np.asarray(FACTORS[name]))


@pytest.mark.parametrize("count", range(len(NAMES) + 1))
def test_a_cause_that_is_off_leaves_its_step_out(count):
    for chosen in combinations(NAMES, count):
        expected = TARGETS if "wires" in chosen else ASKED
        steps = {"programming": BELIEVED - TARGETS, "calibration": PROGRAMMED - BELIEVED, "stuck": STUCK - PROGRAMMED}
        expected = expected + sum(step for name, step in steps.items() if name in chosen)
        for name, factor in FACTORS.items():
            expected = expected * (factor if name in chosen else 1.0)
        assert found(chosen) == pytest.approx(np.maximum(expected, 0.0), rel=1e-12, abs=1e-12)


def test_where_no_step_is_left_out_cells_are_exactly_what_they_are():
    assert np.array_equal(found(["wires", "programming"]), BELIEVED)
    assert np.array_equal(found(["wires", "programming", "calibration"]), PROGRAMMED)
    assert np.array_equal(found(["wires", "programming", "calibration", "stuck"]), STUCK)
    assert np.array_equal(found(["programming"], targets=ASKED), BELIEVED)


def test_no_cell_conducts_less_than_nothing():
    assert (found(["programming"], asked=np.zeros((3, 4)), believed=0.5 * TARGETS) == 0).all()
