from dataclasses import replace

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.calibration import Patterns, ReadOut, calibrate, trim, useful_size
from rescircuit.calibration.programming import problem_of
from rescircuit.errors import InputError


@pytest.fixture(scope="module")
def chip():
    """300 banks of 12 resistors."""
    return rc.Bank.sample(rc.Resistor(nominal=1e6, mismatch=0.02), n=12, seed=1, shape=(300,))


@pytest.fixture(scope="module")
def noisy(chip):
    return ReadOut(adc_bits=10, noise=3e-10, dither=1.0, offset=2e-9, gain_error=1e-4, averages=4).fitted_to(
        chip, Patterns.hadamard(12)
    )


@pytest.fixture(scope="module")
def found(chip, noisy):
    return calibrate(chip, noisy.sample(3, count=300), "hadamard", seed=5)


@pytest.fixture(scope="module")
def target(chip):
    return 0.45 * float(chip.full_scale.mean())


def test_the_predicted_error_is_the_true_one(chip, found, target, rms):
    fractions = np.linspace(0.3, 0.6, 300)
    setting = found.program(fractions / 0.45 * target)
    error = chip.conductance(setting.mask) - setting.target
    assert rms(error) == pytest.approx(rms(setting.predicted_error), rel=0.1)
    np.testing.assert_allclose(setting.estimate - setting.target, setting.residual, atol=1e-18)
    np.testing.assert_allclose(setting.predicted_error, np.hypot(setting.residual, setting.standard_error))
    assert (setting.status == "optimal").all()
    assert (setting.bound <= np.abs(setting.residual)).all()


def test_a_programmed_setting_is_the_best_of_all(found, target):
    one = found.bank(7)
    alive = np.flatnonzero(~one.dead)
    bits = (np.arange(2 ** len(alive))[:, np.newaxis] >> np.arange(len(alive))) & 1
    sums = one.offset + bits @ one.values[alive]
    setting = one.program(target)
    assert abs(setting.residual) == pytest.approx(np.abs(sums - target).min(), abs=1e-16)
    several = one.program(target, best=5)
    np.testing.assert_allclose(np.abs(several.residual), np.sort(np.abs(sums - target))[:5], atol=1e-16)
    np.testing.assert_allclose(several.standard_error, one.error_of(several.mask))
    assert not several.mask[:, one.dead].any()


def test_programming_works_around_faults(chip, found, target):
    """Faults found after the measurement: no setting asks for them, and the chip that has them agrees."""
    opened = np.zeros((300, 12), bool)
    opened[:, 3] = True
    closed = np.zeros((300, 12), bool)
    closed[:, 5] = True
    faulty = replace(chip, stuck_open=opened, stuck_closed=closed)
    around = found.with_faults(stuck_open=opened).with_faults(stuck_closed=closed)
    setting = around.program(target)
    assert not setting.mask[:, 3].any()
    assert setting.mask[:, 5].all()
    error = np.abs(faulty.conductance(setting.mask) - target)
    blind = np.abs(faulty.conductance(found.program(target).mask) - target)
    assert np.median(error) < 1e-2 * np.median(blind)
    assert (error < 5 * setting.predicted_error).all()
    with pytest.raises(InputError, match=r"^stuck_closed must be without"):
        around.with_faults(stuck_closed=opened)
    with pytest.raises(InputError, match=r"^stuck_open must be of a shape"):
        found.with_faults(stuck_open=np.zeros(11, bool))


def test_banks_with_faults_are_measured_and_programmed(chip, noisy, target):
    """Faults that were there at the measurement: dead switches, and the offset of the one stuck closed."""
    faults = np.zeros((300, 12), bool)
    faults[:, 2] = True
    for name in ("stuck_open", "stuck_closed"):
        faulty = replace(chip, **{name: faults})
        found = calibrate(faulty, noisy.sample(3, count=300), "hadamard", seed=5)
        assert found.dead[:, 2].all()
        setting = found.program(target)
        error = np.abs(faulty.conductance(setting.mask) - target)
        assert (error < 5 * setting.predicted_error).all()
        assert found.stands_out.all() == (name == "stuck_closed")


def test_more_resistors_stop_helping_at_a_read_outs_floor(chip, found):
    coarse = useful_size(found, banks=12, targets=6)
    fine_sheet = ReadOut(adc_bits=16, noise=3e-12, dither=1.0).fitted_to(chip, Patterns.hadamard(12))
    fine = useful_size(calibrate(chip, fine_sheet.sample(3, count=300), "hadamard", seed=5), banks=12, targets=6)
    assert coarse.n < fine.n == 12
    assert coarse.total[coarse.n - 1] <= 1.1 * coarse.total.min()
    assert (coarse.total[: coarse.n - 1] > 1.1 * coarse.total.min()).all()
    assert coarse.residual[0] > 100 * coarse.total[-1] > 10 * fine.total[-1]
    assert useful_size(found, banks=1, targets=2, sizes=[4, 12]).sizes.tolist() == [4, 12]
    with pytest.raises(InputError, match=r"^sizes must be"):
        useful_size(found, sizes=[13])
    with pytest.raises(InputError, match=r"^sizes must be at least one"):
        useful_size(found, sizes=[])


