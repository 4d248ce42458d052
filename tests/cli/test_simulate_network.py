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
            adc_range="least-error",
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
    assert (got.adc_range, got.percentile, got.shared_range, got.slice_bits) == ("least_error", 99.0, False, 2)
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
    spec, _ = chip(weights=WeightOptions(cells="memristors"), memristors=cells).spec("0ohm", "0ohm")
    assert spec.memristor == rc.load_process("pcm").make_memristor()
    assert (spec.writing.tolerance_share, spec.writing.most_writes, spec.writing.averages) == (0.02, 7, 3)
    spec, _ = chip(weights=WeightOptions(cells="memristors")).spec("0ohm", "0ohm")
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
    (["--cells", "sinh"], '--cells must be "banks", "ideal", "resistors" or "memristors", got \'sinh\''),
    (["--scheme", "odd"], '--scheme must be "middle", "one_side" or "offset", got \'odd\''),
    (["--compensate", "noise"], "--compensate must be wires or columns, or both with a comma, got 'noise'"),
    (["--compensate", "columns", "--cells", "resistors"], "--compensate must be without"),
    (["--adc-range", "wide"], "--adc-range must be one of all, peak, percentile, least_error, fixed, got 'wide'"),
    (["--adc-range", "fixed"], "--adc-full-scale must be given with"),
    (["--adc-percentile", "101"], "--adc-percentile must be above 0 and at most 100"),
    (["--adc-noise", "-1"], "--adc-noise must be a finite number of at least 0"),
    (["--slice-bits", "0"], "--slice-bits must be a whole number from 1"),
    (["--amplifier-gain", "2"], "--amplifier-gain must be an open-loop gain of at least 10"),
    (["--feedback", "0ohm"], "--feedback must be a finite number above 0"),
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
    (["--cells", "memristors", "--memristor", "polysilicon"], "memristor"),
    (["--cells", "memristors", "--memristor", "none"], "--memristor must be one of "),
    (["--cells", "memristors", "--write-tolerance", "0"], "--write-tolerance must be a finite number above 0"),
    (["--cells", "memristors", "--stuck-open", "1%"], "--stuck-open must be without stuck_open"),
    (["--calibrate-bits", "8"], "--calibrate-bits must be left out without --calibrate, got 8"),
    (["--calibrate", "--calibrate-averages", "0"], "--calibrate-averages must be a whole number"),
    (["--calibrate", "--calibrate-bits", "0"], "--calibrate-bits must be a whole number"),
    (["--calibrate", "--cells", "ideal"], "--calibrate must be None with other cells"),
    (["--plot", "why.png"], "--plot must be given with --explain, got 'why.png'"),
    (["--explain", "--plot", "why.txt"], "--plot must be a file's name in .png or .svg or .pdf"),
    (["--placement-plot", "x.npz"], "--placement-plot must be another file than those that are read"),
    (["--images", "31"], "--images must be a whole number from 1 to 30, got 31"),
    (["--digits"], "--inputs must be a file, or --dataset or --digits in its place, got '--inputs and --digits'"),
    (["--data-dir", "."], "--data-dir must be left out without --dataset mnist or fashion-mnist, got '.'"),
    (["--layers", "none.toml"], "--layers must be"),
    (["--calibration-inputs", "none.npz"], "--calibration-inputs must be a readable file, got 'none.npz'"),
    (["--calibration-inputs", "narrow.csv"], "--calibration-inputs must be of shape (..., 16), got shape (1, 2)"),
]  # fmt: skip


@pytest.mark.parametrize(("options", "says"), MISTAKES, ids=lambda value: str(value)[:40])
@pytest.mark.usefixtures("files")
def test_mistakes_name_their_option(refused, options, says):
    assert says in refused("simulate", "network", "dense.npz", "--inputs", "x.npz", *SMALL, *options)


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
    memristors = [*SMALL, "--cells", "memristors", "--layer", "1", "--tile", "1"]
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
