"""Explanations: against chips whose errors have closed forms, and on real ones."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.calibration import ReadOut
from rescircuit.devices import Memristor, Resistor
from rescircuit.network.arrays import EFFECTS, ArraySpec, Conditions, Converters
from rescircuit.network.explaining import CAUSES, Explanation, LayerError, Run, explain
from rescircuit.network.explaining.advice import advice, in_all
from rescircuit.network.layers import Activation, Dense, Network, checked_inputs

RNG = np.random.default_rng(5)


class ScaledChip:
    """A chip each of whose causes multiplies the outputs of a layer by a factor: all its errors are known."""

    def __init__(self, network, factors, effects=None):
        self.network = network
        self.factors = factors
        self.effects = frozenset(factors) if effects is None else effects
        self.spec = ArraySpec()
        self.compensation = frozenset({"wires"})
        tiles = [SimpleNamespace(shape=(3, 4)), SimpleNamespace(shape=(2, 8))]
        self.layers = [SimpleNamespace(number=k, weighted=network.layers[k], tiles=tiles) for k in network.weighted]

    def with_effects(self, *names):
        return ScaledChip(self.network, self.factors, frozenset(name for each in names for name in each))

    def checked_inputs(self, x):
        return checked_inputs(x, self.network.input_shape)

    @property
    def readers(self):
        def reader(row):
            scale = np.prod([factors[row] for cause, factors in self.factors.items() if cause in self.effects])
            return lambda x, number, first: scale * self.network.layers[self.layers[row].number](x)

        return [reader(row) for row in range(len(self.layers))]


@pytest.fixture
def network():
    weights = RNG.normal(size=(4, 3)), RNG.normal(size=(5, 4))
    return Network([Dense(weight=weight, name=f"fc{k + 1}") for k, weight in enumerate(weights)])


@pytest.fixture
def chip(network):
    return ScaledChip(network, {"programming": (1.03, 1.0), "wires": (0.9, 0.8), "adc": (1.0, 1.01)})


def test_every_run_has_its_closed_form(chip):
    found = explain(chip, RNG.normal(size=(20, 3)))
    expected = {"programming": (0.03, 0.0, 0.03), "wires": (0.1, 0.2, 0.28), "adc": (0.0, 0.01, 0.01)}
    assert found.causes == ("programming", "wires", "adc")
    assert found.compensation == ("wires",)
    assert (found.tile_lines, found.tiles) == ((3, 8), (2, 2))
    for cause, (first, second, output) in expected.items():
        run = found.alone[cause]
        assert run.effects == (cause,)
        assert run.error == pytest.approx(output, rel=1e-12)
        assert [layer.local for layer in run.layers] == pytest.approx([first, second], rel=1e-12, abs=1e-15)
        assert [layer.propagated for layer in run.layers] == pytest.approx([first, output], rel=1e-12, abs=1e-15)
    assert found.together.error == pytest.approx(1 - 1.03 * 0.9 * 0.8 * 1.01, rel=1e-12)
    assert found.without["wires"].error == pytest.approx(1.03 * 1.01 - 1, rel=1e-12)
    assert found.without["adc"].effects == ("programming", "wires")
    for layer, gain in zip(found.alone["wires"].layers, (0.9, 0.8), strict=True):
        assert layer.gain == pytest.approx(gain, rel=1e-12)
        assert layer.uneven < 1e-6
    assert found.sum_of_squares == pytest.approx(np.sqrt(0.03**2 + 0.28**2 + 0.01**2), rel=1e-12)
    assert found.share("wires") == pytest.approx(1 - (found.without["wires"].error / found.together.error) ** 2)
    assert found.share("programming") < 0  # it makes up for a part of what the wires take
    assert found.ranked[0] == "wires"
    assert found.worst_layer("wires") == 1
    assert (found.digital.error, found.digital.effects) == (0.0, ())


def test_answers_are_counted(network):
    x = RNG.normal(size=(300, 3))
    digital = network(x).argmax(axis=1)
    y = np.where(RNG.random(300) < 0.8, digital, (digital + 1) % 5)

    class Shifted(ScaledChip):
        @property
        def readers(self):
            first, last = super().readers
            shift = np.eye(5)[0] if "wires" in self.effects else 0.0
            return [first, lambda x, number, first: last(x, number=number, first=first) + shift]

        def with_effects(self, *names):
            return Shifted(self.network, self.factors, frozenset(name for each in names for name in each))

    found = explain(Shifted(network, {"wires": (1.0, 1.0)}), x, y)
    answers = (network(x) + np.eye(5)[0]).argmax(axis=1)
    run = found.together
    assert run is found.alone["wires"]
    assert run.accuracy == (answers == y).mean()
    assert run.same_answer == (answers == digital).mean()
    assert run.lost == ((digital == y) & (answers != y)).sum()
    assert run.won == ((digital != y) & (answers == y)).sum()
    assert run.change == pytest.approx(run.accuracy - found.digital.accuracy, abs=1e-12)
    # Wilson's bounds are the shares p from which the accuracy is 1.96 standard errors of p away.
    for bound in run.accuracy_interval:
        assert abs(run.accuracy - bound) == pytest.approx(1.959964 * np.sqrt(bound * (1 - bound) / 300), rel=1e-9)
    assert run.accuracy_interval[0] < run.accuracy < run.accuracy_interval[1]
    assert run.change_error == pytest.approx(np.sqrt(run.lost + run.won) / 300)
    assert found.digital.accuracy == (digital == y).mean()


def test_parts_of_a_batch_add_up(chip, monkeypatch):
    x = RNG.normal(size=(11, 3))
    whole = explain(chip, x)
    monkeypatch.setattr(Network, "inputs_at_once", lambda _: 3)
    parts = explain(chip, x)
    assert parts.together.error == pytest.approx(whole.together.error, rel=1e-12)
    assert parts.table[0]["error_alone"] == pytest.approx(whole.table[0]["error_alone"], rel=1e-12)


def test_causes_may_be_chosen_and_the_others_are_off(chip):
    found = explain(chip, RNG.normal(size=(5, 3)), causes=["adc", "programming"])
    assert found.causes == ("programming", "adc")
    assert found.together.error == pytest.approx(1.03 * 1.01 - 1, rel=1e-12)
    assert explain(chip, RNG.normal(size=(5, 3)), causes="adc").without["adc"].error == 0.0
    with pytest.raises(
        rc.InputError, match="causes must be of programming, wires, adc, which this chip has, got 'drif"
    ):
        explain(chip, RNG.normal(size=(5, 3)), causes=["drift"])
    with pytest.raises(rc.InputError, match="effects must be of programming, "):
        explain(chip, RNG.normal(size=(5, 3)), causes=["nonsense"])


def test_progress_names_every_case(chip):
    steps = []
    explain(chip, RNG.normal(size=(5, 3)), progress=lambda *step: steps.append(step))
    assert [done for _, done, _ in steps] == list(range(8))
    assert {total for *_, total in steps} == {7}
    assert steps[0][0] == "programming alone"
    assert steps[3][0] == "all but programming"


@pytest.mark.parametrize(
    ("y", "says"),
    [
        ([0, 1, 2], "y must be of shape (4,), one label an input"),
        ([0, 1, 2, 5], "y must be whole numbers from 0 to 4, the outputs' numbers, got 5"),
        ([0, 1, 2, 0.5], "y must be whole numbers from 0 to 4"),
    ],
)
def test_labels_that_do_not_fit_are_refused(chip, y, says):
    with pytest.raises(rc.InputError) as refused:
        explain(chip, np.ones((4, 3)), y)
    assert says in str(refused.value)


def test_a_single_output_is_no_answer():
    network = Network([Dense(weight=RNG.normal(size=(1, 3)))])
    found = explain(ScaledChip(network, {"wires": (0.9,)}), np.ones((4, 3)))
    assert (found.together.same_answer, found.together.accuracy, found.together.within_noise) == (None, None, None)
    with pytest.raises(rc.InputError, match="y must be left out for a network whose outputs are no scores"):
        explain(ScaledChip(network, {"wires": (0.9,)}), np.ones((4, 3)), np.zeros(4))


def test_every_effect_has_a_name_and_an_advice():
    assert tuple(CAUSES) == EFFECTS
    spec = ArraySpec(
        dac_bits=6,
        adc_bits=8,
        calibration=ReadOut(),
        converters=Converters(amplifier_gain=1000.0),
        conditions=Conditions(bandwidth=1e6, temperature=85.0, age=3e7),
    )
    found = made(dict.fromkeys(EFFECTS, 0.01), spec=spec)
    texts = [advice(found, cause) for cause in EFFECTS]
    assert len(set(texts)) == len(EFFECTS)
    assert all(text.startswith(("To bring its own part down to ", "May help, how far ")) for text in texts)
    assert all(text.endswith(".") for text in texts)
    assert "7 bits in place of 6" in texts[EFFECTS.index("dac")]
    assert "9 bits in place of 8" in texts[EFFECTS.index("adc")]
    assert "gain of 2,001 in place of 1,000" in texts[EFFECTS.index("amplifier")]
    assert "250 kHz in place of 1 megHz" in texts[EFFECTS.index("thermal_noise")]
    assert "56 °C in place of 85 °C" in texts[EFFECTS.index("temperature")]
    with pytest.raises(rc.InputError, match="cause must be of programming, "):
        found.suggestions("weather")


def made(errors, *, spec=None, layers=("conv1", "fc1"), local=None, uneven=1.0, right=None, compensation=()):
    """An explanation of independent causes with these errors."""
    causes = tuple(errors)

    def run(*effects):
        size = float(np.sqrt(sum(errors[each] ** 2 for each in effects)))
        lost = 0 if right is None else right.get(effects, 0)
        return Run(
            effects=effects,
            inputs=1000,
            error=size,
            same_answer=1.0 - size,
            accuracy=None if right is None else 0.98 - lost / 1000,
            lost=lost,
            layers=tuple(
                LayerError(name=name, propagated=size, local=own, gain=1 - own, uneven=uneven * own)
                for name, own in ((name, size * (local or {}).get(name, 1.0)) for name in layers)
            ),
        )

    return Explanation(
        spec=spec or ArraySpec(adc_bits=8, rows=64, cols=64),
        compensation=compensation,
        digital=run(),
        together=run(*causes),
        alone={cause: run(cause) for cause in causes},
        without={cause: run(*(other for other in causes if other != cause)) for cause in causes},
    )


def test_the_story_names_the_cause_the_layer_the_change_and_what_does_not_matter():
    found = made({"programming": 1e-4, "wires": 0.04, "adc": 0.01}, local={"conv1": 0.1})
    story = found.story
    assert "differ from the digital ones by 4.1% rms, and 95.88% of the answers are the same." in story
    assert (
        "The costliest cause is wires: without, the error is 1.0% (94% of the squared error goes); alone, 4.0%."
        in story
    )
    assert "It sits in fc1: 4.0% of that layer's own output, at most 0.40% in others." in story
    # 4 times less needs some more than 4 times less wire: e = x / (1 + x), 0.04 / 0.96 over 0.01 / 0.99
    assert (
        "own part down to 1.0%, some 1.4% in all: resistors of 4.12 megΩ in place of 1 megΩ, or tiles of 31 x 30"
        in (story)
    )
    assert "May help too, how far is for a simulation to say: compensation of wires." in story
    assert "This does not matter: programming (alone at most 0.010%)." in story
    assert "The causes add as if they were independent" in story
    assert "Of less weight: output converters (6% of the squared error, alone 1.0%)." in story
    assert "compensation of wires" not in made({"wires": 0.04}, compensation=("wires",)).story


def test_the_story_of_programming_asks_for_more_resistors():
    spec = ArraySpec(bank_size=8, adc_bits=8)
    story = made({"programming": 0.04, "adc": 0.01}, spec=spec).story
    # 1.8 times less with each: 3 more make 5.8 times less
    assert (
        "own part down to 0.69%, some 1.2% in all: banks of 11 resistors of 1.38 megΩ in place of 8 of 1 meg" in story
    )
    assert "simulation to say: pairs of banks programmed jointly; compensation of columns." in story
    assert "It is spread over the layers: from 4.0% (conv1) to 4.0% (conv1) of a layer's own output." in story


def test_a_common_factor_is_told_where_it_is_most_of_the_error():
    story = made({"drift": 0.3}, local={"conv1": 0.1}, uneven=0.2).story
    assert "a common factor, 0.7 in fc1: with its sums divided by that, 6.0% would be left there." in story
    assert "common factor" not in made({"drift": 0.3}, uneven=0.9).story


def test_a_difference_within_noise_is_said_to_be_so():
    three = made({"wires": 0.01, "adc": 0.01}, right={("wires", "adc"): 3})
    assert "98.00% (96.9% to 98.7%): 3 lost, 0 won, within noise." in three.story
    many = made({"wires": 0.01, "adc": 0.01}, right={("wires", "adc"): 30, ("adc",): 4})
    assert "30 lost, 0 won, more than noise." in many.story
    assert "alone, 1.0%; accuracy would be 97.60%." in many.story
    assert "accuracy would be" not in three.story
    assert "on no input does the chip lose or win" in made({"wires": 0.01}, right={}).story


def test_causes_that_work_against_one_another_are_told():
    found = made({"wires": 0.03, "adc": 0.02})
    stronger = Run(
        effects=("adc",), inputs=1000, error=0.05, same_answer=None, accuracy=None, layers=found.digital.layers
    )
    offset = Explanation(
        spec=found.spec,
        digital=found.digital,
        together=found.together,
        alone=found.alone,
        without={"wires": stronger, "adc": found.without["adc"]},
    )
    assert "Without wires the error would be larger, 5.0%: it offsets other causes." in offset.story
    assert "The costliest cause is output converters" in offset.story


def test_a_cause_that_the_answers_need_is_not_one_to_remove():
    """Masks trained with the wires in the loop: 83 % of the answers with them, 66 % digitally and without them."""
    causes = {"wires": 0.04, "adc": 0.01}
    found = made(causes, right={(): 320, ("wires",): 140, ("adc",): 325, ("wires", "adc"): 150})
    trained = replace(
        found,
        digital=replace(found.digital, lost=0),
        alone={cause: _beside(run, 320) for cause, run in found.alone.items()},
        without={cause: _beside(run, 320) for cause, run in found.without.items()},
        together=_beside(found.together, 320),
    )
    story = trained.story
    assert "170 won, more than noise." in story
    assert (
        "Without wires the answers get worse (83.00% to 65.50%): the cells were chosen with them in place, and the "
        "digital weights are no reference for them."
    ) in story
    assert "costliest" not in story
    assert "No single cause" not in story
    assert "megΩ" not in story
    assert trained.suggestions("wires") == ()
    assert trained.suggestions("adc")
    # The same errors, where the digital network is as good: an accident, and no sign of how the cells were chosen.
    offset = made(causes, right={("wires", "adc"): 30, ("adc",): 60})
    assert "get worse (95.00% to 92.00%), though the outputs get no further from the digital ones" in offset.story
    # Within noise, wires are what to change.
    assert "costliest cause is wires" in made(causes, right={("wires", "adc"): 30, ("adc",): 45}).story


def _beside(run, digitally_wrong):
    """A run whose lost answers are counted from all, as one beside a digital network with so many wrong."""
    won = digitally_wrong - run.lost
    return replace(run, won=max(won, 0), lost=max(-won, 0))


def test_a_chip_without_errors_has_a_short_story():
    found = made({})
    assert found.story == (
        "Over 1,000 inputs the chip's outputs differ from the digital ones by 0% rms, and 100.00% of the answers are "
        "the same."
    )
    assert found.rows()[-2][:2] == ["all together", "0%"]


def test_the_table_says_what_the_runs_say_and_json_takes_it_all():
    found = made({"programming": 0.002, "wires": 0.04}, right={})
    assert found.columns()[4] == "accuracy alone"
    rows = found.rows()
    assert [row[0] for row in rows] == ["programming", "wires", "root of the sum of squares", "all together", "digital"]
    assert all(len(row) == len(found.columns()) for row in rows)
    assert rows[1][:4] == ["wires", "4.0%", "0.20%", "99.8%"]
    assert rows[3][4] == "98.00%, 96.9% to 98.7%"
    assert "accuracy alone" not in made({"wires": 0.04}).columns()
    written = json.loads(json.dumps(found.as_dict(), allow_nan=False))
    assert written["table"][1]["share"] == pytest.approx(found.share("wires"))
    assert written["alone"]["wires"]["layers"][0] == {
        "name": "conv1", "propagated": 0.04, "local": 0.04, "gain": 0.96, "uneven": 0.04,
    }  # fmt: skip
    lines = found.summary().splitlines()
    assert lines[0].split()[0] == "cause"
    assert "\n".join(lines[-len(found.story.splitlines()) :]) == found.story


def test_all_right_answers_leave_a_doubt():
    """Closed form: of n right answers out of n, Wilson's lower bound is n / (n + z^2)."""
    low, high = made({"wires": 0.01}, right={("wires",): -20}).together.accuracy_interval
    assert (low, high) == pytest.approx((1000 / (1000 + 1.959964**2), 1.0))


