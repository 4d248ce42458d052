"""Saved chips: the same to the last bit, one file, nothing believed of it, and nothing written that cannot be read."""

import json
import tracemalloc
from dataclasses import dataclass, fields, replace

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.bank.nominals import spread_nominals
from rescircuit.errors import InputError
from rescircuit.network.arrays import ArraySpec, Conditions, Converters, Tile, Writing
from rescircuit.network.files.chips_spec import chip_text, described_spec, read_chip_text
from rescircuit.network.inference import AnalogLayer, AnalogNetwork
from rescircuit.network.layers import Activation, Conv, Dense, Flatten, Network

RESISTOR = rc.Resistor(
    nominal=1e5,
    common=0.2,
    mismatch=0.01,
    tc1=1e-4,
    tc1_mismatch=1e-4,
    vc1=1e-3,
    drift=0.01,
    drift_spread=0.005,
)
CONDITIONS = Conditions(temperature=60.0, age=1e6, read_noise=0.01, bandwidth=1e6, stuck_open=0.02, stuck_closed=0.01)
CONVERTERS = Converters(
    adc_noise=0.3,
    adc_offset=0.2,
    dac_noise=0.1,
    dac_offset=0.1,
    amplifier_offset=1e-4,
    amplifier_gain=1e4,
    adc_range="percentile",
)
EVERYTHING = {
    "rows": 20,
    "cols": 8,
    "bank_size": 5,
    "resistor": RESISTOR,
    "dac_bits": 6,
    "adc_bits": 7,
    "r_word_line": 1.0,
    "r_bit_line": 2.0,
    "conditions": CONDITIONS,
    "converters": CONVERTERS,
}
MEMRISTOR = rc.Memristor(
    g_min=1e-6,
    g_max=4e-5,
    levels=64,
    programming_error=(0.01, 0.03),
    read_noise=0.02,
    drift_exponent=0.05,
    drift_exponent_spread=0.01,
    stuck_at_g_min=0.02,
)
KINDS = {
    "banks": ({}, ()),
    "measured": (
        {"calibration": rc.ReadOut(adc_bits=9, noise=1e-9, reference=rc.Reference(resistance=1e5, mismatch=1e-3))},
        (),
    ),
    "compensated": ({"conditions": replace(CONDITIONS, known_faults=True)}, ("wires", "columns")),
    "references": ({"scheme": "offset", "bias": "word_line", "scaling": "column"}, ("wires",)),
    "copies": ({"pairs": "joint", "positions_per_copy": 9, "subtraction": "digital"}, ()),
    "ideal": ({"cells": "ideal", "scheme": "one_side"}, ("wires",)),
    "resistors": ({"cells": "resistors"}, ()),
    "memristors": (
        {
            "cells": "memristors",
            "memristor": MEMRISTOR,
            "conditions": replace(CONDITIONS, stuck_open=0.0, stuck_closed=0.0),
            "writing": Writing(most_writes=3),
        },
        (),
    ),
}


@pytest.fixture(scope="module")
def network():
    """A convolution in groups, and a dense layer behind it."""
    rng = np.random.default_rng(1)
    return Network(
        (
            Conv(weight=rng.normal(size=(4, 1, 3, 3)), bias=rng.normal(size=4), groups=2, padding=1, name="conv"),
            Activation(kind="relu"),
            Flatten(),
            Dense(weight=rng.normal(size=(3, 64)), bias=rng.normal(size=3), name="fc"),
        ),
        input_shape=(2, 4, 4),
    )


@pytest.fixture(scope="module")
def inputs():
    return np.random.default_rng(2).uniform(-1, 1, (4, 2, 4, 4))


@pytest.fixture(scope="module")
def chip(network, inputs):
    """A chip with all causes of error, by kind; each is programmed once."""
    made = {}

    def make(kind):
        if kind not in made:
            own, compensation = KINDS[kind]
            spec = ArraySpec(**EVERYTHING | own)
            made[kind] = rc.map_network(
                network, spec, seed=3, chip=2, calibration_inputs=inputs, compensation=compensation
            )
        return made[kind]

    return make


