"""Noise of reads against the statistics of cells and resistances themselves."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.constants import Boltzmann

import rescircuit as rc
from rescircuit.network.arrays import Conditions, Converters
from rescircuit.network.layers import Conv, Dense, Network

RNG = np.random.default_rng(12)
NETWORK = Network((Dense(weight=RNG.normal(size=(4, 13)), bias=RNG.normal(size=4)),))
X = RNG.uniform(-1, 1, 13)
WIRES = {"r_word_line": 900.0, "r_bit_line": 700.0}
READS = 20000


def reads(analog, x=X, count=READS):
    """Many reads of one input: places in the batch bring independent noise."""
    return analog(np.tile(x, (count, *([1] * x.ndim))))


def close_covariances(found, expected):
    """Sample covariances within 5 standard errors, which are (c_ii c_jj + c_ij²) / n."""
    error = np.sqrt((np.outer(np.diag(expected), np.diag(expected)) + expected**2) / READS)
    assert (np.abs(found - expected) < 5 * error).all()


@pytest.mark.parametrize("scheme", ["middle", "offset"])
@pytest.mark.parametrize("own", [0.0, 0.03])
def test_read_noise_is_that_of_cells_which_fluctuate(chip, scheme, own):
    """Each cell by itself, in each phase anew, without wires: the covariance of outputs in closed form."""
    analog = chip(NETWORK, scheme=scheme, noise=own, conditions=Conditions(read_noise=0.02))
    layer, found = analog.layers[0], reads(analog)
    expected = np.zeros((4, 4))
    for tile in layer.tiles:
        share = np.zeros((len(tile.plus), tile.shape[1]))  # how outputs take lines
        for j, (plus, minus) in enumerate(zip(tile.plus, tile.minus, strict=True)):
            share[j, plus], share[j, minus] = 1, -1
        for sign in (1, -1):
            volts = np.maximum(sign * X[tile.inputs], 0) * analog.spec.v_read
            variances = (volts**2) @ (tile.asked**2 * (0.02**2 + own**2))
            scale = layer.amperes_per_output[tile.outputs]
            expected[tile.outputs, tile.outputs] += share * variances @ share.T / np.outer(scale, scale)
    assert found.mean(axis=0) == pytest.approx(NETWORK(X), abs=0.02)
    close_covariances(np.cov(found.T), expected)


def test_read_noise_with_wires_is_that_of_perturbed_circuits(chip):
    """Cells that are changed and circuits that are solved again, to first order in the wires' drop."""
    network = Network((Dense(weight=RNG.normal(size=(2, 6))),))
    analog = chip(network, conditions=Conditions(read_noise=0.02), r_word_line=90.0, r_bit_line=70.0)
    tile, layer, x = analog.tiles[0], analog.layers[0], RNG.uniform(0, 1, 6)
    noisy = tile.asked * (1 + 0.02 * RNG.normal(size=(3000, *tile.shape)))
    maps = rc.effective_conductances(noisy, r_word_line=90.0, r_bit_line=70.0)
    outputs = tile.difference(x * analog.spec.v_read @ maps) / layer.amperes_per_output
    assert reads(analog, x).std(axis=0) == pytest.approx(outputs.std(axis=0), rel=0.06)


@pytest.mark.parametrize("wires", [{}, WIRES])
@pytest.mark.parametrize("scheme", ["middle", "offset"])
def test_thermal_noise_is_nyquists_of_all_resistances(chip, wires, scheme):
    conditions = Conditions(bandwidth=1e13, temperature=80.0)
    analog = chip(NETWORK, scheme=scheme, conditions=conditions, **wires)
    layer, found = analog.layers[0], reads(analog, np.abs(X))
    expected = np.zeros((4, 4))
    for tile in layer.tiles:
        crossbar = rc.Crossbar(tile.asked, *(wires.values() or (0.0, 0.0)))
        if wires:
            density = rc.crossbar.thermal_noise(crossbar, 80.0).density
        else:
            density = 4 * Boltzmann * (273.15 + 80.0) * np.diag(tile.asked.sum(axis=0))
        scale = layer.amperes_per_output[tile.outputs]
        seen = tile.difference(tile.difference(density).T)
        expected[tile.outputs, tile.outputs] += 1e13 * seen / np.outer(scale, scale)
    close_covariances(np.cov(found.T), expected)
    assert np.abs(np.cov(found.T)).max() > 1e-4


def test_converters_noise_is_in_steps(chip):
    """Of output converters: its rms in each tile, beside that of rounding; of input converters: through the weights."""
    fine = chip(NETWORK, adc_bits=16, converters=Converters(adc_noise=40.0))
    layer = fine.layers[0]
    steps = fine.readers[0].full_scales / (2**15 - 1) / layer.amperes_per_output[0]
    variance = np.zeros(4)
    for tile, step in zip(layer.tiles, steps, strict=True):
        variance[tile.outputs] += 2 * (40.0 * step) ** 2  # two phases
    assert reads(fine).std(axis=0) == pytest.approx(np.sqrt(variance), rel=0.05)
    coarse = chip(NETWORK, dac_bits=6, converters=Converters(dac_noise=0.5))
    expected = 0.5 / 63 * np.linalg.norm(NETWORK.layers[0].weight, axis=1)
    assert reads(coarse, np.abs(X)).std(axis=0) == pytest.approx(expected, rel=0.05)


def noisy(chip, network, **settings):
    conditions = Conditions(read_noise=0.01, bandwidth=1e12)
    converters = Converters(adc_noise=0.5, dac_noise=0.5, slice_bits=3)
    return chip(network, dac_bits=6, adc_bits=8, conditions=conditions, converters=converters, **settings)


def test_noise_belongs_to_its_read_and_place(chip, convolutional, monkeypatch):
    """Whatever parts and threads the batch is computed in."""
    x = RNG.uniform(-1, 1, (7, 2, 8, 10))
    analog = noisy(chip, convolutional, calibration=x, full_scale=1.0, positions_per_copy=9)
    first = analog(x)
    assert np.array_equal(analog(x), first)
    assert np.abs(analog(x, read=1) - first).max() > 1e-3
    assert np.array_equal(analog(x[:3]), first[:3])
    monkeypatch.setattr(Network, "inputs_at_once", lambda _: 2)
    assert np.array_equal(analog(x), first)
    monkeypatch.setattr("rescircuit.network.inference.threads.threads_by_default", lambda: 3)
    assert np.array_equal(analog(x), first)
    assert np.array_equal(analog.layer_outputs(x)[-1], first)


def test_positions_tiles_phases_and_slices_have_noise_of_their_own(chip):
    conv = Network((Conv(weight=np.ones((1, 1, 1))),), input_shape=(1, 50))
    analog = chip(conv, conditions=Conditions(read_noise=0.05))
    found = analog(np.ones((200, 1, 50)))[:, 0]
    correlation = np.corrcoef(found.T) - np.eye(50)
    assert np.abs(correlation).max() < 5 / np.sqrt(200)
    assert len(np.unique(found)) == found.size
    mirrored = analog(np.concatenate([np.ones((1, 1, 50)), -np.ones((1, 1, 50))]))
    assert not np.array_equal(mirrored[0] - 1, -(mirrored[1] + 1))
