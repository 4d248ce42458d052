"""The demonstration, whole, at full size: it is what a newcomer sees first."""

from __future__ import annotations

import json

import pytest

import rescircuit as rc
from rescircuit.demo import BANK_SIZES, PROCESSES, run_demo


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    steps = []
    result = run_demo(tmp_path_factory.mktemp("demo"), seed=1, report=lambda *step: steps.append(step))
    return result, steps


def test_the_network_learns_and_the_chip_keeps_what_it_learnt(demo):
    result, _ = demo
    assert result.images == 450
    assert result.digital_accuracy > 0.95
    best = [row for row in result.rows if row.bank_size == max(BANK_SIZES)]
    for row in best:
        assert abs(row.accuracy_without_wires - result.digital_accuracy) < 0.01
        assert abs(row.accuracy_with_wires - result.digital_accuracy) < 0.02


def test_errors_fall_with_bank_size_as_the_theory_says(demo):
    result, _ = demo
    assert [(row.process, row.bank_size) for row in result.rows] == [(p, n) for p in PROCESSES for n in BANK_SIZES]
    for process in PROCESSES:
        rows = [row for row in result.rows if row.process == process]
        medians = [row.median_error for row in rows]
        assert medians[0] > 4 * medians[1] > 16 * medians[2]
        assert rows[-1].median_error == pytest.approx(rows[-1].predicted_median_error, rel=0.3)
        assert all(row.worst_error > row.median_error for row in rows)


def test_the_last_chip_is_explained(demo):
    result, _ = demo
    explanation = result.explanation
    assert set(explanation.causes) == {"programming", "switches", "wires", "dac", "adc"}
    assert explanation.digital.accuracy == result.digital_accuracy
    assert explanation.ranked[0] == "wires"  # 1 ohm between cells of a megohm costs more than all banks together
    assert explanation.alone["programming"].accuracy == result.rows[-1].accuracy_without_wires
    assert "The costliest cause is wires" in explanation.story


def test_ngspice_confirms_the_decks_that_were_written(demo):
    result, _ = demo
    assert result.not_verified == ""
    assert result.confirmed is True
    assert set(result.verifications) == {"bank.cir", "tile.cir"}
    for check in result.verifications.values():
        assert check.passed
    decks = {path.name: path.read_text() for path in result.files if path.suffix == ".cir"}
    assert all(decks[name] == check.deck.text for name, check in result.verifications.items())


def test_everything_is_written_and_the_json_says_so(demo):
    result, steps = demo
    assert {path.name for path in result.files} == {
        "programming_error.png",
        "effective_conductances.png",
        "explanation.png",
        "bank.cir",
        "tile.cir",
        "network.npz",
        "results.json",
    }
    assert all(path.stat().st_size > 1000 for path in result.files)
    written = json.loads(next(path for path in result.files if path.name == "results.json").read_text())
    assert written["digital_accuracy"] == result.digital_accuracy
    assert len(written["rows"]) == 6
    assert written["explanation"]["story"] == result.explanation.story
    assert written["ngspice"]["tile.cir"]["passed"] is True
    assert all(done <= total for _, done, total in steps)
    assert len({step for step, _, _ in steps}) >= 10


@pytest.fixture
def small(monkeypatch):
    """One chip with small banks."""
    monkeypatch.setattr("rescircuit.demo.PROCESSES", ("polysilicon",))
    monkeypatch.setattr("rescircuit.demo.BANK_SIZES", (6,))


@pytest.mark.usefixtures("small")
def test_without_ngspice_it_runs_and_says_what_was_not_verified(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv("RESCIRCUIT_NGSPICE", raising=False)
    result = run_demo(tmp_path)
    assert result.verifications == {}
    assert result.confirmed is None
    assert "ngspice is needed" in result.not_verified
    assert (tmp_path / "tile.cir").exists()


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_broken_ngspice_is_exit_code_one_and_all_else_is_there(tmp_path, monkeypatch, capsys, form):
    from rescircuit.cli import main

    broken = tmp_path / "ngspice"
    broken.write_text("#!/bin/sh\necho out of order; exit 3\n")
    broken.chmod(0o755)
    monkeypatch.setenv("RESCIRCUIT_NGSPICE", str(broken))
    monkeypatch.setattr("sys.argv", ["rescircuit", "demo", "--out", str(tmp_path / "out"), *form])
    with pytest.raises(SystemExit) as leaving:
        main()
    assert leaving.value.code == 1
    out = capsys.readouterr().out
    assert "bank.cir: ngspice failed (exit status 3): out of order" in out
    assert "tile.cir: ngspice failed" in out
    assert form or ("digital" in out and "Not verified: " in out)
    written = json.loads((tmp_path / "out" / "results.json").read_text())
    assert written["confirmed"] is False
    assert written["ngspice"] == {}


@pytest.mark.parametrize("seed", [-1, 2**128, 1.5])
def test_a_seed_that_no_chip_has_is_refused_before_a_folder_is_made(tmp_path, seed):
    with pytest.raises(rc.InputError, match="seed must be"):
        run_demo(tmp_path / "out", seed=seed)
    assert not (tmp_path / "out").exists()