@pytest.fixture
def saved(tmp_path):
    """Saves a chip and loads it again."""

    def save(analog):
        return rc.load_analog(rc.save_analog(analog, tmp_path / "saved.npz"))

    return save


@pytest.mark.parametrize("kind", KINDS)
def test_a_loaded_chip_gives_the_same_outputs_to_the_last_bit(chip, saved, inputs, kind):
    analog = chip(kind)
    loaded = saved(analog)
    assert loaded.effects == analog.effects
    assert len(analog.effects) > 6  # there is something that might have been lost
    for read in (0, 5):
        np.testing.assert_array_equal(loaded(inputs, read=read), analog(inputs, read=read))
    assert not np.array_equal(loaded(inputs, read=5), loaded(inputs, read=0))  # noise is there
    for effect in analog.effects:
        np.testing.assert_array_equal(loaded.with_effects(effect)(inputs), analog.with_effects(effect)(inputs))
    np.testing.assert_array_equal(loaded.without("programming")(inputs), analog.without("programming")(inputs))
    np.testing.assert_array_equal(loaded.network(inputs), analog.network(inputs))


@pytest.mark.parametrize("kind", KINDS)
def test_a_loaded_chip_is_saved_to_the_same_bytes(chip, tmp_path, kind):
    first = rc.save_analog(chip(kind), tmp_path / "first.npz").read_bytes()
    again = rc.save_analog(rc.load_analog(tmp_path / "first.npz"), tmp_path / "again.npz").read_bytes()
    assert again == first


@pytest.mark.parametrize("kind", KINDS)
def test_a_loaded_chip_has_the_same_tiles(chip, saved, kind):
    analog = chip(kind)
    loaded = saved(analog)
    assert [vars(each) for each in loaded.placement()] == [vars(each) for each in analog.placement()]
    np.testing.assert_array_equal(loaded.programming_error, analog.programming_error)
    assert loaded.switch_nonlinearity == analog.switch_nonlinearity
    assert loaded.compensation == analog.compensation
    for mine, theirs in zip(loaded.tiles, analog.tiles, strict=True):
        assert mine.first_cell == theirs.first_cell
        for name in ("plus", "minus", "asked", "targets"):
            np.testing.assert_array_equal(getattr(mine, name), getattr(theirs, name))
        np.testing.assert_array_equal(mine.cells.programmed, theirs.cells.programmed)
        np.testing.assert_array_equal(mine.cells.believed, theirs.cells.believed)


@pytest.mark.parametrize("kind", ["banks", "memristors"])
def test_decks_of_a_loaded_chip_are_the_same(chip, saved, kind):
    analog = chip(kind)
    tile, loaded = analog.tile(1, 0), saved(analog).tile(1, 0)
    volts = tile.voltages(np.linspace(0, analog.layers[1].input_full_scale, 64))
    assert rc.deck(loaded, voltages=volts).text == rc.deck(tile, voltages=volts).text


def test_a_loaded_chip_is_explained_alike(chip, saved, inputs):
    analog = chip("compensated")
    causes = ("programming", "wires", "drift", "adc")
    mine, theirs = rc.explain(saved(analog), inputs, causes=causes), rc.explain(analog, inputs, causes=causes)
    assert mine.compensation == theirs.compensation == ("columns", "wires")
    assert {name: run.error for name, run in mine.alone.items()} == {n: run.error for n, run in theirs.alone.items()}
    assert {name: run.error for name, run in mine.without.items()} == {
        n: run.error for n, run in theirs.without.items()
    }


def test_effects_that_are_switched_off_stay_off(chip, saved, inputs):
    view = chip("banks").without("wires", "adc")
    loaded = saved(view)
    assert loaded.effects == view.effects
    np.testing.assert_array_equal(loaded(inputs), view(inputs))
    np.testing.assert_array_equal(loaded.with_effects("wires")(inputs), chip("banks").with_effects("wires")(inputs))


