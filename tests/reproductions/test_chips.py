"""Both reproductions on arrays, small: every stage is there, the order of effects holds, and pieces are shared."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from rescircuit.datasets import load_mnist
from rescircuit.devices.streams import Stream
from rescircuit.files import read_npz
from rescircuit.network import map_network
from rescircuit.reproductions import chips, lenet_array, pensia_experiment_1
from rescircuit.reproductions.chips import Chip, accuracy_of
from rescircuit.reproductions.lenet import load_lenet
from rescircuit.reproductions.lenet_array import Axis, Sweep

CHIP = Chip(bank_size=6, tile=64, calibration_images=20)
PERCEPTRON = pensia_experiment_1.Plan(hidden=8, epochs=3, n=5, chip=CHIP)
AXES = (
    Axis(field="bank_size", title="resistors in a bank, n", values=(3, 6)),
    Axis(field="wire", title="wire", values=(1.0, 30.0)),
    Axis(field="tile", title="tile", values=(64, 128), wire=30.0),
    Axis(field="adc_bits", title="bits", values=(3, 10)),
)
ARRAY = lenet_array.Plan(chip=CHIP, axes=AXES)


@pytest.fixture
def mapped_chips(monkeypatch):
    """Notes every chip that is programmed."""
    specs = []

    def noted(network, spec, **options):
        specs.append((spec.bank_size, spec.rows, options["seed"]))
        return map_network(network, spec, **options)

    monkeypatch.setattr(chips, "map_network", noted)
    return specs


def test_every_weight_becomes_its_best_subset_sum(given, tmp_path, mapped_chips):
    run, steps = given
    found = pensia_experiment_1._run(run, PERCEPTRON)
    assert found.weights == 784 * 8 + 8 * 10
    assert found.accuracy > 0.8
    (trained,) = run.pieces.folder.glob("*.npz")
    weights = read_npz(trained)
    masks = np.array(list(product([0, 1], repeat=5)))
    worst, count = [], 0
    for name in ("hidden", "output"):
        weight = weights[f"{name}.weight"].astype(float)
        source = f"reproductions.pensia-experiment-1.{name}.5"
        uniform = Stream(seed=1, source=source).uniform(5 * weight.size).reshape(-1, 5)
        errors = np.abs(found.largest * (2 * uniform - 1) @ masks.T - weight.reshape(-1, 1))
        worst.append(errors.min(axis=1))
        count += masks[errors.argmin(axis=1)].sum()
    worst = np.concatenate(worst)
    sample = found.samples[1]
    assert sample.worst_error == pytest.approx(worst.max(), rel=1e-12)
    assert sample.median_error == pytest.approx(np.median(worst), rel=1e-12)
    assert sample.above_epsilon == (worst > 0.01).sum()
    assert sample.coefficients == count
    assert mapped_chips == [(6, 64, 0), (6, 64, 1)]
    again = pensia_experiment_1._run(run, PERCEPTRON)
    assert again.as_dict() == found.as_dict()
    assert len(mapped_chips) == 2
    assert any("training" in step for step, _, _ in steps)
    table, stages = found.tables()
    assert all(len(row) == len(each.columns) for each in (table, stages) for row in each.rows)
    assert [row[0] for row in stages.rows[:4]] == [
        "accuracy: banks, %",
        "accuracy: and switches, %",
        "accuracy: and wires, %",
        "accuracy: and converters, %",
    ]
    assert any("biases" in remark for remark in found.remarks())
    json.dumps(found.as_dict(), allow_nan=False)
    assert found.draw(tmp_path)[0].stat().st_size > 10_000


def test_sweeps_measure_the_chips_that_they_name(given, tmp_path, mapped_chips):
    run = replace(given[0], images=30, seeds=1)
    found = lenet_array._run(run, ARRAY)
    # wires and converters are changed on the chip that is there; every other chip is programmed once
    assert sorted(mapped_chips) == [(3, 64, 0), (6, 64, 0), (6, 128, 0)]
    lenet, images = load_lenet(run.data_dir), load_mnist(run.data_dir, limit=30)
    calibration = load_mnist(run.data_dir, "train", limit=20).x
    assert found.digital == accuracy_of(lenet.network, images.x, images.y)
    for sweep, value in ((found.sweeps[1], 30.0), (found.sweeps[3], 3)):
        chip = replace(CHIP, **{sweep.axis.field: value})
        analog = map_network(lenet.network, chip.spec, seed=0, calibration_inputs=calibration)
        measured = sweep.accuracies[sweep.axis.values.index(value)][0]
        assert measured == pytest.approx(accuracy_of(analog, images.x, images.y), abs=1e-12)
    by_bits, by_wire, by_tile = (found.sweeps[k].accuracies for k in (3, 1, 2))
    assert by_bits[1] == by_wire[0]  # the same chip
    assert by_tile[0] == by_wire[1]
    (table,) = found.tables()
    assert len(table.rows) == 9
    assert len(found.remarks()) == 6
    json.dumps(found.as_dict(), allow_nan=False)
    assert found.draw(tmp_path)[0].stat().st_size > 20_000


def test_from_which_value_on_it_is_good_enough():
    axis = Axis(field="adc_bits", title="bits", values=(4, 5, 6, 8))

    def least(*accuracies):
        return Sweep(axis=axis, accuracies=tuple((each,) for each in accuracies)).least_value(0.99, 0.002)

    assert least(0.5, 0.9, 0.989, 0.99) == 6
    assert least(0.99, 0.9, 0.989, 0.99) == 6  # what is good by chance below does not count
    assert least(0.99, 0.99, 0.99, 0.99) == 4
    assert least(0.5, 0.9, 0.98, 0.98) is None
