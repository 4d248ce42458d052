"""``rescircuit prune chip``: trains masks on a sampled chip, leaves the chip and its bits, and refuses."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

from rescircuit.calibration import read_bit_stream
from rescircuit.network import load_analog

SMALL = ("prune", "chip", "--network", "mlp:20", "--epochs", 3, "--rows", 32, "--cols", 16)
WIRES = ("--r-word-line", "20ohm", "--r-bit-line", "20ohm", "--dac-bits", 6, "--adc-bits", 8)


@pytest.fixture
def torch():
    return pytest.importorskip("torch", reason="needs PyTorch (make torch)")


@pytest.mark.usefixtures("torch")
def test_the_chip_that_is_left_is_the_one_that_was_told_of(run, tmp_path):
    code, out, err = run(*SMALL, *WIRES, "--out", "chip.npz", "--bits", "chip.csv", "--json")
    assert code == 0, err
    told = json.loads(out)
    assert (told["weights"], told["resistors"], told["bits"], told["bits_set"]) == (1480, 2960, 2960, 1480)
    assert [each["epoch"] for each in told["training"]["history"]] == [1, 2, 3]
    code, out, err = run("simulate", "chip", "chip.npz", "--digits", "--json")
    assert code == 0, err
    stages = json.loads(out)["stages"]
    assert stages["and converters"]["accuracy"] == told["accuracy"]["chip"] > 0.3
    assert stages["digital"]["accuracy"] == told["accuracy"]["arithmetic"]
    with (tmp_path / "chip.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    analog = load_analog(tmp_path / "chip.npz")
    assert [int(row["bank"]) for row in rows] == list(range(2960))
    masks = np.concatenate([tile.cells.mask.ravel() for tile in analog.tiles])
    assert [row["mask"] == "1" for row in rows] == masks.tolist()
    last = analog.layers[1].tiles[-1]
    assert (rows[-1]["layer"], rows[-1]["word_line"]) == ("fc2", str(last.shape[0] - 1))


@pytest.mark.usefixtures("torch")
def test_masks_for_ideal_arrays_know_nothing_of_the_wires(run, tmp_path):
    told = {}
    for loop in ("--in-loop", "--ideal"):
        for wires in ((), WIRES):
            options = ("--signs", "differential", "--bank-size", 2, "--bits", "chip.bits")
            code, out, err = run(*SMALL, *options, loop, *wires)
            assert code == 0, err
            assert "chip without wires" in out
            told[loop, bool(wires)] = read_bit_stream(tmp_path / "chip.bits")
    assert np.array_equal(told["--ideal", True], told["--ideal", False])
    assert np.array_equal(told["--in-loop", False], told["--ideal", False])
    assert not np.array_equal(told["--in-loop", True], told["--ideal", True])


@pytest.mark.usefixtures("torch")
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--signs", "both"), "--signs must be one of column, differential, got 'both'"),
        (("--spread", 0), "--spread must be"),
        (("--network", "mlp:x"), "--network must be mlp:"),
        (("--keep", "2"), "--keep must be above 0"),
        (("--refresh", 5, "--ideal"), "--refresh must be left out with --ideal"),
        (("--refresh", 0), "--refresh must be a whole number"),
        (("--bits", "chip.txt"), "--bits must be a file's name in .csv or .bits"),
        (("--out", "no/chip.npz"), "--out must be in a folder"),
        (("--adc-noise", 1), "--adc-noise must be left out without --adc-bits"),
        (("--cols", 1), "--cols must be"),
        (("--data", "cats"), "--data must be one of digits"),
    ],
)
def test_refused(refused, options, message):
    assert message in refused("prune", "chip", *options)