@pytest.mark.parametrize("wire", [3.0, 0.0])
def test_other_wires_and_converters_than_it_was_programmed_with(chip, saved, inputs, wire):
    changed = chip("compensated").rewired(wire, 0.0).with_converters(None, 5)
    loaded = saved(changed)
    assert (loaded.spec.r_word_line, loaded.spec.dac_bits, loaded.spec.adc_bits) == (wire, None, 5)
    assert loaded.effects == changed.effects
    np.testing.assert_array_equal(loaded(inputs), changed(inputs))


def test_without_calibration_inputs(saved, network, inputs):
    analog = rc.map_network(network, ArraySpec(cells="ideal", adc_bits=6), seed=0)
    loaded = saved(analog)
    assert loaded.layers[0].calibration_inputs is None
    np.testing.assert_array_equal(loaded(inputs), analog(inputs))


LAWS = rc.Variation(
    lot=rc.Normal(sigma=0.02),
    wafer=rc.LogNormal(sigma=0.1),
    die=rc.Truncated(law=rc.Empirical(factors=np.array([0.97, 1.0, 1.03])), within=0.1),
    local=rc.Empirical(factors=np.array([1.1, 0.9, 1.0])),
    mismatch=0.01,
    matching=1e-8,
    gradient=rc.Gradient(linear=(0.1, 0.2), quadratic_spread=1.0),
    field=rc.CorrelatedField(spread=0.01, length=1e-3),
    dies_per_wafer=3,
)
SPECS = {
    "laws": {
        "resistor": rc.Resistor(
            nominal=2e5, variation=LAWS, geometry=rc.Geometry(sheet_resistance=300.0, width=2e-6), tc2=1e-6
        )
    },
    "nominals": {"nominals": spread_nominals(1e6, 12, "geometric", 1.5)},
    "equal": {"nominals": "equal", "swing": 0.3, "v_read": 1},
    "transistors": {"switch": rc.NMOS(w_over_l=4.0, lambda_=0.0, r_off=1e9, vto_matching=1e-9, side="driven")},
    "switches": {"switch": rc.ThresholdSelector(v_threshold=0.05, v_hold=0.01, r_on=10.0)},
    "fuses": {"switch": rc.Fuse(r_on=np.linspace(1, 2, 12), r_off=np.full(12, np.inf))},
    "memristors": {"memristor": MEMRISTOR, "writing": Writing(tolerance_share=0.02, most_writes=7, averages=3)},
    "read-out": {
        "calibration": rc.ReadOut(
            feedback=1e4, amplifier_gain=1e4, amplifier_gain_spread=0.1, zero=False, inl=0.5, full_scale=1e-3
        )
    },
    "range": {
        "dac_bits": 6,
        "converters": Converters(adc_range="fixed", adc_full_scale=1e-3, shared_range=False, slice_bits=2),
    },
    "numpy": {"rows": np.int64(9), "r_word_line": np.float64(0.1), "conditions": Conditions(age=np.float64(3.0))},
}


@pytest.mark.parametrize("changes", SPECS.values(), ids=SPECS)
def test_every_part_of_a_spec_comes_back(changes):
    spec = ArraySpec(**changes)
    text = chip_text(spec, seed=np.int64(7), chip=0, effects=[], compensation=[], layers=[])
    content = read_chip_text("file", text)
    again = content.spec.build()
    assert content.seed == 7
    assert described_spec(again) == described_spec(spec)
    for field in fields(ArraySpec):
        mine, theirs = getattr(again, field.name), getattr(spec, field.name)
        if field.name == "resistor" and theirs.variation is LAWS:
            uniforms = np.linspace(0.01, 0.99, 9)  # a law of measured values is not compared by what it is
            for law in ("die", "local"):
                np.testing.assert_array_equal(
                    getattr(mine.variation, law).factors(uniforms), getattr(LAWS, law).factors(uniforms)
                )
            plain = {"die": None, "local": None}
            mine = replace(mine, variation=replace(mine.variation, **plain))
            theirs = replace(theirs, variation=replace(LAWS, **plain))
        assert np.array_equal(mine, theirs) if field.name == "nominals" else mine == theirs, field.name


