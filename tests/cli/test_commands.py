"""The command line as a person uses it: each command, its JSON, and one line for an error."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.bank_files import load_bank
from rescircuit.cli.app import main
from rescircuit.files import read_csv

RNG = np.random.default_rng(5)


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Run a command line in an empty folder; returns (exit code, standard output, standard error)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "160")

    def command(*arguments):
        monkeypatch.setattr(sys, "argv", ["rescircuit", *map(str, arguments)])
        code = 0
        try:
            main()
        except SystemExit as leaving:
            code = leaving.code or 0
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return command


@pytest.fixture
def array(tmp_path):
    """A file of conductances and one of voltages."""
    cells, volts = 10 ** RNG.uniform(-6, -5, (4, 3)), RNG.uniform(0, 0.2, (2, 4))
    np.savetxt(tmp_path / "cells.csv", cells, delimiter=",", fmt="%.17g")
    np.savez(tmp_path / "volts.npz", voltages=volts)
    return cells, volts


def test_design_writes_a_bank_that_verify_confirms(run):
    code, out, err = run("design", "--target", "0.6mS", "--n", 10, "--seed", 3, "--out", "made")
    assert code == 0
    assert out.count("closed") + out.count("open") >= 10
    assert "optimal" in err
    bank, mask = load_bank("made/bank.json")
    assert bank.n == 10
    assert bank.conductance(mask) == pytest.approx(0.6e-3, rel=2e-3)
    code, out, err = run("verify", "made/bank.json")
    assert code == 0
    assert "agrees" in err
    code, out, _ = run("export", "made/bank.json")
    assert code == 0
    assert out == Path("made/bank.cir").read_text(encoding="utf-8")


def test_design_as_json_is_the_library_s_answer(run):
    code, out, _ = run("design", "--target", "120uS", "--nominal", "100k", "--n", 14, "--process", "thesis", "--json")
    answer = json.loads(out)
    made = rc.load_process("thesis")
    bank = rc.Bank.sample(made.make_resistor(1e5), n=14, seed=1, switch=made.make_switch(), nominals="equal")
    assert code == 0
    assert answer["resistances_ohm"] == bank.resistances.tolist()
    assert answer["mask"] == bank.program(120e-6).mask.tolist()
    assert answer["status"] == "optimal"


def test_simulate_array_gives_the_solver_s_currents(run, array):
    cells, volts = array
    wires = ["--r-word-line", "2ohm", "--r-bit-line", "3ohm"]
    code, out, _ = run("simulate", "array", "cells.csv", "--voltages", "volts.npz", *wires, "--json", "-o", "i.csv")
    expected = rc.Crossbar(cells, 2.0, 3.0).solve(volts)
    answer = json.loads(out)
    assert code == 0
    assert answer["output_currents_ampere"] == expected.output_currents.tolist()
    assert answer["kcl_residual"] < 1e-14
    assert np.array_equal(read_csv("i.csv"), expected.output_currents)
    code, out, err = run("simulate", "array", "cells.csv")
    assert code == 0
    assert "Kirchhoff residual" in err
    assert len(out.splitlines()) >= 3 + 2


@pytest.mark.usefixtures("array")
def test_export_and_verify_of_an_array(run):
    code, _, err = run("export", "cells.csv", "--r-word-line", "2ohm", "--r-bit-line", "0ohm", "-o", "array.cir")
    assert code == 0
    assert "array.cir" in err
    code, out, _ = run("verify", "cells.csv", "--r-word-line", "2", "--voltages", "volts.npz", "--json")
    assert code == 0
    answer = json.loads(out)
    assert answer["passed"] is True
    assert answer["max_relative_error"] <= answer["limit"] == 1e-9


@pytest.mark.usefixtures("array")
def test_verify_fails_when_the_numbers_differ(run, monkeypatch):
    solve = rc.Crossbar.solve

    def wrong(self, voltages):
        import dataclasses

        solution = solve(self, voltages)
        return dataclasses.replace(solution, output_currents=solution.output_currents * (1 + 1e-8))

    monkeypatch.setattr(rc.Crossbar, "solve", wrong)
    code, _, err = run("verify", "cells.csv", "--r-word-line", "1")
    assert code == 1
    assert "DISAGREES" in err


def test_simulate_network_step_by_step(run, tmp_path):
    from rescircuit.network import Dense

    weight = RNG.normal(size=(3, 5))
    rc.save_network(rc.Network((Dense(weight=weight, bias=np.zeros(3), name="fc"),)), tmp_path / "net.npz")
    x = RNG.uniform(0, 1, (20, 5))
    np.savez(tmp_path / "x.npz", x=x, y=(x @ weight.T).argmax(axis=1))
    command = ["simulate", "network", "net.npz", "--inputs", "x.npz", "--adc-bits", 8, "--r-word-line", "1ohm"]
    code, out, _ = run(*command, "--json", "-o", "y.csv")
    assert code == 0
    stages = json.loads(out)["stages"]
    assert list(stages) == ["digital", "programmed", "and wires", "and converters"]
    assert stages["digital"] == {"deviation": 0.0, "same_answer": 1.0, "accuracy": 1.0}
    assert 0 < stages["programmed"]["deviation"] < 1e-3
    assert stages["and converters"]["deviation"] > stages["programmed"]["deviation"]
    assert read_csv("y.csv").shape == (20, 3)
    code, out, _ = run(*command)
    assert code == 0
    assert "and converters" in out


@pytest.mark.usefixtures("array")
def test_without_ngspice_verify_says_what_to_install(run, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv("RESCIRCUIT_NGSPICE", raising=False)
    code, _, err = run("verify", "cells.csv")
    assert code == 3
    assert "ngspice" in err
    assert "install" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("command", [[], ["demo"], ["design"], ["simulate", "array"], ["simulate", "network"],
                                     ["export"], ["verify"]])  # fmt: skip
def test_every_command_has_help_with_an_example(run, command):
    code, out, _ = run(*command, "--help")
    assert code == 0
    assert "Usage" in out
    if command:
        assert "Example" in out
        assert "--json" in out


@pytest.mark.usefixtures("array")
@pytest.mark.parametrize(
    ("command", "says"),
    [
        (["design", "--target", "1M"], "--target must be a quantity in S, such as 120uS, got '1M'"),
        (["design", "--target", "nan"], "--target must be a quantity in S"),
        (["design", "--target", "1mS", "--n", "65"], "items must be at most 64"),
        (["design", "--target", "1mS", "--n", "0"], "n must be a whole number of at least 1"),
        (["design", "--target", "1mS", "--nominal", "-5k"], "nominal must be a finite number above 0"),
        (["design", "--target", "-1mS"], "target must be finite numbers of at least 0"),
        (["design", "--target", "1mS", "--process", "none"], "process must be one of polysilicon, thesis"),
        (["design", "--target", "1mS", "--out", "cells.csv"], "folder must be a folder that can be made"),
        (["simulate", "array", "none.csv"], "file must be a readable file"),
        (["simulate", "array", "bad.csv"], "bad.csv, line 2 must be numbers with commas between them"),
        (["simulate", "array", "cells.csv", "--voltages", "short.csv"], "voltages must be of shape (..., 4)"),
        (["simulate", "array", "cells.txt"], "file must be a .csv or .npz file"),
        (["simulate", "network", "cells.csv", "--digits"], "file must be a readable npz archive"),
        (["simulate", "network", "cells.csv"], "--inputs must be a file, or --digits in its place"),
        (["export", "none.json"], "file must be a readable bank file"),
        (["export", "bad.json"], "bad.json must be a valid bank file"),
        (["export", "cells.csv", "-o", "no/such/folder.cir"], "path must be"),
        (["verify", "cells.csv", "--r-word-line", "1meg2"], "--r-word-line must be a quantity in ohm"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_two(run, tmp_path, command, says):
    (tmp_path / "bad.csv").write_text("1,2\n3,x\n")
    (tmp_path / "bad.json").write_text('{"format": "rescircuit bank 1", "resistances": [1, -2]}')
    (tmp_path / "short.csv").write_text("0.1,0.2\n")
    before = sorted(tmp_path.rglob("*"))
    code, out, err = run(*command)
    assert code == 2
    assert says in err
    assert err.count("\n") == 1
    assert out == ""
    assert sorted(tmp_path.rglob("*")) == before  # nothing half-written


def test_the_installed_program_answers():
    """Through the real entry point, in a process of its own, in a terminal 80 columns wide."""
    command = [sys.executable, "-c", "from rescircuit.cli import main; main()", "--version"]
    answer = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, "COLUMNS": "80"})
    assert answer.stdout == f"rescircuit {rc.__version__}\n"
