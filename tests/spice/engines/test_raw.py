"""Raw files are read strictly: one complete plot of finite numbers, or an error."""

from __future__ import annotations

import math
import os
import struct
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rescircuit.errors import InputError, SpiceError
from rescircuit.spice.engines.raw import read_raw, read_raw_file, read_raw_plots

VALUES = np.array([[1.0, -2.5e-4], [0.5, 1e-300], [0.0, 3.0]])
COMPLEX_VALUES = np.array([[1.0 + 2.0j, -2.5e-4], [0.5 - 1j, 1e-300j], [-0.0, 3.0 - 0.125j]])


def text_of(values):
    """Numbers as text, each with all its digits."""
    if np.iscomplexobj(values):
        words = [[f"{v.real:.17e},{v.imag:.17e}" for v in row] for row in values.tolist()]
    else:
        words = [list(map(repr, row)) for row in values.tolist()]
    return "".join(f" {k}\t" + "\n\t".join(row) + "\n\n" for k, row in enumerate(words)).encode()


def raw_file(values=VALUES, names=("v(in)", "i(v1)"), *, text=False, body=None, **changes):
    """A raw file as ngspice writes it; changes replace header fields."""
    values = np.asarray(values)
    fields = {
        "Title": "rescircuit circuit",
        "Date": "Mon Jan  1 00:00:00  2024",
        "Plotname": "Operating Point",
        "Flags": "complex" if np.iscomplexobj(values) else "real",
        "No. Variables": len(names),
        "No. Points": f"{len(values)}       ",
    } | changes
    header = "".join(f"{key}: {value}\n" for key, value in fields.items())
    listed = "".join(f"\t{k}\t{name}\tvoltage\n" for k, name in enumerate(names))
    mark, numbers = ("Values", text_of(values)) if text else ("Binary", values.tobytes())
    return f"{header}Variables:\n{listed}{mark}:\n".encode() + (numbers if body is None else body)


def leniently_read(content):
    """Names and numbers of a raw file that is taken to be right, one number after the other."""
    mark = b"\nBinary:\n" if b"\nBinary:\n" in content else b"\nValues:\n"
    header, _, body = content.partition(mark)
    lines = header.decode().split("\n")
    names = [line.split("\t")[2] for line in lines if line.startswith("\t")]
    fields = dict(line.split(":", 1) for line in lines if ": " in line)
    is_complex = fields["Flags"].strip() == "complex"
    if mark == b"\nBinary:\n":
        numbers = [struct.unpack_from("=d", body, place)[0] for place in range(0, len(body), 8)]
        if is_complex:
            numbers = [complex(*pair) for pair in zip(numbers[::2], numbers[1::2], strict=True)]
    else:
        words = body.decode().split()
        words = [word for k, word in enumerate(words) if k % (1 + len(names))]
        numbers = [complex(*map(float, word.split(","))) if is_complex else float(word) for word in words]
    rows = [numbers[k : k + len(names)] for k in range(0, len(numbers), len(names))]
    return names, rows


def assert_same_or_refused(content):
    try:
        plot = read_raw(content)
    except SpiceError as error:
        assert "\n" not in str(error)
        return
    names, rows = leniently_read(content)
    assert list(plot.variables) == names
    assert plot.values.tolist() == rows
    assert np.isfinite(plot.values).all()


def real_arrays():
    return hnp.arrays(float, st.tuples(st.integers(1, 5), st.just(2)), elements=st.floats(-1e300, 1e300))


def complex_arrays():
    return hnp.arrays(
        complex, st.tuples(st.integers(1, 5), st.just(2)), elements=st.complex_numbers(max_magnitude=1e300)
    )


SMALL_FILES = [
    pytest.param(raw_file(values, text=text), id=f"{'complex' if np.iscomplexobj(values) else 'real'} {form}")
    for values in (VALUES, COMPLEX_VALUES)
    for text, form in ((False, "binary"), (True, "text"))
]


@given(st.one_of(real_arrays(), complex_arrays()), st.booleans(), st.text("abc()_.#-+*", min_size=1))
def test_every_bit_of_a_value_is_kept_in_either_form(values, text, name):
    plot = read_raw(memoryview(raw_file(values, (name, f"{name}2"), text=text)))
    assert plot.name == "Operating Point"
    assert plot.variables == (name, f"{name}2")
    assert plot.values.dtype == values.dtype
    assert plot.values.shape == values.shape
    assert plot.values.tobytes() == values.tobytes()


