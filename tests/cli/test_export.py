"""``export``: the library's deck of whatever a file holds, and one line for what does not fit."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.bank import CapacitorBank, DifferentialPair, load_chip, save_chip
from rescircuit.bank.files import save_bank
from rescircuit.bank.series import SeriesBank
from rescircuit.cli.network_options import ChipOptions
from rescircuit.devices import NMOS, Fuse, Resistor
from rescircuit.network import Dense, map_network
from rescircuit.network.layers import Activation
from rescircuit.spice import TemperatureSweep
from rescircuit.spice.makers.settling import settling_circuit

RNG = np.random.default_rng(12)
CELLS = 10 ** RNG.uniform(-5, -4, (3, 2))
BANK = rc.Bank(resistances=[1e4, 2e4, 4e4, 8e4], switch=NMOS(w_over_l=10))
SIGNED = RNG.uniform(-2, 2, (6, 5))
CHIP = Resistor(nominal=1e5, common=0.1, mismatch=0.02)
SWEEP = TemperatureSweep(start=-40.0, stop=125.0, step=15.0)
DRAWN = """a bridge, drawn elsewhere
R1 in left 1k
R2 in right 2.2k
R3 left 0 470
R4 right gnd 330
R5 left right 10k
V1 in 0 dc 5
.op
.end
"""


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A folder with files of every kind that can be exported."""
    there = tmp_path_factory.mktemp("files")
    save_bank(BANK, there / "bank.json", np.array([True, False, True, True]))
    save_chip(rc.Bank.sample(CHIP, n=4, shape=(2, 3), seed=3, switch=NMOS(w_over_l=10)), there / "chip.zarr")
    np.savetxt(there / "cells.csv", CELLS, delimiter=",", fmt="%.17g")
    np.savetxt(there / "volts.csv", [[0.1, 0.2, 0.05]], delimiter=",")
    np.savetxt(there / "five.csv", [[0.0, 0.1, 0.2, 0.3, 0.4]], delimiter=",")
    rc.save_network(NETWORK, there / "net.npz")
    np.savez(there / "x.npz", x=SIGNED)
    (there / "drawn.net").write_text(DRAWN)
    return there


@pytest.fixture
def run(run, files, tmp_path):
    """Run a command line beside these files."""
    shutil.copytree(files, tmp_path, dirs_exist_ok=True)
    return run


NETWORK = rc.Network(
    (
        Dense(weight=RNG.normal(size=(4, 5)), bias=np.zeros(4), name="a"),
        Activation(kind="relu", name="relu"),
        Dense(weight=RNG.normal(size=(2, 4)), bias=np.zeros(2), name="b"),
    )
)
SMALL = ["--process", "thesis", "--bank-size", "3", "--cols", "4", "--r-word-line", "1ohm"]


def programmed(inputs=None):
    """What ``simulate network`` makes of that network with these options."""
    spec, _ = ChipOptions(process="thesis", bank_size=3, cols=4).spec("1ohm", "0ohm")
    return map_network(NETWORK, spec, seed=1, calibration_inputs=inputs)


@pytest.fixture
def exported(run):
    """The deck that ``export`` prints, and nothing on standard error."""

    def command(*arguments):
        code, out, err = run("export", *arguments)
        assert (code, err) == (0, "")
        return out

    return command


def test_a_bank_is_written_in_its_own_setting_or_in_any_code(exported):
    assert exported("bank.json") == rc.deck(BANK, mask=np.array([True, False, True, True])).text
    assert exported("bank.json", "--code", "0110") == rc.deck(BANK, mask=np.array([False, True, True, False])).text


@pytest.mark.parametrize(
    "bank",
    [
        SeriesBank(resistances=[1e3, 2e3, 4e3]),
        CapacitorBank(capacitances=[1e-12, 2e-12, 4e-12]),
        DifferentialPair(positive=rc.Bank(resistances=[1e4]), negative=rc.Bank(resistances=[2e4, 3e4])),
    ],
    ids=lambda bank: type(bank).__name__,
)
def test_banks_of_every_form(exported, bank):
    save_bank(bank, "other.json")
    code = "101"
    assert exported("other.json", "--code", code) == rc.deck(bank, mask=np.array([True, False, True])).text


@pytest.mark.parametrize("option", [["--temperature=-40:125:15"], ["--temperature", "-40:125:15"]])
def test_temperatures_are_one_or_a_sweep(exported, option):
    mask = np.array([True, False, True, True])
    assert exported("bank.json", *option) == rc.deck(BANK, mask=mask, temperature=SWEEP).text
    assert exported("bank.json", "--temperature", "-40C") == rc.deck(BANK, mask=mask, temperature=-40.0).text


