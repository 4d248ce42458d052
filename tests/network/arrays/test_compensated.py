"""Targets against the wires, and columns whose rows make up for each other, on whole chips."""

from __future__ import annotations

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.network.arrays import Conditions, Converters

WIRES = {"r_word_line": 60.0, "r_bit_line": 40.0}
SCHEMES = ("middle", "one_side", "offset")


def rms(analog, x, digital):
    return np.sqrt(np.mean((analog(x) - digital) ** 2))


@pytest.fixture
def pictures():
    """Inputs of the convolutional network that are far from independent."""
    rng = np.random.default_rng(8)
    patterns = rng.uniform(0, 1, (3, 4, 6, 6))
    mixed = np.abs(np.einsum("kp,pcyx->kcyx", rng.normal(size=(60, 3)), patterns))
    return mixed / mixed.max(axis=(1, 2, 3), keepdims=True)


def effective_of(tile, spec):
    cells = rc.Crossbar(
        tile.cells.programmed, spec.r_word_line, spec.r_bit_line, r_sense=spec.converters.input_resistance
    )
    return cells.effective_conductances()


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("scaling", ["tensor", "column"])
def test_with_their_wires_tiles_have_the_weights(chip, convolutional, weights_of, scheme, scaling):
    """An amplifier's input resistance is a part of them."""
    analog = chip(
        convolutional,
        cells="ideal",
        scheme=scheme,
        scaling=scaling,
        bias="word_line",
        compensation="wires",
        converters=Converters(amplifier_gain=99.0, feedback_resistance=1e4),
        **WIRES,
    )
    for layer in analog.layers:
        weights, bias = weights_of(layer, lambda tile: effective_of(tile, analog.spec))
        assert weights == pytest.approx(layer.weighted.matrices, rel=1e-6, abs=1e-7)
        assert bias == pytest.approx(layer.weighted.bias, rel=1e-6, abs=1e-7)
        wanted, _ = weights_of(layer, lambda tile: tile.asked)
        assert wanted == pytest.approx(layer.weighted.matrices, rel=1e-12, abs=1e-12)
        assert any(np.abs(tile.targets - tile.asked).max() > 1e-9 for tile in layer.tiles)


@pytest.mark.parametrize("scaling", ["tensor", "column"])
def test_all_that_add_up_keep_one_scale_where_wires_leave_less(chip, dense, weights_of, scaling):
    full = chip(dense, cells="ideal", swing=1.0, scaling=scaling)
    analog = chip(dense, cells="ideal", swing=1.0, scaling=scaling, compensation="wires", r_bit_line=2e3)
    layer = analog.layers[0]
    scale = layer.siemens_per_weight / full.layers[0].siemens_per_weight
    assert (scale < 0.999).all() if scaling == "tensor" else (scale < 0.999).any()
    assert np.ptp(scale) < 1e-12 or scaling == "column"
    weights, _ = weights_of(layer, lambda tile: effective_of(tile, analog.spec))
    assert weights == pytest.approx(layer.weighted.matrices, rel=1e-6, abs=1e-7)
    for tile in layer.tiles:
        assert tile.targets.min() >= 0
        assert tile.targets.max() <= layer.cell_full_scale


def test_without_wires_there_is_nothing_to_make_up_for(chip, dense):
    plain, compensated = chip(dense), chip(dense, compensation=["wires"])
    for one, other in zip(plain.tiles, compensated.tiles, strict=True):
        assert np.array_equal(one.cells.programmed, other.cells.programmed)
        assert other.targets is other.asked


def test_programmed_cells_with_wires_are_as_near_as_without(chip, convolutional, pictures):
    digital = convolutional(pictures)
    rest = {"bank_size": 14, "calibration_inputs": pictures}
    floor = rms(chip(convolutional, **rest), pictures, digital)
    assert rms(chip(convolutional, compensation="wires", **WIRES, **rest), pictures, digital) < 2 * floor
    assert rms(chip(convolutional, **WIRES, **rest), pictures, digital) > 10 * floor


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("fields", [{}, WIRES, {"bias": "word_line"}], ids=["no wires", "wires", "word line"])
def test_rows_that_absorb_leave_less_error(chip, convolutional, pictures, scheme, fields):
    """On other inputs of the same kind; the settings are those of the chip's own banks."""
    names = ["columns", "wires"] if "r_bit_line" in fields else ["columns"]
    rest = {"calibration_inputs": pictures[:40], "scheme": scheme, **fields}
    plain = chip(convolutional, compensation=names[1:], **rest)
    absorbing = chip(convolutional, compensation=names, **rest)
    digital = convolutional(pictures[40:])
    before, after = (rms(each, pictures[40:], digital) for each in (plain, absorbing))
    assert after < 0.75 * before
    spec = absorbing.spec
    for tile in absorbing.tiles[::3]:
        bank = spec.sample(tile.shape, seed=1, start=tile.first_cell)
        assert bank.conductance(tile.cells.mask) == pytest.approx(tile.cells.programmed, rel=1e-12)
    unmarred = (each.with_effects("wires")(pictures) for each in (plain, absorbing))
    assert next(unmarred) == pytest.approx(next(unmarred), rel=1e-9, abs=1e-9)


