"""The forms of banks on the command line: what they are called, and what each of them is programmed to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rescircuit.errors import InputError

if TYPE_CHECKING:
    from rescircuit.bank import Mask
    from rescircuit.bank.files import AnyBank

__all__ = [
    "FORMS",
    "QUANTITIES",
    "UNITS",
    "Reached",
    "Target",
    "check_form",
    "form_of",
    "is_blown",
    "parse_target",
    "reach",
    "refuse_options",
]

FORMS = {
    "parallel": "bank",
    "series": "series bank",
    "capacitor": "capacitor bank",
    "pair": "differential pair",
}
QUANTITIES = {"S": "conductance", "ohm": "resistance", "F": "capacitance"}
UNITS = {"S": "siemens", "ohm": "ohm", "F": "farad"}  # as JSON's keys have them

_SIEMENS = ("S", "siemens")


@dataclass(frozen=True, kw_only=True)
class Target:
    """What a bank is to be programmed to.

    Parameters
    ----------
    value : float
        In `unit`.
    unit : str
        ``"S"``, ``"ohm"`` or ``"F"``.
    """

    value: float
    unit: str


@dataclass(frozen=True, kw_only=True)
class Reached:
    """What a bank was programmed to, in the unit of its target.

    Parameters
    ----------
    setting
        As the bank's own ``program`` returns it.
    target : Target
        What was asked for.
    value, error : float
        What is there, and that less the target.
    """

    setting: Any
    target: Target
    value: float
    error: float

    @property
    def mask(self) -> Mask:
        """The setting, True where a component counts."""
        return self.setting.mask


def check_form(form: str) -> None:
    """Refuse a form that there is not."""
    if form not in FORMS:
        raise InputError("--form", f"one of {', '.join(FORMS)}", form)


def refuse_options(form: str, options: Iterable[tuple[str, Any, tuple[str, ...]]]) -> None:
    """Refuse the first of the options (name, what was given, the forms that have it) that this form has not."""
    for name, given, forms in options:
        if given not in (None, False) and form not in forms:
            raise InputError(name, f"left out for a {FORMS[form]}", given)


def form_of(bank: AnyBank) -> str:
    """Which of the forms a bank has."""
    from rescircuit.bank import Bank, CapacitorBank, SeriesBank

    kinds = {"parallel": Bank, "series": SeriesBank, "capacitor": CapacitorBank}
    return next((form for form, kind in kinds.items() if isinstance(bank, kind)), "pair")


def is_blown(bank: AnyBank) -> bool:
    """Whether switches of a bank, or of either of a pair, are blown for good."""
    from rescircuit.bank import Bank, DifferentialPair

    parts = (bank.positive, bank.negative) if isinstance(bank, DifferentialPair) else (bank,)
    states = [part.one_time for part in parts if isinstance(part, Bank)]
    return any(state is not None and bool(state.programmed) for state in states)


def parse_target(text: str, form: str) -> Target:
    """What follows ``--target``: siemens, farad for capacitors, ohm for a series bank or, where it says so, siemens.

    Raises
    ------
    InputError
        For what is no such quantity.
    """
    from rescircuit.quantities import parse_quantity

    unit = {"series": "ohm", "capacitor": "F"}.get(form, "S")
    if form == "series" and text.rstrip().endswith(_SIEMENS):
        unit = "S"
    return Target(value=parse_quantity(text, unit, argument="--target"), unit=unit)


def reach(bank: Any, target: Target, **options: Any) -> Reached:
    """Program a bank of any form.

    Parameters
    ----------
    bank : Bank, SeriesBank, CapacitorBank or DifferentialPair
        A single one.
    target : Target
        Of the bank's form.
    **options
        For the bank's ``program``.
    """
    form = form_of(bank)
    in_ohm = target.unit == "ohm"
    setting = (bank.program_resistance if in_ohm else bank.program)(target.value, **options)
    value, error = {
        "parallel": ("conductance", "error"),
        "series": ("resistance", "resistance_error") if in_ohm else ("conductance", "conductance_error"),
        "capacitor": ("capacitance", "error"),
        "pair": ("difference", "error"),
    }[form]
    return Reached(
        setting=setting, target=target, value=float(getattr(setting, value)), error=float(getattr(setting, error))
    )
