"""Random resistors pruned by training, against banks programmed to a trained network, and against memristors.

The thesis (da Cunha 2023, section 1.3.5) proposes to select weights by training which of them stay, and has no figures
for it. Here perceptrons of several sizes are put onto the same kind of array in all three ways, with wires and without,
and laid beside each other by what they take: devices at the crossings, and bits of memory for their switches.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from rescircuit.datasets import load_mnist
from rescircuit.reproductions.pruned_cases import Arrays, Bench, Case, Way
from rescircuit.reproductions.runs import Reproduction, Run
from rescircuit.tables import Table, spread

__all__ = ["FULL", "QUICK", "REPRODUCTION", "Plan", "PrunedOnChip", "run_plan"]

_NAME = "pruned-on-chip"
_STAGES = {
    "without_wires": "without wires",
    "with_wires": "with wires",
    "made_up": "with wires, made up for",
}
_FAMILIES = {"pruned": 0, "banks": 1, "memristors": 2}
_KINDS = {"pruned": "pruned resistors", "banks": "programmed banks", "memristors": "memristors"}
_SINGLE = (Way(kind="pruned", signs="column"), Way(kind="pruned", signs="differential"))
_SMALL_BANKS = tuple(Way(kind="pruned", signs="column", bank_size=n) for n in (2, 4))
_PROGRAMMED = (*(Way(kind="banks", bank_size=n) for n in (2, 3, 4, 6, 8, 12)), Way(kind="memristors"))
_HIDDEN = (25, 50, 100, 200, 500)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is measured.

    Attributes
    ----------
    arrays : Arrays
    epochs : int
        Of training, whether of masks or of weights.
    training_images : int
    sizes : tuple of (Way, tuple of int)
        Ways, and the units of the hidden layers that they are tried with.
    resistance : float
        Of all resistors of a bank side by side, ohm: the nominal of each is as many times that as the bank has, so that
        all arrays carry about the same currents.
    in_the_loop : tuple of Case
        Networks that are pruned with the hardware in the loop, of which some have resistors that feel the wires more.
    """

    arrays: Arrays = Arrays()  # noqa: RUF009 - frozen
    epochs: int = 6
    training_images: int = 60_000
    sizes: tuple[tuple[Way, tuple[int, ...]], ...] = (
        *((way, _HIDDEN) for way in _SINGLE),
        *((way, _HIDDEN[:-1]) for way in _SMALL_BANKS),
        *((way, _HIDDEN) for way in _PROGRAMMED),
    )
    resistance: float = 100e3
    in_the_loop: tuple[Case, ...] = tuple(
        Case(way=way, hidden=500, nominal=nominal)
        for way, nominals in zip(_SINGLE, ((100e3, 30e3), (100e3, 50e3)), strict=True)
        for nominal in nominals
    )

    def case(self, way: Way, hidden: int) -> Case:
        """A case of the comparison."""
        return Case(way=way, hidden=hidden, nominal=way.bank_size * self.resistance)

    def with_hidden(self, hidden: tuple[int, ...]) -> Plan:
        """The same with networks of other sizes in the comparison."""
        return replace(self, sizes=tuple((way, hidden) for way, _ in self.sizes))

    @property
    def compared(self) -> tuple[Case, ...]:
        """The cases of the comparison, way by way."""
        return tuple(self.case(way, units) for way, hidden in self.sizes for units in hidden)


FULL = Plan()
QUICK = replace(FULL, epochs=4, training_images=12_000).with_hidden((25, 100))


