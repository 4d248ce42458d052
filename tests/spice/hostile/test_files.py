"""Files from strangers, and paths: a netlist, a bank, a chip, a network, a process, a card, and where a deck goes."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.bank.chips import save_chip
from rescircuit.bank.files import load_bank, save_bank
from rescircuit.cli.app import main
from rescircuit.devices.processes.loading import list_processes
from rescircuit.devices.switches.bsim4 import BSIM4Card
from rescircuit.errors import InputError
from rescircuit.network import ArraySpec, Dense, Network, load_network, map_network
from rescircuit.spice import Deck, write_deck
from rescircuit.spice.decks.reading import parse_deck, read_deck

CARDS = "v_a a 0 dc 1.0\nr_a a 0 1000.0\n"
BANK = rc.Bank(resistances=[1e4, 2e4])


@pytest.fixture
def run(sentinel, monkeypatch, capsys):
    """Run a command line in the odd folder; returns (exit code, standard output, standard error)."""
    assert Path.cwd() in sentinel.folders
    monkeypatch.setenv("COLUMNS", "160")

    def command(*arguments):
        monkeypatch.setattr(sys, "argv", ["rescircuit", *map(str, arguments)])
        code = 0
        try:
            main()
        except SystemExit as leaving:
            code = leaving.code or 0
        return code, *capsys.readouterr()

    return command


def test_somebody_s_netlist_is_read_and_never_run(hostile_texts, raw_commands, outcome, nothing_runs, canary):
    texts = []
    for text in [*hostile_texts, *raw_commands]:
        texts += [
            f"text\n{text}\n{CARDS}.end\n",
            f"{text}\n{CARDS}.end\n",
            f"text\n{CARDS}.end\n{text}\n",
            f"rescircuit circuit\n* {text}\n\n{CARDS}.op\n.save v(a) i(v_a)\n.end\n",
            f"text\nr_{text} a 0 1k\n{CARDS}.end\n",
            f"text\nr_1 {text} 0 1k\n{CARDS}.end\n",
            f"text\nr_1 a 0 {text}\n{CARDS}.end\n",
            f"text\nb_1 a 0 i = {text}\n{CARDS}.end\n",
            f"rescircuit circuit\n{CARDS}b_1 a 0 i = {text}\n.op\n.end\n",
        ]
    with nothing_runs():
        taken = sum(outcome(lambda text=text: Deck(parse_deck(text)).text) is not None for text in texts)
    assert len(texts) > 5_000
    assert 0 < taken < len(texts) / 2
    assert not canary.exists()


def test_no_command_is_taken_from_a_netlist(raw_commands):
    for command in raw_commands:
        for text in (f"text\n{command}\n{CARDS}.end\n", f"text\n{CARDS}.end\n{command}\n"):
            with pytest.raises(InputError):
                parse_deck(text)


def test_a_netlist_s_name_is_only_a_name(hostile_texts, nothing_runs):
    with nothing_runs():
        for text in hostile_texts:
            with pytest.raises(InputError) as refusal:
                parse_deck("text\n.control\n.endc\n", name=text)
            assert str(refusal.value).isprintable()
            with pytest.raises(InputError) as refusal:
                read_deck(text or "/")
            assert str(refusal.value).isprintable()


def test_a_card_is_read_and_never_run(raw_commands, nothing_runs):
    card, refused = ".model n nmos level=14 vth0=0.4", 0
    plain = BSIM4Card.parse(card)
    with nothing_runs():
        for command in raw_commands:
            for text in (f"{command}\n{card}", f"{card}\n{command}", f"{card}\n+ {command}", f"{card} {command}"):
                try:
                    assert BSIM4Card.parse(text) == plain  # a line that starts with a star is a comment there
                except InputError as refusal:
                    assert str(refusal).isprintable()
                    refused += 1
    assert refused > 2 * len(raw_commands)


def test_a_deck_goes_where_it_is_told_and_nowhere_else(hostile_texts, sentinel):
    deck = write_deck(rc.deck(BANK).circuit)
    written = 0
    for text in dict.fromkeys(name for each in hostile_texts for name in (each, f"{each}.cir", f"./{each[:40]}")):
        path = Path(text)
        if path.is_absolute() or ".." in path.parts:
            continue  # it says so itself
        try:
            deck.write(path)
        except InputError as refusal:
            assert str(refusal).isprintable()
            continue
        assert path.read_text(encoding="utf-8") == deck.text
        path.unlink()
        written += 1
    assert written > 50
    sentinel.check()


def test_export_writes_the_file_of_that_name_and_verify_none(run, sentinel, tmp_path):
    bank = save_bank(BANK, tmp_path / "bank; touch x $(touch x)\n.json")
    deck = rc.deck(BANK).text
    for name in (
        "a b.cir",
        "$(touch x).cir",
        "`touch x`.cir",
        "a'b\".cir",
        "a\nb.cir",
        "a;b.cir",
        "-o.cir",
        "\u202ex.cir",
    ):
        code, _, _ = run("export", bank, f"--out={name}")
        assert code == 0
        assert Path(name).read_text(encoding="utf-8") == deck
        Path(name).unlink()
    code, _, err = run("export", bank, "--out=missing\x1b/deck\n.cir")
    assert (code, err.count("\n"), err[:-1].isprintable()) == (2, 1, True)
    assert run("verify", bank)[0] == 0
    sentinel.check()


def test_a_bank_of_strange_words_is_refused(tmp_path, hostile_texts, run, sentinel):
    path = save_bank(BANK, tmp_path / "bank.json")
    good = json.loads(path.read_text(encoding="utf-8"))
    strange = []
    for text in [each or "a" for each in hostile_texts][::8]:
        strange += [
            {"format": text},
            {"resistances": [text, 2e4]},
            {"switch": {"kind": text}},
            {"switch": {"kind": "ideal", text: 1.0}},
            {"switch_arrays": {text: [1.0, 2.0]}},
            {"v_read": text},
            {"mask": [text, True]},
            {"seed": text},
            {text: text},
        ]
    for changed in strange:
        path.write_text(json.dumps(good | changed), encoding="utf-8")
        with pytest.raises(InputError) as refusal:
            load_bank(path)
        assert str(refusal.value).isprintable()
    for changed in strange[:: len(strange) // 8]:
        path.write_text(json.dumps(good | changed), encoding="utf-8")
        code, out, err = run("export", path)
        assert (code, out, err.count("\n")) == (2, "", 1), (changed, err)
        assert err[:-1].isprintable(), (changed, err)
    sentinel.check()


def test_numbers_that_json_has_no_word_for_are_refused(run, tmp_path):
    text = save_bank(BANK, tmp_path / "bank.json").read_text(encoding="utf-8")
    for word in ("NaN", "Infinity", "1e400", "1_000", "0x10", '"1"', "1\\n", "null", "true", "-1", "0"):
        (tmp_path / "bank.json").write_text(text.replace("10000.0", word), encoding="utf-8")
        code, out, err = run("export", tmp_path / "bank.json")
        assert (code, out, err.count("\n")) == (2, "", 1), (word, err)
        assert err[:-1].isprintable()


def test_words_in_a_chip_a_network_and_a_process_reach_no_deck(hostile_texts, tmp_path, check_well_formed, run):
    printable = [text for text in hostile_texts if not set(text) & set("\ud800\udcff")]
    told = "\n".join(printable)
    save_chip(BANK, tmp_path / "chip.zarr", provenance={"process": told, told[:900]: told, "summary": told})
    code, deck, _ = run("export", tmp_path / "chip.zarr", "--bank", 0)
    assert code == 0
    check_well_formed(deck)
    assert "shell" not in deck
    with (tmp_path / "net.npz").open("wb") as stream:
        np.savez(stream, **{"a; *#shell touch x `y`\n.control.weight": np.array([[0.5, -0.25]])})
    with pytest.raises(InputError, match="a layer's name must be") as refusal:
        load_network(tmp_path / "net.npz")
    assert str(refusal.value).isprintable()
    network = Network((Dense(weight=np.array([[0.5, -0.25]]), name="fc1"),))
    analog = map_network(network, ArraySpec(rows=2, cols=2, bank_size=4), seed=1)
    deck = rc.deck(analog.tile(), comment=told)
    check_well_formed(deck.text)
    assert "touch x `y`" not in deck.text
    thesis = Path(list_processes()["thesis"]).read_text(encoding="utf-8")
    for text in printable[::9]:
        named = thesis.replace('"thesis"', json.dumps(text), 1).replace('"equal nominals', json.dumps(text)[:-1], 1)
        (tmp_path / "mine.toml").write_text(named, encoding="utf-8")
        try:
            process = rc.load_process(tmp_path / "mine.toml")
        except InputError as refusal:
            assert str(refusal).isprintable()
            continue
        bank = rc.Bank.sample(process.make_resistor(1e4), n=2, seed=1, switch=process.make_switch())
        check_well_formed(rc.deck(bank).text)
        assert "touch" not in rc.deck(bank).text


def test_files_of_strange_names_are_refused_in_one_line(run, sentinel):
    for name in (
        "x\x1b[2J.json",
        "a\nb.json",
        "\u202etxt.zarr",
        "$(touch x).csv",
        "`touch x`.npz",
        "a\x9b.cir",
        "*#.toml",
    ):
        code, out, err = run("export", name)
        assert (code, out, err.count("\n")) == (2, "", 1), (name, err)
        assert err[:-1].isprintable(), (name, err)
        Path(name).write_text("not what it should be", encoding="utf-8")
        code, out, err = run("export", name)
        assert (code, out, err.count("\n")) == (2, "", 1), (name, err)
        assert err[:-1].isprintable(), (name, err)
        os.remove(name)  # noqa: PTH107 - as it is
    sentinel.check()