def test_a_chip_is_one_bank_or_a_population(exported):
    chip = load_chip("chip.zarr")
    assert (
        exported("chip.zarr", "--bank", "4", "--code", "1001")
        == rc.deck(chip.part((1, 1)), mask=np.array([True, False, False, True])).text
    )
    about = "Banks 1 to 3 of the chip chip.zarr; bank_k is its bank 1 + k."
    part = load_chip("chip.zarr", banks=slice(1, 4))
    assert (
        exported("chip.zarr", "--banks", "1:4", "--temperature", "85")
        == rc.deck(part, temperature=85.0, comment=about).text
    )
    whole = exported("chip.zarr")
    assert whole.count(".subckt bank_") == 6
    for ohm in chip.resistances.ravel().tolist():
        assert f" {ohm!r} " in whole or f" {ohm!r}\n" in whole


def test_settings_come_from_program(run):
    assert run("calibrate", "chip.zarr", "--adc-bits", "14", "--dither", "1", "-o", "measured.zarr")[0] == 0
    np.savetxt("targets.csv", [8e-6, 12e-6, 20e-6, 5e-6, 15e-6, 10e-6])
    for name, more in (("set.csv", []), ("set.npz", []), ("best.csv", ["--best", "3"]), ("best.npz", ["--best", "3"])):
        assert run("program", "measured.zarr", "targets.csv", "-o", name, *more)[0] == 0
    with np.load("set.npz") as arrays:
        mask = arrays["mask"].reshape(6, 4)
    part = load_chip("chip.zarr", banks=slice(2, 5))
    about = "Banks 2 to 4 of the chip chip.zarr; bank_k is its bank 2 + k."
    expected = rc.deck(part, mask=mask[2:5], comment=about).text
    for name in ("set.csv", "set.npz", "best.csv", "best.npz"):
        assert run("export", "chip.zarr", "--banks", "2:5", "--settings", name)[1] == expected
        one = run("export", "chip.zarr", "--bank", "5", "--settings", name)[1]
        assert one == rc.deck(load_chip("chip.zarr").part((1, 2)), mask=mask[5]).text


def test_an_array_is_written_over_time_where_it_has_capacitances(exported):
    wires = ["--r-word-line", "100ohm", "--r-bit-line", "50ohm"]
    farads = ["--c-word-line", "1fF", "--c-bit-line", "2fF", "--c-cell", "0.1fF"]
    crossbar = rc.Crossbar(CELLS, 100.0, 50.0)
    circuit = settling_circuit(crossbar, [0.1, 0.2, 0.05], c_word_line=1e-15, c_bit_line=2e-15, c_cell=1e-16)
    text = exported("cells.csv", *wires, *farads, "--voltages", "volts.csv")
    assert text == rc.spice.write_deck(circuit).text
    assert ".tran " in text
    assert exported("cells.csv", *wires) == rc.deck(crossbar).text


def test_a_tile_is_that_of_simulate_network_with_the_same_options(exported):
    tile = programmed().tile(0, 1)
    assert exported("net.npz", *SMALL, "--layer", "0", "--tile", "1") == rc.deck(tile).text
    plain = programmed().tile(1, 0, cells="conductances")
    assert exported("net.npz", *SMALL, "--layer", "1", "--tile-cells", "conductances") == rc.deck(plain).text
    volts = rc.deck(tile, voltages=[[0.0, 0.1, 0.2, 0.3, 0.4]]).text
    assert exported("net.npz", *SMALL, "--tile", "1", "--voltages", "five.csv") == volts


def test_a_saved_chip_has_the_tiles_that_its_network_has_with_the_options_it_was_made_with(exported, run, tmp_path):
    analog = programmed(SIGNED)
    rc.save_analog(analog, tmp_path / "programmed.npz")
    drive = ["--inputs", "x.npz", "--samples", "1:3"]
    assert exported("programmed.npz", "--tile", "1") == rc.deck(analog.tile(0, 1)).text
    assert exported("programmed.npz", *drive) == exported("net.npz", *SMALL, *drive)
    plain = rc.deck(analog.tile(1, 0, cells="conductances")).text
    assert exported("programmed.npz", "--layer", "1", "--tile-cells", "conductances") == plain
    for options, required in (
        (("--seed", "7"), "--seed must be left out for a programmed chip's tile, which says all itself, got 7"),
        (("--r-word-line", "5ohm"), "--r-word-line must be left out for a programmed chip's tile"),
        (("--layers", "lenet5"), "--layers must be left out for a programmed chip's tile"),
        (("--layer", "2"), "--layer must be a whole number from 0 to 1, got 2"),
        (("--samples", "1"), "--samples must be left out without --inputs"),
    ):
        code, _, err = run("export", "programmed.npz", *options)
        assert code == 2
        assert required in " ".join(err.split())


