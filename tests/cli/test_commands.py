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
from rescircuit.bank.files import load_bank, save_bank
from rescircuit.files import read_csv

RNG = np.random.default_rng(5)


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
    assert "optimal" in out
    assert err == f"Written: {Path('made/bank.json')}, {Path('made/bank.cir')}\n"
    bank, mask = load_bank("made/bank.json")
    assert bank.n == 10
    assert bank.conductance(mask) == pytest.approx(0.6e-3, rel=2e-3)
    code, out, err = run("verify", "made/bank.json")
    assert code == 0
    assert "agrees" in out
    assert err == ""
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


def test_design_of_a_large_bank_ends_when_its_time_is_up(run):
    code, out, _ = run("design", "--target", "1mS", "--n", 58, "--time-limit", 0.2, "--json")
    answer = json.loads(out)
    assert code == 0
    assert answer["status"] == "best found"
    assert answer["bound_siemens"] == 0.0
    assert abs(answer["error_siemens"]) < 1e-9


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
    assert "Kirchhoff residual" in out
    assert err == ""
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

    def wrong(self, *ends):
        import dataclasses

        solution = solve(self, *ends)
        return dataclasses.replace(solution, output_currents=solution.output_currents * (1 + 1e-8))

    monkeypatch.setattr(rc.Crossbar, "solve", wrong)
    code, out, _ = run("verify", "cells.csv", "--r-word-line", "1")
    assert code == 1
    assert "DISAGREES" in out


def test_simulate_network_step_by_step(run, tmp_path):
    from rescircuit.network import Dense

    weight = RNG.normal(size=(3, 5))
    rc.save_network(rc.Network((Dense(weight=weight, bias=np.zeros(3), name="fc"),)), tmp_path / "net.npz")
    x = RNG.uniform(0, 1, (20, 5))
    np.savez(tmp_path / "x.npz", x=x, y=(x @ weight.T).argmax(axis=1))
    command = ["simulate", "network", "net.npz", "--inputs", "x.npz", "--adc-bits", 8, "--r-word-line", "1ohm"]
    code, out, _ = run(*command, "--json", "-o", "y.csv")
    assert code == 0
    assert json.loads(out)["files"] == ["y.csv"]
    stages = json.loads(out)["stages"]
    assert list(stages) == ["digital", "programmed", "and switches", "and wires", "and converters"]
    assert stages["digital"] == {"deviation": 0.0, "same_answer": 1.0, "accuracy": 1.0}
    assert 0 < stages["programmed"]["deviation"] < 1e-3
    assert stages["and converters"]["deviation"] > stages["programmed"]["deviation"]
    assert read_csv("y.csv").shape == (20, 3)
    code, out, err = run(*command)
    assert code == 0
    assert "and converters" in out
    assert "right answer" in out
    assert "15 weights on 1 tile(s)" in out
    assert err == ""
    assert run(*command, "-o", "y.csv")[2] == "Written: y.csv\n"


@pytest.fixture
def network(tmp_path):
    """Write a network of so many outputs, and inputs with labels."""
    from rescircuit.network import Dense

    def write(outputs, *, inputs=1.0, labels=None):
        layer = Dense(weight=RNG.normal(size=(outputs, 3)), bias=np.zeros(outputs), name="fc")
        rc.save_network(rc.Network((layer,)), tmp_path / "net.npz")
        y = {} if labels is None else {"y": np.array(labels)}
        np.savez(tmp_path / "x.npz", x=np.full((4, 3), inputs), **y)
        return ["simulate", "network", "net.npz", "--inputs", "x.npz", "--bank-size", 4]

    return write


def test_a_single_output_is_no_answer(run, network):
    command = network(1, labels=[0.5, 2.0, -1.0, 3.0])
    code, out, _ = run(*command, "--json")
    assert code == 0
    assert {(stage["same_answer"], stage["accuracy"]) for stage in json.loads(out)["stages"].values()} == {(None, None)}
    code, out, _ = run(*command)
    assert code == 0
    assert "deviation" in out
    assert "answer" not in out


