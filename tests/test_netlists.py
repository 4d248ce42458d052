"""The example netlists are what netlists/README.md says made them, and every deck among them is right."""

from __future__ import annotations

import importlib.metadata
import json
import re
import runpy
import shlex
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.cli.app import main
from rescircuit.spice import run_deck, write_deck

ROOT = Path(__file__).parents[1]
NETLISTS = ROOT / "netlists"
TOOL = runpy.run_path(str(ROOT / "tools" / "make-netlists"))
README = (NETLISTS / "README.md").read_text(encoding="utf-8")
DECKS = sorted(path.relative_to(ROOT).as_posix() for path in NETLISTS.rglob("*.cir"))
PICTURES = sorted(path.relative_to(ROOT).as_posix() for path in NETLISTS.rglob("*.svg"))
BANKS = sorted(path.relative_to(ROOT).as_posix() for path in NETLISTS.rglob("bank.json"))
# Their times, from a matrix's eigenvalues, and scales, from solved branches, may end in another digit elsewhere.
COMPUTED = {"netlists/settling.cir", "netlists/tile.cir"}
NUMBER = re.compile(r"(?<![\w.])[-+]?\d+(?:\.\d*)?(?:e[-+]?\d+)?(?![\w.])")


def sources():
    """For each deck the command that verifies what it describes, as its own command on the page says it."""
    found = {}
    for kind, content in TOOL["steps"](README):
        words = shlex.split(content) if kind == "command" else [""]
        if words[0] == "design":
            folder = words[words.index("--out") + 1]
            found[f"{folder}/bank.cir"] = ["verify", f"{folder}/bank.json"]
        elif words[0] == "export":
            found[words[-1]] = ["verify", *words[1:-2]]
        elif "--deck" in words:
            found[words[-1]] = [*words[:-2], "--ngspice"]
    return found


SOURCES = sources()


@pytest.fixture(scope="module")
def remade(tmp_path_factory):
    """A folder in which all of it was made again from nothing but its sources, and what the page's Python defined."""
    folder = tmp_path_factory.mktemp("repository")
    shutil.copytree(NETLISTS, folder / "netlists", ignore=shutil.ignore_patterns("*.cir", "*.svg", "*.json", "*.zarr"))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(sys, "argv", [])
        told = []
        TOOL["make"](told.append)
    return SimpleNamespace(folder=folder, told=told)


@pytest.fixture
def run(remade, monkeypatch, capsys):
    """Run a command line in that folder; returns what it prints."""
    monkeypatch.chdir(remade.folder)

    def command(*arguments):
        monkeypatch.setattr(sys, "argv", ["rescircuit", *arguments])
        with pytest.raises(SystemExit) as leaving:
            main()
        printed = capsys.readouterr()
        assert not leaving.value.code, printed.err
        return printed.out

    return command


def test_the_page_names_every_deck_and_shows_its_picture():
    rows = [line for line in README.splitlines() if line.startswith("| [`")]
    shown = {re.search(r"\]\((.*?)\)", row)[1]: re.search(r'<img src="(.*?)"', row)[1] for row in rows}
    assert sorted(f"netlists/{deck}" for deck in shown) == DECKS == sorted(SOURCES)
    assert sorted({f"netlists/{picture}" for picture in shown.values()}) == PICTURES
    assert len(DECKS) == 12


def test_nothing_else_is_made_and_every_step_is_told(remade):
    made = {path.relative_to(remade.folder).as_posix() for path in (remade.folder / "netlists").rglob("*")}
    kept = {path.relative_to(ROOT).as_posix() for path in NETLISTS.rglob("*")}
    chip = re.compile(r"netlists/chip\.zarr(/|$)")
    assert {name for name in made if not chip.match(name)} == {name for name in kept if not chip.match(name)}
    assert any(map(chip.match, made))
    assert len(remade.told) == README.count("\n$ rescircuit ") + README.count("\n```python\n")


