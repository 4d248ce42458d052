"""Runs of ngspice: right when accepted, and accepted only when everything says so."""

from __future__ import annotations

import dataclasses
import math
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from rescircuit.errors import InputError, MissingToolError, SpiceError
from rescircuit.spice import (
    Circuit,
    Resistor,
    SelectedSource,
    VoltageSource,
    find_ngspice,
    ngspice_version,
    run_deck,
    write_deck,
)
from rescircuit.spice.engines.ngspice import EXECUTABLE_VARIABLE, run_decks


@pytest.fixture
def deck(divider):
    return write_deck(divider)


@pytest.fixture
def true_raw(deck, tmp_path):
    """The raw file that ngspice really writes for the deck."""
    folder = tmp_path / "true"
    folder.mkdir()
    deck.write(folder / "deck.cir")
    command = [find_ngspice(), "-n", "-b", "-r", "out.raw", "deck.cir"]
    subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, check=True)
    return folder / "out.raw"


def test_a_divider(deck):
    result = run_deck(deck)
    assert result.node_voltages["in"].tolist() == [1.0]
    assert result.node_voltages["middle"] == pytest.approx([0.75], rel=1e-14)
    assert result.node_voltages["out"].tolist() == [0.0]
    assert result.source_currents["v_out"] == pytest.approx([2.5e-4], rel=1e-14)
    assert result.source_currents["v_in"] == pytest.approx([-2.5e-4], rel=1e-14)
    assert re.fullmatch(r"\d+(\.\d+)?\+?", result.version)
    assert 0 < result.seconds < 60


def test_a_transistor_follows_the_square_law(transistor):
    """Shichman and Hodges: kp W/L ((vgs - vto) vds - vds²/2) (1 + lambda vds), source and bulk at 0 V."""
    expected = 200e-6 * 10 * (1.4 * 0.5 - 0.125) * 1.01
    result = run_deck(write_deck(transistor))
    assert result.source_currents["v_out"] == pytest.approx([expected], rel=1e-9)


def test_parameters_are_those_at_the_temperature_of_the_circuit(transistor):
    warm = dataclasses.replace(transistor, temperature_celsius=85.0, nominal_temperature_celsius=85.0)
    cold, hot = (run_deck(write_deck(circuit)).source_currents["v_out"] for circuit in (transistor, warm))
    assert hot == pytest.approx(cold, rel=1e-9)


def test_samples_are_exact_however_many():
    voltages = tuple(np.random.default_rng(5).uniform(-1, 1, 2000).tolist())
    load = Resistor(name="r_1", plus="in", minus="0", resistance=1e3)
    swept = SelectedSource(name="b_in", plus="in", minus="0", voltages=voltages)
    result = run_deck(write_deck(Circuit(elements=(swept, load))))
    assert np.abs(result.node_voltages["in"] - voltages).max() <= 4e-16
    assert result.source_currents["b_in"] == pytest.approx(-np.array(voltages) / 1e3, rel=1e-14)


@pytest.mark.parametrize("resistance", [1e-12, 1e-3, 1 / 3, 123456.7890123456, 1e6, 1e18, 1e30])
def test_numbers_arrive_as_they_are(resistance):
    elements = (
        VoltageSource(name="v_in", plus="in", minus="0", voltage=1.0),
        Resistor(name="r_1", plus="in", minus="out", resistance=resistance),
        VoltageSource(name="v_out", plus="out", minus="0", voltage=0.0),
    )
    result = run_deck(write_deck(Circuit(elements=elements)))
    assert result.source_currents["v_out"] == pytest.approx([1 / resistance], rel=1e-15, abs=0)


@pytest.mark.parametrize(
    "comment",
    [
        "\n*#shell touch {there}\n*#",
        "#shell touch {there}",
        "\n.control\nshell touch {there}\n.endc\n",
        "`touch {there}` $(touch {there}) ; shell touch {there}",
        "*ng_script\nshell touch {there}",
        "\r.end\r+ shell",
        "Ω ± 20 % 抵抗 \u202e \x00 \x1b[2J",
    ],
)
def test_a_comment_runs_nothing(divider, tmp_path, comment):
    there = tmp_path / "written"
    commented = dataclasses.replace(divider, comment=comment.format(there=there))
    result = run_deck(write_deck(commented))
    assert result.source_currents["v_out"] == pytest.approx([2.5e-4], rel=1e-14)
    assert not there.exists()