def test_files_know_all_that_a_chip_is_made_of():
    """What is added to these classes has to be added to files, and then here."""
    names = [{field.name for field in fields(kind)} for kind in (AnalogNetwork, AnalogLayer, Tile)]
    network = {"network", "layers", "spec", "seed", "chip", "effects", "compensation", "maps"}
    layer = {"number", "weighted", "tiles", "siemens_per_weight", "input_full_scale", "cell_full_scale", "spec"}
    tile = {"inputs", "outputs", "group", "copy", "plus", "minus", "asked", "targets", "cells", "first_cell"}
    assert names == [network, layer | {"calibration_inputs", "bias_correction"}, tile]


class OwnSwitch(rc.IdealSwitch):
    """A switch of somebody's own."""


@dataclass(frozen=True)
class OwnLaw:
    """A law of somebody's own."""

    spread: float = 0.1

    def factors(self, uniforms):
        return 0.9 + 0.2 * uniforms


class OwnConditions(Conditions):
    """Conditions of somebody's own."""


OWN = {
    "a switch": ({"switch": OwnSwitch(r_on=1.0)}, "spec.switch must be one of NMOS, IdealSwitch"),
    "a law": (
        {"resistor": rc.Resistor(nominal=1e5, variation=rc.Variation(local=OwnLaw()))},
        "spec.resistor.variation.local must be one of Uniform, Normal",
    ),
    "conditions": ({"conditions": OwnConditions()}, "spec.conditions must be one of Writing"),
}


@pytest.mark.parametrize("own", OWN)
def test_what_files_do_not_know_is_refused_before_anything_is_written(network, tmp_path, own):
    changes, says = OWN[own]
    analog = rc.map_network(network, ArraySpec(cells="ideal", **changes), seed=0)
    (tmp_path / "kept.npz").write_bytes(b"before")
    with pytest.raises(InputError, match=says):
        rc.save_analog(analog, tmp_path / "kept.npz")
    assert [entry.name for entry in tmp_path.iterdir()] == ["kept.npz"]
    assert (tmp_path / "kept.npz").read_bytes() == b"before"


def changed(analog, layer=None, tile=None, cells=None, **own):
    """The chip with something of its first layer's first tile changed."""
    first = analog.layers[0]
    new_cells = replace(first.tiles[0].cells, **cells or {})
    new_tile = replace(first.tiles[0], cells=new_cells, **tile or {})
    layers = (replace(first, tiles=(new_tile, *first.tiles[1:]), **layer or {}), *analog.layers[1:])
    return replace(analog, **{"layers": layers} | own)


def test_chips_of_which_a_file_would_not_say_all_are_refused(chip, tmp_path):
    banks, ideal, memristors = chip("banks"), chip("ideal"), chip("memristors")
    colder = replace(banks.spec, conditions=replace(CONDITIONS, temperature=0.0))
    first = banks.layers[0].tiles[0]
    cases = (
        (changed(banks, seed=4), "tile 0 of layer conv must be as map_network makes it"),
        (changed(banks, cells={"spec": colder}), "tile 0 of layer conv must be as map_network makes it"),
        (changed(banks, cells={"first_cell": 1}), "tile 0 of layer conv must be as map_network makes it"),
        (changed(banks, tile={"plus": first.minus}), "tile 0 of layer conv must be as map_network makes it"),
        (changed(banks, tile={"first_cell": 1}, cells={"first_cell": 1}), "conv/tiles at index 0 must be as the"),
        (changed(banks, layer={"spec": colder}), "layer conv must be of the chip's spec"),
        (changed(banks, layer={"input_full_scale": np.nan}), "input_full_scale.*finite number"),
        (changed(banks, layers=banks.layers[::-1]), "analog.layers must be the network's layers with weights"),
        (changed(banks, layers=banks.layers[:1]), "analog.layers must be the network's layers with weights"),
        (changed(ideal, cells={"largest": 1.0}), "tile 0 of layer conv must be of cells up to"),
        (changed(ideal, cells={"programmed": first.asked}), "programmed to its targets"),
        (changed(memristors, cells={"targets": first.asked}), "programmed to its targets"),
        (changed(banks, layers=ideal.layers, network=ideal.network), "layer conv must be of the chip's spec"),
        (replace(banks, spec=ideal.spec), "layer conv must be of the chip's spec"),
        (banks.network, "analog must be an AnalogNetwork"),
    )
    for analog, says in cases:
        with pytest.raises(InputError, match=says):
            rc.save_analog(analog, tmp_path / "chip.npz")
    assert not list(tmp_path.iterdir())