def test_inputs_drive_the_layer_that_they_reach(exported):
    """All of them set the ranges; signed ones take two phases."""
    analog = programmed(SIGNED)
    two_phases = np.concatenate([np.maximum(SIGNED[1:3], 0), np.maximum(-SIGNED[1:3], 0)])
    first = analog.tile(0, 0)
    expected = rc.deck(first, voltages=first.voltages(two_phases)).text
    assert exported("net.npz", *SMALL, "--inputs", "x.npz", "--samples", "1:3") == expected
    second = analog.tile(1, 0)
    hidden = NETWORK.run(SIGNED[:1])[1]
    assert hidden.min() >= 0
    expected = rc.deck(second, voltages=second.voltages(hidden)).text
    assert exported("net.npz", *SMALL, "--inputs", "x.npz", "--layer", "1") == expected


def test_somebody_s_netlist_becomes_a_deck_of_ours(run, exported):
    text = exported("drawn.net")
    assert text.startswith("rescircuit circuit\n* a bridge, drawn elsewhere\n")
    assert "R4 right 0 330.0" in text
    Path("ours.cir").write_text(text)
    assert exported("ours.cir") == text
    code, out, err = run("export", "drawn.net", "-o", "new.sp", "--json")
    assert (code, err) == (0, "")
    answer = json.loads(out)
    assert answer["text"] == Path("new.sp").read_text() == text
    assert answer["warnings"] == []


def test_warnings_are_told_and_errors_refused(run, refused):
    model, spare = ".model switch nmos (", ".model spare nmos ("
    plain = run("export", "bank.json")[1]
    card = next(line for line in plain.splitlines() if line.startswith(model))
    Path("spare.cir").write_text(plain.replace(card, f"{card}\n{card.replace(model, spare)}"))
    code, out, err = run("export", "spare.cir")
    assert (code, out) == (0, Path("spare.cir").read_text())
    assert err.startswith("warning unused-model: ")
    assert err.count("\n") == 1
    code, out, err = run("export", "spare.cir", "--json")
    assert (code, err) == (0, "")
    assert [warning["rule"] for warning in json.loads(out)["warnings"]] == ["unused-model"]
    Path("loop.cir").write_text(DRAWN.replace(".op", "V2 in 0 3\n.op"))
    assert "got 'voltage-loop'" in refused("export", "loop.cir", "-o", "out.cir")


