"""Tiles of programmed networks as circuits: against inference, ngspice and the chip that was sampled."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.errors import InputError
from rescircuit.network import ArraySpec, map_network
from rescircuit.network.arrays import Conditions, Converters
from rescircuit.network.layers import Activation, Conv, Dense, Network

KINDS = ("banks", "conductances")
PCM = rc.Memristor(g_min=1e-6, g_max=2e-5, programming_error=0.03, stuck_at_g_max=0.1, drift_exponent=0.05)


@pytest.fixture(scope="module")
def network():
    rng = np.random.default_rng(3)
    return Network([Dense(weight=rng.normal(size=(3, 5))), Activation(kind="relu")])


@pytest.fixture(scope="module")
def convolution():
    rng = np.random.default_rng(4)
    return Network(
        [Conv(weight=rng.normal(size=(4, 2, 2, 2)), bias=rng.normal(size=4), groups=2)], input_shape=(4, 3, 3)
    )


def mapped(network, seed=1, calibration_inputs=None, compensation=(), **options):
    spec = {"rows": 4, "cols": 4, "bank_size": 6, "r_word_line": 1.0, "r_bit_line": 1.0} | options
    return map_network(
        network, ArraySpec(**spec), seed=seed, calibration_inputs=calibration_inputs, compensation=compensation
    )


def test_its_banks_are_those_that_were_programmed(network):
    analog = mapped(network)
    for index, tile in enumerate(analog.layers[0].tiles):
        part = analog.tile(0, index)
        assert part.bank.conductance(tile.cells.mask) == pytest.approx(tile.cells.programmed, rel=1e-12)


@pytest.mark.parametrize("cells", KINDS)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_ngspice_agrees_on_every_tile(network, seed, cells):
    analog = mapped(network, seed)
    assert len(analog.tiles) == 4
    for index in range(4):
        check = rc.verify(analog.tile(0, index, cells=cells))
        assert check.passed, check.summary()
        assert {each.name for each in check.agreements} >= {"output_currents", "weighted_sums"}


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"scheme": "offset", "bias": "word_line"},
        {"scheme": "one_side", "bias": "word_line", "scaling": "column"},
        {"scheme": "offset", "conditions": Conditions(stuck_open=0.05, temperature=60.0)},
        {"calibration": rc.ReadOut(), "pairs": "joint"},
        {"converters": Converters(amplifier_gain=1e3)},
        {"compensation": "wires", "r_bit_line": 200.0},
    ],
    ids=lambda options: " ".join(options) or "plain",
)
@pytest.mark.parametrize("cells", KINDS)
def test_ngspice_agrees_on_a_tile_of_a_convolution(convolution, options, cells):
    """Its sums are the tile's part of the layer's, at each position."""
    x = np.random.default_rng(6).uniform(0, 1, (2, 4, 3, 3))
    analog = mapped(convolution, rows=9, calibration_inputs=x, **options)
    index = len(analog.tiles) - 1
    part, layer = analog.tile(0, index, cells=cells), analog.layers[0]
    rows = layer.weighted.rows(x)[part.tile.group].reshape(-1, 8)
    volts = part.voltages(rows)
    check = rc.verify(part, voltages=volts)
    assert check.passed, check.summary()
    assert {each.name for each in check.agreements} >= {"output_currents", "weighted_sums"}
    if not options:
        assert len(analog.tiles) == 2
        from rescircuit.spice import run_deck

        result = run_deck(rc.deck(part, voltages=volts))
        sums = np.stack([result.node_voltages[f"sum_{j}"] for j in range(2)], axis=-1)
        seen = analog if cells == "banks" else analog.without("switches")
        ours = seen(x)[:, 2:].transpose(0, 2, 3, 1).reshape(-1, 2) - layer.weighted.bias[2:]
        assert sums == pytest.approx(ours, abs=1e-6 if cells == "banks" else 1e-9)


@pytest.mark.parametrize("scheme", ["middle", "one_side", "offset"])
def test_ngspice_agrees_on_a_tile_of_memristors(network, scheme):
    """As written, stuck and drifted: as inference takes them."""
    conditions = Conditions(age=1e5)
    analog = mapped(network, cells="memristors", memristor=PCM, scheme=scheme, conditions=conditions)
    part = analog.tile()
    assert part.cells == "conductances"
    assert np.array_equal(part.array.conductances, part.tile.conductances(analog.effects))
    assert not np.array_equal(part.array.conductances, part.tile.cells.programmed)
    check = rc.verify(part)
    assert check.passed, check.summary()
    with pytest.raises(InputError, match='cells must be "conductances" for a tile of memristors'):
        analog.tile(cells="banks")


def test_effects_that_are_off_are_not_in_the_circuit(network):
    analog = mapped(network, conditions=Conditions(stuck_closed=0.2, temperature=85.0))
    plain = analog.without("stuck", "temperature", "wires").tile()
    tile = plain.tile
    volts = np.full(4, 0.1)
    expected = volts @ tile.cells.programmed
    assert plain.array.solve(volts).output_currents == pytest.approx(expected, rel=1e-9)
    whole = analog.tile().array.solve(volts).output_currents
    conducting = volts @ tile.conductances(analog.effects)
    assert whole == pytest.approx(conducting, rel=1e-3)
    assert np.abs(whole / expected - 1).min() > 1e-3


def test_comments_of_other_layouts(convolution):
    weight = convolution.layers[0].weight
    text = rc.deck(mapped(convolution, rows=9, scheme="offset", bias="word_line").tile(0, 1)).text
    assert "of group 1 on the word lines" in text.replace("\n* ", " ")
    assert f"* weight [2, 1, 0, 1] = {weight[2, 1, 0, 1]:.6g}\nx_cell_5_0 " in text
    assert f"* bias [3] = {convolution.layers[0].bias[3]:.6g}\nx_cell_8_2 " in text
    assert "* reference\nx_cell_0_1 " in text


def test_the_node_of_an_output_holds_its_weighted_sum(network):
    analog = mapped(network, rows=8, cols=8, bank_size=14, r_word_line=0.0, r_bit_line=0.0)
    x = np.random.default_rng(1).uniform(0.0, 1.0, (3, 5))
    tile = analog.tile()
    from rescircuit.spice import run_deck

    result = run_deck(rc.deck(tile, voltages=tile.voltages(x)))
    sums = np.stack([result.node_voltages[f"sum_{j}"] for j in range(3)], axis=-1)
    assert sums == pytest.approx(x @ network.layers[0].weight.T, rel=1e-3, abs=2e-3)
    assert np.maximum(sums, 0.0) == pytest.approx(analog(x), abs=1e-4)  # inference takes switches as linear


def test_a_wrong_sum_is_found_and_named(network, monkeypatch):
    from rescircuit.network.programmed_tile import ProgrammedTile

    part = mapped(network).tile(cells="conductances")
    right = ProgrammedTile.spice_case

    def off(self, asked):
        case = right(self, asked)

        def ours(result):
            found = dict(case.ours(result))
            found["weighted_sums"] = found["weighted_sums"] * np.array([1.0, 1.0 + 1e-6])
            return found

        return dataclasses.replace(case, ours=ours)

    monkeypatch.setattr(ProgrammedTile, "spice_case", off)
    check = rc.verify(part)
    assert not check.passed
    assert check.element == "r_sum_1"


def test_comments_say_which_weight_a_cell_is_and_which_code_it_holds(network):
    part = mapped(network).tile(0, 3)
    text = rc.deck(part).text
    tile, weight = part.tile, network.layers[0].weight
    assert (tile.inputs, tile.outputs) == (slice(4, 5), slice(2, 3))
    assert f"* weight [2, 4] = {weight[2, 4]:.6g}, positive side\nx_cell_0_0 " in text
    code = "".join("01"[int(bit)] for bit in tile.cells.mask[0, 1])
    assert f"* word line 0, bit line 1: code {code}\n.subckt cell_0_1 " in text
    assert "inputs 4 to 4 on the word lines" in text
    assert text == rc.deck(mapped(network).tile(0, 3)).text


def test_a_digital_subtraction_is_not_in_the_circuit(network):
    part = mapped(network, subtraction="digital").tile()
    text = rc.deck(part).text
    assert "sum_" not in text
    assert "v_sense_1" in text


def test_voltages_are_those_of_inference(network):
    analog = mapped(network, dac_bits=3)
    x = np.array([0.0, 0.14, 0.5, 1.0, 0.9])
    volts = analog.tile(0, 0).voltages(x)
    assert volts == pytest.approx(np.round(x[:4] * 7) / 7 * 0.1)
    assert analog.tile(0, 2).voltages(np.tile(x, (2, 1))).shape == (2, 1)


def windows(image):
    """Of two channels each, 2 x 2 wide, row after row of a 3 x 3 image: (groups, positions, 8), by hand."""
    return np.array(
        [[image[g : g + 2, i : i + 2, j : j + 2].ravel() for i in range(2) for j in range(2)] for g in (0, 2)]
    )


def test_rows_are_what_a_tile_multiplies_at_each_position(convolution):
    analog = mapped(convolution, rows=8, cols=8)
    x = np.random.default_rng(1).normal(size=(2, 3, 4, 3, 3))
    for index, tile in enumerate(analog.layers[0].tiles):
        rows = analog.tile(0, index).rows(x)
        assert rows.shape == (2, 3, 4, 8)
        np.testing.assert_array_equal(rows[1, 2], windows(x[1, 2])[tile.group])
    part = analog.tile(0, 1)
    sums = part.rows(x[0, 0]) @ convolution.layers[0].matrices[1]
    assert sums == pytest.approx((convolution(x[0, 0]) - convolution.layers[0].bias[:, None, None])[2:].reshape(2, 4).T)


def test_rows_of_a_later_layer_come_through_those_before_it():
    rng = np.random.default_rng(5)
    deep = Network(
        [Dense(weight=rng.normal(size=(4, 3))), Activation(kind="relu"), Dense(weight=rng.normal(size=(2, 4)))]
    )
    x = rng.uniform(size=(5, 3))
    tile = mapped(deep).tile(layer=1)
    np.testing.assert_array_equal(tile.rows(x), np.maximum(x @ deep.layers[0].weight.T, 0)[:, None])
    assert tile.rows(x[0]).shape == (1, 4)
    with pytest.raises(InputError, match=r"x must be of shape \(\.\.\., 3\)"):
        tile.rows(np.zeros(4))


def test_a_tile_of_a_convolution_is_verified_with_the_networks_inputs(convolution):
    image = np.random.default_rng(2).uniform(size=(4, 3, 3))
    tile = mapped(convolution, rows=8, cols=8, r_word_line=0.0, r_bit_line=0.0).tile(index=1, cells="conductances")
    volts = tile.voltages(tile.rows(image))
    assert rc.verify(tile, voltages=volts).passed
    sums = volts @ tile.array / tile._layer.amperes_per_output[0]
    error = tile.tile.difference(sums) - windows(image)[1] @ convolution.layers[0].matrices[1]
    assert np.abs(error).max() < 0.1  # what six resistors leave


def test_the_non_linear_circuit_is_compared_at_all_positions_and_phases(convolution):
    analog = mapped(convolution, rows=8, cols=8)
    image = np.random.default_rng(2).normal(size=(4, 3, 3)).clip(-1, 1)
    residual = analog.nonlinearity_residual(image, index=1)
    assert 0 < residual < 1e-5
    # One phase of one position, in the exact solution of the circuit and in inference's map of its bent cells.
    assert 0 < analog.nonlinearity_residual(image, index=1, rows=1) < 10 * residual
    for other in (image[None], np.stack([image, 0 * image])):
        assert analog.nonlinearity_residual(other, index=1) == pytest.approx(residual, rel=1e-6)
    assert analog.nonlinearity_residual(-image, index=1) == pytest.approx(residual, rel=1e-6)


def test_what_is_printed_is_short(convolution):
    analog = mapped(convolution, rows=8, cols=8)
    assert repr(analog) == (
        "AnalogNetwork(Network(4 x 3 x 3 -> 4 x 2 x 2, 1 layers, 32 weights), 2 tiles of banks, at most 8 x 8, "
        "chip 0 of seed 1, effects: programming, switches, wires)"
    )
    assert repr(analog.layers[0]) == "AnalogLayer('conv', 2 tiles of banks)"
    assert repr(analog.tiles[1]) == "Tile(group 1, inputs 0:8, outputs 0:2, 8 x 4 banks)"
    assert repr(analog.tile(index=1)) == f"ProgrammedTile(layer 0 'conv', 1: {analog.tiles[1]!r})"
    assert repr(analog.with_effects()).endswith("effects: none)")


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda a: a.tile(1), "layer must be a whole number from 0 to 0"),
        (lambda a: a.tile(0, 4), "index must be a whole number from 0 to 3"),
        (lambda a: a.tile(0, True), "index must be a whole number"),
        (lambda a: a.tile(cells="resistors"), "cells must be one of banks, conductances"),
        (lambda a: a.tile().voltages([0.1, -0.1, 0, 0, 0]), "x must be at least 0"),
        (lambda a: a.tile().voltages([2.0, 0, 0, 0, 0]), "x must be at most 1"),
        (lambda a: a.tile().voltages([0.1]), r"x must be of shape \(\.\.\., 5\), .*The tile's rows\(x\) makes it"),
        (lambda a: rc.deck(a.tile(), mask=[True]), "mask must be left out for a ProgrammedTile"),
        (lambda a: rc.deck(a.tile(), bit_line_voltages=0.1), "bit_line_voltages must be left out"),
        (lambda a: rc.deck(a.tile(), voltages=[0.1]), "voltages must be"),
    ],
)
def test_what_is_not_there_is_refused(network, ask, message):
    with pytest.raises(InputError, match=message):
        ask(mapped(network))


def test_large_tiles_hand_their_elements_out_one_by_one():
    rng = np.random.default_rng(0)
    wide = Network([Dense(weight=rng.normal(size=(60, 101)))])
    part = mapped(wide, rows=101, cols=120, bank_size=2).tile(cells="conductances")
    assert part.tile.asked.size > 10_000
    circuit = rc.deck(part).circuit
    assert sum(element.name.startswith("r_sum_") for element in circuit.elements) == 60
    assert sum(element.name.startswith("r_sum_") for element in circuit.elements) == 60
