"""Files: what we leave is whole or absent, and what people bring may be anything."""

from __future__ import annotations

import io
import os
import stat
import struct
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

import rescircuit as rc
from rescircuit import files

needs_permissions = pytest.mark.skipif(
    hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may write anywhere, whatever a folder's mode says"
)


def refusal(function, *arguments):
    with pytest.raises(rc.InputError) as caught:
        function(*arguments)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


# Writing


@pytest.fixture
def umask():
    """Set the umask for one test."""
    before = os.umask(0o022)
    yield os.umask
    os.umask(before)


def test_text_is_written_whole_and_nothing_else(tmp_path):
    path = tmp_path / "deck.cir"
    assert files.write_text(str(path), "Ω and µ\n") == path
    assert path.read_bytes() == "Ω and µ\n".encode()
    assert names(tmp_path) == ["deck.cir"]


def test_a_reader_sees_the_old_file_or_the_new_one(tmp_path):
    """The new content appears under the name by one rename: who has the old file open keeps all of it."""
    path = tmp_path / "a.txt"
    path.write_text("old")

    def write(temporary):
        temporary.write_text("new, half")
        assert path.read_text() == "old"
        assert temporary.parent == tmp_path  # a rename across disks is no rename
        assert temporary.suffix == ".txt"  # by which some writers choose their format
        temporary.write_text("new, whole")

    with path.open() as reader:
        files.write_atomically(path, write)
        assert reader.read() == "old"
    assert path.read_text() == "new, whole"
    assert names(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, ValueError, MemoryError, SystemExit])
@pytest.mark.parametrize("existing", [True, False])
def test_an_interrupted_write_leaves_nothing(tmp_path, interruption, existing):
    path = tmp_path / "a.txt"
    if existing:
        path.write_text("old")

    def write(temporary):
        temporary.write_text("half")
        raise interruption

    with pytest.raises(interruption):
        files.write_atomically(path, write)
    assert names(tmp_path) == (["a.txt"] if existing else [])
    assert not existing or path.read_text() == "old"


def test_a_full_disk_is_one_line_and_leaves_nothing(tmp_path):
    def write(temporary):
        temporary.write_text("half")
        raise OSError(28, "No space left on device")

    message = refusal(files.write_atomically, tmp_path / "a.txt", write)
    assert message.endswith("a.txt'. No space left on device.")
    assert names(tmp_path) == []


def test_a_link_stays_and_its_file_is_replaced(tmp_path):
    (tmp_path / "there").mkdir()
    link, target = tmp_path / "a.txt", tmp_path / "there" / "b.txt"
    link.symlink_to(target)
    for text in ("made", "replaced"):
        assert files.write_text(link, text) == link
        assert link.is_symlink()
        assert target.read_text() == text
    assert names(tmp_path / "there") == ["b.txt"]


def test_a_link_to_itself_is_refused(tmp_path):
    (tmp_path / "a.txt").symlink_to(tmp_path / "a.txt")
    (tmp_path / "b.txt").symlink_to(tmp_path / "none" / "b.txt")
    assert "path must be in a folder" in refusal(files.write_text, tmp_path / "b.txt", "x")


def test_a_pipe_is_written_to_and_stays(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        files.write_text(pipe, "through")
        assert os.read(reader, 100) == b"through"
    finally:
        os.close(reader)
    assert pipe.is_fifo()
    assert names(tmp_path) == ["pipe"]


def test_a_device_stays_a_device(tmp_path):
    assert files.write_text(os.devnull, "gone") == Path(os.devnull)
    assert Path(os.devnull).is_char_device()
    (tmp_path / "link").symlink_to(os.devnull)
    files.write_text(tmp_path / "link", "gone")
    assert (tmp_path / "link").is_char_device()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is full")
def test_a_full_device_is_one_line():
    assert refusal(files.write_text, "/dev/full", "x").endswith("No space left on device.")


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder that takes no files")
def test_a_folder_that_takes_no_files_is_no_folder_made():
    assert "folder must be a folder that can be written to, got" in refusal(files.make_folder, "/proc/self")


def test_a_folder_in_the_files_place_is_refused(tmp_path):
    (tmp_path / "a.txt").mkdir()
    assert "path must be a file that can be written" in refusal(files.write_text, tmp_path / "a.txt", "x")
    assert names(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("folder", ["absent", "file"])
def test_a_file_needs_a_folder(tmp_path, folder):
    (tmp_path / "file").write_text("not a folder")
    message = refusal(files.write_text, tmp_path / folder / "a.txt", "x")
    assert message.startswith("path must be in a folder that can be written to, got '")
    assert message.endswith(("No such file or directory.", "Not a directory."))


@needs_permissions
def test_a_read_only_folder_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    try:
        message = refusal(files.write_text, tmp_path / "a.txt", "x")
    finally:
        tmp_path.chmod(0o700)
    assert message.endswith("Permission denied.")
    assert names(tmp_path) == []


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o027, 0o640), (0o077, 0o600), (0o002, 0o664)])
def test_the_mode_follows_the_umask(tmp_path, umask, mask, mode):
    """Temporary files are private; a result is as readable as the user's other files, and the umask stays."""
    umask(mask)
    path = files.write_text(tmp_path / "a.txt", "x")
    assert stat.S_IMODE(path.stat().st_mode) == mode
    assert umask(mask) == mask


