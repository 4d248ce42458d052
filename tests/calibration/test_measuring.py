from dataclasses import replace

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.calibration import Patterns, ReadOut, Reference, calibrate
from rescircuit.errors import InputError


@pytest.mark.parametrize("patterns", ["one-hot", "hadamard"])
def test_an_exact_read_out_finds_what_is_there(banks, ideal, patterns):
    ideal = ideal.fitted_to(banks, Patterns.hadamard(9))
    found = calibrate(banks, ideal.sample(1), patterns, seed=1)
    error = found.values - (banks.on_conductances - banks.off_conductances)
    assert np.abs(error).max() < 6 * found.standard_errors.max() < 1e-11
    np.testing.assert_allclose(found.offset, banks.off_conductances.sum(axis=-1), atol=1e-11)
    mask = np.arange(9) % 2 == 0
    np.testing.assert_allclose(found.estimate(mask), banks.conductance(mask), atol=1e-11)
    assert found.shape == (400,)
    assert not found.clipped.any()


def test_standard_errors_are_those_of_least_squares(banks):
    """Additive noise far above the steps: 2 sigma² one at a time, 4 sigma² / N from a Hadamard matrix."""
    sheet = ReadOut(adc_bits=20, noise=1e-9, full_scale=3e-6, averages=4)
    sigma = 1e-9 / banks.v_read / 2
    for patterns, gain in ((Patterns.one_hot(9), 2.0), (Patterns.hadamard(9), 4 / 12)):
        found = calibrate(banks, sheet.sample(1), patterns, seed=1)
        np.testing.assert_allclose(found.standard_errors, sigma * np.sqrt(gain), rtol=1e-3)
        error = (found.values - (banks.on_conductances - banks.off_conductances)) / found.standard_errors
        assert np.std(error) == pytest.approx(1.0, rel=0.05)
        assert abs(np.mean(error)) < 0.1


def test_when_weighing_pays_and_when_it_does_not(rms):
    """Equal resistors: at one range it pays by sqrt(N / 2); with the range fitted, or relative noise, it does not."""
    bank = rc.Bank.sample(rc.Resistor(nominal=1e6, mismatch=0.01), n=19, seed=2, shape=(300,), nominals="equal")
    designs = [Patterns.one_hot(19), Patterns.hadamard(19)]

    def errors(*sheets):
        for sheet, patterns in zip(sheets, designs, strict=True):
            found = calibrate(bank, sheet.sample(3), patterns, seed=4)
            yield rms(found.values - bank.on_conductances), rms(found.standard_errors)

    def ratio(*sheets):
        (one, one_claimed), (many, many_claimed) = errors(*sheets)
        assert one == pytest.approx(one_claimed, rel=0.05)
        assert many == pytest.approx(many_claimed, rel=0.05)
        return one / many

    additive = ReadOut(adc_bits=20, noise=1e-9, full_scale=3e-6)
    assert ratio(additive, additive) == pytest.approx(np.sqrt(10), rel=0.05)
    stepped = ReadOut(adc_bits=10, dither=1.0)
    fitted = [stepped.fitted_to(bank, patterns) for patterns in designs]
    assert fitted[1].full_scale / fitted[0].full_scale == pytest.approx(10, rel=0.05)  # nearly all ten at once
    assert ratio(*fitted) < 0.5
    relative = ReadOut(adc_bits=20, relative_noise=1e-3, full_scale=3e-6)
    assert ratio(relative, relative) < 0.5


def test_a_ratio_to_the_reference_takes_out_the_gain_and_what_the_die_has_in_common(rms):
    """±20 % of the die and 40 K of a temperature coefficient are gone; values stand on the reference's scale."""
    resistor = rc.Resistor(nominal=1e6, common=0.2, mismatch=0.01, tc1=-300e-6)
    bank = rc.Bank.sample(resistor, n=9, seed=5, shape=(200,))
    die = resistor.common_factor(seed=5)
    assert abs(die - 1) > 0.05
    sheet = ReadOut(
        adc_bits=20,
        noise=1e-11,
        full_scale=3e-6,
        gain_error=0.02,
        feedback=1e5,
        amplifier_offset=1e-3,
        reference=Reference(resistance=2e5),
    )
    relative = []
    for temperature in (27.0, 67.0):
        common = die * float(bank.coefficients.at(temperature, 0.0))
        found = calibrate(
            bank.at(temperature=temperature), sheet.sample(3, count=200), "one-hot", seed=4, common=common
        )
        assert found.temperature == temperature
        relative.append(found.values)
        error = found.values - bank.on_conductances * die
        assert rms(error) < 1e-3 * rms(bank.on_conductances)
        assert rms(error) == pytest.approx(rms(found.standard_errors), rel=0.2)
    assert rms(relative[0] - relative[1]) < 1e-4 * rms(relative[0])
    absolute = replace(sheet, reference=None)
    plain = calibrate(bank.at(temperature=67.0), absolute.sample(3, count=200), "one-hot", seed=4)
    assert rms(plain.values - bank.on_conductances * die) > 0.03 * rms(bank.on_conductances)


