"""Tables of measured values and of settings: what is written reads back, and each mistake is one line."""

from __future__ import annotations

import csv

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.calibration import (
    ReadOut,
    calibrate,
    read_calibration_csv,
    write_calibration_csv,
    write_settings_csv,
)

POLY = rc.Resistor(nominal=100e3, tolerance=0.2, mismatch=0.01)
DATASHEET = ReadOut(adc_bits=12, full_scale=2e-5, noise=1e-9, averages=4)
HEADER = "bank,item,value_siemens,standard_error_siemens\n"
GOOD = "0,0,1e-5,1e-8\n0,1,2e-5,1e-8\n0,offset,1e-9,1e-9\n"


def refusal(function, *arguments, **options):
    with pytest.raises(rc.InputError) as caught:
        function(*arguments, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def read(path, **changes):
    return read_calibration_csv(path, **{"read_out": DATASHEET, "v_read": 0.1} | changes)


@pytest.fixture
def write(tmp_path):
    def write(text):
        path = tmp_path / "bench.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def measured(shape=(4,), n=5):
    return calibrate(rc.Bank.sample(POLY, n=n, seed=1, shape=shape), DATASHEET.sample(2), seed=3)


# Measured values


@pytest.mark.parametrize("shape", [(), (4,), (2, 3)])
def test_a_calibration_reads_back(tmp_path, shape):
    calibration = measured(shape)
    loaded = read(write_calibration_csv(calibration, tmp_path / "a.csv"))
    banks = calibration.offset.size
    assert loaded.shape == (banks,)
    for name in ("values", "standard_errors", "dead"):
        assert np.array_equal(getattr(loaded, name), getattr(calibration, name).reshape(banks, 5)), name
    for name in ("offset", "offset_standard_error"):
        assert np.array_equal(getattr(loaded, name), getattr(calibration, name).reshape(banks)), name
    targets = np.full(banks, 3e-5)
    reference = calibration.program(3e-5)
    assert np.array_equal(loaded.program(targets).mask, np.reshape(reference.mask, (banks, 5)))


def test_any_order_of_columns_and_lines_with_comments(write):
    lines = ["# of 1 March", "value_siemens , item,bank # measured", "1e-9,offset,0", "", "2e-5,1,0", "1E-5, 0 ,0 # ok"]
    calibration = read(write("\ufeff" + "\r\n".join(lines)))
    assert calibration.values.tolist() == [[1e-5, 2e-5]]
    assert calibration.offset.tolist() == [1e-9]


def test_errors_that_are_not_known_follow_from_the_read_out(tmp_path, write):
    calibration = measured()
    path = write_calibration_csv(calibration, tmp_path / "a.csv")
    text = "\n".join(line.rpartition(",")[0] for line in path.read_text().splitlines())
    loaded = read(write(text))
    assert np.array_equal(loaded.values, calibration.values)
    np.testing.assert_allclose(loaded.standard_errors, calibration.standard_errors, rtol=1e-9)
    np.testing.assert_allclose(loaded.offset_standard_error, calibration.offset_standard_error, rtol=1e-9)
    assert np.array_equal(loaded.dead, calibration.dead)


def test_without_a_read_out_the_errors_of_the_file_are_independent(write):
    calibration = read(write(HEADER + GOOD), read_out=None)
    assert calibration.read_out is None
    assert calibration.error_of([True, True]) == pytest.approx(np.sqrt(2 * 1e-16 + 1e-18))
    setting = calibration.program(np.array([3.1e-5]))
    assert setting.mask.tolist() == [[True, True]]
    assert setting.predicted_error == pytest.approx(1e-6, rel=1e-2)
    path = write("bank,item,value_siemens\n0,0,1e-5\n0,offset,0\n")
    assert "bench.csv must be a table with a column standard_error_siemens, got 'one without'. Add it" in refusal(
        read, path, read_out=None
    )


def test_a_range_that_is_not_given_fits_the_largest_current(write):
    path = write(HEADER + GOOD)
    assert read(path, read_out=ReadOut()).read_out.full_scale == pytest.approx(1.25 * (2e-5 + 1e-9) * 0.1)
    assert read(path, read_out=ReadOut(), patterns="hadamard").read_out.full_scale == pytest.approx(
        1.25 * (3e-5 + 1e-9) * 0.1, rel=0.4
    )
    says = refusal(read, write(HEADER + "0,0,0,1\n0,offset,0,1\n"), read_out=ReadOut())
    assert "bench.csv must be values of banks that conduct" in says


def test_values_within_their_errors_are_dead(write):
    path = write(HEADER + "0,0,1e-5,1e-8\n0,1,3e-8,1e-8\n0,offset,0,1e-9\n")
    assert read(path).dead.tolist() == [[False, True]]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "bench.csv, line 1 must be a header of the columns bank, item, value_siemens"),
        (GOOD, "line 1 must be a header of the columns"),
        ("bank,item,standard_error_siemens\n0,0,1\n", "The column value_siemens is missing."),
        ("item,value_siemens\n", "The column bank is missing."),
        ("bank,item,value_siemens,other\n", "No others are known, and each comes once."),
        ("bank,item,value_siemens,bank\n", "No others are known, and each comes once."),
        (HEADER, "bench.csv must be at least one line of values under its header"),
        (HEADER + "0,0,1e-5\n", "bench.csv, line 2 must be 4 cells: bank, item, value_siemens, standard"),
        (HEADER + GOOD + "1,0,1,1,1\n", "bench.csv, line 5 must be 4 cells"),
        (HEADER + "0,0,ten,1e-8\n", "line 2 must be a finite number (S), such as 1.5e-5, got 'ten'"),
        (HEADER + "0,0,,1e-8\n", "value_siemens in bench.csv, line 2 must be a finite number (S)"),
        (HEADER + "0,0,nan,1e-8\n", "got 'nan'"),
        (HEADER + "0,0,1e999,1e-8\n", "got '1e999'"),
        (HEADER + "0,0,1_0,1e-8\n", "got '1_0'"),
        (HEADER + "0,0,\u0661,1e-8\n", "value_siemens in bench.csv, line 2 must be a finite number"),
        (HEADER + "0,0,1e-5,x\n", "standard_error_siemens in bench.csv, line 2 must be a finite number"),
        (HEADER + "0,0,1e-5,-1e-9\n", "standard_error_siemens in bench.csv, line 2 must be at least 0 (S)"),
        (HEADER + "-1,0,1e-5,0\n", "bank in bench.csv, line 2 must be a whole number from 0 to 16777215, got '-1'"),
        (HEADER + "0.0,0,1e-5,0\n", "bank in bench.csv, line 2 must be a whole number"),
        (HEADER + f"{10**30},0,1e-5,0\n", "bank in bench.csv, line 2 must be a whole number"),
        (HEADER + "0,4096,1e-5,0\n", "item in bench.csv, line 2 must be a whole number from 0 to 4095 or 'offset'"),
        (HEADER + "0,zero,1e-5,0\n", "or 'offset', got 'zero'"),
        (HEADER + GOOD + "# so far\n0,1,2e-5,0\n", "line 6 must be the only one of its bank and item, got"),
        (HEADER + GOOD + "0,offset,2e-5,0\n", "got 'bank 0, item offset again'"),
        (HEADER + GOOD + "2,0,2e-5,0\n", "3 banks with 2 switches and an offset each, got 'no"),
        (HEADER + GOOD + "0,3,2e-5,0\n", "got 'no line for bank 0, item 2'"),
        (HEADER + "0,0,2e-5,0\n", "got 'no line for bank 0, item offset'"),
        (HEADER + "0,offset,2e-5,0\n", "bench.csv must be a line for at least one switch"),
        (HEADER + "16777215,0,2e-5,0\n", "got 'no line for bank 0, item 0'"),
        (b"\xff\xfe", "file must be readable text"),
    ],
)  # fmt: skip
def test_each_mistake_is_one_line(write, text, says):
    assert says in refusal(read, write(text))