def test_the_true_file_of_a_stand_in_is_accepted(deck, true_raw, stand_in):
    stand_in(f"cp {true_raw} out.raw")
    result = run_deck(deck)
    assert result.node_voltages["middle"] == pytest.approx([0.75], rel=1e-14)
    assert result.version == "39"


@pytest.mark.parametrize("line", ["Note: Starting dynamic gmin stepping", "run simulation(s) aborted"])
@pytest.mark.parametrize("stream", ["1", "2"])
def test_a_complaint_on_either_stream_is_enough(deck, true_raw, stand_in, line, stream):
    stand_in(f"cp {true_raw} out.raw\necho '{line}' >&{stream}")
    with pytest.raises(SpiceError, match=re.escape(line[-12:])):
        run_deck(deck)


def test_remarks_of_bsim4_are_handed_on(deck, true_raw, stand_in):
    said = "Warning: Moin = 3 is too small.\nWarning: k2 should be specified with k1."
    stand_in(f"cp {true_raw} out.raw\necho 'Checking parameters for BSIM 4.5 model switch\n{said}'")
    assert run_deck(deck).remarks == tuple(said.splitlines())


def test_lines_of_progress_are_no_complaint(deck, true_raw, stand_in):
    stand_in(f"cp {true_raw} out.raw\nprintf ' Reference value :  1.00000e+00\\r' >&2")
    assert run_deck(deck).node_voltages["in"].tolist() == [1.0]


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda raw: raw[:-1], "bytes of data"),
        (lambda raw: raw + b"\0", "bytes of data"),
        (lambda raw: raw[:0], "not complete"),
        (lambda raw: os.urandom(len(raw)), "raw file"),
        (lambda raw: raw[:-8] + np.float64(math.nan).tobytes(), "not finite"),
        (lambda raw: raw.replace(b"Operating Point", b"Transient"), "plot"),
        (lambda raw: raw.replace(b"v(middle)", b"v(muddle)"), r"v\(middle\), v\(muddle\)"),
        (lambda raw: raw.replace(b"v(middle)", b"v(in)"), r"'v\(in\)' twice"),
        (lambda raw: raw.replace(b"No. Points: 1", b"No. Points: 0"), "was given up"),
        (lambda raw: raw + raw, "more than one plot"),
        (lambda raw: raw + bytes(10_000), "where at most"),
    ],
)
def test_a_spoilt_raw_file_is_refused(deck, true_raw, stand_in, spoil, message):
    true_raw.write_bytes(spoil(true_raw.read_bytes()))
    stand_in(f"cp {true_raw} out.raw")
    with pytest.raises(SpiceError, match=message):
        run_deck(deck)


@pytest.mark.parametrize("timeout", [0, -1.0, math.nan, "10", 1e300, 1.1e6])
def test_a_time_limit_is_above_zero_and_such_as_can_be_waited_for(deck, timeout):
    with pytest.raises(InputError, match="timeout"):
        run_deck(deck, timeout=timeout)


def test_a_run_has_a_folder_of_its_own_no_environment_and_no_input(deck, true_raw, stand_in, tmp_path, monkeypatch):
    seen = tmp_path / "seen"
    seen.mkdir()
    monkeypatch.setenv("SPICE_ASCIIRAWFILE", "1")
    monkeypatch.setenv("A_SECRET", "1")
    stand_in(f"ls -A > {seen}/files; env > {seen}/env; pwd > {seen}/pwd; cat > {seen}/input; cp {true_raw} out.raw")
    run_deck(deck)
    assert (seen / "files").read_text().split() == ["deck.cir"]
    assert (seen / "input").read_text() == ""
    variables = dict(line.split("=", 1) for line in (seen / "env").read_text().splitlines())
    set_by_the_shell = {"PWD", "OLDPWD", "SHLVL", "_"}
    assert set(variables) - set_by_the_shell == {"HOME", "LC_ALL", "PATH"}
    folder = Path((seen / "pwd").read_text().strip())
    assert Path(variables["HOME"]).name == folder.name
    assert not folder.exists()


def test_without_ngspice_the_message_says_how_to_get_it(deck, monkeypatch, tmp_path):
    monkeypatch.delenv(EXECUTABLE_VARIABLE, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingToolError, match=r"apt-get install ngspice.*brew install ngspice"):
        run_deck(deck)


def test_a_choice_that_is_no_program_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv(EXECUTABLE_VARIABLE, str(tmp_path / "absent"))
    with pytest.raises(MissingToolError, match=r"RESCIRCUIT_NGSPICE is set to .*which is no program"):
        find_ngspice()