def test_a_closed_loop_goes_below_the_floor(chip, noisy, found, target, rms):
    opened = found.program(target)
    floor = rms(chip.conductance(opened.mask) - target)
    looped = trim(chip, noisy.sample(3, count=300), found, target, seed=9, best=16, averages=256)
    error = chip.conductance(looped.mask) - target
    assert rms(error) < 0.6 * floor
    assert rms(error) == pytest.approx(rms(looped.predicted_error), rel=0.1)
    of_estimate = chip.conductance(looped.mask) - looped.estimate
    assert rms(of_estimate) == pytest.approx(rms(looped.standard_error), rel=0.1)
    assert rms(looped.standard_error) < 0.4 * rms(opened.standard_error)
    # By itself the estimate among so many is no better than before: it is the measurement that tells.
    first = trim(chip, noisy.sample(3, count=300), found, target, seed=9, best=1, averages=256)
    distances = [np.abs(found.estimate(each.mask) - target) for each in (first, opened)]  # settings that tie may differ
    np.testing.assert_allclose(*distances, atol=1e-16)


def test_measuring_again_does_not_take_out_a_gain_error(chip, rms):
    sheet = ReadOut(adc_bits=16, noise=1e-12, dither=1.0, gain_error=0.01).fitted_to(chip, Patterns.hadamard(12))
    sampled = sheet.sample(3, count=300)
    found = calibrate(chip, sampled, "hadamard", seed=5)
    goal = 0.45 * float(chip.full_scale.mean())
    looped = trim(chip, sampled, found, goal, seed=9, best=4, averages=64)
    error = chip.conductance(looped.mask) - goal
    assert rms(looped.standard_error) == pytest.approx(0.01 * goal, rel=0.05)
    assert rms(error) == pytest.approx(rms(looped.predicted_error), rel=0.1)


def test_loops_are_the_same_in_any_chunks(chip, noisy, found, target):
    whole = trim(chip, noisy.sample(3, count=300), found, target, seed=9, best=4)
    part = replace(chip, resistances=chip.resistances[40:60])
    some = trim(
        part, noisy.sample(3, number=40, count=20), found.flat(np.arange(40, 60)), target, seed=9, best=4, start=40
    )
    assert np.array_equal(whole.measured[40:60], some.measured)
    assert np.array_equal(whole.mask[40:60], some.mask)


def test_one_bank_alone(chip, noisy, target):
    one = replace(chip, resistances=chip.resistances[0])
    found = calibrate(one, noisy.sample(3), "hadamard", seed=5)
    setting = found.program([0.5 * target, target])
    assert setting.standard_error.shape == (2,)
    looped = trim(one, noisy.sample(3), found, target, seed=9)
    assert looped.mask.shape == (12,)
    assert isinstance(looped.standard_error, float)


def test_loops_with_mistakes_get_one_line(chip, noisy, found, target):
    with pytest.raises(InputError, match=r"^calibration must be"):
        trim(chip, noisy.sample(3, count=300), found.bank(0), target, seed=9)
    with pytest.raises(InputError, match=r"^read_out must be the one .*another gain_error"):
        trim(chip, replace(noisy, gain_error=0.0).sample(3, count=300), found, target, seed=9)
    with pytest.raises(InputError, match=r"^full_scale must be large enough"):
        trim(chip, noisy.sample(3, count=300).with_range(5e-7), found, target, seed=9)
    with pytest.raises(InputError, match=r"^target"):
        trim(chip, noisy.sample(3, count=300), found, -1.0, seed=9)
    with pytest.raises(InputError, match=r"^target must be"):
        found.program(np.ones(7))
    with pytest.raises(InputError, match=r"^target must be"):
        trim(chip, noisy.sample(3, count=300), found, np.ones(7), seed=9)


def test_a_trim_takes_the_amplifiers_offset_out_once(banks):
    """The calibration's values are free of it already."""
    sheet = ReadOut(adc_bits=24, full_scale=1.4e-6, headroom=0.5, feedback=1e5, amplifier_offset=5e-3)
    sampled = replace(sheet.sample(seed=4), amplifier_offset=np.array([5e-3]))
    some = banks.part(slice(0, 20))
    trimmed = trim(some, sampled, calibrate(some, sampled, seed=5), 2e-6, seed=6, best=4)
    true = some.part((slice(None), np.newaxis)).conductance(trimmed.candidates)
    assert np.abs(trimmed.measured / true - 1).max() < 1e-5


