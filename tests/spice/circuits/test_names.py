"""Only names, numbers and comments of one narrow form reach a deck."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rescircuit.errors import InputError
from rescircuit.spice.circuits.names import (
    LONGEST_NAME,
    check_distinct,
    check_name,
    comment_lines,
    deck_number,
    element_name,
    inner_node_name,
    node_name,
)


@pytest.mark.parametrize("name", ["a", "A9", "_", "word_3_4", "in", "null_1", "my_gauss", "probe", "x" * LONGEST_NAME])
def test_plain_words_are_names(name):
    assert check_name("node", name) == name


@pytest.mark.parametrize(
    "name",
    [
        "", "1a", "00", "a b", "a-b", "a.b", "a\n", "a\nr1 a 0 1", "\na", "a\r", "a;b", "a`ls`", "$(ls)", "*#shell",
        "a\x00", "é", "٣", "a٣", "v(a)", "a=1", "+a", ".end", "gnd", "GND", "Time", "temper", "ALL", "allv", "inoise",
        "onoise_spectrum",
        "null", "Null", "gauss", "agauss", "unif", "aunif", "Limit", "sample_index",
        "V_sample_index", "x" * (LONGEST_NAME + 1), None, 1, b"a", ["a"],
    ],
)  # fmt: skip
def test_anything_else_is_refused(name):
    with pytest.raises(InputError, match="node must be"):
        check_name("node", name)


def test_only_nodes_may_be_ground():
    assert node_name("node", "0") == "0"
    with pytest.raises(InputError):
        check_name("name", "0")


@pytest.mark.parametrize("name", ["1", "12", "9" * 18])
def test_nodes_may_be_whole_numbers_as_in_old_decks(name):
    assert node_name("node", name) == name
    with pytest.raises(InputError):
        check_name("name", name)


@pytest.mark.parametrize(
    "name", ["00", "01", "-1", "+1", "1.0", "1e3", "1_000", "1k", "٣", "1\n", " 1", "9" * 19, 1, 0, 1.0, True, None]
)
def test_other_numbers_are_no_nodes(name):
    with pytest.raises(InputError, match="node of r_1 must be"):
        node_name("node", name, "r_1")


@pytest.mark.parametrize("name", ["x_bank.branch_0", "X1.a", "x_1.x_2.x_3.12", "xa.B"])
def test_a_node_inside_instances(name):
    assert inner_node_name("probe", name) == name


@pytest.mark.parametrize(
    "name",
    [
        "", "a", "x_1", ".a", "x_1.", "x_1..a", "x.a", "r_1.a", "x_1.r_2.a", "x_1.a b", "x_1.a\n.control", "x_1 .a",
        "x_1.a) v(b", "x_1.probe", "x_1.x_2.Probe_1", "x_1.null",
        "x_1.gnd", "x_1.temper", "x_1.`ls`", "x_1.00", "1.a", None, 1, b"x_1.a", ["x_1.a"],
    ],
)  # fmt: skip
def test_what_is_no_node_inside_an_instance_is_refused(name):
    with pytest.raises(InputError, match="probe must be") as caught:
        inner_node_name("probe", name)
    assert "\n" not in str(caught.value)


def test_an_element_starts_with_the_letter_of_its_kind():
    assert element_name("name", "R_1", "r") == "R_1"
    for name in ("r", "c1", "_r"):
        with pytest.raises(InputError, match="the letter r"):
            element_name("name", name, "r")


@pytest.mark.parametrize("names", [["a", "b", "a"], ["in", "out", "IN"]])
def test_names_alike_when_lower_cased_are_refused(names):
    with pytest.raises(InputError, match="lower-cased"):
        check_distinct("node", names)


@pytest.mark.parametrize("value", [0, -0.0, 1, 1e-30, -1e30, np.float64(0.1), np.float32(0.5), np.int64(3)])
def test_numbers_become_plain_floats(value):
    number = deck_number("value", value)
    assert type(number) is float
    assert number == value


@pytest.mark.parametrize(
    "value",
    [math.nan, math.inf, -math.inf, 1e31, 1e-31, 5e-324, 10**400, "1k", "1", b"1", True, None, 1j, [1.0]],
)
def test_what_ngspice_would_misread_is_refused(value):
    with pytest.raises(InputError, match="value must be"):
        deck_number("value", value)


@given(st.text())
def test_a_comment_is_only_comment_lines(text):
    for line in comment_lines("comment", text):
        assert line.startswith("* ")
        assert line.isprintable()
        assert line[2] != " "


@pytest.mark.parametrize("text", ["a\n.control\nshell ls\n.endc", "\r*#shell ls", "a\u2028b\x0bc\x85d\x1ce", "\ud800"])
def test_a_comment_has_no_line_breaks_of_its_own(text):
    lines = comment_lines("comment", text)
    assert len("\n".join(lines).splitlines()) == len(lines) <= 1


def test_a_long_comment_is_several_lines_with_all_its_words():
    words = [f"word{k}" for k in range(200)]
    lines = comment_lines("comment", " ".join(words))
    assert max(map(len, lines)) <= 100
    assert " ".join(line[2:] for line in lines).split() == words


def test_a_comment_must_be_text():
    with pytest.raises(InputError, match="comment must be text"):
        comment_lines("comment", 3)
