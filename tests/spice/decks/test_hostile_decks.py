"""Files that mean harm, or are broken: one line says what is wrong, and nothing in them is done."""

from __future__ import annotations

import os
import re

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from rescircuit.errors import InputError
from rescircuit.spice import Circuit, Deck
from rescircuit.spice.decks import lines as from_lines
from rescircuit.spice.decks.reading import parse_deck, read_deck

HARMFUL = [
    ".control\nshell touch harm\n.endc",
    ".CONTROL",
    ".endc",
    "set x = `touch harm`",
    ".print `touch harm`",
    "echo harm > harm",
    "write harm",
    "wrdata harm v(in)",
    "shell touch harm",
    "*#shell touch harm",
    "*# shell touch harm",
    "*ng_script",
    "*NG_SCRIPT_WITH_PARAMS",
    ".include harm.cir",
    ".inc 'harm.cir'",
    ".lib harm.lib tt",
    ".csparam x=1",
    ".func f(x) {x}",
    ".param x='system(1)'",
    ".exec touch harm",
    ".write harm",
    ".meas tran x param='system(1)'",
    ".temp {x}",
    "a_1 in out model",
    "a1 %v(in) %v(out) filesource",
    "v_9 in 0 file='harm'",
    "b_9 in 0 v = system(1)",
    "b_9 in 0 i = table(v(in), 0, 1)",
    "r_9 in 0 r='v(in)'",
    "r_9 in 0 {x}",
    "c_9 in 0 q = 'v(in)); touch harm'",
    "x_9 in 0 harm params: a=1",
    ".subckt harm in\n.control\n.endc\n.ends harm",
    '.model m d_source (input_file="harm")',
    ".model m nmos level=14 version=`harm`",
]


@pytest.mark.parametrize("harm", HARMFUL)
@pytest.mark.parametrize("kind", ["ours", "flat"])
def test_programs_are_refused_in_any_position(harm, kind, request, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lines = request.getfixturevalue(kind).splitlines()
    for place in range(1, len(lines)):
        with pytest.raises(InputError, match=r"^deck"):
            parse_deck("\n".join([*lines[:place], harm, *lines[place:]]) + "\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "must be a deck, got 'nothing'"),
        (b"title\nr1 a\x00 0 5\n", r"line 2 must be text without control characters, got .*x00.* at column 5"),
        (b"title\rr1 a 0 5\rv1 a 0 5\r", "line 1 must be text without control characters"),
        (b"title\nr1 a 0 5\x1b[2J\n", "line 2 must be text without control characters"),
        (b"title\nr1 a 0 5\x0c\n", "line 2 must be text without control characters"),
        (b"\xef\xbb\xbf*ng_script\n", "line 1 must be a title that is no command"),
        (b"\xef\xbb\xbf", "must be a deck, got 'nothing'"),
        (b"title\n\xef\xbb\xbfr1 a 0 5\n", "line 2 must be names of letters"),
        ("title\n".encode("utf-16"), "line 1 must be text in UTF-8"),
        (b"title\nc1 a 0 1\xb5\n", r"line 2 must be text in UTF-8, .*Save it as UTF-8"),
        (b"title\n" + b"r" * 10_001 + b"\n", "line 2 must be at most 10,000 characters long"),
        (b"title\n" + b"r" * 1_000_000, "line 2 must be at most 10,000 characters long"),
        (b"title\n" + "é".encode() * 1_000_000, "line 2 must be at most 10,000 characters long"),
        (b"title\n\xff\xfe\n", "line 2 must be text in UTF-8"),
        (b"title\nr1 a\xe2\x80\xa8 0 5\nv1 a 0 1\n.end\n", "line 2 must be names of letters"),
    ],
)
def test_what_is_no_text_is_refused(content, says, tmp_path):
    path = tmp_path / "theirs.cir"
    path.write_bytes(content)
    with pytest.raises(InputError, match=rf"^theirs\.cir.*{says}"):
        read_deck(path)


def test_the_longest_lines_are_read():
    text = "t" * 10_000 + "\nr1 a 0 5" + " " * 9_992 + "\nv1 a 0 1\n.end\n"
    assert parse_deck(text).nodes == ("a",)
    assert parse_deck(text.replace("\n", "\r\n")).nodes == ("a",)