@pytest.mark.parametrize("name", [*DECKS, *BANKS])
def test_what_the_commands_make_is_what_is_kept_byte_for_byte(remade, name):
    made, kept = (remade.folder / name).read_bytes(), (ROOT / name).read_bytes()
    if name not in COMPUTED:
        assert made == kept
        return
    texts = made.decode(), kept.decode()
    assert NUMBER.sub("#", texts[0]) == NUMBER.sub("#", texts[1])
    numbers = [[float(number) for number in NUMBER.findall(text)] for text in texts]
    assert len(numbers[0]) > 100
    np.testing.assert_allclose(*numbers, rtol=1e-12)


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_are_those_that_are_kept(remade, name):
    made, kept = (remade.folder / name).read_text(encoding="utf-8"), (ROOT / name).read_text(encoding="utf-8")
    programs = re.search(r"of (matplotlib) ([\d.]+) and (schemdraw) ([\d.]+)", " ".join(README.split())).groups()
    drawn_with = dict(zip(programs[::2], programs[1::2], strict=True))
    if all(importlib.metadata.version(program) == version for program, version in drawn_with.items()):
        assert made == kept
    else:  # others may place a letter differently: the same texts in the same order
        said = re.compile(r"<!-- (.*?) -->|<text.*?>(.*?)</text>", re.DOTALL)
        assert said.findall(made) == said.findall(kept) != []


@pytest.mark.parametrize("name", DECKS)
def test_a_deck_passes_the_rules_reads_back_and_runs(name):
    circuit = rc.read_deck(ROOT / name)
    assert rc.electrical_check(circuit) == ()
    deck = write_deck(circuit)
    assert deck.text == (ROOT / name).read_text(encoding="utf-8")
    result = run_deck(deck)
    assert set(result.node_voltages) == set(deck.nodes)
    assert all(np.isfinite(values).all() for values in result.node_voltages.values())
    assert max(np.abs(values).max() for values in result.source_currents.values()) > 0


@pytest.mark.parametrize("name", DECKS)
def test_ngspice_agrees_with_our_solution_of_what_a_deck_describes(run, name):
    found = json.loads(run(*SOURCES[name], "--json"))
    checks = found.get("ngspice", [found])
    assert len(checks) == 1
    assert checks[0]["passed"] is True
    assert checks[0]["engine"].startswith("ngspice")


def test_the_tile_in_python_is_the_exported_one(remade):
    process, network = rc.load_process("polysilicon"), rc.load_network(NETLISTS / "digits.npz")
    made_of = {"resistor": process.make_resistor(1e6), "switch": process.make_switch(), "nominals": process.nominals}
    spec = rc.ArraySpec(rows=8, cols=8, bank_size=6, r_word_line=1.0, r_bit_line=1.0, **made_of)
    images = np.loadtxt(NETLISTS / "digits.csv", delimiter=",")
    tile = rc.map_network(network, spec, seed=1, calibration_inputs=images).tile(0, 6)
    voltages = tile.voltages(images)
    assert rc.deck(tile, voltages=voltages).text == (remade.folder / "netlists" / "tile.cir").read_text("utf-8")
    assert rc.verify(tile, voltages=voltages).passed
    # What the page says of it: pixels of the fourth row, and weights of the network's first four units.
    weights = network.layers[0].weight[:4, 24:32].T
    asked = tile.tile.difference(tile.tile.asked)
    scale = np.abs(asked).max() / np.abs(weights).max()  # siemens for a weight of 1
    np.testing.assert_allclose(voltages, 0.1 * images[:, 24:32], rtol=1e-12)
    np.testing.assert_allclose(asked, scale * weights, rtol=1e-12, atol=1e-20)  # of cells of some 5 uS


def test_the_network_recognises_as_many_digits_as_the_page_says():
    from rescircuit.datasets import load_digits

    digits = load_digits()
    network = rc.load_network(NETLISTS / "digits.npz")
    right = np.mean(network(digits.test_x).argmax(axis=1) == digits.test_y)
    assert f"recognises {100 * right:.1f} % of handwritten digits" in README
    np.testing.assert_array_equal(np.loadtxt(NETLISTS / "digits.csv", delimiter=","), digits.test_x[:8])
    assert digits.test_y[2] == 4  # the four of the picture
