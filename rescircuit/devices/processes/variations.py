"""How a process file writes variation: laws, lots, wafers, dies, gradients and fields."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from rescircuit.devices.laws import Empirical, LogNormal, Normal, Truncated, Uniform
from rescircuit.devices.processes.section import (
    Count,
    Metre,
    Number,
    NumberTimesMetre,
    PerMetre,
    PerSquareMetre,
    Section,
    Source,
    file_beside,
)
from rescircuit.devices.variation import CorrelatedField, Gradient, Variation
from rescircuit.errors import InputError

__all__ = ["LawDescription", "VariationSection"]

_LARGEST_FACTOR = 1e12  # far above any device's, so that squares of factors stay finite


class UniformLaw(Section):
    """``{ law = "uniform", half_width = "20%" }``, see :class:`~rescircuit.devices.laws.Uniform`."""

    law: Literal["uniform"]
    half_width: Number

    def build(self) -> Uniform:
        """The law itself."""
        return Uniform(**self.given())


class NormalLaw(Section):
    """``{ law = "normal", sigma = "5%" }``, see :class:`~rescircuit.devices.laws.Normal`."""

    law: Literal["normal"]
    sigma: Number

    def build(self) -> Normal:
        """The law itself."""
        return Normal(**self.given())


class LogNormalLaw(Section):
    """``{ law = "lognormal", sigma = 0.3 }``, see :class:`~rescircuit.devices.laws.LogNormal`."""

    law: Literal["lognormal"]
    sigma: Number

    def build(self) -> LogNormal:
        """The law itself."""
        return LogNormal(**self.given())


class EmpiricalLaw(Section):
    """``{ law = "empirical", file = "measured.csv", column = "R" }``: :class:`~rescircuit.devices.laws.Empirical`.

    Or with the factors themselves, ``factors = [0.97, 1.0, 1.04]``, in place of a file.
    """

    law: Literal["empirical"]
    file: Annotated[Path | None, file_beside("CSV file", "measured.csv")] = None
    column: str | Annotated[int, Field(ge=0, strict=True)] | None = None
    factors: list[Annotated[Number, Field(le=_LARGEST_FACTOR)]] | None = None

    def build(self) -> Empirical:
        """The law itself; reads the file."""
        if self.factors is not None:
            if self.file is not None or self.column is not None:
                raise InputError("factors", "left out with a file", self.factors)
            return Empirical(factors=np.array(self.factors))
        if self.file is None:
            raise InputError("file", "given, or factors in its place", None)
        return Empirical.from_csv(self.file, self.column)


class TruncatedLaw(Section):
    """``{ law = "truncated", of = { ... }, within = "10%" }``, see :class:`~rescircuit.devices.laws.Truncated`."""

    law: Literal["truncated"]
    of: Annotated[UniformLaw | NormalLaw | LogNormalLaw | EmpiricalLaw, Field(discriminator="law")]
    within: Number

    def build(self) -> Truncated:
        """The law itself."""
        given = self.given()
        return Truncated(law=given["of"], within=given["within"])


LawDescription = Annotated[
    UniformLaw | NormalLaw | LogNormalLaw | EmpiricalLaw | TruncatedLaw, Field(discriminator="law")
]


class GradientSection(Section):
    """``gradient``: slopes such as ``"0.5%/mm"``, see :class:`~rescircuit.devices.fields.Gradient`."""

    linear: tuple[PerMetre, PerMetre] | None = None
    quadratic: tuple[PerSquareMetre, PerSquareMetre, PerSquareMetre] | None = None
    linear_spread: PerMetre | None = None
    quadratic_spread: PerSquareMetre | None = None
    centre: tuple[Metre, Metre] | None = None

    def build(self) -> Gradient:
        """The gradient itself."""
        return Gradient(**self.given())


class FieldSection(Section):
    """``field``, see :class:`~rescircuit.devices.fields.CorrelatedField`."""

    spread: Number
    length: Metre

    def build(self) -> CorrelatedField:
        """The field itself."""
        return CorrelatedField(**self.given())


class VariationSection(Section):
    """``[resistor.variation]``, see :class:`~rescircuit.devices.variation.Variation`."""

    lot: LawDescription | None = None
    wafer: LawDescription | None = None
    die: LawDescription | None = None
    local: LawDescription | None = None
    mismatch: Number | None = None
    matching: NumberTimesMetre | None = None
    gradient: GradientSection | None = None
    field: FieldSection | None = None
    dies_per_wafer: Count | None = None
    wafers_per_lot: Count | None = None
    source: Source | None = None

    def build(self) -> Variation:
        """The variation itself."""
        return Variation(**self.given())
