"""Laws of variation: moments and Kolmogorov-Smirnov at fixed seeds, and measured values from files of strangers."""

from __future__ import annotations

import math
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import rescircuit as rc
from rescircuit.devices.laws import Empirical, LogNormal, Normal, Truncated, Uniform, is_law
from rescircuit.devices.streams import Stream

COUNT = 50_000
MEASURED = np.array([0.8, 0.9, 0.9, 1.0, 1.05, 1.3])


def draw(law, count=COUNT, seed=5):
    return law.factors(Stream(seed=seed, source="law").uniform(count))


def truncated_normal(sigma, within):
    return stats.truncnorm(-within / sigma, within / sigma, loc=1.0, scale=sigma)


def truncated_lognormal(sigma, within):
    """The cumulative distribution of a lognormal restricted to 1 ± within."""
    whole = stats.lognorm(s=sigma)
    low, high = whole.cdf([1.0 - within, 1.0 + within])
    return lambda x: np.clip((whole.cdf(x) - low) / (high - low), 0.0, 1.0)


CONTINUOUS = {
    "uniform": (Uniform(half_width=0.2), stats.uniform(0.8, 0.4).cdf, 1.0, 0.2 / math.sqrt(3)),
    "normal": (Normal(sigma=0.03), stats.norm(1.0, 0.03).cdf, 1.0, 0.03),
    "lognormal": (
        LogNormal(sigma=0.4),
        stats.lognorm(s=0.4).cdf,
        stats.lognorm(s=0.4).mean(),
        stats.lognorm(s=0.4).std(),
    ),
    "truncated normal": (
        Truncated(law=Normal(sigma=0.05), within=0.07),
        truncated_normal(0.05, 0.07).cdf,
        1.0,
        truncated_normal(0.05, 0.07).std(),
    ),
    "truncated uniform": (
        Truncated(law=Uniform(half_width=0.2), within=0.1),
        stats.uniform(0.9, 0.2).cdf,
        1.0,
        0.1 / math.sqrt(3),
    ),
}


@pytest.mark.parametrize(("law", "cdf", "mean", "spread"), CONTINUOUS.values(), ids=CONTINUOUS)
def test_samples_follow_their_law(law, cdf, mean, spread):
    values = draw(law)
    assert stats.kstest(values, cdf).pvalue > 0.01
    assert values.mean() == pytest.approx(mean, abs=4 * spread / math.sqrt(COUNT))
    error = 4 * math.sqrt((stats.kurtosis(values) + 2) / (4 * COUNT))  # four standard errors of a standard deviation
    assert values.std() == pytest.approx(spread, rel=error)
    assert law.spread == pytest.approx(spread, rel=1e-4)


def test_a_truncated_skew_law():
    law = Truncated(law=LogNormal(sigma=0.3), within=0.4)
    values = draw(law)
    assert stats.kstest(values, truncated_lognormal(0.3, 0.4)).pvalue > 0.01
    assert 0.6 <= values.min() < 0.601
    assert 1.399 < values.max() <= 1.4
    assert law.spread == pytest.approx(values.std(), rel=0.02)


@pytest.mark.parametrize("within", [0.005, 0.02, 0.05, 0.3])
def test_truncation_keeps_the_mass_inside_its_limits(within):
    """Of an untruncated sample the part within the limits, erf(w / (s sqrt 2)), is distributed as the truncated one."""
    law = Normal(sigma=0.02)
    all_values = draw(law)
    inside = all_values[np.abs(all_values - 1) <= within]
    mass = math.erf(within / (0.02 * math.sqrt(2)))
    assert inside.size / COUNT == pytest.approx(mass, abs=4 * math.sqrt(mass * (1 - mass) / COUNT))
    passed = draw(Truncated(law=law, within=within), seed=6)
    assert np.abs(passed - 1).max() <= within * (1 + 1e-12)
    assert stats.ks_2samp(passed, inside).pvalue > 0.01


def test_a_limit_that_all_pass_changes_next_to_nothing():
    assert draw(Truncated(law=Uniform(half_width=0.1), within=0.5)) == pytest.approx(
        draw(Uniform(half_width=0.1)), rel=1e-15
    )


def test_truncation_of_measured_factors_keeps_those_inside():
    law = Truncated(law=Empirical(factors=MEASURED), within=0.11)
    values, counts = np.unique(draw(law), return_counts=True)
    assert values.tolist() == [0.9, 1.0, 1.05]
    assert counts / COUNT == pytest.approx([0.5, 0.25, 0.25], abs=4 * math.sqrt(0.25 / COUNT))


