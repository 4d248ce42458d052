"""``rescircuit calibrate``: the library's calibration in a store, whole whatever happens, and values from a bench."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from rescircuit.bank.chips import load_chip
from rescircuit.calibration import ReadOut, load_calibration
from rescircuit.calibration import calibrate as calibrated
from rescircuit.calibration.read_out import Reference
from rescircuit.cli.stores import CHUNK, common_of

ARRAYS = ("values", "standard_errors", "offset", "offset_standard_error", "scale", "dead", "clipped")
BENCH = """bank,item,value_siemens,standard_error_siemens
0,offset,1e-9,1e-10
0,0,1.01e-6,1e-10
0,1,0.98e-6,2e-10
1,offset,2e-9,1e-10
1,0,0.97e-6,1e-10
1,1,1.03e-6,1e-10
"""


@pytest.fixture
def chip(run):
    """A chip of 2 x 3 banks of 6 resistors."""
    command = ["sample", "--process", "thin-film", "-n", 6, "--rows", 2, "--cols", 3, "--nominal", "100k"]
    assert run(*command, "-o", "chip.zarr")[0] == 0


def agree(found, expected):
    """Every number of a calibration is the other's, to the last bit."""
    for name in ARRAYS:
        assert np.array_equal(getattr(found, name), getattr(expected, name)), name


@pytest.mark.usefixtures("chip")
def test_the_calibration_is_the_library_s(run):
    options = ["--adc-bits", 10, "--noise", "1nA", "--dither", 1, "--averages", 8, "--offset", "3nA", "--inl", 0.3]
    options += ["--gain-error", "1%", "--feedback", "100k", "--amplifier-offset", "1mV", "--amplifier-gain", 1e4]
    options += ["--reference", "100k", "--reference-mismatch", "0.1%", "--patterns", "hadamard", "--v-read", "0.2V"]
    code, out, err = run("calibrate", "chip.zarr", *options, "--temperature", "85C", "--seed", 5, "-o", "m.zarr")
    assert code == 0
    assert "a reference of 100 kΩ" in out
    assert "85 °C, 200 mV" in out
    assert err.endswith("Written: m.zarr\n")
    sheet = ReadOut(
        adc_bits=10, noise=1e-9, dither=1.0, averages=8, offset=3e-9, inl=0.3, gain_error=0.01, feedback=1e5,
        amplifier_offset=1e-3, amplifier_gain=1e4, reference=Reference(resistance=1e5, mismatch=1e-3),
    )  # fmt: skip
    chip = load_chip("chip.zarr").at(temperature=85.0)
    common = common_of(Path("chip.zarr"), 85.0)
    found = load_calibration("m.zarr")
    expected = calibrated(chip, sheet.sample(5), "hadamard", seed=5, v_read=0.2, common=common)
    agree(found, expected)
    assert found.read_out == expected.read_out
    assert found.temperature == 85.0
    assert (found.provenance.process, found.provenance.read_out_seed) == ("thin-film", 5)


@pytest.mark.usefixtures("chip")
def test_as_json_with_a_picture(run):
    code, out, err = run(
        "calibrate", "chip.zarr", "--wire-resistance", "50", "-o", "m.zarr", "--plot", "m.svg", "--json"
    )
    answer, found = json.loads(out), load_calibration("m.zarr")
    assert (code, err) == (0, "")
    assert (answer["banks"], answer["resistors"], answer["adc_bits"]) == (6, 6, 12)
    assert answer["standard_error_siemens"] == np.median(found.standard_errors)
    assert found.wire_resistance.tolist() == [[50.0] * 3] * 2
    assert answer["files"] == ["m.zarr", "m.svg"]
    assert "<svg" in Path("m.svg").read_text()


