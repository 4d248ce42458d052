"""Populations follow their laws, however they are drawn."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

import rescircuit as rc
from rescircuit.bank.chips import save_chip
from rescircuit.devices import Empirical, Variation
from rescircuit.errors import InputError
from rescircuit.theory.populations import LAWS, ResistorPopulation, measured_population, population

THESIS = rc.Resistor(nominal=1e6, tolerance=0.2)


def product_law(z):
    """P(a b <= z) of two uniform on [-1, 1]: the density is -log|z| / 2."""
    z = np.clip(z, -1, 1)
    return 0.5 + 0.5 * z * (1 - np.log(np.maximum(np.abs(z), 1e-300)))


LAW_OF = {
    "uniform": stats.uniform(-1, 2).cdf,
    "positive": stats.uniform(0, 1).cdf,
    "normal": stats.norm.cdf,
    "lognormal": stats.lognorm(1.0).cdf,
    "product": product_law,
}


@pytest.mark.parametrize("name", list(LAW_OF))
def test_the_laws(name):
    sample = population(name).items(4, 5000, seed=1).reshape(-1)
    assert stats.kstest(sample, LAW_OF[name]).pvalue > 1e-3


def test_half_of_the_gadgets_are_nothing_and_the_others_are_products():
    sample = population("gadget").items(4, 5000, seed=1).reshape(-1)
    assert (sample == 0).mean() == pytest.approx(0.5, abs=0.015)
    assert stats.kstest(sample[sample != 0], product_law).pvalue > 1e-3


@pytest.mark.parametrize("name", [*LAWS, "resistor"])
def test_samples_do_not_depend_on_the_pieces_they_are_drawn_in(name):
    source = ResistorPopulation(resistor=THESIS) if name == "resistor" else population(name)
    whole = source.items(5, 12, seed=7)
    np.testing.assert_array_equal(source.items(5, 4, seed=7, first=8), whole[8:])
    assert (source.items(5, 12, seed=8) != whole).mean() > 0.4


@pytest.mark.parametrize("name", list(LAWS))
def test_half_of_the_expected_sum_is_the_centre(name):
    source = population(name)
    sums = source.items(6, 20_000, seed=2).sum(axis=1)
    assert 2 * source.centre(6) == pytest.approx(sums.mean(), abs=5 * sums.std() / math.sqrt(20_000))
    assert source.full_scale(6) == pytest.approx(2 * source.centre(6) if source.one_sided else 1.0)


def test_resistors_conduct_their_share_of_the_nominal():
    """Uniform resistances from 0.8 to 1.2: conductances from 1/1.2 to 1/0.8, with mean atanh(a) / a."""
    items = ResistorPopulation(resistor=THESIS).items(8, 4000, seed=3)
    assert items.min() > 1 / 1.2
    assert items.max() < 1 / 0.8
    assert items.mean() == pytest.approx(math.atanh(0.2) / 0.2, abs=0.003)
    np.testing.assert_allclose(stats.kstest((1 / items).reshape(-1), stats.uniform(0.8, 0.4).cdf).pvalue, 0.5, atol=0.5)
    geometric = ResistorPopulation(resistor=THESIS, nominals="geometric").items(8, 4000, seed=3)
    means = geometric.mean(axis=0)
    assert means[:-1] / means[1:] == pytest.approx(np.full(7, 1.7), rel=0.02)
    assert means.sum() == pytest.approx(8 * math.atanh(0.2) / 0.2, rel=0.01)


def test_what_a_chip_shares_is_left_out():
    foundry = rc.load_process("polysilicon").make_resistor(1e6)
    items = ResistorPopulation(resistor=foundry).items(8, 500, seed=1)
    assert 0 < items.std() < 0.05
    same = ResistorPopulation(resistor=rc.Resistor(nominal=1e6, common=0.2, mismatch=0.01)).items(8, 500, seed=1)
    assert same.mean() == pytest.approx(1.0, abs=0.002)


def test_measured_resistors_from_a_file_and_from_a_chip(tmp_path):
    values = 1e4 * np.linspace(0.9, 1.1, 101)
    path = tmp_path / "bench.csv"
    path.write_text("ohm,place\n" + "".join(f"{value!r},3\n" for value in values.tolist()))
    items = measured_population(path, column="ohm").items(6, 3000, seed=1)
    assert set(np.round(1 / items.reshape(-1), 9)) == set(np.round(values / 1e4, 9))
    bank = rc.Bank.sample(THESIS, n=6, seed=4, shape=(8, 8), nominals="geometric")
    save_chip(bank, tmp_path / "chip.zarr")
    factors = bank.resistances.reshape(-1, 6)
    factors = np.round(factors / np.median(factors, axis=0), 9).reshape(-1)
    drawn = measured_population(tmp_path / "chip.zarr", nominals="equal").items(4, 100, seed=1)
    assert set(np.round(1 / drawn.reshape(-1), 9)) <= set(factors)


def test_the_settings_tell_populations_apart():
    found = [population(name).settings() for name in LAWS]
    found += [ResistorPopulation(resistor=rc.Resistor(nominal=1e6, tolerance=t)).settings() for t in (0.1, 0.2)]
    found.append(ResistorPopulation(resistor=THESIS, nominals="geometric").settings())
    assert len({str(each) for each in found}) == len(found)


def test_the_settings_tell_measured_values_apart_though_none_of_the_digest_s_samples_differs():
    values = np.linspace(0.9, 1.1, 100_001)
    other = values.copy()
    other[17] = 0.9  # of so many values that a few samples do not meet it
    laws = [Empirical(factors=each) for each in (values, other)]
    found = [
        ResistorPopulation(resistor=rc.Resistor(nominal=1e6, variation=Variation(local=law)), name="measured")
        for law in laws
    ]
    np.testing.assert_array_equal(*(each.items(8, 64, seed=0) for each in found))
    assert found[0].settings() != found[1].settings()


def test_other_arguments_are_refused(tmp_path):
    few = tmp_path / "few.csv"
    few.write_text("1.0\n1.1\n")
    for call, says in (
        (lambda: population("cauchy"), "population must be one of uniform, positive"),
        (lambda: population("normal").items(0, 1, seed=1), "n must be a whole number from 1"),
        (lambda: ResistorPopulation(resistor=rc.Resistor(nominal=1e6, common=0.1)), "resistor must be one that varies"),
        (lambda: ResistorPopulation(resistor=1e6), "resistor must be a Resistor"),
        (lambda: ResistorPopulation(resistor=THESIS, nominals="binary"), "nominals must be"),
        (lambda: ResistorPopulation(resistor=THESIS, nominals=[1.0, 2.0]), "nominals must be"),
        (lambda: measured_population(few), "few.csv must be a file with at least 100 measured values, got 2"),
        (lambda: measured_population(tmp_path / "chip.zarr", column="ohm"), "column must be left out for a chip"),
    ):
        with pytest.raises(InputError, match=says):
            call()