def test_a_trim_reads_at_the_voltage_of_the_calibration():
    resistor = rc.Resistor(nominal=1e5, mismatch=0.01)
    bank = rc.Bank.sample(resistor, n=8, seed=1, shape=(20,), switch=rc.NMOS(w_over_l=2))
    sampled = ReadOut(adc_bits=24, full_scale=5e-5).sample(seed=1)
    measured = calibrate(bank, sampled, seed=1, v_read=0.4)
    trimmed = trim(bank, sampled, measured, 2e-5, seed=2, best=4)
    assert trimmed.v_read == 0.4
    assert trimmed.estimate == pytest.approx(bank.conductance(trimmed.mask, 0.4), rel=1e-6)


def test_a_gain_error_hides_nothing_of_a_fine_converters_trim(banks):
    """The gain's variance is a hundred million million times the noise's."""
    sheet = ReadOut(adc_bits=24, full_scale=1.4e-6, gain_error=0.1, dither=1.0, averages=256)
    some, sampled = banks.part(slice(0, 40)), replace(sheet.sample(seed=1), gain_error=np.array([0.05]))
    trimmed = trim(some, sampled, calibrate(some, sampled, seed=1), 2e-6, seed=2, best=6)
    ratio = trimmed.estimate / some.conductance(trimmed.mask)
    assert ratio == pytest.approx(1.05, rel=1e-5)
    assert trimmed.standard_error == pytest.approx(0.1 * trimmed.estimate, rel=1e-6)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda bank, sampled, found: (1, sampled, found), "bank must be a Bank"),
        (lambda bank, sampled, found: (bank, sampled, 1), "calibration must be a Calibration"),
        (lambda bank, sampled, found: (bank.at(temperature=85.0), sampled, found), "bank must be at the calibration's"),
        (
            lambda bank, sampled, found: (bank, sampled.read_out.sample(seed=1, count=3), found),
            "read_out must be one read-out, or 5",
        ),
    ],
)
def test_what_does_not_belong_together_is_not_trimmed(banks, sheet, change, says):
    some, sampled = banks.part(slice(0, 5)), sheet.sample(seed=1)
    found = calibrate(some, sampled, seed=1)
    with pytest.raises(InputError, match=f"^{says}"):
        trim(*change(some, sampled, found), 1e-6, seed=1)


def test_values_are_programmed_on_a_binary_grid():
    """Readings are whole steps: without the grid most sums would tie, and that took a hundred times as long."""
    poly = rc.Resistor(nominal=1e6, common=0.2, mismatch=0.01)
    bank = rc.Bank.sample(poly, n=14, seed=2, shape=(20,))
    found = rc.calibrate(bank, rc.ReadOut(adc_bits=10, dither=1.0, averages=4).sample(1), seed=1)
    problem = problem_of(found)
    used = ~problem["excluded"]
    full_scale = np.abs(found.values).sum(axis=-1) + np.abs(found.offset)
    assert (np.abs(problem["items"] - found.values)[used] <= 2.0**-40 * full_scale.max()).all()
    grid = 2.0 ** (np.floor(np.log2(full_scale)) - 40)
    for values, steps in ((problem["items"], grid[:, np.newaxis]), (problem["offset"], grid)):
        assert np.array_equal(np.round(values / steps), values / steps)
    assert set(found.program(np.full(20, 5e-6)).status) == {"optimal"}


def test_a_bank_of_which_little_is_left_does_not_stop_the_others(rms):
    """All but two switches of the first bank are stuck open: four settings, where sixteen are asked for."""
    stuck = np.zeros((5, 10), bool)
    stuck[0, 2:] = True
    poly = rc.Resistor(nominal=1e6, mismatch=0.02)
    bank = replace(rc.Bank.sample(poly, n=10, seed=3, shape=(5,)), stuck_open=stuck)
    sheet = ReadOut(adc_bits=12, noise=1e-10, dither=1.0, averages=4, full_scale=1.5e-6).sample(1)
    found = calibrate(bank, sheet, "one-hot", seed=1)
    assert found.dead[0, 2:].sum() >= 7
    goals = 0.4 * bank.full_scale
    looped = trim(bank, sheet, found, goals, seed=1, best=16, averages=64)
    error = bank.conductance(looped.mask) - goals
    assert rms(error[1:]) < 3e-3 * float(bank.full_scale[1:].mean())
    settings = np.array([[a, b, *[False] * 8] for a in (False, True) for b in (False, True)])
    best = np.abs(bank.part(0).conductance(settings) - goals[0]).min()
    assert abs(error[0]) == pytest.approx(best, rel=1e-9)
