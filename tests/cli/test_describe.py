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


SERIES = rc.SeriesBank(resistances=[1e4, 2e4, 4e4], switch=rc.IdealSwitch(r_on=50.0))
CAPACITORS = rc.CapacitorBank(capacitances=[1e-13, 2e-13, 4e-13])
HALF = rc.Bank(resistances=[1e4, 2e4], switch=rc.NMOS(w_over_l=10))
PAIR = rc.DifferentialPair(positive=HALF, negative=rc.Bank(resistances=[1e4, 4e4], switch=rc.NMOS(w_over_l=10)))
# (bank, target, as it is said, its value, the mask of it, what the table says)
FORMS = {
    "series": (
        SERIES,
        "50kohm",
        "50 kΩ",
        50e3,
        [True, False, True],
        ["A series bank, 2 of 3 bypasses open", "resistance there"],
    ),
    "siemens": (SERIES, "20uS", "20 uS", 2e-5, [True, False, True], ["value at 100 mV", "uS", "power", "/√Hz"]),
    "capacitor": (
        CAPACITORS,
        "0.5pF",
        "500 fF",
        5e-13,
        [True, False, True],
        ["A capacitor bank, 2 of 3 switches", "500 fF", "J"],
    ),
    "pair": (
        PAIR,
        "-50uS",
        "-50 uS",
        -5e-5,
        [False, True, True, False],
        ["A differential pair, 2 of 4 switches closed", " -4"],
    ),
}


@pytest.mark.parametrize(("bank", "target", "shown", "value", "mask", "words"), FORMS.values(), ids=FORMS)
def test_banks_of_all_forms(run, bank, target, shown, value, mask, words):
    save_bank(bank, "bank.json", mask)
    code, out, err = run("describe", "bank.json", "--json")
    found = json.loads(out)
    expected = behaviour_of(bank, mask)
    assert (code, err) == (0, "")
    assert found["mask"] == mask
    assert (found["value"], found["unit"], found["noise"]) == (expected.value, expected.unit, expected.noise)
    save_bank(bank, "bank.json")
    assert json.loads(run("describe", "bank.json", "--json")[1])["mask"] == [True] * bank.n
    code, out, err = run("describe", "bank.json", f"--target={target}", "--plot", "bank.png")
    assert code == 0
    for word in words:
        assert word in out
    assert f" for a target of {shown}." in err
    assert Path("bank.png").read_bytes().startswith(b"\x89PNG")
    found = json.loads(run("describe", "bank.json", f"--target={target}", "--json")[1])
    assert found["mask"] == mask
    assert found["value"] == pytest.approx(1 / value if "ohm" in target else value, rel=0.1)


def test_a_pair_that_cancels(run):
    """Nothing at the read voltage, and something elsewhere: no share of nothing, and no infinity in JSON."""
    same = rc.Bank(resistances=[1e4], coefficients=rc.devices.Coefficients(tc1=1e-3, vc1=1e-3))
    other = rc.Bank(resistances=[1e4 * (1 + 1e-3 * 0.1)])
    save_bank(rc.DifferentialPair(positive=same, negative=other), "bank.json")
    code, out, _ = run("describe", "bank.json")
    assert code == 0
    assert "nan" not in out
    assert "to -5.481 uS" in out  # at 85 °C
    code, out, _ = run("describe", "bank.json", "--json")
    found = json.loads(out)
    assert code == 0
    assert (found["value"], found["nonlinearity"]) == (0.0, None)


MISTAKES = [
    (["chip.zarr", "--bank", 6], "--bank must be a whole number from 0 to 5, got 6"),
    (["chip.zarr", "--target", "5V"], "--target must be a quantity in S"),
    (["chip.zarr", "--target=-5uS"], "--target must be finite numbers of at least 0"),
    (["series.json", "--target", "5pF"], "--target must be a quantity in ohm"),
    (["series.json", "--target", "-5"], "--target must be finite numbers of at least 0 (ohm)"),
    (["series.json", "--bank", 1], "--bank must be left out for the only bank of a file"),
    (["pair.json", "--target", "5kohm"], "--target must be a quantity in S"),
    (["short.json"], "mask must be a setting with a resistance, got 'all bypasses closed, of 0 ohm'"),
    (["chip.zarr", "--v-max", "0"], "--v-max must be a finite number above 0"),
    (["chip.zarr", "--v-max", "1uA"], "--v-max must be a quantity in V"),
    (["chip.zarr", "--plot", "x.txt"], "--plot must be a file's name in .png or .svg or .pdf"),
    (["chip.csv"], "FILE must be a bank (.json), a chip (.zarr) or a network (.npz, .safetensors, .onnx)"),
    (["none.zarr"], "FILE must be a chip (.zarr, of rescircuit sample), got 'none.zarr'. There is no such file."),
    (["none.json"], "readable bank file"),
]


@pytest.mark.usefixtures("chip")
def test_bad_input_is_one_line(refused):
    save_bank(SERIES, "series.json")
    save_bank(PAIR, "pair.json")
    save_bank(rc.SeriesBank(resistances=[1e4]), "short.json", [False])
    for options, says in MISTAKES:
        assert says in refused("describe", *options)


@pytest.mark.usefixtures("chip")
def test_a_calibration_is_no_chip(run, refused):
    run("calibrate", "chip.zarr", "-o", "measured.zarr")
    assert "It is a calibration." in refused("describe", "measured.zarr")
