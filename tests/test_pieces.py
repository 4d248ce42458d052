"""Finished pieces: kept by their settings, and made again when they cannot be believed."""

from __future__ import annotations

import json

import numpy as np
import pytest

from rescircuit.pieces import Pieces


@pytest.fixture
def pieces(tmp_path):
    return Pieces(folder=tmp_path / "pieces")


class Counting:
    """Counts how often it is called."""

    def __init__(self, result):
        self.result, self.calls = result, 0

    def __call__(self):
        self.calls += 1
        return self.result


def test_a_piece_is_computed_once_for_its_settings(pieces):
    compute = Counting({"error": 0.1 + 0.2, "list": [1, 2]})
    for _ in range(3):
        assert pieces.kept({"n": 5, "seed": 1}, compute) == {"error": 0.1 + 0.2, "list": [1, 2]}
    assert compute.calls == 1
    pieces.kept({"seed": 1, "n": 5}, compute)  # in another order, the same
    assert compute.calls == 1
    for settings in ({"n": 5, "seed": 2}, {"n": 6, "seed": 1}, {"n": 5}, {"n": 5, "seed": 1.5}):
        pieces.kept(settings, compute)
    assert compute.calls == 5


def test_the_first_result_is_what_will_be_read(pieces):
    """Tuples become lists at once, not only from the second time on."""
    first = pieces.kept({"a": 1}, lambda: {"pair": (1.5, 2)})
    assert first == pieces.kept({"a": 1}, dict) == {"pair": [1.5, 2]}


@pytest.mark.parametrize(
    "content", ["", "{", "[1]", '{"settings": {"n": 6}, "result": 3}', '{"result": 3}', "[" * 99999]
)
def test_a_damaged_or_foreign_file_is_made_again(pieces, content):
    compute = Counting({"x": 1})
    pieces.kept({"n": 5}, compute)
    (path,) = pieces.folder.iterdir()
    path.write_text(content)
    assert pieces.kept({"n": 5}, compute) == {"x": 1}
    assert compute.calls == 2
    assert json.loads(path.read_text())["settings"]["n"] == 5


def test_what_is_interrupted_leaves_nothing(pieces):
    def interrupted():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pieces.kept({"n": 5}, interrupted)
    with pytest.raises(KeyboardInterrupt):
        pieces.kept_arrays({"n": 5}, interrupted)
    assert not pieces.folder.exists()


def test_arrays_are_kept_too(pieces):
    compute = Counting({"w": np.arange(6.0).reshape(2, 3)})
    for _ in range(2):
        found = pieces.kept_arrays({"epochs": 2}, compute)
        assert list(found) == ["w"]
        assert np.array_equal(found["w"], compute.result["w"])
    assert compute.calls == 1
    (path,) = pieces.folder.iterdir()
    path.write_bytes(path.read_bytes()[:50])
    assert np.array_equal(pieces.kept_arrays({"epochs": 2}, compute)["w"], compute.result["w"])
    assert compute.calls == 2


def test_what_json_has_no_word_for_is_not_kept(pieces):
    with pytest.raises(ValueError, match="JSON"):
        pieces.kept({"n": 1}, lambda: {"x": float("nan")})
    assert list(pieces.folder.iterdir()) == []
