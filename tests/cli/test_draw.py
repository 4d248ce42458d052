"""``rescircuit draw``: the library's schematics, from files."""

from __future__ import annotations

import json

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.bank.chips import load_chip
from rescircuit.bank.files import save_bank
from rescircuit.cli.network_options import ChipOptions
from rescircuit.network import Dense, map_network
from rescircuit.network.layers import Activation
from rescircuit.plotting.schematics import draw_schematic

CELLS = np.array([[1e-5, 2e-5, 3e-5], [4e-5, 5e-5, 6e-5]])
RNG = np.random.default_rng(3)
NETWORK = rc.Network(
    (
        Dense(weight=RNG.normal(size=(4, 11)), bias=np.zeros(4), name="a"),
        Activation(kind="relu", name="relu"),
        Dense(weight=RNG.normal(size=(5, 4)), bias=np.zeros(5), name="b"),
    )
)
INPUTS = np.vstack([RNG.uniform(0, 2, (2, 11)), RNG.uniform(-2, 2, (1, 11))])
TILE = ["network.npz", "--rows", "8", "--cols", "8", "--bank-size", "4", "--r-word-line", "1ohm"]


@pytest.fixture
def files(tmp_path):
    """A bank with a setting, one that is too large, arrays, and voltages."""
    save_bank(rc.Bank(resistances=[1e4, 2e4, 4e4]), tmp_path / "bank.json", np.array([True, False, True]))
    save_bank(rc.Bank(resistances=np.geomspace(1e3, 1e6, 25)), tmp_path / "large.json")
    np.savetxt(tmp_path / "cells.csv", CELLS, delimiter=",")
    np.savetxt(tmp_path / "large.csv", np.full((3, 9), 1e-6), delimiter=",")
    (tmp_path / "one.csv").write_text("0.1,0.2\n")
    (tmp_path / "several.csv").write_text("0.1,0.2\n0.3,0.4\n")
    (tmp_path / "volt.csv").write_text("0.3\n")
    rc.save_network(NETWORK, tmp_path / "network.npz")
    np.savetxt(tmp_path / "x.csv", INPUTS, delimiter=",", fmt="%.17g")


@pytest.fixture
def same(run, tmp_path):
    """Asserts that a command line draws what the library draws, to the byte."""

    def compare(thing, *options, out="drawn.svg", **arguments):
        code, printed, err = run("draw", *options, "-o", out)
        assert (code, printed) == (0, ""), err
        expected = draw_schematic(thing, tmp_path / f"expected-{out}", **arguments)
        assert (tmp_path / out).read_bytes() == expected.read_bytes()
        return err

    return compare


@pytest.mark.usefixtures("files")
def test_a_bank_in_its_own_setting_or_another(same):
    bank = rc.Bank(resistances=[1e4, 2e4, 4e4])
    assert same(bank, "bank.json", mask=np.array([True, False, True])) == "Written: drawn.svg, a bank of 3.\n"
    same(bank, "bank.json", "--code", "010", mask=np.array([False, True, False]))
    same(bank, "bank.json", "--title", "My [bold]bank[/]", title="My [bold]bank[/]", mask=np.array([True, False, True]))
    same(bank, "bank.json", "--voltages", "volt.csv", "--code", "111", voltages=0.3)


def test_banks_of_other_kinds(same, tmp_path):
    series = rc.SeriesBank(resistances=[1e4, 2e4])
    save_bank(series, tmp_path / "series.json", np.array([False, True]))
    assert same(series, "series.json", mask=np.array([False, True])) == "Written: drawn.svg, a series bank of 2.\n"
    capacitors = rc.CapacitorBank(capacitances=[1e-13, 2e-13])
    save_bank(capacitors, tmp_path / "capacitors.json")
    same(capacitors, "capacitors.json", "--code", "01", mask=np.array([False, True]))
    banks = rc.Bank(resistances=[1e4, 2e4, 4e4]), rc.Bank(resistances=[1e4, 2e4])
    pair = rc.DifferentialPair(positive=banks[0], negative=banks[1])
    save_bank(pair, tmp_path / "pair.json")
    assert same(pair, "pair.json") == "Written: drawn.svg, a differential pair of 3 and 2.\n"


