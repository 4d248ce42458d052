"""``rescircuit check``: the electrical rules, from files."""

from __future__ import annotations

import json

import pytest

import rescircuit as rc
from rescircuit.bank.files import save_bank
from rescircuit.spice import Circuit, Instance, Resistor, Subcircuit, VoltageSource, write_deck

SOUND = "a bridge\nVs top 0 5\nR1 top left 1k\nR2 top right 2k\nR3 left 0 3k\nR4 right 0 4k\nC1 left right 1n\n.end\n"
BROKEN = {
    "single-connection": ("R1 a bb 1k", ["R1", "bb"]),
    "voltage-loop": ("V2 a 0 2", ["V1", "V2"]),
    "current-cut": ("I1 0 c 1m\nC1 c 0 1n", ["I1", "c"]),
    "no-dc-path": ("R1 c d 1k\nR2 c d 1k", ["c", "d"]),
}


@pytest.fixture
def netlist(tmp_path):
    """Writes lines as a netlist in which V1 feeds R9."""

    def write(lines, name="netlist.cir"):
        (tmp_path / name).write_text(f"title\nV1 a 0 1\nR9 a 0 1k\n{lines}\n.end\n")

    return write


@pytest.fixture
def unused(tmp_path):
    """A deck of ours in which a subcircuit is not used: a warning and no error."""
    divider = Subcircuit(
        name="divider",
        ports=("top", "tap"),
        elements=(
            Resistor(name="r_a", plus="top", minus="tap", resistance=1e3),
            Resistor(name="r_b", plus="tap", minus="0", resistance=1e3),
        ),
    )
    elements = (
        VoltageSource(name="v_in", plus="in", minus="0", voltage=1.0),
        Instance(name="x_divider", ports=("in", "out"), model="divider"),
        Resistor(name="r_load", plus="out", minus="0", resistance=1e3),
    )
    spare = Subcircuit(name="spare", ports=divider.ports, elements=divider.elements)
    write_deck(Circuit(elements=elements, models=(divider, spare))).write(tmp_path / "unused.cir")


def test_a_sound_netlist_has_no_findings(run, tmp_path):
    (tmp_path / "bridge.sp").write_text(SOUND)
    assert run("check", "bridge.sp") == (0, "no findings: 6 elements, 3 nodes besides ground.\n", "")
    code, out, _ = run("check", "bridge.sp", "--strict", "--json")
    assert code == 0
    assert json.loads(out) == {"errors": 0, "warnings": 0, "elements": 6, "nodes": 3, "findings": []}


@pytest.mark.parametrize("rule", BROKEN)
def test_errors_are_listed_with_names_and_code_1(run, netlist, rule):
    lines, names = BROKEN[rule]
    netlist(lines)
    code, out, err = run("check", "netlist.cir")
    assert (code, err) == (1, "")
    row = next(line for line in out.splitlines() if rule in line)
    assert row.split()[0] == "error"
    assert ", ".join(names) in row
    assert "1 error: " in out.splitlines()[-1]
    code, out, _ = run("check", "netlist.cir", "--json")
    answer = json.loads(out)
    assert (code, answer["errors"], answer["warnings"]) == (1, 1, 0)
    (finding,) = answer["findings"]
    assert (finding["rule"], finding["severity"], finding["names"]) == (rule, "error", names)
    assert all(name in finding["message"] for name in names)


def test_many_findings_of_a_rule_are_counted(run, netlist):
    netlist("\n".join(f"R{k} a end_{k} 1k" for k in range(10, 60)))
    code, out, _ = run("check", "netlist.cir")
    assert code == 1
    assert "There are 30 more findings of the rule single-connection." in out
    assert "end_29" in out
    assert "end_30" not in out


@pytest.mark.usefixtures("unused")
def test_warnings_are_errors_only_where_asked(run):
    code, out, _ = run("check", "unused.cir")
    assert code == 0
    row = next(line for line in out.splitlines() if "unused-subcircuit" in line)
    assert row.split()[0] == "warning"
    assert "spare" in row
    assert out.splitlines()[-1] == "1 warning: 4 elements, 2 nodes besides ground."
    assert run("check", "unused.cir", "--strict")[:2] == (1, out)
    code, out, _ = run("check", "unused.cir", "--strict", "--json")
    assert (code, json.loads(out)["warnings"]) == (1, 1)