BANK_BAD = [
    (["bank.json", "--code", "101"], "--code must be 4 digits 0 or 1, branch 0 first, got '101'. It has 3."),
    (["bank.json", "--code", "1012"], "--code must be 4 digits 0 or 1, branch 0 first, got '1012'"),
    (["bank.json", "--code", "١١١١"], "--code must be 4 digits 0 or 1"),
    (["bank.json", "--bank", "0"], "--bank must be left out for a bank, got 0"),
    (["bank.json", "--banks", "0:1"], "--banks must be left out for a bank"),
    (["bank.json", "--cells", "sinh"], "--cells must be left out for a bank"),
    (["bank.json", "--c-cell", "1fF"], "--c-cell must be left out for a bank"),
    (["bank.json", "--layer", "1"], "--layer must be left out for a bank"),
    (["bank.json", "--memory-limit", "1GiB"], "--memory-limit must be left out for a bank"),
    (["bank.json", "--temperature", "1:2"], "--temperature must be one, such as 85, or START:STOP:STEP"),
    (["bank.json", "--temperature", "0:100:7"], "--temperature: step must be a whole part of stop - start"),
    (["bank.json", "--temperature", "100:0:10"], "--temperature: stop must be above start"),
    (["bank.json", "--temperature=-300"], "--temperature must be"),
    (["bank.json", "--temperature", "warm"], "--temperature must be a quantity in degC"),
    (["bank.json", "--settings", "none.csv"], "--settings must be a readable table"),
    (["bank.json", "--settings", "volts.csv"], "--settings volts.csv must be a table with a column mask"),
    (["bank.json", "--settings", "bank.json"], "--settings must be a .csv or .npz file, from program --out"),
    (["bank.json", "--settings", "two.csv"], "--settings must be a file with one setting, for one bank"),
    (["bank.json", "--code", "1111", "--settings", "two.csv"], "--settings must be left out with --code"),
    (["fuses.json", "--code", "11"], "--code must be left out where switches are blown for good"),
    (["chip.zarr", "--bank", "6"], "--bank must be a whole number from 0 to 5, got 6"),
    (["chip.zarr", "--bank", "1", "--banks", "0:2"], "--banks must be left out with --bank"),
    (["chip.zarr", "--banks", "3:3"], "--banks must be a range within 0:6 that is not empty"),
    (["chip.zarr", "--banks", "0:7"], "--banks must be a range within 0:6"),
    (["chip.zarr", "--banks", "-1:2"], "--banks must be a number, such as 3, or a range"),
    (["chip.zarr", "--settings", "two.csv"], "--settings must be a file with a setting of bank 2"),
    (
        ["chip.zarr", "--banks", "0:2", "--settings", "two.csv"],
        "--settings must be of banks of 4 switches, got 'a mask",
    ),
    (["chip.zarr", "--settings", "twice.csv"], "--settings twice.csv must be settings of different banks, got 'two of"),
    (["chip.zarr", "--settings", "odd.csv"], "--settings odd.csv, line 2 must be a row with a mask of digits 0 and 1"),
    (["chip.zarr", "--settings", "x.npz"], "--settings x.npz must be an archive with an array mask (..., n)"),
    (["none.zarr"], "FILE must be a chip"),
    (["bank.json", "--voltages", "cells.csv"], "--voltages must be a file with one row or one column"),
    (["bank.json", "--bit-line-voltages", "volts.csv"], "--bit-line-voltages must be left out for a bank, got 'volts"),
    (["bank.json", "--open-end", "in"], "--open-end must be left out for a bank"),
    (["wrong.json"], "wrong.json: mask must be 2 booleans, one a resistor, got '1'"),
    (["chip.zarr", "--settings", "unranked.npz"], "--settings unranked.npz must be an archive with a mask (..., best"),
]
OTHER_BAD = [
    (["cells.csv", "--code", "1"], "--code must be left out for an array"),
    (["cells.csv", "--temperature", "85"], "--temperature must be left out for an array"),
    (["cells.csv", "--inputs", "x.npz"], "--inputs must be left out for an array"),
    (["cells.csv", "--c-cell", "1fF"], "--c-word-line must be given with another capacitance, such as 1fF"),
    (
        ["cells.csv", *(FARADS := ["--c-word-line", "1fF", "--c-bit-line", "1fF"])],
        "the array must be with a capacitance",
    ),
    (["cells.csv", *FARADS, "--bit-line-voltages", "volts.csv"], "--bit-line-voltages must be left out with capac"),
    (["cells.csv", *FARADS, "--cells", "sinh", "--v-scale", "1V"], "--cells must be linear, with capacitances"),
    (["cells.csv", *FARADS, "--r-bit-line", "1", "--voltages", "cells.csv"], "--voltages must be of shape (3,), one"),
    (["cells.csv", *FARADS, "--r-bit-line", "1", "--c-cell", "-1fF"], "--c-cell must be"),
    (["net.npz", "--layer", "2"], "--layer must be a whole number from 0 to 1, got 2"),
    (["net.npz", *SMALL, "--tile", "7"], "--tile must be a whole number from 0 to 1, got 7"),
    (["net.npz", "--tile-cells", "wires"], "--tile-cells must be one of banks, conductances"),
    (["net.npz", "--samples", "1"], "--samples must be left out without --inputs"),
    (["net.npz", *SMALL, "--inputs", "x.npz", "--samples", "6"], "--samples must be a range within 0:6"),
    (["net.npz", *SMALL, "--inputs", "x.npz", "--voltages", "five.csv"], "--voltages must be left out with --inputs"),
    (["net.npz", *SMALL, "--inputs", "volts.csv"], "--inputs must be of shape (k, 5), got shape (1, 3)"),
    (["net.npz", *SMALL, "--voltages", "volts.csv"], "--voltages must be of shape (..., 5)"),
    (["net.npz", "--r-driver", "5ohm"], "--r-driver must be left out for a network's tile"),
    (["net.npz", "--r-word-line", "cells.csv"], "--r-word-line must be a quantity in ohm"),
    (["net.npz", "--cells", "sinh"], "--cells must be banks, ideal, resistors or memristors"),
    (["net.npz", "--bank-size", "0"], "--bank-size must be a whole number from 1 to 64, got 0"),
    (["net.npz", "--process", "none"], "--process must be one of "),
    (["net.npz", "--nominal", "1M"], "--nominal must be a quantity in ohm"),
    (["drawn.net", "--temperature", "85"], "--temperature must be left out for a netlist"),
    (["drawn.net", "--voltages", "volts.csv"], "--voltages must be left out for a netlist"),
    (["net.npz", "--bank-size", "5000"], "--bank-size must be a whole number from 1 to 64, got 5000"),
    (["none.cir"], "FILE must be a readable file"),
    (["drawn.net", "--open-end", "nowhere"], "--open-end must be one of the circuit's nodes, got 'nowhere'"),
    (["loose.net"], "loose.net must be free of electrical errors, got 'single-connection'. Node probe is on R1 alone"),
    (["loose.net"], "Where an end is meant to be open, name it with --open-end."),
    *(
        (["net.npz", *options], f"{options[0]} must be left out for a tile: its circuit has neither noise nor offsets")
        for options in (["--read-noise", "1%"], ["--bandwidth", "1megHz"], ["--amplifier-offset", "1mV"])
    ),
    (["net.npz", "--feedback", "1kohm"], "--feedback must be left out without --amplifier-gain, got '1kohm'"),
    (["net.npz", "--dac-bits", "8"], "--dac-bits must be left out without --inputs, got 8"),
    (
        ["net.npz", *SMALL, "--inputs", "x.npz", "--positions", "0"],
        "--positions must be left out for a layer with one position, got '0'",
    ),
    (["net.npz", "--input-shape", "5"], "--input-shape must be left out but for an ONNX file"),
    *((["drawn.net", "-o", f"x{suffix}"], "--out must be a deck's name") for suffix in (".zip", ".onnx", ".gz")),
    (["drawn.net", "-o", "none/out.cir"], "--out must be in a folder that can be written to"),
    (["bad.cir"], "bad.cir, line 2"),
    (["cells.txt"], "FILE must be a bank (.json), a chip (.zarr), a table (.csv, .npz) or a netlist (.cir,"),
    (["drawn.net", "-o", "drawn.net"], "--out must be another file than those that are read"),
    (["chip.zarr", "-o", "new.zarr"], "--out must be a deck's name"),
    (["net.npz", "--inputs", "x.cir", "-o", "x.cir"], "--out must be another file than those that are read"),
]


