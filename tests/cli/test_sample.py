"""``rescircuit sample``: the library's chip in a file, and one line for a mistake."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.bank.chips import load_chip, load_chip_provenance, save_chip
from rescircuit.cli.stores import fingerprint_of
from rescircuit.devices import Placement
from rescircuit.files import read_csv

SMALL = ["sample", "-n", 5, "--rows", 3, "--cols", 4, "--nominal", "100k"]
FAULTY = """
name = "faulty"
summary = "switches that do not move"
nominals = "equal"
[resistor]
tolerance = "20%"
source = "a test"
[switch]
kind = "ideal"
r_on = "100ohm"
source = "a test"
[faults]
stuck_open = "10%"
stuck_closed = "5%"
source = "a test"
"""


def test_the_chip_is_the_library_s(run):
    code, out, err = run(*SMALL, "--process", "diffusion", "--seed", 7, "--chip", 2, "-o", "chip.zarr")
    assert (code, err) == (0, "Written: chip.zarr\n")
    assert "3 x 4 of 5 resistors" in out
    made = rc.load_process("diffusion")
    bank = rc.Bank.sample(
        made.make_resistor(1e5),
        n=5,
        seed=7,
        chip=2,
        shape=(3, 4),
        switch=made.make_switch(),
        nominals=made.nominals,
        placement=Placement(columns=20, pitch_x=5e-6, pitch_y=5e-6),
    )
    chip = load_chip("chip.zarr")
    assert np.array_equal(chip.resistances, bank.resistances)
    assert (chip.seed, chip.chip, chip.v_read) == (7, 2, 0.1)
    common = made.make_resistor(1e5).common_factor(seed=7, chip=2)
    assert load_chip_provenance("chip.zarr") == {"process": "diffusion", "source": "simulated", "common": common}


def test_as_json(run):
    code, out, err = run(*SMALL, "--v-read", "0.2V", "-o", "chip.zarr", "--json")
    answer = json.loads(out)
    chip = load_chip("chip.zarr")
    assert (code, err) == (0, "")
    assert answer["shape"] == [3, 4, 5]
    assert answer["v_read_volt"] == chip.v_read == 0.2
    assert answer["full_scale_siemens"]["most"] == pytest.approx(chip.full_scale.max(), rel=1e-12)
    assert answer["full_scale_siemens"]["median"] == pytest.approx(np.median(chip.full_scale), rel=1e-12)
    assert answer["files"] == ["chip.zarr"]


def test_faults_of_a_process_of_one_s_own(run):
    Path("mine.toml").write_text(FAULTY)
    _, out, _ = run(*SMALL[:3], "--rows", 20, "--cols", 20, "--process", "mine.toml", "-o", "chip.zarr", "--json")
    stuck, chip = json.loads(out)["stuck"], load_chip("chip.zarr")
    assert stuck == {"stuck_open": chip.stuck_open.sum(), "stuck_closed": chip.stuck_closed.sum()}
    assert 150 < stuck["stuck_open"] < 250  # of 2000
    assert 60 < stuck["stuck_closed"] < 140


def test_resistances_alone_and_a_picture(run):
    code, _, err = run(*SMALL, "-o", "r.csv", "--plot", "r.png")
    assert (code, err) == (0, "Written: r.csv, r.png\n")
    run(*SMALL, "-o", "chip.zarr")
    assert np.array_equal(read_csv("r.csv"), load_chip("chip.zarr").resistances.reshape(12, 5))
    assert Path("r.png").read_bytes().startswith(b"\x89PNG")


def test_a_chip_is_replaced_only_when_asked(run, refused):
    run(*SMALL, "-o", "chip.zarr")
    first = fingerprint_of(Path("chip.zarr"))
    line = refused(*SMALL, "--seed", 2, "-o", "chip.zarr")
    assert "--out must be a name that is free, got 'chip.zarr'. --force replaces what is there." in line
    assert fingerprint_of(Path("chip.zarr")) == first
    assert run(*SMALL, "--seed", 2, "--force", "-o", "chip.zarr")[0] == 0
    other = fingerprint_of(Path("chip.zarr"))
    assert other != first
    run(*SMALL, "--seed", 1, "-o", "again.zarr")
    assert fingerprint_of(Path("again.zarr")) == first
    run("calibrate", "again.zarr", "-o", "measured.zarr")
    assert "A calibration is there." in refused(*SMALL, "--force", "-o", "measured.zarr")


def test_the_fingerprint_is_of_all_that_a_chip_is(run):
    run(*SMALL, "-o", "chip.zarr")
    chip = load_chip("chip.zarr")
    save_chip(chip.at(temperature=85.0), "warm.zarr", provenance=load_chip_provenance("chip.zarr"))
    assert fingerprint_of(Path("warm.zarr")) != fingerprint_of(Path("chip.zarr"))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--rows", 0], "--rows must be a whole number of at least 1, got 0"),
        (["-n", 0], "-n must be a whole number of at least 1"),
        (["--rows", 10**6, "--cols", 10**6], "--rows must be for at most 50,000,000 resistors in all"),
        (["--seed", -1], "--seed must be a whole number from 0 to"),
        (["--chip", -1], "--chip must be a whole number from 0 to"),
        (["--v-read", "0"], "--v-read must be a finite number above 0 (V)"),
        (["--v-read", "1uA"], "--v-read must be a quantity in V"),
        (["--nominal", "1M"], "--nominal must be a quantity in ohm"),
        (["--nominal", "nan"], "--nominal must be a quantity in ohm"),
        (["--nominal=-5k"], "--nominal must be a finite number above 0"),
        (["--pitch", "0"], "--pitch must be a length above 0"),
        (["--pitch", "5V"], "--pitch must be a quantity in m"),
        (["--process", "none"], "--process must be one of"),
        (["--process", "none.toml"], "none.toml"),
        (["--process", "reram"], "rescircuit: "),
        (["-o", "chip.txt"], "--out must be a file's name in .zarr or .csv"),
        (["-o", "no/chip.zarr"], "--out must be in a folder that can be written to"),
        (["-o", "a" * 300 + ".zarr"], "File name too long"),
        (["--plot", "chip.zarr"], "--plot must be a file's name in .png or .svg or .pdf"),
    ],
)
def test_bad_input_is_one_line(refused, options, says):
    assert says in refused("sample", "--rows", 2, "--cols", 2, *options)


def test_a_mistake_in_a_process_has_its_line(refused):
    Path("mine.toml").write_text(FAULTY.replace('"10%"', '"110%"'))
    assert "--process mine.toml, line 13: stuck_open must be a probability" in refused(*SMALL, "--process", "mine.toml")


def test_ctrl_c_leaves_nothing(run, monkeypatch, tmp_path):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("rescircuit.bank.Bank.sample", interrupted)
    code, out, err = run(*SMALL, "-o", "chip.zarr")
    assert (code, out, err) == (130, "", "Interrupted: nothing is written.\n")
    assert list(tmp_path.iterdir()) == []