@dataclass(frozen=True, kw_only=True)
class PrunedOnChip:
    """What was found.

    Attributes
    ----------
    plan : Plan
    results : dict of Case to tuple of dict
        Of :meth:`Bench.measured`, one for each seed.
    digital : dict of int to tuple of float
        The accuracy of the trained networks in arithmetic, by their hidden units.
    seeds, images : int
    """

    plan: Plan
    results: dict[Case, tuple[dict[str, Any], ...]]
    digital: dict[int, tuple[float, ...]]
    seeds: int
    images: int

    def tables(self) -> tuple[Table, ...]:
        """What training with the wires in the loop is worth; then the comparison."""
        loop = [
            (case.way.words, f"{case.nominal / 1e3:g} kΩ", *self._accuracies(case)) for case in self.plan.in_the_loop
        ]
        rows: list[tuple[str, ...]] = [
            ("in arithmetic", f"{units}", "", "", *[spread(values)], *[""] * 2)
            for units, values in self.digital.items()
        ]
        for way, hidden in self.plan.sizes:
            for k, units in enumerate(hidden):
                case = self.plan.case(way, units)
                first = self.results[case][0]
                parts = f"{first['devices']:,}", f"{first['bits']:,}" if first["bits"] else "analog"
                rows.append(("" if k else way.words, f"{units}", *parts, *self._accuracies(case)))
        chips = f"{self.seeds} chip{'s' if self.seeds > 1 else ''}"
        common = f"{self.plan.arrays.words}; {self.images:,} test images, {chips}; accuracy, %"
        stages = tuple(_STAGES.values())
        pruned = ", ".join(str(each) for each in sorted({case.hidden for case in self.plan.in_the_loop}))
        return (
            Table(
                title=f"{pruned} hidden units pruned with the hardware in the loop; {common}",
                columns=("", "resistors", "without wires", "wires, masks trained without", "trained in the loop"),
                rows=tuple(loop),
            ),
            Table(
                title=f"Perceptrons of one hidden layer, crossings of n resistors of n x 100 kΩ; {common}",
                columns=("", "hidden units", "devices", "bits", *stages),
                rows=tuple(rows),
            ),
            self._frontier(common),
        )

    def remarks(self) -> tuple[str, ...]:
        """What the figures say."""
        return tuple(self._remarks())

    def draw(self, folder: Path) -> list[Path]:
        """Accuracy against devices and against bits, without wires and with wires that were made up for."""
        from rescircuit.plotting.figures import save_figure
        from rescircuit.plotting.resources import plot_resources

        costs = {"devices": "resistors or memristors", "bits": "bits of memory for switches"}
        panels = [
            (_STAGES[stage], words, [self._line(way, hidden, cost, stage) for way, hidden in self.plan.sizes])
            for stage in ("without_wires", "made_up")
            for cost, words in costs.items()
        ]
        return [save_figure(list(plot_resources(panels, columns=2)), folder / f"{_NAME}.png")]

    def as_dict(self) -> dict[str, Any]:
        """All of it."""
        return {
            "arrays": asdict(self.plan.arrays),
            "epochs": self.plan.epochs,
            "training_images": self.plan.training_images,
            "digital": {str(units): list(values) for units, values in self.digital.items()},
            "cases": [{**asdict(case), "results": list(found)} for case, found in self.results.items()],
        }

    def _line(self, way: Way, hidden: tuple[int, ...], cost: str, stage: str) -> Any:
        from rescircuit.plotting.resources import Line

        found = [self.results[self.plan.case(way, units)] for units in hidden]
        costs = np.array([float(each[0][cost]) for each in found])
        shares = np.array([[result[stage] for result in each] for each in found])
        there = costs > 0
        family = _FAMILIES[way.kind]
        return Line(label=way.words, family=family, costs=costs[there], shares=shares[there], tests=self.images)

    def _accuracies(self, case: Case) -> tuple[str, ...]:
        return tuple(spread([result[stage] for result in self.results[case]]) for stage in _STAGES)

    def _mean(self, case: Case, stage: str) -> float:
        return float(np.mean([result[stage] for result in self.results[case]]))

    def _frontier(self, common: str) -> Table:
        """The best of each kind with at most so many devices, wires made up for."""
        cases = self.plan.compared
        budgets = sorted({self.results[case][0]["devices"] for case in cases if case.way.kind == "pruned"})
        rows = []
        for most in budgets:
            found = [f"{most:,}"]
            for kind in _FAMILIES:
                own = [case for case in cases if case.way.kind == kind and self.results[case][0]["devices"] <= most]
                best = max(own, key=lambda case: self._mean(case, "made_up"), default=None)
                found.append("" if best is None else f"{self._accuracies(best)[-1]} ({_short(best)})")
            rows.append(tuple(found))
        return Table(
            title=f"The best with at most so many devices, wires made up for; {common}",
            columns=("devices", *_KINDS.values()),
            rows=tuple(rows),
        )

    def _remarks(self) -> Iterator[str]:
        yield (
            f"{self.plan.training_images:,} training images, {self.plan.epochs} epochs. "
            "Nothing is published to lay this beside. Trained networks have biases, added behind the converters; "
            "pruned ones have none. Masks and weights are those after the last epoch: no look at the test images has "
            f"chosen them. What {self.images:,} images tell has a sampling error of some "
            f"{100 * np.sqrt(0.95 * 0.05 / self.images):.2f} percentage points; all ways see the same images."
        )
        for case in self.plan.in_the_loop:
            ideal, blind, aware = (self._mean(case, stage) for stage in _STAGES)
            yield (
                f"{case.way.words[0].upper()}{case.way.words[1:]}, {case.nominal / 1e3:g} kΩ: without wires "
                f"{ideal:.2%}; the same masks behind wires lose {100 * (ideal - blind):.2f} percentage points, masks "
                f"trained with the wires in the loop {100 * (ideal - aware):.2f}."
            )
        yield from self._compared("made_up")

    def _compared(self, stage: str) -> Iterator[str]:
        """The fewest devices of each way that come near the best of all."""
        cases = self.plan.compared
        best = max(self._mean(case, stage) for case in cases)
        for below in (0.01, 0.03):
            enough = [case for case in cases if self._mean(case, stage) >= best - below]
            parts = []
            for kind, name in _KINDS.items():
                own = [case for case in enough if case.way.kind == kind]
                if own:
                    least = min(own, key=lambda case: self.results[case][0]["devices"])
                    found = self.results[least][0]
                    parts.append(f"{name} {found['devices']:,} ({least.way.words}, {least.hidden} units)")
                else:
                    parts.append(f"{name} none that was tried")
            yield (
                f"Within {100 * below:g} percentage points of the best ({best:.2%}), wires made up for, the fewest "
                f"devices are: {'; '.join(parts)}."
            )


