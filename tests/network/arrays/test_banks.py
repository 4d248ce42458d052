"""Cells that are banks, against the same banks sampled and programmed by themselves."""

from __future__ import annotations

import signal
import time
from dataclasses import replace
from itertools import count, product

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.calibration import Reference, calibrate
from rescircuit.network.arrays import Conditions
from rescircuit.network.arrays.cells import bank_maker, bank_rows, banks
from rescircuit.network.layers import Dense, Network

POLY = rc.Resistor(nominal=1e6, common=0.2, mismatch=0.02, tc1=-1e-3, tc1_mismatch=1e-4, drift=0.01, drift_spread=0.005)


def bank_of(analog, tile, **fields):
    """The banks (i, lines) of a tile by the first one's number alone."""
    spec = analog.spec
    return rc.Bank.sample(
        spec.resistor,
        n=spec.bank_size,
        seed=analog.seed,
        chip=analog.chip,
        start=tile.first_cell,
        shape=tile.shape,
        switch=spec.switch,
        nominals=spec.nominals,
        **fields,
    )


def every_setting(on, off):
    """What a bank conducts in each of its settings."""
    return [np.where(setting, on, off).sum() for setting in product([False, True], repeat=len(on))]


@pytest.mark.parametrize("scheme", ["middle", "one_side", "offset"])
def test_no_setting_of_the_second_bank_is_nearer_to_the_difference(chip, dense, scheme):
    """The first bank is nearest to its own target, the second to where the difference is as wanted."""
    analog = chip(dense, scheme=scheme, number=3, resistor=POLY)
    for tile in analog.tiles[:2]:
        bank, cells = bank_of(analog, tile), tile.cells
        assert bank.conductance(cells.mask) == pytest.approx(cells.programmed, rel=1e-13)
        wanted = tile.difference(tile.asked)
        for i, j in np.ndindex(wanted.shape):
            first, second = int(tile.plus[j]), int(tile.minus[j])
            if scheme == "offset" or (scheme == "one_side" and wanted[i, j] >= 0):
                first, second = second, first
            assert np.abs(cells.programmed[i, first] - tile.asked[i, first]) == pytest.approx(
                min(
                    abs(g - tile.asked[i, first])
                    for g in every_setting(bank.on_conductances[i, first], bank.off_conductances[i, first])
                ),
                rel=1e-9,
                abs=1e-20,
            )
            sign = 1.0 if second == tile.plus[j] else -1.0
            errors = [
                abs(sign * (g - cells.programmed[i, first]) - wanted[i, j])
                for g in every_setting(bank.on_conductances[i, second], bank.off_conductances[i, second])
            ]
            assert abs(tile.error[i, j]) == pytest.approx(min(errors), rel=1e-6, abs=1e-18)


@pytest.mark.parametrize("scheme", ["middle", "one_side"])
def test_pairs_programmed_together_are_as_differential_pairs_are(chip, dense, scheme):
    analog = chip(dense, pairs="joint", scheme=scheme)
    for tile in analog.tiles:
        bank = bank_of(analog, tile)
        positive, negative = (bank.part((slice(None), lines)) for lines in (tile.plus, tile.minus))
        wanted = tile.difference(tile.asked)
        found = rc.DifferentialPair(positive=positive, negative=negative).program(wanted)
        assert tile.difference(tile.cells.programmed) == pytest.approx(found.difference, rel=1e-12, abs=1e-18)
    apart = chip(dense, scheme=scheme)
    assert np.median(analog.programming_error) < 0.05 * np.median(apart.programming_error)


def test_the_range_is_that_of_the_smallest_bank(chip, dense, monkeypatch):
    """Of all tiles' banks with their switches, though few are looked at."""
    monkeypatch.setattr(bank_maker, "_SMALLEST", 4)
    analog = chip(dense, resistor=POLY)
    smallest = min(float(bank_of(analog, tile).full_scale.min()) for tile in analog.tiles)
    assert analog.layers[0].cell_full_scale == smallest


@pytest.mark.parametrize("calibration", [None, rc.ReadOut(adc_bits=12, noise=1e-10)])
def test_neither_parts_of_rows_nor_the_order_change_a_bit(chip, dense, monkeypatch, calibration):
    fields = {"rows": 11, "cols": 8, "calibration": calibration}
    whole = chip(dense, **fields)
    monkeypatch.setattr(banks, "_BANKS_AT_ONCE", 20)
    parts = chip(dense, **fields)
    for one, other in zip(whole.tiles, parts.tiles, strict=True):
        for name in ("packed", "programmed", "believed"):
            assert np.array_equal(getattr(one.cells, name), getattr(other.cells, name))
        assert np.array_equal(one.cells.curvature(), other.cells.curvature())


