"""Quantities as people write them: what is read, what is refused, and that what we write is read back."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rescircuit as rc
from rescircuit.quantities import format_quantity, parse_per_length, parse_quantity

UNITS = ["ohm", "S", "V", "A", "F", "s", "Hz", "W", "J", "m", "degC", ""]

# Each expected value is a float literal, hence the float nearest to what is written: there is no tolerance.
ACCEPTED = [
    ("10", "", 10.0),
    ("-3", "", -3.0),
    ("+3", "", 3.0),
    (".5", "", 0.5),
    ("5.", "", 5.0),
    ("1e-3", "", 1e-3),
    ("1E3", "", 1e3),
    ("  12  ", "", 12.0),
    ("20%", "", 0.2),
    ("20 %", "", 0.2),
    ("0.1%", "", 0.001),
    ("-7%", "", -0.07),
    ("10k", "", 10e3),
    ("4.7k", "ohm", 4700.0),
    ("4.7K", "ohm", 4700.0),
    ("4.7 kΩ", "ohm", 4700.0),
    ("4.7k\N{GREEK CAPITAL LETTER OMEGA}", "ohm", 4700.0),
    ("4.7k\N{OHM SIGN}", "ohm", 4700.0),
    ("4.7kohm", "ohm", 4700.0),
    ("4.7kOhm", "ohm", 4700.0),
    ("4.7kOhms", "ohm", 4700.0),
    ("4.7 OHM", "ohm", 4.7),
    ("1meg", "ohm", 1e6),
    ("1MEG", "ohm", 1e6),
    ("1Meg", "ohm", 1e6),
    ("1mEgΩ", "ohm", 1e6),
    ("2.2megohm", "ohm", 2.2e6),
    ("3G", "ohm", 3e9),
    ("3T", "", 3e12),
    ("1m", "ohm", 1e-3),
    ("1mΩ", "ohm", 1e-3),
    ("120uS", "S", 120e-6),
    ("120\N{MICRO SIGN}S", "S", 120e-6),
    ("120\N{GREEK SMALL LETTER MU}S", "S", 120e-6),
    ("1.2 mS", "S", 1.2e-3),
    ("5 siemens", "S", 5.0),
    ("0.5V", "V", 0.5),
    ("500mV", "V", 0.5),
    ("2 volts", "V", 2.0),
    ("1nA", "A", 1e-9),
    ("1amp", "A", 1.0),
    ("1 ampere", "A", 1.0),
    ("10pF", "F", 10e-12),
    ("10fF", "F", 10e-15),
    ("10f", "F", 10e-15),
    ("1 farad", "F", 1.0),
    ("1mF", "F", 1e-3),
    ("1e0", "F", 1.0),
    ("2ns", "s", 2e-9),
    ("2 sec", "s", 2.0),
    ("1megHz", "Hz", 1e6),
    ("50hertz", "Hz", 50.0),
    ("3mW", "W", 3e-3),
    ("3 watt", "W", 3.0),
    ("5pJ", "J", 5e-12),
    ("2 joules", "J", 2.0),
    ("1um", "m", 1e-6),
    ("180nm", "m", 180e-9),
    ("180n", "m", 180e-9),
    ("0.18\N{MICRO SIGN}m", "m", 0.18e-6),
    ("1mm", "m", 1e-3),
    ("3 km", "m", 3e3),
    ("1 metre", "m", 1.0),
    ("2 meters", "m", 2.0),
    ("1e0", "m", 1.0),
    ("100ppm", "", 100e-6),
    ("-100 ppm", "", -100e-6),
    ("2.5e1ppm", "", 25e-6),
    ("100PPM", "", 100e-6),
    ("85", "degC", 85.0),
    ("85C", "degC", 85.0),
    ("85 °C", "degC", 85.0),
    ("85degC", "degC", 85.0),
    ("-40 \N{DEGREE CELSIUS}", "degC", -40.0),
    ("1.5e2C", "degC", 150.0),
    (27, "degC", 27.0),
    ("1e3k", "", 1e6),
    ("0.0000001meg", "", 0.1),
    ("0k", "", 0.0),
    (7, "ohm", 7.0),
    (0.25, "", 0.25),
    (np.float64(0.25), "", 0.25),
    (np.float32(0.25), "ohm", 0.25),
    (np.int64(7), "ohm", 7.0),
    ("0e-3000", "S", 0.0),
    ("5e-324", "", 5e-324),
]


@pytest.mark.parametrize(("text", "unit", "value"), ACCEPTED)
def test_what_people_write_is_read_exactly(text, unit, value):
    read = parse_quantity(text, unit)
    assert type(read) is float
    assert read == value


@settings(max_examples=300)
@given(
    st.integers(-(10**6), 10**6),
    st.integers(-3, 3),
    st.sampled_from(
        [("f", -15), ("p", -12), ("n", -9), ("u", -6), ("m", -3), ("k", 3), ("meg", 6), ("G", 9), ("T", 12)]
    ),
)
def test_a_prefix_rounds_once(digits, power, prefix):
    """The nearest float to the decimal that was written, which Python's own reader of decimals gives."""
    symbol, shift = prefix
    assert parse_quantity(f"{digits}e{power}{symbol}") == float(f"{digits}e{power + shift}")


