"""What arrays can be, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.network.arrays import EFFECTS, ArraySpec, Conditions, Converters, Writing

PCM = rc.Memristor(g_min=1e-6, g_max=2e-5)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: ArraySpec(rows=0), "rows must be a whole number of at least 1"),
        (lambda: ArraySpec(cols=1), "cols must be a whole number of at least 2"),
        (lambda: ArraySpec(adc_bits=1), "adc_bits must be a whole number from 2 to 32"),
        (lambda: ArraySpec(swing=1.5), "swing must be above 0 and at most 1"),
        (lambda: ArraySpec(r_word_line=-1.0), "r_word_line must be a finite number of at least 0"),
        (lambda: ArraySpec(positions_per_copy=0), "positions_per_copy must be a whole number of at least 1"),
        (lambda: ArraySpec(subtraction="none"), 'subtraction must be "analog" or "digital"'),
        (lambda: ArraySpec(scheme="pairs"), 'scheme must be "middle", "one_side" or "offset"'),
        (lambda: ArraySpec(cells="memristors"), 'memristor must be a Memristor with cells="memristors"'),
        (lambda: ArraySpec(resistor=1e6), "resistor must be a Resistor, got"),
        (lambda: ArraySpec(calibration=True), "calibration must be a ReadOut or None"),
        (lambda: ArraySpec(cells="ideal", calibration=rc.ReadOut()), 'None with other cells than "banks"'),
        (lambda: ArraySpec(scheme="offset", pairs="joint"), '"in_turn" where cells are no pairs of banks'),
        (lambda: ArraySpec(bank_size=40, pairs="joint"), "at most 32 with joint pairs"),
        (lambda: ArraySpec(bank_size=65), "bank_size must be a whole number from 1 to 64, got 65"),
        (lambda: ArraySpec(swing=1e-9), "swing must be at least 0.00024, what these cells resolve, got 1e-09"),
        (lambda: ArraySpec(swing=1e-3, cells="memristors", memristor=PCM), "swing must be at least 0.01, what these"),
        (lambda: ArraySpec(swing=1e-9, cells="ideal"), "swing must be at least 1e-06, what these cells resolve"),
        (lambda: ArraySpec(v_read=1000.0), "v_read must be from 1e-06 to 10 V, got 1000.0"),
        (lambda: ArraySpec(v_read=1e-9), "v_read must be from 1e-06 to 10 V"),
        (
            lambda: ArraySpec(converters=Converters(adc_noise=0.5)),
            "adc_noise must be left out without adc_bits",
        ),
        (lambda: ArraySpec(dac_bits=8, converters=Converters(adc_offset=0.5)), "adc_offset must be left out without"),
        (
            lambda: ArraySpec(adc_bits=8, converters=Converters(dac_noise=0.5)),
            "dac_noise must be left out without dac",
        ),
        (lambda: ArraySpec(converters=Converters(dac_offset=0.5)), "dac_offset must be left out without dac_bits"),
        (lambda: ArraySpec(converters=Converters(slice_bits=2)), "slice_bits must be left out without dac_bits, got 2"),
        (
            lambda: ArraySpec(cells="resistors", conditions=Conditions(stuck_open=0.1, known_faults=True)),
            "known_faults must be left out but for banks, whose programming can work around, got 'resistors'",
        ),
        (lambda: ArraySpec(rows=1, bias="word_line"), "rows must be at least 2"),
        (
            lambda: ArraySpec(cells="memristors", memristor=PCM, conditions=Conditions(stuck_open=0.1)),
            "stuck_at_g_min and stuck_at_g_max of its own",
        ),
        (lambda: Conditions(temperature=-300.0), "a temperature above -273.15"),
        (lambda: Conditions(age=-1.0), "age must be a finite number of at least 0"),
        (lambda: Conditions(read_noise=0.6), "from 0 to 0.5"),
        (lambda: Conditions(bandwidth=0.0), "bandwidth must be a finite number above 0"),
        (lambda: Conditions(stuck_open=0.7, stuck_closed=0.4), "stuck_closed must be at most 0.3"),
        (lambda: Conditions(known_faults=1), "known_faults must be True or False"),
        (lambda: Converters(adc_range="best"), "one of all, peak, percentile, least_error, fixed"),
        (lambda: Converters(adc_range="fixed"), 'given with adc_range="fixed" and only then'),
        (lambda: Converters(adc_full_scale=1e-6), 'given with adc_range="fixed" and only then'),
        (lambda: Converters(percentile=101), "percentile must be above 0 and at most 100"),
        (lambda: Converters(amplifier_gain=2.0), "an open-loop gain of at least 10, or infinity"),
        (lambda: Converters(amplifier_gain=math.nan), "an open-loop gain of at least 10, or infinity"),
        (lambda: Converters(slice_bits=0), "slice_bits must be a whole number from 1 to 32"),
        (lambda: Writing(tolerance_share=0.0), "tolerance_share must be a finite number above 0"),
        (lambda: Writing(most_writes=-1), "most_writes must be a whole number from 0"),
    ],
)
def test_what_does_not_fit_gets_one_clear_line(make, says):
    with pytest.raises(rc.InputError) as caught:
        make()
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("fields", "brings"),
    [
        ({}, {"programming", "switches"}),
        ({"switch": rc.IdealSwitch()}, {"programming"}),
        ({"cells": "ideal"}, set()),
        ({"cells": "ideal", "r_bit_line": 1.0, "adc_bits": 8, "dac_bits": 8}, {"wires", "adc", "dac"}),
        ({"cells": "resistors", "conditions": Conditions(temperature=85.0)}, {"programming", "temperature"}),
        ({"cells": "ideal", "conditions": Conditions(temperature=85.0, age=1e6)}, set()),
        (
            {"resistor": rc.Resistor(nominal=1e6, drift=0.01), "conditions": Conditions(age=1e6)},
            {"programming", "switches", "drift"},
        ),
        ({"conditions": Conditions(stuck_open=0.01)}, {"programming", "switches", "stuck"}),
        ({"conditions": Conditions(stuck_open=0.01, known_faults=True)}, {"programming", "switches"}),
        ({"calibration": rc.ReadOut()}, {"programming", "switches", "calibration"}),
        (
            {"cells": "ideal", "conditions": Conditions(read_noise=0.01, bandwidth=1e6)},
            {"read_noise", "thermal_noise"},
        ),
        ({"cells": "ideal", "converters": Converters(amplifier_gain=1e4)}, {"amplifier"}),
        (
            {"cells": "memristors", "memristor": rc.Memristor(g_min=1e-6, g_max=2e-5, read_noise=0.01)},
            {"programming", "read_noise"},
        ),
    ],
)
def test_a_spec_brings_the_effects_that_it_has(fields, brings):
    assert ArraySpec(**fields).effects == brings
    assert brings <= set(EFFECTS)


def test_the_default_chip_is_that_of_the_process_of_the_command_line():
    from rescircuit.cli.network_options import ChipOptions

    spec, process = ChipOptions().spec("0ohm", "0ohm")
    assert process.name == "polysilicon"
    assert ArraySpec().resistor == spec.resistor == process.make_resistor(1e6)
    assert ArraySpec().resistor.tc1 == -2e-4
    assert (ArraySpec().switch, ArraySpec().nominals) == (spec.switch, spec.nominals)


def test_what_polysilicon_says_of_temperature_alone_changes_no_sampled_value():
    plain = ArraySpec(resistor=rc.Resistor(nominal=1e6, common=0.20, mismatch=0.01))
    ours, theirs = (spec.sample((3, 2), seed=5, chip=2) for spec in (ArraySpec(), plain))
    np.testing.assert_array_equal(ours.resistances, theirs.resistances)


def test_ideal_converters_lose_what_only_others_have():
    rough = Converters(adc_noise=0.5, adc_offset=0.2, dac_noise=0.1, dac_offset=0.3, slice_bits=2, adc_range="all")
    assert rough.without(inputs=True, outputs=False) == Converters(adc_noise=0.5, adc_offset=0.2, adc_range="all")
    expected = Converters(dac_noise=0.1, dac_offset=0.3, slice_bits=2, adc_range="all")
    assert rough.without(inputs=False, outputs=True) == expected
    assert rough.without(inputs=False, outputs=False) == rough


def test_an_amplifier_is_a_resistance_behind_its_line():
    assert Converters().input_resistance == 0.0
    assert Converters(amplifier_gain=99.0, feedback_resistance=1e4).input_resistance == pytest.approx(100.0)
