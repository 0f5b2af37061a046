"""One settings file as a tree of plain values."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import json5

from router.settings.problems import Report, item, join

MAX_FILE_BYTES = 4 * 1024 * 1024
"""json5 reads about 100 kB a second; a larger file is not a settings file. Plain JSON is spared json5."""

_SYNTAX = re.compile(r"<string>:(\d+) (.*) at column (\d+)", re.DOTALL)


class _Object(dict[str, Any]):
    """An object that remembers which of its keys were written twice; plain JSON5 would keep the last in silence."""

    def __init__(self, pairs: Iterable[tuple[str, Any]]) -> None:
        super().__init__()
        self.repeated: list[str] = []
        for key, value in pairs:
            if key in self:
                self.repeated.append(key)
            self[key] = value


def read_document(path: Path, report: Report) -> Any:
    """The tree in the file at `path`, or None when it cannot be read; what is wrong is in the report."""
    text = _read_text(path, report)
    if text is None:
        return None
    try:
        tree = _parse(text)
    except ValueError as error:
        report.problem(str(path), _syntax(str(error)))
        return None
    except RecursionError:
        report.problem(str(path), "nested too deeply")
        return None
    return _plain(tree, "", report)


def _parse(text: str) -> Any:
    # Files that programs write for many accounts are plain JSON as a rule, which is read a thousand times faster.
    with suppress(ValueError):
        return json.loads(text, object_pairs_hook=_Object)
    return json5.loads(text, object_pairs_hook=_Object)


def _read_text(path: Path, report: Report) -> str | None:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
        if len(content) <= MAX_FILE_BYTES:
            return content.decode("utf-8-sig")
        report.problem(str(path), f"larger than {MAX_FILE_BYTES} bytes; this is not a settings file")
    except UnicodeDecodeError as error:
        report.problem(str(path), f"not UTF-8 text: byte {error.start} cannot be read")
    except OSError as error:
        report.problem(str(path), f"cannot be read: {error.strerror or type(error).__name__}")
    return None


def _syntax(message: str) -> str:
    found = _SYNTAX.fullmatch(message)
    if found is None:
        return "not JSON5: the file is empty" if "Empty" in message else "not JSON5"
    line, text, column = found.groups()
    return f"line {line}, column {column}: {text[:1].lower()}{text[1:]}"


def _plain(value: Any, path: str, report: Report) -> Any:
    """The value with ordinary dicts, after its repeated keys and impossible numbers are reported."""
    if isinstance(value, _Object):
        for key in value.repeated:
            report.problem(join(path, key), "written twice in one object; keep one of them")
        return {key: _plain(each, join(path, key), report) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each, item(path, index), report) for index, each in enumerate(value)]
    if isinstance(value, float) and not math.isfinite(value):
        report.spoil(path, "expected a finite number")
        return 0
    return value