@pytest.mark.usefixtures("chip")
def test_readings_beyond_the_range(run, refused):
    line = refused("calibrate", "chip.zarr", "--full-scale", "1uA", "-o", "m.zarr")
    assert "--full-scale must be large enough" in line
    assert line.endswith("Raise it, or go on with --clipping flag.\n")
    code, out, err = run(
        "calibrate", "chip.zarr", "--full-scale", "1uA", "--clipping", "flag", "-o", "m.zarr", "--json"
    )
    assert (code, err) == (0, "")
    assert json.loads(out)["clipped_banks"] == load_calibration("m.zarr").clipped.sum() > 0
    _, _, err = run("program", "m.zarr", "20uS")
    assert "beyond the converter's range when measured: their errors are not as predicted." in err


def test_a_read_out_that_sees_nothing(run):
    run("sample", "-n", 3, "--rows", 1, "--cols", 2, "-o", "chip.zarr")
    code, out, err = run("calibrate", "chip.zarr", "--full-scale", "1kA", "-o", "m.zarr", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)["dead_switches"] == 6
    assert json.loads(out)["error_to_expect_of_full_scale"] is None


def test_many_resistors_are_tried_up_to_twenty(run):
    run("sample", "--process", "thesis", "-n", 40, "--rows", 1, "--cols", 1, "-o", "chip.zarr")
    code, out, _ = run("calibrate", "chip.zarr", "-o", "m.zarr")
    assert code == 0
    assert "error to expect with 20 resistors" in out


def test_values_of_a_bench(run, refused):
    Path("bench.csv").write_text(BENCH)
    assert "--v-read must be given for values from a bench" in refused("calibrate", "bench.csv", "-o", "m.zarr")
    bench = ["calibrate", "bench.csv", "--v-read", "0.1V", "-o", "m.zarr"]
    assert "--adc-bits must be given with --noise" in refused(*bench, "--noise", "1nA")
    assert "--clipping must be left out for values" in refused(*bench, "--clipping", "flag")
    code, out, err = run(*bench)
    assert (code, err) == (0, "Written: m.zarr\n")
    assert "not described: errors as they came" in out
    found = load_calibration("m.zarr")
    assert found.read_out is None
    assert found.standard_errors.tolist() == [[1e-10, 2e-10], [1e-10, 1e-10]]
    assert (found.provenance.source, found.provenance.note) == ("bench", "bench.csv")
    code, _, _ = run(*bench, "--force", "--adc-bits", 16, "--noise", "1pA")
    assert code == 0
    assert load_calibration("m.zarr").read_out.adc_bits == 16
    code, _, _ = run("program", "m.zarr", "1uS", "-o", "settings.csv")
    head, *rows = Path("settings.csv").read_text().splitlines()
    assert code == 0
    assert head.startswith("bank,target,achieved,error,")
    assert head.endswith(",predicted_error,hex")
    assert [row.split(",")[0] for row in rows] == ["0", "1"]
    for row in rows:
        mask = row.split(",")[6]
        assert int(row.split(",")[-1], 16) == int(mask[::-1], 2)


