"""Checked stores: what is written reads back, any damage is found, and whoever is killed goes on where he was."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import warnings

import numpy as np
import pytest
import zarr

import rescircuit as rc
from rescircuit.measured.checked_stores import open_checked_store
from rescircuit.measured.store_format import Column, Layout
from rescircuit.measured.store_writing import StoreWriter, save_checked_store
from rescircuit.measured.zarr_stores import read_zarr

RNG = np.random.default_rng(5)
VALUES = RNG.normal(size=(10, 3))
FLAGS = RNG.random((10, 2, 2)) < 0.5
LEVELS = RNG.normal(size=10)
ARRAYS = {"values": VALUES, "flags": FLAGS, "levels": LEVELS}
PROVENANCE = {"process": "poly", "seed": 3, "temperature": 27.0, "note": "é"}
LAYOUT = Layout(
    columns={"values": Column(shape=(3,)), "flags": Column(kind="bool", shape=(2, 2)), "levels": Column()},
    rows=10,
    chunk_rows=4,
)


def refusal(function, *arguments, **options):
    with pytest.raises(rc.InputError) as caught:
        function(*arguments, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def names_in(folder):
    return sorted(entry.name for entry in folder.iterdir())


def save(path, arrays=ARRAYS, **options):
    return save_checked_store(path, arrays, chunk_rows=4, provenance=PROVENANCE, **options)


def parts(chunk, arrays=ARRAYS):
    return {name: array[LAYOUT.rows_of(chunk)] for name, array in arrays.items()}


def same(store, arrays=ARRAYS):
    return store.provenance == PROVENANCE and all(
        np.array_equal(read, arrays[name]) and read.dtype == arrays[name].dtype for name, read in store.read().items()
    )


# What is written reads back


def test_a_store_reads_back(tmp_path):
    path = save(tmp_path / "a.zarr")
    store = open_checked_store(path)
    assert same(store)
    assert store.layout == LAYOUT
    assert names_in(tmp_path) == ["a.zarr"]
    assert names_in(path) == ["flags", "levels", "values", "zarr.json"]
    with pytest.raises(ValueError, match="read-only"):
        store.read()["values"][0] = 1.0


def test_zarr_itself_and_the_reader_of_strangers_stores_read_the_same(tmp_path):
    path = save(tmp_path / "a.zarr")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        group = zarr.open_group(path, mode="r")
        assert sorted(name for name, _ in group.members()) == sorted(ARRAYS)
    assert group.attrs["provenance"] == PROVENANCE
    for name, array in ARRAYS.items():
        assert np.array_equal(group[name][...], array)
        assert np.array_equal(read_zarr(path, name), array)
        assert group[name].dtype == array.dtype


@pytest.mark.parametrize("rows", [slice(0, 1), slice(3, 9), slice(4, 8), slice(9, None), slice(-3, None), slice(None)])
def test_some_rows_and_some_arrays(tmp_path, rows):
    store = open_checked_store(save(tmp_path / "a.zarr"))
    read = store.read(["levels", "flags"], rows)
    assert list(read) == ["levels", "flags"]
    assert all(np.array_equal(read[name], ARRAYS[name][rows]) for name in read)


def test_only_chunks_that_are_needed_are_read(tmp_path):
    path = save(tmp_path / "a.zarr")
    (path / "values" / "c" / "2" / "0").unlink()
    store = open_checked_store(path)
    assert np.array_equal(store.read(["values"], slice(0, 8))["values"], VALUES[:8])
    assert "chunk 2 of values in a.zarr must be a readable file" in refusal(store.read, ["values"])


def test_rows_and_names_that_are_not_there(tmp_path):
    store = open_checked_store(save(tmp_path / "a.zarr"))
    for rows in (slice(4, 4), slice(10, 12), slice(0, 4, 2), slice("a"), 3):
        assert "rows must be a slice of step 1 that holds some of the 10 rows" in refusal(store.read, None, rows)
    assert "array of a.zarr must be one of values, flags, levels, got 'other'" in refusal(store.read, ["other"])


def test_more_than_a_gib_is_read_in_parts(tmp_path, monkeypatch):
    store = open_checked_store(save(tmp_path / "a.zarr"))
    monkeypatch.setattr("rescircuit.measured.checked_stores.LARGEST_BYTES", 200)
    assert "must be at most 200 bytes, got 360. Read a part of the rows" in refusal(store.read)
    assert len(store.read(rows=slice(0, 5))["values"]) == 5


# Damage is found


def test_every_changed_byte_is_found_or_changes_nothing(tmp_path):
    path = save(tmp_path / "a.zarr")
    found = harmless = 0
    for file in sorted(path.rglob("*")):
        if file.is_dir():
            continue
        content = file.read_bytes()
        for place, byte in enumerate(content):
            for changed in {byte ^ (1 << int(RNG.integers(8)))}:
                file.write_bytes(content[:place] + bytes([changed]) + content[place + 1 :])
                try:
                    assert same(open_checked_store(path)), (file, place, changed)
                    harmless += 1
                except rc.InputError as error:
                    assert "\n" not in str(error)
                    found += 1
        file.write_bytes(content)
    assert same(open_checked_store(path))
    assert found > 2000
    assert 0 < harmless < 300  # white space between the words of the metadata


@pytest.mark.parametrize("length", [0, 1, 95, 97, 1000])
def test_chunks_of_another_length(tmp_path, length):
    path = save(tmp_path / "a.zarr")
    (path / "values" / "c" / "0" / "0").write_bytes(bytes(length))
    assert f"chunk 0 of values in a.zarr must be 96 bytes long, got {length}" in refusal(open_checked_store(path).read)


def test_files_that_are_missing_or_exchanged(tmp_path):
    path = save(tmp_path / "a.zarr")
    chunks = path / "values" / "c"
    (chunks / "0").rename(chunks / "x")
    (chunks / "1").rename(chunks / "0")
    (chunks / "x").rename(chunks / "1")
    assert "chunk 0 of values in a.zarr must be as it was written" in refusal(open_checked_store(path).read)
    (path / "levels" / "zarr.json").unlink()
    assert "levels/zarr.json: No such file or directory." in refusal(open_checked_store, path)
    assert "zarr.json: No such file" in refusal(open_checked_store, tmp_path / "absent.zarr")
    assert "zarr.json: No such file" in refusal(open_checked_store, tmp_path)
    assert "Not a directory" in refusal(open_checked_store, chunks / "0" / "0")


def reseal(path, change):
    """Metadata as somebody forges them, with a seal that fits."""
    from rescircuit.measured import store_format

    content = json.loads((path / "zarr.json").read_text())
    attributes = content["attributes"]
    change(attributes)
    layout = Layout.from_dict(attributes)
    text = store_format.group_metadata(layout, attributes["provenance"], attributes["digests"])
    (path / "zarr.json").write_bytes(text)
    for name, column in layout.columns.items():
        (path / name / "zarr.json").write_bytes(store_format.array_metadata(layout, column))


def test_what_is_sealed_but_false(tmp_path):
    path = save(tmp_path / "a.zarr")
    reseal(path, lambda attributes: attributes.update(rows=10**9, chunk_rows=10**7 // 4))
    assert "store must be a whole store of checked arrays" in refusal(open_checked_store, path)
    path = save(tmp_path / "b.zarr")
    reseal(path, lambda attributes: attributes.update(rows=12))
    assert same(open_checked_store(path), {name: a[:12] for name, a in ARRAYS.items()}) is False  # its padding shows
    for value, says in ((np.nan, "finite numbers, got nan"), (-np.inf, "finite numbers, got -inf")):
        path = save(tmp_path / f"{value}.zarr")
        raw = np.full(4, value).tobytes()
        (path / "levels" / "c" / "0").write_bytes(raw)
        digest = rc.measured.store_format.chunk_digest("levels", 0, raw)
        reseal(path, lambda attributes, digest=digest: attributes["digests"]["levels"].__setitem__(0, digest))
        assert says in refusal(open_checked_store(path).read)


OUTSIDE = (
    b'{"attributes": {"format": "rescircuit store 1", "rows": 1, "chunk_rows": 1, "provenance": {}, "digests": {},'
    b' "columns": {"../a": {"kind": "bool", "shape": []}}}}'
)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"3", b"[]", b"null", b"\xff", b"[" * 100_000, b'{"attributes": 3}', b" " * (1 << 23),
     b'{"attributes": {"format": "rescircuit store 1"}}', OUTSIDE],
)  # fmt: skip
def test_metadata_that_are_none(tmp_path, content):
    (tmp_path / "zarr.json").write_bytes(content)
    assert "store must be a whole store of checked arrays" in refusal(open_checked_store, tmp_path)


# What is refused on writing


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        ({"values": VALUES[:4]}, "arrays must be named values, flags, levels, got 'values'"),
        ({"values": VALUES[:3]}, "values must be float64 of shape (4, 3), got shape (3, 3) of float64"),
        ({"values": VALUES[:4].astype(np.float32)}, "got shape (4, 3) of float32"),
        ({"flags": FLAGS[:4].astype(float)}, "flags must be bool of shape (4, 2, 2), got shape (4, 2, 2) of float64"),
        ({"levels": np.array([1.0, np.nan, 2.0, 3.0])}, "levels must be finite numbers, got nan"),
    ],
)
def test_arrays_that_do_not_fit(tmp_path, arrays, says):
    if len(arrays) > 1 or "named" not in says:
        arrays = parts(0) | arrays
    with StoreWriter(tmp_path / "a.zarr", layout=LAYOUT, provenance=PROVENANCE) as writer:
        assert says in refusal(writer.write, 0, arrays)
        assert "chunk must be a whole number from 0 to 2, got 3" in refusal(writer.write, 3, parts(0))
        assert "store must be complete before it is finished, got '0 of 3 chunks'" in refusal(writer.finish)


def test_layouts_that_cannot_be():
    for columns, rows, chunk_rows, says in (
        ({}, 1, 1, "at least one array"),
        ({"A": Column()}, 1, 1, "named with small letters"),
        ({"../a": Column()}, 1, 1, "named with small letters"),
        ({"a": Column()}, 0, 1, "rows must be"),
        ({"a": Column()}, 1, 0, "chunk_rows must be"),
        ({"a": Column(shape=(1 << 20,))}, 100, 100, "a chunk of a must be at most 268435456 bytes"),
        ({"a": Column()}, 10**6, 1, "chunks must be a whole number from 1 to 100000, got 1000000. Take more rows"),
    ):
        assert says in refusal(Layout, columns=columns, rows=rows, chunk_rows=chunk_rows)
    assert "kind must be one of float64, bool" in refusal(Column, kind="complex")
    assert "shape must be" in refusal(Column, shape=(0,))
    assert "shape must be a tuple" in refusal(Column, shape=[3])


def test_provenance_that_json_does_not_have(tmp_path):
    for value in (np.nan, object(), {1, 2}):
        options = {"layout": LAYOUT, "provenance": {"a": value}}
        assert "provenance must be text, finite numbers" in refusal(StoreWriter, tmp_path / "a", **options)
    options["provenance"] = {"a": "x" * (1 << 20)}
    assert "provenance must be at most" in refusal(StoreWriter, tmp_path / "a", **options)


def test_folders_that_cannot_be_written_to(tmp_path):
    says = refusal(save, tmp_path / "absent" / "a.zarr")
    assert "path must be a folder that can be written to" in says
    assert says.endswith("No such file or directory.")


# Replacing, continuing, and two at once


def test_what_is_there_is_replaced_only_on_demand(tmp_path):
    path = save(tmp_path / "a.zarr")
    other = ARRAYS | {"values": VALUES + 1}
    assert "path must be free" in refusal(save, path, other)
    assert same(open_checked_store(path))
    save(path, other, replace=True)
    assert same(open_checked_store(path), other)
    assert names_in(path) == ["flags", "levels", "values", "zarr.json"]
    for taken in (tmp_path / "folder", tmp_path / "file"):
        taken.mkdir() if taken.name == "folder" else taken.touch()
        assert "Something else is there." in refusal(save, taken, replace=True)
    assert names_in(tmp_path) == ["a.zarr", "file", "folder"]


def test_a_link_stays_one(tmp_path):
    path = save(tmp_path / "a.zarr")
    (tmp_path / "link").symlink_to(path)
    save(tmp_path / "link", ARRAYS | {"values": VALUES + 1}, replace=True)
    assert (tmp_path / "link").is_symlink()
    assert np.array_equal(open_checked_store(path).read()["values"], VALUES + 1)


def append(path, text):
    path.write_text(path.read_text() + text)


def begun(path, chunks=(0, 1), **changes):
    with StoreWriter(path, layout=LAYOUT, provenance=PROVENANCE | changes) as writer:
        for chunk in chunks:
            writer.write(chunk, parts(chunk))


def continued(path, **options):
    """Finish a store, and say which chunks that took."""
    options = {"layout": LAYOUT, "provenance": PROVENANCE, **options}
    with StoreWriter(path, **options) as writer:
        pending = writer.pending
        for chunk in pending:
            writer.write(chunk, parts(chunk))
        writer.finish()
    return pending


def test_a_store_is_continued_where_it_was(tmp_path):
    begun(tmp_path / "a.zarr")
    assert names_in(tmp_path) == ["a.zarr.partial"]
    assert continued(tmp_path / "a.zarr") == [2]
    assert names_in(tmp_path) == ["a.zarr"]
    assert same(open_checked_store(tmp_path / "a.zarr"))


def test_chunks_that_are_not_as_they_were_written_are_done_again(tmp_path):
    path, partial = tmp_path / "a.zarr", tmp_path / "a.zarr.partial"
    for damage, pending in (
        (lambda: (partial / "values/c/0/0").write_bytes(bytes(96)), [0, 2]),
        (lambda: (partial / "values/c/1/0").write_bytes(bytes(95)), [1, 2]),
        ((partial / "flags/c/1/0/0").unlink, [1, 2]),
        ((partial / "levels/zarr.json").unlink, [2]),
        (lambda: (partial / ".progress").write_bytes((partial / ".progress").read_bytes()[:-1]), [1, 2]),
        (lambda: (partial / ".progress").write_bytes((partial / ".progress").read_bytes()[:-40]), [1, 2]),
        (lambda: append(partial / ".progress", "2 "), [2]),
        (lambda: append(partial / ".progress", "9 a b c\n-1 a b c\nx\n\n"), [2]),
    ):
        begun(path)
        damage()
        assert continued(path) == pending
        assert same(open_checked_store(path))
        save(path, replace=True)
        shutil.rmtree(path)


def test_another_provenance_is_refused_and_says_what_differs(tmp_path):
    path = tmp_path / "a.zarr"
    begun(path)
    says = refusal(continued, path, provenance=PROVENANCE | {"temperature": 40.0})
    assert "temperature of a.zarr.partial must be 27.0 as it was begun, got '40.0'. Remove " in says
    assert "seed of a.zarr.partial must be 3 as it was begun, got 'absent'" in refusal(
        continued, path, provenance={name: value for name, value in PROVENANCE.items() if name != "seed"}
    )
    layout = Layout(columns=LAYOUT.columns, rows=11, chunk_rows=4)
    assert "rows of a.zarr.partial must be 10 as it was begun, got '11'" in refusal(continued, path, layout=layout)
    assert continued(path, provenance=PROVENANCE | {"note": "later"}, may_differ=("note",)) == [2]
    assert same(open_checked_store(path))  # the note is that of the beginning


def test_a_partial_folder_that_is_none(tmp_path):
    (tmp_path / "a.zarr.partial").mkdir()
    (tmp_path / "a.zarr.partial" / "mine").touch()
    assert "without other things in its .partial folder" in refusal(save, tmp_path / "a.zarr")
    begun(tmp_path / "b.zarr")
    for text in ("", "{}\n", "3\n", "[]\n", "\xff", "[" * 100_000):
        (tmp_path / "b.zarr.partial" / ".progress").write_text(text)
        assert "Its .progress is damaged. Remove " in refusal(save, tmp_path / "b.zarr")


def test_two_writers_at_once(tmp_path):
    with StoreWriter(tmp_path / "a.zarr", layout=LAYOUT, provenance=PROVENANCE) as writer:
        assert f"Process {os.getpid()} writes it." in refusal(save, tmp_path / "a.zarr")
        for chunk in writer.pending:
            writer.write(chunk, parts(chunk))
        writer.finish()
    assert same(open_checked_store(tmp_path / "a.zarr"))


def test_a_lock_without_its_process_does_not_hold(tmp_path):
    begun(tmp_path / "a.zarr")
    (tmp_path / "a.zarr.partial" / ".lock").write_text("1\n")  # of a process that lives but holds nothing
    assert continued(tmp_path / "a.zarr") == [2]


def test_a_path_that_is_taken_meanwhile(tmp_path):
    with StoreWriter(tmp_path / "a.zarr", layout=LAYOUT, provenance=PROVENANCE) as writer:
        for chunk in writer.pending:
            writer.write(chunk, parts(chunk))
        (tmp_path / "a.zarr").touch()
        assert "path must be free" in refusal(writer.finish)
        (tmp_path / "a.zarr").unlink()
        writer.finish()
    assert same(open_checked_store(tmp_path / "a.zarr"))


def test_what_goes_wrong_between_writing_and_finishing_is_seen(tmp_path):
    with StoreWriter(tmp_path / "a.zarr", layout=LAYOUT, provenance=PROVENANCE) as writer:
        for chunk in writer.pending:
            writer.write(chunk, parts(chunk))
        (tmp_path / "a.zarr.partial" / "levels" / "c" / "1").write_bytes(bytes(32))
        assert "chunk 1 of a.zarr.partial must be as it was written" in refusal(writer.finish)


# Killed at any instant

KILLED = """
    import os, signal, sys
    import numpy as np
    from rescircuit.measured.checked_stores import open_checked_store
    from rescircuit.measured.store_format import Column, Layout
    from rescircuit.measured.store_writing import StoreWriter

    folder, replace = sys.argv[1], sys.argv[2] == "replace"
    os.chdir(folder)
    layout = Layout(columns={"a": Column(shape=(2,)), "b": Column(kind="bool")}, rows=5, chunk_rows=2)

    def arrays(number, rows):
        return {"a": np.arange(10.0).reshape(5, 2)[rows] + number, "b": np.arange(5)[rows] % 2 == 0}

    def write(path, number):
        with StoreWriter(path, layout=layout, provenance={"number": number}, replace=replace) as writer:
            for chunk in writer.pending:
                writer.write(chunk, arrays(number, layout.rows_of(chunk)))
            writer.finish()

    def killed_at(path, moment):
        # Python tells of each thing that it asks of the system's files before it does it.
        child = os.fork()
        if child == 0:
            left = [moment]
            def count(event, _):
                if event != "os.kill" and (event == "open" or event.startswith(("os.", "shutil.", "fcntl."))):
                    left[0] -= 1
                    if left[0] < 0:
                        os.kill(os.getpid(), signal.SIGKILL)
            sys.addaudithook(count)
            write(path, 2)
            os._exit(0)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    def number_in(path):
        store = open_checked_store(__import__("pathlib").Path(path))
        number, found = store.provenance["number"], store.read()
        assert all(np.array_equal(found[k], v) for k, v in arrays(number, slice(None)).items())
        return number

    moment, states = 0, []
    while True:
        path = f"{moment}.zarr"
        if replace:
            write(path, 1)
        code = killed_at(path, moment)
        assert code in (0, -signal.SIGKILL), code
        if code == 0:
            break
        whole = os.path.exists(path) and number_in(path)
        states.append(str(int(whole)))
        if whole != 2:
            write(path, 2)
        assert number_in(path) == 2
        assert not os.path.exists(path + ".partial")
        moment += 1
    print("".join(states))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no processes that fork here")