NETWORK_MISTAKES = [
    (["-o", "net.npz"], "--out must be another file than those that are read, got 'net.npz'"),
    (["-o", "link.csv"], "--out must be another file than those that are read, got 'link.csv'"),
    (["-o", "y.txt"], "--out must be a file's name in .csv, got 'y.txt'"),
    (["-o", "none/y.csv"], "--out must be in a folder that can be written to"),
    (["-o", "folder.csv"], "--out must be a file's name, not that of a directory"),
    (["--rows", "0"], "--rows must be a whole number of at least 1"),
    (["--bank-size", "5000"], "--bank-size must be a whole number from 1 to 64, got 5000"),
    (["--adc-bits", "1"], "--adc-bits must be a whole number from 2 to 32"),
    (["--seed", "-1"], "--seed must be a whole number from 0"),
    (["--nominal", "0"], "--nominal must be a finite number above 0 (ohm)"),
    (["--r-word-line", "-1"], "--r-word-line must be a finite number of at least 0 (ohm)"),
    (["--inputs", "none.npz"], "--inputs must be a readable file, got 'none.npz'"),
    (["--inputs", "narrow.csv"], "--inputs must be of shape (k, 3), got shape (1, 2)"),
]


@pytest.mark.parametrize(("options", "says"), NETWORK_MISTAKES, ids=lambda value: str(value)[:40])
def test_simulate_network_names_options_and_spares_its_inputs(refused, network, options, says):
    command = network(2)
    Path("link.csv").symlink_to("x.npz")
    Path("folder.csv").mkdir()
    Path("narrow.csv").write_text("0.1,0.2\n")
    kept = Path("net.npz").read_bytes()
    assert says in refused(*command, *options)
    assert Path("net.npz").read_bytes() == kept


def test_digits_that_do_not_fit_a_network_are_not_its_inputs(refused, network):
    network(2)
    says = "--digits must be of 3 numbers an image, which is what the network takes, got 'images of 64'"
    assert says in refused("simulate", "network", "net.npz", "--digits")