@pytest.mark.parametrize("block", [1, 7, 50, 333, 4096])
@pytest.mark.parametrize("variables", [1, 2, 5])
@pytest.mark.parametrize("is_complex", [False, True])
def test_text_read_in_blocks_that_end_anywhere_is_put_together(monkeypatch, block, variables, is_complex):
    monkeypatch.setattr("rescircuit.spice.engines.raw_values._BLOCK", block)
    values = np.random.default_rng(block).standard_normal((120, variables)) * (1 - 0.5j if is_complex else 1)
    plot = read_raw(raw_file(values, [f"v({k})" for k in range(variables)], text=True))
    assert plot.values.tobytes() == values.tobytes()


def test_a_variable_is_reached_by_its_name():
    plot = read_raw(raw_file())
    assert plot["i(v1)"].tolist() == [-2.5e-4, 1e-300, 3.0]
    with pytest.raises(InputError, match=r"one of v\(in\), i\(v1\), got 'v\(out\)'"):
        plot["v(out)"]


def test_case_does_not_matter_and_a_node_is_its_voltage():
    plot = read_raw(raw_file())
    for name in ("V(IN)", "in", "In"):
        assert plot[name].tolist() == [1.0, 0.5, 0.0]
    assert plot["I(V1)"].tolist() == plot["i(v1)"].tolist()
    for name in ("v1", "", None, 0, ("in",)):  # a source's name alone is no node
        with pytest.raises(InputError, match="variable must be one of"):
            plot[name]


def test_the_exact_spelling_comes_first_and_none_is_chosen_of_two_others():
    plot = read_raw(raw_file(names=("v(A)", "v(a)")))
    assert plot["v(a)"].tolist() == [-2.5e-4, 1e-300, 3.0]
    assert plot["v(A)"].tolist() == [1.0, 0.5, 0.0]
    with pytest.raises(InputError, match="variable must be one of"):
        plot["A"]


def test_the_nearest_names_are_told_and_the_others_counted():
    names = [f"v(x_{k}.branch_{k})" for k in range(3000)]
    plot = read_raw(raw_file(np.zeros((1, 3000)), names))
    with pytest.raises(
        InputError, match=r"one of v\(x_2999\.branch_2999\), .* and 2,995 more, got 'v\(x_2999\.brnch_2999"
    ):
        plot["v(x_2999.brnch_2999)"]


DIVIDER = "t\nv1 in 0 dc 1 ac 1 sin(0 1 1k)\nr1 in out 1k\nr2 out 0 3k\nc1 out 0 1u\n{}\n.end\n"


@pytest.mark.parametrize(
    ("card", "name", "points"),
    [
        (".op", "Operating Point", 1),
        (".dc v1 -1 1 0.25", "DC transfer characteristic", 9),
        (".tran 10u 1m", "Transient Analysis", None),
        (".ac dec 7 1 1meg", "AC Analysis", 43),
    ],
)
def test_files_that_ngspice_writes(written_by_ngspice, card, name, points):
    binary = read_raw_file(written_by_ngspice(DIVIDER.format(card)))
    text = read_raw_file(written_by_ngspice(DIVIDER.format(card), ascii_file=True))
    assert binary.name == text.name == name
    assert binary.variables == text.variables
    assert {"v(in)", "v(out)", "i(v1)"} <= set(binary.variables)
    assert points in {None, len(binary.values)}
    assert text.values == pytest.approx(binary.values, rel=1e-15, abs=0)  # 16 digits


def test_the_frequency_of_an_ac_analysis_is_real(written_by_ngspice):
    """The transfer of r1, r2 ∥ c1 in closed form; ngspice 39 leaves chance bits as imaginary parts of frequencies."""
    plot = read_raw_file(written_by_ngspice(DIVIDER.format(".ac dec 7 1 1meg")))
    frequency = plot["frequency"]
    assert frequency.imag.tolist() == [0.0] * 43
    assert frequency.real == pytest.approx(np.logspace(0, 6, 43), rel=1e-12)
    expected = 1 / (1 + 1e3 * (1 / 3e3 + 2j * np.pi * frequency.real * 1e-6))
    assert plot["v(out)"] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("value", [math.nan, math.inf, 8.5e209])
def test_chance_bits_beside_a_frequency_do_not_matter(value):
    values = COMPLEX_VALUES.copy()
    values[:, 0].imag = value
    content = raw_file(values, ("frequency", "v(out)")).replace(
        b"\tfrequency\tvoltage", b"\tfrequency\tfrequency\tgrid=3"
    )
    assert read_raw(content).values.tolist() == np.stack([values[:, 0].real, values[:, 1]], axis=1).tolist()


