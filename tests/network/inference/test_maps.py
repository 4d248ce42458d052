"""Compiled tiles: amplifiers against their circuit's equations, wires against solved circuits."""

from __future__ import annotations

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.devices.streams import Stream
from rescircuit.network.arrays import Converters
from rescircuit.network.layers import Dense, Network

RNG = np.random.default_rng(10)
WIRES = {"r_word_line": 900.0, "r_bit_line": 700.0}
NETWORK = Network((Dense(weight=RNG.normal(size=(3, 7)), bias=RNG.normal(size=3)),))


def amplified(analog, volts, gain, feedback, offsets):
    """Outputs of the amplifiers over -R_f, for the bit lines of a tile at voltages that fulfil all equations at once.

    Each amplifier makes ``out = gain * (offset - v)`` of its bit line's voltage v, and takes ``(v - out) / R_f`` from
    it. Currents of the array are affine in the bit lines' voltages, so probing it at n + 1 of them gives all.
    """
    tile = analog.tiles[0]
    crossbar, lines = rc.Crossbar(tile.asked, *WIRES.values()), tile.shape[1]
    at_rest = crossbar.solve(volts, np.zeros(lines)).output_currents
    probes = np.eye(lines) * 0.01
    slopes = (crossbar.solve(np.tile(volts, (lines, 1)), probes).output_currents - at_rest).T / 0.01
    # at_rest + slopes v = (v - gain (offsets - v)) / R_f
    v = np.linalg.solve(np.eye(lines) * (1 + gain) / feedback - slopes, at_rest + gain * offsets / feedback)
    return -gain * (offsets - v) / feedback


@pytest.mark.parametrize(("gain", "offset"), [(50.0, 0.0), (200.0, 5e-3), (1e6, 5e-3)])
def test_amplifiers_are_their_circuit(chip, gain, offset):
    converters = Converters(amplifier_gain=gain, amplifier_offset=offset, feedback_resistance=20e3)
    analog = chip(NETWORK, converters=converters, **WIRES)
    layer, tile, x = analog.layers[0], analog.tiles[0], RNG.uniform(0, 1, 7)
    offsets = offset * Stream(seed=1, source="network.amplifier_offset.0.0").normal(tile.shape[1])
    lines = amplified(analog, x * analog.spec.v_read, gain, 20e3, offsets)
    expected = tile.difference(lines) / layer.amperes_per_output + NETWORK.layers[0].bias
    assert analog(x) == pytest.approx(expected, rel=1e-7)
    assert np.abs(analog(x) - analog.without("amplifier")(x)).max() > 1e-4


def test_an_ideal_amplifiers_offset_has_its_noise_gain(chip):
    """Without wires, ``offset (1 / R_f + sum of the line's conductances)`` is missing from each line's current."""
    converters = Converters(amplifier_offset=2e-3, feedback_resistance=5e3)
    analog = chip(NETWORK, converters=converters)
    layer, tile = analog.layers[0], analog.tiles[0]
    offsets = 2e-3 * Stream(seed=1, source="network.amplifier_offset.0.0").normal(tile.shape[1])
    lines = -offsets * (1 / 5e3 + tile.asked.sum(axis=0))
    found = analog(np.zeros(7)) - NETWORK.layers[0].bias
    assert found == pytest.approx(tile.difference(lines) / layer.amperes_per_output, rel=1e-12)


def test_wires_act_tile_by_tile_as_the_crossbar_says(chip):
    network = Network((Dense(weight=RNG.normal(size=(4, 19)), bias=RNG.normal(size=4)),))
    analog = chip(network, factor=1.1, **WIRES)
    layer, x = analog.layers[0], RNG.uniform(0, 1, 19)
    expected = network.layers[0].bias.copy()
    for tile in layer.tiles:
        crossbar = rc.Crossbar(1.1 * tile.asked, *WIRES.values())
        lines = crossbar.solve(x[tile.inputs] * analog.spec.v_read).output_currents
        expected[tile.outputs] += tile.difference(lines) / layer.amperes_per_output[tile.outputs]
    ideal = chip(network, cells="resistors", factor=1.1, **WIRES)  # a spec whose programming can err
    assert ideal(x) == pytest.approx(expected, rel=1e-9)
    assert np.abs(ideal(x) - ideal.rewired(0.0, 0.0)(x)).max() > 1e-3
    assert ideal.rewired(0.0, 0.0).rewired(*WIRES.values())(x) == pytest.approx(ideal(x), rel=1e-12)