@pytest.mark.parametrize("seed", range(30))
def test_every_cause_has_a_place_in_the_story(seed):
    rng = np.random.default_rng(seed)
    errors = {cause: 10 ** rng.uniform(-5, -1) for cause in EFFECTS}
    found = made(errors, spec=ArraySpec(dac_bits=6, adc_bits=8, conditions=Conditions(bandwidth=1e6)))
    without = {cause: replace(run, error=run.error * rng.uniform(0.9, 1.1)) for cause, run in found.without.items()}
    story = replace(found, without=without).story
    told = re.findall(r"(?:cause|next) is ([a-z ]+):|Without ([a-z ]+) the error would", story)
    placed = [name for pair in told for name in pair if name]
    for part in re.findall(r"(?:Then come|Of less weight|not matter): ((?:[^.(]|\([^)]*\))*)\.", story):
        placed += re.sub(r" \([^)]*\)", "", part).split(", ")
    assert sorted(placed) == sorted(CAUSES.values())


@pytest.fixture(scope="module")
def mapped():
    """A small real chip with several causes, its inputs and its labels."""
    weights = RNG.normal(size=(12, 10)) / 3, RNG.normal(size=(4, 12)) / 3
    network = Network(
        [Dense(weight=weights[0], name="fc1"), Activation(kind="relu"), Dense(weight=weights[1], name="fc2")]
    )
    x = RNG.uniform(0, 1, (200, 10))
    spec = ArraySpec(
        rows=16, cols=16, bank_size=6, r_word_line=5.0, r_bit_line=5.0, dac_bits=6, adc_bits=6,
        conditions=Conditions(read_noise=0.01),
    )  # fmt: skip
    return rc.map_network(network, spec, seed=1, calibration_inputs=x), x, network(x).argmax(axis=1)


