"""What is hostile runs where it gets into ngspice as it is, and does not where it comes through here."""

from __future__ import annotations

import dataclasses
import subprocess
from pathlib import Path

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.errors import InputError, MissingToolError, SpiceError
from rescircuit.spice import (
    Circuit,
    Deck,
    Instance,
    Resistor,
    Subcircuit,
    VoltageSource,
    find_ngspice,
    run_deck,
    run_pyspice,
)
from rescircuit.spice.engines.ngspice import EXECUTABLE_VARIABLE

CARDS = "v_a a 0 dc 1.0\nr_a a 0 1000.0\n.op\n.save v(a)\n"


@pytest.fixture
def told(hostile_texts):
    """A circuit with every hostile text as its comment, as notes and as a subcircuit's comment."""
    inside = Subcircuit(
        name="bank",
        ports=("a",),
        elements=(Resistor(name="r_1", plus="a", minus="0", resistance=1e3),),
        comment="\n".join(hostile_texts),
    )
    resistors = tuple(Resistor(name=f"r_{k}", plus="in", minus="0", resistance=1e3) for k in range(len(hostile_texts)))
    return Circuit(
        elements=(
            VoltageSource(name="v_in", plus="in", minus="0", voltage=1.0),
            Instance(name="x_1", ports=("in",), model="bank"),
            *resistors,
        ),
        models=(inside,),
        comment="\n".join(hostile_texts),
        notes={each.name: text for each, text in zip(resistors, hostile_texts, strict=True)},
    )


def test_the_canaries_work_where_they_are_not_stopped(run_raw, raw_commands, canary):
    assert len(raw_commands) > 14
    for command in raw_commands:
        assert canary.name in run_raw(f"text\n{command}\n{CARDS}.end\n", "-n"), command
    for command in raw_commands[:3]:  # also with a break in the middle of a line that ngspice takes for one
        assert canary.name in run_raw(f"text\n{CARDS}* a comment\n{command}\n.end\n", "-n"), command
        assert canary.name in run_raw(f"text\n{CARDS}.end\n{command}\n", "-n"), command
    assert canary.name in run_raw(f"*ng_script\nshell touch {canary}\n", "-n")
    assert canary.name in run_raw(f"text\n.subckt x a\n*#shell touch {canary}\nr_1 a 0 1\n.ends\n{CARDS}.end\n", "-n")
    assert canary.name in run_raw(f"text\n{CARDS}.end\n", before=f"shell touch {canary}\n")  # .spiceinit without -n
    assert run_raw(f"text\n{CARDS}.end\n", "-n") == set()


def test_no_text_runs_in_ngspice(told, sentinel, check_well_formed):
    deck = Deck(told)
    check_well_formed(deck.text)
    result = run_deck(deck)
    assert result.node_voltages["in"] == pytest.approx([1.0])
    sentinel.check()


def test_no_text_runs_where_the_deck_is_run_by_hand(told, sentinel):
    deck = Deck(told).write("a deck; `touch x` $(touch x).cir")
    status = subprocess.run(
        [find_ngspice(), "-n", "-b", "-r", "out.raw", deck],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=20,
        check=False,
    ).returncode
    assert status == 0
    deck.unlink()
    Path("out.raw").unlink()
    sentinel.check()


def test_no_text_runs_in_pyspice(told, sentinel):
    pytest.importorskip("PySpice")
    few = dataclasses.replace(told, elements=told.elements[:4], notes=dict(list(told.notes.items())[:2]))
    try:
        result = run_pyspice(few)
    except MissingToolError as missing:
        pytest.skip(str(missing))
    assert result.node_voltages["in"] == pytest.approx([1.0])
    sentinel.check()


def test_words_that_are_taken_as_names_are_only_names(hostile_texts, sentinel):
    words = [
        "uic",
        "dc",
        "ac",
        "tran",
        "op",
        "end",
        "ends",
        "model",
        "nmos",
        "r",
        "c",
        "v",
        "i",
        "e",
        "m",
        "w",
        "l",
        "pi",
    ]
    words += ["echo", "shell", "set", "control", "endc", "include", "lib", "params", "sin", "pwl", "exp", "max", "u"]
    words += [
        "boltz",
        "echarge",
        "kelvin",
        "yes",
        "no",
        "true",
        "false",
        "temp",
        "tnom",
        "gmin",
        "const",
        "vdd",
    ]
    words += ["table", "poly", "vcvs", "sweep", "save", "nan", "inf", "None", "x" * 64]
    elements = [VoltageSource(name="v_in", plus="in", minus="0", voltage=1.0)]
    taken = ["in"]
    for text in dict.fromkeys([*words, *hostile_texts]):
        if text.lower() in map(str.lower, taken):
            continue
        try:
            pair = (
                Resistor(name=f"r_{text}"[:64], plus="in", minus=text, resistance=1e3),
                Resistor(name=f"r{text}_"[:64], plus=text, minus="0", resistance=3e3),
            )
        except InputError:
            continue
        taken.append(text)
        elements += pair
    assert len(taken) > len(words)
    result = run_deck(Deck(Circuit(elements=tuple(elements))))
    for name in taken[1:]:
        assert result.node_voltages[name] == pytest.approx([0.75], rel=1e-9), name
    sentinel.check()


@pytest.mark.parametrize("engine", ["ngspice", "pyspice", "nodal"])
def test_odd_folders_change_nothing(engine, sentinel):
    bank = rc.Bank(resistances=[1e4, 2e4, 4e4])
    try:
        assert rc.verify(bank, engine=engine).passed
    except MissingToolError as missing:
        pytest.skip(str(missing))
    sentinel.check()


def test_what_stands_in_the_environment_is_a_path_and_no_command(sentinel, canary, monkeypatch):
    deck = rc.deck(rc.Bank(resistances=[1e4, 2e4]))
    name = find_ngspice()
    for text in (
        *(f"ngspice; touch {canary}", f"$(touch {canary})", f"`touch {canary}`", f"ngspice\ntouch {canary}"),
        *(f"{name} -b", f"{name};touch {canary}", "ngspice\x1b[2J", "../ngspice", "~/ngspice", "-n", " ", "a" * 5_000),
    ):
        monkeypatch.setenv(EXECUTABLE_VARIABLE, text)
        with pytest.raises(MissingToolError) as refusal:
            run_deck(deck)
        assert str(refusal.value).isprintable()
    sentinel.check()


def test_a_program_of_an_odd_name_is_run_and_no_shell_sees_it(sentinel, tmp_path, monkeypatch):
    deck = rc.deck(rc.Bank(resistances=[1e4, 2e4]))
    program = tmp_path / "ngspice; touch x $(touch x) 'a' \"b\"\n"
    program.symlink_to(find_ngspice())
    monkeypatch.setenv(EXECUTABLE_VARIABLE, str(program))
    assert np.isfinite(run_deck(deck).node_voltages["in"]).all()
    program.unlink()
    program.write_text("#!/bin/sh\necho no version\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv(EXECUTABLE_VARIABLE, str(program.rename(tmp_path / "other\x1b[2J\n")))
    with pytest.raises(SpiceError) as failure:
        run_deck(deck)
    assert str(failure.value).isprintable()
    sentinel.check()
