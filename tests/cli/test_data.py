"""``rescircuit data``: lists, fetches and checks."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace

import pytest

from rescircuit.datasets import DATASETS


@pytest.fixture(autouse=True)
def _own_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("RESCIRCUIT_DATA", str(tmp_path / "data"))


@pytest.mark.usefixtures("small")
def test_the_list_says_what_is_there_and_what_can_be_had(run, fill, tmp_path):
    code, out, err = run("data")
    assert code == 0
    names = ["digits", "mnist", "fashion-mnist"]
    assert [line.split()[0] for line in out.splitlines() if "(" in line] == names
    assert out.count("not there") == 2
    assert "comes with scikit-learn" in out
    assert "rescircuit data fetch NAME" in err
    folder = fill(tmp_path / "data" / "mnist")
    assert "there, whole" in run("data")[1]
    (folder / "t10k-labels-idx1-ubyte.gz").write_bytes(b"")
    (folder / "train-labels-idx1-ubyte.gz").unlink()
    assert "2 files whole, 1 files wrong, 1 files missing" in run("data")[1]
    answer = json.loads(run("data", "--json")[1])
    assert answer["folder"] == str(tmp_path / "data")
    assert [each["state"] for each in answer["datasets"]["mnist"]] == ["whole", "missing", "whole", "wrong"]


def test_fetch_and_check(run, server, small, contents, monkeypatch, tmp_path):
    monkeypatch.setitem(DATASETS, "mnist", replace(small, mirrors=(f"{server.address}/",)))
    server.answers |= {f"/{name}": gzip.compress(content) for name, content in contents.items()}
    code, out, err = run("data", "fetch", "mnist", "--data-dir", "here")
    assert (code, out) == (0, ""), err
    assert "mnist is in here/mnist." in err
    assert {path.name for path in (tmp_path / "here" / "mnist").iterdir()} == set(contents)
    code, out, _ = run("data", "check", "mnist", "--data-dir", "here", "--json")
    assert code == 0
    assert {each["state"] for each in json.loads(out)["datasets"]["mnist"]} == {"whole"}
    code, out, _ = run("data", "fetch", "mnist", "--data-dir", "here", "--json")
    assert code == 0
    assert len(server.asked) == len(contents)  # nothing was asked for again
    assert json.loads(out)["datasets"]["mnist"][0]["path"] == "here/mnist/train-images-idx3-ubyte.gz"
    assert run("data", "--data-dir", "here", "check", "mnist")[0] == 0  # the folder before the command, too


def test_check_is_exit_code_one_for_what_is_wrong_or_named_and_missing(run, fill, tmp_path, small):
    assert run("data", "check")[0] == 0
    assert run("data", "check", "mnist")[0] == 1
    folder = fill(tmp_path / "data" / "mnist")
    assert run("data", "check", "mnist")[0] == 0
    (folder / small.files[3].name).write_bytes(gzip.compress(b"another"))
    code, out, err = run("data", "check")
    assert code == 1
    assert "mnist/t10k-labels-idx1-ubyte.gz" in out
    assert "SHA-256" in err


@pytest.mark.usefixtures("small")
def test_without_a_network_it_says_what_to_do(run):
    code, out, err = run("data", "fetch", "mnist")
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert "If this machine has no network, put the files of mnist from elsewhere into" in err


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("data fetch cifar", "NAME must be one of mnist, fashion-mnist, got 'cifar'"),
        ("data check cifar", "NAME must be one of mnist, fashion-mnist, got 'cifar'"),
        ("data fetch", "Missing argument 'name'"),
        ("data fetsch", "No such command 'fetsch'"),
    ],
)
def test_a_mistake_gets_one_line(refused, line, says):
    assert says in refused(*line.split())


def test_a_folder_that_cannot_be_made(refused, tmp_path, small, monkeypatch):
    monkeypatch.setitem(DATASETS, "mnist", small)
    (tmp_path / "file").write_text("")
    assert "--data-dir must be a folder that can be made" in refused("data", "fetch", "mnist", "--data-dir", "file")
