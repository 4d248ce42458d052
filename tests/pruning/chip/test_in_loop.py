"""Weights in training against the chip's exact maps; sensitivities against finite differences of them."""

from __future__ import annotations

import numpy as np
import pytest

from rescircuit.crossbar import Crossbar
from rescircuit.network.arrays import Conditions, Converters
from rescircuit.pruning.chip import SIGNS
from rescircuit.pruning.chip.attenuation import attenuations

torch = pytest.importorskip("torch", reason="needs PyTorch (make torch)")


def tensor(mask):
    return torch.from_numpy(mask.astype(np.float32))


def exact(chip, masks, index):
    """The layer's weights as the programmed chip's compiled tiles have them, (out, in)."""
    analog = chip.program(masks)
    layer = analog.layers[index]
    found = np.full(layer.weighted.matrices.shape, np.nan)
    for tile, tile_map in zip(layer.tiles, analog.tile_maps[index], strict=True):
        part = tile.difference(tile_map.effective) / layer.siemens_per_weight[layer.outputs_of(tile)]
        found[tile.group, tile.inputs, tile.outputs] = part
    return found.transpose(0, 2, 1).reshape(layer.weighted.weight.shape)


@pytest.mark.parametrize("signs", SIGNS)
@pytest.mark.parametrize("n", [1, 3])
@pytest.mark.parametrize("amplifier", [False, True])
def test_at_a_refresh_weights_are_the_chip_s(chip_of, masks_of, template, convolution, signs, n, amplifier):
    converters = Converters(amplifier_gain=100.0) if amplifier else Converters()
    for network in (template, convolution):
        chip = chip_of(network, signs=signs, bank_size=n, converters=converters)
        masks = masks_of(chip)
        for index, (number, model) in enumerate(chip.models().items()):
            model.refresh(masks[number])
            expected = exact(chip, masks, index)
            found = model.weight(tensor(masks[number])).numpy()
            assert np.abs(found - expected).max() < 1e-6 * np.abs(expected).max()
            digital = chip.layers[index].weight(masks[number])
            assert np.abs(found - digital).max() > 1e-3 * np.abs(digital).max()  # the wires are felt
            ideal = chip.ideal()
            known = ideal.models()[number].weight(tensor(masks[number])).numpy()
            assert known == pytest.approx(ideal.layers[index].weight(masks[number]), rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("r", [1.0, 5.0])
def test_ladders_are_the_slopes_of_the_exact_map(r):
    rng = np.random.default_rng(3)
    cells = np.where(rng.random((48, 64)) < 0.5, 2e-5, 1e-9) * (1 + 0.01 * rng.normal(size=(48, 64)))
    wires = {"r_word_line": r, "r_bit_line": 2 * r, "r_sense": 50.0}
    slopes = attenuations(cells, *wires.values())
    before = Crossbar(cells, **wires).effective_conductances()
    assert slopes.min() < 0.99 - 0.04 * r
    for _ in range(12):
        i, j = rng.integers(48), rng.integers(64)
        changed = cells.copy()
        changed[i, j] += 1e-9
        moved = (Crossbar(changed, **wires).effective_conductances()[i, j] - before[i, j]) / 1e-9
        assert slopes[i, j] == pytest.approx(moved, rel=0.01)


def test_without_wires_nothing_is_lost():
    assert np.array_equal(attenuations(np.full((3, 4), 1e-5), 0.0, 0.0), np.ones((3, 4)))


@pytest.mark.parametrize("signs", SIGNS)
def test_between_refreshes_weights_follow_to_first_order(chip_of, masks_of, template, signs):
    chip = chip_of(template, signs=signs)
    masks = masks_of(chip)
    model = chip.models()[0]
    model.refresh(masks[0])
    before = model.weight(tensor(masks[0])).numpy()
    place = (1, 4, 0, 0) if signs == "column" else (1, 4, 0)
    changed = {**masks, 0: masks[0].copy()}
    changed[0][place] ^= True
    followed = model.weight(tensor(changed[0])).numpy()
    moved = followed - before
    assert np.count_nonzero(moved) == 1
    truth = exact(chip, changed, 0)
    # Of a pair the two changes nearly cancel: what is left wrong is to be compared with either of them.
    layer = chip.layers[0]
    either = layer.items[1, 4, 0, 0] / layer.siemens_per_weight
    assert abs(followed[1, 4] - truth[1, 4]) < 0.001 * either  # 0.004 without the attenuation
    slope = tensor(masks[0]).requires_grad_()
    model.weight(slope)[1, 4].backward()
    step = 1.0 if changed[0][place] else -1.0
    assert float(slope.grad[place]) == pytest.approx(step * moved[1, 4], rel=1e-4)
    assert np.count_nonzero(slope.grad.numpy()) == (2 if signs == "column" else 1)


def run(model, masks, x):
    """A layer's outputs in training, after ranges have been set to inputs."""
    model.refresh(masks)
    model.inputs(x)
    model.refresh(masks)
    return model.outputs(model.inputs(x) @ model.weight(tensor(masks)).T, training=False)


def test_converters_are_followed(chip_of, masks_of, template):
    chip = chip_of(template, rows=8, dac_bits=4, adc_bits=5)  # one tile in the lines' direction: one conversion a sum
    masks = masks_of(chip)
    x = np.random.default_rng(6).random((40, 7))
    with torch.enable_grad():
        found = run(chip.models()[0], masks[0], torch.from_numpy(x.astype(np.float32))).detach().numpy()
    analog = chip.program(masks, calibration_inputs=x).without("switches")
    expected = analog.layer_outputs(x)[0]
    step = np.abs(expected).max() / 15
    assert np.abs(found - expected).max() < 1.01 * step  # by rounding of a half to the other side
    assert np.mean(np.abs(found - expected) < 1e-4 * step) > 0.97


def test_gradients_pass_through_converters(chip_of, masks_of, template):
    chip = chip_of(template, dac_bits=3, adc_bits=3)
    model, mask = chip.models()[0], masks_of(chip)[0]
    x = torch.rand(20, 7, generator=torch.Generator().manual_seed(1))
    run(model, mask, x)
    y = torch.linspace(-1, 1, 5).requires_grad_()
    model.outputs(y, training=False).sum().backward()
    assert np.array_equal(y.grad.numpy(), np.ones(5))
    codes = model.outputs(y, training=False).detach().numpy() / model.step
    assert codes == pytest.approx(np.round(codes), abs=1e-4)


def test_a_sum_of_several_conversions_errs_like_them(chip_of, masks_of, template):
    chip = chip_of(template, adc_bits=6)
    model, mask = chip.models()[0], masks_of(chip)[0]
    run(model, mask, torch.rand(20, 7, generator=torch.Generator().manual_seed(1)))
    assert model.conversions == 2  # inputs on two rows of tiles
    y = torch.linspace(-0.3, 0.3, 20_000)
    error = (model.outputs(y, training=True) - y).numpy() / model.step
    assert np.mean(error**2) == pytest.approx(2 / 12, rel=0.05)
    again = model.outputs(y, training=True)
    assert not torch.equal(again, model.outputs(y, training=True))  # noise is new each time


@pytest.mark.parametrize(
    ("options", "signed", "conversions"),
    [({}, False, 2), ({}, True, 4), ({"subtraction": "digital"}, True, 8), ({"rows": 8}, False, 1)],
)
def test_what_a_sum_is_made_of(chip_of, masks_of, template, options, signed, conversions):
    """Two rows of tiles, two phases of signed inputs, and a converter for each of two lines."""
    chip = chip_of(template, dac_bits=5, adc_bits=10, **options)
    model, masks = chip.models()[0], masks_of(chip)
    x = np.random.default_rng(7).random((40, 7)) - (0.5 if signed else 0.0)
    found = run(model, masks[0], torch.from_numpy(x.astype(np.float32))).detach().numpy()
    assert model.conversions == conversions
    expected = chip.program(masks, calibration_inputs=x).without("switches").layer_outputs(x)[0]
    assert np.abs(found - expected).max() < (0.5 * conversions + 1.0) * model.step


def test_read_noise_is_that_of_both_sides(chip_of, masks_of, template):
    chip = chip_of(template, conditions=Conditions(read_noise=0.1))
    model, masks = chip.models()[0], masks_of(chip)
    model.refresh(masks[0])
    mask = tensor(masks[0])
    with torch.no_grad():
        still = model.weight(mask).numpy()
    assert np.abs(still - exact(chip, masks, 0)).max() < 1e-6 * np.abs(still).max()
    draws = np.array([model.weight(mask).numpy() for _ in range(2000)])
    layer = chip.program(masks).layers[0]
    analog = chip.program(masks)
    for tile, tile_map in zip(layer.tiles, analog.tile_maps[0], strict=True):
        both = np.hypot(tile_map.effective[:, tile.plus], tile_map.effective[:, tile.minus])
        expected = 0.1 * both / layer.siemens_per_weight[0]
        spread = draws[:, tile.outputs, tile.inputs].std(axis=0).T
        assert spread == pytest.approx(expected, rel=0.15)


def test_a_checkpoint_of_other_converters_is_refused(chip_of, template, tmp_path):
    from rescircuit.errors import InputError
    from rescircuit.pruning.training import Labelled, TrainingSettings, train_masks

    rng = np.random.default_rng(8)
    data = Labelled(x=rng.random((40, 7)), y=rng.integers(0, 3, 40))

    def train(**options):
        chip = chip_of(template, conditions=Conditions(read_noise=0.1), **options)
        settings = TrainingSettings(epochs=1)
        return train_masks(
            chip.network, data, data, settings=settings, models=chip.models(), checkpoint=tmp_path, report=seen.append
        )

    seen = []
    train(adc_bits=8)
    train(adc_bits=8)
    assert len(seen) == 2  # the second time from the file:
    assert seen[0] == seen[1]
    with pytest.raises(InputError, match="one with another models"):
        train(adc_bits=6)


def test_training_in_the_loop_learns_around_the_wires(spec):
    from rescircuit.datasets import load_digits
    from rescircuit.pruning.chip import random_chip
    from rescircuit.pruning.training import Labelled, TrainingSettings, perceptron, train_masks

    digits = load_digits()
    train, test = (Labelled(x=x, y=y) for x, y in ((digits.train_x, digits.train_y), (digits.test_x, digits.test_y)))
    harsh = spec(rows=64, cols=64, r_word_line=40.0, r_bit_line=40.0, dac_bits=8, adc_bits=8)
    chip = random_chip(perceptron((64,), [60], 10), harsh, seed=2, signs="differential")
    settings = TrainingSettings(epochs=8, refresh_every=40)

    def accuracy(trained_on):
        found = train_masks(trained_on.network, train, test, settings=settings, seed=1, models=trained_on.models())
        masks = found.last_masks
        analog = chip.program(masks, calibration_inputs=digits.train_x)
        on_chip = np.mean(analog(digits.test_x).argmax(axis=1) == digits.test_y)
        return found.last_accuracy, float(on_chip)

    ideal, blind = accuracy(chip.ideal())
    seen, aware = accuracy(chip)
    assert ideal > 0.85
    assert aware > blind + 0.03
    assert aware == pytest.approx(seen, abs=0.03)  # what training sees is what the chip does