@pytest.mark.parametrize(
    ("command", "step"),
    [
        (["array", "cells.csv"], "rescircuit.crossbar.Crossbar.solve"),
        (["network", "net.npz", "--inputs", "x.npz"], "rescircuit.network.map_network"),
        (["memristor", "--deck", "bench.cir"], "rescircuit.devices.memristors.simulate_memristor"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_an_interrupted_simulation_says_so(run, network, monkeypatch, command, step):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    network(2)
    Path("cells.csv").write_text("1e-6\n")
    monkeypatch.setattr(step, interrupt)
    assert run("simulate", *command) == (130, "", "Interrupted: nothing is written.\n")
    assert not Path("bench.cir").exists()


@pytest.mark.parametrize("labels", [[0, 1, 2, 0], [0, 1, -1, 0], [0, 1, 0.5, 0], ["a", "b", "a", "b"]])
def test_labels_are_the_outputs_numbers(run, network, labels):
    code, out, err = run(*network(2, labels=labels))
    assert code == 2
    assert err.startswith("rescircuit: y in x.npz must be ")
    assert err.count("\n") == 1
    assert out == ""


@pytest.mark.parametrize("form", [[], ["--json"]])
@pytest.mark.parametrize("size", [1e308, 1e200])
@pytest.mark.filterwarnings("error")
def test_an_overflow_in_a_network_is_one_line(run, network, size, form):
    code, out, err = run(*network(2, inputs=size), *form, "-o", "y.csv")
    assert code in (1, 2)
    assert err.startswith("rescircuit: ")
    assert err.count("\n") == 1
    assert out == ""
    assert not Path("y.csv").exists()


@pytest.mark.parametrize("form", [[], ["--json"]])
@pytest.mark.parametrize("wire", ["0", "1ohm"])
@pytest.mark.filterwarnings("error")
def test_an_overflow_in_an_array_is_one_line(run, tmp_path, wire, form):
    (tmp_path / "cells.csv").write_text("10,20\n30,40\n")
    (tmp_path / "volts.csv").write_text("1e308,1e308\n")
    volts = ["--voltages", "volts.csv", "--r-word-line", wire, "--r-bit-line", wire]
    code, out, err = run("simulate", "array", "cells.csv", *volts, *form, "-o", "i.csv")
    assert code in (1, 2)
    assert err.startswith("rescircuit: ")
    assert err.count("\n") == 1
    assert out == ""
    assert not Path("i.csv").exists()


@pytest.mark.parametrize("option", ["--r-word-line", "--r-bit-line"])
@pytest.mark.parametrize("command", ["export", "verify"])
def test_a_bank_has_no_wires(run, tmp_path, command, option):
    save_bank(rc.Bank(resistances=[1e4, 2e4]), tmp_path / "bank.json")
    code, out, err = run(command, "bank.json", option, "5ohm")
    assert code == 2
    assert err == f"rescircuit: {option} must be left out for a bank, got '5ohm'\n"
    assert out == ""
    assert run(command, "bank.json", option, "0ohm")[0] == 0


def test_a_bank_without_a_deck_is_not_written(run, monkeypatch, tmp_path):
    def refuse(*_, **__):
        raise rc.InputError("resistance", "such that SPICE takes it", 1e35)

    monkeypatch.setattr("rescircuit.spice.deck", refuse)
    assert run("design", "--target", "0", "--out", "half")[0] == 2
    assert list(tmp_path.iterdir()) == []


def test_a_demo_of_a_chip_that_cannot_be_leaves_no_folder(run, tmp_path):
    code, _, err = run("demo", "--seed", "-1", "--out", "newdir")
    assert code == 2
    assert "seed must be a whole number from 0 to" in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("array")
def test_without_ngspice_verify_says_what_to_install(run, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv("RESCIRCUIT_NGSPICE", raising=False)
    code, _, err = run("verify", "cells.csv")
    assert code == 3
    assert "ngspice" in err
    assert "install" in err
    assert err.count("\n") == 1


COMMANDS = ["demo", "design", "describe", "sample", "calibrate", "program", "trim", "map", "simulate array",
            "simulate network", "convert", "simulate memristor", "simulate netlist", "export", "verify", "check",
            "compare", "draw"]  # fmt: skip


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_every_command_has_help_with_an_example(run, monkeypatch, command):
    """In a window of 80 columns, text may wrap but nothing goes."""
    monkeypatch.setenv("COLUMNS", "80")
    code, out, _ = run(*command.split(), "--help")
    assert code == 0
    assert "Usage" in out
    assert max(map(len, out.splitlines())) <= 80
    assert "…" not in out
    if command:
        assert "Example" in out
        assert "--json" in out
        assert f"rescircuit {command}" in out


@pytest.mark.usefixtures("array")
@pytest.mark.parametrize(
    ("command", "says"),
    [
        (["design", "--target", "1M"], "--target must be a quantity in S, such as 120uS, got '1M'"),
        (["design", "--target", "nan"], "--target must be a quantity in S"),
        (["design", "--target", "1mS", "--n", "65"], "--n must be a whole number from 1 to 64, got 65"),
        (["design", "--target", "1mS", "--n", "1000000000"], "--n must be a whole number from 1 to 64"),
        (["design", "--target", "1mS", "--n", "0"], "--n must be a whole number from 1 to 64"),
        (["design", "--target", "0", "--nominal", "1e35", "--out", "half"], "nominal must be a value from 1e-12"),
        (["design", "--target", "0", "--nominal", "1e-320"], "nominal must be a value from 1e-12 to 1e+15 (ohm)"),
        (["design", "--target", "1mS", "--nominal", "-5k"], "nominal must be a finite number above 0"),
        (["design", "--target", "-1mS"], "target must be finite numbers of at least 0"),
        (["design", "--target", "1mS", "--process", "none"], "process must be one of "),
        (["design", "--target", "1mS", "--out", "cells.csv"], "--out must be a folder that can be made"),
        (["simulate", "array", "none.csv"], "FILE must be a readable file"),
        (["simulate", "array", "bad.csv"], "bad.csv, line 2 must be numbers with commas between them"),
        (["simulate", "array", "cells.csv", "--voltages", "short.csv"], "voltages must be of shape (..., 4)"),
        (["simulate", "array", "cells.txt"], "FILE must be a .csv or .npz file"),
        (
            ["simulate", "network", "cells.csv", "--digits"],
            "FILE must be a network (.npz, .safetensors, .onnx), got 'cells.csv'",
        ),
        (
            ["simulate", "network", "cells.csv"],
            "--inputs must be a file, or --dataset or --digits in its place, got 'none of them'",
        ),
        (["export", "none.json"], "FILE must be a readable bank file"),
        (["verify", "no/such/network.npz", "--layer", "1"], "FILE must be a readable file, got 'no/such/network.npz'."),
        (["verify", "cells.csv", "--layer", "1"], "--layer must be left out for an array"),
        (["export", "bad.json"], "bad.json must be a valid bank file"),
        (["export", "cells.csv", "-o", "no/such/folder.cir"], "--out must be in a folder that can be written to"),
        (["verify", "cells.csv", "--timeout", "1e300"], "timeout must be at most 1e+06 (s), got 1e+300"),
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


def test_a_terminal_without_greek_letters_gets_question_marks():
    command = [sys.executable, "-c", "from rescircuit.cli import main; main()", "design", "--target", "0.6mS"]
    answer = subprocess.run(command, capture_output=True, check=True, env={**os.environ, "PYTHONIOENCODING": "latin-1"})
    assert b"k?" in answer.stdout
    assert answer.stderr == b""
