"""Maps of codes: the files say what the map says, read by rules of their own."""

from __future__ import annotations

import csv
import re

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.calibration import (
    CodeMap,
    ReadOut,
    calibrate,
    map_codes,
    write_c_header,
    write_code_csv,
    write_verilog_memory,
)

POLY = rc.Resistor(nominal=100e3, tolerance=0.2, mismatch=0.01)
RNG = np.random.default_rng(3)


def refusal(function, *arguments, **options):
    with pytest.raises(rc.InputError) as caught:
        function(*arguments, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def bank(n=9, **options):
    return rc.Bank.sample(POLY, n=n, seed=1, **options)


def some_map(n, codes=37):
    """Any settings at all, of any number of switches."""
    targets = np.sort(RNG.uniform(0, 1e-4, codes))
    errors = RNG.uniform(0, 1e-9, codes)
    return CodeMap(targets=targets, mask=RNG.random((codes, n)) < 0.5, values=targets, errors=errors, v_read=0.1)


def bits_of(numbers, n):
    return np.array([[number >> k & 1 for k in range(n)] for number in numbers], bool)


# The map


def test_the_map_of_a_bank():
    one = bank()
    codes = map_codes(one, bits=5)
    assert len(codes) == 32
    np.testing.assert_allclose(codes.targets, np.arange(32) / 31 * one.full_scale, rtol=1e-12)
    np.testing.assert_allclose(codes.values, one.conductance(codes.mask), rtol=1e-12)
    np.testing.assert_allclose(codes.values - codes.targets, codes.errors * np.sign(codes.values - codes.targets))
    assert not codes.mask[0].any()
    assert codes.mask[-1].all()
    every = np.array([one.conductance(bits_of([k], 9)[0]) for k in range(512)])
    best = np.abs(every[:, np.newaxis] - codes.targets).min(axis=0)
    np.testing.assert_allclose(codes.errors, best, rtol=1e-6, atol=1e-18)


def test_the_map_of_a_measured_bank():
    measured = calibrate(bank(), ReadOut(adc_bits=12, noise=1e-9).sample(1), seed=2)
    codes = map_codes(measured, targets=[2e-5, 1e-5])
    setting = measured.program(np.array([2e-5, 1e-5]))
    assert np.array_equal(codes.mask, setting.mask)
    assert np.array_equal(codes.values, setting.estimate)
    assert np.array_equal(codes.errors, setting.predicted_error)
    spaced = map_codes(measured, bits=3)
    alive = np.where(measured.dead, 0.0, measured.values).sum() + measured.offset
    assert spaced.targets[-1] == pytest.approx(alive)
    stuck = measured.with_faults(stuck_open=np.arange(9) == 8)
    assert map_codes(stuck, bits=3).targets[-1] == pytest.approx(alive - measured.values[8])
    assert not map_codes(stuck, bits=3).mask[:, 8].any()


@pytest.mark.parametrize(
    ("arguments", "options", "says"),
    [
        ((3,), {"bits": 3}, "bank must be a Bank or a Calibration"),
        ((bank(shape=(2,)),), {"bits": 3}, "bank must be a single bank, of shape (), got shape (2,)"),
        ((bank(),), {}, "bits must be given where targets are not, and only there, got None"),
        ((bank(),), {"bits": 3, "targets": [1e-5]}, "bits must be given where targets are not"),
        ((bank(),), {"bits": 0}, "bits must be a whole number from 1 to 20"),
        ((bank(),), {"bits": 21}, "bits must be a whole number from 1 to 20"),
        ((bank(),), {"targets": [-1e-5]}, "targets at index 0 must be"),
        ((bank(),), {"targets": 1e-5}, "targets must be of one axis, (m,)"),
        ((bank(),), {"targets": []}, "targets must be finite numbers (S), at least one"),
    ],
)
def test_maps_that_cannot_be(arguments, options, says):
    assert says in refusal(map_codes, *arguments, **options)


def test_arrays_that_do_not_fit():
    good = vars(some_map(3, codes=4))
    for changes, says in (
        ({"values": np.ones(3)}, "values must be of one axis, as long as the targets, got shape (3,)"),
        ({"errors": -np.ones(4)}, "errors at index 0 must be"),
        ({"mask": np.ones((4, 3))}, "mask must be booleans (4, n)"),
        ({"mask": np.ones((3, 3), bool)}, "mask must be booleans (4, n)"),
        ({"mask": np.ones((4, 0), bool)}, "mask must be booleans (4, n)"),
        ({"v_read": 0}, "v_read must be"),
    ):
        assert says in refusal(CodeMap, **good | changes)


# The files

WIDTHS = [1, 4, 8, 9, 16, 21, 32, 33, 64, 65, 100]


@pytest.mark.parametrize("n", WIDTHS)
def test_the_table(tmp_path, n):
    codes = some_map(n)
    rows = list(csv.DictReader(write_code_csv(codes, tmp_path / "a.csv").read_text().splitlines()))
    assert [int(row["code"]) for row in rows] == list(range(37))
    for name in ("target", "value", "error"):
        assert [float(row[f"{name}_siemens"]) for row in rows] == getattr(codes, f"{name}s").tolist()
    assert np.array_equal([[digit == "1" for digit in row["mask"]] for row in rows], codes.mask)
    assert np.array_equal(bits_of([int(row["hex"], 16) for row in rows], n), codes.mask)


@pytest.mark.parametrize("n", WIDTHS)
@pytest.mark.parametrize("binary", [False, True])
def test_the_verilog_memory(tmp_path, n, binary):
    """Read as IEEE 1364 says: comments go, words between white space, the most significant digit first."""
    codes = some_map(n)
    text = write_verilog_memory(codes, tmp_path / "a.mem", binary=binary).read_text()
    assert text.isascii()
    assert f"{'$readmemb' if binary else '$readmemh'} into: reg [{n - 1}:0] codes [0:36];" in text
    words = re.sub(r"//.*", "", text).split()
    assert all(re.fullmatch("[01]+" if binary else "[0-9a-f]+", word) for word in words)
    assert {len(word) for word in words} == {n if binary else -(-n // 4)}
    assert np.array_equal(bits_of([int(word, 2 if binary else 16) for word in words], n), codes.mask)


def parsed_header(text):
    """The tables, without the comments, of a header in the narrow form that is written."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    found = re.findall(r"static const (\w+) (\w+)((?:\[\d+\])+) = \{(.*?)\n\};", text, flags=re.DOTALL)
    defines = dict(re.findall(r"#define (\w+) (\d+)", text))
    return {name: (kind, sizes, body) for kind, name, sizes, body in found}, defines, text


@pytest.mark.parametrize("n", WIDTHS)
def test_the_c_header(tmp_path, n):
    codes = some_map(n)
    text = write_c_header(codes, tmp_path / "a.h", name="weights_0").read_text()
    assert text.isascii()
    tables, defines, code = parsed_header(text)
    assert defines["WEIGHTS_0_CODES"] == "37"
    assert defines["WEIGHTS_0_SWITCHES"] == str(n)
    lines = [line for line in code.splitlines() if line.strip()]
    assert lines[:3] == ["#ifndef RESCIRCUIT_WEIGHTS_0_H", "#define RESCIRCUIT_WEIGHTS_0_H", "#include <stdint.h>"]
    assert lines[-1] == "#endif "
    kind, sizes, body = tables["weights_0"]
    numbers = [int(word, 16) for word in re.findall(r"0x([0-9a-f]+)", body)]
    if n > 64:
        width = -(-n // 8)
        assert (kind, sizes) == ("uint8_t", f"[37][{width}]")
        assert defines["WEIGHTS_0_BYTES"] == str(width)
        assert body.count("{") == 37
        numbers = [int.from_bytes(numbers[k : k + width], "little") for k in range(0, len(numbers), width)]
    else:
        bits = next(bits for bits in (8, 16, 32, 64) if n <= bits)
        assert (kind, sizes) == (f"uint{bits}_t", "[37]")
        assert body.count(f"UINT{bits}_C(") == 37
    assert np.array_equal(bits_of(numbers, n), codes.mask)
    kind, sizes, body = tables["weights_0_siemens"]
    assert (kind, sizes) == ("double", "[37]")
    assert [float(word) for word in body.replace(",", " ").split()] == codes.targets.tolist()


@pytest.mark.parametrize("name", ["", "9a", "a b", "a;", "int", "class", "a" * 65, "é", "a\n", "_a", "*/", None])
def test_names_that_c_does_not_take(tmp_path, name):
    assert "name must be a name in C" in refusal(write_c_header, some_map(3), tmp_path / "a.h", name=name)
    assert list(tmp_path.iterdir()) == []


def test_folders_that_are_not_there(tmp_path):
    for write in (write_c_header, write_code_csv, write_verilog_memory):
        assert "path must be in a folder" in refusal(write, some_map(3), tmp_path / "absent" / "a")


def test_files_say_at_what_their_values_hold(tmp_path):
    poly = rc.Resistor(nominal=1e6, mismatch=0.02, tc1=-2e-4)
    bank = rc.Bank.sample(poly, n=8, seed=1).at(temperature=85.0)
    sheet = rc.ReadOut(adc_bits=14, dither=1.0, reference=rc.Reference(resistance=1e6))
    found = rc.calibrate(bank, sheet.sample(1), seed=1)
    for write in (write_verilog_memory, write_c_header):
        text = write(map_codes(found, bits=3), tmp_path / "map.txt").read_text()
        assert "at 0.1 V and 85 degrees Celsius." in text
        assert "relative to a reference resistor of 1000000.0 ohm" in text
    assert "reference" not in write_c_header(map_codes(bank, bits=3), tmp_path / "map.h").read_text()
