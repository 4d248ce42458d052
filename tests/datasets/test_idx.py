"""IDX files as their format says, and files that lie about themselves."""

from __future__ import annotations

import gzip
import os
import tracemalloc

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rescircuit.datasets import read_idx
from rescircuit.errors import InputError

IMAGES = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_file_written_by_hand_is_read(tmp_path, pack):
    """The bytes are spelt out here as the format's description has them."""
    content = b"\x00\x00\x08\x02" + b"\x00\x00\x00\x02" + b"\x00\x00\x00\x03" + bytes([0, 1, 2, 253, 254, 255])
    (tmp_path / "f").write_bytes(pack(content))
    array = read_idx(tmp_path / "f", axes=2)
    assert array.dtype == np.uint8
    assert array.tolist() == [[0, 1, 2], [253, 254, 255]]


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize(
    ("forge", "says"),
    [
        (lambda idx: b"", "the bytes of an empty file"),
        (lambda idx: b"\0\0", "begins with two zeros"),
        (lambda idx: idx(IMAGES, zeros=b"PK"), "must be an IDX file, which begins with two zeros"),
        (lambda idx: idx(IMAGES, kind=0x0D), "of unsigned bytes (type 0x08), got 'type 0x0d'"),
        (lambda idx: idx(IMAGES.ravel()), "images, with three axes, got '1 axes'"),
        (lambda idx: idx(IMAGES, axes=200), "images, with three axes, got '200 axes'"),
        (lambda idx: idx(IMAGES)[:9], "cut short in its header"),
        (lambda idx: idx(IMAGES)[:-1], "fewer bytes than shape (2, 3, 4)"),
        (lambda idx: idx(IMAGES) + b"\0", "more than shape (2, 3, 4)"),
        (lambda idx: idx(IMAGES, shape=(2**32 - 1, 2**32 - 1, 2**32 - 1)), "bytes of numbers, got"),
        (lambda idx: idx(IMAGES, shape=(1 << 20, 32, 32)), "fewer bytes than shape (1048576, 32, 32)"),
    ],
)
def test_a_file_that_is_not_what_it_says_gets_one_line(tmp_path, idx, pack, forge, says):
    path = tmp_path / "images"
    path.write_bytes(pack(forge(idx)))
    with pytest.raises(InputError) as refused:
        read_idx(path, axes=3)
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


def test_what_is_declared_takes_no_memory(tmp_path, idx):
    """A gibibyte declared, by a file of a few bytes and by a bomb of a megabyte that declares little."""
    plain, bomb = tmp_path / "plain", tmp_path / "bomb.gz"
    plain.write_bytes(gzip.compress(idx(IMAGES, shape=(1 << 10, 1 << 10, 1 << 10))))
    bomb.write_bytes(gzip.compress(idx(IMAGES) + bytes(200 << 20), 9))
    tracemalloc.start()
    try:
        for path in (plain, bomb):
            with pytest.raises(InputError):
                read_idx(path)
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("cut", [12, 25, -1, -8])
def test_a_compressed_file_that_is_cut_short(tmp_path, idx, cut):
    path = tmp_path / "images.gz"
    path.write_bytes(gzip.compress(idx(IMAGES))[:cut])
    with pytest.raises(InputError, match=r"images\.gz must be"):
        read_idx(path)


def test_a_checksum_that_does_not_hold(tmp_path, idx):
    packed = bytearray(gzip.compress(idx(IMAGES)))
    packed[-6] ^= 1
    (tmp_path / "images.gz").write_bytes(packed)
    with pytest.raises(InputError, match=r"undamaged gzip file.*CRC"):
        read_idx(tmp_path / "images.gz")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 60), value=st.integers(0, 255), packed=st.booleans())
def test_any_byte_changed_is_read_or_refused(tmp_path, idx, place, value, packed):
    content = bytearray(gzip.compress(idx(IMAGES), mtime=0) if packed else idx(IMAGES))
    content[place % len(content)] = value
    path = tmp_path / "images"
    path.write_bytes(content)
    try:
        array = read_idx(path)
    except InputError:
        return
    assert array.dtype == np.uint8
    assert array.size <= IMAGES.size


@pytest.mark.parametrize("name", ["missing", "folder", "fifo", "nul\0"])
def test_what_is_no_file_is_refused(tmp_path, name):
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "fifo")  # reading it would wait for ever
    with pytest.raises(InputError, match="file must be a readable file"):
        read_idx(tmp_path / name)
