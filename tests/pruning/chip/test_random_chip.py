"""Chips whose random resistors are the weights: against direct computation, map_network's chips, ngspice and files."""

from __future__ import annotations

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.errors import InputError
from rescircuit.network import load_analog, map_network, save_analog
from rescircuit.network.arrays import Conditions, Converters
from rescircuit.pruning.chip import SIGNS, read_masks, scan_order, write_masks

X = np.random.default_rng(2).random((6, 7))


def by_hand(chip, masks, number):
    """Each weight of a dense layer from its two banks, sampled one tile at a time from the chip's seed, (out, in)."""
    spec, layer = chip.spec, next(each for each in chip.layers if each.number == number)
    found = np.full(layer.weighted.weight.shape, np.nan)
    for place in layer.places:
        bank = spec.sample(place.shape, seed=chip.seed, chip=chip.chip, start=place.first_cell)
        for i, source in enumerate(range(place.inputs.start, place.inputs.stop)):
            for j, drain in enumerate(range(place.outputs.start, place.outputs.stop)):
                mask = masks[number][drain, source]
                sides = mask if chip.signs == "column" else (mask, mask)
                pair = [
                    sum(
                        (bank.on_conductances if closed else bank.off_conductances)[i, 2 * j + side, k]
                        for k, closed in enumerate(sides[side])
                    )
                    for side in (0, 1)
                ]
                found[drain, source] = (pair[0] - pair[1]) / layer.siemens_per_weight
    return found


@pytest.mark.parametrize("signs", SIGNS)
@pytest.mark.parametrize("n", [1, 3])
def test_weights_are_differences_of_the_sampled_banks(chip_of, masks_of, template, signs, n):
    chip = chip_of(template, signs=signs, bank_size=n)
    masks = masks_of(chip)
    network = chip.pruned(masks)
    for number in (0, 2):
        expected = by_hand(chip, masks, number)
        assert network.layers[number].weight == pytest.approx(expected, rel=1e-9, abs=1e-12)
    assert chip.resistors == n * chip.cells == n * 2 * (35 + 15)
    assert chip.bits == chip.resistors // (1 if signs == "column" else 2)
    analog = chip.program(masks)
    assert analog.with_effects()(X) == pytest.approx(network(X), rel=1e-12)
    assert analog.without("wires", "switches")(X) == pytest.approx(network(X), rel=1e-12)
    assert analog.programming_error.max() == 0.0


def test_open_switches_leak(chip_of, masks_of, template):
    chip = chip_of(template, switch=rc.IdealSwitch(r_off=1e6))
    closed = {number: np.ones_like(mask) for number, mask in masks_of(chip).items()}
    opened = {number: ~mask for number, mask in closed.items()}
    on, off = (chip.program(masks).layers[0].tiles[0].cells.programmed for masks in (closed, opened))
    assert 1 / off == pytest.approx(1 / on + 1e6, rel=1e-4)
    assert np.abs(chip.pruned(opened).layers[0].weight).max() > 0


def test_its_banks_are_those_that_map_network_programs(chip_of, masks_of, template):
    chip = chip_of(template, bank_size=2)
    pruned = chip.program(masks_of(chip))
    rng = np.random.default_rng(4)
    trained = [
        type(layer)(weight=rng.normal(size=layer.weight.shape), name=layer.name) if hasattr(layer, "weight") else layer
        for layer in template.layers
    ]
    mapped = map_network(type(template)(trained), chip.spec, seed=chip.seed)
    for ours, theirs in zip(pruned.tiles, mapped.tiles, strict=True):
        assert np.array_equal(ours.cells.bank().resistances, theirs.cells.bank().resistances)


def test_random_masks_spread_as_asked(chip_of, masks_of, template):
    for signs in SIGNS:
        chip = chip_of(template, signs=signs, spread=3.0, r_word_line=0.0, r_bit_line=0.0)
        draws = [chip.layers[0].weight(masks_of(chip, seed)[0]) for seed in range(300)]
        assert np.sqrt(np.mean(np.square(draws))) == pytest.approx(3.0 * np.sqrt(2 / 7), rel=0.03)


