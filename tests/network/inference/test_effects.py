"""Views of a chip with some of its effects, and the bend of cells."""

from __future__ import annotations

import gc
import pickle
import weakref

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.crossbar import NonlinearCrossbar
from rescircuit.network.arrays import Conditions, Converters
from rescircuit.network.inference.reading import tile_currents
from rescircuit.network.layers import Dense, Network

RNG = np.random.default_rng(14)
WIRES = {"r_word_line": 900.0, "r_bit_line": 700.0}


@pytest.fixture
def rough(chip, small_network):
    """A chip with most effects."""
    return chip(
        small_network(),
        calibration=RNG.uniform(0, 1, (30, 20)),
        full_scale=8.0,
        cells="resistors",
        factor=1.02,
        dac_bits=6,
        adc_bits=7,
        converters=Converters(amplifier_gain=100.0),
        conditions=Conditions(read_noise=0.01, bandwidth=1e9),
        **WIRES,
    )


def test_views_switch_effects(rough):
    brought = {"programming", "wires", "amplifier", "read_noise", "thermal_noise", "dac", "adc"}
    assert rough.effects == rough.present_effects == brought
    assert rough.with_effects("dac", ["wires"]).effects == {"dac", "wires"}
    assert rough.with_effects("drift").effects == frozenset()  # nothing that this spec brings
    assert rough.without("adc", "wires").effects == brought - {"adc", "wires"}
    assert rough.without("adc").with_effects("adc").effects == {"adc"}
    assert rough.without("dac").rewired(0.0, 0.0).effects == brought - {"dac", "wires"}
    assert rough.without("dac").with_converters(8, None).effects == brought - {"dac", "adc"}
    assert rough.with_converters(None, None).with_converters(6, 7).effects == brought
    for bad in ("wire", 3):
        with pytest.raises(rc.InputError, match="effects must be of programming"):
            rough.without(bad)


def test_each_effect_does_something_by_itself(rough):
    x = RNG.uniform(0, 1, (40, 20))
    digital = rough.network(x)
    for effect in rough.effects:
        assert np.abs(rough.with_effects(effect)(x) - digital).max() > 1e-6
        assert np.abs(rough.without(effect)(x) - rough(x)).max() > 1e-6
    assert rough.with_effects(rough.effects)(x) == pytest.approx(rough(x), rel=1e-12)


def test_maps_are_shared_by_views_and_forgotten_with_them(rough):
    rough.compile()
    maps = rough.tile_maps[0][0]
    assert rough.without("dac", "read_noise").tile_maps[0][0] is maps
    assert rough.with_converters(3, 3).tile_maps[0][0] is maps
    view = rough.without("wires")
    assert view.tile_maps[0][0] is not maps
    forgotten = weakref.ref(view.tile_maps[0][0])
    del view
    gc.collect()
    assert forgotten() is None


def test_compiling_tells_each_tile(rough):
    told = []
    rough.compile(told.append)
    assert told == [1] * len(rough.tiles)
    x = RNG.uniform(0, 1, (3, 20))
    sent = pickle.loads(pickle.dumps(rough))  # noqa: S301 - our own, as worker processes get it
    assert np.array_equal(sent(x), rough(x))


def test_the_programming_error_is_relative_to_the_cells_range(rough):
    assert rough.programming_error.size == sum(rough.network.layers[k].weight.size for k in rough.network.weighted)
    tile = rough.tiles[0]
    first = 0.02 * np.abs(tile.difference(tile.targets)).ravel() / rough.layers[0].cell_full_scale
    assert rough.programming_error[: first.size] == pytest.approx(first)


class BentCells:
    """Cells whose current is ``g v (1 + a (v / v_read - 1))``."""

    def __init__(self, conductances, bend, v_read):
        self.conductances, self.bend, self.v_read = conductances, bend, v_read
        self.shape = conductances.shape

    def currents(self, v_word, v_bit):
        v = v_word - v_bit
        current = self.conductances * v * (1 + self.bend * (v / self.v_read - 1))
        slope = self.conductances * (1 - self.bend + 2 * self.bend * v / self.v_read)
        return current, slope, -slope

    def check_inputs(self, v_word_lines, v_bit_lines):
        assert np.min(v_word_lines) >= np.max(v_bit_lines)


@pytest.mark.parametrize(("wires", "allowed"), [(0.0, 1e-12), (10.0, 4e-4), (100.0, 4e-3)])
def test_bent_cells_are_exact_without_wires_and_of_first_order_with_them(chip, wires, allowed):
    network = Network((Dense(weight=RNG.normal(size=(3, 8))),))
    settings = {"r_word_line": wires, "r_bit_line": wires, "switch": rc.NMOS(w_over_l=10), "cells": "banks"}
    analog = chip(network, bend=-0.1, full_scale=1.0, **settings)
    assert "switches" in analog.effects
    tile, shares = analog.tiles[0], RNG.uniform(0, 1, (5, 8))
    cells = BentCells(tile.asked, -0.1, analog.spec.v_read)
    exact = NonlinearCrossbar(cells, r_word_line=wires, r_bit_line=wires).solve(shares * analog.spec.v_read)
    expected = tile.difference(exact.output_currents)
    found = tile_currents(analog.readers[0].setting, 0, shares)
    bent = np.abs(found - expected).max() / np.abs(expected).max()
    straight = tile_currents(analog.without("switches").readers[0].setting, 0, shares)
    assert bent <= allowed
    assert bent < 0.1 * np.abs(straight - expected).max() / np.abs(expected).max()
    assert analog(shares) == pytest.approx(found / analog.layers[0].amperes_per_output, rel=1e-9)
    assert analog.switch_nonlinearity == pytest.approx(0.1 * tile.asked.max() / analog.layers[0].cell_full_scale)


@pytest.mark.parametrize(("wires", "bias"), [(0.0, "word_line"), (1.0, "digital")])
def test_real_banks_are_near_the_exact_solution(wires, bias):
    """Whose currents are no parabolas: the bend's fit takes away nearly all of their non-linearity without wires.

    With wires, what lifts the switches' ends is left, of the size of the bend itself here.
    """
    network = Network((Dense(weight=RNG.normal(size=(3, 8)), bias=RNG.normal(size=3)),))
    x = RNG.uniform(0, 1, (5, 8))
    spec = rc.ArraySpec(
        bank_size=8,
        resistor=rc.Resistor(nominal=20e3, common=0.2, mismatch=0.01),
        r_word_line=wires,
        r_bit_line=wires,
        bias=bias,
        subtraction="digital",
        adc_bits=8,
    )
    analog = rc.map_network(network, spec, seed=1, calibration_inputs=x)
    linear = analog.without("switches").nonlinearity_residual(x)
    assert linear > 1e-5
    assert analog.without("programming", "switches").nonlinearity_residual(x) == linear  # cells are what they are
    if bias == "digital":
        with pytest.raises(rc.InputError, match="x must be inputs that bring a weighted sum"):
            analog.nonlinearity_residual(np.zeros(8))
    assert analog.nonlinearity_residual(x) < (0.01 if wires == 0 else 2.0) * linear
    assert len(analog.placement()) == len(analog.tiles) == 1
    assert analog.tile().cells == "banks"
