"""Arrays of memristors: laws of their spreads, drift, faults, wear, write and verify; the same bits in any chunking."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from scipy import stats

from rescircuit.devices.memristors import Memristor, MemristorArray, write_verify
from rescircuit.errors import InputError

WINDOW = {"g_min": 1e-6, "g_max": 101e-6}
ALL = Memristor(
    **WINDOW,
    levels=21,
    programming_error=(0.005, 0.03),
    read_noise=(0.02, 0.005),
    drift_exponent=0.05,
    drift_exponent_spread=0.02,
    stuck_at_g_min=0.02,
    stuck_at_g_max=0.03,
    endurance=6.0,
    endurance_spread=0.7,
    wear=0.3,
    write_energy=1e-11,
    write_time=1e-6,
    read_time=1e-7,
)
COUNT = 40_000


def sampled(count=COUNT, **fields):
    return MemristorArray.sample(Memristor(**WINDOW, **fields), count, seed=5)


def test_without_spreads_a_write_lands_and_a_read_tells_it():
    array = sampled((3, 2)).write(50e-6)
    assert np.array_equal(array.conductances, np.full((3, 2), 50e-6))
    assert np.array_equal(array.read(3, time=1e9), np.full((3, 2), 50e-6))
    assert array.writes.tolist() == [[1, 1]] * 3


@pytest.mark.parametrize("target", [20e-6, 51e-6, 80e-6])
def test_normal_programming_error_follows_the_state(target):
    array = sampled(programming_error=(0.01, 0.04)).write(target)
    sigma = (0.01 + 0.03 * (target - 1e-6) / 100e-6) * 101e-6
    inside = np.clip(target + sigma * stats.norm.ppf([0.25, 0.75]), 1e-6, 101e-6)
    assert np.quantile(array.conductances, [0.25, 0.75]) == pytest.approx(inside, rel=0.01)
    if target == 51e-6:  # nine standard deviations from the window's edges
        assert stats.kstest((array.conductances - target) / sigma, "norm").pvalue > 0.01
    assert array.conductances.min() >= 1e-6
    assert array.conductances.max() <= 101e-6


def test_lognormal_programming_error():
    array = sampled(programming_error=0.2, programming_law="lognormal").write(10e-6)
    assert stats.kstest(np.log(array.conductances / 10e-6) / 0.2, "norm").pvalue > 0.01


def test_every_write_and_every_read_has_its_own_noise():
    array = sampled(programming_error=0.01, read_noise=0.03)
    once, again = array.write(50e-6), array.write(50e-6).write(50e-6)
    limit = 4 / math.sqrt(COUNT)
    assert abs(np.corrcoef(once.conductances, again.conductances)[0, 1]) < limit
    first, second = (once.read(k, time=0.0) / once.conductances - 1 for k in (0, 1))
    assert abs(np.corrcoef(first, second)[0, 1]) < limit
    assert stats.kstest(first / 0.03, "norm").pvalue > 0.01
    assert np.array_equal(once.read(1, time=0.0) / once.conductances - 1, second)


def test_read_noise_follows_the_state():
    array = sampled(read_noise=(0.05, 0.01))
    for target, sigma in ((1e-6, 0.05), (51e-6, 0.03), (101e-6, 0.01)):
        relative = array.write(target).read(0, time=0.0) / target - 1
        assert relative.std() == pytest.approx(sigma, rel=4 / math.sqrt(2 * COUNT))


def test_drift_is_a_power_law_from_the_reference_time_on():
    array = sampled(drift_exponent=0.06, drift_exponent_spread=0.02, drift_reference_time=10.0)
    array = array.write(50e-6, time=100.0)
    assert np.array_equal(array.at(110.0), array.conductances)
    exponents = -np.log(array.at(100.0 + 10.0 * math.e) / 50e-6)
    assert exponents == pytest.approx(array.exponents, abs=1e-12)
    assert array.at(100.0 + 1e6) == pytest.approx(50e-6 * 1e5**-array.exponents, rel=1e-12)
    assert exponents.min() >= 0
    # what would be below 0 is 0: three standard deviations away, one in 741
    expected = stats.norm(0.06, 0.02)
    assert (array.exponents == 0).mean() == pytest.approx(expected.cdf(0), abs=4 * math.sqrt(0.00135 / COUNT))
    above = array.exponents[array.exponents > 0]
    assert stats.kstest((above - 0.06) / 0.02, stats.truncnorm(-3, np.inf).cdf).pvalue > 0.01


def test_drift_begins_again_with_a_write_of_that_device():
    array = sampled(2, drift_exponent=0.1).write(50e-6).write(50e-6, [True, False], time=1e4)
    early, late = array.at(1e4 + 1)
    assert early == 50e-6
    assert late == pytest.approx(50e-6 * 10001.0**-0.1, rel=1e-12)


def test_stuck_devices_are_as_many_as_stated_and_do_not_move():
    array = sampled(stuck_at_g_min=0.02, stuck_at_g_max=0.05)
    written = array.write(50e-6)
    for value, share in ((1e-6, 0.02), (101e-6, 0.05)):
        assert (written.conductances == value).mean() == pytest.approx(share, abs=4 * math.sqrt(share / COUNT))
    assert np.array_equal(written.conductances != 50e-6, array.stuck)
    assert (written.writes == 1).all()


@pytest.mark.parametrize("worn_at", ["state", "g_max"])
def test_endurance_counts_writes_and_leaves_a_worn_device_where_it_is(worn_at):
    array = sampled(endurance=6.0, endurance_spread=0.5, worn_at=worn_at)
    assert stats.kstest(np.log(array.lifetimes / 6.0) / 0.5, "norm").pvalue > 0.01
    goals = [10e-6 * k for k in range(1, 11)]
    for goal in goals:
        array = array.write(goal)
    survived = np.minimum(np.floor(array.lifetimes), 10).astype(int)
    lasting = np.array([1e-6, *goals])[survived]
    assert np.array_equal(array.worn_out, array.lifetimes < 10)
    assert np.array_equal(array.conductances, np.where(array.worn_out & (worn_at == "g_max"), 101e-6, lasting))


def test_wear_closes_the_window_from_both_ends():
    array = sampled((), endurance=10.0, wear=0.4)
    for k in range(1, 11):
        array = array.write(101e-6)
        assert array.conductances == pytest.approx(101e-6 - 0.2 * k / 10 * 100e-6, rel=1e-12)
    fresh = sampled((), endurance=10.0, wear=0.4).write(1e-6)
    assert fresh.conductances == pytest.approx(1e-6 + 0.02 * 100e-6, rel=1e-12)


def test_levels_are_equally_spaced_and_the_nearest_is_aimed_at():
    array = sampled(levels=5)
    targets = np.linspace(1e-6, 101e-6, COUNT)
    levels = [1e-6, 26e-6, 51e-6, 76e-6, 101e-6]
    brute = np.array(levels)[np.abs(targets[:, np.newaxis] - levels).argmin(axis=1)]
    written = array.write(targets).conductances
    assert written == pytest.approx(brute, rel=1e-12)
    assert written.max() == 101e-6


def test_an_array_in_pieces_is_the_array():
    count, cuts = 1000, (0, 1, 334, 700, 1000)
    targets = np.linspace(1e-6, 101e-6, count)
    programming = {"tolerance": 1e-6, "most_writes": 8, "averages": 2, "read_out_noise": 2e-7}

    def history(start, stop):
        array = MemristorArray.sample(ALL, stop - start, seed=3, chip=2, start=start)
        mask = np.arange(start, stop) % 3 == 0
        array = array.write(targets[start:stop], mask).write(targets[start:stop], time=1.0)
        array, first = write_verify(array, targets[start:stop], **programming)
        array, second = write_verify(array, targets[start:stop][::-1].copy()[::-1], **programming, time=50.0)
        return array, array.read(7, time=1e5), first, second

    whole, read, *results = history(0, count)
    pieces = [history(*span) for span in pairwise(cuts)]
    for name in ("conductances", "writes", "stuck", "lifetimes", "exponents"):
        assert np.array_equal(np.concatenate([getattr(p[0], name) for p in pieces]), getattr(whole, name)), name
    for k in (0, 1):
        for name in ("as_read", "status", "writes", "reads", "energy"):
            joined = np.concatenate([getattr(p[2 + k], name) for p in pieces])
            assert np.array_equal(joined, getattr(results[k], name)), name
    assert {"verified", "stuck", "worn out"} <= set(results[1].status.tolist())
    assert np.concatenate([p[1] for p in pieces]) == pytest.approx(read, rel=1e-6)  # aged from its last write's time
    table = MemristorArray.sample(ALL, (10, 100), seed=3, chip=2).write(targets.reshape(10, 100))
    flat = MemristorArray.sample(ALL, count, seed=3, chip=2).write(targets)
    assert np.array_equal(table.conductances.ravel(), flat.conductances)


def test_write_verify_writes_until_what_it_reads_is_near_enough():
    array = sampled(2000, programming_error=0.02, write_energy=1e-11, write_time=1e-6, read_time=1e-7)
    targets = np.full(2000, 50e-6)
    tolerance, sigma = 1e-6, 0.02 * 101e-6
    after, result = write_verify(array, targets, tolerance=tolerance, most_writes=60)
    assert (result.status == "verified").all()
    assert result.verified.all()
    assert np.abs(result.error).max() <= tolerance  # reads are exact here
    assert np.array_equal(result.error, after.conductances - targets)
    # a write succeeds with this probability, and their number is geometric
    share = 2 * stats.norm.cdf(tolerance / sigma) - 1
    deviation = math.sqrt(1 - share) / share / math.sqrt(2000)
    assert result.writes.mean() == pytest.approx(1 / share, abs=4 * deviation)
    assert np.array_equal(result.reads, result.writes + 1)  # before the first write too
    assert result.seconds == pytest.approx(1e-6 * result.writes.sum() + 1e-7 * result.reads.sum(), rel=1e-12)
    heat = 0.01 * 1e-7 * 101e-6 * result.reads
    assert (result.energy >= 1e-11 * result.writes).all()
    assert (result.energy <= 1e-11 * result.writes + heat).all()
    assert (array.writes == 0).all()  # the one that was given is as it was
    again, second = write_verify(after, targets, tolerance=tolerance)
    assert second.writes.sum() == 0
    assert np.array_equal(again.conductances, after.conductances)


def test_write_verify_says_why_it_did_not_get_there():
    array, result = write_verify(MemristorArray.sample(ALL, 3000, seed=1), 91e-6, tolerance=3e-7, most_writes=5)
    missed = ~result.verified
    stuck, worn = missed & array.stuck, missed & ~array.stuck & array.worn_out
    assert (result.status[stuck] == "stuck").all()
    assert (result.status[worn] == "worn out").all()
    assert (result.status[missed & ~stuck & ~worn] == "not reached").all()
    assert (result.writes[missed] == 5).all()
    assert set(result.status.tolist()) == {"verified", "stuck", "worn out", "not reached"}
    assert result.summary().startswith(f"{int(result.verified.sum()):,} verified, {int(stuck.sum())} stuck, ")
    assert np.abs(result.error_as_read[result.verified] - (array.memristor.nearest_levels(91e-6) - 91e-6)).max() <= 3e-7


def test_more_averages_verify_more_truly():
    made = {"programming_error": 0.02, "read_noise": 0.02}
    errors = []
    for averages in (1, 25):
        _, result = write_verify(sampled(3000, **made), 51e-6, tolerance=3e-7, most_writes=200, averages=averages)
        errors.append(result.error[result.verified].std())
    assert errors[1] < 0.5 * errors[0]
    _, noisy = write_verify(sampled(3000, **made), 51e-6, tolerance=3e-7, most_writes=200, read_out_noise=2e-6)
    assert noisy.error[noisy.verified].std() > 1.2 * errors[0]


def test_a_single_device_is_an_array_too():
    _, result = write_verify(sampled((), programming_error=0.02), 50e-6, tolerance=1e-6, most_writes=100)
    assert result.status.shape == result.error.shape == ()
    assert result.status == "verified"
    assert abs(result.error) <= 1e-6


def test_a_day_s_drift_is_the_power_law_s():
    _, result = write_verify(sampled(500, drift_exponent=0.05), 50e-6, tolerance=1e-7)
    assert np.array_equal(result.error_after(0.0), result.error)
    assert result.error_after(86400.0) == pytest.approx(np.full(500, 50e-6 * (86400.0**-0.05 - 1)), rel=1e-12)


BAD = [
    ({"g_max": 1e-7}, "g_max must be above g_min"),
    ({"levels": 1}, "levels must be a whole number from 2"),
    ({"programming_error": 2.0}, "programming_error must be one number from 0 to 1, or two"),
    ({"read_noise": (0.1, 0.2, 0.3)}, "read_noise must be one number from 0 to 0.2, or two"),
    ({"read_noise": -0.1}, "read_noise must be one number from 0 to 0.2"),
    ({"programming_law": "uniform"}, "programming_law must be 'normal' or 'lognormal'"),
    ({"worn_at": "g_min"}, "worn_at must be 'state' or 'g_max'"),
    ({"stuck_at_g_min": 1.0}, "stuck_at_g_min must be a share"),
    ({"stuck_at_g_min": 0.6, "stuck_at_g_max": 0.6}, "stuck_at_g_max must be at most 1 together"),
    ({"wear": 0.1}, "wear must be 0 without an endurance"),
    ({"endurance": 0.5}, "endurance must be at least 1 write"),
    ({"drift_exponent": -0.1}, "drift_exponent must be a finite number of at least 0"),
    ({"drift_reference_time": 0.0}, "drift_reference_time must be a finite number above 0"),
    ({"write_energy": math.nan}, "write_energy must be a finite number of at least 0"),
]


@pytest.mark.parametrize(("fields", "message"), BAD, ids=[message for _, message in BAD])
def test_a_memristor_that_cannot_be_gets_one_line(fields, message):
    with pytest.raises(InputError, match=message):
        Memristor(**{**WINDOW, **fields})


SLIPS = [
    (lambda a: MemristorArray.sample("pcm", 3, seed=1), "memristor must be a Memristor"),
    (lambda a: MemristorArray.sample(ALL, -1, seed=1), "shape must be a whole number of at least 0"),
    (lambda a: a.write(2e-4), "targets must be from g_min to g_max, 1e-06 to 0.000101 S"),
    (lambda a: a.write(np.full(4, 5e-6)), r"targets must be of a shape that broadcasts to \(3,\)"),
    (lambda a: a.write(5e-6, [1, 0, 1]), "mask must be booleans"),
    (lambda a: a.write(5e-6, time=0.5), "time must be not before the last write, at 1 s"),
    (lambda a: a.read(0, time=0.5), "time must be not before the last write, at 1 s"),
    (lambda a: a.read(-1, time=1.0), "number must be a whole number of at least 0"),
    (lambda a: write_verify("a", 5e-6, tolerance=1e-7), "array must be a MemristorArray"),
    (lambda a: write_verify(a, 5e-6, tolerance=0.0), "tolerance must be a finite number above 0"),
    (lambda a: write_verify(a, 5e-6, tolerance=1e-7, most_writes=-1), "most_writes must be a whole number from 0"),
    (lambda a: write_verify(a, 5e-6, tolerance=1e-7, averages=0), "averages must be a whole number from 1"),
    (lambda a: write_verify(a, 5e-6, tolerance=1e-7, v_read=0.0), "v_read must be a finite number above 0"),
    (lambda a: write_verify(a, 5e-6, tolerance=1e-7, time=0.1), "time must be not before the last write"),
]


@pytest.mark.parametrize(("call", "message"), SLIPS, ids=[message for _, message in SLIPS])
def test_slips_get_one_line(call, message):
    array = sampled(3).write(5e-6, time=1.0)
    with pytest.raises(InputError, match=message) as caught:
        call(array)
    assert "\n" not in str(caught.value)


def test_states_are_read_only():
    array = sampled(3)
    with pytest.raises(ValueError, match="read-only"):
        array.conductances[0] = 1.0


def test_what_is_stuck_does_not_drift_and_a_short_circuit_drifts_from_when_it_came():
    array = sampled(stuck_at_g_min=0.3, stuck_at_g_max=0.3, drift_exponent=0.1, drift_exponent_spread=0.02)
    later = array.at(1e6)
    assert np.array_equal(later[array.stuck], array.conductances[array.stuck])
    assert (later[~array.stuck] < array.conductances[~array.stuck]).all()
    short = sampled(9, drift_exponent=0.1, endurance=1.0, worn_at="g_max").write(50e-6).write(50e-6, time=1e6)
    assert short.worn_out.all()
    assert (short.at(1e6) == 101e-6).all()
    assert short.at(1e6 + 1e3) == pytest.approx(np.full(9, 101e-6 * 1e3**-0.1), rel=1e-12)


def test_noise_below_the_window_is_that_at_its_edge():
    """Drift leads there; a straight line would have gone on to several times as much."""
    memristor = Memristor(g_min=90e-6, g_max=100e-6, read_noise=(0.1, 0.01), drift_exponent=0.5)
    array = MemristorArray.sample(memristor, 20_000, seed=1)
    drifted = array.at(1e6)
    assert drifted == pytest.approx(np.full(20_000, 90e-9), rel=1e-12)
    assert (array.read(0, time=1e6) / drifted).std() == pytest.approx(0.1, rel=0.02)
