"""Answers: waits that a server asks for, root causes in words, and bodies cut into lines."""

from __future__ import annotations

import errno
import os
import ssl
from itertools import pairwise

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from actors.errors import UnknownOutcome
from actors.net.answer import MAX_LINE_BYTES, Lines, retry_after_seconds, system_words

NOON = "Fri, 20 Nov 2026 12:00:00 GMT"


@pytest.mark.parametrize(
    ("header", "date", "seconds"),
    [
        (None, None, None),
        ("5", None, 5.0),
        (" 2.5 ", None, 2.5),
        ("0", None, 0.0),
        ("-1", None, None),
        ("inf", None, None),
        ("nan", None, None),
        ("soon", NOON, None),
        ("Fri, 20 Nov 2026 12:01:30 GMT", NOON, 90.0),
        ("Fri, 20 Nov 2026 11:00:00 GMT", NOON, 0.0),
        ("Fri, 20 Nov 2026 12:01:30 GMT", None, None),
        ("Fri, 20 Nov 2026 12:01:30 GMT", "yesterday", None),
        ("Fri, 20 Nov 2026 12:01:30 GMT", "Fri, 20 Nov 2026 12:00:00 -0000", None),
    ],
)
def test_retry_after_is_seconds_or_measured_against_the_servers_own_date(
    header: str | None, date: str | None, seconds: float | None
) -> None:
    assert retry_after_seconds(header, date) == seconds


def test_system_words_are_those_of_the_root_cause() -> None:
    root = OSError("all attempts failed")
    root.__cause__ = ExceptionGroup("tries", [OSError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))])
    error = RuntimeError("https://host/botSECRET")
    error.__context__ = root
    assert system_words(error) == " (Connection refused)"


def test_system_words_name_a_certificates_fault() -> None:
    error = ssl.SSLCertVerificationError()
    error.verify_message = "certificate has expired"
    assert system_words(error) == " (certificate: certificate has expired)"


def test_system_words_never_repeat_an_errors_own_text() -> None:
    assert system_words(RuntimeError("https://host/botSECRET")) == ""
    assert system_words(OSError("https://host/botSECRET")) == ""


def test_system_words_end_on_causes_that_go_in_a_circle() -> None:
    error = RuntimeError("a")
    other = RuntimeError("b")
    error.__context__, other.__context__ = other, error
    assert system_words(error) == ""


async def lines_of(parts: list[bytes]) -> list[str]:
    left = iter(parts)

    async def next_part() -> bytes | None:
        return next(left, None)

    return [line async for line in Lines(next_part)]


@pytest.mark.parametrize(
    ("parts", "lines"),
    [
        ([], []),
        ([b"data: 1\n\ndata: 2\n"], ["data: 1", "", "data: 2"]),
        ([b"a\r\nb\r\n"], ["a", "b"]),
        ([b"a\r", b"\nb"], ["a", "b"]),
        ([b"no end"], ["no end"]),
        ([b"", b"x", b"", b"y\n", b""], ["xy"]),
        ([b"ch\xc3", b"\xa0o\n"], ["chào"]),
        ([b"\xff\n"], ["�"]),
    ],
)
async def test_lines_are_whole_however_the_parts_are_cut(parts: list[bytes], lines: list[str]) -> None:
    assert await lines_of(parts) == lines


@given(text=st.binary(max_size=60).map(lambda raw: raw.replace(b"\r", b"")), cuts=st.lists(st.integers(0, 60)))
def test_cutting_a_body_anywhere_gives_the_same_lines(text: bytes, cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(text)]
    parts = [text[a:b] for a, b in pairwise(edges)]
    whole = text.decode("utf-8", "replace").split("\n")
    expected = whole if text and not text.endswith(b"\n") else whole[:-1]
    assert trio.run(lines_of, parts) == expected


async def test_a_line_without_end_is_refused_before_it_fills_the_memory() -> None:
    with pytest.raises(UnknownOutcome, match="longer than 1048576 bytes"):
        await lines_of([b"x" * (MAX_LINE_BYTES // 2)] * 3)