@pytest.mark.usefixtures("files")
def test_an_array_with_its_wires(same):
    wires = {"r_word_line": 10.0, "r_bit_line": 20.0}
    options = ["--r-word-line", "10ohm", "--r-bit-line", "20ohm"]
    err = same(rc.Crossbar(CELLS, **wires), "cells.csv", *options)
    assert err == "Written: drawn.svg, an array of 2 x 3.\n"
    same(rc.Crossbar(CELLS), "cells.csv", "--voltages", "one.csv", voltages=np.array([0.1, 0.2]))
    np.savez("one.npz", v=[0.1, 0.2])
    same(rc.Crossbar(CELLS), "cells.csv", "--voltages", "one.npz", voltages=np.array([0.1, 0.2]))


def programmed(inputs=None):
    """What the options of TILE make of the network."""
    spec, _ = ChipOptions(rows=8, cols=8, bank_size=4).spec("1ohm", "0ohm")
    return map_network(NETWORK, spec, seed=1, calibration_inputs=inputs)


@pytest.mark.usefixtures("files")
def test_a_tile_of_a_network(same, tmp_path):
    analog = programmed()
    err = same(analog.tile(0, 1), *TILE, "--tile", "1")
    assert err == "Written: drawn.svg, a tile of 3 x 8.\n"
    of_array = draw_schematic(analog.tile(0, 1).array, tmp_path / "of-array.svg")
    assert (tmp_path / "drawn.svg").read_bytes() == of_array.read_bytes()
    err = same(analog.tile(1, 1, cells="conductances"), *TILE, "--layer", "1", "--tile", "1", "--tile-cells",
               "conductances")  # fmt: skip
    assert err == "Written: drawn.svg, a tile of 4 x 2.\n"
    (tmp_path / "three.csv").write_text("0.1,0.05,0.02\n")
    same(analog.tile(0, 1), *TILE, "--tile", "1", "--voltages", "three.csv", voltages=np.array([0.1, 0.05, 0.02]))


@pytest.mark.usefixtures("files")
def test_a_tile_with_a_sample_at_its_inputs(same):
    tile = programmed(INPUTS).tile(0, 1, cells="conductances")
    choice = [*TILE, "--tile", "1", "--tile-cells", "conductances", "--inputs", "x.csv"]
    for number, options in ((0, []), (1, ["--samples", "1"])):
        same(tile, *choice, *options, voltages=tile.voltages(INPUTS[number]))


def test_a_bank_of_a_chip(run, same, refused):
    assert run("sample", "-n", "4", "--rows", "2", "--cols", "2", "-o", "chip.zarr")[0] == 0
    same(
        load_chip("chip.zarr").part((1, 0)),
        "chip.zarr",
        "--bank",
        "2",
        "--code",
        "1101",
        mask=np.array([1, 1, 0, 1], bool),
    )
    assert "--bank must be given for a chip" in refused("draw", "chip.zarr", "-o", "x.svg")
    assert "--bank must be a whole number from 0 to 3" in refused("draw", "chip.zarr", "--bank", "4", "-o", "x.svg")


@pytest.mark.usefixtures("files")
def test_a_png_and_json(run, tmp_path):
    code, out, err = run("draw", "cells.csv", "--cells", "1t1r", "--w-over-l", "10", "-o", "cells.PNG", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out) == {"file": "cells.PNG", "drawn": "an array of 2 x 3"}
    assert (tmp_path / "cells.PNG").read_bytes().startswith(b"\x89PNG\r\n")