def test_a_mismatched_reference_is_in_the_error_bars(banks, rms):
    sheet = ReadOut(adc_bits=24, full_scale=1.4e-6, reference=Reference(resistance=1e5, mismatch=0.005))
    found = calibrate(banks, sheet.sample(3, count=400), "one-hot", seed=4)
    added = banks.on_conductances - banks.off_conductances
    assert rms(found.values / added - 1) == pytest.approx(0.005, rel=0.1)
    np.testing.assert_allclose(found.standard_errors[:, 0] / found.values[:, 0], 0.005, rtol=1e-3)


def test_wires_are_taken_out(banks, sheet, rms):
    wires = np.linspace(0.0, 5e3, 400)
    exact = replace(sheet, adc_bits=24, noise=0.0, relative_noise=0.0, gain_error=0.0, inl=0.0, amplifier_gain_spread=0)
    true = banks.on_conductances - banks.off_conductances
    found = calibrate(banks, exact.sample(1), "one-hot", seed=1, wire_resistance=wires)
    assert rms(found.values / true - 1) < 1e-3
    with pytest.raises(InputError, match=r"^wire_resistance must be"):
        calibrate(banks, exact.sample(1), "one-hot", seed=1, wire_resistance=np.ones(3))


def test_chunks_give_the_same_bits(banks, sheet):
    sampled = sheet.fitted_to(banks, Patterns.hadamard(9)).sample(6)
    whole = calibrate(banks, sampled, "hadamard", seed=2)
    for start, stop in ((0, 7), (7, 8), (8, 400)):
        part = replace(banks, resistances=banks.resistances[start:stop])
        found = calibrate(part, sampled, "hadamard", seed=2, start=start)
        for name in ("values", "offset", "standard_errors", "offset_standard_error", "scale"):
            assert np.array_equal(getattr(found, name), getattr(whole, name)[start:stop]), name


def test_faults_show_as_dead_switches_and_offsets(banks, sheet):
    broken = np.zeros((400, 9), bool)
    broken[3, 1], broken[5, 2] = True, True
    shorted = np.zeros((400, 9), bool)
    shorted[8, 0] = True
    chip = replace(banks, stuck_open=broken, stuck_closed=shorted)
    found = calibrate(chip, sheet.sample(1), "one-hot", seed=2)
    assert found.dead[3, 1]
    assert found.dead[5, 2]
    assert found.dead[8, 0]
    assert not found.dead[:, :3][~(broken | shorted)[:, :3]].any()
    assert found.stands_out[8]
    assert not found.stands_out[[3, 5]].all()
    assert found.offset[8] == pytest.approx(
        float(banks.on_conductances[8, 0] + banks.off_conductances[8, 1:].sum()), 0.01
    )


def test_a_bank_that_is_dead_altogether(banks, sheet):
    chip = replace(banks, stuck_open=np.repeat(np.arange(400)[:, np.newaxis] == 6, 9, axis=1))
    found = calibrate(chip, sheet.sample(1), "one-hot", seed=2)
    assert found.dead[6].all()
    assert not found.dead[:, 0][np.arange(400) != 6].any()
    setting = found.bank(6).program(1e-6)
    assert not setting.mask.any()


def test_another_read_voltage_and_progress(banks, sheet):
    seen = []
    found = calibrate(banks, sheet.sample(1), "one-hot", seed=2, v_read=0.05, progress=seen.append)
    assert found.v_read == 0.05
    assert sum(seen) == 400


def test_a_range_that_is_too_small_is_never_silent(banks, sheet):
    small = replace(sheet, full_scale=1e-7).sample(1)
    with pytest.raises(InputError, match=r"^full_scale must be large enough .*bank 0"):
        calibrate(banks, small, "one-hot", seed=1)
    found = calibrate(banks, small, "one-hot", seed=1, clipping="flag")
    assert found.clipped.all()
    assert found.program(1e-6).clipped.all()


