"""One file: JSON5 in, plain values out, or where and why not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from router.settings.document import MAX_FILE_BYTES, read_document
from router.settings.problems import Report


def read(directory: Path, content: str | bytes) -> tuple[Any, list[str]]:
    path = directory / "f.json5"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    report = Report()
    tree = read_document(path, report)
    return tree, [problem.replace(str(path), "f.json5") for problem in report.problems]


@pytest.mark.parametrize(
    ("content", "tree"),
    [
        ("{}", {}),
        ("// a comment\n{a: 1, 'b': [1, 2,], c: +0x1F,}", {"a": 1, "b": [1, 2], "c": 31}),
        ('\ufeff{"a": "Cửa hàng"}', {"a": "Cửa hàng"}),
        ("{a: {b: {c: null}}, d: [{e: true}]}", {"a": {"b": {"c": None}}, "d": [{"e": True}]}),
        ("{id: 1234567890123456789}", {"id": 1234567890123456789}),
        ("[]", []),
    ],
)
def test_json5_is_read(tmp_path: Path, content: str, tree: object) -> None:
    assert read(tmp_path, content) == (tree, [])


def test_objects_come_out_as_plain_dicts(tmp_path: Path) -> None:
    tree, _ = read(tmp_path, "{a: {b: 1}}")
    assert (type(tree), type(tree["a"])) == (dict, dict)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("{a: 1 b: 2}", 'f.json5: line 1, column 7: unexpected "b"'),
        ("{\n  a: 1,\n  b: }\n", 'f.json5: line 3, column 6: unexpected "}"'),
        ("{a: [1, 2", "f.json5: line 1, column 10: unexpected end of input"),
        ('{a: "x\ny"}', 'f.json5: line 1, column 7: unexpected "\\n"'),
        ("", "f.json5: not JSON5: the file is empty"),
        ("[" * 5000, "f.json5: nested too deeply"),
        (b"\xff{}", "f.json5: not UTF-8 text: byte 0 cannot be read"),
        (b"x" * (MAX_FILE_BYTES + 1), f"f.json5: larger than {MAX_FILE_BYTES} bytes; this is not a settings file"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(tmp_path: Path, content: str | bytes, problem: str) -> None:
    assert read(tmp_path, content) == (None, [problem])


def test_a_missing_file_is_a_problem(tmp_path: Path) -> None:
    report = Report()
    assert read_document(tmp_path / "none.json5", report) is None
    assert report.problems == [f"{tmp_path / 'none.json5'}: cannot be read: No such file or directory"]


def test_a_directory_is_no_settings_file(tmp_path: Path) -> None:
    report = Report()
    assert read_document(tmp_path, report) is None
    assert report.problems == [f"{tmp_path}: cannot be read: Is a directory"]


def test_a_key_written_twice_is_a_problem_wherever_it_stands(tmp_path: Path) -> None:
    _, problems = read(tmp_path, "{a: 1, a: 2, b: [{c: {d: 1, d: 1}}]}")
    assert problems == [
        "a: written twice in one object; keep one of them",
        "b[0].c.d: written twice in one object; keep one of them",
    ]


@pytest.mark.parametrize("number", ["Infinity", "-Infinity", "NaN", "1e999"])
def test_a_number_that_is_none_is_a_problem(tmp_path: Path, number: str) -> None:
    _, problems = read(tmp_path, f"{{limits: {{inbox: {number}}}}}")
    assert problems == ["limits.inbox: expected a finite number"]
