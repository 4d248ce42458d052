"""``simulate array`` and the wires of ``export`` and ``verify``: the library's numbers, and one line for an error."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.bank.files import save_bank
from rescircuit.crossbar import current_density, ir_drop, power, read_margin, settling, thermal_noise
from rescircuit.files import read_csv, read_npz

RNG = np.random.default_rng(8)
CELLS, VOLTS, BITS = 10 ** RNG.uniform(-5, -4, (4, 3)), RNG.uniform(0, 0.2, (2, 4)), RNG.uniform(0, 0.05, (2, 3))
WIRES = ["--r-word-line", "2ohm", "--r-bit-line", "3ohm"]
CAPACITANCES = ["--c-word-line", "1fF", "--c-bit-line", "2fF", "--c-cell", "3fF"]


@pytest.fixture
def run(run):
    """Run a command line in a folder with an array's files; returns (exit code, standard output, standard error)."""
    for name, table in {"cells": CELLS, "volts": VOLTS, "bits": BITS}.items():
        np.savetxt(f"{name}.csv", table, delimiter=",", fmt="%.17g")
    return run


@pytest.fixture
def answer(run):
    """Run ``simulate array cells.csv`` and return its JSON."""

    def command(*arguments):
        code, out, err = run("simulate", "array", "cells.csv", *arguments, "--json")
        assert (code, err) == (0, "")
        return json.loads(out)

    return command


def test_all_ends_reach_the_solver(answer):
    ends = ["--r-driver", "50ohm", "--r-sense", "20ohm", "--drive", "both", "--sense", "top"]
    found = answer("--voltages", "volts.csv", "--bit-line-voltages", "bits.csv", *WIRES, *ends)
    crossbar = rc.Crossbar(CELLS, 2.0, 3.0, r_driver=50.0, r_sense=20.0, drive="both", sense="top")
    solution = crossbar.solve(VOLTS, BITS)
    assert found["output_currents_ampere"] == solution.output_currents.tolist()
    assert found["input_currents_ampere"] == solution.input_currents.tolist()
    plain = (CELLS * (VOLTS[:, :, np.newaxis] - BITS[:, np.newaxis])).sum(axis=1)
    assert np.array(found["currents_without_wires_ampere"]) == pytest.approx(plain, rel=1e-12)
    assert found["current_error"] == solution.current_error
    worst = found["worst"]
    drop = np.abs(ir_drop(solution).relative)
    assert worst["ir_drop"]["worst_relative"] == drop.max()
    assert worst["ir_drop"]["worst_cell"] == [int(k) for k in np.unravel_index(drop.argmax(), drop.shape)[1:]]
    spent = power(solution)
    k = worst["power"]["input"]
    assert worst["power"]["supplied_watt"] == spent.supplied.max() == spent.supplied[k]
    assert worst["power"]["cells_watt"] == pytest.approx(spent.cells[k].sum(), rel=1e-14)


def test_wires_come_from_files_too(answer):
    along, down = RNG.uniform(1, 5, (4, 4)), RNG.uniform(1, 5, (1, 3))
    along[2, 1] = np.inf
    drivers = RNG.uniform(10, 20, (4, 1))
    np.savez("along.npz", r_word_line=along, other=along)
    np.savetxt("down.csv", down, delimiter=",", fmt="%.17g")
    np.savetxt("drivers.csv", drivers, fmt="%.17g")
    wires = ["--r-word-line", "along.npz", "--r-bit-line", "down.csv", "--r-driver", "drivers.csv"]
    expected = rc.Crossbar(CELLS, along, down, r_driver=drivers.ravel()).solve(np.full(4, 0.1))
    assert answer(*wires)["output_currents_ampere"] == expected.output_currents.tolist()


def test_each_line_may_have_ends_of_its_own(answer):
    found = answer(*WIRES, "--drive", "left, both,floating,right", "--sense", "bottom,floating,top")
    ends = {"drive": ["left", "both", "floating", "right"], "sense": ["bottom", "floating", "top"]}
    expected = rc.Crossbar(CELLS, 2.0, 3.0, **ends).solve(np.full(4, 0.1))
    assert found["output_currents_ampere"] == expected.output_currents.tolist()
    plain = rc.Crossbar(CELLS, **ends).solve(np.full(4, 0.1)).output_currents
    assert found["currents_without_wires_ampere"] == plain.tolist()
    assert found["output_currents_ampere"][1] == 0.0