def test_chips_are_npz_files(chip, tmp_path):
    for path in (tmp_path / "chip.safetensors", tmp_path / "chip"):
        with pytest.raises(InputError, match=r"path must be a chip's file, which ends in \.npz"):
            rc.save_analog(chip("ideal"), path)
        with pytest.raises(InputError, match=r"path must be a chip's file, which ends in \.npz"):
            rc.load_analog(path)


def test_networks_are_no_chips(chip, tmp_path):
    rc.save_network(chip("ideal").network, tmp_path / "network.npz")
    with pytest.raises(InputError, match=r"network.npz must be a chip, as save_analog writes it, got 'conv\.weight"):
        rc.load_analog(tmp_path / "network.npz")


def test_chips_are_no_networks(chip, tmp_path):
    rc.save_analog(chip("ideal"), tmp_path / "chip.npz")
    with pytest.raises(InputError, match=r"chip.npz must be a network's file, got \"a chip's\". load_analog reads it"):
        rc.load_network(tmp_path / "chip.npz")


# What is changed in the file of a measured chip: arrays by name (None: taken out), or its text; and what is said.
def text(old, new):
    return lambda arrays: {"chip": np.array(str(arrays["chip"]).replace(old, new, 1))}


def at(name, index, value):
    def change(arrays):
        array = arrays[name].copy()
        array[index] = value
        return {name: array}

    return change


