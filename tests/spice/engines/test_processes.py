"""Programs that hang, crash, shout or leave children behind: the right error, and nothing left."""

from __future__ import annotations

import os
import signal
import tempfile
import threading
import time
import tracemalloc
from concurrent.futures import CancelledError
from contextlib import contextmanager
from pathlib import Path

import pytest

from rescircuit.errors import SpiceError
from rescircuit.spice import run_deck, write_deck
from rescircuit.spice.engines.ngspice import run_decks
from rescircuit.spice.engines.processes import run_program

LEAVES_CHILDREN = "for k in 1 2 3; do sleep 60 & echo $! >> {0}; done\necho $$ >> {0}\n"


@pytest.fixture
def deck(divider):
    return write_deck(divider)


@pytest.fixture(autouse=True)
def temporary_folders(tmp_path, monkeypatch):
    """Every test ends without a temporary folder left behind."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


@pytest.fixture
def pids(tmp_path):
    """A file for the numbers of processes, none of which runs at the end of the test."""
    listed = tmp_path / "pids"
    yield listed
    numbers = [int(line) for line in listed.read_text().split()]
    assert numbers
    deadline = time.monotonic() + 5
    while any(map(runs, numbers)) and time.monotonic() < deadline:
        time.sleep(0.01)  # a killed process takes a moment to die
    assert not any(map(runs, numbers))


def runs(number):
    """Whether the process exists and is more than an entry that nobody has asked after yet."""
    status = Path(f"/proc/{number}/stat")
    if not Path("/proc/self").exists():  # no Linux: an entry without a parent soon goes
        try:
            os.kill(number, 0)
        except ProcessLookupError:
            return False
        return True
    try:
        return status.read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    except (FileNotFoundError, ProcessLookupError):
        return False


@contextmanager
def interrupted_once(path):
    """Press Ctrl-C as soon as the file is there."""

    def press():
        deadline = time.monotonic() + 5
        while not (path.exists() and path.read_text().endswith("\n")) and time.monotonic() < deadline:
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    usual = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background ignores it
    thread = threading.Thread(target=press)
    thread.start()
    try:
        yield
    finally:
        thread.join()
        signal.signal(signal.SIGINT, usual)


def test_one_that_hangs_is_stopped_with_its_children(deck, stand_in, pids):
    stand_in(LEAVES_CHILDREN.format(pids) + "sleep 60")
    with pytest.raises(SpiceError, match=r"stopped after 0\.2 s.*Allow more time"):
        run_deck(deck, timeout=0.2)


def test_one_that_hangs_without_its_output_is_stopped(deck, stand_in, pids):
    stand_in(LEAVES_CHILDREN.format(pids) + "exec sleep 60 >/dev/null 2>&1")
    with pytest.raises(SpiceError, match=r"stopped after 0\.2 s"):
        run_deck(deck, timeout=0.2)


def test_one_that_ignores_requests_is_stopped(deck, stand_in, pids):
    stand_in("trap '' TERM INT HUP PIPE\n" + LEAVES_CHILDREN.format(pids) + "while :; do sleep 0.05; done")
    with pytest.raises(SpiceError, match="stopped"):
        run_deck(deck, timeout=0.2)


@pytest.mark.parametrize("where", ["", ">/dev/null 2>&1"], ids=["with the pipe", "without the pipe"])
def test_children_left_behind_end_with_it(deck, stand_in, pids, where):
    stand_in(f"sleep 60 {where} & echo $! >> {pids}\nexit 0")
    with pytest.raises(SpiceError, match="without a raw file"):
        run_deck(deck, timeout=30)


@pytest.mark.parametrize("name", ["SEGV", "ABRT", "KILL", "TERM"])
def test_one_that_crashes_is_named_by_its_signal(deck, stand_in, pids, name):
    stand_in(LEAVES_CHILDREN.format(pids) + f"ulimit -c 0\necho so far so good\nkill -{name} $$\nsleep 60")
    with pytest.raises(SpiceError, match=rf"failed \(ended by SIG{name}\): so far so good"):
        run_deck(deck, timeout=30)


@pytest.mark.parametrize("shout", ["yes", "yes '' ", "tr '\\0' x < /dev/zero", "cat /dev/urandom"])
def test_one_that_shouts_without_end_takes_no_memory(deck, stand_in, pids, shout):
    stand_in(f"echo $$ >> {pids}\n{shout} & echo $! >> {pids}\nwait")
    tracemalloc.start()
    try:
        with pytest.raises(SpiceError, match=r"stopped after (it printed \d+ bytes|0\.3 s)"):
            run_deck(deck, timeout=0.3)
        assert tracemalloc.get_traced_memory()[1] < 20e6
    finally:
        tracemalloc.stop()


def test_the_size_of_what_is_printed_has_a_limit(deck, stand_in, monkeypatch):
    monkeypatch.setattr("rescircuit.spice.engines.processes._LARGEST_OUTPUT", 1 << 20)
    stand_in("yes")
    with pytest.raises(SpiceError, match=r"stopped after it printed \d{7} bytes"):
        run_deck(deck, timeout=30)


def test_lines_are_heard_whole_whatever_ends_them(tmp_path):
    heard = []
    script = "printf 'one\\rtwo\\r\\nth'; printf 'ree\\n\\nfour \\303'; sleep 0.1; printf '\\251\\377'; exit 5"
    command = ["/bin/sh", "-c", script]
    assert run_program(command, str(tmp_path), timeout=10, hear=heard.append) == 5
    assert heard == ["one", "two", "three", "four é\ufffd"]


@pytest.mark.parametrize("sparse", ["truncate -s 3G out.raw", "cat {0} > out.raw; truncate -s 3G out.raw"])
def test_a_huge_raw_file_is_not_read(deck, stand_in, sparse, tmp_path):
    head = tmp_path / "head"
    head.write_text("Title: t\nPlotname: Operating Point\nFlags: real\nNo. Variables: 5\nNo. Points: 80000000\n")
    stand_in(sparse.format(head))
    with pytest.raises(SpiceError, match=r"a raw file of 3221225472 bytes where at most \d{4} were asked for"):
        run_deck(deck)


@pytest.mark.parametrize("made", ["ln -s {0} out.raw", "mkfifo out.raw", "mkdir out.raw", "ln -s /dev/zero out.raw"])
def test_a_raw_file_that_is_no_file_is_not_read(deck, stand_in, made, tmp_path):
    (tmp_path / "elsewhere").write_bytes(b"Title: t\n")
    stand_in(made.format(tmp_path / "elsewhere"))
    with pytest.raises(SpiceError, match="left no raw file that can be read"):
        run_deck(deck)
    assert (tmp_path / "elsewhere").read_bytes() == b"Title: t\n"


def test_one_that_ends_without_a_word_has_failed(deck, stand_in):
    stand_in("exit 0")
    with pytest.raises(SpiceError, match="without a word and without a raw file"):
        run_deck(deck)


def test_ctrl_c_ends_a_run_and_all_that_belongs_to_it(deck, stand_in, pids):
    stand_in(LEAVES_CHILDREN.format(pids) + "sleep 60")
    with pytest.raises(KeyboardInterrupt), interrupted_once(pids):
        run_deck(deck, timeout=30)


def test_ctrl_c_ends_all_runs(deck, stand_in, pids):
    stand_in(LEAVES_CHILDREN.format(pids) + "sleep 60")
    with pytest.raises(KeyboardInterrupt), interrupted_once(pids):
        run_decks([deck] * 6, timeout=30, workers=3)


def test_the_first_failure_ends_all_runs_and_starts_no_more(text_deck, stand_in, pids, tmp_path):
    started = tmp_path / "started"
    waiting = f"while [ $(wc -l < {pids}) -lt 2 ]; do sleep 0.01; done"
    stand_in(
        f"echo run >> {started}\n"
        f"if grep -q broken deck.cir; then {waiting}; echo it broke; exit 1; fi\n"
        f"echo $$ >> {pids}; sleep 60"
    )
    pids.touch()
    decks = [text_deck("* slow"), text_deck("* slow"), text_deck("* broken"), *[text_deck("* slow")] * 5]
    with pytest.raises(SpiceError, match=r"^decks\[2\]: ngspice failed \(exit status 1\): it broke$"):
        run_decks(decks, timeout=30, workers=3)
    assert started.read_text().split() == ["run"] * 3


def test_a_run_that_is_called_off_ends_and_brings_nothing(tmp_path):
    stop = threading.Event()
    threading.Timer(0.1, stop.set).start()
    with pytest.raises(CancelledError):
        run_program(["/bin/sleep", "60"], str(tmp_path), timeout=30, hear=print, stop=stop)