def test_an_array_of_floating_bit_lines_has_no_ir_drop(run, answer):
    found = answer("--sense", "floating")
    assert found["worst"]["ir_drop"]["worst_cell"] is None
    code, out, _ = run("simulate", "array", "cells.csv", "--sense", "floating")
    assert code == 0
    assert "No cell lies between a source and a virtual ground" in out


def test_memristors(answer):
    found = answer("--cells", "sinh", "--v-scale", "0.1V", "--voltages", "volts.csv", *WIRES)
    law = rc.crossbar.SinhCells(conductances=CELLS, v_scale=0.1)
    expected = rc.NonlinearCrossbar(law, 2.0, 3.0).solve(VOLTS)
    assert found["cells"] == "sinh"
    assert found["output_currents_ampere"] == expected.output_currents.tolist()
    plain = (CELLS * 0.1 * np.sinh(VOLTS[:, :, np.newaxis] / 0.1)).sum(axis=1)
    assert np.array(found["currents_without_wires_ampere"]) == pytest.approx(plain, rel=1e-12)


def test_resistors_behind_transistors(run):
    cells = CELLS.copy()
    cells[1, 2] = 0.0
    np.savez("some.npz", cells)
    switches = ["--cells", "1t1r", "--w-over-l", "8", "--v-gate", "1.5V"]
    code, out, _ = run("simulate", "array", "some.npz", *switches, *WIRES, "--voltages", "volts.csv", "--json")
    assert code == 0
    resistances = 1 / np.where(cells > 0, cells, 1.0)
    bank = rc.Bank(resistances=resistances[..., np.newaxis], switch=rc.NMOS(w_over_l=8, v_gate=1.5))
    law = rc.crossbar.BankCells(bank=bank, mask=(cells > 0)[..., np.newaxis])
    expected = rc.NonlinearCrossbar(law, 2.0, 3.0).solve(VOLTS).output_currents
    assert json.loads(out)["output_currents_ampere"] == expected.tolist()


def test_reports_are_the_library_s(answer):
    reports = ["--report", "ir-drop,power", "--report", "noise", "--report", "settling,current-density,power"]
    needs = [*CAPACITANCES, "--cross-section", "5e-15,1e-14", "--temperature", "85", "--bandwidth", "1megHz"]
    found = answer(*WIRES, "--voltages", "volts.csv", *reports, *needs)
    crossbar = rc.Crossbar(CELLS, 2.0, 3.0)
    solution = crossbar.solve(VOLTS)
    assert found["ir_drop"]["drop_volt"] == ir_drop(solution).drop.tolist()
    assert found["power"]["cells_watt"] == power(solution).cells.tolist()
    noise = thermal_noise(crossbar, 85.0)
    assert found["noise"]["rms_ampere"] == noise.rms(1e6).tolist()
    assert found["noise"]["temperature_celsius"] == 85.0
    outcome = settling(crossbar, VOLTS, c_word_line=1e-15, c_bit_line=2e-15, c_cell=3e-15)
    assert found["settling"]["elmore_delays_second"] == outcome.elmore_delays.tolist()
    assert found["settling"]["slowest_time_constant_second"] == outcome.slowest_time_constant
    assert found["settling"]["seconds_to_relative_error"]["0.01"] == outcome.time_to(0.01)
    density = current_density(solution, [5e-15, 1e-14])
    assert found["current_density"]["worst_ampere_per_metre2"] == density.worst.tolist()
    line, row, column = density.worst_segment
    assert found["current_density"]["worst_segment"] == {"line": line, "row": row, "column": column}


@pytest.mark.parametrize("scheme", ["ground", "v/2", "v/3", "floating"])
def test_read_margins_are_the_library_s(answer, scheme):
    found = answer(*WIRES, "--read-margin", scheme, "--g-on", "100uS", "--g-off", "1uS")["read_margin"]
    expected = read_margin(rc.Crossbar(CELLS, 2.0, 3.0), g_on=1e-4, g_off=1e-6, scheme=scheme)
    assert found["margins"] == expected.margins.tolist()
    assert found["worst"] == expected.worst
    assert found["worst_cell"] == list(expected.worst_cell)


