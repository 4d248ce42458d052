"""What a file says of a bank, form by form: parallel, in series, of capacitors, and two banks as a pair."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from rescircuit.bank.base import MOST_COMPONENTS
from rescircuit.bank.capacitors import CapacitorBank
from rescircuit.bank.differential import DifferentialPair
from rescircuit.bank.file_switches import SwitchDescription, SwitchNumbers, build_switch, describe_switch
from rescircuit.bank.parallel import DEFAULT_READ_VOLTAGE, Bank
from rescircuit.bank.series import SeriesBank
from rescircuit.devices.coefficients import Coefficients
from rescircuit.devices.switches import AntiFuse, Fuse, OneTimeSwitches
from rescircuit.errors import InputError

__all__ = ["FILES", "FORMAT", "AnyBank", "BankFile", "FileHead", "describe_bank"]

AnyBank = Bank | SeriesBank | CapacitorBank | DifferentialPair

FORMAT = "rescircuit bank 1"

_Format = Literal["rescircuit bank 1"]
_Numbers = Annotated[list[float], Field(min_length=1, max_length=MOST_COMPONENTS)]
_Flags = Annotated[list[bool], Field(max_length=MOST_COMPONENTS)]
_PairFlags = Annotated[list[bool], Field(max_length=2 * MOST_COMPONENTS)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, strict=True)


class FileHead(BaseModel):
    """What tells one form of file from another; files without a form, of parallel banks, are older than it."""

    model_config = ConfigDict(extra="ignore", strict=True)

    format: _Format
    form: Literal["parallel", "series", "capacitor", "pair"] = "parallel"


class _Coefficients(_Strict):
    tc1: float | _Numbers = 0.0
    tc2: float | _Numbers = 0.0
    vc1: float | _Numbers = 0.0
    vc2: float | _Numbers = 0.0
    drift: float | _Numbers = 0.0
    drift_exponent: float = 0.5

    def build(self) -> Coefficients:
        """The coefficients themselves."""
        return Coefficients(**self.model_dump())


class _Components(_Strict):
    """What all banks have."""

    values_name: ClassVar[str] = "resistances"
    component: ClassVar[str] = "resistor"
    lists: ClassVar[tuple[str, ...]] = ("areas",)  # one entry a component, beside its value

    switch: SwitchDescription
    coefficients: _Coefficients = _Coefficients()
    areas: _Numbers | None = None
    seed: int | None = None
    chip: int | None = None

    @property
    def n(self) -> int:
        """Components in the bank."""
        return len(getattr(self, self.values_name))

    def check_lengths(self) -> None:
        """Refuse lists that have not one entry a component."""
        for name in self.lists:
            _check_length(name, getattr(self, name), self.n, self.component)

    def _common(self) -> dict[str, Any]:
        """The fields of a bank that are read the same way in all forms."""
        return {
            self.values_name: np.array(getattr(self, self.values_name)),
            "coefficients": self.coefficients.build(),
            "areas": _array(self.areas),
            "seed": self.seed,
            "chip": self.chip,
        }


class _Parallel(_Components):
    """A :class:`~rescircuit.bank.Bank`, alone or in a pair."""

    lists: ClassVar[tuple[str, ...]] = ("stuck_closed", "stuck_open", "blown", "areas")

    resistances: _Numbers
    switch_arrays: dict[str, SwitchNumbers] = {}
    v_read: float = DEFAULT_READ_VOLTAGE
    stuck_closed: _Flags | None = None
    stuck_open: _Flags | None = None
    blown: _Flags | None = None

    def build(self) -> Bank:
        """The bank itself."""
        switch = build_switch(self.switch, self.switch_arrays)
        one_time = None
        if self.blown is not None:
            if not isinstance(switch, Fuse | AntiFuse):
                raise InputError("blown", "left out where switches are no fuses", self.switch.kind)
            one_time = OneTimeSwitches.as_made(switch, (len(self.blown),)).blow(self.blown)
        return Bank(
            **self._common(),
            switch=switch,
            v_read=self.v_read,
            stuck_closed=_array(self.stuck_closed),
            stuck_open=_array(self.stuck_open),
            one_time=one_time,
        )


class _ParallelFile(_Parallel):
    lists: ClassVar[tuple[str, ...]] = ("mask", *_Parallel.lists)

    format: _Format
    form: Literal["parallel"] = "parallel"
    mask: _Flags | None = None


class _SeriesFile(_Components):
    lists: ClassVar[tuple[str, ...]] = ("mask", *_Components.lists)

    format: _Format
    form: Literal["series"]
    resistances: _Numbers
    mask: _Flags | None = None

    def build(self) -> SeriesBank:
        """The bank itself."""
        return SeriesBank(**self._common(), switch=build_switch(self.switch))


class _CapacitorFile(_Components):
    values_name: ClassVar[str] = "capacitances"
    component: ClassVar[str] = "capacitor"
    lists: ClassVar[tuple[str, ...]] = ("mask", *_Components.lists)

    format: _Format
    form: Literal["capacitor"]
    capacitances: _Numbers
    c_off: float = 0.0
    mask: _Flags | None = None

    def build(self) -> CapacitorBank:
        """The bank itself."""
        return CapacitorBank(**self._common(), switch=build_switch(self.switch), c_off=self.c_off)


class _PairFile(_Strict):
    component: ClassVar[str] = "resistor"

    format: _Format
    form: Literal["pair"]
    positive: _Parallel
    negative: _Parallel
    mask: _PairFlags | None = None

    def check_lengths(self) -> None:
        """Refuse lists that have not one entry a resistor."""
        _check_length("mask", self.mask, self.positive.n + self.negative.n, "resistor")
        for side, bank in (("positive", self.positive), ("negative", self.negative)):
            with _naming(side):
                bank.check_lengths()

    def build(self) -> DifferentialPair:
        """The pair itself."""
        with _naming("positive"):
            positive = self.positive.build()
        with _naming("negative"):
            negative = self.negative.build()
        return DifferentialPair(positive=positive, negative=negative)


BankFile = _ParallelFile | _SeriesFile | _CapacitorFile | _PairFile
FILES: dict[str, type[BankFile]] = {
    "parallel": _ParallelFile,
    "series": _SeriesFile,
    "capacitor": _CapacitorFile,
    "pair": _PairFile,
}


def _check_length(name: str, values: list[Any] | None, n: int, component: str) -> None:
    """Refuse a list of another length than `n`."""
    if values is not None and len(values) != n:
        what = "numbers" if name == "areas" else "booleans"
        raise InputError(name, f"{n} {what}, one a {component}", f"{len(values)}")


def describe_bank(bank: AnyBank, mask: Any) -> dict[str, Any]:
    """What the file of a bank says, whose numbers and arrays may be NumPy's.

    Raises
    ------
    InputError
        For what is no bank, an array of banks, one at other conditions than 27 °C and new, and another kind of switch.
    """
    describe = next((described for kind, described in _DESCRIBED.items() if isinstance(bank, kind)), None)
    if describe is None:
        raise InputError("bank", "a Bank, a SeriesBank, a CapacitorBank or a DifferentialPair", bank)
    if bank.shape:
        raise InputError("bank", "a single bank, of shape ()", f"shape {bank.shape}")
    return {"format": FORMAT, **describe(bank, {"mask": mask})}


def _describe_parallel(bank: Bank, setting: dict[str, Any]) -> dict[str, Any]:
    """A parallel bank, with the mask where it is not one of a pair."""
    first, last = _describe_components(bank)
    return {
        **first,
        "v_read": bank.v_read,
        **setting,
        "stuck_closed": bank.stuck_closed,
        "stuck_open": bank.stuck_open,
        "blown": None if bank.one_time is None else bank.one_time.closed,
        **last,
    }


def _describe_linear(bank: SeriesBank | CapacitorBank, setting: dict[str, Any]) -> dict[str, Any]:
    """A series bank, or one of capacitors: their switches are linear and all alike."""
    first, last = _describe_components(bank)
    del first["switch_arrays"]
    if isinstance(bank, SeriesBank):
        return {"form": "series", **first, **setting, **last}
    return {"form": "capacitor", **first, "c_off": bank.c_off, **setting, **last}


def _describe_pair(pair: DifferentialPair, setting: dict[str, Any]) -> dict[str, Any]:
    sides = {}
    for side in ("positive", "negative"):
        with _naming(side):
            sides[side] = _describe_parallel(getattr(pair, side), {})
    return {"form": "pair", **sides, **setting}


_DESCRIBED: dict[type, Callable[[Any, dict[str, Any]], dict[str, Any]]] = {
    Bank: _describe_parallel,
    SeriesBank: _describe_linear,
    CapacitorBank: _describe_linear,
    DifferentialPair: _describe_pair,
}


def _describe_components(bank: Bank | SeriesBank | CapacitorBank) -> tuple[dict[str, Any], dict[str, Any]]:
    """What all banks have, in two parts between which their own fields stand."""
    if bank.n > MOST_COMPONENTS:
        component = "capacitors" if isinstance(bank, CapacitorBank) else "resistors"
        raise InputError("bank", f"of at most {MOST_COMPONENTS} {component}", bank.n)
    switch, arrays = describe_switch(bank.switch)
    bank.at()  # refuses one that is at other conditions
    first = {
        bank.values_name: bank.values,
        "switch": switch,
        "switch_arrays": arrays,
        "coefficients": {field.name: getattr(bank.coefficients, field.name) for field in fields(Coefficients)},
        "areas": bank.areas,
    }
    return first, {"seed": bank.seed, "chip": bank.chip}


def _array(values: list[Any] | None) -> Any:
    return None if values is None else np.array(values)


@contextmanager
def _naming(side: str) -> Iterator[None]:
    """Within it, errors say which bank of a pair they are about."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{side} {error.argument}", error.required, error.got, error.hint) from None
