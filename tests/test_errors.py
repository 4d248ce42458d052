"""Errors: one line for a person, and their parts for a program."""

from __future__ import annotations

import pytest

from rescircuit.errors import InputError, MissingToolError, RescircuitError, SolutionError, shorten


def test_an_input_error_says_which_what_and_what_to_do():
    error = InputError("r_on", "at least 0 (ohm)", -3, "Switches take power.")
    assert str(error) == "r_on must be at least 0 (ohm), got -3. Switches take power."
    assert (error.argument, error.required, error.got, error.hint) == (
        "r_on",
        "at least 0 (ohm)",
        -3,
        "Switches take power.",
    )
    assert str(InputError("n", "even", 3)) == "n must be even, got 3"


def test_input_errors_are_value_errors():
    """So that code that knows nothing of rescircuit may catch them."""
    with pytest.raises(ValueError, match="n must be even"):
        raise InputError("n", "even", 3)
    assert issubclass(InputError, RescircuitError)


@pytest.mark.parametrize("place", ["argument", "required", "got", "hint"])
@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\v", "\x85", "\u2028"])
def test_line_breaks_anywhere_leave_one_line(place, line_break):
    parts = {"argument": "a", "required": "b", "got": "c", "hint": "d"} | {place: f"first{line_break}second"}
    assert len(str(InputError(**parts)).splitlines()) == 1


def test_what_came_is_shortened():
    text = str(InputError("items", "few", list(range(10_000))))
    assert text.startswith("items must be few, got [0, 1, 2,")
    assert text.endswith(" 9998, 9999]")
    assert "..." in text
    assert len(text) < 100


def test_a_long_path_keeps_its_files_name():
    assert str(InputError("file", "readable", "/a/long/way" * 20 + "/crossbar.csv")).endswith("/crossbar.csv'")


def test_shorten():
    assert shorten("a\nb") == r"'a\nb'"
    assert shorten("shape (3,) of bool") == "shape (3,) of bool"  # a description, not a text that came
    assert shorten("abcdefgh", 10) == "'abcdefgh'"
    assert shorten("abcdefghi", 10) == "'abc...hi'"
    for length in range(4, 60):
        assert len(shorten("x" * 100, length)) == length
    assert len(shorten("x" * 100)) == 60


def test_the_other_errors_carry_their_numbers_and_names():
    error = SolutionError("a circuit", 1e-3, 1e-12, "Check it.")
    assert str(error) == "a circuit: residual 0.001 is above the limit 1e-12. Check it."
    assert (error.residual, error.limit) == (1e-3, 1e-12)
    missing = MissingToolError("ngspice", "verification", "Install it.")
    assert str(missing) == "ngspice is needed for verification and was not found. Install it."
    assert missing.tool == "ngspice"
