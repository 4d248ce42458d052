"""``rescircuit reproduce``: lists, runs, resumes and refuses."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.reproductions import REPRODUCTIONS, lenet_weights
from rescircuit.reproductions.lenet_weights import PUBLISHED

SHAPES = {"conv1": (6, 1, 5, 5), "conv2": (16, 6, 5, 5), "fc1": (120, 784), "fc2": (84, 120), "fc3": (10, 84)}


@pytest.fixture(autouse=True)
def data(monkeypatch, tmp_path_factory, idx):
    """Images of noise, a random network, and two small sizes instead of the six that were published."""
    folder = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(1)
    (folder / "mnist").mkdir()
    for kind, array in (("images-idx3", rng.integers(0, 256, (40, 28, 28))), ("labels-idx1", rng.integers(0, 10, 40))):
        (folder / "mnist" / f"t10k-{kind}-ubyte.gz").write_bytes(gzip.compress(idx(array)))
    arrays = {}
    for name, shape in SHAPES.items():
        arrays[f"{name}.weight"] = rng.normal(size=shape)
        arrays[f"{name}.bias"] = rng.normal(size=shape[0])
    np.savez(folder / "lenet5-mnist.npz", **arrays)
    small = tuple(replace(PUBLISHED[0], n=n) for n in (2, 4))
    monkeypatch.setattr(lenet_weights, "PUBLISHED", small)
    monkeypatch.setenv("RESCIRCUIT_DATA", str(folder))
    return folder


def test_the_list(run):
    code, out, err = run("reproduce")
    assert code == 0
    assert [line for line in out.splitlines() if line and line[0] != " "] == list(REPRODUCTIONS)
    assert "rescircuit data fetch mnist" in err
    listed = json.loads(run("reproduce", "--json")[1])
    assert [each["name"] for each in listed] == list(REPRODUCTIONS)
    assert all(each["seeds"] >= 1 and each["needs"] for each in listed)


def test_a_run_prints_its_tables_and_leaves_them(run, tmp_path):
    code, out, err = run("reproduce", "lenet-weights", "--seeds", 2, "--images", 20)
    assert code == 0, err
    assert "Largest weight error, relative to the largest weight (figure 4.3)" in out
    assert "- 2 draws for each n." in out
    folder = tmp_path / "reproduced" / "lenet-weights"
    assert {path.name for path in folder.iterdir()} == {"pieces", "lenet-weights.png", "tables.md", "results.json"}
    assert "In reproduced/lenet-weights/: lenet-weights.png, tables.md, results.json" in err
    page = (folder / "tables.md").read_text()
    assert page.startswith("## LeNet-5's convolutions as random subset sums\n")
    assert "| n | published | least |" in page
    kept = json.loads((folder / "results.json").read_text())
    assert (kept["seeds"], kept["images"]) == (2, 20)
    code, out, _ = run("reproduce", "lenet-weights", "--seeds", 2, "--images", 20, "--json")
    assert code == 0
    assert json.loads(out)["results"] == kept["results"]


def test_the_library_gives_the_same(run, data, tmp_path):
    answer = json.loads(run("reproduce", "lenet-weights", "--seeds", 1, "--images", 10, "--out", "a", "--json")[1])
    result = rc.reproduce("lenet-weights", tmp_path / "b", data_dir=data, seeds=1, images=10)
    errors = [size["weight_error"] for size in answer["results"]["sizes"]]
    assert errors == [size.weight_error.tolist() for size in result.findings.sizes]
    assert [path.parent for path in result.files] == [tmp_path / "b"] * 3
    assert isinstance(result, rc.Reproduced)


def test_ctrl_c_keeps_what_is_finished(run, monkeypatch, tmp_path):
    solve, calls = lenet_weights.subset_sum, []

    def interrupted(items, targets):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return solve(items, targets)

    monkeypatch.setattr(lenet_weights, "subset_sum", interrupted)
    line = ("reproduce", "lenet-weights", "--seeds", 2, "--images", 10, "--out", "kept")
    code, out, err = run(*line)
    assert (code, out) == (130, "")
    assert "Interrupted: what is finished is kept in kept, and the same command goes on from there." in err
    assert len(list((tmp_path / "kept" / "pieces").iterdir())) == 3  # the accuracy, and two draws
    assert run(*line)[0] == 0
    assert len(calls) == 5


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("reproduce lenet", f"NAME must be one of {', '.join(REPRODUCTIONS)}, got 'lenet'"),
        ("reproduce --seeds 3", "--seeds must be left out without NAME, which says what to reproduce, got '3'"),
        ("reproduce --images 3", "--images must be left out without NAME"),
        ("reproduce --full", "--full must be left out without NAME, which says what to reproduce"),
        ("reproduce lenet-weights --full", "--full must be left out for lenet-weights"),
        ("reproduce --out there", "--out must be left out without NAME, which says what to reproduce, got 'there'"),
        ("reproduce lenet-weights --seeds 0", "--seeds must be a whole number from 1 to 10000, got 0"),
        ("reproduce lenet-weights --images 10001", "--images must be a whole number from 1 to 10000"),
        ("reproduce lenet-weights --data-dir nowhere", "--data-dir must be one with lenet5-mnist.npz"),
        ("reproduce pensia-experiment-1 --data-dir nowhere", "--data-dir must be one with mnist/t10k-images"),
    ],
)
def test_a_mistake_gets_one_line_and_no_folder(refused, line, says):
    assert says in refused(*line.split())
