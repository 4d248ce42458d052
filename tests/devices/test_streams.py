"""Random numbers that belong to a place: the same bits in any chunking, and the distributions they claim."""

from __future__ import annotations

from fractions import Fraction
from hashlib import blake2b, sha256
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

import rescircuit as rc
from rescircuit.devices.streams import Stream, exponential, logarithm, normal_quantile

WORD = 2**64 - 1


def philox(counter, key):
    """Philox-4x64 with ten rounds in unbounded integers, after Salmon et al. 2011, section 3.3."""
    c = [counter >> 64 * k & WORD for k in range(4)]
    k = [key & WORD, key >> 64]
    for _ in range(10):
        a, b = 0xD2E7470EE14C6C93 * c[0], 0xCA5A826395121157 * c[2]
        c = [(b >> 64) ^ c[1] ^ k[0], b & WORD, (a >> 64) ^ c[3] ^ k[1], a & WORD]
        k = [(k[0] + 0x9E3779B97F4A7C15) & WORD, (k[1] + 0xBB67AE8584CAA73B) & WORD]
    return c


def key_of(seed, chip, source):
    return int.from_bytes(blake2b(f"{seed}/{chip}/{source}".encode(), digest_size=16).digest(), "little")


# Known answers of the Random123 library (kat_vectors, philox4x64 10): counter, key, words.
KNOWN_ANSWERS = [
    (0, 0, "16554d9eca36314c db20fe9d672d0fdc d7e772cee186176b 7e68b68aec7ba23b"),
    (2**256 - 1, 2**128 - 1, "87b092c3013fe90b 438c3c67be8d0224 9cc7d7c69cd777b6 a09caebf594f0ba0"),
]


@pytest.mark.parametrize(("counter", "key", "words"), KNOWN_ANSWERS)
def test_the_reference_gives_the_known_answers(counter, key, words):
    assert philox(counter, key) == [int(word, 16) for word in words.split()]