def test_converters_noise_and_explanations_work_on_it(chip_of, masks_of, template):
    options = {"dac_bits": 8, "adc_bits": 8, "conditions": Conditions(read_noise=0.01)}
    chip = chip_of(template, **options)
    analog = chip.program(masks_of(chip), calibration_inputs=X)
    assert {"programming", "switches", "wires", "read_noise", "dac", "adc"} <= analog.effects
    close = np.abs(analog(X) - analog.network(X)).max() / np.abs(analog.network(X)).max()
    assert 1e-4 < close < 0.2
    found = rc.explain(analog, X)
    assert set(found.causes) >= {"wires", "adc"}


@pytest.mark.parametrize("signs", SIGNS)
def test_a_saved_chip_gives_the_same(chip_of, masks_of, template, signs, tmp_path):
    chip = chip_of(template, signs=signs, bank_size=9, dac_bits=6, adc_bits=7)
    analog = chip.program(masks_of(chip), calibration_inputs=X)
    again = load_analog(save_analog(analog, tmp_path / "chip.npz"))
    assert np.array_equal(analog(X), again(X))
    assert all(np.array_equal(a.cells.mask, b.cells.mask) for a, b in zip(analog.tiles, again.tiles, strict=True))


def test_ngspice_agrees_on_a_tile(chip_of, masks_of, template):
    chip = chip_of(template)
    analog = chip.program(masks_of(chip))
    tile = analog.tile(0, 1)
    check = rc.verify(tile, voltages=tile.voltages(tile.rows(X[0])[0]))
    assert check.passed, check.summary()
    assert type(tile.bank.switch) is rc.NMOS


@pytest.mark.parametrize("signs", SIGNS)
@pytest.mark.parametrize("n", [1, 3])
def test_bit_streams_come_back(chip_of, masks_of, template, convolution, tmp_path, signs, n):
    for network in (template, convolution):
        chip = chip_of(network, signs=signs, bank_size=n)
        masks = masks_of(chip)
        found = read_masks(chip, write_masks(chip, masks, tmp_path / "chip.bits"))
        assert found.keys() == masks.keys()
        assert all(np.array_equal(found[number], masks[number]) for number in masks)
        order = np.concatenate([tile.cells.mask.reshape(-1, n) for tile in chip.program(masks).tiles])
        assert np.array_equal(scan_order(chip, masks), order)  # in the order of the cells' numbers


def test_streams_of_other_chips_are_refused(chip_of, masks_of, template, convolution, tmp_path):
    chip = chip_of(template)
    path = write_masks(chip, masks_of(chip), tmp_path / "chip.bits")
    with pytest.raises(InputError, match="bit stream must be of"):
        read_masks(chip_of(convolution), path)
    with pytest.raises(InputError, match="pairs set alike"):
        read_masks(chip_of(template, signs="differential"), path)
    with pytest.raises(InputError, match=r"a file that write_masks wrote, .*nope\.bits'\. There is no nope\.bits\.$"):
        read_masks(chip, "nope.bits")
    np.savez(tmp_path / "foreign.npz", weight=X)
    with pytest.raises(InputError, match=r"foreign\.npz'\. There is no foreign\.npz\.json\.$"):
        read_masks(chip, tmp_path / "foreign.npz")


def test_convolutions_in_groups(chip_of, masks_of, convolution):
    chip = chip_of(convolution)
    masks = masks_of(chip)
    assert chip.mask_shapes[0] == (4, 2, 2, 2, 2, 1)
    analog = chip.program(masks)
    x = np.random.default_rng(5).random((3, 4, 3, 3))
    assert analog.with_effects()(x) == pytest.approx(chip.pruned(masks)(x), rel=1e-12)
    assert analog.rewired(0.0, 0.0).without("switches")(x) == pytest.approx(chip.pruned(masks)(x), rel=1e-9)


