"""Calibrations on the disk: saved and loaded, measured in chunks and continued, and what is none is refused."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from dataclasses import replace

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.calibration import (
    Patterns,
    Provenance,
    ReadOut,
    Reference,
    calibrate,
    calibrate_to_store,
    load_calibration,
    save_calibration,
)
from rescircuit.measured.store_writing import save_checked_store

POLY = rc.Resistor(nominal=100e3, tolerance=0.2, mismatch=0.01)
BANKS, N, SEED = 23, 5, 4
PROVENANCE = Provenance(
    kind="calibration", process="poly", date="2025-03-01T12:00:00+00:00", software="rescircuit 0", seed=1, chip=0
)
DATASHEET = ReadOut(adc_bits=10, full_scale=2e-5, noise=1e-9, averages=2, gain_error=0.001, inl=0.5, offset=1e-8)


def refusal(function, *arguments, **options):
    with pytest.raises(rc.InputError) as caught:
        function(*arguments, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def make_banks(start, stop):
    return rc.Bank.sample(POLY, n=N, seed=1, shape=(stop - start,), start=start)


def measured(patterns="hadamard", read_out=DATASHEET, **options):
    return calibrate(make_banks(0, BANKS), read_out.sample(9), patterns, seed=SEED, **options)


def same(one, other):
    for name, value in vars(one).items():
        against = getattr(other, name)
        if isinstance(value, np.ndarray):
            assert np.array_equal(value, against), name
            assert value.dtype == against.dtype, name
        elif name == "patterns":
            assert np.array_equal(value.matrix, against.matrix)
            assert value.name == against.name
        else:
            assert value == against, name


def to_store(path, **changes):
    options = {"seed": SEED, "provenance": PROVENANCE, "chunk": 5}
    return calibrate_to_store(path, make_banks, BANKS, DATASHEET.sample(9), "hadamard", **options | changes)


# Saved and loaded


@pytest.mark.parametrize("read_out", [DATASHEET, replace(DATASHEET, reference=Reference(resistance=1e5), zero=False)])
@pytest.mark.parametrize("patterns", ["one-hot", "hadamard"])
def test_a_calibration_reads_back(tmp_path, patterns, read_out):
    calibration = replace(measured(patterns, read_out), provenance=PROVENANCE)
    calibration = calibration.with_faults(stuck_open=np.arange(BANKS * N).reshape(BANKS, N) == 17)
    loaded = load_calibration(save_calibration(calibration, tmp_path / "a.zarr", chunk=4))
    same(loaded, calibration)
    mask = np.ones((BANKS, N), bool)
    assert np.array_equal(loaded.error_of(mask), calibration.error_of(mask))


@pytest.mark.parametrize("shape", [(), (1,), (2, 3)])
def test_calibrations_of_any_shape(tmp_path, shape):
    bank = rc.Bank.sample(POLY, n=N, seed=1, shape=shape)
    calibration = calibrate(bank, DATASHEET.sample(1), Patterns(matrix=np.tri(N + 1, N, -1) > 0), seed=1)
    same(load_calibration(save_calibration(calibration, tmp_path / "a.zarr")), calibration)


def test_a_calibration_from_elsewhere(tmp_path):
    calibration = replace(measured(), read_out=None, patterns=None)
    loaded = load_calibration(save_calibration(calibration, tmp_path / "a.zarr"))
    assert loaded.read_out is None
    assert loaded.patterns is None
    assert np.array_equal(loaded.standard_errors, calibration.standard_errors)


def test_some_banks_only(tmp_path):
    calibration = measured()
    path = save_calibration(calibration, tmp_path / "a.zarr", chunk=4)
    same(load_calibration(path, banks=slice(6, 15)), calibration.bank(slice(6, 15)))
    assert "rows must be a slice of step 1" in refusal(load_calibration, path, banks=slice(23, 30))


def test_what_cannot_be_saved(tmp_path):
    path = save_calibration(measured(), tmp_path / "a.zarr")
    assert "path must be free" in refusal(save_calibration, measured(), path)
    assert "provenance must be a Provenance or None" in refusal(
        save_calibration, replace(measured(), provenance="mine"), tmp_path / "b.zarr"
    )
    save_calibration(measured("one-hot"), path, replace=True)
    assert load_calibration(path).patterns.name == "one-hot"


def test_a_changed_bit_is_found(tmp_path):
    path = save_calibration(measured(), tmp_path / "a.zarr")
    file = path / "standard_errors" / "c" / "0" / "0"
    raw = bytearray(file.read_bytes())
    raw[77] ^= 1  # the last bit of a mantissa or so
    file.write_bytes(raw)
    assert "chunk 0 of standard_errors in a.zarr must be as it was written" in refusal(load_calibration, path)


# In chunks


def test_in_chunks_it_is_the_same_to_the_last_bit(tmp_path):
    told = []
    path = to_store(tmp_path / "a.zarr", progress=told.append)
    same(load_calibration(path), replace(measured(), provenance=PROVENANCE))
    assert told == [5, 5, 5, 5, 3]


def test_interrupted_it_goes_on(tmp_path):
    asked = []

    def until_it_fails(start, stop):
        asked.append(start)
        if len(asked) == 4:
            raise KeyboardInterrupt
        return make_banks(start, stop)

    def counted(start, stop):
        asked.append(start)
        return make_banks(start, stop)

    arguments = (BANKS, DATASHEET.sample(9), "hadamard")
    options = {"seed": SEED, "provenance": PROVENANCE, "chunk": 5}
    with pytest.raises(KeyboardInterrupt):
        calibrate_to_store(tmp_path / "a.zarr", until_it_fails, *arguments, **options)
    assert asked == [0, 0, 5, 10]  # one bank to see what it is, then chunks
    asked.clear()
    later = replace(PROVENANCE, date="2025-03-02T12:00:00+00:00")
    path = calibrate_to_store(tmp_path / "a.zarr", counted, *arguments, **options | {"provenance": later})
    assert asked == [0, 10, 15, 20]
    same(load_calibration(path), replace(measured(), provenance=PROVENANCE))  # with the date of its beginning


def test_killed_it_goes_on_and_the_store_is_whole(tmp_path):
    script = f"""
        import os, signal
        import rescircuit as rc
        from rescircuit.calibration import Provenance, ReadOut, calibrate_to_store
        poly = {POLY!r}
        chunks = []
        def make_banks(start, stop):
            chunks.append(start)
            if len(chunks) == 4:
                os.kill(os.getpid(), signal.SIGKILL)
            return rc.Bank.sample(poly, n={N}, seed=1, shape=(stop - start,), start=start)
        read_out = {DATASHEET!r}.sample(9)
        calibrate_to_store({str(tmp_path / "a.zarr")!r}, make_banks, {BANKS}, read_out, "hadamard", seed={SEED},
                           provenance={PROVENANCE!r}, chunk=5)
    """
    script = "from rescircuit import Resistor\n" + textwrap.dedent(script)
    killed = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True, text=True)
    assert killed.returncode == -9, killed.stderr
    assert os.listdir(tmp_path) == ["a.zarr.partial"]  # noqa: PTH208 - names alone
    told = []
    path = to_store(tmp_path / "a.zarr", progress=told.append)
    assert sum(told) == BANKS
    same(load_calibration(path), replace(measured(), provenance=PROVENANCE))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"seed": 5}, "measuring.seed of a.zarr.partial must be 4 as it was begun, got '5'. Remove "),
        ({"chunk": 4}, "chunk_rows of a.zarr.partial must be 5 as it was begun, got '4'"),
        ({"wire_resistance": 3.0}, "measuring.options.wire_resistance of a.zarr.partial must be absent"),
        ({"provenance": replace(PROVENANCE, chip=1)}, "provenance.chip of a.zarr.partial must be 0 as it was begun"),
        ({"provenance": replace(PROVENANCE, process="other")}, 'must be "poly" as it was begun, got \'"other"\''),
    ],
)
def test_begun_otherwise_it_does_not_go_on(tmp_path, changes, says):
    with pytest.raises(ZeroDivisionError):
        to_store(tmp_path / "a.zarr", progress=lambda _: 1 / 0)
    assert says in refusal(to_store, tmp_path / "a.zarr", **changes)


def test_another_read_out_is_another_store(tmp_path):
    with pytest.raises(ZeroDivisionError):
        to_store(tmp_path / "a.zarr", progress=lambda _: 1 / 0)
    options = {"seed": SEED, "provenance": PROVENANCE, "chunk": 5}
    other = replace(DATASHEET, noise=2e-9).sample(9), "hadamard"
    says = refusal(calibrate_to_store, tmp_path / "a.zarr", make_banks, BANKS, *other, **options)
    assert "read_out.noise of a.zarr.partial must be 1e-09 as it was begun, got '2e-09'" in says
    other = DATASHEET.sample(10), "hadamard"
    says = refusal(calibrate_to_store, tmp_path / "a.zarr", make_banks, BANKS, *other, **options)
    assert "measuring.errors." in says
    other = DATASHEET.sample(9), "one-hot"
    says = refusal(calibrate_to_store, tmp_path / "a.zarr", make_banks, BANKS, *other, **options)
    assert 'patterns.name of a.zarr.partial must be "Hadamard" as it was begun' in says


def test_another_chip_does_not_go_on(tmp_path):
    """Even where no provenance tells them apart."""

    def others(start, stop):
        return rc.Bank.sample(POLY, n=N, seed=2, shape=(stop - start,), start=start)

    with pytest.raises(ZeroDivisionError):
        to_store(tmp_path / "a.zarr", provenance=None, progress=lambda _: 1 / 0)
    options = {"seed": SEED, "chunk": 5}
    arguments = (others, BANKS, DATASHEET.sample(9), "hadamard")
    says = refusal(calibrate_to_store, tmp_path / "a.zarr", *arguments, **options)
    assert "measuring.first_bank of a.zarr.partial must be" in says


def test_chunks_that_are_none(tmp_path):
    arguments = (BANKS, DATASHEET.sample(9))
    one = make_banks(0, 1)
    says = refusal(calibrate_to_store, tmp_path / "a.zarr", lambda start, stop: one, *arguments, seed=1)
    assert "make_banks must be one that gives banks of shape (23,), got shape (1,)" in says
    unfitted = replace(DATASHEET, full_scale=None).sample(9)
    says = refusal(calibrate_to_store, tmp_path / "b.zarr", make_banks, BANKS, unfitted, seed=1)
    assert "full_scale must be a current (A)" in says
    for other in (DATASHEET, DATASHEET.sample(9, count=BANKS)):
        says = refusal(calibrate_to_store, tmp_path / "c.zarr", make_banks, BANKS, other, seed=1)
        assert "read_out must be one SampledReadOut for all banks" in says


# What is no calibration


def test_what_is_no_calibration(tmp_path):
    assert "store must be a whole store" in refusal(load_calibration, tmp_path)
    path = save_checked_store(tmp_path / "a", {"values": np.ones(3)}, chunk_rows=3, provenance={"kind": "chip 1"})
    assert "store must be a calibration (of kind 'calibration 1')" in refusal(load_calibration, path)


def forge(path, **changes):
    """A calibration that somebody else sealed."""
    from rescircuit.calibration.store import _described, _rows

    calibration = replace(measured(), provenance=PROVENANCE)
    content = _described(calibration, calibration.shape, PROVENANCE)
    arrays = _rows(calibration)
    for name, value in changes.items():
        target = arrays if name in arrays else content
        target[name] = value
    return save_checked_store(path, arrays, chunk_rows=4, provenance=content)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"shape": [7]}, "cannot reshape"),
        ({"shape": None}, "calibration must be as save_calibration writes it"),
        ({"v_read": -1}, "v_read must be"),
        ({"temperature": "x"}, "temperature must be"),
        ({"read_out": {}}, "'reference'"),
        ({"read_out": {"reference": None, "adc_bits": 99}}, "adc_bits must be a whole number from 1 to 24, got 99"),
        ({"read_out": {"reference": None, "other": 1}}, "other"),
        ({"read_out": {"reference": {"resistance": -1}}}, "resistance must be"),
        ({"patterns": {"name": "x", "n": 5, "rows": ["zz"]}}, "non-hexadecimal"),
        ({"patterns": {"name": "x", "n": 5, "rows": ["08", "1008"]}}, "calibration must be as save_calibration"),
        ({"patterns": {"name": "x", "n": 5, "rows": ["08"]}}, "matrix must be patterns that determine 5 values"),
        ({"provenance": {"kind": "chip"}}, "provenance must be a dict of"),
        ({"provenance": 3}, "provenance must be a dict of"),
        ({"values": np.ones((BANKS, 4))}, "calibration must be a whole one"),
        ({"standard_errors": -np.ones((BANKS, N))}, "standard_errors at index (0, 0) must be"),
        ({"dead": np.zeros((BANKS, N))}, "dead must be"),
    ],
)
def test_a_calibration_that_somebody_else_sealed(tmp_path, changes, says):
    assert says in refusal(load_calibration, forge(tmp_path / "a.zarr", **changes))


def test_the_forger_can_do_it_right(tmp_path):
    same(load_calibration(forge(tmp_path / "a.zarr")), replace(measured(), provenance=PROVENANCE))


# Provenance


def test_provenance_reads_back():
    assert Provenance.from_dict(PROVENANCE.to_dict()) == PROVENANCE
    plain = Provenance(kind="chip", process="p", date="2025-03-01", software="x", seed=np.int64(3), source="bench")
    assert type(plain.to_dict()["seed"]) is int


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"kind": "other"}, 'kind must be "calibration" or "chip", got \'other\''),
        ({"source": "dream"}, 'source must be "simulated" or "bench"'),
        ({"process": 3}, "process must be printable text"),
        ({"note": "two\nlines"}, "note must be printable text"),
        ({"note": "x" * 2001}, "note must be printable text of at most 2000 characters"),
        ({"date": "yesterday"}, "date must be in ISO 8601"),
        ({"date": ""}, "date must be in ISO 8601"),
        ({"date": "2025-13-01"}, "date must be in ISO 8601"),
        ({"seed": -1}, "seed must be a whole number"),
        ({"chip": 1.5}, "chip must be a whole number"),
        ({"read_out_seed": True}, "read_out_seed must be a whole number"),
        ({"temperature": -300}, "temperature must be a temperature above -273.15 °C"),
        ({"temperature": np.nan}, "temperature must be"),
        ({"v_read": 0}, "v_read must be a finite number above 0 (V)"),
    ],
)
def test_provenance_that_is_none(changes, says):
    assert says in refusal(Provenance.from_dict, PROVENANCE.to_dict() | changes)


def test_fields_that_are_missing_or_too_many():
    content = PROVENANCE.to_dict()
    for wrong in (content | {"other": 1}, {k: v for k, v in content.items() if k != "note"}, 3, []):
        assert "provenance must be a dict of chip, date, kind" in refusal(Provenance.from_dict, wrong)
