"""A run counts only when everything says so: what ngspice does with wrong decks, and what may be said of right ones."""

from __future__ import annotations

import re
import subprocess

import numpy as np
import pytest

from rescircuit.errors import InputError, SpiceError
from rescircuit.spice import (
    Circuit,
    CurrentSource,
    Resistor,
    Transient,
    VoltageSource,
    find_ngspice,
    run_deck,
    write_deck,
)
from rescircuit.spice.engines.acceptance import Words, accepted_values, largest_raw_file
from rescircuit.spice.engines.raw import Plot

TRANSIENT = Transient(stop=2e-6, max_step=1e-7)
OVER_TIME = {"plot": "Transient Analysis", "scale": "time", "transient": TRANSIENT}
SWEPT = {"plot": "DC transfer characteristic", "scale": "v(v-sweep)"}
RIGHT = "v1 in 0 dc 1\nr1 in 0 1k\n"

# Cards, what else the run must bring, and what tells that it went wrong. With those marked 0 ngspice exits with 0.
WRONG = {
    "no analysis": (0, RIGHT, {}, "without a raw file"),
    "a missing node and value": (0, f"{RIGHT}r2 in\n.op", {}, "r2: resistance to low, set to 1 mOhm"),
    "a missing value": (0, f"{RIGHT}r2 in 0\n.op", {}, "r2: resistance to low, set to 1 mOhm"),
    "an unknown model parameter": (
        0,
        "v1 in 0 dc 1\nm1 in in 0 0 sw w=1u l=1u\n.model sw nmos (level=1 nonsense=3)\n.op",
        {},
        r"unrecognized parameter \(nonsense\) - ignored",
    ),
    "a current into an island": (
        0,
        f"{RIGHT}i1 0 a dc 1u\nr2 a b 1k\n.op",
        {"nodes": ("in", "a", "b")},
        "singular matrix: check node a",
    ),
    "an isolated island": (0, f"{RIGHT}r2 a b 1k\nr3 a b 2k\n.op", {"nodes": ("in", "a", "b")}, "singular matrix"),
    "an island behind capacitors": (0, "v1 in 0 dc 1\nc1 in a 1p\nc2 a 0 1p\n.op", {"nodes": ("in", "a")}, "singular"),
    "no ground": (0, "v1 in x dc 1\nr1 in x 1k\n.op", {"nodes": ("in", "x")}, "singular matrix"),
    "a saved node that is not there": (0, f"{RIGHT}.op", {"nodes": ("in", "absent")}, r"v\(absent\)"),
    "a saved current that is not there": (0, f"{RIGHT}.op", {"sources": ("v1", "v2")}, r"i\(v2\)"),
    "a variable too many": (0, f"{RIGHT}.op", {"saved": "v(in) i(v1) @r1[i]"}, "other variables"),
    "a variable too few": (0, f"{RIGHT}.op", {"saved": "v(in)"}, r"i\(v1\)"),
    "two analyses": (0, f"{RIGHT}.op\n.dc v1 0 1 1", {}, "more than one plot"),
    "the same analysis twice": (0, f"{RIGHT}.op\n.op", {}, "more than one plot"),
    "another analysis": (0, f"{RIGHT}.dc v1 0 1 1", {}, "the plot 'DC transfer"),
    "complex numbers": (0, "v1 in 0 dc 1 ac 1\nr1 in 0 1k\n.ac dec 1 1 10", {"plot": "AC Analysis"}, "complex numbers"),
    "a step too few": (0, f"{RIGHT}.dc v1 0 2 1", {**SWEPT, "points": 4}, "3 points where 4"),
    "a step too many": (0, f"{RIGHT}.dc v1 0 2 1", {**SWEPT, "points": 2}, "raw file of|3 points where 2"),
    "a time that ends early": (0, f"{RIGHT}.tran 100n 1u 0 10n", OVER_TIME, "0 s to 1e-06 s where 0 s to 2e-06 s"),
    "steps that are too long": (0, f"{RIGHT}.tran 100n 2u 0 400n", OVER_TIME, "at least 20|longer steps"),
    "a time that begins late": (0, f"{RIGHT}.tran 100n 2u 1u 10n", OVER_TIME, "1.*e-06 s to 2e-06 s where 0 s"),
    "a transient that is given up": (
        1,
        "v1 in 0 dc 1\nb1 x 0 i = v(in)*sgn(v(x))*time*1e12\nb2 x 0 i = -v(in)*time*1e12\nc1 x 0 1f\n.tran 10n 2u uic",
        {**OVER_TIME, "nodes": ("in", "x")},
        "Timestep too small",
    ),
    "a loop of sources": (1, "v1 in 0 dc 1\nv2 in 0 dc 2\n.op", {}, "singular matrix"),
    "a model that is not there": (1, f"{RIGHT}m1 in in 0 0 absent w=1u l=1u\n.op", {}, "absent"),
    "two elements of one name": (1, f"{RIGHT}r1 in 0 1k\n.op", {}, "device already exists"),
    "too many numbers": (1, "v1 in 0 dc 1\nr1 in 0 1k 2k 3k\n.op", {}, "unknown parameter"),
    "an instance with a node too few": (
        1,
        f"{RIGHT}x1 in cell\n.subckt cell a b\nr1 a b 1k\n.ends cell\n.op",
        {},
        "Too few parameters for subcircuit",
    ),
    "a sweep of what is not there": (1, f"{RIGHT}.dc v_absent 0 1 1", {**SWEPT, "points": 2}, "v_absent"),
    "a mirror of what is not there": (1, f"{RIGHT}f1 0 a v_absent 2\nr2 a 0 1k\n.op", {}, "unknown controlling source"),
    "a word that is no number": (1, "v1 in 0 dc 1\nr1 in 0 nan\n.op", {}, "nan"),
    "an unknown card": (1, f"{RIGHT}.op\n.nonsense 3", {}, "unimplemented control card"),
    "nonsense": (0, f"{RIGHT}r2 ((\n.op", {}, "ngspice"),
}


