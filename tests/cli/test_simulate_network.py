"""``simulate network``: its options reach the chip, its files and tables say what the library says."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.cli.cell_options import CalibrationOptions, MemristorOptions
from rescircuit.cli.converter_options import AmplifierOptions, ConverterOptions
from rescircuit.cli.network_options import ChipOptions, ConditionOptions, WeightOptions
from rescircuit.network.layers import Activation, Conv, Dense, Flatten

RNG = np.random.default_rng(12)
SMALL = ["--bank-size", "5", "--rows", "16", "--cols", "16"]


@pytest.fixture
def files(tmp_path):
    """A dense network, a convolutional one of the same inputs, and 30 inputs with labels, flat and as pictures."""
    dense = rc.Network(
        [
            Dense(weight=RNG.normal(size=(8, 16)) / 4, name="fc1"),
            Activation(kind="relu"),
            Dense(weight=RNG.normal(size=(3, 8)) / 3, bias=[0.1, 0.2, 0.3], name="fc2"),
        ]
    )
    conv = rc.Network(
        [
            Conv(weight=RNG.normal(size=(2, 1, 3, 3)) / 3, padding=1, name="conv"),
            Activation(kind="relu"),
            Flatten(),
            Dense(weight=RNG.normal(size=(3, 32)) / 5, name="fc"),
        ],
        input_shape=(1, 4, 4),
    )
    x = RNG.uniform(0, 1, (30, 16))
    rc.save_network(dense, tmp_path / "dense.npz")
    rc.save_network(conv, tmp_path / "conv.npz")
    np.savez(tmp_path / "x.npz", x=x, y=dense(x).argmax(axis=1))
    (tmp_path / "narrow.csv").write_text("0.1,0.2\n")
    np.savez(tmp_path / "pictures.npz", x=x.reshape(30, 1, 4, 4))
    return dense, conv, x


@pytest.fixture
def simulated(run, files):
    """The JSON of a simulation that has to succeed."""

    def command(*arguments, network="dense.npz", inputs="x.npz"):
        code, out, err = run("simulate", "network", network, "--inputs", inputs, *SMALL, *arguments, "--json")
        assert code == 0, err
        return json.loads(out)

    command.files = files
    return command


def chip(**options):
    """The small chip of these tests."""
    return ChipOptions(bank_size=5, rows=16, cols=16, **options)


def test_every_option_reaches_the_spec():
    spec, made = ChipOptions(
        process="thesis",
        nominal="2meg",
        bank_size=7,
        rows=20,
        cols=30,
        dac_bits=6,
        weights=WeightOptions(
            scheme="one-side",
            subtraction="digital",
            scaling="column",
            bias="word-line",
            pairs="joint",
            swing="40%",
            v_read="0.2V",
            positions_per_copy=9,
            compensate="columns, wires",
        ),
        calibration=CalibrationOptions(calibrate=True, calibrate_bits=10, calibrate_noise="5pA", calibrate_averages=4),
        amplifiers=AmplifierOptions(amplifier_gain=500.0, amplifier_offset="1mV", feedback="20kohm"),
        conditions=ConditionOptions(
            temperature="85",
            age="3600s",
            read_noise="1%",
            bandwidth="1megHz",
            stuck_open="0.1%",
            stuck_closed="0.2%",
            known_faults=True,
        ),
    ).spec(
        "1ohm",
        "2ohm",
        ConverterOptions(
            adc_bits=9,
            adc_range="percentile",
            adc_percentile=99.0,
            tile_ranges=True,
            adc_noise=0.5,
            adc_offset=0.25,
            dac_noise=0.1,
            dac_offset=0.2,
            slice_bits=2,
        ),
    )
    assert made.name == "thesis"
    assert (spec.rows, spec.cols, spec.bank_size, spec.dac_bits, spec.adc_bits) == (20, 30, 7, 6, 9)
    assert (spec.r_word_line, spec.r_bit_line, spec.resistor.nominal, spec.v_read, spec.swing) == (1, 2, 2e6, 0.2, 0.4)
    assert (spec.cells, spec.scheme, spec.subtraction, spec.scaling) == ("banks", "one_side", "digital", "column")
    assert (spec.bias, spec.pairs, spec.positions_per_copy) == ("word_line", "joint", 9)
    assert (spec.calibration.adc_bits, spec.calibration.noise, spec.calibration.averages) == (10, 5e-12, 4)
    got = spec.converters
    assert (got.adc_range, got.percentile, got.shared_range, got.slice_bits) == ("percentile", 99.0, False, 2)
    assert (got.adc_noise, got.adc_offset, got.dac_noise, got.dac_offset) == (0.5, 0.25, 0.1, 0.2)
    assert (got.amplifier_gain, got.amplifier_offset, got.feedback_resistance) == (500.0, 1e-3, 20e3)
    conditions = spec.conditions
    assert (conditions.temperature, conditions.age, conditions.read_noise) == (85.0, 3600.0, 0.01)
    assert (conditions.bandwidth, conditions.stuck_open, conditions.stuck_closed) == (1e6, 0.001, 0.002)
    assert conditions.known_faults is True


def test_by_default_the_chip_is_the_librarys():
    spec, _ = ChipOptions().spec("0ohm", "0ohm")
    expected = rc.ArraySpec()
    for name in ("rows", "cols", "bank_size", "cells", "scheme", "subtraction", "scaling", "bias", "pairs", "swing"):
        assert getattr(spec, name) == getattr(expected, name)
    for name in ("v_read", "writing", "calibration", "converters", "conditions", "memristor", "positions_per_copy"):
        assert getattr(spec, name) == getattr(expected, name)
    assert ChipOptions().compensation == ()
    assert ChipOptions(weights=WeightOptions(compensate="columns,wires")).compensation == ("columns", "wires")
    assert spec.converters.amplifier_gain == math.inf


def test_memristors_are_those_of_their_process():
    cells = MemristorOptions(memristor="pcm", write_tolerance="2%", most_writes=7, write_averages=3)
    spec, _ = ChipOptions(weights=WeightOptions(cells="memristors"), memristors=cells).spec("0ohm", "0ohm")
    assert spec.memristor == rc.load_process("pcm").make_memristor()
    assert (spec.writing.tolerance_share, spec.writing.most_writes, spec.writing.averages) == (0.02, 7, 3)
    spec, _ = ChipOptions(weights=WeightOptions(cells="memristors")).spec("0ohm", "0ohm")
    assert spec.memristor == rc.load_process("reram").make_memristor()


def test_stages_are_those_of_the_library(simulated):
    dense, _, x = simulated.files
    options = [
        "--r-word-line",
        "5ohm",
        "--dac-bits",
        "6",
        "--adc-bits",
        "7",
        "--read-noise",
        "1%",
        "--temperature",
        "60",
    ]
    found = simulated(*options, "-o", "y.csv")
    spec, _ = chip(dac_bits=6, conditions=ConditionOptions(read_noise="1%", temperature="60")).spec(
        "5ohm", "0ohm", ConverterOptions(adc_bits=7)
    )
    analog = rc.map_network(dense, spec, seed=1, calibration_inputs=x)
    digital = dense(x)
    names = ["digital", "programmed", "and conditions", "and switches", "and wires", "and noise", "and converters"]
    assert list(found["stages"]) == names
    conditions = analog.with_effects("programming", "temperature")(x)
    for name, outputs in (("and conditions", conditions), ("and converters", analog(x))):
        error = np.sqrt(np.mean((outputs - digital) ** 2) / np.mean(digital**2))
        assert found["stages"][name]["deviation"] == pytest.approx(error, rel=1e-9)
    assert np.loadtxt("y.csv", delimiter=",") == pytest.approx(analog(x), rel=1e-12)
    assert found["effects"] == ["programming", "temperature", "switches", "wires", "read_noise", "dac", "adc"]
    assert (found["weights"], found["tiles"], found["inputs"]) == (152, 2, 30)


def test_an_ideal_chip_is_digital(simulated):
    found = simulated("--cells", "ideal")
    assert list(found["stages"]) == ["digital", "programmed"]
    assert found["stages"]["programmed"]["deviation"] < 1e-12


def test_the_explanation_is_the_librarys_and_is_printed(simulated, run):
    dense, _, x = simulated.files
    options = ["--r-word-line", "5ohm", "--adc-bits", "6"]
    found = simulated(*options, "--explain", "--plot", "why.png")
    spec, _ = chip().spec("5ohm", "0ohm", ConverterOptions(adc_bits=6))
    analog = rc.map_network(dense, spec, seed=1, calibration_inputs=x)
    expected = rc.explain(analog, x, dense(x).argmax(axis=1))
    assert found["explanation"]["story"] == expected.story
    assert found["explanation"]["table"] == json.loads(json.dumps(list(expected.table)))
    assert found["files"] == ["why.png"]
    assert Path("why.png").stat().st_size > 10_000
    code, out, err = run("simulate", "network", "dense.npz", "--inputs", "x.npz", *SMALL, *options, "--explain")
    assert (code, err) == (0, "")
    assert "What each cause costs" in out
    assert expected.story in out


def test_pictures_and_rows_of_numbers_are_the_same_inputs_of_a_convolution(simulated):
    flat = simulated("--placement", network="conv.npz")
    assert simulated(network="conv.npz", inputs="pictures.npz")["stages"]["programmed"]["deviation"] == pytest.approx(
        flat["stages"]["programmed"]["deviation"], rel=1e-12
    )
    assert [tile["last_input"] - tile["first_input"] + 1 for tile in flat["placement"]] == [9, 16, 16]
    assert [tile["last_output"] for tile in flat["placement"]] == [1, 2, 2]
    assert [(tile["layer"], tile["tile"], tile["word_lines"], tile["bit_lines"]) for tile in flat["placement"]] == [
        ("conv", 0, 9, 4),
        ("fc", 0, 16, 6),
        ("fc", 1, 16, 6),
    ]


def test_the_placement_is_printed_and_drawn(simulated, run):
    command = ["simulate", "network", "conv.npz", "--inputs", "pictures.npz", *SMALL]
    code, out, err = run(*command, "--placement", "--placement-plot", "tiles.svg")
    assert (code, err) == (0, "Written: tiles.svg\n")
    assert "Tiles of 16 x 16" in out
    assert "16 to 31" in out
    assert "<svg" in Path("tiles.svg").read_text()
    assert simulated.files
    out = run(*command, "--positions-per-copy", "1", "--cols", "4", "--rows", "4", "--placement")[1]
    assert "copies" in out  # too many tiles for a row each


def test_formats_are_told_by_their_suffix(simulated, run):
    expected = simulated("--r-word-line", "1ohm")["stages"]
    code, _, err = run("convert", "dense.npz", "dense.safetensors")
    assert (code, err) == (0, "Written: dense.safetensors, 3 layers, 152 weights.\n")
    assert simulated("--r-word-line", "1ohm", network="dense.safetensors")["stages"] == expected


def test_a_network_of_onnx(simulated, run):
    onnx = pytest.importorskip("onnx", reason="needs onnx")
    dense, _, _ = simulated.files
    first, last = dense.layers[0], dense.layers[2]
    helper, numpy_helper = onnx.helper, onnx.numpy_helper
    weights = {"w1": first.weight, "b1": first.bias, "w2": last.weight, "b2": last.bias}
    graph = helper.make_graph(
        [
            helper.make_node("Gemm", ["x", "w1", "b1"], ["a"], transB=1),
            helper.make_node("Relu", ["a"], ["r"]),
            helper.make_node("Gemm", ["r", "w2", "b2"], ["y"], transB=1),
        ],
        "net",
        [helper.make_tensor_value_info("x", onnx.TensorProto.DOUBLE, ["k", 16])],
        [helper.make_tensor_value_info("y", onnx.TensorProto.DOUBLE, ["k", 3])],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in weights.items()],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), "dense.onnx")
    assert simulated(network="dense.onnx")["stages"] == simulated()["stages"]
    assert "--layers must be left out for an ONNX file" in run(
        "simulate", "network", "dense.onnx", "--inputs", "x.npz", "--layers", "lenet5"
    )[2]  # fmt: skip
    code, _, err = run("convert", "dense.onnx", "again.npz")
    assert (code, err) == (0, "Written: again.npz, 3 layers, 152 weights.\n")
    loaded = rc.load_network("again.npz")
    assert np.array_equal(loaded.layers[0].weight, first.weight)


def test_a_network_of_onnx_whose_sizes_are_open(run, refused):
    onnx = pytest.importorskip("onnx", reason="needs onnx")
    helper = onnx.helper
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["x", "w"], ["c"]),
            helper.make_node("GlobalAveragePool", ["c"], ["p"]),
            helper.make_node("Flatten", ["p"], ["y"]),
        ],
        "net",
        [helper.make_tensor_value_info("x", onnx.TensorProto.DOUBLE, ["k", 1, "rows", "columns"])],
        [helper.make_tensor_value_info("y", onnx.TensorProto.DOUBLE, ["k", 2])],
        [onnx.numpy_helper.from_array(RNG.normal(size=(2, 1, 3, 3)), "w")],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), "open.onnx")
    np.savez("open-x.npz", x=RNG.uniform(size=(4, 1, 5, 6)))
    shape = ["--input-shape", "1x5x6"]
    assert json.loads(run("describe", "open.onnx", *shape, "--json")[1])["input_shape"] == [1, 5, 6]
    command = ["simulate", "network", "open.onnx", "--inputs", "open-x.npz", *SMALL]
    code, out, err = run(*command, *shape, "--json")
    assert code == 0, err
    assert json.loads(out)["inputs"] == 4
    code, _, err = run("export", "open.onnx", *SMALL, "--input-shape", "1,5,6")
    assert code == 0, err
    assert run("convert", "open.onnx", "closed.npz", *shape)[0] == 0
    assert rc.load_network("closed.npz").input_shape == (1, 5, 6)
    for given, says in (
        ([], "or give the shape of one input."),
        (["2x5x6"], "--input-shape must be of sizes (1, any, any), as the file has them"),
        (["1xaxb"], "--input-shape must be whole numbers, such as 3x32x32, got '1xaxb'"),
        (["1x0x6"], "--input-shape must be a whole number of at least 1, got 0"),
    ):
        assert says in refused(*command, *(["--input-shape", *given] if given else []))


def test_ranges_are_set_to_the_inputs_that_are_given_for_it(simulated):
    dense, _, x = simulated.files
    typical = np.vstack([x, RNG.uniform(0, 1, (40, 16))])
    np.savez("typical.npz", x=typical)
    options = ["--adc-bits", "5", "--compensate", "columns"]
    found = simulated(*options, "--calibration-inputs", "typical.npz")
    spec, _ = chip().spec("0ohm", "0ohm", ConverterOptions(adc_bits=5))
    analog = rc.map_network(dense, spec, seed=1, calibration_inputs=typical, compensation="columns")
    error = np.sqrt(np.mean((analog(x) - dense(x)) ** 2) / np.mean(dense(x) ** 2))
    assert found["stages"]["and converters"]["deviation"] == pytest.approx(error, rel=1e-9)
    assert found["stages"] != simulated(*options)["stages"]


def test_digits_are_calibrated_on_those_to_train_on(run):
    from rescircuit.datasets import load_digits

    digits = load_digits()
    network = rc.Network([Dense(weight=RNG.normal(size=(10, 64)) / 8, name="fc")])
    rc.save_network(network, "digits.npz")
    code, out, err = run("simulate", "network", "digits.npz", "--digits", "--cells", "ideal", "--adc-bits", 4, "--json")
    assert code == 0, err
    spec = rc.ArraySpec(cells="ideal", adc_bits=4, resistor=rc.load_process("polysilicon").make_resistor(1e6))
    analog = rc.map_network(network, spec, seed=1, calibration_inputs=digits.train_x)
    exact = network(digits.test_x)
    error = np.sqrt(np.mean((analog(digits.test_x) - exact) ** 2) / np.mean(exact**2))
    assert json.loads(out)["stages"]["and converters"]["deviation"] == pytest.approx(error, rel=1e-9)


def test_the_first_images_alone(simulated):
    assert simulated("--images", "7")["inputs"] == 7


def test_data_sets_by_name(run, files, monkeypatch):
    from rescircuit.datasets import Images

    _, conv, x = files
    images = Images(x=x.reshape(30, 1, 4, 4), y=conv(x.reshape(30, 1, 4, 4)).argmax(axis=1))
    asked = []

    def load(data_dir, part, limit=None):
        asked.append((data_dir, part, limit))
        return images

    monkeypatch.setattr("rescircuit.datasets.load_fashion_mnist", load)
    options = ["--dataset", "fashion-mnist", "--data-dir", "here", "--images", "30", *SMALL, "--json"]
    code, out, err = run("simulate", "network", "conv.npz", *options)
    assert code == 0, err
    assert asked == [(Path("here"), "test", 30), (Path("here"), "train", 2000)]
    assert json.loads(out)["stages"]["digital"]["accuracy"] == 1.0


MISTAKES = [
    (["--cells", "sinh"], '--cells must be banks, ideal, resistors or memristors, got \'sinh\''),
    (["--scheme", "odd"], '--scheme must be middle, one-side or offset, got \'odd\''),
    (["--compensate", "noise"], "--compensate must be wires or columns, or both with a comma, got 'noise'"),
    (["--compensate", "columns", "--cells", "resistors"], "--compensate must be without"),
    (["--adc-range", "wide"], "--adc-range must be all, peak, percentile, least-error or fixed, got 'wide'"),
    (["--adc-bits", "8", "--adc-range", "fixed"], "--adc-full-scale must be given with --adc-range fixed, got None"),
    (["--adc-bits", "8", "--adc-range", "percentile", "--adc-percentile", "101"], "--adc-percentile must be above 0"),
    (["--adc-bits", "8", "--adc-noise", "-1"], "--adc-noise must be a finite number of at least 0"),
    (["--dac-bits", "8", "--slice-bits", "0"], "--slice-bits must be a whole number from 1"),
    (["--amplifier-gain", "2"], "--amplifier-gain must be an open-loop gain of at least 10"),
    (["--amplifier-gain", "100", "--feedback", "0ohm"], "--feedback must be a finite number above 0"),
    (["--swing", "200%"], "--swing must be above 0 and at most 1"),
    (["--v-read", "0V"], "--v-read must be a finite number above 0"),
    (["--temperature", "1e6"], "--temperature must be"),
    (["--age", "-1s"], "--age must be"),
    (["--age", "soon"], "--age must be a quantity in s"),
    (["--read-noise", "60%"], "--read-noise must be a relative standard deviation from 0 to 0.5"),
    (["--bandwidth", "0Hz"], "--bandwidth must be a finite number above 0"),
    (["--stuck-open", "2"], "--stuck-open must be"),
    (["--positions-per-copy", "0"], "--positions-per-copy must be a whole number of at least 1"),
    (["--memristor", "pcm"], "--memristor must be left out without --cells memristors, got 'pcm'"),
    (["--most-writes", "3"], "--most-writes must be left out without --cells memristors, got 3"),
    (["--calibrate-bits", "8"], "--calibrate-bits must be left out without --calibrate, got 8"),
    (["--calibrate", "--calibrate-averages", "0"], "--calibrate-averages must be a whole number"),
    (["--calibrate", "--calibrate-bits", "0"], "--calibrate-bits must be a whole number"),
    (["--calibrate", "--cells", "ideal"], "--calibrate must be left out with --cells ideal, got True"),
    (["--plot", "why.png"], "--plot must be given with --explain, got 'why.png'"),
    (["--explain", "--plot", "why.txt"], "--plot must be a file's name in .png or .svg or .pdf"),
    (["--placement-plot", "x.npz"], "--placement-plot must be another file than those that are read"),
    (["--images", "31"], "--images must be a whole number from 1 to 30, got 31"),
    (["--digits"], "--inputs must be a file, or --dataset or --digits in its place, got '--inputs and --digits'"),
    (["--data-dir", "."], "--data-dir must be left out without --dataset mnist or fashion-mnist, got '.'"),
    (["--layers", "none.toml"], "--layers must be"),
    (["--calibration-inputs", "none.npz"], "--calibration-inputs must be a readable file, got 'none.npz'"),
    (["--calibration-inputs", "narrow.csv"], "--calibration-inputs must be of shape (k, 16), got shape (1, 2)"),
]  # fmt: skip


@pytest.mark.parametrize(("options", "says"), MISTAKES, ids=lambda value: str(value)[:40])
@pytest.mark.usefixtures("files")
def test_mistakes_name_their_option(refused, options, says):
    assert says in refused("simulate", "network", "dense.npz", "--inputs", "x.npz", *SMALL, *options)


MEMRISTORS = ["--cells", "memristors"]
MEMRISTOR_MISTAKES = [
    ([*MEMRISTORS, "--memristor", "polysilicon"], "memristor"),
    ([*MEMRISTORS, "--memristor", "none"], "--memristor must be one of "),
    ([*MEMRISTORS, "--write-tolerance", "0"], "--write-tolerance must be a finite number above 0"),
    ([*MEMRISTORS, "--stuck-open", "1%"], "--stuck-open must be left out with --cells memristors: their process says"),
    (
        [*MEMRISTORS, "--bank-size", "5"],
        "--bank-size must be left out with --cells memristors, which have a process of",
    ),
    ([*MEMRISTORS, "--process", "thesis"], "--process must be left out with --cells memristors"),
    ([*MEMRISTORS, "--nominal", "2meg"], "--nominal must be left out with --cells memristors"),
    ([*MEMRISTORS, "--pairs", "joint"], "--pairs must be left out with --cells memristors, got 'joint'"),
]
WITHOUT_EFFECT = [
    *(
        (options, f"{options[0]} must be left out without --adc-bits, got ")
        for options in (
            ["--adc-noise", "1"],
            ["--adc-offset", "1"],
            ["--adc-range", "all"],
            ["--adc-percentile", "99"],
            ["--adc-full-scale", "1uA"],
            ["--tile-ranges"],
        )
    ),
    (["--dac-noise", "1"], "--dac-noise must be left out without --dac-bits, got 1.0"),
    (["--dac-offset", "1"], "--dac-offset must be left out without --dac-bits"),
    (["--slice-bits", "2", "--adc-bits", "8"], "--slice-bits must be left out without --dac-bits, got 2"),
    (["--adc-bits", "8", "--adc-percentile", "99"], "--adc-percentile must be left out without --adc-range percentile"),
    (["--adc-bits", "8", "--adc-full-scale", "1uA"], "--adc-full-scale must be left out without --adc-range fixed"),
    (
        ["--feedback", "1kohm"],
        "--feedback must be left out without --amplifier-gain or --amplifier-offset, got '1kohm'",
    ),
    (["--known-faults"], "--known-faults must be left out without --stuck-open or --stuck-closed, got True"),
    (
        ["--known-faults", "--stuck-open", "1%", "--cells", "resistors"],
        "--known-faults must be left out with --cells resistors, which cannot work around them, got True",
    ),
    (["--compensate", "wires"], "--compensate must be without wires where there are none: no --r-word-line"),
    (["--pairs", "joint", "--scheme", "offset"], "--pairs must be left out with --scheme offset, got 'joint'"),
    (["--swing", "1e-9"], "--swing must be at least 0.031, what these cells resolve, got 1e-09"),
    (["--v-read", "1000V"], "--v-read must be from 1e-06 to 10 V, got 1000.0"),
    (["--bank-size", "65"], "--bank-size must be a whole number from 1 to 64, got 65"),
    (
        ["--explain", "--plot", "a.png", "--placement-plot", "a.png"],
        "--placement-plot must be another file than that of",
    ),
    (
        ["--adc-bits", "8", "--calibration-inputs", "zeros.npz"],
        "--calibration-inputs must be inputs that are not all 0",
    ),
    (["--input-shape", "16"], "--input-shape must be left out but for an ONNX file"),
]


@pytest.mark.parametrize(("options", "says"), [*MEMRISTOR_MISTAKES, *WITHOUT_EFFECT], ids=lambda value: str(value)[:40])
@pytest.mark.usefixtures("files")
def test_options_without_effect_are_refused(refused, options, says):
    np.savez("zeros.npz", x=np.zeros((3, 16)))
    small = [] if "memristors" in options else SMALL
    said = refused("simulate", "network", "dense.npz", "--inputs", "x.npz", *small, *options)
    assert says in said
    assert not any(word in said for word in ("None stands", "one_side", 'adc_range="'))


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--age", "1e6s"], "--age changes nothing: polysilicon does not age.\n"),
        (
            ["--cells", "ideal", "--temperature", "85"],
            "--temperature changes nothing: an ideal cell does not depend on",
        ),
        (["--temperature", "85"], ""),
    ],
)
def test_conditions_that_change_nothing_are_remarked_on(run, options, says):
    code, out, err = run("simulate", "network", "dense.npz", "--inputs", "x.npz", *SMALL, *options, "--json")
    assert code == 0
    assert err.startswith(says) if says else err == ""
    assert json.loads(out)["stages"]


@pytest.mark.usefixtures("files")
def test_channels_last_is_no_other_order_of_the_same_numbers(refused):
    deep = rc.Network([Conv(weight=RNG.normal(size=(2, 3, 3, 3)), name="conv"), Flatten()], input_shape=(3, 4, 4))
    rc.save_network(deep, "deep.npz")
    np.savez("last.npz", x=RNG.uniform(0, 1, (5, 4, 4, 3)))
    says = "--inputs must be of shape (k, 3, 4, 4) or (k, 48), got shape (5, 4, 4, 3). Channels come first."
    assert says in refused("simulate", "network", "deep.npz", "--inputs", "last.npz", *SMALL)
    assert says in refused("export", "deep.npz", "--inputs", "last.npz", *SMALL)
    says = "--inputs must be of shape (k, 16), got shape (30, 1, 4, 4)"
    assert says in refused("simulate", "network", "dense.npz", "--inputs", "pictures.npz", *SMALL)


def test_offsets_of_amplifiers_are_a_stage_of_their_own(simulated):
    found = simulated("--amplifier-offset", "0.1mV")
    assert list(found["stages"])[-2:] == ["and switches", "and amplifiers"]
    assert found["stages"]["and amplifiers"]["deviation"] > 2 * found["stages"]["and switches"]["deviation"]


def test_it_is_said_what_ranges_are_set_to(simulated, run):
    assert simulated("--adc-bits", "8")["ranges_set_to"] == "inputs"
    assert (
        simulated("--calibration-inputs", "pictures.npz", network="conv.npz")["ranges_set_to"] == "calibration inputs"
    )
    out = run("simulate", "network", "dense.npz", "--inputs", "x.npz", *SMALL, "--adc-bits", "8")[1]
    assert "Ranges of voltages and currents are set to these inputs themselves" in out


@pytest.mark.usefixtures("files")
def test_data_sets_that_are_not_there(refused):
    assert "--dataset must be one of digits, mnist, fashion-mnist, got 'cifar'" in refused(
        "simulate", "network", "dense.npz", "--dataset", "cifar"
    )
    assert "--data-dir must be one with mnist/t10k-images-idx3-ubyte.gz, got '.'" in refused(
        "simulate", "network", "dense.npz", "--dataset", "mnist", "--data-dir", "."
    )
    assert "FILE must be a network (.npz, .safetensors, .onnx), got 'net.h5'" in refused(
        "simulate", "network", "net.h5", "--digits"
    )


@pytest.mark.usefixtures("files")
def test_a_tile_in_ngspice_is_that_of_the_same_options(run):
    """One tile of a convolution with all that changes a circuit, its inputs at two positions."""
    options = [
        *SMALL,
        "--r-word-line",
        "3ohm",
        "--compensate",
        "wires",
        "--amplifier-gain",
        "1000",
        "--temperature",
        "85",
    ]
    code, out, err = run(
        "verify", "conv.npz", *options, "--inputs", "pictures.npz", "--samples", "0:2", "--positions", "4:6", "--json"
    )
    assert code == 0, err
    assert json.loads(out)["passed"] is True
    memristors = ["--rows", "16", "--cols", "16", "--cells", "memristors", "--layer", "1", "--tile", "1"]
    code, out, err = run("verify", "conv.npz", *memristors, "--json")
    assert code == 0, err
    assert json.loads(out)["passed"] is True


@pytest.mark.usefixtures("files")
def test_tiles_refuse_what_they_do_not_have(refused):
    assert "--tile-cells must be conductances for a tile of ideal, got 'banks'" in refused(
        "export", "conv.npz", *SMALL, "--cells", "ideal", "--tile-cells", "banks"
    )
    assert "--positions must be left out without --inputs, got '3'" in refused("export", "conv.npz", "--positions", "3")
    assert "--positions must be a range within 0:16" in refused(
        "export", "conv.npz", *SMALL, "--inputs", "x.npz", "--positions", "16"
    )


@pytest.mark.usefixtures("files")
def test_describe_lists_a_networks_layers(run, refused):
    code, out, err = run("describe", "conv.npz", "--json")
    assert (code, err) == (0, "")
    found = json.loads(out)
    assert (found["input_shape"], found["output_shape"]) == ([1, 4, 4], [3])
    assert (found["weights"], found["multiplications"]) == (18 + 96, 18 * 16 + 96)
    assert [layer["kind"] for layer in found["layers"]] == ["Conv", "relu", "Flatten", "Dense"]
    assert [layer["sources"] for layer in found["layers"]] == [[-1], [0], [1], [2]]
    out = run("describe", "conv.npz")[1]
    assert "inputs of shape 1 x 4 x 4" in out
    assert "114 weights in 2 layers, 384 multiplications an input." in out
    assert "--target must be left out for a network, got '1uS'" in refused("describe", "conv.npz", "--target", "1uS")
    assert "--bank must be left out for a network, got '3'" in refused("describe", "conv.npz", "--bank", "3")
    assert "--layers must be left out for a bank, got 'lenet5'" in refused("describe", "b.json", "--layers", "lenet5")
    assert "FILE must be a readable file, got 'none.npz'" in refused("describe", "none.npz")


CONVERT_MISTAKES = [
    (["dense.npz", "dense.npz"], "OUT must be another file than those that are read"),
    (["dense.npz", "net.onnx"], "OUT must be a file's name in .npz or .safetensors, got 'net.onnx'"),
    (["none.npz", "net.npz"], "IN must be a readable file, got 'none.npz'"),
    (["x.csv", "net.npz"], "IN must be a network (.npz, .safetensors, .onnx), got 'x.csv'"),
    (["x.npz", "net.npz"], "x.npz must be"),
]


@pytest.mark.parametrize(("arguments", "says"), CONVERT_MISTAKES, ids=str)
@pytest.mark.usefixtures("files")
def test_convert_refuses_what_it_cannot_read_or_write(refused, arguments, says):
    assert says in refused("convert", *arguments)


@pytest.mark.usefixtures("files")
def test_convert_says_what_it_wrote_in_json(run):
    code, out, _ = run("convert", "conv.npz", "again.safetensors", "--json")
    assert code == 0
    assert json.loads(out) == {"file": "again.safetensors", "layers": 4, "weights": 114}


def test_a_saved_chip_is_the_same_chip(run, simulated):
    options = ["--adc-bits", "6", "--read-noise", "0.01", "--explain"]
    first = simulated(*options, "--save-chip", "chip.npz")
    assert first.pop("files") == ["chip.npz"]
    assert first.pop("ranges_set_to") == "inputs"
    code, out, err = run("simulate", "chip", "chip.npz", "--inputs", "x.npz", "--explain", "--json")
    assert code == 0, err
    second = json.loads(out)
    assert second.pop("files") == []
    assert second == first


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["dense.npz", "--inputs", "x.npz"], "dense.npz"),
        (["chip.npz"], "--inputs must be a file"),
        (["chip.npz", "--inputs", "narrow.csv"], "--inputs"),
        (["chip.npz", "--inputs", "x.npz", "--calibration-inputs", "x.npz"], "a saved chip has its ranges"),
        (["chip.npz", "--inputs", "x.npz", "--save-chip", "chip.npz"], "--save-chip"),
    ],
)
def test_what_is_no_chip_or_no_input_of_it_gets_one_line(run, simulated, arguments, says):
    simulated("--save-chip", "chip.npz")
    code, out, err = run("simulate", "chip", *arguments)
    assert (code, out) == (2, "")
    assert says in err
    assert err.strip().count("\n") == 0
