"""Results as a table for people, as markdown for a page, and as JSON for the next run to compare with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec
from rich.table import Table

from bench.contract import Figure
from bench.machine import Machine


class Result(msgspec.Struct, frozen=True):
    """What one bench found."""

    bench: str
    figures: list[Figure]


class Report(msgspec.Struct, frozen=True):
    """One run of the program."""

    command: str
    machine: Machine
    results: list[Result]


class NotComparable(Exception):
    """A file that is no report of this program."""


def save(report: Report, path: Path) -> None:
    """Raises OSError."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=1))


def load(path: Path) -> Report:
    """Raises NotComparable, OSError."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Report)
    except msgspec.DecodeError as error:
        raise NotComparable(f"{path} is no report of `python -m bench --json`: {error}") from error


def cells(result: Result, old: Result | None = None) -> tuple[list[str], list[list[str]]]:
    """Header and rows; with `old`, each number is followed by its ratio to the old one."""
    before = {(figure.case, figure.name): figure.value for figure in old.figures} if old else {}
    columns = list(dict.fromkeys(figure.name for figure in result.figures))
    rows: dict[str, dict[str, str]] = {}
    for figure in result.figures:
        rows.setdefault(figure.case, {})[figure.name] = shown(figure) + _change(figure, before)
    return [result.bench, *columns], [[case, *(row.get(name, "") for name in columns)] for case, row in rows.items()]


def table(result: Result, old: Result | None = None) -> Table:
    """For a terminal."""
    header, rows = cells(result, old)
    made = Table(title=None, title_justify="left")
    for number, name in enumerate(header):
        made.add_column(name, justify="right" if number else "left")
    for row in rows:
        made.add_row(*row)
    return made


def markdown(results: Iterable[Result], old: Mapping[str, Result] | None = None) -> str:
    """For a page."""
    parts = []
    for result in results:
        header, rows = cells(result, (old or {}).get(result.bench))
        lines = [_line(header), _line(["---", *("---:" for _ in header[1:])]), *map(_line, rows)]
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def shown(figure: Figure) -> str:
    """Three digits that matter, thousands apart."""
    value = figure.value
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    unit = figure.unit if figure.unit in ("/s", "%", "x", "") else f" {figure.unit}"
    return f"{value:,.{digits}f}{unit}"


def _change(figure: Figure, before: Mapping[tuple[str, str], float]) -> str:
    was = before.get((figure.case, figure.name))
    return f" ({figure.value / was:.2f} of before)" if was else ""


def _line(row: Iterable[str]) -> str:
    return "| " + " | ".join(row) + " |"