@pytest.mark.parametrize("analysis", ["dc v1 -1 1 0.25", "ac dec 7 1 1meg"])
def test_files_of_the_write_command(written_by_ngspice, analysis):
    control = ".control\nset filetype={}\n" + analysis + "\nwrite users.raw v(in) v(out) v(out)-v(in)\n.endc"
    binary, text = (
        read_raw_file(written_by_ngspice(DIVIDER.format(control.format(kind)), "users.raw"))
        for kind in ("binary", "ascii")
    )
    assert binary.variables == text.variables
    assert text.values == pytest.approx(binary.values, rel=1e-15, abs=0)
    assert binary["v(out)-v(in)"] == pytest.approx(binary["v(out)"] - binary["v(in)"], rel=1e-14)


@pytest.mark.parametrize("kind", ["binary", "ascii"])
def test_several_plots_in_one_file_are_refused(written_by_ngspice, kind):
    control = f".control\nset filetype={kind}\nop\nwrite u.raw\nset appendwrite\ndc v1 0 1 1\nwrite u.raw\n.endc"
    with pytest.raises(SpiceError, match=r"\.raw': the raw file holds more than one plot; read_raw_plots reads all"):
        read_raw_file(written_by_ngspice(DIVIDER.format(control), "u.raw"))


@pytest.mark.parametrize("ascii_file", [False, True])
def test_several_plots_that_ngspice_writes(written_by_ngspice, ascii_file):
    path = written_by_ngspice(DIVIDER.format(".op\n.tran 10u 1m\n.ac dec 7 1 1meg"), ascii_file=ascii_file)
    plots = {plot.name: plot for plot in read_raw_plots(path)}  # in an order of ngspice's own
    assert len(plots) == 3
    rest, transient, response = (plots[name] for name in ("Operating Point", "Transient Analysis", "AC Analysis"))
    assert rest["out"].tolist() == [0.75]
    assert transient["v(in)"] == pytest.approx(np.sin(2e3 * np.pi * transient["time"]), abs=1e-12)
    expected = 1 / (1 + 1e3 * (1 / 3e3 + 2j * np.pi * response["frequency"].real * 1e-6))
    assert response["v(out)"] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("ascii_file", [False, True])
def test_both_plots_of_a_noise_analysis(written_by_ngspice, ascii_file):
    """Thermal noise of both resistors side by side, 4 k T R, at 27 °C; below the corner of the capacitor."""
    text = "t\nv1 in 0 dc 1 ac 1\nr1 in out 1k\nr2 out 0 3k\n.noise v(out) v1 dec 5 1 10k 1\n.end\n"
    density, whole = read_raw_plots(written_by_ngspice(text, ascii_file=ascii_file))
    assert (density.name, whole.name) == ("Noise Spectral Density Curves", "Integrated Noise")
    square = 4 * 1.380649e-23 * 300.15 * 750.0
    assert density["onoise_spectrum"] ** 2 == pytest.approx(square, rel=1e-5)
    assert whole["onoise_total"] ** 2 == pytest.approx([square * (1e4 - 1)], rel=1e-3)


def test_one_plot_is_one_of_all(tmp_path):
    path = tmp_path / "mine.raw"
    path.write_bytes(raw_file())
    (plot,) = read_raw_plots(path)
    assert plot.values.tobytes() == VALUES.tobytes()


def mixed():
    """Plots of all forms and kinds, and the file that holds them one after the other."""
    parts = [(values, text) for values in (VALUES, COMPLEX_VALUES) for text in (True, False, True)]
    return [values for values, _ in parts], [raw_file(values, text=text) for values, text in parts]


@pytest.mark.parametrize("block", [1, 7, 50, 4096])
def test_forms_and_kinds_may_follow_each_other(tmp_path, monkeypatch, block):
    monkeypatch.setattr("rescircuit.spice.engines.raw_values._BLOCK", block)
    arrays, files = mixed()
    path = tmp_path / "mine.raw"
    path.write_bytes(b"".join(files))
    assert [plot.values.tobytes() for plot in read_raw_plots(path)] == [values.tobytes() for values in arrays]


