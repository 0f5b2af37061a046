"""Where things stand in a JSON5 text, for changing one of them and leaving the rest as somebody wrote it.

Rule 1: the text is JSON5 already; that was checked by reading it. This module only finds places, and an odd text makes
it raise Unreadable, never find a wrong one in silence: whoever edits reads the result again.
Rule 2: comments, spaces and the spelling of values are nobody's business here.
"""

from __future__ import annotations

import re

import json5
import msgspec

_SPACE = re.compile(r"(?:\s|\ufeff|//[^\n\r\u2028\u2029]*|/\*.*?\*/)*", re.DOTALL)
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'', re.DOTALL)
_WORD = re.compile(r"[^\s,:\[\]{}\"'/]+")


class Unreadable(ValueError):
    """The text is not laid out as JSON5 is."""


class Place(msgspec.Struct, frozen=True):
    """A value in the text: `text[start:end]`."""

    start: int
    end: int
    members: tuple[Member, ...] | None = None
    """Of an object; None for everything else."""


class Member(msgspec.Struct, frozen=True):
    """`key: value` in an object; begins where its key does."""

    key: str
    start: int
    value: Place


def outline(text: str) -> Place:
    """The value that the whole text is. Raises Unreadable."""
    try:
        return _value(text, _skip(text, 0))
    except (IndexError, RecursionError) as error:
        raise Unreadable("the text ends too early, or goes too deep") from error


def _value(text: str, at: int) -> Place:
    if text[at] == "{":
        return _object(text, at)
    if text[at] == "[":
        return _array(text, at)
    return Place(at, _token_end(text, at))


def _object(text: str, at: int) -> Place:
    members = []
    cursor = _skip(text, at + 1)
    while text[cursor] != "}":
        key_end = _token_end(text, cursor)
        colon = _skip(text, key_end)
        if text[colon] != ":":
            raise Unreadable(f"expected a colon at {colon}")
        value = _value(text, _skip(text, colon + 1))
        members.append(Member(_key(text[cursor:key_end]), cursor, value))
        cursor = _next(text, value.end, "}")
    return Place(at, cursor + 1, tuple(members))


def _array(text: str, at: int) -> Place:
    cursor = _skip(text, at + 1)
    while text[cursor] != "]":
        cursor = _next(text, _value(text, cursor).end, "]")
    return Place(at, cursor + 1)


def _next(text: str, end: int, closing: str) -> int:
    """Where the next entry begins, or where the closing bracket is."""
    cursor = _skip(text, end)
    if text[cursor] == ",":
        return _skip(text, cursor + 1)
    if text[cursor] != closing:
        raise Unreadable(f"expected a comma at {cursor}")
    return cursor


def _token_end(text: str, at: int) -> int:
    found = _STRING.match(text, at) or _WORD.match(text, at)
    if found is None:
        raise Unreadable(f"expected a value at {at}")
    return found.end()


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return at if found is None else found.end()


def _key(token: str) -> str:
    (key,) = json5.loads("{" + token + ":0}")
    return str(key)
