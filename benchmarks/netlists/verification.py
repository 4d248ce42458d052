"""Our solution beside ngspice and the nodal matrix of the text, and several ngspices side by side."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from unittest import mock

import rescircuit as rc
from benchmarks.netlists.sizes import Sizes, array_of, through
from benchmarks.report import apart, seconds, show, table
from rescircuit.spice import run_decks


def tables(sizes: Sizes) -> str:
    """Both of them."""
    return "\n".join([_verification(sizes), _side_by_side(sizes)])


def _verification(sizes: Sizes) -> str:
    """Our solution beside ngspice's and that of the deck's text."""
    work = [(n, samples, "ngspice") for n in sizes.ngspice for samples in sizes.samples]
    work += [(n, samples, "nodal") for n in sizes.ngspice for samples in sizes.samples]
    work += [(n, 1, "nodal") for n in sizes.nodal]
    rows = []
    for n, samples, engine in work:
        cost, memory = apart(_verify_cost, n, samples, engine)
        rows.append(
            [
                *(f"{n} x {n}", f"{samples}", cost.engine, show(cost.ours), show(cost.theirs)),
                *(f"{cost.theirs / cost.ours:,.0f}", show(cost.written)),
                *(show(cost.factorised) if engine == "nodal" else "", show(cost.whole)),
                *(f"{cost.numbers:,}", f"{cost.error:.0e}", f"{cost.limit:.0e}", memory if engine == "nodal" else ""),
            ]
        )
    columns = ["array", "samples", "engine", "our solution", "the engine's", "times slower", "of it the deck"]
    columns += ["of it SuperLU", "verify in all", "numbers compared", "largest difference", "limit", "peak memory"]
    return (
        "## Verification\n\n"
        "`rc.verify(array, voltages=..., engine=...)`. ngspice's time is that of ordering and solving its sparse "
        "matrix, the deck's own is little; that of the nodal engine goes, for large arrays, mostly into the text, "
        "written and read again line by line, and the rest into SuperLU. What `verify` adds is the circuit with its "
        "rule check, our solution and the comparison by name.\n\n" + table(columns, rows)
    )


@dataclass(frozen=True, kw_only=True)
class _VerifyCost:
    """Of one verification; seconds."""

    engine: str
    ours: float
    theirs: float
    written: float
    factorised: float
    whole: float
    numbers: int
    error: float
    limit: float


def _verify_cost(n: int, samples: int, engine: str) -> _VerifyCost:
    from scipy.sparse import linalg

    cells, volts = array_of(n, samples)
    volts = volts if samples > 1 else volts[0]
    rc.verify(rc.Crossbar(cells[:4, :4], 1.0, 1.0), voltages=volts[..., :4], engine=engine)
    factorising, splu = [], linalg.splu

    def timed(*arguments: object, **options: object) -> object:
        start = perf_counter()
        factors = splu(*arguments, **options)
        factorising.append(perf_counter() - start)
        return factors

    array = rc.Crossbar(cells, 1.0, 1.0)
    with mock.patch.object(linalg, "splu", timed):
        start = perf_counter()
        check = rc.verify(array, voltages=volts, engine=engine)
        whole = perf_counter() - start
    if not check.passed:
        raise SystemExit(f"nothing to compare: {check.summary()}")
    return _VerifyCost(
        engine=check.engine,
        ours=seconds(lambda: rc.Crossbar(cells, 1.0, 1.0).solve(volts), 5),
        theirs=check.seconds,
        written=through(check.deck.lines()),
        factorised=sum(factorising),
        whole=whole,
        numbers=check.compared,
        error=check.max_relative_error,
        limit=check.limit,
    )


def _side_by_side(sizes: Sizes) -> str:
    """Several ngspices at a time."""
    count, n = sizes.side_by_side
    arrays = [(rc.Crossbar(array_of(n, seed=seed)[0], 1.0, 1.0), array_of(n, seed=seed)[1]) for seed in range(count)]
    decks = [rc.deck(array, voltages=volts) for array, volts in arrays]
    run_decks(decks[:1])
    written = sum(through(deck.lines()) for deck in decks)
    rows, first = [], 0.0
    for workers in (1, None):
        taken = seconds(partial(run_decks, decks, workers=workers), 3, warm=False)
        first = first or taken
        what = "one at a time" if workers else f"one for each of {os.cpu_count()} processors"
        rows.append([what, show(taken), show(taken / count), f"{first / taken:.2f}"])
    native = seconds(lambda: [rc.Crossbar(array.conductances, 1.0, 1.0).solve(volts) for array, volts in arrays], 5)
    rows.append(["our solution, one after the other", show(native), show(native / count), f"{first / native:,.0f}"])
    return (
        f"## Several decks\n\n"
        f"`run_decks` of {count} decks of {n} x {n}. The bound is ngspice, a program of its own for each deck, and so "
        f"the number of processors; what stays with Python is the text of the decks, {show(written)} in all, and "
        "their results.\n\n" + table(["ngspices", "time", "a deck", "times faster than one at a time"], rows)
    )