def test_training_knows_of_a_calibrated_chip_what_was_measured(chip_of, masks_of, template):
    read_out = rc.ReadOut(adc_bits=8)
    chip = chip_of(template, calibration=read_out)
    true = chip_of(template)
    masks = masks_of(chip)
    believed, actual = chip.layers[0], true.layers[0]
    assert believed.measured
    assert np.abs(believed.items / actual.items - 1).max() > 1e-3
    analog = chip.program(masks)
    for ours, known in zip(analog.layers[0].tiles, true.program(masks).layers[0].tiles, strict=True):
        assert np.array_equal(ours.cells.programmed, known.cells.programmed)  # the chip has what it has
        assert not np.array_equal(ours.cells.believed, known.cells.programmed)
    assert "calibration" in analog.effects
    assert analog.without("calibration", "wires", "switches")(X) == pytest.approx(chip.pruned(masks)(X), rel=1e-9)


def test_faults_that_are_known_and_those_that_are_not(chip_of, masks_of, template):
    faults = {"stuck_open": 0.2, "stuck_closed": 0.1}
    known = chip_of(template, conditions=Conditions(**faults, known_faults=True))
    masks = masks_of(known)
    items = known.layers[0].items
    assert 0 < np.count_nonzero(items == 0) < items.size
    analog = known.program(masks)
    assert analog.without("wires", "switches")(X) == pytest.approx(known.pruned(masks)(X), rel=1e-9)
    unknown = chip_of(template, conditions=Conditions(**faults))
    assert (unknown.layers[0].items > 0).all()
    analog = unknown.program(masks)
    healthy = analog.without("stuck", "wires", "switches")(X)
    assert healthy == pytest.approx(unknown.pruned(masks)(X), rel=1e-9)
    assert np.abs(analog.without("wires", "switches")(X) - healthy).max() > 1e-3 * np.abs(healthy).max()


def test_the_ideal_chip_takes_the_same_masks(chip_of, masks_of, template):
    chip = chip_of(template, dac_bits=4, adc_bits=4, converters=Converters(adc_noise=0.5))
    masks = masks_of(chip)
    ideal = chip.ideal().program(masks)
    assert ideal.effects == {"programming", "switches"}
    both = [each.layers[0].tiles[0].cells.programmed for each in (ideal, chip.program(masks))]
    assert np.array_equal(*both)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cells": "ideal"}, 'cells must be "banks"'),
        ({"scheme": "offset"}, "scheme must be"),
        ({"bias": "word_line"}, "bias must be"),
        ({"positions_per_copy": 2}, "positions_per_copy must be None"),
        ({"signs": "both"}, "signs must be one of column, differential"),
        ({"spread": 0.0}, "spread must be"),
    ],
)
def test_refused(chip_of, template, options, message):
    with pytest.raises(InputError, match=message):
        chip_of(template, **options)


def test_equal_resistors_have_no_differences(chip_of, template):
    same = rc.Resistor(nominal=1e5)
    chip = chip_of(template, signs="differential", resistor=same, r_word_line=0.0, r_bit_line=0.0)
    with pytest.raises(InputError, match="whose switches change a weight"):
        _ = chip.layers[0].siemens_per_weight


def test_masks_of_other_shapes_are_refused(chip_of, masks_of, template):
    chip = chip_of(template)
    masks = masks_of(chip)
    for wrong, message in (
        ({0: masks[0]}, "masks must be one for each of the layers 0, 2"),
        ({**masks, 2: masks[0]}, "mask of second must be truth values"),
        ({**masks, 2: masks[2].astype(float)}, "mask of second must be truth values"),
        ([], "masks must be one for each"),
    ):
        with pytest.raises(InputError, match=message):
            chip.program(wrong)