def test_measured_factors_come_as_often_as_they_were_measured():
    law = Empirical(factors=MEASURED[::-1])
    values, counts = np.unique(draw(law), return_counts=True)
    assert values.tolist() == [0.8, 0.9, 1.0, 1.05, 1.3]
    assert counts / COUNT == pytest.approx(np.array([1, 2, 1, 1, 1]) / 6, abs=4 * math.sqrt(0.25 / COUNT))
    assert law.spread == pytest.approx(MEASURED.std(), rel=1e-12)


LAWS = [
    Uniform(half_width=0.3), Normal(sigma=0.05), LogNormal(sigma=1.0), Truncated(law=LogNormal(sigma=1.0), within=0.2),
    Empirical(factors=MEASURED),
]  # fmt: skip


@pytest.mark.parametrize("law", LAWS, ids=lambda law: type(law).__name__)
@settings(max_examples=40)
@given(st.lists(st.integers(0, 2**52 - 1), min_size=2, max_size=12))
def test_factors_are_positive_and_rise_with_the_uniforms(law, cells):
    uniforms = (np.sort(np.array([0, *cells, 2**52 - 1])) + 0.5) * 2.0**-52
    values = law.factors(uniforms)
    assert (values > 0).all()
    assert (np.diff(values) >= -4e-16 * values[1:]).all()  # where approximations meet, by an ulp
    assert np.array_equal(law.factors(uniforms.reshape(1, -1)), values[np.newaxis])
    assert law.factors(uniforms[:0]).shape == (0,)


@pytest.mark.parametrize("law", [Uniform(half_width=0.0), Normal(sigma=0.0), LogNormal(sigma=0.0)])
def test_no_variation_is_a_factor_of_one(law):
    assert (draw(law, 100) == 1.0).all()
    assert law.spread == 0.0


def test_sampled_bits_are_the_same_on_any_machine():
    assert [value.hex() for value in draw(LogNormal(sigma=0.25), 2).tolist()] == [
        "0x1.8f30b8338f256p-1",
        "0x1.3575552826e99p-1",
    ]
    assert [value.hex() for value in draw(Truncated(law=Normal(sigma=0.05), within=0.05), 2).tolist()] == [
        "0x1.f0224897dc9f6p-1",
        "0x1.e7f15f3a38d52p-1",
    ]


def test_what_a_law_is():
    assert all(map(is_law, LAWS))
    assert not any(map(is_law, [None, 0.2, Uniform, "uniform"]))


def test_measured_factors_cannot_be_changed():
    mine = MEASURED.copy()
    law = Empirical(factors=mine)
    mine[0] = 7.0
    assert law.measured[0] == 0.8
    with pytest.raises(ValueError, match="read-only"):
        law.measured[0] = 1.0
    with pytest.raises(FrozenInstanceError):
        law.measured = mine


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (
            lambda: Uniform(half_width=1.0),
            "half_width must be a relative half-width of at least 0 and below 1, such as",
        ),
        (lambda: Uniform(half_width=-0.1), "half_width must be"),
        (lambda: Uniform(half_width="20%"), "half_width must be"),
        (
            lambda: Normal(sigma=0.13),
            "sigma must be a relative standard deviation .* got 0.13. For a wider variation, use",
        ),
        (lambda: Normal(sigma=math.nan), "sigma must be"),
        (lambda: LogNormal(sigma=3.0), "sigma must be a standard deviation of the logarithm"),
        (lambda: Truncated(law=0.2, within=0.1), r"law must be a law such as Normal\(sigma=0.05\), got 0.2"),
        (lambda: Truncated(law=Normal, within=0.1), "law must be a law"),
        (lambda: Truncated(law=Normal(), within=0.0), "within must be a relative deviation above 0 and below 1"),
        (lambda: Truncated(law=Normal(), within=1.0), "within must be"),
        (lambda: Truncated(law=Empirical(factors=[0.5, 2.0]), within=0.1), "within must be wide enough .* raise it"),
        (lambda: Empirical(factors=[1.0, -1.0]), "factors at index 1 must be finite numbers above 0"),
        (lambda: Empirical(factors=[]), "factors must be"),
        (lambda: Empirical(factors=1.0), r"factors must be of one dimension, got shape \(\)"),
        (lambda: Empirical(factors=[[1.0, 2.0]]), "factors must be of one dimension"),
    ],
)
def test_fields_outside_their_range_are_refused(make, says):
    with pytest.raises(rc.InputError, match=says) as caught:
        make()
    assert "\n" not in str(caught.value)