def test_people_get_the_same_in_tables(run):
    reports = ["--report", "ir-drop,power,noise,settling,current-density", "--read-margin", "v/2"]
    needs = [*CAPACITANCES, "--cross-section", "5e-15", "--bandwidth", "1megHz", "--g-on", "9uS", "--g-off", "0"]
    code, out, err = run("simulate", "array", "cells.csv", *WIRES, "--voltages", "volts.csv", *reports, *needs)
    assert (code, err) == (0, "")
    for words in ("Output currents of the first input", "IR drop of the inputs", "Power with input", "Thermal noise",
                  "Settling after a step", "Current density in wires", "Read margins, scheme v/2"):  # fmt: skip
        assert words in out
    drop, solver = out.splitlines()[-2:]
    assert drop.startswith("IR drop at most ")
    for words in ("on average", "wires", "cells", "drivers and senses"):
        assert words in drop
    for words in ("4 word lines, 3 bit lines, 2 inputs", "Kirchhoff residual", "error", "condition"):
        assert words in solver


def test_a_batch_of_batches_keeps_its_shape(answer):
    np.savez("many.npz", voltages=RNG.uniform(0, 0.2, (2, 5, 4)))
    needs = ["--bandwidth", "1megHz", *CAPACITANCES, "--cross-section", "5e-15"]
    found = answer(*WIRES, "--voltages", "many.npz", "--report", "ir-drop,power,noise,settling,current-density", *needs)
    assert np.shape(found["output_currents_ampere"]) == np.shape(found["currents_without_wires_ampere"]) == (2, 5, 3)
    assert np.shape(found["ir_drop"]["worst_cell"]) == (2, 5, 2)
    assert 0 <= found["worst"]["power"]["input"] < 10


def test_inputs_of_nothing_have_no_shares(run, answer):
    np.savetxt("zero.csv", np.zeros((1, 4)), delimiter=",")
    found = answer("--voltages", "zero.csv", *WIRES, "--report", "ir-drop,power,settling", *CAPACITANCES)
    assert found["worst"]["ir_drop"]["worst_relative"] is None
    assert found["settling"]["elmore_delays_second"] == [[None] * 3]
    quiet = ["--report", "ir-drop,power,settling", *CAPACITANCES]
    code, out, err = run("simulate", "array", "cells.csv", "--voltages", "zero.csv", *WIRES, *quiet)
    assert (code, err) == (0, "")
    assert "IR drop at most 0 V" in out


