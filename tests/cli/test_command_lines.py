"""Command lines that cannot be read get one line; commands that share options share what they mean."""

from __future__ import annotations

import json

import numpy as np
import pytest

import rescircuit as rc

PROCESS = """
name = "mine"
summary = "with all that depends on the place"

[resistor]
source = "made up"
[resistor.geometry]
sheet_resistance = "1k"
width = "2um"
source = "made up"
[resistor.variation]
die = { law = "normal", sigma = "10%" }
matching = "1.5% um"
gradient = { linear_spread = "0.1%/mm" }
field = { spread = "0.3%", length = "200um" }
source = "made up"

[switch]
kind = "nmos"
w_over_l = 10
source = "made up"

[faults]
stuck_open = "40%"
source = "made up"
"""


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("sample --n abc", "Invalid value for '-n' / '--n': it must be a whole number. See"),
        ("sample --nn 4", "No such option: --nn"),
        ("smaple", "No such command 'smaple'. Did you mean 'sample', 'map'? See"),
        ("describe", "Missing argument 'file'. See"),
        ("calibrate chip.zarr", "Missing option '--out' / '-o'. See"),
        ("verify bank.json --timeout soon", "it must be a number. See"),
        ("export", "Missing argument 'file'. See"),
        ("export cells.csv --nodes out", "No such option: --nodes"),
        ("verify net.npz --layer first", "it must be a whole number. See"),
    ],
)
def test_a_command_line_that_cannot_be_read_gets_one_line(refused, line, says):
    assert says in refused(*line.split())


def test_help_leaves_with_0_and_nothing_to_do_with_2(run):
    code, out, _ = run("sample", "--help")
    assert code == 0
    assert "Usage:" in out
    code, out, err = run("simulate")
    assert code == 2
    assert "Usage:" in out + err


def test_design_has_the_process_s_faults_and_places(run, tmp_path):
    (tmp_path / "mine.toml").write_text(PROCESS)
    code, out, err = run("design", "--process", "mine.toml", "--nominal", "100k", "--n", "10", "--target", "40uS")
    assert code == 0, err
    assert "stuck open" in out
    assert "chip 0 of seed 1" in out
    lines = [line for line in out.splitlines() if line.startswith(" r_")]
    process = rc.load_process(tmp_path / "mine.toml")
    made = process.faults.sample((10,), seed=1)["stuck_open"]
    assert [("stuck open" in line) for line in lines] == made.tolist()


def test_fuses_are_blown_once(run, refused, tmp_path):
    switch = PROCESS.replace('kind = "nmos"\nw_over_l = 10', 'kind = "fuse"\nr_on = 200\nr_off = "1G"')
    (tmp_path / "fuses.toml").write_text(switch.replace('stuck_open = "40%"', 'stuck_open = "0%"'))
    design = ("design", "--nominal", "100k", "--n", "8", "--target", "40uS", "--blow", "--out", "blown")
    code, out, _ = run(*design, "--process", "fuses.toml", "--json")
    assert code == 0
    answer = json.loads(out)
    assert answer["full_scale_siemens"] > answer["conductance_siemens"]  # of the bank as made, not of what is left
    code, out, _ = run("verify", "blown/bank.json", "--json")
    assert code == 0
    assert json.loads(out)["passed"]
    again = refused("describe", "blown/bank.json", "--target", "20uS")
    assert "--target must be left out where switches are blown for good, got '20uS'" in again
    assert "--blow must be left out for switches that are set again" in refused(*design[:-2])


def test_a_bank_that_has_no_room_at_its_pitch_is_told(run, tmp_path):
    (tmp_path / "mine.toml").write_text(PROCESS)
    line = ("sample", "--process", "mine.toml", "--nominal", "100k", "-n", "6", "--rows", "2", "--cols", "2")
    assert "give a larger --pitch or a smaller --nominal" in run(*line)[2]
    assert "larger --pitch" not in run(*line, "--pitch", "100um")[2]


def test_a_bank_of_a_chip_is_verified_and_exported(run, refused):
    assert run("sample", "-n", "4", "--rows", "2", "--cols", "3", "-o", "chip.zarr")[0] == 0
    code, out, _ = run("verify", "chip.zarr", "--bank", "5", "--temperature", "85", "--json")
    assert code == 0
    assert json.loads(out)["passed"]
    code, out, _ = run("export", "chip.zarr", "--bank", "5", "--temperature", "85C")
    assert "temp=85.0" in out
    assert "--bank must be a whole number from 0 to 5" in refused("verify", "chip.zarr", "--bank", "6")


def test_targets_out_of_reach_are_counted_and_do_not_spoil_the_rest(run, tmp_path):
    assert run("sample", "-n", "6", "--rows", "2", "--cols", "2", "--nominal", "100k", "-o", "chip.zarr")[0] == 0
    assert run("calibrate", "chip.zarr", "--adc-bits", "14", "--dither", "1", "-o", "measured.zarr")[0] == 0
    np.savetxt(tmp_path / "targets.csv", [20e-6, 30e-6, 1.0, 25e-6])
    code, out, _ = run("program", "measured.zarr", "targets.csv", "--json")
    answer = json.loads(out)
    assert code == 0
    assert answer["targets_out_of_reach"] == 1
    assert answer["predicted_error_siemens"] < 1e-5
    code, out, err = run("trim", "chip.zarr", "measured.zarr", "targets.csv", "--best", "4")
    assert code == 0
    assert "True errors of 3 banks" in out
    assert "1 targets are beyond what their banks can conduct, and are left out of the table." in err


def test_write_verify_beside_banks_of_any_process(run, tmp_path):
    (tmp_path / "mine.toml").write_text(PROCESS)
    line = ("simulate", "write-verify", "--process", "pcm", "--devices", "200", "--bank", "mine.toml", "--json")
    code, out, err = run(*line)
    assert code == 0, err
    cells = json.loads(out)["cells"]
    assert [cell["cell"] for cell in cells] == ["pcm, written and verified", "mine, bank of 12"]
    assert cells[0]["writes"] > 1
    assert cells[0]["rms_error_after_a_day"] > 2 * cells[0]["rms_error_of_window"]