@pytest.mark.parametrize("start", [0, 1, 3, 4, 1_000_003, 2**40 + 2, 2**66 - 3, 2**70 + 1])
def test_words_are_philox_of_the_index(start):
    """Word k of a counter step belongs to cell 4 * step + k; NumPy counts its steps from one."""
    stream = Stream(seed=42, chip=7, source="resistor.mismatch")
    key = key_of(42, 7, "resistor.mismatch")
    cells = range(start, start + 9)
    expected = [philox(cell // 4 + 1, key)[cell % 4] for cell in cells]
    assert stream.words(9, start).tolist() == expected


def test_words_are_numpys_own_stream():
    """From cell 0 on they are what NumPy's generator gives for the same key, undisturbed."""
    stream = Stream(seed=3, source="a")
    assert np.array_equal(stream.words(1001), np.random.Philox(key=key_of(3, 0, "a")).random_raw(1001))


# Bits of the first two values from a start on. They are a promise to everyone who has noted a seed: a change here
# changes every chip that anyone has sampled.
GOLDEN = [
    (
        {"seed": 0, "chip": 0, "source": "resistor.common"},
        0,
        ["0x475e22f3efbbb968", "0x474f0d97fb3950a2"],
        ["0x1.1d788bcfbeeeep-2", "0x1.1d3c365fece56p-2"],
        ["-0x1.2c45ad9cdcbf4p-1", "-0x1.2c9f80a9c02fep-1"],
    ),
    (
        {"seed": 7, "chip": 0, "source": "resistor.mismatch"},
        5,
        ["0x6d7515a3d58c9e0e", "0x561706bddeff2071"],
        ["0x1.b5d4568f56326p-2", "0x1.585c1af77bfcap-2"],
        ["-0x1.75e71e7d0a51ap-3", "-0x1.b0c1701c26c40p-2"],
    ),
    (
        {"seed": 2**128 - 1, "chip": 2**32 - 1, "source": "Ω"},
        2**40 + 3,
        ["0xf52a06e174ef4a9d", "0xdbe993a9fc130ea0"],
        ["0x1.ea540dc2e9de9p-1", "0x1.b7d32753f8261p-1"],
        ["0x1.b96b460c6e7a3p+0", "0x1.1373b422f1a22p+0"],
    ),
]


@pytest.mark.parametrize(("place", "start", "words", "uniforms", "normals"), GOLDEN)
def test_a_seed_keeps_its_bits(place, start, words, uniforms, normals):
    stream = Stream(**place)
    assert [hex(word) for word in stream.words(2, start).tolist()] == words
    assert [value.hex() for value in stream.uniform(2, start).tolist()] == uniforms
    assert [value.hex() for value in stream.normal(2, start).tolist()] == normals


def test_a_hundred_thousand_normal_values_keep_their_bits():
    """One digest for all: a last bit that differs on another machine or with another library is noticed."""
    values = Stream(seed=1, chip=2, source="test").normal(100_000)
    digest = "fcbf63ba0bdd352c2b6c9e3d7faefff04b906e83153cb4b58d7a0f88e885e82d"
    assert sha256(values.astype("<f8").tobytes()).hexdigest() == digest


@settings(max_examples=150)
@given(st.integers(0, 2**70), st.lists(st.integers(0, 13), min_size=1, max_size=8), st.integers(0, 2**128 - 1))
def test_the_same_bits_in_any_chunking(start, counts, seed):
    stream = Stream(seed=seed, chip=1, source="x")
    starts = [start + sum(counts[:k]) for k in range(len(counts))]
    for draw in (stream.words, stream.uniform, stream.normal):
        whole = draw(sum(counts), start)
        pieces = np.concatenate([draw(count, first) for count, first in zip(counts, starts, strict=True)])
        assert whole.shape == (sum(counts),)
        assert np.array_equal(whole, pieces)


def test_other_seeds_chips_and_sources_give_other_words():
    """Every pair of streams: no word in common, no correlation beyond chance (four standard errors)."""
    places = [
        {"seed": 1, "chip": 1, "source": "a"},
        {"seed": 2, "chip": 1, "source": "a"},
        {"seed": 1, "chip": 2, "source": "a"},
        {"seed": 1, "chip": 1, "source": "b"},
        {"seed": 11, "chip": 1, "source": "a"},  # the digits of seed and chip must not run together
        {"seed": 1, "chip": 11, "source": "a"},
        {"seed": 0, "chip": 0, "source": "a"},
        {"seed": 2**64 + 1, "chip": 1, "source": "a"},  # no seed is cut to 64 bits
    ]
    streams = [Stream(**place) for place in places]
    words = [set(stream.words(5000).tolist()) for stream in streams]
    assert len(set().union(*words)) == 5000 * len(places)
    correlations = np.corrcoef([stream.uniform(20_000) for stream in streams])
    assert np.abs(correlations - np.eye(len(places))).max() < 4 / np.sqrt(20_000)


def test_a_numpy_seed_is_the_same_seed():
    seed: Any = np.int64(5)
    assert np.array_equal(Stream(seed=seed, source="a").words(4), Stream(seed=5, source="a").words(4))


def test_uniform_is_uniform():
    values = Stream(seed=1, source="test").uniform(50_000)
    assert stats.kstest(values, "uniform").pvalue > 0.01
    assert abs(np.corrcoef(values[1:], values[:-1])[0, 1]) < 4 / np.sqrt(50_000)  # neighbours are independent


def test_normal_is_normal():
    values = Stream(seed=1, source="test").normal(50_000)
    assert stats.kstest(values, "norm").pvalue > 0.01
    assert stats.kurtosis(values) == pytest.approx(0.0, abs=4 * np.sqrt(24 / 50_000))


def test_uniform_values_are_exact_odd_multiples_inside_the_open_interval():
    stream = Stream(seed=9, source="x")
    for word, value in zip(stream.words(200).tolist(), stream.uniform(200).tolist(), strict=True):
        assert Fraction(value) == Fraction(2 * (word >> 12) + 1, 2**53)


def test_the_extreme_words_stay_inside_the_open_interval(monkeypatch):
    """All zeros and all ones: a 0 or a 1 would be an infinite normal value."""
    monkeypatch.setattr(Stream, "words", lambda *_: np.array([0, WORD], dtype=np.uint64))
    stream = Stream(seed=0, source="x")
    assert stream.uniform(2).tolist() == [2.0**-53, 1.0 - 2.0**-53]
    low, high = stream.normal(2).tolist()
    assert low == -high
    assert high == pytest.approx(special.ndtri(1 - 2.0**-53), rel=1e-14)


PROBABILITIES = np.concatenate(
    [
        np.linspace(1e-6, 1 - 1e-6, 20_001),
        np.logspace(-16, -0.31, 4001),
        1 - np.logspace(-15.9, -0.31, 4001),
        0.5 + np.outer([-1, 1], 2.0 ** -np.arange(2, 53)).ravel(),
        # where one approximation hands over to the next, and the bits beside
        *(np.nextafter(edge, [0.0, edge, 1.0]) for edge in (0.075, 0.925, np.exp(-25.0), 1 - np.exp(-25.0))),
        [2.0**-53, 1 - 2.0**-53],
    ]
)


def test_normal_quantile_equals_scipys():
    """SciPy's comes from Cephes, other coefficients than Wichura's. The tails reach the last float below one."""
    assert normal_quantile(PROBABILITIES) == pytest.approx(special.ndtri(PROBABILITIES), rel=1e-14, abs=0)


def test_normal_quantile_far_out():
    tiny = np.logspace(-300, -16, 500)
    assert normal_quantile(tiny) == pytest.approx(special.ndtri(tiny), rel=1e-14, abs=0)


def test_normal_quantile_at_tabulated_values():
    """0.975 and 0.995 as in any table of the normal distribution, to the digits of Abramowitz and Stegun 26.2."""
    values = normal_quantile(np.array([0.5, 0.975, 0.995]))
    assert values[0] == 0.0
    assert values[1:] == pytest.approx([1.959963984540054, 2.5758293035489004], rel=1e-15)


@settings(max_examples=200)
@given(st.integers(1, 2**52))
def test_normal_quantile_is_odd_to_the_last_bit(k):
    p = np.array([k * 2.0**-53])  # 1 - p is a float, too
    assert normal_quantile(1.0 - p)[0] == -normal_quantile(p)[0]


def test_normal_quantile_keeps_its_bits_in_the_tails():
    """Exact probabilities from 1e-303 to the last float below 1, digested as first computed, all branches at once."""
    p = np.outer(2.0 ** -np.arange(1, 1001), np.arange(1, 64) / 64.0).ravel()
    values = normal_quantile(np.concatenate([p, 1.0 - p[p > 2.0**-52]]))
    digest = "8f58236ce7518e1558697db34dffef6665a409128a0b341053f37302910c6017"
    assert sha256(values.astype("<f8").tobytes()).hexdigest() == digest


@pytest.mark.parametrize("function", [normal_quantile, exponential, logarithm])
def test_portable_functions_are_elementwise(function):
    """Over several of the blocks that they work in, and in any shape."""
    x = Stream(seed=1, source="x").uniform(20_000)
    whole = function(x)
    assert np.array_equal(whole[:100], [float(function(np.array([value]))[0]) for value in x[:100]])
    assert np.array_equal(whole, np.concatenate([function(x[:8191]), function(x[8191:])]))
    assert np.array_equal(function(x.reshape(2, 100, 100)), whole.reshape(2, 100, 100))
    assert np.array_equal(function(x[::2]), whole[::2])
    assert function(x[0]).shape == ()
    assert function(x[:0]).shape == (0,)


def test_exponential_equals_the_librarys():
    x = np.concatenate([np.linspace(-700, 700, 20_001), np.linspace(-1, 1, 20_001), 2.0 ** -np.arange(1, 1000)])
    assert exponential(x) == pytest.approx(np.exp(x), rel=5e-16, abs=0)


def test_exponential_keeps_its_bits():
    digest = "d57d29bc81df3cb371fa038a5aa4270f79854cae627d253fbee8d7de08d82996"
    assert sha256(exponential(np.arange(-5000, 5001) / 128).astype("<f8").tobytes()).hexdigest() == digest


def test_exponential_at_its_ends():
    """Subnormal numbers, zero below them, and 1 to the last bit at 0."""
    values = exponential(np.array([-np.inf, -1e9, -746.0, -745.0, -720.0, 0.0, 709.0]))
    assert values.tolist() == pytest.approx([0, 0, 0, 5e-324, np.exp(-720.0), 1, np.exp(709.0)], rel=5e-16, abs=0)
    assert values[5] == 1.0


def test_logarithm_equals_the_librarys():
    near_one = 1.0 + np.outer([-0.25, 1.0], 2.0 ** -np.arange(2, 50)).ravel()
    x = np.concatenate([np.logspace(-307, 308, 20_001), near_one, [5e-324, 1e-310]])
    assert logarithm(x) == pytest.approx(np.log(x), rel=1e-15, abs=0)
    assert logarithm(np.array([1.0]))[0] == 0.0


@pytest.mark.parametrize(
    ("place", "says"),
    [
        ({"seed": -1}, "seed must be a whole number from 0 to"),
        ({"seed": 2**128}, "seed must be a whole number from 0 to"),
        ({"seed": 1.0}, "seed must be a whole number"),
        ({"seed": True}, "seed must be a whole number"),
        ({"seed": None}, "seed must be a whole number"),
        ({"seed": 0, "chip": -1}, "chip must be a whole number from 0 to 4294967295"),
        ({"seed": 0, "chip": 2**32}, "chip must be a whole number from 0 to 4294967295"),
    ],
)
def test_other_seeds_and_chips_are_refused(place, says):
    with pytest.raises(rc.InputError, match=says):
        Stream(source="x", **place)


@pytest.mark.parametrize("draw", ["words", "uniform", "normal"])
@pytest.mark.parametrize(
    ("count", "start", "says"),
    [(-1, 0, "count must be"), (2.5, 0, "count must be"), (1, -1, "start must be"), (1, 0.5, "start must be")],
)
def test_other_counts_and_starts_are_refused(draw, count, start, says):
    with pytest.raises(rc.InputError, match=says):
        getattr(Stream(seed=0, source="x"), draw)(count, start)