def test_folders_are_made_with_their_parents(tmp_path):
    folder = tmp_path / "a" / "b"
    assert files.make_folder(str(folder)) == folder
    assert files.make_folder(folder).is_dir()  # again
    (tmp_path / "file").write_text("x")
    assert "folder must be a folder that can be made" in refusal(files.make_folder, tmp_path / "file")
    assert "Not a directory." in refusal(files.make_folder, tmp_path / "file" / "below")


# Tables


@settings(max_examples=50, deadline=None)
@given(
    npst.arrays(
        np.float64,
        npst.array_shapes(min_dims=2, max_dims=2),
        elements=npst.from_dtype(np.dtype(float), allow_nan=False, allow_infinity=False),
    )
)
def test_tables_come_back_bit_for_bit(tmp_path_factory, table):
    path = tmp_path_factory.mktemp("csv") / "table.csv"
    assert files.read_csv(files.write_csv(path, table)).tobytes() == table.tobytes()


@pytest.mark.parametrize(
    ("content", "table"),
    [
        (b"1,2\n3,4\n", [[1, 2], [3, 4]]),
        (b"1,2\n3,4", [[1, 2], [3, 4]]),
        (b"1,2\r\n3,4\r\n", [[1, 2], [3, 4]]),
        (b"\xef\xbb\xbf1,2\n", [[1, 2]]),  # a byte order mark, as spreadsheets write it
        (b"# a comment\n\n  \n 1 ,\t2 # another\n\n", [[1, 2]]),
        (b"5\n", [[5]]),
        (b"-1e-3,+.5,1E3\n", [[-1e-3, 0.5, 1e3]]),
        ("# µ and\u2028Ω\n1,2\n".encode(), [[1, 2]]),
    ],
)
def test_tables_as_people_write_them(tmp_path, content, table):
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    read = files.read_csv(path)
    assert read.dtype == np.float64
    assert read.tolist() == table


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"1,2\n3\n", "table.csv, line 2 must be 2 numbers, as the lines before, got '1 numbers'"),
        (b"# c\n\n1,2\n3,4,5\n", "table.csv, line 4 must be 2 numbers"),
        (b"1,2\nx,3\n", "table.csv, line 2 must be numbers with commas between them, got 'x,3'"),
        (b"a,b\n1,2\n", "table.csv, line 1 must be numbers"),
        (b"1,2,\n", "table.csv, line 1 must be numbers"),
        (b"1;2\n", "table.csv, line 1 must be numbers"),
        (b"1,2\n3,10k\n", "table.csv, line 2 must be numbers"),
        (b"1,2\n\n3,nan\n", "table.csv, line 3 must be finite numbers, got '3,nan'"),
        (b"1\n1e999\n", "table.csv, line 2 must be finite numbers"),
        ("# a\u2028b\f\x85\n1,2\n?\n".encode(), "table.csv, line 3 must be"),  # lines as editors count them
        (b"", "table.csv must be finite numbers, at least one"),
        (b"# nothing\n\n", "table.csv must be finite numbers, at least one"),
        (b"\xff\xfe1\x00", "file must be readable text"),
    ],
)
def test_other_tables_are_refused_with_their_line(tmp_path, content, says):
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    assert says in refusal(files.read_csv, path)


@pytest.mark.parametrize("read", [files.read_bytes, files.read_csv, files.read_npz])
def test_files_that_are_none(tmp_path, read):
    assert refusal(read, tmp_path / "absent").endswith("No such file or directory.")
    assert refusal(read, tmp_path).startswith("file must be")


@pytest.mark.parametrize("read", [files.read_bytes, files.read_csv, files.read_npz])
def test_a_large_file_is_refused_before_it_is_read(tmp_path, monkeypatch, read):
    monkeypatch.setattr(files, "LARGEST_BYTES", 100)
    path = tmp_path / "large"
    path.write_bytes(b"1\n" * 51)
    assert "file must be at most 100 bytes" in refusal(read, path)


# Archives of arrays


