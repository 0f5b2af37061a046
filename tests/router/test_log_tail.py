from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from router.log_tail import LogQuery, read_tail

ALL = LogQuery(limit=1000)


def write(file: Path, *texts: str, **fields: str) -> None:
    with file.open("a") as stream:
        for text in texts:
            line = {"time": "t", "level": "info", "name": "n", "text": text} | fields
            stream.write(json.dumps(line) + "\n")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "router.jsonl"


def texts(directory: Path, cursor: str | None = None, query: LogQuery = ALL) -> list[str]:
    return [line.text for line in read_tail(directory, cursor, query).lines]


def test_no_log_yet_is_an_empty_one_and_its_cursor_finds_what_comes(log: Path) -> None:
    nothing = read_tail(log.parent, None, ALL)
    assert (nothing.lines, nothing.cursor, nothing.reset) == ((), "", False)
    write(log, "one")
    found = read_tail(log.parent, nothing.cursor, ALL)
    assert ([line.text for line in found.lines], found.reset) == (["one"], False)


def test_the_last_lines_are_the_newest_over_as_many_files_as_it_takes(log: Path) -> None:
    for number, words in ((10, "ab"), (2, "cd"), (1, "ef")):
        write(Path(f"{log}.{number}"), *words)
    write(log, "g")
    assert texts(log.parent) == list("abcdefg")
    assert texts(log.parent, query=LogQuery(limit=4)) == list("defg")
    assert texts(log.parent, query=LogQuery(limit=1)) == ["g"]


def test_a_cursor_gives_every_later_line_once_in_bounded_portions(log: Path) -> None:
    write(log, "before")
    cursor = read_tail(log.parent, None, ALL).cursor
    write(log, *"abcde")
    seen = []
    while (tail := read_tail(log.parent, cursor, LogQuery(limit=2))).lines:
        assert len(tail.lines) <= 2
        seen += [line.text for line in tail.lines]
        cursor = tail.cursor
    assert seen == list("abcde")


def test_a_cursor_outlives_the_file_being_put_aside(log: Path) -> None:
    write(log, "one")
    cursor = read_tail(log.parent, None, ALL).cursor
    write(log, "two")
    log.rename(f"{log}.1")
    write(log, "three")
    tail = read_tail(log.parent, cursor, ALL)
    assert ([line.text for line in tail.lines], tail.reset) == (["two", "three"], False)


@pytest.mark.parametrize("how", ["gone", "cut", "nonsense"])
def test_a_cursor_whose_place_is_gone_begins_anew_and_says_so(log: Path, how: str) -> None:
    write(log, "one", "two")
    cursor = read_tail(log.parent, None, ALL).cursor
    if how == "gone":
        log.rename(log.parent / "elsewhere")
    if how == "cut":
        os.truncate(log, 0)
    write(log, "new")
    tail = read_tail(log.parent, "x:y" if how == "nonsense" else cursor, ALL)
    assert tail.reset
    assert tail.lines[-1].text == "new"


def test_half_a_line_waits_for_its_other_half(log: Path) -> None:
    write(log, "one")
    with log.open("a") as stream:
        stream.write('{"time":"t","level":"info","name":"n",')
    tail = read_tail(log.parent, None, ALL)
    assert [line.text for line in tail.lines] == ["one"]
    with log.open("a") as stream:
        stream.write('"text":"two"}\n')
    assert texts(log.parent, tail.cursor) == ["two"]


def test_a_line_that_makes_no_sense_is_shown_as_it_is(log: Path) -> None:
    log.write_bytes(b"{half a \xff\n")
    (line,) = read_tail(log.parent, None, LogQuery(level="error")).lines
    assert line.text == "{half a \\xff"


def test_lines_are_chosen_by_level_and_account(log: Path) -> None:
    for level in ("debug", "info", "warning", "error", "critical"):
        write(log, level, level=level)
    write(log, "shop", account="zalo:shop")
    write(log, "other", account="zalouser:other")
    assert texts(log.parent, query=LogQuery(level="warning")) == ["warning", "error", "critical"]
    assert texts(log.parent, query=LogQuery(account="shop")) == ["shop"]
    assert texts(log.parent, query=LogQuery(account="zalo:shop")) == ["shop"]
    assert texts(log.parent, query=LogQuery(account="zalo:other")) == []
    assert texts(log.parent, query=LogQuery(level="warning", limit=2)) == ["error", "critical"]


def test_an_empty_new_file_is_followed_from_its_beginning(log: Path) -> None:
    write(Path(f"{log}.1"), "old")
    log.touch()
    tail = read_tail(log.parent, None, LogQuery(limit=1))
    assert [line.text for line in tail.lines] == ["old"]
    write(log, "new")
    assert texts(log.parent, tail.cursor) == ["new"]