def test_a_program_that_cannot_run_is_named(deck, stand_in):
    stand_in("exit 0").write_text("not a program", encoding="utf-8")
    with pytest.raises(SpiceError, match="cannot be run"):
        run_deck(deck)


def test_a_program_that_is_not_ngspice_is_refused(deck, true_raw, stand_in):
    stand_in(f"cp {true_raw} out.raw", version="another program 1.0")
    with pytest.raises(SpiceError, match="does not state a version of ngspice: another program"):
        run_deck(deck)


def test_the_chosen_program_comes_before_the_path(stand_in):
    on_path = find_ngspice()
    assert Path(on_path).samefile(str(shutil.which("ngspice")))
    chosen = stand_in("exit 0")
    assert find_ngspice() == str(chosen)
    assert ngspice_version(str(chosen)) == "39"


@pytest.fixture
def dividers(divider):
    """Decks of dividers, each with its own voltage, 0 V, 1 V, ..."""
    rest = divider.elements[1:]
    sources = (VoltageSource(name="v_in", plus="in", minus="0", voltage=float(k)) for k in range(7))
    return [write_deck(Circuit(elements=(source, *rest))) for source in sources]


@pytest.mark.parametrize("workers", [None, 1, 3, 50])
def test_several_decks_bring_what_each_brings_in_their_order(dividers, workers):
    done = []
    results = run_decks(iter(dividers), workers=workers, progress=done.append)
    assert done == [1] * 7
    for deck, result in zip(dividers, results, strict=True):
        alone = run_deck(deck)
        assert result.node_voltages == alone.node_voltages
        assert result.source_currents == alone.source_currents
    assert [result.node_voltages["in"].item() for result in results] == list(range(7))


def test_decks_run_side_by_side_but_no_more_than_the_workers(dividers, true_raw, stand_in, tmp_path):
    """The first three wait for each other; a fourth at the same time would be counted."""
    there, met, counts = tmp_path / "there", tmp_path / "met", tmp_path / "counts"
    there.mkdir()
    count = f"$(ls {there} | wc -l)"
    stand_in(
        f"touch {there}/$$\nuntil [ -e {met} ] || [ {count} -ge 3 ]; do sleep 0.01; done\ntouch {met}\n"
        f"echo {count} >> {counts}; sleep 0.05; echo {count} >> {counts}\n"
        f"rm {there}/$$; cp {true_raw} out.raw"
    )
    assert len(run_decks(dividers, workers=3, timeout=30)) == 7
    assert max(map(int, counts.read_text().split())) == 3


def test_no_decks_bring_nothing():
    assert run_decks([]) == []


def test_a_deck_that_fails_is_named(dividers, text_deck):
    broken = text_deck("v1 in 0 dc 1\nr1 in 0 1k\nr2 in\n.op")
    with pytest.raises(SpiceError, match=r"^decks\[4\]: ngspice complained.*r2: resistance to low"):
        run_decks([*dividers[:4], broken, *dividers[4:]], workers=2)


def test_an_error_of_the_progress_is_the_callers(dividers):
    def fail(_):
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        run_decks(dividers, progress=fail)


def test_what_is_no_deck_is_refused(deck, divider):
    for wrong in (None, divider, deck.text):
        with pytest.raises(InputError, match=r"deck must be a Deck, .*write_deck makes one of a circuit"):
            run_deck(wrong)
        with pytest.raises(InputError, match=r"decks? must be"):
            run_decks([deck, wrong])
    with pytest.raises(InputError, match=r"decks must be several decks, .*run_deck takes one"):
        run_decks(deck)


@pytest.mark.parametrize("workers", [0, -1, 1.5, "2", True])
def test_the_number_of_workers_is_a_whole_one(dividers, workers):
    with pytest.raises(InputError, match="workers must be a whole number"):
        run_decks(dividers, workers=workers)


def test_several_decks_have_a_time_limit_and_need_ngspice_too(dividers, monkeypatch, tmp_path):
    with pytest.raises(InputError, match="timeout"):
        run_decks(dividers, timeout=-1)
    monkeypatch.setenv(EXECUTABLE_VARIABLE, str(tmp_path / "absent"))
    with pytest.raises(MissingToolError, match="apt-get install ngspice"):
        run_decks(dividers)


def test_importing_the_layer_loads_no_heavy_library():
    heavy = {"networkx", "PySpice", "gurobipy", "matplotlib", "pandas"}
    code = f"import sys, rescircuit.spice; print(*({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