@pytest.fixture
def archive(tmp_path):
    """Write bytes, or npy members by name, as an archive and give its path."""

    def writer(content):
        path = tmp_path / "a.npz"
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            with zipfile.ZipFile(path, "w") as stored:
                for name, data in content.items():
                    stored.writestr(name, data)
        return path

    return writer


def npz(save=np.savez, **arrays):
    buffer = io.BytesIO()
    save(buffer, **arrays)
    return buffer.getvalue()


def npy(header, body=b"", version=(1, 0)):
    """An npy file with the header given, which may be nonsense."""
    size = struct.pack("<H" if version == (1, 0) else "<I", len(header))
    return b"\x93NUMPY" + bytes(version) + size + header + body


def header(shape, descr="'<f8'"):
    return f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}".encode()


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_arrays_come_back_in_order_bit_for_bit(archive, save):
    arrays = {
        "weights": np.random.default_rng(1).normal(size=(3, 4)),
        "a": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "big_endian": np.array([1, 2], dtype=">i4"),
        "scalar": np.array(5),
        "empty": np.empty((0, 3)),
        "text": np.array(["relu", "identity"]),
        "flags": np.array([True, False]),
    }
    read = files.read_npz(archive(npz(save, **arrays)))
    assert list(read) == list(arrays)
    for name, array in arrays.items():
        assert read[name].dtype == array.dtype
        assert read[name].shape == array.shape
        assert np.array_equal(read[name], array)


def test_the_second_npy_format_and_other_members(archive):
    path = archive({"README": b"not an array", "a.npy": npy(header("(2,)"), bytes(16), (2, 0))})
    read = files.read_npz(path)
    assert list(read) == ["a"]
    assert read["a"].tolist() == [0.0, 0.0]


class Bomb:
    """Its unpickling would be seen."""

    went_off = False

    def __reduce__(self):
        return Bomb.go_off, ()

    @staticmethod
    def go_off():
        Bomb.went_off = True


@pytest.mark.parametrize("dtype", [object, [("a", "f8"), ("b", object)]])
def test_pickled_objects_are_refused_and_never_run(archive, dtype):
    content: Any = [Bomb()] if dtype is object else [(1.0, Bomb())]
    array = np.array(content, dtype=dtype)
    message = refusal(files.read_npz, archive(npz(a=array)))
    assert message == "a.npy must be an array of numbers or text, got 'objects'. Pickles are not read."
    assert not Bomb.went_off


@pytest.mark.parametrize(
    ("shape", "descr"),
    [
        ("(1000000000000,)", "'<f8'"),
        ("(1000000, 1000000)", "'<f8'"),
        ("(1000000000000,)", "'|V0'"),  # items of no bytes at all
        ("(9,)", "('<f8', (2,))"),
        ("(-4, -1000000000000)", "'<f8'"),
    ],
)
def test_a_header_that_claims_more_than_there_is_takes_no_memory(archive, monkeypatch, shape, descr):
    path = archive({"a.npy": npy(header(shape, descr), bytes(16))})
    monkeypatch.setattr(np.lib.format, "read_array", lambda *_, **__: pytest.fail("memory was taken"))
    assert refusal(files.read_npz, path).startswith("a.npy must be as long as its header says, got ")


@pytest.mark.parametrize(
    "text",
    [
        header("(-5,)"),
        header(f"({10**30}, 0)"),  # no item, but a length beyond 64 bits
        header("(2,)", "'nonsense'"),
        header("(2.5,)"),
        header("'ab'"),
        b"",
        b"(((",  # an open bracket
        b"(1,\n  2",
        b"{[]: 1}",
        b"{1: 2, 'a': 3}",
        b"-" * 5000 + b"1",
        b"{'descr': '<f8'}",
        b"\xff\xff",
        b"a\0b",
        b"{'descr': __import__('os').system('true'), 'fortran_order': False, 'shape': (1,), }",
    ],
)
def test_nonsense_in_a_header_is_one_line(archive, text):
    message = refusal(files.read_npz, archive({"a.npy": npy(text, bytes(64))}))
    assert message.startswith(("file must be a readable npz archive, got '", "a.npy must be"))


def test_other_npy_formats_are_refused(archive):
    assert "a.npy must be in npy format 1.0 or 2.0, got (9, 0)" in refusal(
        files.read_npz, archive({"a.npy": npy(header("(2,)"), bytes(16), (9, 0))})
    )
    assert "readable npz archive" in refusal(files.read_npz, archive({"a.npy": b"\x93NUMPX" + npy(header("(2,)"))[6:]}))


