"""``rescircuit describe``: what the library says of a bank, from a file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import rescircuit as rc
from rescircuit.bank import describe as behaviour_of
from rescircuit.bank.chips import load_chip
from rescircuit.bank.files import save_bank


@pytest.fixture
def chip(run):
    """A chip of 2 x 3 banks of 5 resistors."""
    assert run("sample", "-n", 5, "--rows", 2, "--cols", 3, "--nominal", "100k", "-o", "chip.zarr")[0] == 0


@pytest.mark.usefixtures("chip")
def test_a_bank_of_a_chip(run):
    code, out, err = run("describe", "chip.zarr", "--bank", 4, "--target", "20uS", "--v-max", "0.3V", "--json")
    answer = json.loads(out)
    bank = load_chip("chip.zarr").part((1, 1))
    mask = bank.program(20e-6).mask
    found = behaviour_of(bank, mask, v_max=0.3)
    assert (code, err) == (0, "")
    assert answer["mask"] == mask.tolist()
    assert answer["value"] == found.value
    assert answer["values_over_temperature"] == found.values_over_temperature.tolist()


@pytest.mark.usefixtures("chip")
def test_the_table_has_units_and_a_picture(run):
    code, out, err = run("describe", "chip.zarr", "--target", "20uS", "--plot", "bank.png")
    assert code == 0
    assert err.splitlines()[-1] == "Written: bank.png"
    assert "for a target of 20 uS" in err
    for words in ("value at 100 mV", "change at 85 °C", "ppm", "ppm/K", "none that the process gives", "/√Hz"):
        assert words in out
    assert Path("bank.png").read_bytes().startswith(b"\x89PNG")


def test_a_bank_s_file_with_its_setting(run):
    bank = rc.Bank(resistances=[1e4, 2e4, 4e4])
    save_bank(bank, "bank.json", bank.program(1e-4).mask)
    code, out, _ = run("describe", "bank.json", "--json")
    assert code == 0
    assert json.loads(out)["value"] == pytest.approx(1e-4, rel=1e-12)
    assert "1 of 3 switches closed" in run("describe", "bank.json")[1]


def test_nothing_closed_conducts_nothing(run):
    save_bank(rc.Bank(resistances=[1e4, 2e4]), "bank.json", [False, False])
    code, out, _ = run("describe", "bank.json")
    assert code == 0
    assert "0 of 2 switches closed" in out
    assert "nan" not in out


MISTAKES = [
    (["chip.zarr", "--bank", 6], "--bank must be a whole number from 0 to 5, got 6"),
    (["chip.zarr", "--target", "5V"], "--target must be a quantity in S"),
    (["chip.zarr", "--target=-5uS"], "--target must be finite numbers of at least 0"),
    (["chip.zarr", "--v-max", "0"], "--v-max must be a finite number above 0"),
    (["chip.zarr", "--v-max", "1uA"], "--v-max must be a quantity in V"),
    (["chip.zarr", "--plot", "x.txt"], "--plot must be a file's name in .png or .svg or .pdf"),
    (["chip.csv"], "FILE must be a bank (.json) or a chip (.zarr)"),
    (["none.zarr"], "FILE must be a chip (.zarr, of rescircuit sample), got 'none.zarr'. There is no such file."),
    (["none.json"], "readable bank file"),
]


@pytest.mark.usefixtures("chip")
def test_bad_input_is_one_line(refused):
    for options, says in MISTAKES:
        assert says in refused("describe", *options)


@pytest.mark.usefixtures("chip")
def test_a_calibration_is_no_chip(run, refused):
    run("calibrate", "chip.zarr", "-o", "measured.zarr")
    assert "It is a calibration." in refused("describe", "measured.zarr")
