"""Every kind of thing: our own numbers are those of ngspice, of PySpice's ngspice, and of the deck's own text."""

from __future__ import annotations

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.crossbar import BankCells, LinearCells, SelectedCells, SinhCells
from rescircuit.devices import AntiFuse, Coefficients, Fuse, ThresholdSelector
from rescircuit.errors import InputError
from rescircuit.spice import LIMITS

POLY = rc.Resistor(nominal=10e3, common=0.1, mismatch=0.01)
IDEAL = rc.IdealSwitch(r_on=100.0, r_off=1e9)
NMOS = rc.NMOS(w_over_l=10)
WARM = Coefficients(tc1=8e-4, tc2=-3e-7)
BENT = Coefficients(tc1=8e-4, vc1=1e-3, vc2=-5e-4)


def some(rng, *shape):
    """A setting in which the first switch is closed."""
    mask = rng.random(shape) < 0.5
    mask[..., 0] = True
    return mask


def bank(rng, switch, coefficients=WARM):
    resistances = 1e4 * 1.5 ** np.arange(6) * rng.uniform(0.9, 1.1, 6)
    return rc.Bank(resistances=resistances, switch=switch, coefficients=coefficients), {"mask": some(rng, 6)}


def series(rng, switch, coefficients=WARM):
    resistances = 1e3 * 1.5 ** np.arange(6) * rng.uniform(0.9, 1.1, 6)
    return rc.SeriesBank(resistances=resistances, switch=switch, coefficients=coefficients), {"mask": some(rng, 6)}


def capacitors(rng, coefficients=WARM):
    values = rng.uniform(5e-14, 5e-13, 5)
    switch = rc.IdealSwitch(r_on=1e3)
    thing = rc.CapacitorBank(capacitances=values, switch=switch, c_off=1e-15, coefficients=coefficients)
    return thing, {"mask": some(rng, 5)}


def population(rng, switch):
    sampled = rc.Bank.sample(POLY, n=3, shape=(2, 3), seed=int(rng.integers(100)), switch=switch)
    return sampled, {"mask": some(rng, 2, 3, 3)}


def pair(rng, switch, other=None):
    positive = rc.Bank(resistances=rng.uniform(1e4, 1e5, 4), switch=switch)
    negative = rc.Bank(resistances=rng.uniform(1e4, 1e5, 3), switch=other or switch)
    return rc.DifferentialPair(positive=positive, negative=negative), {"mask": some(rng, 7)}


def crossbar(rng, cells=None):
    ends = {"r_driver": 20.0, "r_sense": 5.0, "drive": "both"}
    if cells is None:
        return rc.Crossbar(10 ** rng.uniform(-6, -4, (4, 3)), 1.0, 2.0, **ends), {}
    return rc.NonlinearCrossbar(cells(rng, (4, 3)), 1.0, 2.0, **ends), {}


def linear_cells(rng, shape):
    return LinearCells(conductances=10 ** rng.uniform(-6, -4, shape))


def sinh_cells(rng, shape):
    return SinhCells(conductances=10 ** rng.uniform(-6, -4, shape), v_scale=0.25)


def bank_cells(switch):
    def make(rng, shape):
        resistances = rng.uniform(1e4, 1e5, (*shape, 2))
        return BankCells(bank=rc.Bank(resistances=resistances, switch=switch), mask=some(rng, *shape, 2))

    return make


def selected_cells(rng, shape):
    return SelectedCells(cells=sinh_cells(rng, shape), i_selector=1e-8, v_selector=0.1)


def circuit(rng):
    """The deck of a bank is a circuit like any other, and this one is linear."""
    thing, options = bank(rng, IDEAL)
    return rc.deck(thing, voltages=[0.1, 0.2], **options).circuit, {}