MISTAKES = [
    (
        ["large.json"],
        "FILE must be a bank of at most 24 components, to be drawn, got 25. Take a part: a file with some",
    ),
    (["large.csv"], "FILE must be a crossbar of at most 8 x 8 cells, to be drawn, got '3 x 9'. Take a part: a file"),
    (["bank.json", "--code", "1011"], "--code must be 3 digits"),
    (["bank.json", "--code", "10x"], "--code must be 3 digits"),
    (["bank.json", "--code", ""], "--code must be 3 digits"),
    (["cells.csv", "--code", "101"], "--code must be left out for an array"),
    (["cells.csv", "--bank", "0"], "--bank must be left out for an array"),
    (["bank.json", "--bank", "0"], "--bank must be left out for "),
    (["bank.json", "--r-word-line", "1ohm"], "--r-word-line must be left out for a bank"),
    (["bank.json", "--voltages", "one.csv"], "--voltages must be one number for a bank that is drawn, got '2 numbers'"),
    (["cells.csv", "--voltages", "several.csv"], "--voltages must be a file with one row or one column"),
    (["cells.csv", "--voltages", "volt.csv"], "--voltages must be 2 numbers, one a word line, got '1 numbers'"),
    (["cells.csv", "--voltages", "none.csv"], "--voltages must be a readable file"),
    (["bank.json", "--title", "x" * 121], "--title must be of at most 120 characters"),
    (
        ["bank.cir"],
        "FILE must be a bank (.json), a chip (.zarr), an array (.csv, .npz) or a network (.npz, .safetensors, ",
    ),
    (["cells.csv", "--layer", "1"], "--layer must be left out for an array, got 1"),
    (["bank.json", "--seed", "2"], "--seed must be left out for a bank"),
    (["none/network.npz", "--layer", "1"], "FILE must be a readable file, got 'none/network.npz'. No such file"),
    (["network.npz"], "--rows and --cols must be of tiles of at most 8 x 8, to be drawn, got '128 x 128'. Take --rows"),
    (["network.npz", "--rows", "10", "--cols", "8"], "FILE must be a crossbar of at most 8 x 8 cells, to be drawn, "),
    (["network.npz", "--r-sense", "1ohm"], "--r-sense must be left out for a network's tile"),
    ([*TILE, "--layer", "2"], "--layer must be a whole number from 0 to 1, got 2"),
    ([*TILE, "--tile", "2"], "--tile must be a whole number from 0 to 1, got 2"),
    ([*TILE, "--rows", "0"], "--rows must be a whole number of at least 1, got 0"),
    ([*TILE, "--inputs", "x.csv", "--samples", "0:2"], "--samples must be one sample without negative inputs, for a "),
    ([*TILE, "--inputs", "x.csv", "--samples", "2"], "--samples must be one sample without negative inputs, for a "),
    ([*TILE, "--inputs", "x.csv", "--voltages", "one.csv"], "--voltages must be left out with --inputs"),
    ([*TILE, "--voltages", "one.csv"], "--voltages must be 8 numbers, one a word line, got '2 numbers'"),
    ([*TILE, "--voltages", "several.csv"], "--voltages must be a file with one row or one column"),
    ([*TILE, "--inputs", "x.csv", "-o", "x.csv"], "--out must be another file than those that are read"),
    (["none.json"], "FILE must be a readable bank file, got 'none.json'. No such file or directory."),
    (["bank.json", "-o", "x.pdf"], "--out must be a file's name in .svg or .png, got 'x.pdf'"),
    (["bank.json", "-o", "bank.json"], "--out must be another file than those that are read"),
    (["bank.json", "-o", "folder.svg"], "--out must be a file's name, not that of a directory"),
    (["bank.json", "-o", "no/such/x.svg"], "--out must be in a folder that can be written to"),
    (["bank.json", "-o", "link.svg"], "--out must be another file than those that are read"),
]


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(("options", "says"), MISTAKES, ids=[" ".join(options)[:40] for options, _ in MISTAKES])
def test_bad_input_is_one_line_and_leaves_the_old_picture(refused, tmp_path, options, says):
    (tmp_path / "folder.svg").mkdir()
    (tmp_path / "link.svg").symlink_to("bank.json")
    (tmp_path / "old.svg").write_text("old")
    before = (tmp_path / "bank.json").read_bytes()
    out = [] if "-o" in options else ["-o", "old.svg"]
    assert says in refused("draw", *options, *out)
    assert (tmp_path / "old.svg").read_text() == "old"
    assert (tmp_path / "bank.json").read_bytes() == before


@pytest.mark.usefixtures("files")
def test_a_picture_needs_a_name(refused):
    assert "Missing option '--out' / '-o'" in refused("draw", "bank.json")
