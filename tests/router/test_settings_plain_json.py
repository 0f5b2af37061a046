"""Plain JSON takes a faster way into the settings than JSON5 does; nothing else about it is different."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import json5
import pytest

from router.settings.document import read_document
from router.settings.problems import Report


def read(path: Path, text: str) -> tuple[Any, list[str]]:
    path.write_text(text)
    report = Report()
    return read_document(path, report), [str(problem) for problem in report.problems]


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1, "b": [true, null, "\\u00e9", 1.5, -3]}',
        '{"a": {"b": 1, "b": 2}, "c": [{"d": 1, "d": 1}]}',
        '{"a": NaN, "b": [Infinity, -Infinity]}',
        '{"a": 1e400}',
        "[" * 20_000,
        '{"a": 12345678901234567890123}',
    ],
)
def test_the_two_ways_agree(tmp_path: Path, text: str) -> None:
    path = tmp_path / "router.json5"
    assert read(path, text) == read(path, text + "\n// a comment makes it JSON5")


def test_plain_json_is_spared_json5(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json5, "loads", None)
    assert read(tmp_path / "router.json5", '{"a": [1]}') == ({"a": [1]}, [])