def test_a_real_chip_is_explained_as_its_own_views_have_it(mapped):
    analog, x, y = mapped
    found = explain(analog, x, y)
    assert set(found.causes) == {"programming", "switches", "wires", "read_noise", "dac", "adc"}
    digital = analog.network(x)
    rms = np.sqrt(np.mean(digital**2))

    def error(view):
        return np.sqrt(np.mean((view(x) - digital) ** 2)) / rms

    assert found.together.error == pytest.approx(error(analog), rel=1e-9)
    for cause in found.causes:
        assert found.alone[cause].error == pytest.approx(error(analog.with_effects(cause)), rel=1e-9)
        assert found.without[cause].error == pytest.approx(error(analog.without(cause)), rel=1e-9)
        assert 0 < found.alone[cause].error < 1
    assert found.together.accuracy == (analog(x).argmax(axis=1) == y).mean()
    assert found.digital.accuracy == 1.0
    outputs = analog.layer_outputs(x)
    hidden = analog.network.run(x)[0]
    propagated = np.sqrt(np.mean((outputs[0] - hidden) ** 2) / np.mean(hidden**2))
    assert found.together.layers[0].propagated == pytest.approx(propagated, rel=1e-9)
    assert found.together.layers[0].local == pytest.approx(propagated, rel=1e-9)  # the first layer's inputs are exact
    assert found.story.startswith("Over 200 inputs the chip's outputs differ from the digital ones by ")


