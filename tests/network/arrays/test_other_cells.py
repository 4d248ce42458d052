"""Single resistors, memristors and ideal cells, against the same devices sampled by themselves."""

from __future__ import annotations

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.devices import MemristorArray, write_verify
from rescircuit.network.arrays import Conditions, TileCells, Writing

POLY = rc.Resistor(nominal=1e6, common=0.2, mismatch=0.02, tc1=-1e-3, tc1_mismatch=1e-4, drift=0.01, drift_spread=0.005)
PCM = rc.Memristor(
    g_min=1e-6,
    g_max=2e-5,
    programming_error=(0.01, 0.04),
    read_noise=(0.02, 0.005),
    drift_exponent=0.05,
    drift_exponent_spread=0.01,
    stuck_at_g_min=0.05,
    stuck_at_g_max=0.05,
    write_time=1e-6,
    read_time=1e-7,
)


@pytest.mark.parametrize("cells", ["banks", "ideal", "resistors", "memristors"])
def test_every_kind_is_cells_of_a_tile(chip, dense, cells):
    analog = chip(dense, cells=cells, memristor=PCM)
    tile = analog.tiles[0]
    assert isinstance(tile.cells, TileCells)
    assert tile.cells.kind == cells
    assert tile.conductances(()) is not tile.cells.programmed
    assert np.array_equal(tile.conductances(()), tile.asked)
    assert tile.conductances({"programming"}) == pytest.approx(tile.cells.programmed, rel=1e-14)
    assert tile.cells.curvature().shape == tile.shape


@pytest.mark.parametrize("scheme", ["middle", "one_side"])
def test_single_resistors_are_made_at_their_values(chip, dense, scheme):
    conditions = Conditions(temperature=85.0, age=3.6e7, stuck_open=0.1, stuck_closed=0.1)
    analog = chip(dense, cells="resistors", scheme=scheme, resistor=POLY, conditions=conditions, number=2)
    for tile in analog.tiles[:2]:
        there = tile.asked > 0
        nominals = 1.0 / np.where(there, tile.asked, 1.0)
        place = {"seed": 1, "chip": 2, "start": tile.first_cell}
        made = np.where(there, 1.0 / POLY.sample(tile.shape, nominals=nominals, **place), 0.0)
        assert tile.cells.programmed == pytest.approx(made, rel=1e-14)
        assert there.all() == (scheme == "middle")
        coefficients = POLY.sample_coefficients(tile.shape, **place)
        flags = conditions.faults.sample(tile.shape, **place)
        largest = analog.layers[0].cell_full_scale
        stuck = np.where(flags["stuck_open"], 0.0, np.where(flags["stuck_closed"], largest, made))
        assert tile.conductances({"programming", "stuck"}) == pytest.approx(stuck, rel=1e-13)
        warm = made / coefficients.at(85.0, 0.0)
        assert tile.conductances({"programming", "temperature"}) == pytest.approx(warm, rel=1e-12)
        both = stuck / coefficients.at(85.0, 0.0) / coefficients.at(27.0, 3.6e7)
        assert tile.conductances(analog.spec.effects) == pytest.approx(both, rel=1e-12)


def test_resistors_bend_by_their_voltage_coefficients(chip, dense):
    resistor = rc.Resistor(nominal=1e6, vc1=0.02, vc2=0.005)
    tile = chip(dense, cells="resistors", resistor=resistor, v_read=0.5).tiles[0]
    share = (np.arange(1000) + 0.5) / 1000
    volts = 0.5 * share
    factor = (1 + 0.02 * 0.5 + 0.005 * 0.25) / (1 + 0.02 * volts + 0.005 * volts**2)
    basis = share * (share - 1)
    expected = ((share * factor - share) * basis).sum() / (basis**2).sum()
    assert tile.cells.curvature() == pytest.approx(np.full(tile.shape, expected), rel=1e-4)


def test_ideal_cells_can_be_stuck_and_nothing_else(chip, dense):
    conditions = Conditions(temperature=85.0, age=3.6e7, stuck_open=0.2, stuck_closed=0.1)
    analog = chip(dense, cells="ideal", conditions=conditions)
    assert analog.spec.effects == {"stuck"}
    tile = analog.tiles[0]
    flags = conditions.faults.sample(tile.shape, seed=1, start=tile.first_cell)
    largest = analog.layers[0].cell_full_scale
    expected = np.where(flags["stuck_open"], 0.0, np.where(flags["stuck_closed"], largest, tile.asked))
    assert np.array_equal(tile.conductances(analog.spec.effects), expected)


@pytest.mark.parametrize("scheme", ["middle", "one_side", "offset"])
def test_memristors_are_written_and_verified(chip, dense, scheme):
    writing = Writing(tolerance_share=0.02, most_writes=7, averages=2)
    analog = chip(
        dense, cells="memristors", memristor=PCM, scheme=scheme, writing=writing, conditions=Conditions(age=1e5)
    )
    layer = analog.layers[0]
    assert layer.cell_full_scale == PCM.g_max
    for tile in analog.tiles[:2]:
        assert tile.asked.min() >= PCM.g_min
        assert tile.asked.max() <= PCM.g_max
        fresh = MemristorArray.sample(PCM, tile.shape, seed=1, start=tile.first_cell)
        written, result = write_verify(fresh, tile.asked, tolerance=0.02 * PCM.g_max, most_writes=7, averages=2)
        free = ~fresh.stuck
        true = written.at(result.finished_at)
        all_stuck = tile.conductances({"programming", "stuck"})
        assert all_stuck[free] == pytest.approx(true[free], rel=1e-13)
        assert all_stuck[~free] == pytest.approx(true[~free], rel=1e-13)
        assert tile.conductances({"programming"})[free] == pytest.approx(true[free], rel=1e-13)
        assert np.abs(tile.conductances({"programming"}) - tile.asked).max() < 0.1 * PCM.g_max
        later = written.at(result.finished_at + 1e5)
        assert tile.conductances({"programming", "drift"})[free] == pytest.approx(later[free], rel=1e-12)
        together = tile.conductances({"programming", "stuck", "drift"})
        assert together == pytest.approx(later, rel=1e-12)  # what is stuck does not drift
        noise = tile.cells.read_noise(true)
        assert noise == pytest.approx(np.interp(true, [PCM.g_min, PCM.g_max], [0.02, 0.005]), rel=1e-12)
    assert {"programming", "stuck", "drift", "read_noise"} == analog.spec.effects


def test_an_off_memristor_conducts_its_least(chip, dense):
    analog = chip(dense, cells="memristors", memristor=rc.Memristor(g_min=1e-6, g_max=2e-5), scheme="one_side")
    tile = analog.tiles[0]
    off = np.minimum(tile.asked[:, tile.plus], tile.asked[:, tile.minus])
    assert off == pytest.approx(np.full(off.shape, 1e-6), rel=1e-12)


def test_copies_have_cells_of_their_own(chip, convolutional, weights_of):
    analog = chip(convolutional, cells="resistors", positions_per_copy=12, resistor=POLY)
    layer = analog.layers[0]
    first, second = (weights_of(layer, lambda tile: tile.asked, copy)[0] for copy in (0, 2))
    assert np.array_equal(first, second)
    first, second = (weights_of(layer, lambda tile: tile.cells.programmed, copy)[0] for copy in (0, 2))
    assert (first != second).all()
