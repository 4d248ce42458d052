"""A user's transistor from files: characterised by the commands, programmed, stored, measured and verified."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.bank.chips import load_chip
from rescircuit.bank.files import load_bank
from rescircuit.spice.engines.ngspice import EXECUTABLE_VARIABLE

CARD = """* a synthetic card
.model n nmos level=54 version=4.5 toxe=3n vth0=0.4 u0=0.04
+ k1=0.5 k2=-0.01 vsat=1e5 ndep=2e17 nfactor=1.2 rdsw=150
"""
PROCESS = """
name = "mine"
summary = "resistors behind a transistor of one's own"
[resistor]
tolerance = "20%"
source = "a guess"
[switch]
kind = "bsim4"
card = "nmos.mod"
width = "2um"
length = "180nm"
source = "made up"
"""
REMARK = "The card of mine, swept up to 0.613 V by ngspice"


@pytest.fixture(autouse=True)
def process(tmp_path):
    """A process file and its card, in the folder where commands run."""
    (tmp_path / "nmos.mod").write_text(CARD)
    (tmp_path / "mine.toml").write_text(PROCESS)


def test_a_bank_is_designed_verified_described_and_exported(run):
    command = ("design", "--process", "mine.toml", "--n", 8, "--target", "0.4mS", "--out", "mine", "--json")
    code, out, err = run(*command)
    assert code == 0
    assert err.count("\n") == 1
    assert err.startswith(REMARK)
    assert "of it.\n" in err
    answer = json.loads(out)
    bank, mask = load_bank("mine/bank.json")
    assert isinstance(bank.switch, rc.TabulatedSwitch)
    assert mask is not None
    assert bank.conductance(mask) == pytest.approx(answer["conductance_siemens"], rel=1e-15)
    check = json.loads(run("verify", "mine/bank.json", "--json")[1])
    assert check["passed"]
    assert check["max_relative_error"] < 1e-9
    assert run("export", "mine/bank.json", "-o", "other.cir")[0] == 0
    assert Path("other.cir").read_text() == Path("mine/bank.cir").read_text()
    code, out, err = run("describe", "mine/bank.json", "--plot", "mine.png")
    assert code == 0
    assert "change at 27 °C" in out
    assert "85 °C" not in out
    assert err.startswith("The table of its transistors holds at 27 °C: other temperatures are left out.\n")
    assert json.loads(run("describe", "mine/bank.json", "--json")[1])["temperature_coefficient"] is None
    for command in (("verify", "mine/bank.json"), ("export", "mine/bank.json")):
        code, out, err = run(*command, "--temperature", 85)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert "temperature must be 27 °C for this tabulated switch, got 85" in err


def test_a_chip_is_made_measured_programmed_trimmed_and_mapped(run):
    make = ("sample", "--process", "mine.toml", "-n", 6, "--rows", 2, "--cols", 3, "--nominal", "100k")
    code, _, err = run(*make, "-o", "chip.zarr")
    assert code == 0
    assert err.startswith(REMARK)
    chip = load_chip("chip.zarr")
    assert isinstance(chip.switch, rc.TabulatedSwitch)
    assert run("calibrate", "chip.zarr", "--adc-bits", 16, "-o", "measured.zarr")[0] == 0
    assert run("program", "measured.zarr", "20uS", "-o", "settings.npz")[0] == 0
    with np.load("settings.npz") as settings:
        reached = chip.conductance(settings["mask"])
        assert reached == pytest.approx(settings["achieved"], abs=2e-3 * chip.full_scale.max())
    assert run("trim", "chip.zarr", "measured.zarr", "20uS", "-o", "trimmed.npz")[0] == 0
    assert run("describe", "chip.zarr", "--bank", 4, "--target", "20uS")[0] == 0
    assert run("map", "chip.zarr", "--bank", 4, "--bits", 4, "-o", "map.csv")[0] == 0
    code, _, err = run("calibrate", "chip.zarr", "--temperature", 85, "-o", "hot.zarr")
    assert (code, err.count("\n")) == (2, 1)
    assert "27 °C for this tabulated switch" in err
    assert not Path("hot.zarr").exists()


def test_simulations_take_it(run):
    options = ("--devices", 16, "--bank", "mine.toml", "-n", 6, "--json")
    code, out, err = run("simulate", "write-verify", *options)
    assert code == 0
    assert err.startswith(REMARK)
    assert json.loads(out)["cells"][1]["cell"] == "mine, bank of 6"
    np.savez("net.npz", **{"a.weight": np.array([[1.0, -0.5], [0.3, 0.8]]), "a.bias": np.zeros(2)})
    np.savez("x.npz", x=np.random.default_rng(1).uniform(-1, 1, (8, 2)))
    options = ("--inputs", "x.npz", "--bank-size", 6, "--process", "mine.toml", "--json")
    code, out, err = run("simulate", "network", "net.npz", *options)
    assert code == 0
    assert err.startswith(REMARK)
    assert json.loads(out)["worst_programming_error"] < 0.1


def test_what_ngspice_remarks_is_told(run):
    Path("nmos.mod").write_text(CARD.replace(" k2=-0.01", ""))
    code, _, err = run("design", "--process", "mine.toml", "--n", 4, "--target", "0.1mS")
    assert code == 0
    assert err.endswith("of it. It remarks: Warning: k2 should be specified with k1.\n")


def test_without_ngspice_the_tool_is_named(run, monkeypatch):
    monkeypatch.setenv(EXECUTABLE_VARIABLE, "/no/such/ngspice")
    for command in (("design", "--target", "0.1mS", "--out", "mine"), ("sample", "-o", "chip.zarr")):
        code, out, err = run(*command, "--process", "mine.toml")
        assert (code, out, err.count("\n")) == (3, "", 1)
        assert err.startswith("rescircuit: ngspice is needed")
    assert not Path("mine").exists()
    assert not Path("chip.zarr").exists()


def test_bad_input_is_one_line(refused):
    design = ("design", "--process", "mine.toml", "--target", "0.1mS")
    assert "--v-read must be at most 10 V behind transistors of a BSIM4 card" in refused(*design, "--v-read", "11V")
    Path("nmos.mod").write_text(CARD.replace("u0=0.04", "u0=fast"))
    assert "process mine.toml, line 7: card nmos.mod, line 2 must be a number for u0" in refused(*design)