def test_temperature_age_and_faults_are_those_of_the_same_banks(chip, dense):
    conditions = Conditions(temperature=85.0, age=3.6e7, stuck_open=0.05, stuck_closed=0.05)
    analog = chip(dense, resistor=POLY, conditions=conditions)
    for tile in analog.tiles[:2]:
        bank, mask = bank_of(analog, tile), tile.cells.mask
        healthy = bank.conductance(mask)
        faulty = bank_of(analog, tile, faults=conditions.faults)
        assert tile.conductances({"programming"}) == pytest.approx(healthy, rel=1e-13)
        assert tile.conductances({"programming", "stuck"}) == pytest.approx(faulty.conductance(mask), rel=1e-12)
        warm = bank.at(temperature=85.0).conductance(mask)
        assert tile.conductances({"programming", "temperature"}) == pytest.approx(warm, rel=1e-12)
        old = bank.at(age=3.6e7).conductance(mask)
        assert tile.conductances({"programming", "drift"}) == pytest.approx(old, rel=1e-12)
        assert tile.conductances({"temperature"}) == pytest.approx(tile.asked * warm / healthy, rel=1e-12)
        broken = faulty.conductance(mask)
        all_of_them = broken
        for change in ({"temperature": 85.0}, {"age": 3.6e7}):
            after = faulty.at(**change).conductance(mask)
            all_of_them = all_of_them * np.divide(after, broken, out=np.ones_like(after), where=broken > 0)
        assert tile.conductances(analog.spec.effects) == pytest.approx(all_of_them, rel=1e-12)
        assert np.abs(broken - healthy).max() > 0.1 * healthy.mean()


def test_known_faults_are_programmed_around(chip, dense):
    conditions = {"stuck_open": 0.03, "stuck_closed": 0.03}
    unknown = chip(dense, bank_size=12, conditions=Conditions(**conditions))
    known = chip(dense, bank_size=12, conditions=Conditions(**conditions, known_faults=True))
    assert known.layers[0].cell_full_scale == unknown.layers[0].cell_full_scale
    left = []
    for before, after in zip(unknown.tiles, known.tiles, strict=True):
        bank = bank_of(known, after, faults=known.spec.conditions.faults)
        assert bank.conductance(after.cells.mask) == pytest.approx(after.cells.programmed, rel=1e-13)
        assert np.array_equal(bank.actual_mask(after.cells.mask), after.cells.mask)
        stuck = before.difference(before.conductances({"programming", "stuck"}) - before.asked)
        left.append((np.abs(after.error).mean(), np.abs(stuck).mean()))
    errors = np.mean(left, axis=0)
    assert errors[0] < 0.1 * errors[1]


@pytest.mark.parametrize("reference", [None, Reference(resistance=1e6, mismatch=0.001)])
def test_calibrated_banks_are_programmed_by_what_was_measured(chip, dense, reference):
    read_out = rc.ReadOut(
        adc_bits=10, noise=2e-10, gain_error=0.005, offset=1e-10, reference=reference, full_scale=1e-6
    )
    analog = chip(dense, rows=11, cols=8, resistor=POLY, calibration=read_out)
    (tile,) = analog.tiles
    bank, cells = bank_of(analog, tile), tile.cells
    common = POLY.common_factor(seed=1)
    measured = calibrate(bank, read_out.sample(1, 0), seed=1, start=tile.first_cell, common=common, clipping="flag")
    unit = 1.0 if reference is None else common
    first = measured.program(tile.asked * unit)
    assert np.array_equal(cells.mask[:, tile.plus], first.mask[:, tile.plus])
    wanted = np.maximum(first.estimate[:, tile.plus] / unit - tile.difference(tile.asked), 0.0)
    targets = tile.asked.copy()
    targets[:, tile.minus] = wanted
    second = measured.program(targets * unit)
    assert np.array_equal(cells.mask[:, tile.minus], second.mask[:, tile.minus])
    assert cells.believed[:, tile.minus] == pytest.approx(second.estimate[:, tile.minus] / unit, rel=1e-9)
    assert cells.programmed == pytest.approx(bank.conductance(cells.mask), rel=1e-13)
    off = np.abs(cells.believed / cells.programmed - 1.0).mean()
    assert 1e-4 < off < 0.05
    assert tile.conductances({"programming"}) is not None
    assert tile.conductances({"programming"}) == pytest.approx(cells.believed, rel=1e-13)
    step = tile.conductances({"calibration"}) - tile.asked
    assert step == pytest.approx(cells.programmed - cells.believed, rel=1e-9, abs=1e-16)