@pytest.mark.parametrize("mode", ["new", "replace"])
def test_killed_at_any_instant_it_goes_on_or_is_whole(tmp_path, mode):
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
    script = textwrap.dedent(KILLED)
    run = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path), mode],
        check=False,
        capture_output=True,
        text=True,
        env=environment,
    )
    assert run.returncode == 0, run.stderr
    states = run.stdout.strip()
    assert len(states) > 50
    # The old store, or none, for a while; where it is replaced, an instant of neither; and then the new one.
    before = "0+" if mode == "new" else "1+0{1,3}"
    assert re.fullmatch(f"{before}2+", states), states


def test_a_writer_in_another_process_is_killed_and_another_goes_on(tmp_path):
    script = f"""
        import numpy as np, os, sys, time
        from rescircuit.measured.store_format import Column, Layout
        from rescircuit.measured.store_writing import StoreWriter
        layout = Layout(columns={{"a": Column()}}, rows=6, chunk_rows=2)
        with StoreWriter({str(tmp_path / "a.zarr")!r}, layout=layout, provenance={{}}) as writer:
            for chunk in writer.pending:
                if chunk == 2:
                    print("two are there", flush=True)
                    time.sleep(100)
                writer.write(chunk, {{"a": np.full(2, float(chunk))}})
    """
    layout = Layout(columns={"a": Column()}, rows=6, chunk_rows=2)
    options = {"layout": layout, "provenance": {}}
    with subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "two are there\n"
        assert f"Process {other.pid} writes it." in refusal(StoreWriter, tmp_path / "a.zarr", **options)
        other.send_signal(signal.SIGKILL)
    with StoreWriter(tmp_path / "a.zarr", **options) as writer:
        assert writer.pending == [2]
        writer.write(2, {"a": np.full(2, 2.0)})
        writer.finish()
    assert open_checked_store(tmp_path / "a.zarr").read()["a"].tolist() == [0, 0, 1, 1, 2, 2]