HOSTILE = {
    "no text": (lambda _: {"chip": None}, "must be a chip, as save_analog writes it"),
    "no layers": (lambda _: {"layers": None}, "must be a chip, as save_analog writes it"),
    "a number as text": (lambda _: {"chip": np.array(3)}, "must be a chip, as save_analog writes it"),
    "no JSON": (lambda _: {"chip": np.array("]")}, "chip in chip.npz must be as save_analog writes it, got 'the text'"),
    "deep JSON": (lambda _: {"chip": np.array("[" * 50_000)}, "chip in chip.npz must be as save_analog writes it"),
    "another format": (text("network 1", "network 2"), "got 'format'. Input should be 'rescircuit analog network 1'"),
    "an unknown field": (text('"rows"', '"rowz": 1, "rows"'), "got 'spec.rowz'. Extra inputs are not permitted"),
    "a missing field": (text('"rows": 20,', ""), "got 'spec.rows'. Field required"),
    "an unknown field in a part": (text('"percentile": 9', '"x": 1, "percentile": 9'), "got 'spec.converters.x'"),
    "a field out of range": (text('"percentile": 99.9', '"percentile": 101'), "percentile must be above 0 and at most"),
    "a field of another type": (text('"rows": 20', '"rows": "20"'), "got 'spec.rows'. Input should be a valid integer"),
    "infinity": (text('"v_read": 0.1', '"v_read": Infinity'), "got 'spec.v_read'. Input should be a finite number"),
    "NaN": (text('"v_read": 0.1', '"v_read": NaN'), "got 'spec.v_read'. Input should be a finite number"),
    "no such scheme": (text('"scheme": "middle"', '"scheme": "end"'), 'chip in chip.npz: scheme must be "middle"'),
    "no such switch": (text('"kind": "nmos"', '"kind": "os.system"'), "got 'spec.switch'. Input tag 'os.system'"),
    "a card of a file": (text('"kind": "nmos"', '"kind": "bsim4"'), "got 'spec.switch'. Input tag 'bsim4'"),
    "a law of a file": (
        text('"variation": null', '"variation": {"local": {"law": "empirical", "file": "/etc/passwd"}}'),
        "value must be the name of a CSV file in the folder of the process file",
    ),
    "a resistor of nothing": (text('"nominal": 100000.0', '"nominal": 0'), "nominal must be a finite number above 0"),
    "a huge bank": (text('"bank_size": 5', '"bank_size": 1000000000'), "got 'spec.bank_size'. Input should be less"),
    "a larger bank": (text('"bank_size": 5', '"bank_size": 50'), "chip.npz: conv/settings must be uint8 of shape"),
    "tiles without end": (text('"rows": 20', '"rows": 1'), "chip.npz: conv/tiles at index 0 must be as the network"),
    "copies without end": (
        text('"positions_per_copy": null', '"positions_per_copy": 1'),
        "chip.npz: conv/tiles must be as the network and the spec make them, got '2 of them'",
    ),
    "a huge array": (text('"rows": 20', '"rows": 100000000000'), "chip.npz: fc/tiles at index 0 must be as the"),
    "other cells": (text('"cells": "banks"', '"cells": "memristors"'), "chip.npz: memristor must be a Memristor"),
    "a seed below 0": (text('"seed": 3', '"seed": -3'), "got 'seed'. Input should be greater than or equal to 0"),
    "no such effect": (text('"wires"', '"gravity"'), "chip in chip.npz: effects must be of adc, amplifier"),
    "no such layer": (text('"name": "conv"', '"name": "../conv"'), "layers must be of the network's layers: conv, fc"),
    "a layer less": (
        lambda arrays: {"chip": np.array(json.dumps(without_last_layer(json.loads(str(arrays["chip"])))))},
        "layers must be of the network's layers: conv, fc, got 'conv'",
    ),
    "no scale": (text('"input_full_scale": ', '"input_full_scale": -'), "value must be from 1e-100 to 1e100, got -"),
    "a scale too small": (text('"cell_full_scale": ', '"cell_full_scale": 1e-30, "x": '), "got 'layers.0.x'"),
    "another network": (at("fc.weight", (0, 0), np.nan), r"chip.npz: fc.weight at index \(0, 0\) must be finite"),
    "a larger network": (lambda _: {"fc.weight": np.ones((4, 64))}, "chip.npz: fc.bias must be"),
    "no network": (lambda _: {"fc.weight": None}, "chip.npz must be a file with fc.weight, as layers in chip.npz tell"),
    "an unknown array": (lambda _: {"x": np.ones(3)}, "chip.npz must be a file with arrays of layers"),
    "an unknown part": (lambda _: {"fc/x": np.ones(3)}, "chip.npz must be a file with arrays of its layers alone"),
    "an unknown layer": (lambda _: {"no/tiles": np.ones(3)}, "chip.npz must be a file with arrays of its layers"),
    "targets of no tile": (lambda _: {"fc/targets": np.ones(3)}, "arrays of its layers alone, got 'fc/targets'"),
    "no table": (lambda _: {"fc/tiles": None}, "chip.npz: fc/tiles must be there, got 'nothing'"),
    "an empty table": (lambda a: {"fc/tiles": a["fc/tiles"][:0]}, "fc/tiles must be int64 of shape"),
    "a table too short": (lambda a: {"fc/tiles": a["fc/tiles"][:-1]}, "chip.npz: fc/tiles must be as the network"),
    "a table too long": (lambda a: {"fc/tiles": np.vstack([a["fc/tiles"]] * 2)}, "fc/tiles at index 4 must be as the"),
    "a table of fractions": (lambda a: {"fc/tiles": a["fc/tiles"] * 1.0}, "fc/tiles must be int64 of shape"),
    "cells elsewhere": (at("fc/tiles", (0, 8), 5), "chip.npz: fc/tiles at index 0 must be as the network"),
    "half a flag": (at("fc/tiles", (0, 9), 2), "chip.npz: fc/tiles at index 0 must be as the network"),
    "a flag too many": (at("fc/tiles", (0, 9), 1), "chip.npz: fc/targets must be there"),
    "cells too few": (lambda a: {"fc/asked": a["fc/asked"][1:]}, "chip.npz: fc/asked must be float64 of shape"),
    "cells of floats": (lambda a: {"fc/asked": a["fc/asked"].astype("f4")}, "fc/asked must be float64 of shape"),
    "cells of text": (lambda a: {"fc/asked": a["fc/asked"].astype("U9")}, "fc/asked must be float64 of shape"),
    "a cell below 0": (at("fc/programmed", 3, -1e-9), "chip.npz: fc/programmed at index 3 must be finite numbers of"),
    "a cell of infinity": (at("fc/programmed", 3, np.inf), "chip.npz: fc/programmed at index 3 must be finite"),
    "a cell of NaN": (at("fc/asked", 3, np.nan), "chip.npz: fc/asked at index 3 must be finite"),
    "more than cells can": (at("fc/asked", 3, 1.0), "chip.npz: fc/asked must be of values up to"),
    "no belief": (lambda _: {"fc/believed": None}, "chip.npz: fc/believed must be there"),
    "belief in NaN": (at("fc/believed", 0, np.nan), "chip.npz: fc/believed at index 0 must be finite"),
    "settings too short": (lambda a: {"fc/settings": a["fc/settings"][:, :0]}, "fc/settings must be uint8 of shape"),
    "settings of floats": (lambda a: {"fc/settings": a["fc/settings"] * 1.0}, "fc/settings must be uint8 of shape"),
    "a scale of 0": (at("fc/siemens_per_weight", 0, 0.0), "fc/siemens_per_weight at index 0 must be finite numbers ab"),
    "inputs beyond scale": (at("fc/calibration_inputs", (0, 0, 0), 1e9), "fc/calibration_inputs must be of values up"),
    "no inputs": (
        lambda a: {"fc/calibration_inputs": a["fc/calibration_inputs"][:, :0]},
        r"fc/calibration_inputs must be float64 of shape \(1, any, 64\)",
    ),
    "a correction too long": (lambda _: {"fc/bias_correction": np.ones(4)}, "fc/bias_correction must be float64"),
    "objects": (lambda _: {"fc/asked": np.array([{}], object)}, "an array of numbers or text, got 'objects'"),
}