def test_inputs_beyond_the_chips_range_are_refused(mapped):
    analog, x, _ = mapped
    with pytest.raises(rc.InputError, match=r"x must be at most .* the range of the voltages"):
        explain(analog, 3 * x)


WIDE = Resistor(nominal=1e6, common=0.20, mismatch=0.01, tc1=-1e-3, drift=0.01)
PHASE_CHANGE = Memristor(g_min=1e-7, g_max=25e-6, drift_exponent=0.02, drift_exponent_spread=0.003, read_noise=0.05)
ADVISED = {
    "banks": ("programming", {"bank_size": 5}),
    "banks, one side": ("programming", {"bank_size": 7, "scheme": "one_side"}),
    "banks behind wires": ("programming", {"bank_size": 5, "r_word_line": 5.0, "r_bit_line": 5.0}),
    "single resistors": ("programming", {"cells": "resistors"}),
    "calibration": ("calibration", {"calibration": ReadOut(adc_bits=12, noise=2e-9)}),
    "stuck": ("stuck", {"conditions": Conditions(stuck_open=0.01)}),
    "temperature": ("temperature", {"resistor": WIDE, "conditions": Conditions(temperature=85.0)}),
    "drift": ("drift", {"resistor": WIDE, "conditions": Conditions(age=3e7)}),
    "drift of memristors": (
        "drift", {"cells": "memristors", "memristor": PHASE_CHANGE, "conditions": Conditions(age=86400.0)}
    ),
    "noise of memristors": ("read_noise", {"cells": "memristors", "memristor": PHASE_CHANGE}),
    "switches": ("switches", {"resistor": replace(WIDE, nominal=5e4)}),
    "wires": ("wires", {"r_word_line": 5.0, "r_bit_line": 5.0}),
    "much wire": ("wires", {"r_word_line": 100.0, "r_bit_line": 100.0}),
    "wires at a fixed range": (
        "wires",
        {
            "r_word_line": 5.0, "r_bit_line": 5.0, "adc_bits": 12,
            "converters": Converters(adc_range="fixed", adc_full_scale=8e-6),
        },
    ),
    "gain": ("amplifier", {"converters": Converters(amplifier_gain=100.0)}),
    "offset": ("amplifier", {"converters": Converters(amplifier_offset=1e-4)}),
    "read noise": ("read_noise", {"conditions": Conditions(read_noise=0.02)}),
    "thermal noise": ("thermal_noise", {"conditions": Conditions(bandwidth=1e8)}),
    "input converters": ("dac", {"dac_bits": 5}),
    "output converters": ("adc", {"adc_bits": 5}),
    "output converters for all": ("adc", {"adc_bits": 8, "converters": Converters(adc_range="all")}),
    "noisy converters": ("adc", {"adc_bits": 6, "converters": Converters(adc_noise=1.0, adc_offset=0.5)}),
}  # fmt: skip