def _short(case: Case) -> str:
    """A case of a kind, in few words."""
    way = case.way
    bits = {"column": "by column", "differential": "differential"}.get(way.signs or "")
    parts = [f"{case.hidden} units", "" if way.kind == "memristors" else f"n = {way.bank_size}", bits or ""]
    return ", ".join(part for part in parts if part)


def run(given: Run) -> PrunedOnChip:
    """Train, program and measure all cases of the plan."""
    return run_plan(given, FULL if given.full else QUICK)


def run_plan(given: Run, plan: Plan) -> PrunedOnChip:
    """The same for a plan."""
    bench = Bench(
        given=given,
        arrays=plan.arrays,
        epochs=plan.epochs,
        train=load_mnist(given.data_dir, "train", limit=plan.training_images),
        test=load_mnist(given.data_dir, limit=given.images),
    )
    cases = dict.fromkeys((*plan.in_the_loop, *plan.compared))
    found: dict[Case, list[dict[str, Any]]] = {case: [] for case in cases}
    for seed in range(given.seeds):
        for k, case in enumerate(cases):
            step = f"{case.way.words}, {case.hidden} units, {case.nominal / 1e3:g} kΩ, chip {seed + 1}"
            given.tell(step, seed * len(cases) + k, given.seeds * len(cases))
            found[case].append(bench.measured(case, seed, step))
    hidden = sorted({case.hidden for case in plan.compared})
    digital = {units: tuple(bench.digital(units, seed) for seed in range(given.seeds)) for units in hidden}
    return PrunedOnChip(
        plan=plan,
        results={case: tuple(results) for case, results in found.items()},
        digital=digital,
        seeds=given.seeds,
        images=len(bench.test),
    )


REPRODUCTION = Reproduction(
    name=_NAME,
    title="Pruned random resistors, programmed banks and memristors on the same arrays",
    source="The proposal of da Cunha (2023), section 1.3.5, on the circuits of its chapter 6; it gives no figures",
    needs="mnist; and PyTorch",
    seeds=1,
    images=10_000,
    run=run,
    has_full=True,
)