def test_an_open_end_is_no_error_where_it_is_named(run, refused, netlist):
    netlist("R1 a Probe 1k\nR2 a other 1k")
    assert "name it with --open-end" in run("check", "netlist.cir")[1]
    code, out, _ = run("check", "netlist.cir", "--open-end", "probe")
    assert code == 1
    assert "Probe" not in out
    assert "R2, other" in out
    assert run("check", "netlist.cir", "--open-end", "probe", "--open-end", "OTHER")[0] == 0
    assert "--open-end must be one of the circuit's nodes, got 'prob'" in refused(
        "check", "netlist.cir", "--open-end", "prob"
    )


def test_what_export_takes_is_checked_as_it_would_be_written(run, tmp_path):
    (tmp_path / "cells.csv").write_text("1e-6,2e-6,3e-6\n4e-6,5e-6,6e-6\n")
    wires = ["--r-word-line", "1ohm", "--r-bit-line", "1ohm"]
    code, out, _ = run("check", "cells.csv", *wires, "--json")
    answer = json.loads(out)
    # 2 + 3 sources, 6 cells, 2 x 3 and 3 x 2 wires; both ends of each cell, drives and senses
    assert (code, answer["elements"], answer["nodes"], answer["findings"]) == (0, 23, 17, [])
    assert run("export", "cells.csv", *wires, "-o", "cells.cir")[0] == 0
    assert run("check", "cells.cir", "--json")[1] == out
    save_bank(rc.Bank(resistances=[1e4, 2e4, 4e4]), tmp_path / "bank.json")
    assert run("check", "bank.json")[:2] == (0, "no findings: 5 elements, 2 nodes besides ground.\n")


def test_a_bank_of_a_chip(run):
    assert run("sample", "-n", "4", "--rows", "2", "--cols", "2", "-o", "chip.zarr")[0] == 0
    code, out, _ = run("check", "chip.zarr", "--bank", "3")
    assert code == 0
    assert out.startswith("no findings: ")


def test_the_table_fits_in_80_columns(run, monkeypatch, netlist):
    netlist("R1 c d 1k\nR2 c d 1k\nV2 a 0 2")
    monkeypatch.setattr("rich.console.Console.is_terminal", property(lambda _: True))
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setenv("COLUMNS", "80")
    code, out, _ = run("check", "netlist.cir")
    assert code == 1
    assert max(map(len, out.splitlines())) <= 80
    assert "voltage-loop" in out
    assert "…" not in out


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["netlist.cir", "--r-word-line", "1ohm"], "--r-word-line must be left out for a netlist"),
        (["netlist.cir", "--cells", "sinh"], "--cells must be left out for a netlist"),
        (["netlist.cir", "--w-over-l", "10"], "--w-over-l must be left out for a netlist"),
        (["netlist.cir", "--bank", "0"], "--bank must be left out for a netlist"),
        (
            ["cells.xlsx"],
            "FILE must be a bank (.json), a chip (.zarr), a table (.csv, .npz) or a netlist (.cir, .sp, .net, .spice)",
        ),
        (["none.json"], "FILE must be a readable bank file, got 'none.json'. No such file or directory."),
        (["none.csv"], "FILE must be a readable file"),
        (["bad.csv"], "bad.csv, line 2 must be numbers with commas between them"),
        (["cells.csv", "--r-word-line", "1meg2"], "--r-word-line must be a quantity in ohm"),
        (["cells.csv", "--cells", "other"], "--cells must be one of linear, sinh, 1t1r"),
        (["cells.csv", "--drive", "floating", "--sense", "floating"], "with a path from each node to a source"),
        (["folder.csv"], "FILE must be a readable file, got 'folder.csv'. Is a directory."),
    ],
)
def test_bad_input_is_one_line(refused, netlist, tmp_path, options, says):
    netlist("")
    (tmp_path / "cells.csv").write_text("0,1\n0,1\n")
    (tmp_path / "bad.csv").write_text("1,2\n3,x\n")
    (tmp_path / "folder.csv").mkdir()
    assert says in refused("check", *options)
