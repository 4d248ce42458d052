from dataclasses import replace

import numpy as np
import pytest

import rescircuit as rc
from rescircuit.calibration import Calibration, Patterns, ReadOut, Reference, calibrate, trim
from rescircuit.errors import InputError


@pytest.fixture(scope="module")
def twins(banks):
    """One bank, 3000 times: each copy is to be measured by a read-out of its own."""
    return replace(banks, resistances=np.repeat(banks.resistances[:1], 3000, axis=0))


@pytest.mark.parametrize("patterns", ["one-hot", "hadamard"])
@pytest.mark.parametrize("changes", [{}, {"zero": False}, {"reference": Reference(resistance=1e5, mismatch=1e-3)}])
def test_the_covariance_is_that_of_many_read_outs(twins, sheet, patterns, changes):
    sheet = replace(sheet, **changes).fitted_to(twins, Patterns.hadamard(9))
    found = calibrate(twins, sheet.sample(8, count=3000), patterns, seed=9)
    joined = np.concatenate([found.values, found.offset[:, np.newaxis]], axis=1)
    claimed = found.full_covariance(0)
    scatter = np.cov(joined.T)
    size = np.sqrt(np.diag(claimed))
    # A covariance of 3000 samples is good to some 2 % of the standard deviations' product; 5 is the limit of the worst
    # of a hundred, and the quantiser's own error is no Gaussian one.
    np.testing.assert_allclose(scatter / np.outer(size, size), claimed / np.outer(size, size), atol=0.12)
    np.testing.assert_allclose(np.sqrt(np.diag(scatter)), size, rtol=0.06)
    np.testing.assert_allclose(found.standard_errors[0], size[:-1], rtol=1e-9)
    np.testing.assert_allclose(found.covariance(0), claimed[:-1, :-1], rtol=1e-12)
    for setting in (np.arange(9) % 2 == 0, np.ones(9, bool), np.zeros(9, bool)):
        chosen = np.append(setting, True)
        assert found.bank(0).error_of(setting) == pytest.approx(np.sqrt(chosen @ claimed @ chosen), rel=1e-9)
        assert np.std(found.estimate(setting)) == pytest.approx(found.bank(0).error_of(setting), rel=0.06)


def test_errors_of_settings_broadcast(banks, sheet):
    found = calibrate(banks, sheet.sample(1), "one-hot", seed=2)
    masks = np.array([[True] * 9, [False] * 9, [True] + [False] * 8])
    errors = found.with_axis().error_of(masks)
    assert errors.shape == (400, 3)
    for place in (0, 17, 399):
        one = found.bank(place)
        np.testing.assert_allclose(errors[place], one.error_of(masks), rtol=1e-12)
        assert errors[place, 1] == pytest.approx(float(one.offset_standard_error))
    with pytest.raises(InputError, match=r"^mask must be"):
        found.error_of(np.ones((3, 9), bool))
    with pytest.raises(InputError, match=r"^index must be"):
        found.bank(400)
    with pytest.raises(InputError, match=r"^index must be the place of one bank"):
        found.covariance()


@pytest.mark.parametrize("switch", [rc.IdealSwitch(r_on=700.0, r_off=1e9), rc.NMOS(w_over_l=20)])
def test_resistors_without_their_switches(switch):
    bank = rc.Bank.sample(rc.Resistor(nominal=1e5, mismatch=0.02), n=6, seed=3, shape=(4,), switch=switch)
    sheet = ReadOut(adc_bits=24).fitted_to(bank, Patterns.one_hot(6))
    found = calibrate(bank, sheet.sample(1), "one-hot", seed=1)
    exact = replace(found, values=bank.on_conductances - bank.off_conductances)
    np.testing.assert_allclose(exact.resistances(switch), bank.resistances, rtol=1e-10)
    np.testing.assert_allclose(found.resistances(switch), bank.resistances, rtol=1e-4)
    dead = replace(exact, dead=np.arange(6) == 2)
    assert np.isinf(dead.resistances(switch)[:, 2]).all()
    with pytest.raises(InputError, match=r"^switch must be one that conducts more"):
        exact.resistances(rc.IdealSwitch(r_on=1e7))


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"values": np.full((400, 9), np.nan)}, "^values at index"),
        ({"values": np.ones(())}, "^values must be an array"),
        ({"standard_errors": np.ones((400, 8))}, "^standard_errors must be of shape"),
        ({"offset": np.ones(3)}, "^offset must be of shape"),
        ({"standard_errors": -np.ones((400, 9))}, "^standard_errors at index"),
        ({"patterns": Patterns.one_hot(8)}, "^patterns must be"),
        ({"read_out": 12}, r"^read_out must be"),
        ({"read_out": None}, r"^patterns must be given with"),
        ({"dead": np.ones((400, 9))}, "^dead must be booleans"),
        ({"dead": np.ones((3, 9), bool)}, "^dead must be of a shape"),
        ({"v_read": 0.0}, "^v_read must be"),
    ],
)
def test_what_is_no_calibration_is_refused(banks, sheet, changes, text):
    found = calibrate(banks, sheet.sample(1), "one-hot", seed=2)
    with pytest.raises(InputError, match=text):
        replace(found, **changes)


def test_values_from_elsewhere_have_independent_errors(banks):
    errors = np.full((400, 9), 3e-9)
    found = Calibration(
        values=banks.on_conductances,
        offset=np.zeros(400),
        standard_errors=errors,
        offset_standard_error=np.full(400, 4e-9),
        v_read=0.1,
    )
    mask = np.zeros(9, bool)
    np.testing.assert_allclose(found.error_of(mask), 4e-9)
    mask[:4] = True
    np.testing.assert_allclose(found.error_of(mask), np.sqrt(4 * 9 + 16) * 1e-9)
    np.testing.assert_allclose(found.covariance(3), 9e-18 * np.eye(9))
    setting = found.bank(3).program(4e-6)
    assert setting.standard_error == pytest.approx(np.sqrt(9 * setting.mask.sum() + 16) * 1e-9)
    with pytest.raises(InputError, match=r"^calibration must be one that was made with a read-out"):
        trim(banks, ReadOut(full_scale=1e-6).sample(1), found, 4e-6, seed=1)


def test_arrays_are_kept_from_change(banks, sheet):
    found = calibrate(banks, sheet.sample(1), "one-hot", seed=2)
    assert isinstance(found, Calibration)
    for array in (found.values, found.standard_errors, found.dead, found.clipped, found.scale):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_places_and_masks_that_are_not_there(banks, sheet):
    found = calibrate(banks.part(slice(0, 3)), sheet.sample(seed=1), seed=1)
    with pytest.raises(InputError, match=r"^place must be numbers of the 3 banks"):
        found.flat([3])
    with pytest.raises(InputError, match=r"^mask must be of a shape that broadcasts"):
        found.estimate(np.ones((7, 9), np.bool_))
