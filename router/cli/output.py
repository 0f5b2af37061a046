"""What commands print: one JSON object, or text for people."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import click
import msgspec

from router.printable import printable


def print_json(value: Any) -> None:
    """One JSON object on standard output."""
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], red: Collection[int] = ()) -> None:
    """A table: with lines and colours on a terminal, aligned columns elsewhere. Cells are made printable.

    `red` are the places of rows that somebody should look at.
    """
    cells = [[printable(cell) for cell in row] for row in rows]
    if sys.stdout.isatty():
        _print_rich(title, columns, cells, red)
        return
    click.echo(title)
    widths = [max(map(len, column)) for column in zip(columns, *cells, strict=True)]
    for line in (columns, *cells):
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _print_rich(title: str, columns: Sequence[str], cells: Sequence[Sequence[str]], red: Collection[int]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold")
    for place, row in enumerate(cells):
        # As Text, square brackets of a name are not read as markup.
        table.add_row(*map(Text, row), style="red" if place in red else None)
    Console().print(table)


def age(seconds: float) -> str:
    """A span as people say it: `just now`, `42 s`, `5 min`, `3 h`, `12 d`."""
    if seconds < 2:
        return "just now"
    for unit, length, until in (("s", 1, 120), ("min", 60, 120 * 60), ("h", 3600, 48 * 3600)):
        if seconds < until:
            return f"{int(seconds / length)} {unit}"
    return f"{int(seconds / 86_400)} d"


def ago(at: str | None, now: float) -> str:
    """How long ago a time of the control socket was; `-` for never. `now` in Unix seconds."""
    from router.control.times import unix_time

    return "-" if at is None else age(now - unix_time(at))