# (text, unit, what the error must say besides the text itself)
REFUSED = [
    # two readings
    ("1M", "ohm", "write 1meg or 1m"),
    ("1MΩ", "ohm", "write 1megΩ or 1mΩ"),
    ("2.5Mohm", "ohm", "write 2.5megohm or 2.5mohm"),
    ("1MHz", "Hz", "write 1megHz or 1mHz"),
    ("4k7", "ohm", "4.7k for 4k7"),
    ("1R5", "ohm", "decimal point"),
    ("1,5k", "ohm", "decimal sign is a point"),
    ("1,500", "", "decimal sign is a point"),
    ("1F", "F", "write 1e0 or 1f"),
    ("3 F", "F", "write 3e0 or 3f"),
    ("1F", "ohm", "femto"),
    ("1P", "", "write 1p or 1e15"),
    ("1PF", "F", "write 1p or 1e15"),
    ("1m", "m", "m is a metre or a milli: write 1e0 or 1mm"),
    ("2.5 m", "m", "write 2.5e0 or 2.5mm"),
    ("1M", "m", "write 1meg or 1m"),
    # another unit, or none
    ("5V", "ohm", "V is another unit"),
    ("5mV", "A", "V is another unit"),
    ("5s", "S", "s is another unit"),
    ("5S", "s", "S is another unit"),
    ("5V", "", "leave out V"),
    ("1MEGohm", "", "leave out ohm"),
    ("20%", "ohm", "percentage has no unit"),
    ("20ppm", "V", "Parts per million have no unit"),
    ("20%", "m", "percentage has no unit"),
    ("1um", "", "leave out m"),
    ("5mm", "ohm", "m is another unit"),
    ("5V", "m", "V is another unit"),
    ("-250ppm/K", "", "Leave out what it is per"),
    ("358K", "degC", "Temperatures are in °C: write 84.85 for 358 K"),
    ("358.15 kelvin", "degC", "write 85 for 358.15 K"),
    ("85F", "degC", "with C, °C, degC or nothing"),
    ("85k", "degC", "with C, °C, degC or nothing"),
    ("85mC", "degC", "with C, °C, degC or nothing"),
    ("85%", "degC", "with C, °C, degC or nothing"),
    ("hot", "degC", "got 'hot'"),
    ("5C", "", "Prefixes are"),
    ("1pp", "", "Prefixes are"),
    # no number
    ("", "ohm", "got ''"),
    ("   ", "ohm", "got ' '"),
    ("nan", "", "got 'nan'"),
    ("inf", "", "got 'inf'"),
    ("-inf", "", "got '-inf'"),
    ("k", "ohm", "got 'k'"),
    (".", "", "got '.'"),
    ("--1", "", "got '--1'"),
    ("abc", "", "got 'abc'"),
    ("0x10", "", "got '0x10'"),
    ("1_000", "", "got '1_000'"),
    ("1_000k", "ohm", "got '1_000k'"),
    ("1..2", "", "got '1..2'"),
    ("1e", "", "got '1e'"),
    ("1 e3", "", "got '1 e3'"),
    ("1k k", "", "got '1k k'"),
    ("1kk", "", "got '1kk'"),
    ("1 2", "", "got '1 2'"),
    ("20%%", "", "got '20%%'"),
    ("1g", "", "Prefixes are f p n u m k meg G T"),  # a billion to SPICE, a gram to people
    ("1mil", "", "Prefixes are"),  # 25.4e-6 to SPICE
    ("1a", "", "Prefixes are"),
    ("\N{FULLWIDTH DIGIT ONE}\N{FULLWIDTH DIGIT ZERO}", "", "got '"),
    ("1\N{FULLWIDTH DIGIT ZERO}", "", "got '1"),
    ("\N{ARABIC-INDIC DIGIT THREE}", "", "got '"),
    # no finite float
    ("1e999", "", "got '1e999'"),
    ("1e308k", "", "got '1e308k'"),
    ("1e-3000S", "S", "zero would be left of it"),
    ("1e-320f", "", "zero would be left of it"),
    (math.nan, "", "got nan"),
    (np.float32("nan"), "", "got "),
    (-math.inf, "V", "got -inf"),
    (10**400, "", "got 1000"),
    # longer than any quantity; the text is shortened in the answer
    ("1" * 41, "", "got '1111"),
    ("1" + " " * 40 + "k", "ohm", "got '1"),
    # no text and no number
    (True, "", "got True"),
    (None, "", "got None"),
    ([1], "", "got [1]"),
    (b"1k", "", "got b'1k'"),
    (1j, "", "got 1j"),
]


