"""Arguments: what passes comes out as float, int or float64; what does not gets one line that names its place."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from rescircuit import checks
from rescircuit.errors import InputError


@pytest.mark.parametrize("value", [1.5, 2, 0, -3.0, np.float32(0.5), np.int64(7), np.uint8(3), np.array(2.0), 5e-324])
def test_numbers_pass_as_floats(value):
    number = checks.finite_number("x", value)
    assert type(number) is float
    assert number == value


@pytest.mark.parametrize(
    "value",
    [
        math.nan,
        math.inf,
        -math.inf,
        np.float64("nan"),
        10**400,  # beyond the range of floats
        "1",  # text is read at the edge, with its unit
        b"1",
        bytearray(b"1"),
        np.str_("1"),
        True,
        np.True_,
        Fraction(1, 4),  # whoever keeps what was given would multiply arrays by it
        Decimal("0.25"),
        np.ma.masked,
        1j,
        np.complex128(1.0),  # float() would drop an imaginary part with no more than a warning
        np.timedelta64(5, "s"),
        None,
        [1.0],
        np.array([1.0]),
        object(),
    ],
)
@pytest.mark.parametrize("check", [checks.finite_number, checks.positive_number, checks.non_negative_number])
def test_what_is_no_finite_number_is_refused(check, value):
    with pytest.raises(InputError, match=r"^x must be a finite number") as caught:
        check("x", value)
    assert caught.value.argument == "x"
    assert "\n" not in str(caught.value)


def test_signs_are_checked_and_units_named():
    assert checks.positive_number("r", 5e-324) == 5e-324
    assert checks.non_negative_number("v", 0.0) == 0.0
    for value in (0.0, -0.0, -1e-300):
        with pytest.raises(InputError, match=r"r must be a finite number above 0 \(ohm\), got"):
            checks.positive_number("r", value, "ohm")
    with pytest.raises(InputError, match=r"v must be a finite number of at least 0 \(V\), got -1e-300"):
        checks.non_negative_number("v", -1e-300, "V")
    with pytest.raises(InputError, match="above 0, got 0"):
        checks.positive_number("r", 0)
    with pytest.raises(InputError, match="x must be round, got nan"):
        checks.finite_number("x", math.nan, "round")


@pytest.mark.parametrize("value", [2, 5, np.int64(3), np.uint8(4), np.array(3)])
def test_whole_numbers_pass_as_ints(value):
    number = checks.whole_number("n", value, 2, 5)
    assert type(number) is int
    assert number == value


@pytest.mark.parametrize("value", [True, False])
def test_truth_is_no_whole_number(value):
    """Though Python counts it among the integers, and within these ends."""
    with pytest.raises(InputError, match=f"n must be a whole number from 0 to 5, got {value}"):
        checks.whole_number("n", value, 0, 5)


def test_a_whole_number_may_have_no_upper_end():
    assert checks.whole_number("n", 10**30, 0) == 10**30


@pytest.mark.parametrize("value", [1, 6, -(10**30), 3.0, "3", None, True, np.True_, [3], math.nan])
def test_other_whole_numbers_are_refused(value):
    with pytest.raises(InputError, match=r"^n must be a whole number from 2 to 5, got .*\. Count again\.$"):
        checks.whole_number("n", value, 2, 5, hint="Count again.")
    if value != 6:
        with pytest.raises(InputError, match=r"^n must be a whole number of at least 2, got"):
            checks.whole_number("n", value, 2)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 2], [1.0, 2.0]),
        ((0.5, 3), [0.5, 3.0]),
        (np.array([[1, 2]], dtype=np.int8), [[1.0, 2.0]]),
        (np.array([1.5], dtype=np.float32), [1.5]),
        (7, 7.0),
    ],
)
def test_arrays_pass_as_float64(values, expected):
    array = checks.finite_array("x", values)
    assert array.dtype == np.float64
    assert array.shape == np.shape(expected)
    assert array.tolist() == expected


def test_an_array_is_a_copy_that_its_owner_cannot_change_later():
    mine = np.ones(3)
    checked = checks.finite_array("x", mine)
    mine[:] = math.nan
    assert checked.tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ([1.0, math.nan], "x at index 1 must be finite numbers (V), got nan"),
        ([[1.0, 2.0], [math.inf, math.nan]], "x at index (1, 0) must be finite numbers (V), got inf"),
        (math.nan, "x must be finite numbers (V), got nan"),
        ([], "x must be finite numbers (V), at least one, got shape (0,)"),
        (np.empty((3, 0)), "got shape (3, 0)"),
        ([[1.0], [1.0, 2.0]], "in a rectangular array"),
        (["1", "2"], "got shape (2,) of str"),
        ([True, False], "got shape (2,) of bool: [True, False]"),
        ([1j], "got shape (1,) of complex128"),
        ([None], "got shape (1,) of object: [None]"),
        ([10**30], "got shape (1,) of object"),  # NumPy keeps such integers as objects
        (None, "got shape () of object: None"),
        (np.array(["2020-01-01"], dtype="datetime64[D]"), "of datetime64"),
    ],
)
def test_other_arrays_are_refused_at_their_place(values, says):
    with pytest.raises(InputError) as caught:
        checks.finite_array("x", values, "V")
    assert says in str(caught.value)
    assert str(caught.value).startswith("x ")
    assert "\n" not in str(caught.value)


def test_masked_entries_are_refused_and_masks_of_none_are_not():
    """NumPy would drop the mask and bring out what is under it."""
    assert checks.finite_array("x", np.ma.array([1.0, 2.0], mask=[False, False])).tolist() == [1.0, 2.0]
    with pytest.raises(InputError, match=r"^x must be finite numbers without masked entries, got shape \(2,\), masked"):
        checks.finite_array("x", np.ma.array([1.0, 2.0], mask=[False, True]))


def test_emptiness_passes_where_it_is_allowed():
    assert checks.finite_array("x", np.empty((3, 0)), allow_empty=True).shape == (3, 0)


def test_signs_of_arrays_are_checked():
    assert checks.positive_array("r", [5e-324]).tolist() == [5e-324]
    assert checks.non_negative_array("v", [0.0, -0.0]).tolist() == [0.0, 0.0]
    with pytest.raises(InputError, match=r"^r at index 1 must be finite numbers above 0 \(ohm\), got 0.0$"):
        checks.positive_array("r", [1.0, 0.0, -1.0], "ohm")
    with pytest.raises(InputError, match=r"^v at index \(0, 1\) must be finite numbers of at least 0 \(V\), got -2.0$"):
        checks.non_negative_array("v", [[0.0, -2.0]], "V")
    with pytest.raises(InputError, match="finite"):
        checks.positive_array("r", [math.nan])  # NaN is not below zero, and must not pass for that
