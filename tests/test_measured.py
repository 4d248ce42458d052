"""Measured values: what is written reads back from every format, and what is no measurement is refused unread."""

from __future__ import annotations

import json
import os
import sys
import zipfile

import numpy as np
import pytest
import zarr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import rescircuit as rc
from rescircuit.measured import read_flags, read_values
from rescircuit.measured.values import _read

RNG = np.random.default_rng(11)
VALUES = 10 ** RNG.uniform(-6, -4, (70, 5))


def refusal(function, *arguments):
    with pytest.raises(rc.InputError) as caught:
        function(*arguments)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def write_zarr(path, values=VALUES, name="values", zarr_format=3, **options):
    """A zarr store with one array in it."""
    options = {"chunks": tuple(max(1, length // 3) for length in values.shape), **options}
    group = zarr.open_group(path, mode="a", zarr_format=zarr_format)
    group.create_array(name, shape=values.shape, dtype=values.dtype, **options)[...] = values
    return path


def write_metadata(folder, **changes):
    """A zarr array of format 3 with nothing behind its metadata."""
    folder.mkdir(parents=True)
    metadata = {
        "zarr_format": 3,
        "node_type": "array",
        "shape": [4, 3],
        "data_type": "float64",
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [4, 3]}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "fill_value": 0.0,
        "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}],
        "attributes": {},
        **changes,
    }
    (folder / "zarr.json").write_text(json.dumps(metadata))
    return folder


def write_old_metadata(folder, **changes):
    """The same in format 2."""
    folder.mkdir(parents=True)
    metadata = {
        "zarr_format": 2,
        "shape": [4, 3],
        "chunks": [4, 3],
        "dtype": "<f8",
        "compressor": None,
        "filters": None,
        "fill_value": 0.0,
        "order": "C",
        **changes,
    }
    (folder / ".zarray").write_text(json.dumps(metadata))
    return folder


# What reads back


def test_csv_reads_back(tmp_path):
    np.savetxt(tmp_path / "a.csv", VALUES, delimiter=",", fmt="%.17g")
    assert np.array_equal(read_values(tmp_path / "a.csv"), VALUES)


@pytest.mark.parametrize("shape", [(350,), (70, 5), (7, 2, 5, 5)])
def test_npz_reads_back_in_its_shape(tmp_path, shape):
    np.savez_compressed(tmp_path / "a.npz", whatever=VALUES.reshape(shape))
    assert np.array_equal(read_values(str(tmp_path / "a.npz")), VALUES.reshape(shape))


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize("shape", [(350,), (70, 5), (7, 2, 5, 5)])
def test_zarr_reads_back_in_its_shape(tmp_path, zarr_format, shape):
    path = write_zarr(tmp_path / "a.zarr", VALUES.reshape(shape), zarr_format=zarr_format)
    assert np.array_equal(read_values(path), VALUES.reshape(shape))


@pytest.mark.parametrize("dtype", ["<f8", ">f8", "<f4", "<i2", ">i4", "<u8", "|i1", "<f2"])
@pytest.mark.parametrize("zarr_format", [2, 3])
def test_zarr_of_any_number_type(tmp_path, dtype, zarr_format):
    values = np.arange(1, 13).reshape(4, 3).astype(dtype)
    path = write_zarr(tmp_path / "a.zarr", values, zarr_format=zarr_format)
    read = read_values(path)
    assert read.dtype == np.float64
    assert np.array_equal(read, values)


@pytest.mark.parametrize("compressors", [None, zarr.codecs.BloscCodec(), zarr.codecs.GzipCodec()])
def test_zarr_with_common_codecs_and_in_shards(tmp_path, compressors):
    options = {"chunks": (10, 5), "shards": (30, 5), "compressors": compressors}
    assert np.array_equal(read_values(write_zarr(tmp_path / "a.zarr", **options)), VALUES)


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize("name", ["a.zarr", "a.zarr.zip"])
def test_zarr_in_a_zip_file(tmp_path, name, zarr_format):
    folder = write_zarr(tmp_path / "folder", zarr_format=zarr_format)
    with zipfile.ZipFile(tmp_path / name, "w") as archive:
        for file in folder.rglob("*"):
            archive.write(file, file.relative_to(folder))
    assert np.array_equal(read_values(tmp_path / name), VALUES)


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_a_zarr_array_without_a_group(tmp_path, zarr_format):
    array = zarr.create_array(tmp_path / "a", shape=(70, 5), chunks=(9, 2), dtype="f8", zarr_format=zarr_format)
    array[...] = VALUES
    assert np.array_equal(read_values(tmp_path / "a"), VALUES)


def test_many_pieces_are_put_together(tmp_path, monkeypatch):
    monkeypatch.setattr("rescircuit.measured.zarr_stores._BYTES_AT_ONCE", 1)
    assert np.array_equal(read_values(write_zarr(tmp_path / "a.zarr", chunks=(3, 2))), VALUES)


def test_the_named_array_is_read_among_several(tmp_path):
    np.savez(tmp_path / "a.npz", other=[1.0], values=VALUES, targets=[2.0])
    assert np.array_equal(read_values(tmp_path / "a.npz"), VALUES)
    assert read_values(tmp_path / "a.npz", "targets") == [2.0]
    path = write_zarr(write_zarr(tmp_path / "a.zarr"), np.ones(2), "other")
    assert np.array_equal(read_values(path), VALUES)
    assert read_values(path, "other").tolist() == [1.0, 1.0]
    assert "must be with one array, or one named absent, got 'other, values'" in refusal(read_values, path, "absent")
    (tmp_path / "b.npz").write_bytes((tmp_path / "a.npz").read_bytes())
    assert "must be with one array, or one named absent" in refusal(read_values, tmp_path / "b.npz", "absent")


def test_flags_are_booleans_or_noughts_and_ones(tmp_path):
    flags = RNG.random((4, 3)) < 0.5
    np.savez(tmp_path / "a.npz", flags=flags)
    np.savez(tmp_path / "b.npz", flags=flags.astype(np.int8))
    np.savetxt(tmp_path / "c.csv", flags, delimiter=",", fmt="%d")
    write_zarr(tmp_path / "d.zarr", flags, config={"write_empty_chunks": True})
    for name in ("a.npz", "b.npz", "c.csv", "d.zarr"):
        read = read_flags(tmp_path / name, "stuck")
        assert read.dtype == np.bool_
        assert np.array_equal(read, flags)
    np.savetxt(tmp_path / "e.csv", [[0, 1, 0.5]], delimiter=",")
    assert "stuck in e.csv must be 0 or 1 everywhere, got 0.5" in refusal(read_flags, tmp_path / "e.csv", "stuck")
    assert "must be finite numbers" in refusal(read_values, tmp_path / "a.npz")  # and values are no flags


# What is refused


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("1,2\n3\n", "line 2 must be 2 numbers"),
        ("1,nan\n", "line 1 must be finite numbers"),
        ("S,S\n1,2\n", "line 1 must be numbers with commas between them"),
        ("", "must be finite numbers, at least one"),
    ],
)
def test_a_csv_of_anything_else(tmp_path, content, says):
    (tmp_path / "a.csv").write_text(content)
    assert says in refusal(read_values, tmp_path / "a.csv")


