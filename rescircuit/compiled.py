"""How kernels are compiled: without the interpreter's lock, and kept on disk where there is a place for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import njit

__all__ = ["kernel", "summing_kernel"]


def kernel(function: Callable[..., Any]) -> Any:
    """Compile `function` with its first call, or load it as compiled before.

    Where neither the package's folder nor the user's can be written to, as in some containers, it is compiled anew in
    each process.
    """
    return _compiled(function, fastmath=False)


def summing_kernel(function: Callable[..., Any]) -> Any:
    """The same for kernels that add many numbers: the order of additions is the compiler's.

    So sums run in vector lanes, and a product may be added before it is rounded. Quotients and infinities are as they
    would be otherwise.
    """
    return _compiled(function, fastmath={"reassoc", "contract"})


def _compiled(function: Callable[..., Any], fastmath: Any) -> Any:
    try:
        return njit(nogil=True, cache=True, fastmath=fastmath)(function)
    except RuntimeError:
        return njit(nogil=True, fastmath=fastmath)(function)
