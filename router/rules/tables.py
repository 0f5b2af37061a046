"""Markdown tables, which no Zalo client draws, as something that reads well in a chat.

Rule 1: a table is what GitHub's markdown calls one: a line with pipes, then a line of dashes with as many columns, then
lines with pipes until there are no more. What is in a code fence is no table.
Rule 2: every word of a table stays. A row with more cells than the heading makes the table wider.
Rule 3: the looks are those of the OpenClaw gateway (openclaw-gateway reference, section 6.1): `code` is a fenced block
with padded columns and no marks in it; `bullets` is each row's first cell as a heading, then a line for each other one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec

from actors.messages import ParseMode
from router.rules.fences import FenceMap, find_fences
from router.rules.markup import without_marks

TableMode = Literal["off", "bullets", "code"]
Cells = tuple[str, ...]

_DASHES = re.compile(r" {0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*")
_PIPE = re.compile(r"(?<!\\)\|")
_TICKS = re.compile(r"`+")
_BOLD: dict[ParseMode | None, str] = {"markdown": "**{}**", "html": "<b>{}</b>", None: "{}"}


class Table(msgspec.Struct, frozen=True):
    """One table; every row has as many cells as the heading."""

    heading: Cells
    rows: tuple[Cells, ...]


def convert_tables(text: str, mode: TableMode, parse_mode: ParseMode | None = None) -> str:
    """`text` with its tables written as `mode` says. `parse_mode` is how the text will be read: whether bold shows."""
    if mode == "off" or "|" not in text:
        return text
    return "\n".join(_converted(text.split("\n"), _fenced_lines(text), mode, parse_mode))


def _converted(
    lines: list[str], fenced: frozenset[int], mode: TableMode, parse_mode: ParseMode | None
) -> Iterator[str]:
    number = 0
    while number < len(lines):
        if number in fenced or not _begins(lines, number):
            yield lines[number]
            number += 1
            continue
        end = number + 2
        while end < len(lines) and end not in fenced and _PIPE.search(lines[end]):
            end += 1
        table = _table(lines[number], lines[number + 2 : end])
        yield _code(table) if mode == "code" else _bullets(table, _BOLD[parse_mode])
        number = end


def _begins(lines: Sequence[str], number: int) -> bool:
    if number + 1 >= len(lines) or not _PIPE.search(lines[number]):
        return False
    dashes = lines[number + 1].rstrip("\r")
    return "|" in dashes and bool(_DASHES.fullmatch(dashes)) and len(_cells(lines[number])) == len(_cells(dashes))


def _fenced_lines(text: str) -> frozenset[int]:
    """The numbers of the lines in code fences, opening and closing lines included."""
    fences = FenceMap(find_fences(text))
    fenced, offset = set(), 0
    for number, line in enumerate(text.split("\n")):
        if fences.around(offset + 1) is not None:
            fenced.add(number)
        offset += len(line) + 1
    return frozenset(fenced)


def _cells(line: str) -> Cells:
    inner = line.strip()
    inner = inner.removeprefix("|")
    if inner.endswith("|") and not inner.endswith("\\|"):
        inner = inner[:-1]
    return tuple(cell.strip().replace("\\|", "|") for cell in _PIPE.split(inner))


def _table(heading: str, rows: Sequence[str]) -> Table:
    cells = [_cells(line) for line in (heading, *rows)]
    width = max(map(len, cells))
    first, *rest = (row + ("",) * (width - len(row)) for row in cells)
    return Table(first, tuple(rest))


def _code(table: Table) -> str:
    rows = [tuple(without_marks(cell) for cell in row) for row in (table.heading, *table.rows)]
    widths = [max(3, *map(_width, column)) for column in zip(*rows, strict=True)]
    lines = [_padded(row, widths) for row in rows]
    lines.insert(1, "| " + " | ".join("-" * width for width in widths) + " |")
    longest = max((len(ticks) for line in lines for ticks in _TICKS.findall(line)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join((fence, *lines, fence))


def _padded(row: Cells, widths: Sequence[int]) -> str:
    cells = (cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True))
    return "| " + " | ".join(cells) + " |"


def _bullets(table: Table, bold: str) -> str:
    if not table.rows:
        return "\n".join(f"• {cell}" for cell in table.heading if cell)
    return "\n\n".join(filter(None, (_bulleted(table.heading, row, bold) for row in table.rows)))


def _bulleted(heading: Cells, row: Cells, bold: str) -> str:
    lines = [bold.format(without_marks(row[0]))] if row[0] else []
    for name, value in zip(heading[1:], row[1:], strict=True):
        if value:
            lines.append(f"• {name}: {value}" if name else f"• {value}")
    return "\n".join(lines)


def _width(text: str) -> int:
    """Columns that a fixed-width font needs: none for an accent, two for the wide characters of East Asia."""
    return sum(
        0 if unicodedata.combining(each) else 2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text
    )
