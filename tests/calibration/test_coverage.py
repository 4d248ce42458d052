from dataclasses import replace

import pytest

from rescircuit.calibration import Patterns, Reference, coverage
from rescircuit.errors import InputError


@pytest.fixture(scope="module", params=["one-hot", "hadamard"])
def table(request, banks, sheet):
    patterns = Patterns.one_hot(9) if request.param == "one-hot" else Patterns.hadamard(9)
    return {row.cause: row for row in coverage(banks, sheet.fitted_to(banks, patterns), patterns, seed=21)}


def test_error_bars_cover_what_they_claim(table):
    assert set(table) == {"all", "noise", "quantisation", "offset", "gain", "INL", "amplifier"}
    for cause, row in table.items():
        assert row.trials == 400
        assert row.one_interval[0] <= 0.6827 <= row.one_interval[1], cause
        assert row.two_interval[0] <= 0.9545 <= row.two_interval[1], cause
        assert row.rms_error == pytest.approx(row.predicted_error, rel=0.15), cause


def test_what_one_read_out_has_for_good_does_not_average_out(table):
    assert table["noise"].averages_out
    assert table["quantisation"].averages_out  # by its dither
    for cause in ("gain", "INL"):
        assert not table[cause].averages_out
        assert table[cause].averaged_error > 0.9 * table[cause].rms_error
    assert table["all"].averaged_error < table["all"].rms_error


def test_steps_without_dither_do_not_average_out(banks, sheet):
    plain = replace(sheet, dither=0.0)
    (row,) = coverage(banks, plain, "hadamard", seed=2, causes=["quantisation"])
    assert not row.averages_out
    assert row.one_interval[0] <= 0.6827 <= row.one_interval[1]


def test_an_offset_that_is_not_read_stays(banks, sheet):
    (row,) = coverage(banks, replace(sheet, zero=False), "hadamard", seed=2, causes=["offset"])
    assert not row.averages_out
    assert row.rms_error == pytest.approx(2e-9 / banks.v_read, rel=0.1)
    assert row.two_interval[0] <= 0.9545 <= row.two_interval[1]


def test_a_reference_brings_its_own_mismatch(banks, sheet):
    ratio = replace(sheet, reference=Reference(resistance=1e5, mismatch=2e-3))
    rows = {row.cause: row for row in coverage(banks, ratio, "hadamard", seed=2, causes=["all", "gain", "reference"])}
    assert not rows["reference"].averages_out
    assert rows["gain"].rms_error < 1e-2 * rows["reference"].rms_error
    for row in rows.values():
        assert row.two_interval[0] <= 0.9545 <= row.two_interval[1]


def test_causes_have_names(banks, sheet):
    with pytest.raises(InputError, match=r"^causes must be of all, noise"):
        coverage(banks, sheet, "hadamard", seed=2, causes=["luck"])
    with pytest.raises(InputError, match=r"^more must be"):
        coverage(banks, sheet, "hadamard", seed=2, more=1)


def test_what_is_no_bank_or_no_datasheet(banks, sheet):
    with pytest.raises(InputError, match=r"^bank must be a Bank"):
        coverage(1, sheet, seed=1)
    with pytest.raises(InputError, match=r"^read_out must be a ReadOut"):
        coverage(banks, sheet.sample(seed=1), seed=1)