def test_an_npz_of_anything_else(tmp_path):
    for values, says in (([np.nan], "at index 0 must be finite"), (["a"], "must be finite numbers"), ([], "at least")):
        np.savez(tmp_path / "a.npz", values=values)
        assert says in refusal(read_values, tmp_path / "a.npz")
    np.savez(tmp_path / "a.npz", values=np.array([{}]))
    assert "Pickles are not read" in refusal(read_values, tmp_path / "a.npz")


@pytest.mark.parametrize("name", ["a.csv", "a.npz", "a.zarr", "a.zip", "a.txt", "a", "n" * 300, "n" * 300 + ".zarr"])
def test_what_is_not_there(tmp_path, name):
    assert "file must be" in refusal(read_values, tmp_path / name)


@pytest.mark.parametrize("content", [b"", b"PK", b"[1, 2]"])
def test_a_file_that_is_no_zip(tmp_path, content):
    (tmp_path / "a.zarr").write_bytes(content)
    assert "file must be a readable zarr store" in refusal(read_values, tmp_path / "a.zarr")


@pytest.fixture
def no_zarr(monkeypatch):
    """What is refused by its metadata is refused before zarr sees it."""
    monkeypatch.setitem(sys.modules, "zarr", None)
    monkeypatch.setitem(sys.modules, "zarr.storage", None)


GRID = {"name": "regular", "configuration": {"chunk_shape": [1000, 1000]}}
SHARD = {"chunk_shape": [1, 3], "codecs": [{"name": "numcodecs.pickle"}], "index_codecs": []}


