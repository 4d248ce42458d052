"""The map of codes that a chip could carry: for one bank, which switches to close for which conductance.

As a table, as a Verilog memory file and as a C header. In all of them the number that a setting is has switch k as
its bit k.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rescircuit.bank import Bank, Mask
from rescircuit.calibration.csv_files import mask_hex, mask_text
from rescircuit.calibration.estimates import Calibration
from rescircuit.checks import Array, finite_array, non_negative_array, positive_number, whole_number
from rescircuit.errors import InputError
from rescircuit.files import write_lines

__all__ = ["CodeMap", "map_codes", "write_c_header", "write_code_csv", "write_verilog_memory"]

_MOST_BITS = 20
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}", re.ASCII)
_C_WORDS = {
    "auto", "bool", "break", "case", "char", "class", "const", "continue", "default", "delete", "do", "double", "else",
    "enum", "extern", "false", "float", "for", "goto", "if", "inline", "int", "long", "namespace", "new", "register",
    "restrict", "return", "short", "signed", "sizeof", "static", "struct", "switch", "template", "this", "true",
    "typedef", "union", "unsigned", "void", "volatile", "while",
}  # fmt: skip
_C_PER_LINE = 8


@dataclass(frozen=True, kw_only=True, eq=False)
class CodeMap:
    """Targets of one bank and their settings; the code of a target is its place.

    Parameters
    ----------
    targets : array (m,)
        Siemens.
    mask : bool array (m, n)
        ``True`` where a switch is closed.
    values : array (m,)
        What the bank conducts with each setting, as far as is known, siemens.
    errors : array (m,)
        The error to expect, siemens: that of programming alone where the bank is known, that of measuring too where
        it was measured.
    v_read : float
        Volt, at which all this holds.
    temperature : float
        °C, likewise.
    reference : float or None
        Ohm: the nominal resistance of the reference on whose scale all values are; None for absolute ones.

    Raises
    ------
    InputError
        For arrays that do not fit each other.
    """

    targets: Array
    mask: Mask
    values: Array
    errors: Array
    v_read: float
    temperature: float = 27.0
    reference: float | None = None

    def __post_init__(self) -> None:
        arrays: dict[str, Any] = {
            "targets": non_negative_array("targets", self.targets, "S"),
            "values": finite_array("values", self.values, "S"),
            "errors": non_negative_array("errors", self.errors, "S"),
        }
        shape = arrays["targets"].shape
        for name, array in arrays.items():
            if array.ndim != 1 or array.shape != shape:
                raise InputError(name, "of one axis, as long as the targets", f"shape {array.shape}")
        mask = np.array(self.mask)
        if mask.dtype != np.bool_ or mask.ndim != 2 or mask.shape[:1] != shape or mask.shape[1] == 0:
            raise InputError("mask", f"booleans ({shape[0]}, n)", f"shape {mask.shape} of {mask.dtype.name}")
        positive_number("v_read", self.v_read, "V")
        for name, array in {**arrays, "mask": mask}.items():
            array.flags.writeable = False
            object.__setattr__(self, name, array)

    @property
    def n(self) -> int:
        """Switches of the bank."""
        return self.mask.shape[1]

    def __len__(self) -> int:
        """Codes."""
        return self.targets.size


def map_codes(bank: Bank | Calibration, *, bits: int | None = None, targets: Any = None) -> CodeMap:
    """The map of a bank, as it is or as it was measured.

    Parameters
    ----------
    bank : Bank or Calibration
        One bank.
    bits : int
        For 2^bits targets, equally spaced from 0 to what the bank conducts with all its switches closed, 1 to 20.
    targets : array (m,)
        Or these, siemens.

    Raises
    ------
    InputError
        For an array of banks, both or neither of `bits` and `targets`, or one of them outside its range.
    """
    if not isinstance(bank, Bank | Calibration):
        raise InputError("bank", "a Bank or a Calibration", bank)
    if bank.shape:
        raise InputError("bank", "a single bank, of shape ()", f"shape {bank.shape}")
    if (bits is None) == (targets is None):
        raise InputError("bits", "given where targets are not, and only there", bits)
    wanted = _spaced(bank, bits) if bits is not None else non_negative_array("targets", targets, "S")
    if wanted.ndim != 1:
        raise InputError("targets", "of one axis, (m,)", f"shape {wanted.shape}")
    if isinstance(bank, Bank):
        setting = bank.program(wanted)
        values, errors = setting.conductance, np.abs(setting.error)
    else:
        measured = bank.program(wanted)
        setting, values, errors = measured, measured.estimate, measured.predicted_error
    resistor = None
    if isinstance(bank, Calibration) and bank.read_out is not None and bank.read_out.reference is not None:
        resistor = bank.read_out.reference.resistance
    return CodeMap(
        targets=wanted,
        mask=setting.mask,
        values=values,
        errors=errors,
        v_read=bank.v_read,
        temperature=bank.temperature,
        reference=resistor,
    )


def write_code_csv(codes: CodeMap, path: str | Path) -> Path:
    """Write a map as a table: code, target_siemens, value_siemens, error_siemens, mask (switch 0 first) and hex."""

    def lines() -> Iterator[str]:
        yield "code,target_siemens,value_siemens,error_siemens,mask,hex"
        for code, (target, value, error, mask) in enumerate(_rows(codes)):
            yield f"{code},{target!r},{value!r},{error!r},{mask_text(mask)},{mask_hex(mask)}"

    return write_lines(path, lines())


def write_verilog_memory(codes: CodeMap, path: str | Path, *, binary: bool = False) -> Path:
    """Write a map for Verilog's ``$readmemh``, or with `binary` for ``$readmemb``: a word a line, code 0 first."""
    task = "$readmemb" if binary else "$readmemh"

    def lines() -> Iterator[str]:
        yield from (f"// {line}" for line in _remarks(codes))
        yield f"// Read it with {task} into: reg [{codes.n - 1}:0] codes [0:{len(codes) - 1}];"
        for target, _, _, mask in _rows(codes):
            word = mask_text(mask[::-1]) if binary else mask_hex(mask)
            yield f"{word} // {target!r} S"

    return write_lines(path, lines())