@pytest.mark.parametrize(("text", "unit", "says"), REFUSED)
def test_the_rest_is_refused_in_one_line(text, unit, says):
    with pytest.raises(rc.InputError) as caught:
        parse_quantity(text, unit, argument="--target")
    message = str(caught.value)
    assert message.startswith(f"--target must be {f'a quantity in {unit}, such as ' if unit else 'a number, such as '}")
    assert says in message
    assert "\n" not in message
    assert caught.value.got is text


@pytest.mark.parametrize("unit", UNITS)
def test_the_example_in_an_error_is_itself_accepted(unit):
    with pytest.raises(rc.InputError) as caught:
        parse_quantity("?", unit)
    examples = caught.value.required.split("such as ")[1].replace(", ", " or ").split(" or ")
    assert len([parse_quantity(example, unit) for example in examples]) >= 1


@pytest.mark.parametrize("tail", ["\nsecond line", "\x1b[31mred", "\x00"])
def test_advice_does_not_repeat_control_characters(tail):
    """Text may come from a file: it reaches a terminal quoted, or not at all."""
    with pytest.raises(rc.InputError) as caught:
        parse_quantity(f"1M{tail}", "ohm")
    assert "write 1meg or 1m" in str(caught.value)
    assert str(caught.value).isprintable()


@settings(max_examples=400)
@given(st.text(max_size=45), st.sampled_from(UNITS))
def test_any_text_is_a_finite_number_or_one_line(text, unit):
    try:
        value = parse_quantity(text, unit)
    except rc.InputError as error:
        assert "\n" not in str(error)
    else:
        assert math.isfinite(value)
        assert any(digit in text for digit in "0123456789")


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (4700.0, "ohm", "4.7 kΩ"),
        (1e6, "ohm", "1 megΩ"),
        (1.2e-3, "S", "1.2 mS"),
        (120e-6, "S", "120 uS"),
        (0.5, "V", "500 mV"),
        (-2.5, "V", "-2.5 V"),
        (10e-15, "F", "10 fF"),
        (1.5, "F", "1.5 farad"),  # "1.5 F" is a femto to SPICE and would be refused
        (0.0, "F", "0 farad"),
        (1500.0, "F", "1.5 kF"),
        (0.0, "ohm", "0 Ω"),
        (-0.0, "", "0"),
        (0.2, "%", "20 %"),
        (0.0123456, "%", "1.235 %"),
        (999.96, "ohm", "1 kΩ"),  # rounding comes first
        (999.94, "ohm", "999.9 Ω"),
        (0.99996, "", "1"),
        (12355.0, "", "12.36 k"),  # a half goes to the even digit, as everywhere in Python
        (3.3e12, "", "3.3 T"),
        (180e-9, "m", "180 nm"),
        (2e-3, "m", "2 mm"),
        (1.5, "m", "1.5 metre"),  # "1.5 m" would be refused
        (2e3, "m", "2 km"),
        (3e-12, "J", "3 pJ"),
        (85.0, "degC", "85 °C"),
        (-40.0, "degC", "-40 °C"),
        (0.0, "degC", "0 °C"),
        (-250e-6, "ppm", "-250 ppm"),
        (math.inf, "ohm", "inf"),
        (math.nan, "", "nan"),
    ],
)
def test_format(value, unit, text):
    assert format_quantity(value, unit) == text


def test_format_writes_the_digits_asked_for():
    assert format_quantity(math.pi * 1e3, "Hz", digits=2) == "3.1 kHz"
    assert format_quantity(math.pi * 1e3, "Hz", digits=8) == "3.1415927 kHz"
    assert format_quantity(123456.0, "ohm", digits=2) == "1.2e+02 kΩ"


@pytest.mark.parametrize("digits", [0, -1, 18, 2.5, True])
def test_format_refuses_digits_that_no_float_has(digits):
    with pytest.raises(rc.InputError, match="digits must be a whole number from 1 to 17, got"):
        format_quantity(1.0, "ohm", digits)