def test_many_settings_of_one_bank_have_its_number(run):
    Path("bench.csv").write_text("".join(line for line in BENCH.splitlines(keepends=True) if not line.startswith("1,")))
    run("calibrate", "bench.csv", "--v-read", "0.1V", "-o", "m.zarr")
    Path("targets.csv").write_text("0\n1e-6\n2e-6\n")
    run("program", "m.zarr", "targets.csv", "--best", 2, "-o", "settings.csv")
    rows = Path("settings.csv").read_text().splitlines()[1:]
    assert [row.split(",")[0] for row in rows] == ["0"] * 6


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("bank,item\n0,0\n", "bench.csv, line 1 must be a header"),
        (BENCH.replace("0.98e-6", "x"), "value_siemens in bench.csv, line 4 must be a finite number"),
        (BENCH.replace("0,1,0.98e-6,2e-10\n", ""), "got 'no line for bank 0, item 1'"),
        ("bank,item,value_siemens\n0,offset,0\n0,0,1e-6\n", "Or say with --adc-bits, --noise and the like"),
        ("\x00\xff", "rescircuit: "),
    ],
)
def test_a_bad_table_of_a_bench(refused, text, says):
    Path("bench.csv").write_text(text)
    assert says in refused("calibrate", "bench.csv", "--v-read", "0.1", "-o", "m.zarr")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--adc-bits", 25], "--adc-bits must be a whole number from 1 to 24, got 25"),
        (["--full-scale", "1uV"], "--full-scale must be a quantity in A"),
        (["--full-scale", "0"], "--full-scale must be a finite number above 0 (A)"),
        (["--noise=-1nA"], "--noise must be a finite number of at least 0 (A)"),
        (["--dither", "nan"], "--dither must be a finite number of at least 0 (LSB)"),
        (["--dither", "1e300"], "--dither must be at most 1e+15"),
        (["--noise", "1e200"], "--noise must be at most 1e+15"),
        (["--averages", 0], "--averages must be a whole number from 1"),
        (["--offset", "inf"], "--offset must be a quantity in A"),
        (["--gain-error", "60%"], "--gain-error must be a number from 0 to 0.5"),
        (["--inl=-1"], "--inl must be a finite number of at least 0"),
        (["--amplifier-offset", "1mV"], "--feedback must be a resistance (ohm) where the amplifier is not ideal"),
        (["--amplifier-gain", 2, "--feedback", "1k"], "--amplifier-gain must be an open-loop gain of at least 10"),
        (["--reference", "0"], "--reference must be a finite number above 0 (ohm)"),
        (["--reference-mismatch", "1%"], "--reference must be given with --reference-mismatch"),
        (["--reference", "1k", "--reference-mismatch", "20%"], "--reference-mismatch must be a relative standard"),
        (["--wire-resistance=-1"], "--wire-resistance must be a finite number of at least 0 (ohm)"),
        (["--temperature", "-300"], "--temperature must be above absolute zero"),
        (["--temperature", "300K"], "--temperature must be a quantity in degC"),
        (["--v-read", "0"], "--v-read must be a finite number above 0 (V)"),
        (["--clipping", "no"], "--clipping must be refuse or flag, got 'no'"),
        (["--patterns", "all"], "--patterns must be one-hot or hadamard, got 'all'"),
        (["--seed", -1], "--seed must be a whole number from 0 to"),
        (["--plot", "no/m.png"], "--plot must be in a folder that can be written to"),
    ],
)
def test_bad_options_are_one_line_before_the_chip_is_read(refused, options, says):
    assert says in refused("calibrate", "chip.zarr", "-o", "m.zarr", *options)


@pytest.mark.usefixtures("chip")
def test_files_of_the_wrong_kind(run, refused):
    assert "got 'none.zarr'. There is no such file." in refused("calibrate", "none.zarr", "-o", "m.zarr")
    assert "--out must be a file's name in .zarr" in refused("calibrate", "chip.zarr", "-o", "m.csv")
    assert "--out must be in a folder" in refused("calibrate", "chip.zarr", "-o", "no/m.zarr")
    assert "A chip is there." in refused("calibrate", "chip.zarr", "-o", "chip.zarr", "--force")
    run("calibrate", "chip.zarr", "-o", "m.zarr")
    assert "--force replaces what is there." in refused("calibrate", "chip.zarr", "-o", "m.zarr")
    assert "It is a calibration." in refused("calibrate", "m.zarr", "-o", "n.zarr")
    assert "It is a chip. Measure it first" in refused("program", "chip.zarr", "20uS")
    Path("dir.zarr").mkdir()
    assert "Something else is there." in refused("calibrate", "chip.zarr", "-o", "dir.zarr", "--force")
    assert run("calibrate", "chip.zarr", "-o", "m.zarr", "--force", "--seed", 2)[0] == 0
    assert load_calibration("m.zarr").provenance.read_out_seed == 2