def test_a_title_of_any_length_ends_the_numbers_before_it(tmp_path, monkeypatch):
    monkeypatch.setattr("rescircuit.spice.engines.raw_values._BLOCK", 100)
    path = tmp_path / "mine.raw"
    path.write_bytes(raw_file(text=True) + raw_file(text=True, Title="1 " * 5000))
    assert len(read_raw_plots(path)) == 2


def test_several_plots_cut_inside_one_are_refused(tmp_path):
    _, files = mixed()
    path = tmp_path / "mine.raw"
    content = files[0] + files[1] + files[2]
    ends = {sum(map(len, files[:k])) - blank for k in (1, 2, 3) for blank in (0, k % 2)}  # text ends in an empty line
    for length in range(len(files[0]), len(content)):
        path.write_bytes(content[:length])
        if length in ends:
            assert read_raw_plots(path)
        else:
            with pytest.raises(SpiceError, match=r"^'mine\.raw': "):
                read_raw_plots(path)


def test_what_is_wrong_with_a_later_plot_is_said_with_its_number(tmp_path):
    path = tmp_path / "mine.raw"
    for wrong, said in (
        (raw_file(VALUES * np.nan), r"plot 2: .*not finite"),
        (raw_file(**{"No. Points": 0}, body=b""), r"plot 2: .*was given up"),
        (raw_file()[:-1], r"plot 2: .*47 bytes"),
        (b"Title: and nothing", r"plot 2: .*no whole header"),
    ):
        for text in (False, True):
            path.write_bytes(raw_file(text=text) + wrong)
            with pytest.raises(SpiceError, match=said):
                read_raw_plots(path)


@pytest.mark.parametrize("text", [False, True])
def test_what_is_no_plot_after_a_plot_is_refused(tmp_path, text):
    path = tmp_path / "mine.raw"
    for rest in (b"\0", b"Tit", b" Title: t\n", b"3\t1.0\n\t2.0\n", b"Date: today\n"):
        path.write_bytes(raw_file(text=text) + rest)
        with pytest.raises(SpiceError, match="raw file"):
            read_raw_plots(path)


def test_more_plots_than_anybody_means_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("rescircuit.spice.engines.raw._MOST_PLOTS", 3)
    path = tmp_path / "mine.raw"
    path.write_bytes(raw_file() * 3)
    assert len(read_raw_plots(path)) == 3
    path.write_bytes(raw_file() * 4)
    with pytest.raises(SpiceError, match="more than 3 plots"):
        read_raw_plots(path)


def test_a_run_that_was_given_up_is_refused_with_its_data(written_by_ngspice):
    path = written_by_ngspice("t\nv1 in 0 dc 1\nv2 in 0 dc 2\n.op\n.end\n")
    assert b"No. Points: 0" in path.read_bytes()
    with pytest.raises(SpiceError, match=r"No\. Points: 0, so the run that wrote it was given up"):
        read_raw_file(path)


@pytest.mark.parametrize("content", SMALL_FILES)
def test_a_file_cut_anywhere_is_refused_or_whole(content):
    whole = read_raw(content)
    for length in range(len(content) - 1):
        with pytest.raises(SpiceError):
            read_raw(content[:length])
    if content.endswith(b"\n\n"):  # the empty line after the last point says nothing
        assert read_raw(content[:-1]).values.tobytes() == whole.values.tobytes()


@pytest.mark.parametrize("content", SMALL_FILES)
def test_any_byte_changed_is_refused_or_read_as_it_stands(content):
    rng = np.random.default_rng(11)
    for place in range(len(content)):
        for byte in {10, 44, 45, 46, 48, 101, *rng.integers(0, 256, 4).tolist()}:
            assert_same_or_refused(content[:place] + bytes([byte]) + content[place + 1 :])


@given(st.sampled_from([case.values[0] for case in SMALL_FILES]), st.data())
def test_any_piece_replaced_is_refused_or_read_as_it_stands(content, data):
    start = data.draw(st.integers(0, len(content)))
    end = data.draw(st.integers(start, min(start + 12, len(content))))
    piece = data.draw(st.one_of(st.binary(max_size=12), st.text("0123456789.,eE+-\n\t :", max_size=12).map(str.encode)))
    assert_same_or_refused(content[:start] + piece + content[end:])


@given(st.binary(max_size=300))
def test_garbage_is_refused(content):
    with pytest.raises(SpiceError):
        read_raw(content)


