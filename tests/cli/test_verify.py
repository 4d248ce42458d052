"""``verify``: everything that can be exported beside another engine, in tables, JSON and pictures."""

from __future__ import annotations

import json
import shutil
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.bank import save_chip
from rescircuit.bank.files import save_bank
from rescircuit.devices import NMOS, Resistor
from rescircuit.network import Dense
from rescircuit.spice import LIMITS, Limit

RNG = np.random.default_rng(4)
CELLS = 10 ** RNG.uniform(-5, -4, (3, 2))
WIRES = ["--r-word-line", "100ohm", "--r-bit-line", "50ohm"]
FARADS = ["--c-word-line", "1fF", "--c-bit-line", "1fF", "--c-cell", "0.1fF"]
DRAWN = "a divider\nR1 in out 1k\nR2 out 0 3k tc1=1e-3\nI1 0 out 1m\nV1 in 0 5\n.temp 85\n.end\n"
SMALL = ["--process", "thesis", "--bank-size", "3", "--rows", "4", "--r-word-line", "1ohm", "--nominal", "100k"]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A folder with files of every kind that can be verified."""
    there = tmp_path_factory.mktemp("files")
    save_bank(rc.Bank(resistances=[1e4, 2e4, 4e4], switch=NMOS(w_over_l=10)), there / "bank.json")
    resistor = Resistor(nominal=1e5, common=0.1, mismatch=0.02, tc1=1e-3)
    save_chip(rc.Bank.sample(resistor, n=4, shape=(2, 3), seed=3, switch=NMOS(w_over_l=10)), there / "chip.zarr")
    np.savetxt(there / "cells.csv", CELLS, delimiter=",", fmt="%.17g")
    layer = Dense(weight=RNG.normal(size=(2, 5)), bias=np.zeros(2), name="a")
    rc.save_network(rc.Network((layer,)), there / "net.npz")
    np.savetxt(there / "x.csv", RNG.uniform(-1, 1, (3, 5)), delimiter=",")
    (there / "drawn.net").write_text(DRAWN)
    rc.deck(rc.Bank(resistances=[1e4], switch=NMOS(w_over_l=10))).write(there / "mos.cir")
    return there


@pytest.fixture
def run(run, files, tmp_path):
    """Run a command line beside these files."""
    shutil.copytree(files, tmp_path, dirs_exist_ok=True)
    return run


CASES = [
    (["bank.json", "--temperature=-40:125:55"], 4 * 4 * (1 + 3), ["output_currents", "inner_voltages"]),
    (["bank.json", "--code", "101", "--engine", "pyspice"], 4 * (1 + 3), ["output_currents"]),
    (["chip.zarr"], 4 * 6, ["output_currents"]),
    (["chip.zarr", "--banks", "1:3", "--temperature", "85", "--code", "1010"], 4 * 2, ["output_currents"]),
    (["cells.csv", *WIRES, "--engine", "nodal"], 4 * (2 + 3 + 6 + 6), ["output_currents", "input_currents"]),
    (["cells.csv", *WIRES, *FARADS], None, ["output_currents", "elmore_delays", "currents_over_time"]),
    (["net.npz", *SMALL, "--inputs", "x.csv", "--samples", "0:2"], None, ["output_currents", "weighted_sums"]),
    (["net.npz", *SMALL, "--tile", "1", "--tile-cells", "conductances"], None, ["weighted_sums"]),
    (["drawn.net"], 2 + 1, ["node_voltages", "source_currents"]),
    (["drawn.net", "--engine", "nodal"], 2 + 1, ["node_voltages", "source_currents"]),
]


@pytest.mark.parametrize(("command", "numbers", "quantities"), CASES, ids=lambda value: str(value)[:50])
def test_everything_agrees(run, command, numbers, quantities):
    code, out, err = run("verify", *command, "--json")
    assert (code, err) == (0, "")
    answer = json.loads(out)
    assert answer["passed"] is True
    assert answer["files"] == []
    assert numbers is None or answer["compared"] == numbers
    assert set(quantities) <= {each["name"] for each in answer["quantities"]}
    for each in answer["quantities"]:
        assert each["max_relative_error"] <= each["limit"]
    engine = dict(pairwise(command)).get("--engine", "ngspice")
    assert answer["engine"] == {"ngspice": "ngspice", "pyspice": "PySpice's ngspice", "nodal": "SuperLU"}[engine]


def test_a_netlist_s_numbers_are_ohm_s(run):
    """R2 at 85 °C is 3.174 kΩ: by superposition of 5 V and 1 mA."""
    worst = json.loads(run("verify", "drawn.net", "--json")[1])["quantities"]
    r2 = 3e3 * (1 + 1e-3 * (85 - 27))
    parallel = 1 / (1 / 1e3 + 1 / r2)
    out = parallel * (5 / 1e3 + 1e-3)
    known = {"in": 5.0, "out": out, "V1": -(5 - out) / 1e3}
    for each in worst:
        assert each["ours"] == pytest.approx(known[each["element"]], rel=1e-12)
        assert each["theirs"] == pytest.approx(known[each["element"]], rel=1e-9)


def test_people_get_the_verdict_and_a_table(run):
    code, out, err = run("verify", "cells.csv", *WIRES)
    assert (code, err) == (0, "")
    verdict, *table = out.splitlines()
    assert verdict.startswith("ngspice ")
    assert " agrees: 68 numbers, largest relative error " in verdict
    assert table[1].split()[-2:] == ["ours", "ngspice"]
    for quantity in ("output_currents", "input_currents", "word_line_voltages", "bit_line_voltages"):
        assert sum(line.strip().startswith(quantity) for line in table) == 1


@pytest.mark.parametrize(("width", "columns"), [(80, 5), (120, 7)])
def test_in_a_window_no_number_is_cut_off(run, monkeypatch, width, columns):
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich takes this for a terminal
    code, out, _ = run("verify", "cells.csv", *WIRES)
    assert code == 0
    assert "…" not in out
    row = next(line for line in out.splitlines() if "word_line_voltages" in line and "agrees" not in line)
    assert len(row.split()) == columns + 2 * (columns == 7)  # two of the numbers have a unit


def test_what_differs_is_exit_code_1_and_drawn_even_so(run, monkeypatch):
    monkeypatch.setitem(LIMITS, "mos", Limit(relative=1e-25))
    code, out, err = run("verify", "bank.json", "--plot", "check.png")
    assert code == 1
    assert " DISAGREES: " in out
    assert err == "Written: check.png\n"
    assert Path("check.png").read_bytes().startswith(b"\x89PNG")
    code, out, _ = run("verify", "bank.json", "--plot", "check.svg", "--json")
    assert code == 1
    assert json.loads(out)["passed"] is False
    assert json.loads(out)["files"] == ["check.svg"]


@pytest.mark.parametrize("command", [["chip.zarr"], ["cells.csv", *WIRES, *FARADS], ["drawn.net"]], ids=str)
def test_without_ngspice_one_line_says_how_to_install_it(run, monkeypatch, command):
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv("RESCIRCUIT_NGSPICE", raising=False)
    code, out, err = run("verify", *command, "--plot", "check.png")
    assert (code, out, err.count("\n")) == (3, "", 1)
    assert "install" in err
    assert not Path("check.png").exists()


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (["bank.json", "--engine", "xyce"], "--engine must be one of auto, ngspice, pyspice, nodal, got 'xyce'"),
        (["bank.json", "--engine", "nodal"], "--engine must be ngspice or pyspice, for a circuit that is not linear"),
        (["bank.json", "--code", "1"], "--code must be 3 digits"),
        (
            ["cells.csv", *WIRES, *FARADS, "--engine", "nodal"],
            "--engine must be auto or ngspice for an array over time",
        ),
        (["cells.csv", "--timeout", "-1"], "--timeout must be a finite number above 0"),
        (["cells.csv", "--plot", "a.txt"], "--plot must be a file's name in .png or .svg or .pdf"),
        (["cells.csv", "--plot", "no/such/a.png"], "--plot must be in a folder that can be written to"),
        (["mos.cir"], "must be linear and at rest"),
    ],
)
def test_what_cannot_be_verified_is_one_line(run, refused, command, says):
    del run  # only its files are wanted
    assert says in refused("verify", *command)


def test_a_chip_has_a_largest_verification(run, refused, monkeypatch):
    monkeypatch.setattr("rescircuit.cli.verify._MOST_BANKS", 5)
    assert "--banks must be a range of at most 5 banks" in refused("verify", "chip.zarr")
    assert run("verify", "chip.zarr", "--banks", "0:5")[0] == 0


@pytest.mark.parametrize("command", ["export", "verify"])
@pytest.mark.parametrize("width", [80, 120])
def test_help_has_panels_and_an_example_of_each_kind(run, monkeypatch, command, width):
    monkeypatch.setenv("COLUMNS", str(width))
    code, out, _ = run(command, "--help")
    assert code == 0
    assert "…" not in out
    assert max(map(len, out.splitlines())) <= width
    titles = [line for line in out.splitlines() if line.startswith("╭")]
    for panel in ("A bank (.json), or banks of a chip (.zarr)", "An array (.csv, .npz)", "A tile of a network"):
        assert sum(panel in title for title in titles) == 1
    examples = " ".join(out.partition("Example")[2].split())
    for kind in ("bank.json", "chip.zarr", "conductances.csv", "network.npz", ".net"):
        assert f"rescircuit {command} " in examples
        assert kind in examples
