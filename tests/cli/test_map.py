"""``rescircuit map``: tables for one bank, the bit stream of an array."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.bank.chips import load_chip
from rescircuit.bank.files import save_bank
from rescircuit.calibration import load_calibration
from rescircuit.calibration import map_codes as codes_of


@pytest.fixture
def measured(run):
    """A chip of 2 x 3 banks of 5 resistors, and its calibration."""
    run("sample", "-n", 5, "--rows", 2, "--cols", 3, "--nominal", "100k", "-o", "chip.zarr")
    assert run("calibrate", "chip.zarr", "-o", "measured.zarr")[0] == 0


@pytest.mark.usefixtures("measured")
def test_a_table_of_a_measured_bank(run):
    code, out, err = run("map", "measured.zarr", "--bank", 4, "--bits", 3, "-o", "codes.csv")
    assert (code, err) == (0, "Written: codes.csv\n")
    assert "switch k is bit k" in out
    expected = codes_of(load_calibration("measured.zarr").bank((1, 1)), bits=3)
    with Path("codes.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [float(row["error_siemens"]) for row in rows] == expected.errors.tolist()
    for row, mask in zip(rows, expected.mask, strict=True):
        assert row["mask"] == "".join(str(int(closed)) for closed in mask)
        assert int(row["hex"], 16) == sum(1 << k for k in np.flatnonzero(mask))


@pytest.mark.usefixtures("measured")
def test_a_bank_of_a_chip_and_a_file_of_targets(run):
    Path("targets.csv").write_text("1e-5\n2e-5\n")
    code, out, _ = run("map", "chip.zarr", "--bank", 1, "--targets", "targets.csv", "-o", "codes.memb", "--json")
    answer = json.loads(out)
    setting = load_chip("chip.zarr").part((0, 1)).program(np.array([1e-5, 2e-5]))
    assert code == 0
    assert answer["targets_siemens"] == [1e-5, 2e-5]
    assert answer["largest_error_to_expect_siemens"] == np.abs(setting.error).max()
    assert answer["files"] == ["codes.memb"]
    words = [line.split()[0] for line in Path("codes.memb").read_text().splitlines() if not line.startswith("//")]
    assert words == ["".join(str(int(closed)) for closed in mask[::-1]) for mask in setting.mask]


def test_a_header_of_a_bank_s_file(run):
    save_bank(rc.Bank(resistances=[1e4, 2e4, 4e4]), "bank.json")
    code, out, _ = run("map", "bank.json", "--bits", 4, "--name", "mine", "-o", "codes.h")
    assert code == 0
    assert "16, for 0 S to" in out
    assert "static const uint8_t mine[16] = {" in Path("codes.h").read_text()


@pytest.mark.usefixtures("measured")
@pytest.mark.parametrize("command", [["program", "measured.zarr"], ["trim", "chip.zarr", "measured.zarr"]])
def test_the_bit_stream_of_settings(run, command):
    run(*command, "2uS", "-o", "settings.npz")
    code, out, err = run("map", "settings.npz", "-o", "chip.bits", "--json")
    mask = np.load("settings.npz")["mask"]
    assert (code, err) == (0, "")
    assert mask.shape == (2, 3, 5)
    assert Path("chip.bits").read_bytes() == np.packbits(mask.reshape(-1)).tobytes()
    assert json.loads(out)["files"] == ["chip.bits", "chip.bits.json"]
    assert json.loads(Path("chip.bits.json").read_text())["bits"] == 30


MISTAKES = [
    (["measured.zarr", "--bank", 6, "-o", "x.csv"], "--bank must be a whole number from 0 to 5, got 6"),
    (["measured.zarr", "--bank", -1, "-o", "x.csv"], "--bank must be a whole number from 0 to 5, got -1"),
    (["measured.zarr", "--bits", 0, "-o", "x.csv"], "--bits must be a whole number from 1 to 20"),
    (["measured.zarr", "--bits", 3, "--targets", "t.csv", "-o", "x.csv"], "--bits must be left out where"),
    (["measured.zarr", "--name", "if", "-o", "x.h"], "--name must be a name in C"),
    (["measured.zarr", "-o", "x.txt"], "--out must be a file's name in .csv or .mem or .memb or .h or .bits"),
    (["measured.zarr", "-o", "no/x.csv"], "--out must be in a folder that can be written to"),
    (["measured.zarr", "-o", "x.bits"], "FILE must be settings (.npz) for a stream of bits"),
    (["s.npz", "-o", "x.csv"], "FILE must be a bank (.json), a calibration or a chip (.zarr)"),
    (["none.zarr", "-o", "x.csv"], "There is no such file."),
    (["none.npz", "-o", "x.bits"], "FILE must be a readable file"),
    (["measured.zarr", "--targets", "none.csv", "-o", "x.csv"], "none.csv"),
]


@pytest.mark.usefixtures("measured")
def test_bad_input_is_one_line(refused):
    for options, says in MISTAKES:
        assert says in refused("map", *options)


def test_a_bank_s_file_has_no_numbers(refused):
    save_bank(rc.Bank(resistances=[1e4, 2e4]), "bank.json")
    assert "--bank must be left out for the only bank of a file" in refused(
        "map", "bank.json", "--bank", 1, "-o", "x.h"
    )


@pytest.mark.parametrize(
    ("bank", "kind"),
    [
        (rc.SeriesBank(resistances=[1e4, 2e4]), "series bank"),
        (rc.CapacitorBank(capacitances=[1e-13]), "capacitor bank"),
        (rc.DifferentialPair(positive=rc.Bank(resistances=[1e4]), negative=rc.Bank(resistances=[1e4])), "differential"),
    ],
)
def test_banks_of_other_forms_have_no_map(refused, bank, kind):
    save_bank(bank, "bank.json")
    assert f"FILE must be a parallel bank, whose codes are mapped, got 'a {kind}" in refused(
        "map", "bank.json", "-o", "x.h"
    )