@pytest.fixture(scope="module")
def perceptron():
    """A network and inputs."""
    rng = np.random.default_rng(5)
    first, second = rng.normal(size=(20, 40)) / 5, rng.normal(size=(8, 20)) / 4
    layers = [Dense(weight=first, name="fc1"), Activation(kind="relu"), Dense(weight=second, name="fc2")]
    return Network(layers), rng.uniform(0, 1, (100, 40))


@pytest.mark.parametrize("name", ADVISED)
def test_who_acts_on_the_advice_gets_what_it_says(perceptron, name):
    network, x = perceptron
    cause, fields = ADVISED[name]
    spec = ArraySpec(**({"rows": 64, "cols": 64, "bank_size": 8} | fields))

    def alone(spec):
        """Of the cause, rms over chips: a few stuck cells are of very different weight."""
        chips = [rc.map_network(network, spec, seed=1, chip=chip, calibration_inputs=x) for chip in range(number)]
        return np.sqrt(np.mean([explain(chip, x, causes=[cause]).together.error ** 2 for chip in chips]))

    number = 10 if cause == "stuck" else 1
    found = explain(rc.map_network(network, spec, seed=1, calibration_inputs=x), x)
    before = alone(spec)
    predicted = [each for each in found.suggestions(cause) if each.smaller is not None]
    assert predicted
    for each in predicted:
        ratio = alone(each.spec) * each.smaller / before
        assert 0.4 < ratio < 1.6, each.words
    for each in found.suggestions(cause):  # what may help can be had
        if each.spec is not None and each.spec.cells == spec.cells:
            assert np.isfinite(rc.map_network(network, each.spec, seed=1, calibration_inputs=x)(x)).all()


