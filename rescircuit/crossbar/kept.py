"""Values that are computed once for an object, without a lock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

__all__ = ["kept"]

Value = TypeVar("Value")


class kept(Generic[Value]):  # noqa: N801 - used as a decorator, like property
    """Like :func:`functools.cached_property`, whose lock, up to Python 3.11, is one for all objects of a class.

    With that arrays could not be solved side by side. Without, two threads that ask one object at once may both
    compute, and find the same.
    """

    def __init__(self, compute: Callable[[Any], Value]) -> None:
        self._compute = compute
        self.__doc__ = compute.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, owned: None, owner: type) -> kept[Value]: ...

    @overload
    def __get__(self, owned: object, owner: type) -> Value: ...

    def __get__(self, owned: Any, owner: type) -> Any:
        if owned is None:
            return self
        value = self._compute(owned)
        vars(owned)[self._name] = value  # found there before this descriptor from now on
        return value