def write_c_header(codes: CodeMap, path: str | Path, *, name: str = "code_map") -> Path:
    """Write a map as a constant table in C, and its targets in siemens.

    Up to 64 switches a setting is one unsigned integer of 8, 16, 32 or 64 bits; beyond, a row of bytes, switch 8 j + i
    being bit i of byte j.

    Parameters
    ----------
    codes : CodeMap
    path : str or Path
        For the header.
    name : str
        Of the table: a letter, then letters, digits and underscores, 64 at most.

    Raises
    ------
    InputError
        For another name, a word of C, or a folder that cannot be written to.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name) or name in _C_WORDS:
        raise InputError("name", "a name in C of at most 64 letters, digits and underscores", name)
    return write_lines(path, _c_lines(codes, name))


def _c_lines(codes: CodeMap, name: str) -> Iterator[str]:
    upper = name.upper()
    guard = f"RESCIRCUIT_{upper}_H"
    bits = next((bits for bits in (8, 16, 32, 64) if codes.n <= bits), None)
    yield from ("/*", *(f" * {line}" for line in _remarks(codes)), " */")
    yield from (f"#ifndef {guard}", f"#define {guard}", "", "#include <stdint.h>", "")
    yield from (f"#define {upper}_CODES {len(codes)}", f"#define {upper}_SWITCHES {codes.n}")
    if bits is None:
        width = -(-codes.n // 8)
        yield from (f"#define {upper}_BYTES {width}", "", f"static const uint8_t {name}[{len(codes)}][{width}] = {{")
        for row in np.packbits(codes.mask, axis=1, bitorder="little"):
            yield f"    {{{', '.join(f'0x{byte:02x}' for byte in row)}}},"
    else:
        yield from ("", f"static const uint{bits}_t {name}[{len(codes)}] = {{")
        words = [f"UINT{bits}_C(0x{mask_hex(mask)})" for mask in codes.mask]
        yield from _wrapped(words)
    yield from ("};", "", f"static const double {name}_siemens[{len(codes)}] = {{")
    yield from _wrapped([repr(target) for target in codes.targets.tolist()])
    yield from ("};", "", f"#endif /* {guard} */")


def _wrapped(words: list[str]) -> Iterator[str]:
    for start in range(0, len(words), _C_PER_LINE):
        yield f"    {', '.join(words[start : start + _C_PER_LINE])},"


def _remarks(codes: CodeMap) -> list[str]:
    """What stands at the head of a file, line by line."""
    low, high, worst = (part.item() for part in (codes.targets.min(), codes.targets.max(), codes.errors.max()))
    conditions = f"at {codes.v_read!r} V and {codes.temperature:g} degrees Celsius"
    return [
        f"Settings of a bank of {codes.n} switches for {len(codes)} conductances, {conditions}.",
        *([] if codes.reference is None else [f"Values relative to a reference resistor of {codes.reference!r} ohm."]),
        "Switch k is bit k; 1 is a closed switch.",
        f"Targets from {low!r} to {high!r} S, errors to expect (one standard deviation) of at most {worst:.3g} S.",
    ]


def _rows(codes: CodeMap) -> Iterator[tuple[float, float, float, Mask]]:
    floats = (part.tolist() for part in (codes.targets, codes.values, codes.errors))
    return zip(*floats, codes.mask, strict=True)


def _spaced(bank: Bank | Calibration, bits: int) -> Array:
    count = 2 ** whole_number("bits", bits, 1, _MOST_BITS)
    if isinstance(bank, Bank):
        full = float(bank.full_scale)
    else:
        # What is dead stays open; what is stuck is counted as it stands, in programming too.
        usable = ~(bank.dead | bank.stuck_open)
        full = float(bank.offset + np.where(usable, bank.values, 0.0).sum())
    return np.linspace(0.0, max(full, 0.0), count)