def test_files_that_are_none(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "absent", tmp_path, tmp_path / "pipe", "/dev/zero", "a\0b"):
        with pytest.raises(InputError, match="path must be a readable file"):
            read_deck(path)
    for thing in (None, 3, b"text", ["a"], Circuit):
        with pytest.raises(InputError, match="text must be the text of a deck"):
            parse_deck(thing)
        with pytest.raises(InputError, match="path must be the path of a deck's file"):
            read_deck(thing)
    with pytest.raises(InputError, match=r"text must be .* read_deck reads a file\."):
        parse_deck(tmp_path)
    with pytest.raises(InputError, match=r"path must be a path of one line, .* parse_deck reads the text"):
        read_deck("title\nr1 a 0 5\n")
    with pytest.raises(InputError, match="name must be text"):
        parse_deck("title\n", name=None)


def test_sizes_are_checked_before_reading(flat, tmp_path, monkeypatch):
    path = tmp_path / "large.cir"
    with path.open("wb") as stream:
        stream.truncate((1 << 29) + 1)  # a hole: it takes no room
    with pytest.raises(InputError, match="path must be a file of at most 536,870,912 bytes"):
        read_deck(path)
    monkeypatch.setattr(from_lines, "_LARGEST", 100)
    with pytest.raises(InputError, match="text must be of at most 100 characters"):
        parse_deck(flat)


def test_a_file_that_grows_is_given_up(flat, tmp_path, monkeypatch):
    path = tmp_path / "growing.cir"
    path.write_text(flat, encoding="utf-8")
    monkeypatch.setattr(from_lines, "file_size", lambda path: 10)
    monkeypatch.setattr(from_lines, "_LARGEST", 100)
    with pytest.raises(InputError, match=r"growing\.cir must be of at most 100 bytes"):
        read_deck(path)


def taken_or_refused(text):
    """The circuit, if it is one; a refusal has to be a line that names the deck."""
    try:
        circuit = parse_deck(text)
    except InputError as error:
        assert str(error).startswith("deck")
        assert "\n" not in str(error)
        return None
    assert isinstance(circuit, Circuit)
    return circuit


PIECES = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["\n", "\n+ ", "\n* ", "*#", "r1 a 0 1\n", "v1 a 0 1\n", ".end\n", "rescircuit circuit\n", "\r", "\0"]
    ),
)


@settings(max_examples=300, deadline=None)
@given(pieces=st.lists(PIECES, max_size=12))
@example(pieces=["rescircuit circuit\n"])
@example(pieces=["rescircuit circuit\n", "* \n", "\n", ".end\n"])
@example(pieces=["rescircuit circuit\n", ".model\n", ".save v(a.b)\n"])
@example(pieces=["rescircuit circuit\n", "c_1 a b q\n"])
def test_any_text_is_a_circuit_or_one_line(pieces):
    taken_or_refused("".join(pieces))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from(["ours", "flat"]),
    place=st.integers(0, 2000),
    length=st.integers(0, 30),
    piece=PIECES,
    moved=st.booleans(),
)
def test_a_damaged_deck_is_a_circuit_or_one_line(ours, flat, kind, place, length, piece, moved):
    text = ours if kind == "ours" else flat
    place %= len(text)
    cut = text[place : place + length]
    damaged = text[:place] + piece + text[place + length :] + (cut if moved else "")
    circuit = taken_or_refused(damaged)
    if circuit is not None and damaged.startswith("rescircuit circuit\n"):
        written = Deck(circuit).text
        assert said(written) == said(damaged)
        assert parse_deck(written) == circuit


def said(text):
    """The words of all cards but .save in sorted order, numbers by value; comments behind stars and ; do not count."""
    found = []
    for line in re.split(r"\r?\n", text)[1:]:
        if line.strip().startswith("*"):
            continue
        words = [re.sub(r"(?<![\w.])[\d.]+(?:[eE][-+]?\d+)?", as_value, word) for word in bare(line).split()]
        if line.strip().startswith("+"):
            found[-1] += [word for word in (words[0][1:], *words[1:]) if word]
        elif words:
            found.append(words)
    return sorted(words for words in found if words[0] != ".save")


def bare(line):
    return re.split(r";|(?<=[ \t])\$(?=[ \t]|$)", line)[0]


def as_value(found):
    try:
        return repr(float(found[0]))
    except ValueError:
        return found[0]
