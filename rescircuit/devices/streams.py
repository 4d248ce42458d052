"""Random numbers that belong to a place on a chip, not to the order in which they were drawn.

A value is a function of the seed, the chip, the source of variation (a name) and the cell's global index. It is
therefore the same on any machine, in any chunking and with any number of workers: a chip of a million cells may
be sampled whole, in pieces, or one cell at a time. The generator is Philox-4x64 (Salmon et al., "Parallel
random numbers: as easy as 1, 2, 3", 2011), whose counter is the index.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from rescircuit.checks import Array, whole_number

__all__ = ["Stream", "exponential", "logarithm", "normal_quantile"]

_WORDS = 4  # Philox-4x64 gives four 64-bit words a counter step
_BLOCK = 8192  # numbers worked on at once


@dataclass(frozen=True, kw_only=True)
class Stream:
    """One source of variation on one chip.

    Parameters
    ----------
    seed : int
        The seed of the whole experiment, 0 to 2**128 - 1.
    chip : int
        Which chip (die); its variation is independent of the other chips'.
    source : str
        Name of the source, such as ``"resistor.mismatch"``; sources are independent of each other.
    """

    seed: int
    chip: int = 0
    source: str

    def __post_init__(self) -> None:
        whole_number("seed", self.seed, 0, 2**128 - 1)
        whole_number("chip", self.chip, 0, 2**32 - 1)

    def words(self, count: int, start: int = 0) -> NDArray[np.uint64]:
        """Random 64-bit words of the cells `start` to `start + count - 1`, shape (count,)."""
        count, start = whole_number("count", count, 0), whole_number("start", start, 0)
        name = f"{self.seed}/{self.chip}/{self.source}".encode()
        key = np.frombuffer(blake2b(name, digest_size=16).digest(), dtype="<u8").astype(np.uint64)
        generator = np.random.Philox(key=key, counter=start // _WORDS)
        skip = start % _WORDS
        return generator.random_raw(skip + count)[skip:]

    def uniform(self, count: int, start: int = 0) -> Array:
        """Uniform on the open interval (0, 1), shape (count,): odd multiples of 2**-53."""
        return ((self.words(count, start) >> np.uint64(12)).astype(np.float64) + 0.5) * 2.0**-52

    def normal(self, count: int, start: int = 0) -> Array:
        """Standard normal, shape (count,), by inversion: one word a value, whatever the chunking."""
        return normal_quantile(self.uniform(count, start))


# Coefficients of algorithm AS 241, function PPND16 (Wichura, Applied Statistics 37, 1988), highest power first.
_CENTRE = (
    (2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457,
     13731.693765509461125, 1971.5909503065514427, 133.14166789178437745, 3.387132872796366608),
    (5226.495278852854561, 28729.085735721942674, 39307.89580009271061, 21213.794301586595867,
     5394.1960214247511077, 687.1870074920579083, 42.313330701600911252, 1.0),
)  # fmt: skip
_NEAR_TAIL = (
    (7.7454501427834140764e-4, 0.0227238449892691845833, 0.24178072517745061177, 1.27045825245236838258,
     3.64784832476320460504, 5.7694972214606914055, 4.6303378461565452959, 1.42343711074968357734),
    (1.05075007164441684324e-9, 5.475938084995344946e-4, 0.0151986665636164571966, 0.14810397642748007459,
     0.68976733498510000455, 1.6763848301838038494, 2.05319162663775882187, 1.0),
)  # fmt: skip
_FAR_TAIL = (
    (2.01033439929228813265e-7, 2.71155556874348757815e-5, 0.0012426609473880784386, 0.026532189526576123093,
     0.29656057182850489123, 1.7848265399172913358, 5.4637849111641143699, 6.6579046435011037772),
    (2.04426310338993978564e-15, 1.4215117583164458887e-7, 1.8463183175100546818e-5, 7.868691311456132591e-4,
     0.0148753612908506148525, 0.13692988092273580531, 0.59983220655588793769, 1.0),
)  # fmt: skip

_ARTANH = tuple(1.0 / k for k in range(21, 0, -2))
_TAYLOR = tuple(1.0 / math.factorial(k) for k in range(13, -1, -1))
_LN2_HIGH = 0.693147180369123816490  # its last 21 bits are zero, so that its multiples are exact
_LN2_LOW = 1.90821492927058770002e-10


def normal_quantile(probability: Array) -> Array:
    """The standard normal quantile of `probability` in (0, 1), same shape, to about 1e-15.

    Libraries compute it with their platform's logarithm and fused operations, whose last bits differ between
    machines. Here every step is a correctly rounded operation of IEEE 754 in a fixed order, so that a seed gives
    the same bits everywhere (algorithm AS 241, Wichura 1988).
    """
    return _in_blocks(_normal_quantile, probability)


def logarithm(x: Array) -> Array:
    """The natural logarithm of finite numbers above 0, same shape, to about 1e-15, the same bits on any machine.

    Additions, multiplications and divisions alone: 2 artanh((m - 1) / (m + 1)) of the mantissa.
    """
    return _in_blocks(_logarithm, x)


def exponential(x: Array) -> Array:
    """e to the power of `x`, same shape, to about 1e-15, the same bits on any machine.

    Additions and multiplications alone: Taylor's series of what is left of `x` beside a multiple of ln 2.
    """
    return _in_blocks(_exponential, x)


def _in_blocks(function: Callable[[Array], Array], values: Array) -> Array:
    """An elementwise function, block by block, so that what it keeps in between stays in the processor's cache."""
    values = np.asarray(values, dtype=np.float64)
    flat, result = values.ravel(), np.empty(values.size)
    for first in range(0, values.size, _BLOCK):
        result[first : first + _BLOCK] = function(flat[first : first + _BLOCK])
    return result.reshape(values.shape)