def test_a_read_out_without_a_range_gets_one_for_the_layer(chip, dense):
    """None of its readings is cut off, though the die is far from nominal."""
    for number in range(3):
        analog = chip(dense, resistor=POLY, calibration=rc.ReadOut(adc_bits=14, offset=1e-10), number=number)
        off = [np.abs(t.cells.believed / t.cells.programmed - 1).max() for t in analog.tiles]
        assert max(off) < 0.01


@pytest.mark.parametrize("switch", [rc.NMOS(w_over_l=2), rc.IdealSwitch(r_on=100.0)])
def test_the_curvature_is_the_nearest_in_the_mean_square(chip, dense, switch):
    analog = chip(dense, resistor=replace(POLY, nominal=2e4), switch=switch, v_read=0.4)
    tile = analog.tiles[0]
    bank, mask = bank_of(analog, tile, v_read=0.4), tile.cells.mask
    share = (np.arange(400) + 0.5) / 400
    currents = np.array([bank.current(mask, 0.4 * each) for each in share])
    linear = share[:, np.newaxis, np.newaxis] * bank.conductance(mask) * 0.4
    shape = linear * (share[:, np.newaxis, np.newaxis] - 1.0)
    expected = ((currents - linear) * shape).sum(axis=0) / (shape**2).sum(axis=0)
    found = tile.cells.curvature()
    assert found == pytest.approx(expected, rel=1e-3, abs=1e-9)
    assert (np.abs(found).max() > 1e-3) == isinstance(switch, rc.NMOS)


def test_banks_off_for_good_bend_and_change_nothing(chip):
    network = Network([Dense(weight=np.array([[1.0, 0.0]]))])
    analog = chip(network, scheme="one_side", switch=rc.IdealSwitch(), conditions=Conditions(temperature=85.0))
    cells = analog.tiles[0].cells
    assert (cells.programmed[1] == 0).all()
    assert np.isfinite(cells.curvature()).all()
    assert (analog.tiles[0].conductances({"programming", "temperature"})[1] == 0).all()


def test_progress_counts_every_bank(chip, dense):
    absorbing = {"compensation": "columns", "calibration_inputs": np.eye(11)}
    for fields in ({}, {"pairs": "joint"}, {"scheme": "offset"}, {"cells": "ideal"}, absorbing):
        done = []
        analog = chip(dense, progress=done.append, **fields)
        assert sum(done) == sum(tile.asked.size for tile in analog.tiles)


def test_ctrl_c_ends_the_mapping(chip, dense, monkeypatch):
    """It is heard by the thread that waits; what others do is given up, and none of them goes on."""
    solve, calls = bank_rows.subset_sum, []

    def pressed(**problem):
        number = next(numbers)  # its own, whatever other threads have taken since
        calls.append(number)
        time.sleep(0.02)
        if number == 4:
            signal.raise_signal(signal.SIGINT)
        return solve(**problem)

    monkeypatch.setattr(bank_rows, "subset_sum", pressed)
    for compensation in ((), "columns"):
        calls.clear()
        numbers = count(1)
        with pytest.raises(KeyboardInterrupt):
            chip(dense, cols=4, rows=1, compensation=compensation, calibration_inputs=np.eye(11))
        assert 0 < len(calls) < 22  # of two for each of 22 tiles
        known = len(calls)
        time.sleep(0.05)
        assert len(calls) == known


def test_ctrl_c_while_progress_is_told_ends_the_mapping(chip, dense):
    def told(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        chip(dense, progress=told)


def test_a_search_that_was_ended_early_is_no_chip(chip, dense, monkeypatch):
    solve = bank_rows.subset_sum

    def ended(**problem):
        found = solve(**problem)
        return replace(found, status=np.full(np.shape(found.total), "not solved"))

    monkeypatch.setattr(bank_rows, "subset_sum", ended)
    with pytest.raises(KeyboardInterrupt):
        chip(dense)