def test_a_range_is_fitted_once(banks):
    sampled = ReadOut(adc_bits=12).sample(1)
    found = calibrate(banks, sampled, "one-hot", seed=1)
    largest = (banks.on_conductances[:, 0] + banks.off_conductances[:, 1:].sum(axis=1)).max() * banks.v_read
    assert found.read_out.full_scale == pytest.approx(1.25 * largest, rel=1e-12)
    with pytest.raises(InputError, match=r"^full_scale must be .*before the first"):
        calibrate(banks, sampled, "one-hot", seed=1, start=400)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"bank": 3}, "^bank must be a Bank"),
        ({"read_out": ReadOut()}, "^read_out must be a SampledReadOut"),
        ({"read_out": ReadOut(full_scale=1e-6).sample(1, count=3)}, "^read_out must be one read-out, or 400"),
        ({"patterns": "two-hot"}, "^patterns must be"),
        ({"patterns": Patterns.one_hot(4)}, "^patterns must be patterns of 9"),
        ({"start": -1}, "^start must be"),
        ({"common": 0.0}, "^common must be"),
        ({"clipping": "ignore"}, "^clipping must be"),
        ({"wire_resistance": -1.0}, "^wire_resistance must be"),
        ({"wire_resistance": 1e9}, "^wire_resistance must be"),
    ],
)
def test_mistakes_get_one_line(banks, sheet, change, text):
    arguments = {"bank": banks, "read_out": sheet.sample(1), "patterns": "one-hot", **change}
    with pytest.raises(InputError, match=text):
        calibrate(**arguments, seed=1)


@pytest.mark.parametrize("error", [0.3, 0.5])
def test_a_gain_error_makes_no_switch_dead(banks, ideal, error):
    sheet = replace(ideal, full_scale=4e-6, gain_error=error)
    found = calibrate(banks, replace(sheet.sample(seed=1), gain_error=np.array([0.1])), seed=2)
    assert not found.dead.any()


@pytest.mark.parametrize(
    ("changes", "wire"), [({}, 0.0), ({"amplifier_gain": 10.0}, 0.0), ({"amplifier_gain": 100.0}, 2e4)]
)
def test_an_amplifiers_offset_is_taken_out_whatever_stands_beside_it(rms, changes, wire):
    """Of a tenth of the read voltage, with banks that leak, poor gain and wires."""
    resistor, switch = rc.Resistor(nominal=1e6, mismatch=0.02), rc.IdealSwitch(r_on=100.0, r_off=2e7)
    bank = rc.Bank.sample(resistor, n=6, seed=3, shape=(50,), switch=switch)
    sheet = ReadOut(adc_bits=24, full_scale=5e-7, headroom=0.5, feedback=1e6, amplifier_offset=1e-2, **changes)
    sampled = replace(sheet.sample(seed=4), amplifier_offset=np.array([1e-2]))
    found = calibrate(bank, sampled, seed=5, wire_resistance=wire)
    true = bank.on_conductances - bank.off_conductances
    assert rms(found.values / true - 1) < 2e-6
    assert rms(found.offset / bank.off_conductances.sum(axis=-1) - 1) < 1e-5


def test_what_dead_banks_show_does_not_depend_on_their_neighbours(banks, sheet):
    some = replace(banks.part(slice(0, 9)), stuck_open=np.arange(9)[:, np.newaxis] == 4)
    whole = calibrate(some, sheet.sample(seed=2), seed=3)
    alone = calibrate(some.part(slice(4, 5)), sheet.sample(seed=2), seed=3, start=4)
    assert np.array_equal(whole.values[4], alone.values[0])


def test_blown_fuses_do_not_move(ideal):
    bank = rc.Bank.sample(rc.Resistor(nominal=1e6), n=5, seed=1, switch=rc.Fuse())
    mask = np.array([True, False, True, True, False])
    blown = bank.blow(mask)
    found = calibrate(blown, replace(ideal, dither=1.0).sample(seed=1), seed=1)
    assert found.dead.all()
    assert found.offset == pytest.approx(blown.conductance(~mask), rel=1e-5)


@pytest.mark.parametrize(("noise", "dither"), [(0.0, 0.0), (0.0, 0.5), (0.1, 0.0)])
def test_without_dither_the_zero_errs_as_the_open_bank_does(rms, noise, dither):
    """Banks that do not leak give the same code open as at zero input: the errors of both add."""
    bank = rc.Bank.sample(rc.Resistor(nominal=1e6, tolerance=0.2), n=8, seed=1, shape=(1500,))
    sheet = ReadOut(adc_bits=10, headroom=0.2, offset=1e-8, dither=dither).fitted_to(bank, "one-hot")
    sheet = replace(sheet, noise=noise * sheet.step, averages=16 if noise or dither else 1)
    found = calibrate(bank, sheet.sample(seed=7, count=1500), seed=5)
    mask = np.random.default_rng(3).random((1500, 8)) < 0.5
    claimed = (found.estimate(mask) - bank.conductance(mask)) / found.error_of(mask)
    assert 0.9 < rms(claimed) < 1.06
    assert np.mean(np.abs(claimed) <= 2) > 0.95