@pytest.fixture
def csv(tmp_path):
    def write(text):
        path = tmp_path / "bench.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("900\n1000\n1200\n", None),
        ("900\n1000\n1200", 0),
        ("# my bench\n\nresistance\n900 # the first\n1000\n1200\n", None),
        ("resistance\r\n900\r\n1e3\r\n1.2e3\r\n", "resistance"),
        ("die,resistance\n1,900\n2,1000\n3,1200\n", "resistance"),
        ("die,resistance\n1,900\n2,1000\n3,1200\n", 1),
        ('name,resistance\n"R1, left",900\nR2, 1000\nR3,1200\n', "resistance"),
        ("\ufeffresistance\n1200\n1000\n900\n", "resistance"),
        ("1,900\n2,1000\n3,1200\n", 1),
    ],
)
def test_a_column_of_a_file(csv, text, column):
    law = Empirical.from_csv(csv(text), column)
    assert law.measured == pytest.approx([0.9, 1.0, 1.2], rel=1e-15)


@pytest.mark.parametrize(
    ("text", "column", "says"),
    [
        ("", None, "bench.csv must be numbers, at least one, got 'an empty file'"),
        ("resistance\n", None, "bench.csv must be numbers, at least one, below its header"),
        ("900\n1000x\n", None, "bench.csv, line 2 must be a finite number above 0, got '1000x'"),
        ("9OO\n1000\n", None, "bench.csv, line 1 must be a finite number above 0, got '9OO'"),
        ("R\n900\n-1\n", None, "bench.csv, line 3 must be a finite number above 0, got '-1'"),
        ("nan\n900\n", None, "bench.csv, line 1 must be a finite number above 0, got 'nan'"),
        ("R\n1_000\n", None, "bench.csv, line 2 must be a finite number above 0, got '1_000'"),
        ("R\n1e999\n", None, "bench.csv, line 2 must be a finite number above 0, got '1e999'"),
        ("die,R\n1,900\n2\n", "R", "bench.csv, line 3 must be 2 cells, as the lines before, got '1 cells'"),
        ("die,R\n1,900\n2,\n", "R", "bench.csv, line 3 must be a finite number above 0, got ''"),
        ("die,R\n1,900\n", None, r"column must be given, as bench.csv has several \(die, R\), got None"),
        ("die,R\n1,900\n", "G", r"column must be the name of one column of bench.csv \(die, R\), got 'G'"),
        ("R,R\n1,900\n", "R", "column must be the name of one column"),
        ("1,900\n", "R", r"column must be the name of one column of bench.csv \(2 columns without a header\), got 'R'"),
        ("die,R\n1,900\n", 2, "column must be a whole number from 0 to 1, got 2. bench.csv has die, R."),
        ("die,R\n1,900\n", True, "column must be a whole number"),
        ("die,R\n1,900\n", 0.5, "column must be a whole number"),
        ('die,R\n"1,900\n', "R", "bench.csv, line 2 must be cells with commas between them"),
        (b"R\n\xff\xfe\n", None, "file must be a readable text file, .* It is not text in UTF-8"),
    ],
)
def test_other_files_are_refused_in_one_line(csv, text, column, says):
    with pytest.raises(rc.InputError, match=says) as caught:
        Empirical.from_csv(csv(text), column)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(rc.InputError, match=r"file must be a readable text file, .* No such file"):
        Empirical.from_csv(tmp_path / "none.csv")
    with pytest.raises(rc.InputError, match=r"file must be a readable text file, .* Is a directory"):
        Empirical.from_csv(tmp_path)


@settings(max_examples=150)
@given(
    data=st.one_of(
        st.binary(max_size=40), st.text(alphabet='0123456789.,-eE#"\n\r abnif_\0', max_size=40).map(str.encode)
    )
)
def test_any_bytes_are_read_or_refused(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("bytes") / "bench.csv"
    path.write_bytes(data)
    try:
        law = Empirical.from_csv(path)
    except rc.InputError as error:
        assert "\n" not in str(error)
    else:
        assert (law.measured > 0).all()
