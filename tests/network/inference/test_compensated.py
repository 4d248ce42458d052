"""Chips whose targets were distorted against their wires, looked at with and without these."""

from __future__ import annotations

import numpy as np

import rescircuit as rc
from rescircuit.network.arrays import Converters
from rescircuit.network.layers import Dense, Network

RNG = np.random.default_rng(21)
NETWORK = Network((Dense(weight=RNG.normal(size=(4, 12)), bias=RNG.normal(size=4)),))
X = RNG.uniform(0, 1, (5, 12))


def compensated(**settings):
    settings = {"cells": "ideal", "swing": 0.3, "resistor": rc.Resistor(nominal=20e3)} | settings
    return rc.map_network(NETWORK, rc.ArraySpec(**settings), seed=1, compensation="wires")


def error(analog, outputs=None):
    outputs = NETWORK(X) if outputs is None else outputs
    return float(np.abs(analog(X) - outputs).max())


def test_without_wires_what_was_done_against_them_is_left():
    """Other wires leave the cells as they are; an effect that is off takes away its compensation with it."""
    analog = compensated(r_word_line=20.0, r_bit_line=20.0)
    assert error(analog) < 1e-6
    layer, bare = analog.layers[0], analog.rewired(0.0, 0.0)
    (tile,) = layer.tiles
    currents = (X * layer.volts_per_input) @ tile.targets
    distorted = tile.difference(currents) / layer.amperes_per_output + NETWORK.layers[0].bias
    assert error(bare, distorted) < 1e-9
    assert error(bare) > 1.0
    assert error(bare.rewired(20.0, 20.0)) < 1e-6
    assert bare.effects == bare.present_effects == {"wires"}
    for chip in (analog, bare):
        assert error(chip.without("wires")) < 1e-9
    assert bare.nonlinearity_residual(X) < 1e-12


def test_amplifiers_input_resistances_are_compensated_without_wires():
    converters = Converters(amplifier_gain=1e3, feedback_resistance=2e5)
    analog = compensated(converters=converters)
    gain = 1e3 / (1 + 1e3)  # which no cell makes up for: the amplifiers' own
    assert error(analog, gain * (NETWORK(X) - NETWORK.layers[0].bias) + NETWORK.layers[0].bias) < 1e-6
    plain = rc.map_network(NETWORK, analog.spec, seed=1)
    assert error(plain) > 10 * error(analog)
    assert error(analog.with_effects()) < 1e-9


def test_where_nothing_is_in_the_way_nothing_is_compensated():
    analog = compensated()
    assert analog.compensation == analog.present_effects == frozenset()
    assert error(analog) < 1e-9