@pytest.mark.usefixtures("no_zarr")
@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"shape": [10**9, 1000], "chunk_grid": GRID}, "at most 134217728 numbers, got shape (1000000000, 1000)"),
        ({"shape": [10**30, 3]}, "at most 134217728 numbers"),
        ({"shape": [-4, 3]}, "an array with regular chunks"),
        ({"shape": [4.0, 3]}, "an array with regular chunks"),
        ({"shape": [True, 3]}, "an array with regular chunks"),
        ({"shape": []}, "an array with regular chunks"),
        ({"shape": "43"}, "an array with regular chunks"),
        ({"shape": [4, 3, 1]}, "an array with regular chunks"),
        ({"shape": None}, "an array with regular chunks"),
        ({"shape": [10**6, 10], "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [1, 1]}}},
         "at most 1000000 chunks"),
        ({"chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [10**9, 10**9]}}}, "in chunks of at most"),
        ({"chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [0, 3]}}}, "with regular chunks"),
        ({"chunk_grid": {"name": "rectangular", "configuration": {}}}, "in regular chunks, got 'rectangular'"),
        ({"data_type": "string"}, "of numbers, got 'string'"),
        ({"data_type": "complex128"}, "of numbers, got 'complex128'"),
        ({"data_type": {"name": "numpy.datetime64"}}, "a readable zarr store"),
        ({"codecs": [{"name": "numcodecs.pickle", "configuration": {}}]}, "got 'numcodecs.pickle'"),
        ({"codecs": [{"name": "sharding_indexed", "configuration": SHARD}]}, "got 'numcodecs.pickle'"),
        ({"codecs": 3}, "a readable zarr store"),
        ({"codecs": [{}]}, "Its metadata lack 'name'."),
        ({}, "must be complete, got '0 of 1 chunks'"),
    ],
)  # fmt: skip
def test_a_zarr_array_is_judged_by_its_metadata(tmp_path, changes, says, nested):
    write_metadata(tmp_path / "a.zarr" / ("values" if nested else ""), **changes)
    assert says in refusal(read_values, tmp_path / "a.zarr")


@pytest.mark.usefixtures("no_zarr")
@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"shape": [10**9, 1000]}, "at most 134217728 numbers"),
        ({"dtype": "|O"}, "of numbers, got '|O'. Pickles are not read."),
        ({"dtype": "|O", "filters": [{"id": "pickle"}]}, "Pickles are not read."),
        ({"dtype": "<U5"}, "of numbers, got '<U5'"),
        ({"dtype": [["a", "<f8"]]}, "of numbers, got [['a', '<f8']]"),
        ({"dtype": "<f8, <f8"}, "of numbers"),
        ({"filters": [{"id": "pickle"}]}, "got 'pickle'"),
        ({"compressor": {"id": "json2"}}, "got 'json2'"),
        ({"chunks": None}, "with regular chunks"),
        ({"chunks": [4]}, "with regular chunks"),
    ],
)
def test_an_old_zarr_array_is_judged_by_its_metadata(tmp_path, changes, says):
    write_old_metadata(tmp_path / "a.zarr" / "values", **changes)
    assert says in refusal(read_values, tmp_path / "a.zarr")


@pytest.mark.usefixtures("no_zarr")
def test_metadata_that_are_none(tmp_path):
    folder = write_metadata(tmp_path / "a.zarr")
    for text in ("", "{", "3", "[]", '{"node_type": "array"}', "[" * 100_000, " " * (1 << 21)):
        (folder / "zarr.json").write_text(text)
        refusal(read_values, folder)
    (folder / "zarr.json").unlink()
    assert "with one array, or one named values, got 'none'" in refusal(read_values, folder)


def test_chunks_that_are_missing_are_not_zeros(tmp_path):
    """As after a copy that broke off; zarr itself reads zeros."""
    path = write_zarr(tmp_path / "a.zarr", chunks=(10, 5))
    (path / "values" / "c" / "3" / "0").unlink()
    assert "values in a.zarr must be complete, got '6 of 7 chunks'" in refusal(read_values, path)
    path = write_zarr(tmp_path / "b.zarr", chunks=(10, 5), zarr_format=2)
    (path / "values" / "3.0").unlink()
    assert "6 of 7 chunks" in refusal(read_values, path)


def test_values_that_are_not_finite(tmp_path):
    values = VALUES.copy()
    values[3, 2] = np.nan
    assert "values in a.zarr at index (3, 2) must be finite" in refusal(
        read_values, write_zarr(tmp_path / "a.zarr", values)
    )


def test_damaged_chunks(tmp_path):
    path = write_zarr(tmp_path / "a.zarr", chunks=(70, 5))
    (path / "values" / "c" / "0" / "0").write_bytes(b"nonsense")
    assert "file must be a readable zarr store" in refusal(read_values, path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_what_would_not_end(tmp_path):
    folder = write_metadata(tmp_path / "a.zarr")
    os.mkfifo(folder / "c")
    assert "not a regular file" in refusal(read_values, folder)
    (folder / "c").unlink()
    (folder / "c").symlink_to(folder, target_is_directory=True)
    assert "without links to other folders" in refusal(read_values, folder)


def test_a_store_that_claims_too_much_in_its_files(tmp_path, monkeypatch):
    path = write_zarr(tmp_path / "a.zarr")
    monkeypatch.setattr("rescircuit.measured.zarr_stores.LARGEST_BYTES", 8 * 350)
    assert "must be at most 2800 bytes in 1000000 files" in refusal(
        read_values, write_zarr(path, VALUES, "more"), "more"
    )


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return write_zarr(tmp_path_factory.mktemp("zarr") / "a.zarr", VALUES[:6], chunks=(6, 5))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_damage_to_the_metadata_is_refused_or_harmless(store, data):
    """One place of the metadata holds another value, or a byte is another."""
    file = store / "values" / "zarr.json"
    original = file.read_bytes()
    position = data.draw(st.integers(0, len(original) - 1))
    byte = data.draw(st.integers(32, 126))
    try:
        file.write_bytes(original[:position] + bytes([byte]) + original[position + 1 :])
        read = _read(store, "values")
        assert read.size <= 10_000
    except rc.InputError as error:
        assert "\n" not in str(error)
    finally:
        file.write_bytes(original)