@pytest.mark.parametrize(("status", "cards", "expected", "message"), WRONG.values(), ids=WRONG)
def test_a_deck_that_goes_wrong_is_refused(text_deck, tmp_path, status, cards, expected, message):
    deck = text_deck(cards, **expected)
    with pytest.raises(SpiceError, match=message) as caught:
        run_deck(deck)
    assert "\n" not in str(caught.value)
    deck.write(tmp_path / "deck.cir")
    command = [find_ngspice(), "-n", "-b", "-r", "out.raw", "deck.cir"]
    done = subprocess.run(command, cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    assert done.returncode == status  # what there was to find out without it


@pytest.mark.parametrize(
    ("cards", "expected"),
    [
        (".op", {}),
        (".dc v1 0 2 1", {**SWEPT, "points": 3}),
        (".tran 100n 2u 0 100n", OVER_TIME),
        (".tran 100n 2u 0 100n uic", OVER_TIME),
    ],
)
def test_a_deck_that_goes_right_is_accepted(text_deck, cards, expected):
    result = run_deck(text_deck(f"{RIGHT}{cards}", **expected))
    assert result.source_currents["v1"] == pytest.approx(-result.node_voltages["in"] / 1e3, rel=1e-14)
    assert (result.times is None) == ("transient" not in expected)


def lone_current():
    elements = (
        VoltageSource(name="v_1", plus="in", minus="0", voltage=1.0),
        Resistor(name="r_1", plus="in", minus="0", resistance=1e3),
        CurrentSource(name="i_1", plus="0", minus="lone", current=1e-6),
    )
    write_deck(Circuit(elements=elements))


@pytest.mark.parametrize(
    ("cards", "nodes", "wrong", "refused"),
    [
        (
            "v1 in 0 dc 1\nr1 in out 0\nr2 out 0 1k\n.op",
            ("in", "out"),
            0.999999,  # 1 mΩ in front of 1 kΩ
            lambda: Resistor(name="r_1", plus="in", minus="out", resistance=0.0),
        ),
        (f"{RIGHT}i1 0 lone dc 1u\n.op", ("in", "lone"), 1e-6, lone_current),
    ],
    ids=["R = 0", "a current source into a floating node"],
)
def test_what_ngspice_takes_without_a_word_our_circuits_refuse(text_deck, cards, nodes, wrong, refused):
    """ngspice 39 answers both with a complete file and no complaint; the run cannot tell, the circuit has to."""
    result = run_deck(text_deck(cards, nodes=nodes))
    assert result.node_voltages[nodes[1]] == pytest.approx([wrong], rel=1e-6)
    with pytest.raises(InputError):
        refused()


@pytest.mark.parametrize(
    "line",
    [
        "Warning: singular matrix:  check node lone",
        "Note: Starting dynamic gmin stepping",
        "Note: Starting source stepping",
        "Error on line 3",
        "unrecognized parameter (nonsense) - ignored",
        "run simulation(s) aborted",
        "Warning: Rdsw = -5 is negative. Set to zero.",
        "Warning: A2 = 1.2 is larger than 1. A2 is set to 1 and A1 is set to 0.",
        "Warning: mobMod has been set to its default value: 0.",
        "Warning: The gate conductance reset to 1.0e3 mho.",
        "Warning: Moin = 3 is too small. Error",
        "Error: Warning: Moin = 3 is too small.",
        "Warning: vto is ignored because k1 or k2 is given.",
    ],
)
def test_a_complaint_is_refused_and_told(line):
    words = Words()
    for each in ("Circuit: rescircuit circuit", f"  {line}", "Total elapsed time", line):
        words.hear(each)
    with pytest.raises(SpiceError, match=re.escape(f"so its result is not used: {' '.join(line.split())}") + "$"):
        words.remarks(0)


REMARKS = [
    "Warning: k2 should be specified with k1.",
    "Warning: nsub is ignored because k1 or k2 is given.",
    "Warning: toxe, toxp and dtox all given and toxe != toxp + dtox; dtox ignored.",
    "Warning: Ngate = 1e+17 is less than 1.E18cm^-3.",
    "Warning: Moin = 3 is too small.",
    "Warning: Acde = 2 is too large.",
    "Warning: Vsat at current temperature = 100 may be too small.",
    "Warning: Eta0 = -0.1 is negative.",
    "Warning: (W0 + Weff) may be too small.",
]


def test_remarks_of_bsim4_are_handed_on_once_each():
    words = Words()
    for line in ("Checking parameters for BSIM 4.5 model switch", *REMARKS, REMARKS[0], " Reference value : 1.0"):
        words.hear(line)
    assert words.remarks(0) == tuple(REMARKS)


def test_names_that_look_like_complaints_are_none(frightening):
    """Before a transient ngspice lists the voltage of every node."""
    result = run_deck(write_deck(frightening))
    assert result.node_voltages["Warning"] == pytest.approx(np.ones(len(result.times)), rel=1e-9)
    words = Words()
    for line in ("error_1                                 -1e-05", "x.ignored#branch               3"):
        words.hear(line)
    assert words.remarks(0) == ()


@pytest.mark.parametrize("line", ["error 5", "Error on line 3", "error   code 5", "Error:   5", "error   5 aborted"])
def test_a_complaint_with_a_number_is_one(line):
    words = Words()
    words.hear(line)
    with pytest.raises(SpiceError, match="complained"):
        words.remarks(0)


def test_of_endless_remarks_no_more_than_a_thousand_are_taken():
    words = Words()
    for k in range(1001):
        words.hear(f"Warning: Moin = {k} is too small.")
    with pytest.raises(SpiceError, match="not used: Warning: Moin = 1000 is too small"):
        words.remarks(0)


@pytest.mark.parametrize(
    ("status", "said", "message"),
    [
        (3, ["first", *"abc", "last"], r"failed \(exit status 3\): a \| b \| c \| last"),
        (1, ["Circuit: t", "fatal error", *"abcd"], r"failed \(exit status 1\): fatal error \| a \| b \| c$"),
        (-11, [], r"failed \(ended by SIGSEGV\): it said nothing"),
        (-9, ["\x1b[2J\x07 going"], r"failed \(ended by SIGKILL\): \[2J going"),
        (1, ["long" * 10**4], r"failed \(exit status 1\): (long){50}$"),
    ],
)
def test_an_exit_status_is_enough(status, said, message):
    words = Words()
    for line in said:
        words.hear(line)
    with pytest.raises(SpiceError, match=message):
        words.remarks(status)


def plot_over(times):
    values = np.stack([times, np.ones_like(times), -1e-3 * np.ones_like(times)], axis=1)
    return Plot(name="Transient Analysis", variables=("time", "v(in)", "i(v1)"), values=values)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda times: times[:10], "10 points where at least"),
        (lambda times: np.concatenate([times[:30], times[29:]]), "goes backwards"),
        (lambda times: times[::-1], "2e-06 s to 0 s"),
        (lambda times: np.delete(times, slice(5, 20)), "longer steps"),
        (lambda times: times[20:], "where 0 s to 2e-06 s"),
    ],
)
def test_a_time_that_is_not_that_of_the_transient_is_refused(text_deck, spoil, message):
    deck = text_deck(f"{RIGHT}.tran 100n 2u 0 100n", **OVER_TIME)
    times = np.linspace(0, 2e-6, 60)
    assert accepted_values(plot_over(times), deck).shape == (60, 3)
    with pytest.raises(SpiceError, match=message):
        accepted_values(plot_over(spoil(times)), deck)


def test_the_largest_raw_file_is_little_more_than_what_is_asked_for(text_deck, written_by_ngspice):
    deck = text_deck(f"{RIGHT}.dc v1 0 999 1", **SWEPT, points=1000)
    real = written_by_ngspice(deck.text).stat().st_size
    assert real == pytest.approx(24_000, abs=500)
    assert real <= largest_raw_file(deck) <= real + 5000
