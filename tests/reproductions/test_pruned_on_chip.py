"""Pruned resistors, banks and memristors beside each other: small ones, step by step."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from rescircuit.reproductions import pruned_cases
from rescircuit.reproductions.pruned_cases import Case, Way
from rescircuit.reproductions.pruned_on_chip import FULL, QUICK, run_plan

torch = pytest.importorskip("torch", reason="needs PyTorch (make torch)")

WAYS = (
    Way(kind="pruned", signs="column"),
    Way(kind="pruned", signs="differential"),
    Way(kind="banks", bank_size=3),
    Way(kind="memristors"),
)


@pytest.fixture
def plan():
    arrays = replace(FULL.arrays, tile=64, calibration_images=50)
    loop = (Case(way=WAYS[1], hidden=8, nominal=30e3),)
    return replace(FULL, arrays=arrays, epochs=2, training_images=300, in_the_loop=loop, sizes=((WAYS[0], ()),))


def test_all_ways_are_measured_and_kept(given, plan, tmp_path, monkeypatch):
    run, steps = given
    run = replace(run, seeds=1)
    plan = replace(plan, sizes=tuple((way, (6,)) for way in WAYS))
    found = run_plan(run, plan)
    assert {case.way for case in found.results} == set(WAYS)
    cells = 2 * (784 * 6 + 60)
    parts = {case.way: (each["devices"], each["bits"]) for case, (each,) in found.results.items() if case.hidden == 6}
    assert parts == dict(zip(WAYS, [(cells, cells), (cells, cells // 2), (3 * cells,) * 2, (cells, 0)], strict=True))
    for case, (each,) in found.results.items():
        accuracies = [each[stage] for stage in ("without_wires", "with_wires", "made_up")]
        assert all(0 <= accuracy <= 1 for accuracy in accuracies)
        assert case.way.kind == "pruned" or min(accuracies) > 0.5  # trained weights are on them
    assert found.digital[6][0] > 0.5
    loop, comparison, best = found.tables()
    assert len(loop.rows) == 1
    assert len(comparison.rows) == 5
    assert [row[0] for row in best.rows] == [f"{cells:,}"]
    assert best.rows[0][2] == ""  # banks of 3 take more
    assert "memristors" in best.columns
    assert any("trained with the wires in the loop" in remark for remark in found.remarks())
    assert [path.stat().st_size > 10_000 for path in found.draw(tmp_path)] == [True]
    json.dumps(found.as_dict())
    assert steps

    def never(*_args, **_named):
        pytest.fail("a finished piece is made again")

    monkeypatch.setattr(pruned_cases, "random_chip", never)
    monkeypatch.setattr(pruned_cases, "map_network", never)
    assert run_plan(run, plan).as_dict() == found.as_dict()


def test_the_plans():
    assert QUICK.training_images < FULL.training_images == 60_000
    assert {case.hidden for case in QUICK.compared} == {25, 100}
    for case in FULL.compared:
        assert case.nominal / case.way.bank_size == pytest.approx(FULL.resistance)
    assert {case.hidden for case in FULL.in_the_loop} == {500}