def test_what_is_left_in_all_is_said_too(perceptron):
    network, x = perceptron
    spec = ArraySpec(rows=64, cols=64, bank_size=7, r_word_line=5.0, r_bit_line=5.0, dac_bits=5, adc_bits=7)
    found = explain(rc.map_network(network, spec, seed=1, calibration_inputs=x), x)
    for each in found.suggestions("wires"):
        if each.smaller is not None:
            analog = rc.map_network(network, each.spec, seed=1, calibration_inputs=x)
            together = explain(analog, x).together.error
            assert together == pytest.approx(in_all(found, "wires", each.smaller), rel=0.25)


def test_larger_banks_leave_the_wires_as_they_are(perceptron):
    network, x = perceptron
    spec = ArraySpec(rows=64, cols=64, bank_size=5, r_word_line=5.0, r_bit_line=5.0)
    found = explain(rc.map_network(network, spec, seed=1), x)
    larger = found.suggestions("programming")[0].spec
    assert larger.bank_size >= 8
    same = explain(rc.map_network(network, larger, seed=1), x, causes=["wires"]).alone["wires"].error
    more = rc.map_network(network, replace(spec, bank_size=larger.bank_size), seed=1)
    assert same == pytest.approx(found.alone["wires"].error, rel=0.15)
    assert explain(more, x, causes=["wires"]).alone["wires"].error > 1.4 * same


def test_a_range_for_each_tile_is_for_layers_of_several():
    several = replace(made({"adc": 0.04}), tiles=(1, 2))
    assert "a range for each tile" in several.story
    assert "a range for each tile" not in replace(several, tiles=(1, 1)).story


def test_a_voltage_that_no_array_takes_is_not_advised():
    spec = ArraySpec(v_read=6.0, conditions=Conditions(bandwidth=1e6))
    story = made({"thermal_noise": 0.01}, spec=spec).story
    assert "a bandwidth of 10 kHz in place of 1 megHz" in story
    assert "12 V" not in story
