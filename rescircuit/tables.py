"""Tables for people: the same on a terminal, in a report and in the documentation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Table", "figure", "spread"]


@dataclass(frozen=True, kw_only=True)
class Table:
    """Cells of text under a title.

    Attributes
    ----------
    title : str
    columns : tuple of str
    rows : tuple of tuples of str
        As many cells in each as there are columns.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def markdown(self) -> str:
        """The table in Markdown, its title in bold above it."""
        lines = [self.columns, ("---", *["---:"] * (len(self.columns) - 1)), *self.rows]
        cells = "\n".join("| " + " | ".join(line) + " |" for line in lines)
        return f"**{self.title}**\n\n{cells}\n"


def figure(value: float | None, digits: int = 3) -> str:
    """A number for a table, and nothing for none."""
    return "" if value is None else f"{value:.{digits}g}"


def spread(values: Iterable[float], scale: float = 100.0, digits: int = 2) -> str:
    """The mean of several results and, where there are several, how far they lie from it: least and largest."""
    listed = [scale * value for value in values]
    mean = sum(listed) / len(listed)
    if len(listed) == 1:
        return f"{mean:.{digits}f}"
    return f"{mean:.{digits}f} ({min(listed):.{digits}f} to {max(listed):.{digits}f})"