def without_last_layer(content):
    return content | {"layers": content["layers"][:1]}


@pytest.fixture(scope="module")
def content(chip, tmp_path_factory):
    """The arrays of a measured chip's file."""
    path = rc.save_analog(chip("measured"), tmp_path_factory.mktemp("chips") / "chip.npz")
    with np.load(path) as archive:
        return dict(archive)


@pytest.mark.parametrize("case", HOSTILE)
def test_files_made_to_mislead_are_answered_in_one_line(content, tmp_path, case):
    change, says = HOSTILE[case]
    new = content | change(content)
    np.savez(tmp_path / "chip.npz", **{name: array for name, array in new.items() if array is not None})
    tracemalloc.start()
    with pytest.raises(InputError, match=says) as refused:
        rc.load_analog(tmp_path / "chip.npz")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 50e6
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 1000


def test_the_unchanged_file_is_read(content, tmp_path, chip, inputs):
    np.savez(tmp_path / "chip.npz", **content)
    np.testing.assert_array_equal(rc.load_analog(tmp_path / "chip.npz")(inputs), chip("measured")(inputs))


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_a_file_cut_short_is_refused(chip, tmp_path, share):
    path = rc.save_analog(chip("ideal"), tmp_path / "chip.npz")
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(InputError, match="file must be a readable npz archive"):
        rc.load_analog(path)


def test_a_chip_too_large_to_be_read_again_is_not_written(chip, tmp_path, monkeypatch):
    monkeypatch.setattr("rescircuit.network.files.containers.LARGEST_BYTES", 1000)
    with pytest.raises(InputError, match=r"chip.npz must be of at most \d+ numbers and 1000 bytes"):
        rc.save_analog(chip("ideal"), tmp_path / "chip.npz")
    assert not list(tmp_path.iterdir())