LINEAR = {
    "bank": lambda rng: bank(rng, IDEAL),
    "bank of perfect switches": lambda rng: bank(rng, rc.IdealSwitch()),
    "bank of fuses": lambda rng: bank(rng, Fuse(r_on=rng.uniform(20, 80, 6), r_off=1e10)),
    "bank of antifuses": lambda rng: bank(rng, AntiFuse(r_on=50.0, r_off=1e11)),
    "bank of selectors": lambda rng: bank(rng, ThresholdSelector(r_on=500.0, r_off=1e9, v_threshold=1.0)),
    "series bank": lambda rng: series(rng, IDEAL),
    "series bank of perfect switches": lambda rng: series(rng, rc.IdealSwitch()),
    "population": lambda rng: population(rng, IDEAL),
    "population of fuses": lambda rng: population(rng, Fuse(r_on=50.0, r_off=1e10)),
    "pair": lambda rng: pair(rng, IDEAL),
    "crossbar": crossbar,
    "crossbar of linear cells": lambda rng: crossbar(rng, linear_cells),
    "crossbar of banks": lambda rng: crossbar(rng, bank_cells(IDEAL)),
    "circuit": circuit,
}
OTHERS = {
    "bank behind transistors": ("mos", lambda rng: bank(rng, NMOS)),
    "bank of bent resistors": ("sinh", lambda rng: bank(rng, IDEAL, BENT)),
    "bank of holding selectors": (
        "sinh",
        lambda rng: bank(rng, ThresholdSelector(r_on=500.0, r_off=1e9, v_threshold=1.0, v_hold=0.05)),
    ),
    "series bank of bent resistors": ("sinh", lambda rng: series(rng, IDEAL, BENT)),
    "capacitor bank": ("charge", capacitors),
    "capacitor bank of bent capacitors": ("charge", lambda rng: capacitors(rng, BENT)),
    "population behind transistors": ("mos", lambda rng: population(rng, NMOS)),
    "pair behind transistors": ("mos", lambda rng: pair(rng, NMOS)),
    "pair of two kinds": ("mos", lambda rng: pair(rng, NMOS, IDEAL)),
    "crossbar of memristors": ("sinh", lambda rng: crossbar(rng, sinh_cells)),
    "crossbar behind selectors": ("sinh", lambda rng: crossbar(rng, selected_cells)),
    "crossbar behind transistors": ("mos", lambda rng: crossbar(rng, bank_cells(NMOS))),
}
BY_PYSPICE = (  # once each kind: a run takes a process
    *("bank", "bank behind transistors", "bank of bent resistors", "bank of holding selectors", "series bank"),
    *("capacitor bank", "capacitor bank of bent capacitors", "population behind transistors", "pair"),
    *("pair behind transistors", "crossbar", "crossbar of banks", "crossbar of memristors"),
    *("crossbar behind selectors", "crossbar behind transistors", "circuit"),
)
KINDS = {name: ("linear", make) for name, make in LINEAR.items()} | OTHERS


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("limit", "make"), KINDS.values(), ids=KINDS)
def test_our_numbers_are_those_of_ngspice(limit, make, seed):
    thing, options = make(np.random.default_rng(seed))
    check = rc.verify(thing, engine="ngspice", **options)
    assert check.passed, check.summary()
    assert check.engine == "ngspice"
    assert check.limit == LIMITS[limit].relative
    assert all(each.limit == check.limit for each in check.agreements)


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize("kind", BY_PYSPICE)
def test_our_numbers_are_those_of_pyspice(kind):
    limit, make = KINDS[kind]
    thing, options = make(np.random.default_rng(5))
    check = rc.verify(thing, engine="pyspice", **options)
    assert check.passed, check.summary()
    assert check.engine.startswith("PySpice")
    assert check.limit == LIMITS[limit].relative


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("make", LINEAR.values(), ids=LINEAR)
def test_our_numbers_are_those_of_the_deck_s_text(make, seed):
    thing, options = make(np.random.default_rng(seed))
    check = rc.verify(thing, engine="nodal", **options)
    assert check.passed, check.summary()
    assert check.max_relative_error < 1e-11
    assert check.engine == "SuperLU"


@pytest.mark.parametrize(("limit", "make"), OTHERS.values(), ids=OTHERS)
def test_what_is_not_linear_is_refused_there(limit, make):
    thing, options = make(np.random.default_rng(0))
    with pytest.raises((InputError, rc.errors.SpiceError)) as caught:
        rc.verify(thing, engine="nodal", **options)
    assert limit != "linear"
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("engine", ["spectre", "", "NGSPICE", None, 1, ["ngspice"], "ngspice; ls"])
def test_another_engine_is_refused(engine):
    with pytest.raises(InputError, match="engine must be one of auto, ngspice, pyspice, nodal"):
        rc.verify(rc.Crossbar([[1e-4]]), engine=engine)


def test_a_linear_array_too_large_for_ngspice_is_checked_by_its_text(stand_in):
    """By itself: there is no ngspice that could run."""
    stand_in("echo 'ngspice was run'; exit 1")
    conductances = np.random.default_rng(0).uniform(1e-6, 1e-5, (65, 64))
    check = rc.verify(rc.Crossbar(conductances, 1.0, 1.0), voltages=np.full(65, 0.1))
    assert check.engine == "SuperLU"
    assert check.passed, check.summary()
    with pytest.raises(rc.errors.SpiceError, match="ngspice was run"):
        rc.verify(rc.Crossbar(conductances[:64], 1.0, 1.0), voltages=np.full(64, 0.1))


@pytest.mark.parametrize("engine", ["ngspice", "nodal"])
def test_a_time_limit_must_be_one(engine):
    with pytest.raises(InputError, match="timeout"):
        rc.verify(rc.Crossbar([[1e-4]]), engine=engine, timeout=-1.0)