@pytest.mark.parametrize("text", [False, True])
@pytest.mark.parametrize("changes", [{"No. Points": 10**17}, {"No. Variables": 10**17}, {"No. Variables": 4_000_000}])
def test_what_is_announced_takes_no_memory(changes, text):
    content = raw_file(text=text, **changes)
    tracemalloc.start()
    try:
        with pytest.raises(SpiceError):
            read_raw(content)
        assert tracemalloc.get_traced_memory()[1] < 1e6
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("text", [False, True])
def test_anything_after_the_plot_is_refused(text):
    content = raw_file(text=text)
    with pytest.raises(SpiceError, match="more than one plot"):
        read_raw(content + content)
    with pytest.raises(SpiceError, match=r"bytes of data|more than the 3 points"):
        read_raw(content + b"3\t1.0\n\t2.0\n")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, complex(0, np.nan), complex(np.inf, 0)])
def test_a_value_that_is_not_finite_is_refused_by_name(value):
    values = VALUES.astype(type(value))
    values[1, 1] = value
    with pytest.raises(SpiceError, match=r"'i\(v1\)' that is not finite"):
        read_raw(raw_file(values))


@pytest.mark.parametrize("word", ["nan", "inf", "-inf", "0x10", "0x1p3", "1_000", "1k", "1e5_0", "1d3", "1;2", "١"])
def test_words_that_are_no_decimal_numbers_are_refused_in_text(word):
    body = text_of(VALUES).replace(b"0.5", word.encode())
    with pytest.raises(SpiceError, match="among its numbers"):
        read_raw(raw_file(text=True, body=body))


@pytest.mark.parametrize("word", ["1.2.3", "--1", "1e", "e5", "1e5e6", "1e5.0", ".", "-", "1-2", "+"])
def test_characters_of_numbers_that_make_none_are_refused_in_text(word):
    body = text_of(VALUES).replace(b"0.5", word.encode())
    with pytest.raises(SpiceError, match="what is no number"):
        read_raw(raw_file(text=True, body=body))


@pytest.mark.parametrize("word", ["1e999", "-1e400"])
def test_numbers_beyond_all_floats_are_refused_in_text(word):
    with pytest.raises(SpiceError, match=r"'v\(in\)' that is not finite"):
        read_raw(raw_file(text=True, body=text_of(VALUES).replace(b"0.5", word.encode())))


@pytest.mark.parametrize("word", ["1.0", "1.0,2.0,3.0", "1.0,", ",", ",2.0", "1.0,2.0 ,"])
def test_a_complex_number_is_two_numbers_and_a_comma(word):
    body = text_of(COMPLEX_VALUES).replace(text_of(COMPLEX_VALUES).split()[1], word.encode(), 1)
    with pytest.raises(SpiceError, match="raw file"):
        read_raw(raw_file(COMPLEX_VALUES, text=True, body=body))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b" 1\t", b" 2\t", "not numbered one after the other"),
        (b" 1\t", b" 01\t", "not numbered one after the other"),
        (b" 1\t", b" +1\t", "not numbered one after the other"),
        (b" 1\t", b" 1.0\t", "not numbered one after the other"),
        (b" 1\t", b" ", "not numbered one after the other"),
        (b" 2\t0.0\n\t3.0\n\n", b"", "ends in point 2 of 3"),
        (b"\t3.0\n\n", b"\n", "ends in point 2 of 3"),
        (b"\t3.0\n\n", b"\t3.0", "last line has no end"),
        (b"0.5", b"0." + b"5" * 600, "more than 500 characters"),
        (b"0.5", b"0,5", "'0,5' among its numbers"),
    ],
)
def test_points_of_text_are_numbered_and_whole(old, new, message):
    assert old in text_of(VALUES)
    with pytest.raises(SpiceError, match=message):
        read_raw(raw_file(text=True, body=text_of(VALUES).replace(old, new)))


