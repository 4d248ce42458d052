"""Mistakes in a file of sections, such as a process, told with their line and what was expected there."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import ValidationError

from rescircuit.devices.processes.section import TAGS, Section
from rescircuit.devices.processes.toml_lines import KeyPath, toml_lines
from rescircuit.errors import InputError, shorten

__all__ = ["TomlFile", "not_toml"]

Fault = Mapping[str, Any]

_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]{1,40}")

# What pydantic found, and what must be there instead.
_REQUIRED: dict[str, Callable[[Fault], str]] = {
    "string_type": lambda _: "text in quotes",
    "string_too_long": lambda fault: f"text of at most {fault['ctx']['max_length']} characters",
    "string_too_short": lambda _: "text that says something",
    "string_pattern_mismatch": lambda _: "a letter, then at most 63 letters, digits, - or _",
    "literal_error": lambda fault: fault["ctx"]["expected"],
    "union_tag_invalid": lambda fault: f"one of {fault['ctx']['expected_tags']}",
    "model_type": lambda _: "a table",
    "model_attributes_type": lambda _: "a table",
    "tuple_type": lambda _: "an array",
    "too_short": lambda fault: f"an array of at least {fault['ctx']['min_length']}",
    "list_type": lambda _: "an array",
    "bool_type": lambda _: "true or false",
    "too_long": lambda fault: f"an array of {fault['ctx']['max_length']}",
}


class _Nothing:
    """What came where nothing came."""

    def __repr__(self) -> str:
        return "nothing"


def not_toml(file: str, text: str, reason: str) -> InputError:
    """`text` is no TOML, for the `reason` that tomllib gives with a line or, for an early end, without one."""
    found = re.search(r" \(at line (\d+), column (\d+)\)$", reason)
    lines = text.split("\n")
    if found is None and not reason.endswith("(at end of document)"):
        return InputError(file, "TOML", text[:200], f"{reason.rstrip('.')}.")
    line = int(found[1]) if found else len(text.rstrip().split("\n"))
    hint = f"{reason[: found.start()]} (column {found[2]})." if found else f"{reason}."
    return InputError(f"{file}, line {line}", "TOML", lines[line - 1].strip(), hint)


@dataclass(frozen=True, kw_only=True)
class TomlFile:
    """A file of sections that is TOML: where its mistakes are.

    Parameters
    ----------
    name : str
        What messages call the file.
    text : str
        What it holds.
    data : mapping
        What tomllib reads in it.
    """

    name: str
    text: str
    data: Mapping[str, Any]

    def wrong_field(self, model: type[Section], error: ValidationError) -> InputError:
        """The first of the faults that pydantic found on reading the data into `model`."""
        faults = error.errors(include_url=False, include_input=False)
        # A wrong name explains what is missing, not the other way round.
        fault: Fault = dict(next((fault for fault in faults if fault["type"] == "extra_forbidden"), faults[0]))
        kind, path = fault["type"], self._path(fault["loc"], keep_last=fault["type"] == "missing")
        if kind in {"union_tag_not_found", "union_tag_invalid"}:
            path = (*path, fault["ctx"]["discriminator"].strip("'"))
        if kind in {"missing", "union_tag_not_found"}:
            table = ".".join(_shown(part) for part in path[:-1] if isinstance(part, str))
            in_table = table and isinstance(path[-1], str)
            return self._located(path, f"given in [{table}]" if in_table else "given", _Nothing())
        if kind == "extra_forbidden":
            return self._unknown(path, model)
        cause = fault.get("ctx", {}).get("error")
        if isinstance(cause, InputError):
            return self._located(path, cause.required, self._value(path), cause.hint)
        if kind in _REQUIRED:
            return self._located(path, _REQUIRED[kind](fault), self._value(path))
        return self._located(path, "valid", self._value(path), fault["msg"].rstrip(".") + ".")

    def broken_device(self, model: type[Section], section: KeyPath, error: InputError) -> InputError:
        """What a device's own checks found in the part of `model` at `section`."""
        fields = [word.removesuffix("_") for word in error.argument.split(" and ")]  # "vc1 and vc2", "lambda_"
        paths = [(*section, *field.split(".")) for field in fields]
        path = next((path for path in paths if self._value(path) is not None), paths[0])
        if path[len(section)] not in _known_fields(model, self.data, section):  # a place in a file that it names
            return self._located(section, error.required, error.got, error.hint, error.argument)
        written = self._value(path)
        got = error.got if written is None else written
        return self._located(path, error.required, _Nothing() if got is None else got, error.hint)

    def _unknown(self, path: KeyPath, model: type[Section]) -> InputError:
        known = _known_fields(model, self.data, path[:-1])
        near = difflib.get_close_matches(str(path[-1])[:40], known, n=1)
        hint = f"Did you mean {near[0]}?" if near else ""
        return self._located(path, f"one of {', '.join(known)}", path[-1], hint)

    def _located(self, path: KeyPath, required: str, got: Any, hint: str = "", field: str = "") -> InputError:
        lines = toml_lines(self.text)
        inside = path[len(lines.table(path[:-1])) :]
        field = field or "".join(f"[{p}]" if isinstance(p, int) else f".{_shown(p)}" for p in inside).removeprefix(".")
        where = f"{self.name}, line {lines.line(path)}"
        return InputError(f"{where}: {field}" if field else where, required, got, hint)

    def _path(self, loc: tuple[str | int, ...], *, keep_last: bool) -> KeyPath:
        """Pydantic's path without what stands in no file: the kinds of switches and laws."""
        path: KeyPath = ()
        value: Any = self.data
        for k, part in enumerate(loc):
            if _holds(value, part):
                path, value = (*path, part), value[part]
            elif keep_last and k == len(loc) - 1:
                path = (*path, part)
        return path

    def _value(self, path: KeyPath) -> Any:
        """What the file says at `path`; None where it says nothing."""
        value: Any = self.data
        for part in path:
            try:
                value = value[part]
            except (KeyError, IndexError, TypeError):
                return None
        return value


def _holds(value: Any, part: str | int) -> bool:
    if isinstance(value, list):
        return isinstance(part, int) and part < len(value)
    return isinstance(value, dict) and part in value


def _shown(key: str | int) -> str:
    """A key as it may be shown: it comes from a stranger's file."""
    return str(key) if _PLAIN_KEY.fullmatch(str(key)) else shorten(key, 40)


def _known_fields(model: type[Section], data: Any, path: KeyPath) -> list[str]:
    """The fields that the section at `path` may have, in `model` read from `data`."""
    annotation: Any = model
    for part in path:
        data = data[part]
        if isinstance(part, str):
            annotation = next(f.annotation for name, f in model.model_fields.items() if part in (name, f.alias))
        if isinstance(data, dict):  # otherwise an array of them
            here = [data.get(name) for name in TAGS]
            model = next(s for s in _sections(annotation) if not s.tags() or any(tag in here for tag in s.tags()))
    return [field.alias or name for name, field in model.model_fields.items()]


def _sections(annotation: Any) -> Iterator[type[Section]]:
    """The sections that an annotation allows."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        yield annotation
    for part in get_args(annotation):
        yield from _sections(part)