@pytest.mark.parametrize("function", [parse_quantity, format_quantity])
def test_units_that_nobody_knows_are_refused(function):
    with pytest.raises(rc.InputError, match=r"unit must be one of '', 'ohm', .*, got 'furlong'"):
        function(1.0, "furlong")


@settings(max_examples=600)
@given(
    st.floats(1e-15, 1e14),
    st.sampled_from([-1.0, 1.0]),
    st.sampled_from([*UNITS, "%", "ppm"]),
    st.integers(1, 15),
)
def test_what_is_written_is_read_back_to_the_digits_printed(magnitude, sign, unit, digits):
    """Half a unit of the last digit printed: the leading digit d of d.ddd counts at least one."""
    value = sign * magnitude
    read = parse_quantity(format_quantity(value, unit, digits), "" if unit in {"%", "ppm"} else unit)
    assert abs(read - value) <= 0.5000001 * 10.0 ** (1 - digits) * magnitude


@settings(max_examples=200)
@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(UNITS))
def test_the_whole_range_of_floats_is_read_back(value, unit):
    if abs(value) > 1.79e308:  # rounding to four digits may leave the range of floats
        return
    read = parse_quantity(format_quantity(value, unit), unit)
    assert read == pytest.approx(value, rel=1e-3, abs=5e-324)


@pytest.mark.parametrize(
    ("text", "unit", "power", "value"),
    [
        ("2% um", "", 1, 2e-8),
        ("2%um", "", 1, 2e-8),
        ("2 % um", "", 1, 2e-8),
        ("2 %·\N{MICRO SIGN}m", "", 1, 2e-8),
        ("2% * um", "", 1, 2e-8),
        ("0.02 um", "", 1, 2e-8),
        ("15 ppm mm", "", 1, 1.5e-8),
        ("2e-8", "", 1, 2e-8),
        (2e-8, "", 1, 2e-8),
        ("5mV um", "V", 1, 5e-9),
        ("5 mV·um", "V", 1, 5e-9),
        ("0.5%/mm", "", -1, 5.0),
        ("-0.5 % / mm", "", -1, -5.0),
        ("0.01%/mm2", "", -2, 100.0),
        ("0.01 %/mm²", "", -2, 100.0),
        ("1 fF/um2", "F", -2, 1e-3),
        ("1fF/um2", "F", -2, 1e-3),
        ("2 um2", "", 2, 2e-12),
    ],
)
def test_quantities_with_a_length(text, unit, power, value):
    read = parse_per_length(text, unit, power)
    assert type(read) is float
    assert read == pytest.approx(value, rel=3e-16)


@pytest.mark.parametrize(
    ("text", "unit", "power", "says"),
    [
        ("2% m", "", 1, "a quantity such as 2% um, got '2% m'"),  # a metre or a milli
        ("2%/um", "", 1, "a quantity such as 2% um, got '2%/um'"),
        ("0.1%", "", -1, "a quantity such as 0.1%/mm, got '0.1%'"),
        ("5nV", "V", 1, "a quantity such as 5mV um, got '5nV'"),
        ("2% um2", "", 1, "a quantity such as 2% um, got"),
        ("2% um", "", -1, "a quantity such as 0.1%/mm, got"),
        ("2%/um", "", -2, "a quantity such as 0.1%/mm2, got"),
        ("2 um", "", 2, "a quantity such as 1 um2, got"),
        ("2V um", "", 1, "leave out V"),
        ("2% um", "V", 1, "a quantity such as 5mV um, got '2% um'. A percentage has no unit."),
        ("x um", "", 1, "a quantity such as 2% um, got 'x um'"),
        ("2% inch", "", 1, "a quantity such as 2% um, got"),
        ("2%" + " " * 50 + "um", "", 1, "a quantity such as 2% um, got"),
        (None, "", 1, "got None"),
        ("1e308 km", "", 1, "a quantity such as 2% um, got '1e308 km'"),
        ("nan um", "", 1, "a quantity such as 2% um, got 'nan um'"),
    ],
)
def test_other_quantities_with_a_length_are_refused(text, unit, power, says):
    with pytest.raises(rc.InputError) as caught:
        parse_per_length(text, unit, power, argument="matching")
    assert str(caught.value).startswith("matching must be ")
    assert says in str(caught.value)


@settings(max_examples=200)
@given(st.text(max_size=45), st.sampled_from(["", "V"]), st.sampled_from([-2, -1, 1, 2]))
def test_any_text_with_a_length_is_a_finite_number_or_one_line(text, unit, power):
    try:
        value = parse_per_length(text, unit, power)
    except rc.InputError as error:
        assert "\n" not in str(error)
    else:
        assert math.isfinite(value)