@pytest.mark.parametrize("text", [False, True])
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"No. Points": 0}, "was given up"),
        ({"No. Points": 4}, "announces|ends in point 3 of 4"),
        ({"No. Points": 2}, "announces"),
        ({"No. Points": -3}, "no whole number as No. Points"),
        ({"No. Points": "3.0"}, "no whole number as No. Points"),
        ({"No. Points": "9" * 5000}, "no whole number as No. Points"),
        ({"No. Variables": 0}, "than the 0 that it announces"),
        ({"No. Variables": 1}, "than the 1 that it announces"),
        ({"No. Variables": 3}, "lists 2 variables where it announces 3"),
        ({"No. Variables": "many"}, "no whole number as No. Variables"),
        ({"No. Variables": 10**9}, "more than 4194304"),
        ({"Flags": "complex"}, "bytes of data|two numbers with a comma"),
        ({"Flags": "real padded"}, "'real padded' numbers"),
        ({"Flags": ""}, "neither real nor complex"),
        ({"Title": "Ω"}, "not plain ASCII"),
        ({"Title": "a\x00b"}, "not plain ASCII"),
        ({"Title": "a\x0bb"}, "not plain ASCII"),
        ({"Title": "a" * 70000}, "no whole header"),
        ({"Offset": "0.0"}, "does not write: 'Offset: 0.0'"),
        ({"Date": "1\nDate: 2"}, "states Date twice"),
        ({"Plotname": "a\nPlotname: b"}, "states Plotname twice"),
        ({"Title": "a\nb"}, "does not write: 'b'"),
    ],
)
def test_a_header_that_does_not_fit_its_data_is_refused(changes, message, text):
    with pytest.raises(SpiceError, match=message):
        read_raw(raw_file(text=text, **changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"Title": "Binary:"},
        {"Title": "Variables:"},
        {"Title": ""},
        {"Command": "version 43"},
        {"Option": "a = 1\nOption: b = 2"},
        {"Dimensions": "3"},
    ],
)
def test_what_else_ngspice_states_changes_nothing(changes):
    assert read_raw(raw_file(**changes)).values.tobytes() == VALUES.tobytes()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"\t1\ti(v1)\tvoltage\n", b""),
        (b"\t1\ti(v1)\tvoltage\n", b"\t2\ti(v1)\tvoltage\n"),
        (b"\t1\ti(v1)\tvoltage\n", b"\t1\ti(v1)\n"),
        (b"\t1\ti(v1)\tvoltage\n", b"\t1\t\tvoltage\n"),
        (b"\t1\ti(v1)\tvoltage\n", b"1\ti(v1)\tvoltage\n"),
        (b"\t1\ti(v1)\tvoltage\n", b"\t1\tv(in)\tvoltage\n"),
        (b"\t1\ti(v1)\tvoltage\n", b"\t1\ti(v1)\tvoltage\n\n"),
        (b"\t1\ti(v1)\tvoltage\n", b"\t1\ti(v1)\tvoltage\n\t2\ti(v2)\tvoltage\n"),
        (b"Variables:\n\t", b"\t"),
        (b"Title: ", b"title: "),
        (b"Flags: real\n", b""),
        (b"Plotname: Operating Point\n", b""),
        (b"No. Points", b"Points"),
        (b"Binary:", b"Values:"),
        (b"Binary:", b"Binary: "),
        (b"\n", b"\r\n"),
    ],
)
def test_a_damaged_header_is_refused(old, new):
    content = raw_file()
    assert old in content
    with pytest.raises(SpiceError, match="raw file"):
        read_raw(content.replace(old, new))


def test_a_file_is_read_from_its_path_through_a_link_as_well(tmp_path):
    path, link = tmp_path / "mine.raw", tmp_path / "link.raw"
    path.write_bytes(raw_file(COMPLEX_VALUES))
    link.symlink_to(path)
    for place in (path, str(path), link):
        assert read_raw_file(place).values.tobytes() == COMPLEX_VALUES.tobytes()


def test_a_file_that_is_wrong_is_named(tmp_path):
    path = tmp_path / "mine.raw"
    path.write_bytes(raw_file()[:-1])
    with pytest.raises(SpiceError, match=r"^'mine\.raw': the raw file holds 47 bytes of data, not the 48"):
        read_raw_file(path)


def test_what_is_no_file_is_refused(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)  # nobody writes to it: reading would wait for ever
    for path in (pipe, tmp_path, tmp_path / "absent", "/dev/zero", "a\0b"):
        with pytest.raises(InputError, match="file must be a readable file") as caught:
            read_raw_file(path)
        with pytest.raises(InputError, match="file must be a readable file"):
            read_raw_plots(path)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", ["out.raw", None, [1, 2]])
def test_what_is_no_bytes_is_refused(content):
    with pytest.raises(InputError, match=r"content must be the bytes of a raw file.*read_raw_file takes a path"):
        read_raw(content)


def test_bytes_with_gaps_and_paths_that_are_none_are_refused():
    with pytest.raises(InputError, match="content must be bytes without gaps"):
        read_raw(memoryview(raw_file() * 2)[::2])
    for path in (None, 0, True, raw_file()):
        with pytest.raises(InputError, match=r"file must be the path of a file.*read_raw takes bytes"):
            read_raw_file(path)
