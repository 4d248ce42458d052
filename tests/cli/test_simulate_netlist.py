"""``rescircuit simulate netlist``: against closed forms, and ngspice."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pytest

from rescircuit.spice import (
    LIMITS,
    Circuit,
    Resistor,
    SelectedSource,
    TemperatureSweep,
    Transient,
    VoltageSource,
    relative_error,
    run_deck,
    write_deck,
)
from rescircuit.spice.decks.reading import read_deck

DIVIDER = "a divider\nVin in 0 10\nR1 in Out 1k\nR2 Out gnd 3k\n.end\n"


@pytest.fixture
def solved(run, tmp_path):
    """Writes a netlist and solves it; returns what --json says."""

    def solve(text, *options):
        (tmp_path / "netlist.cir").write_text(text)
        code, out, err = run("simulate", "netlist", "netlist.cir", "--json", *options)
        assert (code, err) == (0, "")
        return json.loads(out)

    return solve


@pytest.fixture
def swept(tmp_path):
    """A deck of ours with two samples and three temperatures: 1 kohm with 1000 ppm/K across a source."""
    elements = (
        SelectedSource(name="b_in", plus="in", minus="0", voltages=(1.0, 2.0)),
        Resistor(name="r_1", plus="in", minus="0", resistance=1e3, tc1=1e-3),
    )
    circuit = Circuit(elements=elements, temperatures=TemperatureSweep(start=-23.0, stop=77.0, step=50.0))
    write_deck(circuit).write(tmp_path / "swept.cir")


def test_a_voltage_divider(solved):
    answer = solved(DIVIDER)
    assert answer["node_voltages"] == {"in": [10.0], "Out": [7.5]}
    assert answer["source_currents"] == {"Vin": [-2.5e-3]}
    assert answer["points"] == [{"sample": 0, "temperature_celsius": 27.0}]
    assert answer["backward_error"] <= 1e-15
    assert answer["error_bound"] <= 1e-15
    assert answer["method"].startswith("nodal analysis, SuperLU")


@pytest.mark.parametrize("r4", [6e3, 4e3])
def test_a_bridge_by_thevenin(solved, r4):
    """Seen from R5 each half is a source behind its parallel resistance; balanced, nothing flows."""
    text = (
        f"bridge\nVs top 0 5\nR1 top left 1k\nR3 left 0 3k\nR2 top right 2k\nR4 right 0 {r4}\nR5 left right 10k\n.end\n"
    )
    answer = solved(text)
    left, right = 5 * 3 / 4, 5 * r4 / (2e3 + r4)
    behind_left, behind_right = 3e3 / 4, 2e3 * r4 / (2e3 + r4)
    current = (left - right) / (behind_left + 10e3 + behind_right)
    assert answer["node_voltages"]["left"][0] == pytest.approx(left - current * behind_left, rel=1e-14)
    assert answer["node_voltages"]["right"][0] == pytest.approx(right + current * behind_right, rel=1e-14)
    assert (current == 0) == (r4 == 6e3)


def test_signs_are_those_of_spice_and_capacitors_are_open(run, tmp_path):
    text = "t\nI1 0 a 2m\nV1 b 0 1\nR1 a 0 1k\nR2 b a 1k\nC1 a b 1u\n.end\n"
    (tmp_path / "netlist.cir").write_text(text)
    code, out, err = run("simulate", "netlist", "netlist.cir")
    # (1 V / 1 kohm + 2 mA) * 500 ohm at a; what flows from b to ground through V1 is (1.5 V - 1 V) / 1 kohm
    assert code == 0
    rows = {words[0]: " ".join(words[1:]) for words in map(str.split, out.splitlines()) if len(words) == 3}
    assert rows["a"] == "1.5 V"
    assert rows["b"] == "1 V"
    assert rows["V1"] == "500 uA"
    assert err == "Its capacitors carry no current at rest.\n"
    assert "Backward error " in out
    assert "By nodal analysis, SuperLU, refined; 1 unknowns" in out


def test_ngspice_agrees_on_a_random_network(solved, tmp_path):
    rng = np.random.default_rng(7)
    ends = [(k, (k + 1) % 12) for k in range(12)] + [tuple(rng.choice(12, 2, replace=False)) for _ in range(20)]
    lines = [f"R{k} {a} {b} {rng.uniform(1e2, 1e5):.17g}" for k, (a, b) in enumerate(ends)]
    answer = solved("\n".join(["random", *lines, "V1 3 0 2.5", "V2 8 5 -0.7", "I1 11 2 1.3m", ".end", ""]))
    theirs = run_deck(write_deck(read_deck(tmp_path / "netlist.cir")))
    floor = max(abs(values[0]) for values in answer["node_voltages"].values())
    assert set(answer["node_voltages"]) == set(map(str, range(1, 12)))
    for name, values in answer["node_voltages"].items():
        error = relative_error(np.array(values), theirs.node_voltages[name], floor)
        assert np.max(error) <= LIMITS["linear"].relative
    for name, values in answer["source_currents"].items():
        assert values[0] == pytest.approx(float(theirs.source_currents[name].ravel()[0]), rel=1e-8)


@pytest.mark.usefixtures("swept")
def test_samples_and_temperatures_are_columns(run, tmp_path):
    code, out, err = run("simulate", "netlist", "swept.cir", "--json", "--out", "all.csv")
    assert (code, err) == (0, "")
    answer = json.loads(out)
    expected = [-v / (1e3 * (1 + 1e-3 * (t - 27.0))) for t in (-23.0, 27.0, 77.0) for v in (1.0, 2.0)]
    assert answer["source_currents"]["b_in"] == pytest.approx(expected, rel=1e-14)
    assert answer["node_voltages"]["in"] == [1.0, 2.0] * 3
    assert answer["points"][3] == {"sample": 1, "temperature_celsius": 27.0}
    assert answer["file"] == "all.csv"
    head, voltages, currents = (tmp_path / "all.csv").read_text().splitlines()
    assert head.split(",")[:3] == ["name", "sample 0 at -23 degC", "sample 1 at -23 degC"]
    assert voltages == "v(in),1.0,2.0,1.0,2.0,1.0,2.0"
    assert currents.split(",")[0] == "i(b_in)"
    assert [float(cell) for cell in currents.split(",")[1:]] == answer["source_currents"]["b_in"]
    code, out, _ = run("simulate", "netlist", "swept.cir")
    assert code == 0
    assert "sample 1" in out
    assert "-23 °C" in out
    assert "... and 2 more columns; --out for all." in out


def test_a_long_netlist_is_cut_and_chosen_nodes_are_shown(run, solved, tmp_path):
    """A ladder of 50 equal resistors from 1 V to ground, whose nodes are evenly spaced."""
    nodes = ["top", *(f"n{k}" for k in range(1, 50)), "0"]
    lines = [f"R{k} {a} {b} 1k" for k, (a, b) in enumerate(pairwise(nodes))]
    text = "\n".join(["ladder", "V1 top 0 1", *lines, ".end", ""])
    answer = solved(text, "-o", "ladder.csv")
    assert list(answer["node_voltages"]) == nodes[:-1]
    values = [values[0] for values in answer["node_voltages"].values()]
    assert values == pytest.approx([1 - k / 50 for k in range(50)], abs=1e-14)
    table = (tmp_path / "ladder.csv").read_text().splitlines()
    assert table[0] == "name,value"
    assert [float(row.split(",")[1]) for row in table[1:-1]] == values
    code, out, _ = run("simulate", "netlist", "netlist.cir")
    assert code == 0
    assert "... and 30 more nodes; --out for all." in out
    assert " n19 " in out
    assert " n20 " not in out
    code, out, _ = run("simulate", "netlist", "netlist.cir", "--node", "N45", "--node", "n20")
    rows = [line.split() for line in out.splitlines() if line.strip().startswith("n")]
    assert rows[1:] == [["n45", "100", "mV"], ["n20", "600", "mV"]]
    assert "source" not in out
    assert list(solved(text, "--source", "v1")["source_currents"]) == ["V1"]
    assert solved(text, "--source", "v1")["node_voltages"] == {}


def test_the_tables_fit_in_80_columns(run, monkeypatch, tmp_path):
    elements = (
        SelectedSource(name="b_in", plus="a_node_with_a_long_name", minus="0", voltages=(0.123456, -0.2345678) * 4),
        Resistor(name="r_1", plus="a_node_with_a_long_name", minus="0", resistance=1e3),
    )
    circuit = Circuit(elements=elements, temperatures=TemperatureSweep(start=-23.5, stop=76.5, step=50.0))
    write_deck(circuit).write(tmp_path / "swept.cir")
    monkeypatch.setattr("rich.console.Console.is_terminal", property(lambda _: True))
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setenv("COLUMNS", "80")
    code, out, _ = run("simulate", "netlist", "swept.cir")
    assert code == 0
    assert max(map(len, out.splitlines())) <= 80
    assert "a_node_with_a_long_name" in out
    assert "-234.568 mV" in out


def test_a_circuit_without_a_solution_is_one_line(refused, tmp_path):
    cases = {
        "V1 a 0 1\nR1 b c 1k\nR2 b c 1k": "netlist.cir: node b must be joined to ground",
        "V1 a 0 1\nV2 a 0 2": "netlist.cir: source V2 must be between nodes that no other voltage sources already hold",
        "V1 a 0 1\nI1 b 0 1m\nC1 b 0 1n": "netlist.cir: node b must be joined to ground",
    }
    for lines, says in cases.items():
        (tmp_path / "netlist.cir").write_text(f"t\n{lines}\n.end\n")
        line = refused("simulate", "netlist", "netlist.cir", "-o", "all.csv")
        assert says in line
        assert "rescircuit check lists all such faults." in line


def test_what_is_not_linear_or_not_at_rest_is_refused(run, refused, tmp_path):
    assert run("sample", "-n", "3", "--rows", "1", "--cols", "1", "-o", "chip.zarr")[0] == 0
    assert run("export", "chip.zarr", "--bank", "0", "-o", "mos.cir")[0] == 0
    assert "must be a resistor, a constant source, a mirror" in refused("simulate", "netlist", "mos.cir")
    elements = (
        VoltageSource(name="v_in", plus="in", minus="0", voltage=1.0),
        Resistor(name="r_1", plus="in", minus="0", resistance=1e3),
    )
    write_deck(Circuit(elements=elements, transient=Transient(stop=1e-6, max_step=1e-8))).write(tmp_path / "tran.cir")
    assert "tran.cir must be without a transient" in refused("simulate", "netlist", "tran.cir")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--node", "inn"], "--node must be one of the netlist's nodes (in, Out), got 'inn'"),
        (["--node", "0"], "--node must be one of the netlist's nodes"),
        (["--node", "in", "--source", "R1"], "--source must be one of the netlist's voltage sources (Vin), got 'R1'"),
        (["--out", "all.txt"], "--out must be a file's name in .csv, got 'all.txt'"),
        (["--out", "divider.cir"], "--out must be another file than those that are read"),
        (["--out", "link.csv"], "--out must be another file than those that are read"),
        (["--out", "folder.csv"], "--out must be a file's name, not that of a directory"),
        (["--out", "no/such/all.csv"], "--out must be in a folder that can be written to"),
    ],
)
def test_bad_options_are_one_line(refused, tmp_path, options, says):
    (tmp_path / "divider.cir").write_text(DIVIDER)
    (tmp_path / "link.csv").symlink_to("divider.cir")
    (tmp_path / "folder.csv").mkdir()
    assert says in refused("simulate", "netlist", "divider.cir", *options)
    assert (tmp_path / "divider.cir").read_text() == DIVIDER
