"""``rescircuit trim``: the library's closed loop, from files to a file, in parts of any size."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rescircuit.bank.chips import load_chip
from rescircuit.calibration import load_calibration
from rescircuit.calibration import trim as trimmed
from rescircuit.cli.stores import common_of


@pytest.fixture
def chip(run):
    """A chip of 2 x 3 banks of 8 resistors, and a calibration at 60 °C and 0.2 V."""
    run("sample", "-n", 8, "--rows", 2, "--cols", 3, "--nominal", "100k", "--process", "thesis", "-o", "chip.zarr")
    options = ["--adc-bits", 9, "--noise", "20nA", "--temperature", 60, "--v-read", "0.2V", "--seed", 4]
    assert run("calibrate", "chip.zarr", *options, "-o", "m.zarr")[0] == 0


@pytest.mark.usefixtures("chip")
def test_the_settings_are_the_library_s(run, monkeypatch):
    command = ["trim", "chip.zarr", "m.zarr", "30uS", "--best", 8, "--averages", 64]
    _, out, _ = run(*command, "--json")
    ampere = json.loads(out)["adc_full_scale_ampere"]
    code, out, err = run(*command, "-o", "s.npz")
    assert (code, err) == (0, "Written: s.npz\n")
    assert "True errors of 6 banks" in out
    assert "best of 8 measured" in out
    measured = load_calibration("m.zarr")
    bank = replace(load_chip("chip.zarr").at(temperature=60.0), v_read=0.2)
    read_out = measured.read_out.sample(4).with_range(ampere)
    found = trimmed(bank, read_out, measured, 30e-6, seed=4, best=8, averages=64)
    settings = np.load("s.npz")
    assert np.array_equal(settings["mask"], found.mask)
    assert np.array_equal(settings["achieved"], found.estimate)
    assert np.array_equal(settings["predicted_error"], found.predicted_error)
    monkeypatch.setattr("rescircuit.cli.trim._CHUNK", 4)
    run(*command, "-o", "parts.npz")
    assert np.array_equal(np.load("parts.npz")["mask"], found.mask)
    assert np.array_equal(np.load("parts.npz")["achieved"], found.estimate)


@pytest.mark.usefixtures("chip")
def test_targets_from_a_file_and_settings_as_a_table(run):
    targets = np.linspace(10e-6, 60e-6, 6)
    np.savetxt("targets.csv", targets, fmt="%.17g")
    code, out, _ = run("trim", "chip.zarr", "m.zarr", "targets.csv", "-o", "s.csv", "--json")
    answer = json.loads(out)
    head, *rows = Path("s.csv").read_text().splitlines()
    assert code == 0
    assert head == "bank,target,achieved,error,standard_error,predicted_error,mask,hex"
    cells = [row.split(",") for row in rows]
    assert [float(row[1]) for row in cells] == targets.tolist()
    mask = np.array([[bit == "1" for bit in row[6]] for row in cells])
    true = replace(load_chip("chip.zarr").at(temperature=60.0), v_read=0.2).conductance(mask.reshape(2, 3, 8))
    rms = np.sqrt(np.mean((true.reshape(-1) - targets) ** 2))
    assert answer["rms_error_siemens"]["trimmed"] == pytest.approx(rms, rel=1e-9)
    assert answer["banks"] == 6
    assert answer["files"] == ["s.csv"]


@pytest.mark.usefixtures("chip")
def test_the_range_is_what_the_targets_need(run, refused):
    _, out, _ = run("trim", "chip.zarr", "m.zarr", "75uS", "--json")
    assert json.loads(out)["adc_full_scale_ampere"] >= 75e-6 * 0.2
    _, out, _ = run("trim", "chip.zarr", "m.zarr", "1S", "--json")  # more than they can
    assert json.loads(out)["adc_full_scale_ampere"] < 40e-6
    line = refused("trim", "chip.zarr", "m.zarr", "60uS", "--full-scale", "1uA")
    assert "--full-scale must be large enough for the settings" in line
    assert line.endswith("Raise it, or leave it out.\n")


def test_against_a_reference_errors_are_those_of_the_ratio(run):
    run("sample", "--process", "diffusion", "-n", 10, "--rows", 4, "--cols", 4, "--nominal", "100k", "-o", "chip.zarr")
    common = common_of(Path("chip.zarr"), 85.0)
    assert abs(common - 1) > 0.02
    options = ["--adc-bits", 16, "--dither", 1, "--averages", 64, "--reference", "100k", "--temperature", 85]
    run("calibrate", "chip.zarr", *options, "-o", "m.zarr")
    _, out, _ = run("trim", "chip.zarr", "m.zarr", "40uS", "-o", "s.npz", "--json")
    assert json.loads(out)["rms_error_siemens"]["trimmed"] < 2e-3 * 40e-6
    bank = load_chip("chip.zarr").at(temperature=85.0)
    left = common * bank.conductance(np.load("s.npz")["mask"]) - 40e-6
    assert np.sqrt(np.mean(left**2)) == pytest.approx(json.loads(out)["rms_error_siemens"]["trimmed"], rel=1e-9)


MISTAKES = [
    (["--best", 0], "--best must be a whole number from 1 to"),
    (["--best", 10**9], "--best must be a whole number from 1 to"),
    (["--averages", 0], "--averages must be a whole number of at least 1"),
    (["--seed", 5], "--seed must be that of the calibration, 4, got 5"),
    (["--full-scale", "1uV"], "--full-scale must be a quantity in A"),
    (["--full-scale=-1uA"], "--full-scale must be a finite number above 0 (A)"),
    (["-o", "s.zarr"], "--out must be a file's name in .csv or .npz"),
    (["-o", "no/s.csv"], "--out must be in a folder that can be written to"),
]


@pytest.mark.usefixtures("chip")
def test_bad_options_are_one_line(refused):
    for options, says in MISTAKES:
        assert says in refused("trim", "chip.zarr", "m.zarr", "30uS", *options)


@pytest.mark.usefixtures("chip")
def test_files_that_do_not_belong_together(run, refused):
    assert "It is a calibration." in refused("trim", "m.zarr", "chip.zarr", "30uS")
    assert "CALIBRATION must be a calibration" in refused("trim", "chip.zarr", "chip.zarr", "30uS")
    assert "There is no such file." in refused("trim", "chip.zarr", "none.zarr", "30uS")
    assert "TARGETS must be" in refused("trim", "chip.zarr", "m.zarr", "5V")
    Path("targets.csv").write_text("1e-5\n2e-5\n")
    assert "one for each of the banks (2, 3)" in refused("trim", "chip.zarr", "m.zarr", "targets.csv")
    same_shape = ["sample", "-n", 8, "--rows", 2, "--cols", 3, "--nominal", "100k", "--process", "thesis"]
    run(*same_shape, "--seed", 2, "-o", "other.zarr")
    assert "got 'that of chip 0 of seed 1 on thesis'" in refused("trim", "other.zarr", "m.zarr", "30uS")
    run("sample", "-n", 4, "--rows", 2, "--cols", 2, "-o", "small.zarr")
    assert "Its values are those of another chip." in refused("trim", "small.zarr", "m.zarr", "30uS")
    Path("bench.csv").write_text("bank,item,value_siemens,standard_error_siemens\n0,offset,0,0\n0,0,1e-6,1e-9\n")
    run("calibrate", "bench.csv", "--v-read", "0.1", "-o", "b.zarr")
    assert "A bench's values have no read-out" in refused("trim", "chip.zarr", "b.zarr", "1uS")
