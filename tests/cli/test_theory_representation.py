"""``theory representation``: the library's figures, files, and one line for an error."""

from __future__ import annotations

import json

import numpy as np
import pytest

from rescircuit.theory.representation import measure_representation

COMMAND = ("theory", "representation", "--of", "weight,balanced", "--n", "6,8", "--kappa", "0.7,1", "--samples", "20")


def test_json_is_the_library_s(run):
    code, out, _ = run(*COMMAND, "--seed", 7, "--json")
    found = measure_representation(["weight", "balanced"], items=[6, 8], kappas=[0.7, 1.0], samples=20, seed=7)
    assert code == 0
    assert json.loads(out) == json.loads(json.dumps(found.as_dict()))


def test_tables_pictures_and_arrays(run, tmp_path):
    code, out, err = run(*COMMAND, "--out", "kept")
    assert code == 0
    assert "The jump of representation" in out
    assert "nothing was fitted" in out
    assert "representation.png" in err
    kept = tmp_path / "kept"
    assert (kept / "representation.png").stat().st_size > 20_000
    with np.load(kept / "arrays.npz") as arrays:
        assert arrays["weight_6_represented"].shape == (2,)
    made = sorted((kept / "pieces").iterdir())
    times = [path.stat().st_mtime_ns for path in made]
    assert run(*COMMAND, "--out", "kept")[1] == out
    assert [path.stat().st_mtime_ns for path in made] == times


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--of", "forest"), "--of must be names among"),
        (("--n", "31"), "--n must be a whole number from 2 to 30"),
        (("--kappa", "1,0.5"), "--kappa must be ascending"),
        (("--samples", "0"), "--samples must be a whole number"),
    ],
)
def test_one_line_for_an_error(refused, arguments, message):
    assert message in refused("theory", "representation", *arguments)
