"""Bit streams: every switch where its description says, and files that do not fit together are refused."""

from __future__ import annotations

import json

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.calibration import read_bit_stream, write_bit_stream

RNG = np.random.default_rng(8)


def refusal(function, *arguments):
    with pytest.raises(rc.InputError) as caught:
        function(*arguments)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("shape", [(1,), (8,), (9,), (3, 7), (4, 2, 21), (64, 64, 12)])
def test_a_stream_reads_back(tmp_path, shape):
    mask = RNG.random(shape) < 0.5
    path = write_bit_stream(mask, tmp_path / "switches.bin")
    assert np.array_equal(read_bit_stream(path), mask)
    assert path.stat().st_size == -(-mask.size // 8)


def test_the_order_is_as_it_says(tmp_path):
    """Each switch is found by the description's words alone."""
    mask = RNG.random((3, 2, 7)) < 0.5
    path = write_bit_stream(mask, tmp_path / "switches.bin")
    told = json.loads((tmp_path / "switches.bin.json").read_text())
    raw = path.read_bytes()
    for i, row in enumerate(mask.tolist()):
        for j, bank in enumerate(row):
            for k, closed in enumerate(bank):
                place = (i * 2 + j) * 7 + k  # C order, switch 0 first
                assert (raw[place // 8] >> (7 - place % 8)) & 1 == closed  # most significant bit first
    assert raw[-1] & 0b111111 == 0
    assert {name: told[name] for name in ("banks", "switches_per_bank", "bits", "bytes", "padding_bits")} == {
        "banks": [3, 2], "switches_per_bank": 7, "bits": 42, "bytes": 6, "padding_bits": 6,
    }  # fmt: skip


def test_a_known_stream(tmp_path):
    mask = np.array([[1, 0, 1, 0, 0], [0, 0, 0, 0, 1]], bool)
    assert write_bit_stream(mask, tmp_path / "a.bin").read_bytes() == bytes([0b10100000, 0b01000000])


@pytest.mark.parametrize("mask", [3, True, [], [0, 1], [[1.0]], np.zeros((2, 0), bool), "01"])
def test_what_is_no_setting(tmp_path, mask):
    assert "mask must be booleans (..., n)" in refusal(write_bit_stream, mask, tmp_path / "a.bin")


def test_every_changed_bit_is_found(tmp_path):
    mask = RNG.random((3, 9)) < 0.5
    path = write_bit_stream(mask, tmp_path / "a.bin")
    raw = path.read_bytes()
    for bit in range(8 * len(raw)):
        changed = bytearray(raw)
        changed[bit // 8] ^= 1 << bit % 8
        path.write_bytes(changed)
        assert "bit stream must be the one that its description is of" in refusal(read_bit_stream, path)
    path.write_bytes(raw + b"\0")
    assert "bit stream must be 4 bytes long, got '5 bytes in a.bin'" in refusal(read_bit_stream, path)


def test_every_changed_byte_of_the_description_is_found_or_changes_nothing(tmp_path):
    mask = RNG.random((3, 9)) < 0.5
    path = write_bit_stream(mask, tmp_path / "a.bin")
    beside = tmp_path / "a.bin.json"
    text = beside.read_bytes()
    for place in range(len(text)):
        for byte in (text[place] ^ 1, 0x20, 0x31):
            beside.write_bytes(text[:place] + bytes([byte]) + text[place + 1 :])
            try:
                assert np.array_equal(read_bit_stream(path), mask)
            except rc.InputError as error:
                assert "\n" not in str(error)
    changed = json.loads(text) | {"banks": [9], "switches_per_bank": 3}
    beside.write_text(json.dumps(changed))  # nobody can tell
    assert read_bit_stream(path).shape == (9, 3)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"format": "x"}, "description must be of a bit stream in the file a.bin"),
        ({"order": "reversed"}, "description must be of a bit stream in the file a.bin"),
        ({"file": "b.bin"}, "description must be of a bit stream in the file a.bin"),
        ({"banks": [-3]}, "description must be of"),
        ({"banks": [10**9]}, "description must be of"),
        ({"banks": 3}, "description must be of"),
        ({"switches_per_bank": 9.0}, "description must be of"),
        ({"bits": 28}, "description must be of"),
        ({"bytes": 5}, "description must be of"),
        ({"blake2b": "00"}, "bit stream must be the one that"),
    ],
)
def test_descriptions_that_do_not_fit(tmp_path, changes, says):
    path = write_bit_stream(RNG.random((3, 9)) < 0.5, tmp_path / "a.bin")
    beside = tmp_path / "a.bin.json"
    beside.write_text(json.dumps(json.loads(beside.read_text()) | changes))
    assert says in refusal(read_bit_stream, path)


def test_files_that_are_missing(tmp_path):
    path = write_bit_stream(np.ones(9, bool), tmp_path / "a.bin")
    path.unlink()
    assert "file must be a readable file" in refusal(read_bit_stream, path)
    (tmp_path / "b.bin").touch()
    assert "b.bin.json'. No such file or directory." in refusal(read_bit_stream, tmp_path / "b.bin")
    (tmp_path / "b.bin.json").write_text("[" * 60_000)
    assert "description must be of a bit stream" in refusal(read_bit_stream, tmp_path / "b.bin")
    (tmp_path / "b.bin.json").write_text(" " * 100_000)
    assert "file must be at most 65536 bytes" in refusal(read_bit_stream, tmp_path / "b.bin")
