"""Reading the log file: its end, or what came after a place that was read before.

A place is called a cursor, `<inode>:<byte offset>`: the inode finds the file again after it was put aside
(`router.jsonl` becomes `router.jsonl.1`, and so on), so nothing is lost or told twice when the log is begun anew.
Blocking; nothing here needs a running router.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import msgspec

from router.control.protocol.journal import LevelWord, LogLine, LogTail

FILE = "router.jsonl"
RANKS = {"debug": 10, "info": 20, "warning": 30, "error": 40, "critical": 50}


class LogQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which lines are wanted."""

    limit: int = 200
    level: LevelWord = "debug"
    """This level and worse."""
    account: str = ""
    """Lines about this account: `zalo:shop`, or `shop`. Empty: all lines."""


class _File(NamedTuple):
    path: Path
    inode: int
    size: int


class _Read(NamedTuple):
    line: LogLine
    cursor: str


_decoder = msgspec.json.Decoder(LogLine)


def read_tail(directory: Path, cursor: str | None, query: LogQuery) -> LogTail:
    """The last lines of the log; with a cursor, the first lines after it. No log yet reads as an empty one.

    A line that is not whole yet is left for the next call. Raises OSError when a file may not be read.
    """
    files = _files(directory)
    place = _place(cursor)
    known = next((index for index, file in enumerate(files) if place and file.inode == place[0]), None)
    if place is None or known is None or place[1] > files[known].size:
        return _last(files, query, reset=bool(cursor))
    return _following(files[known:], place[1], query)


def _last(files: list[_File], query: LogQuery, *, reset: bool) -> LogTail:
    """The newest lines that fit, over as many files as it takes; the cursor is the end of the newest file."""
    found: deque[LogLine] = deque()
    cursor = ""
    for file in reversed(files):
        lines, end = _end_of(file, query)
        cursor = cursor or end
        while lines and len(found) < query.limit:
            found.appendleft(lines.pop())
        if len(found) >= query.limit:
            break
    return LogTail(lines=tuple(found), cursor=cursor, reset=reset)


def _end_of(file: _File, query: LogQuery) -> tuple[deque[LogLine], str]:
    """The last fitting lines of one file, and the cursor behind all it has."""
    lines: deque[LogLine] = deque(maxlen=query.limit)
    cursor = f"{file.inode}:0"
    for read in _lines(file, 0):
        cursor = read.cursor
        if _fits(read.line, query):
            lines.append(read.line)
    return lines, cursor


def _following(files: list[_File], offset: int, query: LogQuery) -> LogTail:
    found: list[LogLine] = []
    cursor = f"{files[0].inode}:{offset}"
    for file in files:
        for read in _lines(file, offset):
            cursor = read.cursor
            if _fits(read.line, query):
                found.append(read.line)
            if len(found) >= query.limit:
                return LogTail(lines=tuple(found), cursor=cursor)
        offset = 0
    return LogTail(lines=tuple(found), cursor=cursor)


def _files(directory: Path) -> list[_File]:
    """The log's files, the oldest first."""
    numbered = [path for path in directory.glob(f"{FILE}.*") if path.suffix[1:].isdigit()]
    numbered.sort(key=lambda path: int(path.suffix[1:]), reverse=True)
    found = []
    for path in (*numbered, directory / FILE):
        with suppress(FileNotFoundError):
            status = path.stat()
            found.append(_File(path, status.st_ino, status.st_size))
    return found


def _lines(file: _File, offset: int) -> Iterator[_Read]:
    """The whole lines from `offset` on, each with the cursor behind it."""
    try:
        stream = file.path.open("rb")
    except FileNotFoundError:
        return
    with stream:
        if os.fstat(stream.fileno()).st_ino != file.inode:
            return  # It was put aside a moment ago: the next call finds it under its new name.
        stream.seek(offset)
        for raw in stream:
            if not raw.endswith(b"\n"):
                return
            offset += len(raw)
            yield _Read(_parsed(raw), f"{file.inode}:{offset}")


def _parsed(raw: bytes) -> LogLine:
    try:
        return _decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        # A disk that was full may have left half a line.
        return LogLine(time="", level="error", name="", text=raw.decode("utf-8", "backslashreplace").strip())


def _fits(line: LogLine, query: LogQuery) -> bool:
    if RANKS.get(line.level, RANKS["error"]) < RANKS[query.level]:
        return False
    return not query.account or query.account in (line.account, line.account.partition(":")[2])


def _place(cursor: str | None) -> tuple[int, int] | None:
    inode, _, offset = (cursor or "").partition(":")
    return (int(inode), int(offset)) if inode.isdigit() and offset.isdigit() else None