@pytest.mark.usefixtures("chip")
def test_a_changed_byte_is_found(run, refused):
    run("calibrate", "chip.zarr", "-o", "whole.zarr")
    files = [path.relative_to("whole.zarr") for path in Path("whole.zarr").rglob("*") if path.is_file()]
    rng = np.random.default_rng(3)
    for name in [name for name in files if name.parts[0] in ("zarr.json", "values", "offset")] + [
        Path("zarr.json")
    ] * 8:
        shutil.rmtree("m.zarr", ignore_errors=True)
        shutil.copytree("whole.zarr", "m.zarr")
        raw = bytearray(Path("m.zarr", name).read_bytes())
        raw[rng.integers(len(raw))] ^= 1
        Path("m.zarr", name).write_bytes(raw)
        refused("program", "m.zarr", "20uS")
        refused("map", "m.zarr", "-o", "codes.csv")
        refused("trim", "chip.zarr", "m.zarr", "20uS")


def test_ctrl_c_keeps_what_is_measured_and_the_same_command_goes_on(run, monkeypatch):
    banks = 2 * CHUNK + 100
    run("sample", "-n", 3, "--rows", 1, "--cols", banks, "-o", "chip.zarr")
    command = ["calibrate", "chip.zarr", "--noise", "1nA", "-o", "m.zarr"]
    code, _, _ = run(*command[:-1], "whole.zarr")
    assert code == 0
    calls = []

    def counted(*arguments, **options):
        calls.append(options["start"])
        if len(calls) == 3:  # the first bank, the first chunk, the second
            raise KeyboardInterrupt
        return calibrated(*arguments, **options)

    monkeypatch.setattr("rescircuit.calibration.store.calibrate", counted)
    code, out, err = run(*command)
    assert (code, out) == (130, "")
    assert err == "Interrupted: what is measured is kept, and the same command goes on.\n"
    assert "It is not whole yet" in run("map", "m.zarr", "-o", "x.csv")[2]
    assert "It is not whole yet" in run("program", "m.zarr", "1uS")[2]
    code, _, err = run(*command, "--seed", 2)
    assert (code, err.count("\n")) == (2, 1)
    assert "as it was begun" in err
    del calls[:]
    monkeypatch.setattr(
        "rescircuit.calibration.store.calibrate", lambda *a, **o: (calls.append(0), calibrated(*a, **o))[1]
    )
    assert run(*command)[0] == 0
    assert len(calls) == 3  # the first bank again, and the two chunks that were missing
    agree(load_calibration("m.zarr"), load_calibration("whole.zarr"))
    assert not Path("m.zarr.partial").exists()


def test_another_chip_under_the_same_name_does_not_go_on(run, monkeypatch):
    chip = ["sample", "-n", 3, "--rows", 1, "--cols", 2, "-o", "chip.zarr", "--force"]
    run(*chip)
    command = ["calibrate", "chip.zarr", "--full-scale", "10uA", "-o", "m.zarr"]

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("rescircuit.measured.store_writing.StoreWriter.write", interrupted)
        assert run(*command)[0] == 130
    run(*chip, "--nominal", "900k")
    code, _, err = run(*command)
    assert code == 2
    assert " of m.zarr.partial must be " in err
    assert err.count("\n") == 1


def test_killed_at_any_moment_it_goes_on(run):
    run("sample", "-n", 4, "--rows", 10, "--cols", CHUNK, "-o", "chip.zarr")
    program = [sys.executable, "-c", "from rescircuit.cli import main; main()"]
    command = ["calibrate", "chip.zarr", "--noise", "1nA", "-o"]
    partial = Path("m.zarr.partial")
    while not partial.exists():  # on a busy machine it may be whole before it is killed
        shutil.rmtree("m.zarr", ignore_errors=True)
        begun = subprocess.Popen([*program, *command, "m.zarr"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while begun.poll() is None and not list(partial.glob("values/c/2/*")):
            time.sleep(0.002)
        begun.kill()
        assert begun.wait() in (0, -signal.SIGKILL)
    assert not Path("m.zarr").exists()
    code, _, err = run(*command, "m.zarr")
    assert code == 0, err
    assert run(*command, "whole.zarr")[0] == 0
    agree(load_calibration("m.zarr"), load_calibration("whole.zarr"))
    assert sorted(p.name for p in Path("m.zarr").iterdir()) == sorted(p.name for p in Path("whole.zarr").iterdir())