@pytest.mark.parametrize("suffix", ["csv", "npz", "NPZ"])
def test_files_of_currents_conductances_and_pictures(run, suffix):
    asked = ["-o", "i.csv", "--effective", f"e.{suffix}", "--plot", "drop.png"]
    code, out, err = run("simulate", "array", "cells.csv", *WIRES, "--voltages", "volts.csv", *asked, "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)["files"] == ["i.csv", f"e.{suffix}", "drop.png"]
    crossbar = rc.Crossbar(CELLS, 2.0, 3.0)
    assert np.array_equal(read_csv("i.csv"), crossbar.solve(VOLTS).output_currents)
    effective = read_csv("e.csv") if suffix == "csv" else read_npz(f"e.{suffix}")["conductances"]
    assert np.array_equal(effective, crossbar.effective_conductances())
    assert Path("drop.png").read_bytes().startswith(b"\x89PNG")
    assert run("simulate", "array", f"e.{suffix}")[0] == 0


@pytest.mark.parametrize("quantity", ["ir_drop", "word-line-voltage", "bit-line-voltage", "current", "power", "wires"])
def test_every_quantity_can_be_drawn(run, quantity):
    code, _, err = run("simulate", "array", "cells.csv", *WIRES, "--plot", "it.svg", "--quantity", quantity)
    assert (code, err) == (0, "Written: it.svg\n")
    assert Path("it.svg").read_text(encoding="utf-8").startswith("<?xml")


@pytest.mark.parametrize("kind", ["linear", "sinh"])
def test_long_work_tells_how_far_it_is(run, monkeypatch, kind):
    from contextlib import contextmanager

    told = []

    @contextmanager
    def bar():
        yield lambda step, done, total: told.append((step, done / total))

    monkeypatch.setattr("rescircuit.cli.simulate_array.progress_bar", bar)
    law = [] if kind == "linear" else ["--cells", "sinh", "--v-scale", "0.1"]
    assert run("simulate", "array", "cells.csv", *WIRES, *law)[0] == 0
    steps = [step for step, _ in told if step not in ("reading", "writing")]
    assert steps
    assert all(0 <= share <= 1 for _, share in told)
    assert ("eliminating" in steps[0]) == (kind == "linear")


ENDS = [*WIRES, "--r-driver", "50ohm", "--r-sense", "20", "--drive", "right", "--sense", "both"]


def test_export_writes_the_same_ends(run):
    code, out, _ = run("export", "cells.csv", *ENDS, "--voltages", "volts.csv", "--bit-line-voltages", "bits.csv")
    assert code == 0
    crossbar = rc.Crossbar(CELLS, 2.0, 3.0, r_driver=50.0, r_sense=20.0, drive="right", sense="both")
    assert out == rc.deck(crossbar, voltages=VOLTS, bit_line_voltages=BITS).text


def test_verify_of_other_ends_agrees(run):
    code, out, _ = run("verify", "cells.csv", *ENDS, "--voltages", "volts.csv", "--bit-line-voltages", "bits.csv")
    assert code == 0
    assert "agrees" in out


@pytest.mark.parametrize("command", ["export", "verify"])
@pytest.mark.parametrize(
    "option",
    [("--r-driver", "5ohm"), ("--r-sense", "bits.csv"), ("--drive", "both"), ("--bit-line-voltages", "bits.csv")],
)
def test_a_bank_has_no_lines(run, command, option):
    save_bank(rc.Bank(resistances=[1e4, 2e4]), "bank.json")
    code, out, err = run(command, "bank.json", *option)
    assert (code, out) == (2, "")
    assert f"{option[0]} must be left out for a bank" in err
    assert err.count("\n") == 1


BAD = [
    (["--r-word-line", "1meg2"], "--r-word-line must be a quantity in ohm"),
    (["--r-word-line", "-1"], "--r-word-line must be finite numbers of at least 0 (ohm), got -1.0"),
    (["--r-word-line", "none.csv"], "--r-word-line must be a readable file"),
    (["--voltages", "none.csv"], "--voltages must be a readable file"),
    (["--voltages", "volts.txt"], "--voltages must be a .csv or .npz file"),
    (["--voltages", "bad.csv"], "--voltages bad.csv, line 1 must be numbers with commas between them"),
    (["--r-word-line", "volts.csv"], "--r-word-line must be a number or of a shape that broadcasts to (4, 4)"),
    (["--r-driver", "bits.csv"], "--r-driver must be a file with one row or one column, got shape (2, 3)"),
    (["--r-sense", "cells.csv"], "--r-sense must be a file with one row or one column, got shape (4, 3)"),
    (["--r-driver", "row.csv"], "--r-driver must be a number or of a shape that broadcasts to (4,)"),
    (["--r-sense", "5S"], "--r-sense must be a quantity in ohm"),
    (["--drive", "up"], '--drive must be "left", "right", "both" or "floating", got \'up\''),
    (["--sense", "top,bottom"], "--sense must be"),
    (["--drive", "floating", "--sense", "floating"], "the array must be with a path"),
    (["--bit-line-voltages", "volts.csv"], "--bit-line-voltages must be of shape (..., 3), one a bit line"),
    (["--voltages", "bits.csv"], "--voltages must be of shape (..., 4), one a word line"),
    (["--cells", "diode"], "--cells must be one of linear, sinh, 1t1r, got 'diode'"),
    (["--cells", "sinh"], "--v-scale must be given with --cells sinh, such as 0.25V"),
    (["--cells", "sinh", "--v-scale", "0"], "--v-scale must be finite numbers above 0 (V), got 0.0"),
    (["--cells", "sinh", "--v-scale", "1mV"], "voltages must be within 0.04 V of each other"),
    (["--v-scale", "1V"], "--v-scale must be left out without --cells sinh"),
    (["--cells", "1t1r"], "--w-over-l must be given with --cells 1t1r, such as 10"),
    (["--cells", "1t1r", "--w-over-l", "-3"], "--w-over-l must be a finite number above 0, got -3.0"),
    (["--cells", "1t1r", "--w-over-l", "9", "--v-gate", "0.1V"], "--v-gate must be above the threshold"),
    (["--cells", "1t1r", "--w-over-l", "9", "--voltages", "minus.csv"], "voltage must be at least 0 V"),
    (["--memory-limit", "7"], "--memory-limit must be a size such as 512MiB or 2GiB"),
    (["--memory-limit", "0.001MiB"], "Raise --memory-limit"),
    (["--report", "heat"], "--report must be of ir-drop, power, noise, settling, current-density, got 'heat'"),
    (["--report", "noise"], "--bandwidth must be given with --report noise"),
    (["--report", "noise", "--bandwidth", "0"], "--bandwidth must be a finite number above 0 (Hz)"),
    (["--report", "noise", "--bandwidth", "1k", "--temperature", "-300"], "--temperature must be a number of °C"),
    (
        ["--report", "noise", "--bandwidth", "1k", "--temperature", "300K"],
        "--temperature must be a number of °C from -273.15 to 1000, such as 27, got '300K'",
    ),
    (["--report", "noise", "--bandwidth", "1M"], "--bandwidth must be a quantity in Hz, such as 1megHz"),
    (["--report", "settling", "--c-word-line", "1fF"], "--c-bit-line must be given with --report settling"),
    (
        ["--report", "settling", "--c-word-line", "1f", "--c-bit-line", "-1f"],
        "--c-bit-line must be finite numbers of at",
    ),
    (["--report", "current-density"], "--cross-section must be given with --report current-density"),
    (["--report", "current-density", "--cross-section", "1,2,3"], "--cross-section must be one number, or two"),
    (
        ["--report", "current-density", "--cross-section", "0"],
        "--cross-section at index 0 must be finite numbers above 0",
    ),
    (["--report", "current-density", "--cross-section", "1e-320"], "--cross-section must be such that densities are"),
    (["--bandwidth", "1k"], "--bandwidth must be left out without --report noise"),
    (["--cross-section", "1"], "--cross-section must be left out without --report current-density"),
    (["--read-margin", "v/5", "--g-on", "1uS", "--g-off", "0"], "--read-margin must be one of 'ground', 'v/2'"),
    (["--read-margin", "foo"], "--read-margin must be one of 'ground', 'v/2'"),
    (["--v-read", "0.2V"], "--v-read must be left out without --read-margin"),
    (["--read-margin", "v/2", "--g-on", "2uS", "--g-off", "1uS", "--v-read", "0"], "--v-read must be a finite number"),
    (["--read-margin", "v/2", "--g-on", "1uS"], "--g-off must be given with --read-margin"),
    (["--read-margin", "v/2", "--g-on", "1uS", "--g-off", "2uS"], "--g-on must be above g_off"),
    (["--g-on", "1uS"], "--g-on must be left out without --read-margin"),
    (["--sample", "0"], "--sample must be left out without --plot"),
    (["--plot", "a.png", "--sample", "1"], "--sample must be a whole number from 0 to 0, got 1"),
    (["--plot", "folder.png"], "--plot must be a file's name, not that of a directory"),
    (["--effective", "cells.csv"], "--effective must be another file than those that are read, got 'cells.csv'"),
    (["--effective", "./volts.csv", "--voltages", "volts.csv"], "--effective must be another file than those"),
    (["--effective", "row.csv", "--r-word-line", "row.csv"], "--effective must be another file than those"),
    (["--quantity", "current"], "--quantity must be left out without --plot"),
    (["--plot", "a.png", "--quantity", "heat"], "--quantity must be one of ir-drop, word-line-voltage"),
    (["--plot", "a.txt"], "--plot must be a file's name in .png or .svg or .pdf"),
    (["--plot", "no/such/a.png"], "--plot must be in a folder that can be written to"),
    (["--plot", "a.png", "--sense", "floating"], "the array must be with a driven word line and a sensed bit line"),
    (["--effective", "a.txt"], "--effective must be a file's name in .csv or .npz"),
    (["--effective", "i.csv"], "--effective must be another file than --out"),
    (["--effective", "e.csv", "--cells", "sinh", "--v-scale", "1"], "--effective must be left out with cells"),
    (
        ["--report", "noise", "--bandwidth", "1k", "--cells", "sinh", "--v-scale", "1"],
        "--report noise must be left out",
    ),
    (["--report", "settling", *CAPACITANCES, "--bit-line-voltages", "bits.csv"], "--report settling must be left out"),
]


@pytest.mark.parametrize("form", [[], ["--json"]])
@pytest.mark.parametrize(("options", "says"), BAD)
@pytest.mark.filterwarnings("error")
def test_bad_input_is_one_line_and_leaves_nothing(run, tmp_path, options, says, form):
    np.savetxt("minus.csv", [[-0.1] * 4], delimiter=",")
    np.savetxt("row.csv", [[1.0] * 3], delimiter=",")
    Path("bad.csv").write_text("1,x\n")
    Path("folder.png").mkdir()
    before = sorted(tmp_path.rglob("*"))
    code, out, err = run("simulate", "array", "cells.csv", *options, *form, "-o", "i.csv")
    assert (code, out) == (2, "")
    assert says in err
    assert err.startswith("rescircuit: ")
    assert err.count("\n") == 1
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("option", ["-o", "--out"])
def test_no_input_is_written_over(run, option):
    before = Path("cells.csv").read_bytes()
    code, out, err = run("simulate", "array", "cells.csv", option, "../" + Path.cwd().name + "/cells.csv")
    assert (code, out) == (2, "")
    assert err.startswith("rescircuit: --out must be another file than those that are read")
    assert Path("cells.csv").read_bytes() == before


@pytest.mark.parametrize("name", ["deck.csv", "deck.npz", "deck.json", "deck.TOML", "cells.csv"])
def test_a_deck_is_no_table(run, name):
    before = Path("cells.csv").read_bytes()
    code, out, err = run("export", "cells.csv", "-o", name)
    assert (code, out) == (2, "")
    assert err == f"rescircuit: --out must be a deck's name, such as array.cir, got '{name}'\n"
    assert Path("cells.csv").read_bytes() == before


def test_a_wrong_conductance_names_its_file(run):
    np.savetxt("wrong.csv", -CELLS, delimiter=",")
    for command in (["simulate", "array"], ["export"], ["verify"]):
        code, _, err = run(*command, "wrong.csv")
        assert code == 2
        assert err.startswith(
            "rescircuit: conductances in wrong.csv at index (0, 0) must be finite numbers of at least"
        )


LAWS = [["--cells", "sinh", "--v-scale", "0.3V"], ["--cells", "1t1r", "--w-over-l", "8", "--v-gate", "1.5V"]]


@pytest.mark.parametrize("law", LAWS)
def test_cells_that_are_not_linear_are_exported_and_verified(run, law):
    code, out, _ = run("export", "cells.csv", *WIRES, *law, "--voltages", "volts.csv")
    assert code == 0
    assert out.startswith("rescircuit circuit")
    code, linear, _ = run("export", "cells.csv", *WIRES, "--voltages", "volts.csv")
    assert out != linear
    code, out, _ = run("verify", "cells.csv", *WIRES, *law, "--voltages", "volts.csv")
    assert code == 0
    assert "agrees" in out


@pytest.mark.parametrize("command", ["export", "verify"])
def test_a_bank_has_cells_of_its_own(run, command):
    save_bank(rc.Bank(resistances=[1e4, 2e4]), "bank.json")
    for option in (LAWS[0][:2], LAWS[0][2:], LAWS[1][2:4], LAWS[1][4:]):
        code, out, err = run(command, "bank.json", *option)
        assert (code, out) == (2, "")
        assert f"{option[0]} must be left out for a bank" in err
    code, _, err = run(command, "cells.csv", "--cells", "sinh")
    assert code == 2
    assert "--v-scale must be given with --cells sinh" in err


def test_letters_of_any_case_name_ends_and_schemes(answer):
    states = ["--g-on", "100uS", "--g-off", "1uS"]
    found = answer(*WIRES, "--drive", "Both", "--sense", "TOP", "--read-margin", "V/2", *states)
    assert found == answer(*WIRES, "--drive", "both", "--sense", "top", "--read-margin", "v/2", *states)


def test_a_read_margin_has_a_voltage(run, answer):
    states = ["--read-margin", "v/2", "--g-on", "100uS", "--g-off", "1uS", "--v-read", "0.3V"]
    found = answer(*WIRES, *states)["read_margin"]
    crossbar = rc.Crossbar(CELLS, 2.0, 3.0)
    assert found["v_read_volt"] == 0.3
    assert found["on_ampere"] == read_margin(crossbar, g_on=1e-4, g_off=1e-6, scheme="v/2", v_read=0.3).on.tolist()
    _, out, _ = run("simulate", "array", "cells.csv", *WIRES, *states)
    assert "read at 300 mV, margin = (I_on - I_off) / I_on." in out


def test_a_picture_of_another_input(run):
    batch = ["simulate", "array", "cells.csv", *WIRES, "--voltages", "volts.csv", "--plot"]
    code, out, err = run(*batch, "first.png")
    assert code == 0
    assert "Output currents of the first input of 2" in out
    assert err.splitlines()[1] == "The picture shows input 0 of 0 to 1: --sample chooses another."
    code, _, err = run(*batch, "second.png", "--sample", 1)
    assert code == 0
    assert "The picture shows input 1 of 0 to 1" in err
    assert Path("first.png").read_bytes() != Path("second.png").read_bytes()


def test_shorted_cells_of_an_npz(run):
    cells = CELLS.copy()
    cells[1, 2] = np.inf
    np.savez("shorted.npz", cells)
    code, out, _ = run("simulate", "array", "shorted.npz", *WIRES, "--json")
    assert code == 0
    found = json.loads(out)
    assert found["output_currents_ampere"] == rc.Crossbar(cells, 2.0, 3.0).solve([0.1] * 4).output_currents.tolist()
    assert found["currents_without_wires_ampere"][2] is None
    assert found["currents_without_wires_ampere"][:2] == pytest.approx(0.1 * CELLS[:, :2].sum(axis=0), rel=1e-12)
    assert run("simulate", "array", "shorted.npz", *WIRES)[0] == 0
    ends = ["--drive", "left,floating,left,left", "--json"]
    assert (
        json.loads(run("simulate", "array", "shorted.npz", *WIRES, *ends)[1])["currents_without_wires_ampere"]
        == [None] * 3
    )
    code, _, err = run("simulate", "array", "shorted.npz", *WIRES, *LAWS[0])
    assert code == 2
    assert "conductances in shorted.npz at index (1, 2) must be finite numbers, got inf" in err


def test_one_line_is_singular_and_zero_has_no_sign(run):
    np.savetxt("one.csv", [[1e-5]], delimiter=",")
    code, out, _ = run("simulate", "array", "one.csv")
    assert code == 0
    assert "1 word line, 1 bit line, 1 input." in out
    assert "0.000%" in out
    assert "+0.000%" not in out
    assert "-0.000%" not in out


def test_negative_delays_are_explained(run):
    feed = ["--report", "settling", "--c-word-line", "1fF", "--c-bit-line", "1fF", "--c-cell", "10pF"]
    _, out, _ = run("simulate", "array", "cells.csv", *WIRES, *feed)
    assert "feedthrough of the cells' capacitance: the current starts above its final value" in out


def test_a_drawing_of_a_large_array_names_the_heat_map(run, tmp_path):
    np.savetxt("large.csv", np.full((33, 2), 1e-6), delimiter=",")
    code, _, err = run("simulate", "array", "large.csv", "--plot", "a.png", "--quantity", "wires", "-o", "i.csv")
    assert code == 2
    assert "plot_array" in err
    assert not (tmp_path / "i.csv").exists()
