"""What ``rescircuit design`` says of the bank that it designed, as a table, in words and as JSON."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rescircuit.cli.bank_forms import FORMS, QUANTITIES, UNITS, Reached
from rescircuit.cli.console import print_json, print_table, print_text, say

if TYPE_CHECKING:
    from rescircuit.bank import Bank, CapacitorBank, Mask, SeriesBank

__all__ = ["Designed"]

_SIDES = ("positive", "negative")


@dataclass(frozen=True, kw_only=True)
class Designed:
    """A bank that was sampled and programmed.

    Parameters
    ----------
    form, process : str
        The second by its name.
    bank : Bank, SeriesBank, CapacitorBank or DifferentialPair
    reached : Reached
    seed, chip : int
    full_scale : float
        Siemens, ohm of a series bank, farad of capacitors; of the bank before it was blown.
    out_of_reach : str
        What to do about a target beyond what the bank can be; empty for one within.
    files : list of Path
        That were written.
    """

    form: str
    process: str
    bank: Any
    reached: Reached
    seed: int
    chip: int
    full_scale: float
    out_of_reach: str
    files: list[Path]

    def print_json(self) -> None:
        """All of it, in SI units."""
        reached, setting = self.reached, self.reached.setting
        name, unit = self._quantity, UNITS[reached.target.unit]
        scale_unit = "ohm" if self.form == "series" else unit
        reads = {"v_read_volt": self.bank.v_read} if self.form in ("parallel", "pair") else {}
        print_json(
            {
                "process": self.process,
                "form": self.form,
                "seed": self.seed,
                "chip": self.chip,
                **_components(self.bank, self.form),
                "mask": setting.mask,
                f"target_{unit}": reached.target.value,
                f"{name}_{unit}": reached.value,
                **self._beside(),
                f"error_{unit}": reached.error,
                f"bound_{unit}": setting.bound,
                f"full_scale_{scale_unit}": self.full_scale,
                "status": setting.status,
                "method": setting.method,
                **reads,
                "files": self.files,
            }
        )

    def print_text(self) -> None:
        """A table of the components, and what they give together."""
        n = self.bank.positive.n if self.form == "pair" else self.bank.n
        banks = "differential pair of banks" if self.form == "pair" else FORMS[self.form]
        title = f"A {banks} of {n} on {self.process}, chip {self.chip} of seed {self.seed}"
        print_text(title)  # not the table's own, which would be folded to its width
        print_table("", *_table(self.bank, self.form, self.reached.mask))
        print_text("\n".join(f"{label:<11}  {said}" for label, said in self._lines()))
        if self.out_of_reach:
            say(self.out_of_reach)
        if self.files:
            say(f"Written: {', '.join(str(path) for path in self.files)}")

    @property
    def _quantity(self) -> str:
        return "difference" if self.form == "pair" else QUANTITIES[self.reached.target.unit]

    def _beside(self) -> dict[str, Any]:
        """What the setting gives beside the quantity that was asked for; what is infinite is left out."""
        setting = self.reached.setting
        given = {}
        if self.form == "pair":
            given = {f"{side}_conductance_siemens": getattr(setting, f"{side}_conductance") for side in _SIDES}
        elif self.form == "series":
            other = {"ohm": "S", "S": "ohm"}[self.reached.target.unit]
            given = {f"{QUANTITIES[other]}_{UNITS[other]}": getattr(setting, QUANTITIES[other])}
        return {name: value if math.isfinite(value) else None for name, value in given.items()}

    def _lines(self) -> list[tuple[str, str]]:
        from rescircuit.quantities import format_quantity as show

        reached, unit = self.reached, self.reached.target.unit
        scale = self.full_scale
        in_scale = 1.0 / scale if (self.form, unit) == ("series", "S") else scale
        relative = f"{reached.error / reached.target.value:+.2e} of the target, " if reached.target.value else ""
        if in_scale is scale:
            relative += f"{reached.error / scale:+.2e} of full scale"
        bound = f"no setting comes closer than {show(reached.setting.bound, unit, 3)}"
        return [
            ("target", show(reached.target.value, unit, 6)),
            (self._quantity, show(reached.value, unit, 6) + self._where()),
            ("error", f"{show(reached.error, unit, 3)} ({relative.removesuffix(', ')})"),
            ("status", f"{reached.setting.status}: {bound}"),
            ("full scale", show(scale, "ohm" if self.form == "series" else unit, 6)),
        ]

    def _where(self) -> str:
        """At which voltage a value holds, or what it is in another unit."""
        from rescircuit.quantities import format_quantity as show

        beside = list(self._beside().values())
        if self.form == "series":
            unit = "S" if self.reached.target.unit == "ohm" else "ohm"
            return "" if beside[0] is None else f", {show(beside[0], unit, 6)}"
        if self.form == "capacitor":
            return ""
        at = f" at {show(self.bank.v_read, 'V')}"
        return at if self.form == "parallel" else f"{at}: {show(beside[0], 'S')} less {show(beside[1], 'S')}"


def _components(bank: Any, form: str) -> dict[str, Any]:
    """What a bank is made of, in SI units."""
    if form == "pair":
        return {f"{side}_resistances_ohm": getattr(bank, side).resistances for side in _SIDES}
    if form == "capacitor":
        return {"capacitances_farad": bank.capacitances, "r_on_ohm": bank.switch.r_on}
    switch = {"r_on_ohm": bank.switch.r_on} if form == "series" else {}
    return {"resistances_ohm": bank.resistances, **switch}


def _table(bank: Any, form: str, mask: Mask) -> tuple[list[str], list[list[str]]]:
    """Columns and rows, a component each."""
    branches = ["", "resistance", "branch conducts", "switch"]
    if form == "parallel":
        return branches, _branches(bank, mask, "r_")
    if form == "pair":
        settings = zip(_SIDES, (bank.positive, bank.negative), bank.split(mask), strict=True)
        return branches, [row for side, part, own in settings for row in _branches(part, own, f"{side} r_")]
    if form == "series":
        return ["", "resistance", "in the string", "bypass"], _string(bank, mask)
    return ["", "capacitance", "switch"], _capacitors(bank, mask)


def _branches(bank: Bank, mask: Mask, label: str) -> list[list[str]]:
    from rescircuit.quantities import format_quantity as show

    values = zip(bank.resistances, bank.on_conductances, strict=True)
    return [
        [f"{label}{k}", show(ohm, "ohm"), show(siemens, "S"), _state(bank, mask, k)]
        for k, (ohm, siemens) in enumerate(values)
    ]


def _string(bank: SeriesBank, mask: Mask) -> list[list[str]]:
    from rescircuit.quantities import format_quantity as show

    left = (bank.counted_resistances if counts else bank.bypassed_resistances for counts in mask)
    values = zip(bank.resistances, left, mask, strict=True)
    return [
        [f"r_{k}", show(ohm, "ohm"), show(of[k], "ohm"), "open" if counts else "closed"]
        for k, (ohm, of, counts) in enumerate(values)
    ]


def _capacitors(bank: CapacitorBank, mask: Mask) -> list[list[str]]:
    from rescircuit.quantities import format_quantity as show

    values = zip(bank.capacitances, mask, strict=True)
    return [[f"c_{k}", show(farad, "F"), "closed" if closed else "open"] for k, (farad, closed) in enumerate(values)]


def _state(bank: Bank, mask: Mask, k: int) -> str:
    """What a switch is set to, or how it is stuck."""
    for faults, state in ((bank.stuck_open, "stuck open"), (bank.stuck_closed, "stuck closed")):
        if faults is not None and faults[k]:
            return state
    return "closed" if mask[k] else "open"
