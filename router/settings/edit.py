"""Changing single values of a settings file and leaving everything else, comments included, as it was.

Every edit is read again and compared with the tree that was meant: what cannot be done faithfully is not done.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

import json5

from router.settings.outline import Member, Place, Unreadable, outline

Path = tuple[str, ...]
"""Keys from the root: `("channels", "zalo", "botToken")`."""

_PLAIN_KEY = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
_REST_OF_LINE = re.compile(r"[ \t]*(?://[^\n\r]*|/\*[^\n\r]*?\*/[ \t]*(?=[\r\n]))?")
_INDENT = re.compile(r"[ \t]*")
STEP: Final = "  "


class CannotEdit(Exception):
    """The text cannot be changed in place; write it anew."""


def set_value(text: str, path: Path, value: Any) -> str:
    """The text with this value at this path; objects on the way are made. Raises CannotEdit."""
    return _checked(text, _set(text, path, value), _with(_tree(text), path, value))


def remove_value(text: str, path: Path) -> str:
    """The text without the key at this path; as it is when there is none. Raises CannotEdit."""
    return _checked(text, _remove(text, path), _without(_tree(text), path))


def rendered(value: Any, indent: str = "") -> str:
    """A value as JSON5, the first line without indentation."""
    if isinstance(value, dict) and value:
        inner = indent + STEP
        lines = [f"{inner}{_key(str(key))}: {rendered(each, inner)},\n" for key, each in value.items()]
        return "{\n" + "".join(lines) + indent + "}"
    if isinstance(value, list | tuple) and any(isinstance(each, dict | list | tuple) for each in value):
        inner = indent + STEP
        return "[\n" + "".join(f"{inner}{rendered(each, inner)},\n" for each in value) + indent + "]"
    return json.dumps(value, ensure_ascii=False)


def _set(text: str, path: Path, value: Any) -> str:
    place, depth = _descend(text, path)
    if depth == len(path):
        indent = _indent_of_line(text, place.start)
        return text[: place.start] + rendered(value, indent) + text[place.end :]
    if place.members is None:
        raise CannotEdit(f"{'.'.join(path[:depth]) or 'the file'} is no object")
    for key in reversed(path[depth + 1 :]):
        value = {key: value}
    return _insert(text, place, place.members, path[depth], value)


def _insert(text: str, place: Place, members: tuple[Member, ...], key: str, value: Any) -> str:
    outer = _indent_of_line(text, place.start)
    if not members:
        inner = outer + STEP
        rest = text[place.start + 1 : place.end - 1].rstrip()
        added = f"\n{inner}{_key(key)}: {rendered(value, inner)},\n{outer}"
        return text[: place.start + 1] + rest + added + text[place.end - 1 :]
    last = members[-1]
    if "\n" not in text[place.start : last.start]:
        return f"{text[: last.value.end]}, {_key(key)}: {rendered(value, outer)}{text[last.value.end :]}"
    inner = _indent_of_line(text, last.start)
    entry = f"\n{inner}{_key(key)}: {rendered(value, inner)},"
    comma = re.compile(r"\s*,").match(text, last.value.end)
    after = comma.end() if comma else last.value.end
    line_end = _line_end(text, after)
    return text[: last.value.end] + "," + text[after:line_end] + entry + text[line_end:]


def _remove(text: str, path: Path) -> str:
    parent, depth = _descend(text, path[:-1])
    if depth < len(path) - 1 or parent.members is None:
        return text
    index = next((i for i, member in enumerate(parent.members) if member.key == path[-1]), None)
    if index is None:
        return text
    member = parent.members[index]
    comma = re.compile(r"\s*,").match(text, member.value.end)
    start, end = member.start, comma.end() if comma else member.value.end
    if text[:start].rstrip(" \t").endswith("\n") and re.match(r"[\r\n]", text[_line_end(text, end) :] or "\n"):
        start, end = len(text[:start].rstrip(" \t")), _line_end(text, end)
        end += len(re.match(r"\r?\n?", text[end:]).group())  # type: ignore[union-attr] # matches anything
    if comma is None and index > 0:
        before = parent.members[index - 1].value.end
        between = text[before:start]
        text, start, end = text[:before] + between.replace(",", "", 1) + text[start:], start - 1, end - 1
    return text[:start] + text[end:]


def _descend(text: str, path: Path) -> tuple[Place, int]:
    """The deepest value on the path that exists, and how many keys deep it is."""
    try:
        place = outline(text)
    except Unreadable as error:
        raise CannotEdit(str(error)) from error
    for depth, key in enumerate(path):
        found = next((member.value for member in place.members or () if member.key == key), None)
        if found is None:
            return place, depth
        place = found
    return place, len(path)


def _checked(before: str, after: str, wanted: Any) -> str:
    if after != before and _tree(after) != wanted:
        raise CannotEdit("the change would say something else than was meant")
    return after


def _tree(text: str) -> Any:
    try:
        return json5.loads(text)
    except ValueError as error:
        raise CannotEdit("not JSON5") from error


def _with(tree: Any, path: Path, value: Any) -> Any:
    if not path:
        return json.loads(json.dumps(value))
    below = tree if isinstance(tree, dict) else {}
    return {**below, path[0]: _with(below.get(path[0]), path[1:], value)}


def _without(tree: Any, path: Path) -> Any:
    if not isinstance(tree, dict) or path[0] not in tree:
        return tree
    if len(path) == 1:
        return {key: value for key, value in tree.items() if key != path[0]}
    return {**tree, path[0]: _without(tree[path[0]], path[1:])}


def _indent_of_line(text: str, at: int) -> str:
    found = _INDENT.match(text, text.rfind("\n", 0, at) + 1)
    return found.group() if found else ""


def _line_end(text: str, at: int) -> int:
    """Behind the comment that follows on the same line, if one does."""
    found = _REST_OF_LINE.match(text, at)
    end = found.end() if found else at
    return end if text[end : end + 1] in ("\n", "\r", "") else at


def _key(key: str) -> str:
    return key if _PLAIN_KEY.fullmatch(key) else json.dumps(key, ensure_ascii=False)
