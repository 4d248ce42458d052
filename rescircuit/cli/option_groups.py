"""Options that commands share, as groups: a frozen dataclass, each of whose fields is an option."""

from __future__ import annotations

import copy
import functools
import inspect
from collections.abc import Callable, Iterator
from dataclasses import MISSING, fields, is_dataclass
from typing import Annotated, Any, get_args, get_origin, get_type_hints

__all__ = ["field_names", "given_options", "option_name", "option_names", "with_groups"]


def with_groups(command: Callable[..., None]) -> Callable[..., None]:
    """`command` as Typer takes it: options of its own in place of each parameter that is a group of them.

    A group is a dataclass whose fields are annotated as a command's parameters are, or are groups themselves. Where it
    is annotated with a text, ``Annotated[Wiring, "Wires"]``, that is the panel of the help in which its options stand.
    Fields of one name in two groups are one option, which both get; the first of them describes it.
    """
    hints = get_type_hints(command, include_extras=True)
    own = {
        name: (hints[name], MISSING if parameter.default is inspect.Parameter.empty else parameter.default)
        for name, parameter in inspect.signature(command).parameters.items()
    }
    found: dict[str, inspect.Parameter] = {}
    for name, (hint, default) in own.items():
        for each in _parameters(name, hint, default, None):
            found.setdefault(each.name, each)
    parameters = list(found.values())

    @functools.wraps(command)
    def call(**given: Any) -> None:
        command(**{name: _built(name, hint, given) for name, (hint, _) in own.items()})

    call.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined] - what Typer reads, with the next
    call.__annotations__ = {each.name: each.annotation for each in parameters}
    return call


def option_name(field: str) -> str:
    """The option of a field, such as ``--r-word-line``."""
    return f"--{field.replace('_', '-')}"


def option_names(*groups: type) -> dict[str, str]:
    """The options of the groups, and of groups in them, by the names of their fields."""
    return {name: option_name(name) for name in field_names(*groups)}


def field_names(*groups: type) -> list[str]:
    """The names of the fields that are options, of the groups and of groups in them."""
    names: list[str] = []
    for group in groups:
        hints = get_type_hints(group, include_extras=True)
        for each in fields(group):
            inner, _ = _group_of(hints[each.name])
            names += [each.name] if inner is None else field_names(inner)
    return names


def given_options(group: Any) -> Iterator[tuple[str, Any]]:
    """Names and values of a group's fields, and of groups in it, that are not as they are by default."""
    for each in fields(group):
        value = getattr(group, each.name)
        if is_dataclass(value):
            yield from given_options(value)
        elif value != each.default:
            yield each.name, value


def _parameters(name: str, hint: Any, default: Any, panel: str | None) -> Iterator[inspect.Parameter]:
    group, own_panel = _group_of(hint)
    if group is None:
        default = inspect.Parameter.empty if default is MISSING else default
        yield inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=_on_panel(hint, panel)
        )
        return
    hints = get_type_hints(group, include_extras=True)
    for each in fields(group):
        yield from _parameters(each.name, hints[each.name], each.default, own_panel or panel)


def _built(name: str, hint: Any, given: dict[str, Any]) -> Any:
    group, _ = _group_of(hint)
    if group is None:
        return given[name]
    hints = get_type_hints(group, include_extras=True)
    return group(**{each.name: _built(each.name, hints[each.name], given) for each in fields(group)})


def _group_of(hint: Any) -> tuple[type[Any] | None, str | None]:
    """The group that a parameter is, if it is one, and its panel."""
    kind, *notes = get_args(hint) if get_origin(hint) is Annotated else (hint,)
    return (kind, next(iter(notes), None)) if isinstance(kind, type) and is_dataclass(kind) else (None, None)


def _on_panel(hint: Any, panel: str | None) -> Any:
    """The annotation of an option, moved to a panel."""
    if panel is None:
        return hint
    kind, info = get_args(hint)
    moved = copy.copy(info)
    moved.rich_help_panel = panel
    return Annotated[kind, moved]
