"""Fetching from a server on this machine, which may be wrong, slow, greedy or absent."""

from __future__ import annotations

import gzip
import hashlib
import os
import threading
from dataclasses import replace

import pytest

from rescircuit.datasets import DATASETS, FetchError, check_dataset, fetch_dataset, find_dataset
from rescircuit.errors import InputError


@pytest.fixture
def served(server, small, contents):
    """The small data set, whole behind the server's second mirror; the first knows nothing."""
    for name, content in contents.items():
        server.answers[f"/second/{name}"] = gzip.compress(content)
    return replace(small, mirrors=(f"{server.address}/first/", f"{server.address}/second/"))


def test_the_second_mirror_helps_and_what_is_whole_is_not_fetched_again(served, server, contents, tmp_path):
    steps = []
    states = fetch_dataset(served, tmp_path, report=lambda *step: steps.append(step))
    assert [state.state for state in states] == ["whole"] * 4
    assert {path.name for path in (tmp_path / "mnist").iterdir()} == set(contents)
    for name, content in contents.items():
        assert gzip.decompress((tmp_path / "mnist" / name).read_bytes()) == content
    assert {step for step, _, _ in steps} == set(contents)
    assert all(0 < done <= total for _, done, total in steps)
    assert len(server.asked) == 8
    (tmp_path / "mnist" / "t10k-labels-idx1-ubyte.gz").unlink()
    fetch_dataset(served, tmp_path)
    assert server.asked[8:] == ["/first/t10k-labels-idx1-ubyte.gz", "/second/t10k-labels-idx1-ubyte.gz"]


def test_a_wrong_copy_there_is_replaced(served, tmp_path, fill):
    folder = fill(tmp_path / "mnist")
    wrong = folder / "t10k-labels-idx1-ubyte.gz"
    wrong.write_bytes(gzip.compress(b"something else"))
    assert [state.state for state in check_dataset(served, tmp_path)] == ["whole"] * 3 + ["wrong"]
    assert [state.state for state in fetch_dataset(served, tmp_path)] == ["whole"] * 4


def redirect(to):
    def answer(handler):
        handler.send_response(302)
        handler.send_header("Location", to)
        handler.end_headers()

    return answer


def chunks_without_end(handler):
    handler.send_response(200)
    handler.end_headers()
    try:
        while True:
            handler.wfile.write(bytes(1 << 16))
    except OSError:
        pass


def announced(length, sent=b""):
    def answer(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", str(length))
        handler.end_headers()
        handler.wfile.write(sent)

    return answer


def nonsense(handler):
    handler.wfile.write(b"this is not HTTP\r\n\r\n")


BOMB = gzip.compress(bytes(10 << 20))


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (gzip.compress(b"another file"), "SHA-256"),
        (b"<html>please log in</html>", "SHA-256"),
        (BOMB, "unpacked was asked for, more came"),
        (announced(10**12), "1000000000000 bytes announced"),
        (announced(100, b"short"), "cut short|IncompleteRead|5 bytes|was asked for"),
        (chunks_without_end, "more than .* bytes came"),
        (redirect("file:///etc/passwd"), "not trusted|not allowed"),
        (redirect("http://example.invalid/"), "http is not trusted"),
        (nonsense, "127.0.0.1: "),
    ],
)
def test_what_is_wrong_is_refused_and_leaves_nothing(served, server, contents, tmp_path, answer, says):
    name = next(iter(contents))
    server.answers[f"/second/{name}"] = answer
    with pytest.raises(FetchError, match=says) as refused:
        fetch_dataset(served, tmp_path)
    assert "--data-dir" in str(refused.value)
    assert "\n" not in str(refused.value)
    assert list((tmp_path / "mnist").iterdir()) == []


def test_a_server_that_says_nothing_is_given_up(served, server, contents, tmp_path):
    over = threading.Event()
    server.answers[f"/second/{next(iter(contents))}"] = lambda handler: over.wait(5)
    with pytest.raises(FetchError, match=r"no answer in time|timed out"):
        fetch_dataset(served, tmp_path, timeout=0.2)
    over.set()


def test_without_a_network_the_error_says_what_to_do(small, tmp_path):
    dead = replace(small, mirrors=("https://mirror.invalid/",))
    with pytest.raises(FetchError) as refused:
        fetch_dataset(dead, tmp_path)
    text = str(refused.value)
    assert text.startswith("train-images-idx3-ubyte.gz of mnist could not be fetched (mirror.invalid: ")
    assert f"put the files of mnist from elsewhere into {tmp_path / 'mnist'}" in text


def test_plain_http_is_for_this_machine_alone(small, tmp_path):
    with pytest.raises(FetchError, match="http is not trusted, https is"):
        fetch_dataset(replace(small, mirrors=("http://mirror.invalid/",)), tmp_path)


def test_ctrl_c_leaves_no_half_a_file(served, tmp_path):
    def interrupt(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch_dataset(served, tmp_path, report=interrupt)
    assert list((tmp_path / "mnist").iterdir()) == []


def test_a_publishers_sum_of_the_compressed_file_will_do(served, server, contents, tmp_path):
    """Where only the compressed file's MD5 agrees, as published, it is the publisher's file."""
    files = tuple(
        replace(file, sha256="0" * 64, md5=hashlib.md5(server.answers[f"/second/{file.name}"]).hexdigest())  # noqa: S324 - as published
        for file in served.files
    )
    states = fetch_dataset(replace(served, files=files), tmp_path)
    assert [state.state for state in states] == ["whole"] * 4
    assert len(contents) == 4


def test_the_catalogue_is_what_was_published():
    """Pinned from torchvision's and the publishers' tables: MD5 of the compressed files."""
    md5 = {name: [file.md5[:8] for file in each.files] for name, each in DATASETS.items()}
    assert md5["mnist"] == ["f68b3c2d", "d53e105e", "9fb629c4", "ec29112d"]
    assert md5["fashion-mnist"] == ["8d4fb7e6", "25c81989", "bef4ecab", "bb300cfd"]
    for dataset in DATASETS.values():
        assert [file.size for file in dataset.files] == [47_040_016, 60_008, 7_840_016, 10_008]
        assert all(mirror.startswith("https://") and mirror.endswith("/") for mirror in dataset.mirrors)
        assert len(dataset.mirrors) >= 2
    with pytest.raises(InputError, match="one of mnist, fashion-mnist"):
        find_dataset("cifar")


@pytest.mark.skipif(not os.environ.get("RESCIRCUIT_DATA"), reason="RESCIRCUIT_DATA names no folder with MNIST")
def test_the_real_files_have_the_catalogues_sums():
    assert [state.state for state in check_dataset(DATASETS["mnist"])] == ["whole"] * 4