def test_line_breaks_in_a_members_name_leave_one_line(archive):
    assert "objects" in refusal(files.read_npz, archive({"two\nlines.npy": npy(header("(1,)", "'|O'"), b"x")}))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "readable npz archive"),
        (b"plainly no archive", "not a zip file"),
        (npy(header("(2,)"), bytes(16)), "not a zip file"),  # a single array, saved by np.save
        ({}, "an npz archive with at least one array"),
        ({"a.txt": b"1,2"}, "an npz archive with at least one array"),
        ({"a.npy": b"short"}, "readable npz archive"),
        ({"a.npy": npy(header("(3,)"), bytes(16))}, "readable npz archive"),  # one more than there are
    ],
)
def test_what_is_no_archive_of_arrays(archive, content, says):
    assert says in refusal(files.read_npz, archive(content))


@pytest.mark.parametrize("kept", [0.2, 0.5, 0.9, 0.99])
def test_truncated_archives_are_refused(archive, kept):
    whole = npz(a=np.arange(100.0), b=np.arange(50.0))
    assert "readable npz archive" in refusal(files.read_npz, archive(whole[: int(kept * len(whole))]))


def patched(whole, local, central, value):
    """An archive of one member with a 16-bit field changed in both of its headers."""
    changed = bytearray(whole)
    for signature, offset in ((b"PK\x03\x04", local), (b"PK\x01\x02", central)):
        start = whole.index(signature) + offset
        changed[start : start + 2] = struct.pack("<H", value)
    return bytes(changed)


def test_encrypted_archives_are_refused(archive):
    whole = patched(npz(a=np.arange(3.0)), 6, 8, 0x1)  # general purpose flags, bit 0
    assert "encrypted" in refusal(files.read_npz, archive(whole))


def test_unknown_compressions_are_refused(archive):
    whole = patched(npz(a=np.arange(3.0)), 8, 10, 97)  # method 97, WavPack
    assert "compression" in refusal(files.read_npz, archive(whole))


def test_damaged_numbers_are_noticed(archive):
    """A flipped bit in stored numbers fails the archive's checksum; in compressed ones, often the decompressor."""
    stored = bytearray(npz(a=np.ones(100)))
    stored[stored.index(np.ones(1).tobytes()) + 400] ^= 1
    assert "CRC" in refusal(files.read_npz, archive(bytes(stored)))
    compressed = bytearray(npz(np.savez_compressed, a=np.random.default_rng(1).normal(size=100)))
    start = compressed.index(b"a.npy") + 5
    compressed[start + 20 : start + 200] = b"\xff" * 180
    assert "readable npz archive" in refusal(files.read_npz, archive(bytes(compressed)))


def test_a_zip_bomb_is_refused_by_the_sum_of_its_members(archive, monkeypatch):
    """Each member is below the limit, and so is the file: 128 KiB of zeros pack into less than 1 KiB."""
    monkeypatch.setattr(files, "LARGEST_BYTES", 100_000)
    small = np.zeros(8192)  # 64 KiB
    assert files.read_npz(archive(npz(np.savez_compressed, a=small)))["a"].size == 8192
    bomb = npz(np.savez_compressed, a=small, b=small)
    assert len(bomb) < 2000
    monkeypatch.setattr(np.lib.format, "read_array", lambda *_, **__: pytest.fail("memory was taken"))
    assert "at most 100000 bytes of numbers, got '131328 bytes'" in refusal(files.read_npz, archive(bomb))


WHOLE = npz(np.savez_compressed, a=np.arange(40.0), b=np.asfortranarray(np.eye(3)), c=np.array(["x", "yz"]))


@settings(max_examples=400, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), min_size=1, max_size=6))
def test_any_damage_ends_in_arrays_or_one_line(tmp_path_factory, changes):
    """NumPy and zipfile raise a dozen kinds of exceptions on such files; a user meets one."""
    damaged = bytearray(WHOLE)
    for place, value in changes:
        damaged[place] = value
    path = tmp_path_factory.getbasetemp() / "damaged.npz"
    path.write_bytes(damaged)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NumPy's, of headers that it had to repair
        try:
            arrays = files.read_npz(path)
        except rc.InputError as error:
            assert "\n" not in str(error)
        else:
            assert all(array.dtype.kind in "biufcSUV" for array in arrays.values())


@pytest.mark.parametrize("text", ["1_000", "\uff11", "1,\u0661"])
def test_digits_that_only_python_reads_are_refused(tmp_path, text):
    (tmp_path / "table.csv").write_text(f"0,0\n{text}\n", encoding="utf-8")
    with pytest.raises(rc.InputError, match=r"table\.csv, line 2 must be numbers"):
        files.read_csv(tmp_path / "table.csv")


def test_what_never_ends_is_not_read(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(rc.InputError, match="not a regular file"):
        files.read_csv(tmp_path / "pipe.csv")