def test_files_that_are_none(tmp_path):
    assert "file must be a readable file" in refusal(read, tmp_path / "absent.csv")
    assert "Is a directory." in refusal(read, tmp_path)


def test_what_does_not_fit_the_file(write):
    path = write(HEADER + GOOD)
    assert "v_read must be" in refusal(read, path, v_read=0)
    assert "patterns must be" in refusal(read, path, patterns="other")


# Settings


def test_settings_read_back(tmp_path):
    calibration = measured()
    setting = calibration.program(np.array([1e-5, 2e-5, 3e-5, 0.0]))
    path = write_settings_csv(setting, tmp_path / "settings.csv")
    rows = list(csv.DictReader(path.read_text().splitlines()))
    assert [int(row["bank"]) for row in rows] == [0, 1, 2, 3]
    for name in ("target", "estimate", "predicted_error"):
        assert [float(row[f"{name}_siemens"]) for row in rows] == getattr(setting, name).tolist()
    for row, mask in zip(rows, setting.mask, strict=True):
        assert [digit == "1" for digit in row["mask"]] == mask.tolist()
        number = int(row["hex"], 16)
        assert [bool(number >> k & 1) for k in range(5)] == mask.tolist()


def test_settings_of_some_banks_and_of_one(tmp_path):
    calibration = measured()
    many = calibration.program(np.array([[1e-5], [2e-5]]))
    path = write_settings_csv(many, tmp_path / "a.csv", banks=np.arange(4) + 10)
    assert [line.split(",")[0] for line in path.read_text().splitlines()[1:]] == ["10", "11", "12", "13"] * 2
    one = calibration.bank(2).program(1e-5)
    path = write_settings_csv(one, tmp_path / "b.csv", banks=2)
    assert path.read_text().splitlines()[1].startswith("2,1e-05,")
    assert "banks must be of a shape that broadcasts to (2, 4)" in refusal(
        write_settings_csv, many, path, banks=np.arange(3)
    )
    assert "banks must be whole numbers" in refusal(write_settings_csv, many, path, banks=0.5)
    assert "path must be in a folder" in refusal(write_settings_csv, one, tmp_path / "absent" / "a.csv")
