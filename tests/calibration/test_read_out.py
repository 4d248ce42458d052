import numpy as np
import pytest

from rescircuit.calibration import ReadOut, Reference
from rescircuit.calibration.amplifier import amplifier_current, amplifier_slope, conductance_at_amplifier
from rescircuit.calibration.error_model import quantiser_bias, reading_variance
from rescircuit.calibration.non_linearity import INL_SPREADS, inl_modes
from rescircuit.errors import InputError


@pytest.mark.parametrize("noise", [0.0, 0.1, 0.3])
@pytest.mark.parametrize("dither", [0.0, 0.5, 1.0, 1.4])
def test_the_quantisers_bias_and_its_noise_are_as_simulated(noise, dither):
    """Currents spread evenly over the codes' places; many averages leave the bias, few the rest of the variance."""
    sheet = ReadOut(adc_bits=10, full_scale=1023.0, headroom=0.0, noise=noise, dither=dither, averages=256)
    assert sheet.step == 1.0
    currents = 500.0 + np.linspace(0.0, 1.0, 400, endpoint=False)[np.newaxis] + 1 / 800
    found, clipped = sheet.sample(1).read(currents, seed=2)
    assert not clipped.any()
    error = np.mean((found - currents) ** 2)
    expected = float(reading_variance(sheet, currents)[0, 0])
    assert error == pytest.approx(expected, rel=0.15)
    assert quantiser_bias(0.0, 0.0) == pytest.approx(1 / 12, rel=1e-12)
    assert quantiser_bias(noise, 1.0) < 1e-12
    few = ReadOut(adc_bits=10, full_scale=1023.0, headroom=0.0, noise=noise, dither=dither)
    many = np.repeat(currents, 40, axis=0)
    error = np.mean((few.sample(1).read(many, seed=3)[0] - many) ** 2)
    assert error == pytest.approx(noise**2 + dither**2 / 12 + 1 / 12, rel=0.05)


def test_noise_alone_dithers_too():
    assert quantiser_bias(0.5, 0.0) == pytest.approx(np.exp(-(np.pi**2)) / (2 * np.pi**2), rel=1e-6)


def test_readings_are_the_same_in_any_chunks(sheet):
    currents = np.linspace(1e-8, 1.2e-6, 60).reshape(5, 12)
    sampled = sheet.sample(4)
    whole, _ = sampled.read(currents, seed=7, start=100)
    parts = [sampled.read(currents[:, k : k + 5], seed=7, start=100 + k)[0] for k in (0, 5, 10)]
    assert np.array_equal(whole, np.concatenate(parts, axis=1))
    other, _ = sampled.read(currents, seed=8, start=100)
    assert not np.array_equal(whole, other)


def test_large_numbers_of_samples_are_read_in_blocks(sheet):
    currents = np.full((1, 3), 5e-7)
    many = sheet.sample(4).with_averages(200_000)
    whole, _ = many.read(currents, seed=7)
    assert np.array_equal(whole[:, 2:], many.read(currents[:, :1], seed=7, start=2)[0])


def test_one_read_out_has_its_errors_for_good(sheet):
    assert np.array_equal(sheet.sample(4, 3).inl_weights, sheet.sample(4, 2, count=4).inl_weights[:, 1:2])
    many = sheet.sample(9, count=4000)
    for name, spread in (("offset", 2e-9), ("gain_error", 1e-3), ("amplifier_offset", 5e-4)):
        assert np.std(getattr(many, name)) == pytest.approx(spread, rel=0.05)
    np.testing.assert_allclose(np.std(many.inl_weights, axis=1), 0.4 * INL_SPREADS, rtol=0.05)
    assert np.std(5e3 / many.amplifier_gain) == pytest.approx(0.1, rel=0.05)
    assert sheet.sample(4).with_range(1e-3).offset == sheet.sample(4).offset


def test_non_linearity_is_zero_at_the_ends_and_one_rms():
    place = np.linspace(0.0, 1.0, 20001)
    modes = inl_modes(place)
    np.testing.assert_allclose(modes[:, [0, -1]], 0.0, atol=1e-14)
    np.testing.assert_allclose(np.mean(modes**2, axis=1), 1.0, rtol=1e-3)
    np.testing.assert_allclose(modes[0], np.abs(1 - (2 * place - 1) ** 2) * -np.sqrt(15 / 8), atol=1e-12)
    assert np.sum(INL_SPREADS**2) == pytest.approx(1.0)


def test_the_amplifiers_law_is_kirchhoffs():
    g, v, r_f, gain, offset = 2e-5, 0.1, 5e4, 800.0, 1e-3
    # Node equations for v_x and v_out, solved as they stand.
    matrix = np.array([[1.0, 1.0 / gain], [-(1.0 + r_f * g), 1.0]])
    _, v_out = np.linalg.solve(matrix, [offset, -r_f * g * v])
    assert amplifier_current(np.array(g), v, r_f, gain, offset) == pytest.approx(-v_out / r_f, rel=1e-12)
    current = amplifier_current(np.array(g), v, r_f, gain, 0.0)
    assert conductance_at_amplifier(current, v, r_f, gain) == pytest.approx(g, rel=1e-12)
    step = 1e-4 * current
    slope = (
        conductance_at_amplifier(current + step, v, r_f, gain) - conductance_at_amplifier(current - step, v, r_f, gain)
    ) / (2 * step)
    assert amplifier_slope(np.array(g), v, r_f, gain) == pytest.approx(slope, rel=1e-6)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("adc_bits", 0),
        ("adc_bits", 12.5),
        ("averages", 0),
        ("noise", -1e-9),
        ("dither", float("nan")),
        ("full_scale", 0.0),
        ("headroom", 2.0),
        ("gain_error", 0.9),
        ("amplifier_gain", 2.0),
        ("zero", "yes"),
        ("reference", 1e5),
    ],
)
def test_bad_datasheets_get_one_line(field, value):
    with pytest.raises(InputError, match=f"^{field} must be") as raised:
        ReadOut(**{field: value})
    assert "\n" not in str(raised.value)


def test_an_amplifier_needs_its_feedback():
    with pytest.raises(InputError, match=r"^feedback must be a resistance"):
        ReadOut(amplifier_offset=1e-3)
    with pytest.raises(InputError, match=r"^amplifier_gain must be given"):
        ReadOut(feedback=1e5, amplifier_gain_spread=0.1)
    with pytest.raises(InputError, match=r"^mismatch must be"):
        Reference(resistance=1e5, mismatch=0.5)
    with pytest.raises(InputError, match=r"^full_scale must be .*fitted_to"):
        ReadOut().sample(1).read(np.ones((1, 1)), seed=1)