def _normal_quantile(probability: Array) -> Array:
    q = probability - 0.5
    result = q * _ratio(_CENTRE, 0.180625 - q * q)
    outside = np.flatnonzero(np.abs(q) > 0.425)
    probability, q = probability[outside], q[outside]
    r = np.sqrt(-_logarithm(np.minimum(probability, 1.0 - probability)))
    outer = _ratio(_NEAR_TAIL, r - 1.6)
    far = np.flatnonzero(r > 5.0)
    if far.size:
        outer[far] = _ratio(_FAR_TAIL, r[far] - 5.0)
    result[outside] = np.copysign(outer, q)
    return result


def _ratio(coefficients: tuple[tuple[float, ...], tuple[float, ...]], x: Array) -> Array:
    """A ratio of two polynomials."""
    numerator, denominator = (_polynomial(side, x) for side in coefficients)
    numerator /= denominator
    return numerator


def _polynomial(coefficients: tuple[float, ...], x: Array) -> Array:
    """A polynomial, highest power first, by Horner's rule."""
    value = np.full_like(x, coefficients[0])
    for coefficient in coefficients[1:]:
        value *= x
        value += coefficient
    return value


def _logarithm(x: Array) -> Array:
    mantissa, exponent = np.frexp(x)
    small = mantissa < 0.7071067811865476  # bring the mantissa to [sqrt(1/2), sqrt(2))
    mantissa = np.where(small, 2.0 * mantissa, mantissa)
    exponent = (exponent - small).astype(np.float64)
    z = (mantissa - 1.0) / (mantissa + 1.0)  # |z| <= 0.172: the term in z**23 is below 1e-18
    return exponent * 0.6931471805599453 + 2.0 * z * _polynomial(_ARTANH, z * z)


def _exponential(x: Array) -> Array:
    x = np.clip(x, -746.0, 710.0)  # beyond, the result is 0 or infinity
    powers = np.rint(x * 1.4426950408889634)
    rest = (x - powers * _LN2_HIGH) - powers * _LN2_LOW  # |rest| <= 0.347: the term of order 14 is below 1e-17
    return np.ldexp(_polynomial(_TAYLOR, rest), powers.astype(np.int32))
