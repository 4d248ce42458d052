"""The raw file is read strictly: one complete plot of real, finite numbers, or an error."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rescircuit.errors import SpiceError
from rescircuit.spice.engines.raw import read_raw

VALUES = np.array([[1.0, -2.5e-4], [0.5, 1e-300], [0.0, 3.0]])


def raw_file(values=VALUES, names=("v(in)", "i(v1)"), **changes):
    """A raw file as ngspice writes it; changes replace header fields."""
    fields = {
        "Title": "rescircuit circuit",
        "Date": "Mon Jan  1 00:00:00  2024",
        "Plotname": "Operating Point",
        "Flags": "real",
        "No. Variables": len(names),
        "No. Points": f"{len(values)}       ",
    } | changes
    header = "".join(f"{key}: {value}\n" for key, value in fields.items())
    listed = "".join(f"\t{k}\t{name}\tvoltage\n" for k, name in enumerate(names))
    return f"{header}Variables:\n{listed}Binary:\n".encode() + np.asarray(values, float).tobytes()


@given(hnp.arrays(float, st.tuples(st.integers(0, 4), st.just(2)), elements=st.floats(-1e300, 1e300)))
def test_every_bit_of_a_value_is_kept(values):
    plot = read_raw(raw_file(values))
    assert plot.name == "Operating Point"
    assert plot.variables == ("v(in)", "i(v1)")
    assert plot.values.shape == values.shape
    assert plot.values.tobytes() == values.tobytes()


def test_a_file_cut_anywhere_is_refused():
    content = raw_file()
    for length in range(len(content)):
        with pytest.raises(SpiceError):
            read_raw(content[:length])


def test_anything_after_the_plot_is_refused():
    with pytest.raises(SpiceError, match="bytes of data"):
        read_raw(raw_file() + raw_file())


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_not_finite_is_refused_by_name(value):
    values = VALUES.copy()
    values[1, 1] = value
    with pytest.raises(SpiceError, match=r"i\(v1\) that is not finite"):
        read_raw(raw_file(values))


@pytest.mark.parametrize(
    "changes",
    [
        {"No. Points": 0},
        {"No. Points": 4},
        {"No. Points": -3},
        {"No. Points": "3.0"},
        {"No. Points": "9" * 5000},
        {"No. Variables": 1},
        {"No. Variables": 3},
        {"No. Variables": "many"},
        {"Flags": "complex"},
        {"Flags": "real padded"},
        {"Title": "Ω"},
    ],
)
def test_a_header_that_does_not_fit_its_data_is_refused(changes):
    with pytest.raises(SpiceError, match="raw file"):
        read_raw(raw_file(**changes))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"\t1\ti(v1)\tvoltage\n", b""),
        (b"\t1\ti(v1)\tvoltage\n", b"\t2\ti(v1)\tvoltage\n"),
        (b"\t1\ti(v1)\tvoltage\n", b"\t1\ti(v1)\n"),
        (b"\t1\ti(v1)\tvoltage\n", b"\t1\ti(v1)\tvoltage\n\n"),
        (b"Variables:\n\t", b"\t"),
        (b"Flags: real\n", b""),
        (b"No. Points", b"Points"),
        (b"Binary:", b"Values:"),
    ],
)
def test_a_damaged_header_is_refused(old, new):
    content = raw_file()
    assert old in content
    with pytest.raises(SpiceError, match="raw file"):
        read_raw(content.replace(old, new))


@given(st.binary(max_size=300))
def test_garbage_is_refused(content):
    with pytest.raises(SpiceError):
        read_raw(content)


@given(st.integers(0, len(raw_file()) - len(VALUES.tobytes()) - 1), st.integers(0, 255))
def test_a_changed_byte_in_the_header_never_changes_the_numbers(place, byte):
    content = bytearray(raw_file())
    content[place] = byte
    try:
        plot = read_raw(bytes(content))
    except SpiceError:
        return
    assert plot.values.tobytes() == VALUES.tobytes()