def test_calibrated_pairs_absorb_what_they_know_of(chip, convolutional, pictures):
    rest = {"calibration_inputs": pictures, "calibration": rc.ReadOut(adc_bits=14), "pairs": "joint", "bank_size": 3}
    plain, absorbing = (chip(convolutional, compensation=names, **rest) for names in ((), "columns"))
    digital = convolutional(pictures)
    known = {"programming", "switches"}
    before, after = (
        np.sqrt(np.mean((each.with_effects(known)(pictures) - digital) ** 2)) for each in (plain, absorbing)
    )
    assert after < 0.7 * before


def test_copies_absorb_each_by_itself(chip, convolutional, pictures):
    rest = {"calibration_inputs": pictures, "positions_per_copy": 18}
    plain, absorbing = (chip(convolutional, compensation=names, **rest) for names in ((), "columns"))
    digital = convolutional(pictures)
    before, after = (rms(each, pictures, digital) for each in (plain, absorbing))
    assert after < 0.7 * before
    assert absorbing.layers[0].bias_correction is None
    assert absorbing.layers[1].bias_correction is not None


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"compensation": "wire"}, "compensation must be any of wires, columns"),
        ({"compensation": "columns"}, 'calibration_inputs must be given with compensation "columns"'),
        ({"compensation": "columns", "cells": "ideal"}, 'without "columns" for other cells than banks'),
        ({"calibration_inputs": np.ones((1, 2))}, "x must be of shape (..., 11)"),
        ({"calibration_inputs": np.full((1, 11), np.nan)}, "x at index (0, 0) must be finite"),
    ],
)
def test_what_cannot_be_made_up_for(chip, dense, options, says):
    with pytest.raises(rc.InputError) as caught:
        chip(dense, **options)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_known_faults_and_columns_go_together(chip, convolutional, pictures):
    conditions = Conditions(stuck_open=0.02, stuck_closed=0.02, known_faults=True)
    rest = {"calibration_inputs": pictures, "conditions": conditions, "bank_size": 8}
    plain, absorbing = (chip(convolutional, compensation=names, **rest) for names in ((), "columns"))
    digital = convolutional(pictures)
    before, after = (rms(each, pictures, digital) for each in (plain, absorbing))
    assert after < 0.7 * before


@pytest.mark.parametrize("scaling", ["tensor", "column"])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_several_tiles_settle_on_scales_that_all_of_them_reach(scheme, scaling):
    """Outputs of very different sizes behind bad wires: with scales of their own they load each other."""
    rng = np.random.default_rng(3)
    weight = rng.normal(size=(20, 60)) * np.exp(rng.normal(size=(20, 1)))
    network = rc.Network([rc.network.Dense(weight=weight)])
    wires = {"r_word_line": 300.0, "r_bit_line": 300.0}
    reach = {"swing": 0.5 if scheme == "offset" else 0.9, "resistor": rc.Resistor(nominal=1e5)}
    spec = rc.ArraySpec(rows=24, cols=16, cells="ideal", scheme=scheme, scaling=scaling, **wires, **reach)
    x = rng.uniform(0, 1, (30, 60))
    plain = rc.map_network(network, spec, seed=1)
    analog = rc.map_network(network, spec, seed=1, compensation=("wires",))
    assert np.abs(plain(x) - network(x)).max() > 0.3 * np.abs(network(x)).max()
    assert np.abs(analog(x) - network(x)).max() < 1e-6 * np.abs(network(x)).max()
    assert (analog.layers[0].siemens_per_weight < plain.layers[0].siemens_per_weight).all()