@pytest.mark.parametrize(("command", "says"), [*BANK_BAD, *OTHER_BAD], ids=lambda value: str(value)[:40])
def test_what_does_not_fit_is_one_line_and_leaves_nothing(run, refused, command, says):
    del run  # only its files are wanted
    fuses = rc.Bank(resistances=[1e4, 2e4], switch=Fuse(r_on=100.0, r_off=1e9))
    save_bank(fuses.blow([True, False]), "fuses.json")
    Path("two.csv").write_text("target,mask\n1,101\n2,110\n")
    Path("twice.csv").write_text("bank,mask\n1,1011\n1,1101\n")
    Path("odd.csv").write_text("bank,mask\n0,10x1\n")
    Path("wrong.json").write_text(Path("fuses.json").read_text().replace('"mask": null', '"mask": [true]'))
    np.savez("unranked.npz", mask=np.ones((2, 0, 4), bool), rank=np.ones(0))
    Path("loose.net").write_text("title\nV1 a 0 1\nR1 a probe 1k\n.end\n")
    Path("bad.cir").write_text("title\n.control\nshell touch ran\n.endc\n.end\n")
    if "-o" not in command:
        command = [*command, "-o", "out.cir"]
    assert says in refused("export", *command)


def test_an_open_end_that_is_named_is_written(run):
    Path("loose.net").write_text("title\nV1 a 0 1\nR1 a probe 1k\n.end\n")
    code, out, err = run("export", "loose.net", "--open-end", "PROBE")
    assert (code, err) == (0, "")
    assert "R1 a probe 1000.0" in out
    code, out, _ = run("verify", "loose.net", "--open-end", "probe", "--engine", "nodal", "--json")
    assert (code, json.loads(out)["passed"]) == (0, True)


def test_the_command_to_run_a_deck_is_quoted_for_the_shell(run):
    Path("a b").mkdir()
    err = run("export", "drawn.net", "-o", "a b/c;d.cir")[2]
    assert err.endswith("Run it: ngspice -b -r 'c;d.raw' 'a b/c;d.cir'\n")


def test_a_chip_has_a_largest_deck(refused, monkeypatch, run):
    monkeypatch.setattr("rescircuit.cli.export._MOST_BANKS", 5)
    said = refused("export", "chip.zarr")
    assert "--banks must be a range of at most 5 banks, such as 0:5, got '6 of them'" in said
    assert run("export", "chip.zarr", "--banks", "1:6")[0] == 0
