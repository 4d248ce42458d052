"""Process files: the ones that come with rescircuit, and people's own, which are untrusted."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from rescircuit.devices.processes.mistakes import TomlFile, not_toml
from rescircuit.devices.processes.process import Process
from rescircuit.devices.processes.section import Section
from rescircuit.devices.processes.toml_lines import KeyPath
from rescircuit.errors import InputError
from rescircuit.files import file_size

__all__ = ["list_processes", "load_process", "parse_toml"]

_LARGEST_FILE = 1 << 20  # bytes; a process is a page of text
# More parts to a key than anyone writes: tomllib takes a time that grows with the square of their number.
_LONG_KEY = re.compile(r"""(?<![\w-])(?:(?>"[^"\n]*"|'[^'\n]*'|[\w-]+)[ \t]*\.[ \t]*){64}""")
_DEEPEST = 16  # tables inside one another; a process has 4


def load_process(name_or_path: str | Path) -> Process:
    """Read a process that comes with rescircuit, by name, or one's own, by the path of its TOML file.

    Raises
    ------
    InputError
        For an unknown name, an unreadable file, text that is no TOML, and unknown or ill-valued fields, with the line.
    """
    known = list_processes()
    if not isinstance(name_or_path, str | Path):
        raise InputError("process", f"one of {', '.join(known)}, or the path of a TOML file", name_or_path)
    path = known.get(str(name_or_path), Path(name_or_path))
    required = f"one of {', '.join(known)}, or the path of a readable TOML file"
    try:
        if file_size(path) > _LARGEST_FILE:
            raise InputError("process", f"a file of at most {_LARGEST_FILE} bytes", str(path))
        content = path.read_bytes()
    except InputError:
        raise
    except (OSError, ValueError):  # ValueError: a NUL in the name
        raise InputError("process", required, str(name_or_path)) from None
    return _read(path, content)


def _read(path: Path, content: bytes) -> Process:
    file = parse_toml(f"process {path.name}", content)
    try:
        process = Process.model_validate(file.data, context={"folder": path.parent})
    except ValidationError as error:
        raise file.wrong_field(Process, error) from None
    for place, section in _inside_out(process, ()):
        try:
            section.build()  # the devices' own checks, before anyone relies on them
        except InputError as error:
            raise file.broken_device(Process, place, error) from None
    return process


def parse_toml(name: str, content: bytes) -> TomlFile:
    """The TOML in the `content` of the file that messages call `name`, such as ``process mine.toml``.

    Raises
    ------
    InputError
        For what is no TOML in UTF-8, with the line, or TOML made to take a parser's time.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(f"{name}, line {line}", "text in UTF-8", content[error.start : error.end]) from None
    if _LONG_KEY.search(text):
        raise InputError(name, "TOML with keys of at most 64 parts", text[:200])
    try:
        data = tomllib.loads(text)
    except RecursionError:
        raise InputError(name, "TOML with few brackets inside one another", text[:200]) from None
    except ValueError as error:  # no TOML, or a number too long
        raise not_toml(name, text, str(error)) from None
    if _is_deep(data):
        raise InputError(name, f"at most {_DEEPEST} tables inside one another", text[:200])
    return TomlFile(name=name, text=text, data=data)


def _is_deep(data: dict[str, Any]) -> bool:
    """Whether there are more tables inside one another than any process has; without recursion."""
    values: list[Any] = [data]
    for _ in range(_DEEPEST):
        inner = [v for value in values for v in (value.values() if isinstance(value, dict) else value)]
        values = [value for value in inner if isinstance(value, dict | list)]
    return bool(values)


def _inside_out(section: Section, place: KeyPath) -> Iterator[tuple[KeyPath, Section]]:
    """All sections with their paths, each after those inside it."""
    for name, field in type(section).model_fields.items():
        inner = getattr(section, name)
        if isinstance(inner, Section):
            yield from _inside_out(inner, (*place, field.alias or name))
    yield place, section


def list_processes() -> dict[str, Path]:
    """Name and file of each process that comes with rescircuit."""
    package = Path(__file__).resolve().parents[2]
    installed, checkout = package / "processes", package.parent / "calibration"
    folder = installed if installed.is_dir() else checkout
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}
