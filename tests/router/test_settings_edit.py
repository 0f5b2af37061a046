"""Edits of a settings file: what was meant is there, and what somebody wrote stays."""

from __future__ import annotations

from typing import Any

import json5
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.settings.edit import CannotEdit, remove_value, rendered, set_value
from router.settings.outline import Unreadable, outline

FILE = """\
// Our shop.
{
  channels: {
    zalo: {
      botToken: "1:old", // from the platform
      /* nobody else */
      dmPolicy: 'pairing',
    },
  },
  // The web.
  webhook: { port: 8788 }
}
"""


def test_a_value_is_replaced_in_its_place() -> None:
    assert set_value(FILE, ("channels", "zalo", "botToken"), "2:new") == FILE.replace('"1:old"', '"2:new"')


def test_a_new_key_comes_after_the_last_one_and_its_comment() -> None:
    assert set_value("{\n  a: 1, // about a\n}\n", ("b",), 2) == "{\n  a: 1, // about a\n  b: 2,\n}\n"
    assert set_value("{\n  a: 1 // about a\n}\n", ("b",), 2) == "{\n  a: 1, // about a\n  b: 2,\n}\n"
    assert set_value("{ a: 1 }", ("b",), True) == "{ a: 1, b: true }"


def test_objects_on_the_way_are_made() -> None:
    edited = set_value(FILE, ("channels", "zalouser", "accounts", "work"), {"profile": "work"})
    assert '    zalouser: {\n      accounts: {\n        work: {\n          profile: "work",\n' in edited
    assert edited.startswith("// Our shop.\n")
    assert json5.loads(edited)["channels"]["zalouser"] == {"accounts": {"work": {"profile": "work"}}}


@pytest.mark.parametrize("empty", ["{}", "{ }", "{\n}\n", "// why\n{ /* nothing yet */ }\n"])
def test_an_empty_file_takes_a_first_key(empty: str) -> None:
    edited = set_value(empty, ("channels", "zalo", "enabled"), True)
    assert json5.loads(edited) == {"channels": {"zalo": {"enabled": True}}}
    assert ("nothing yet" in edited) is ("nothing yet" in empty)


@pytest.mark.parametrize(
    ("text", "path", "wanted"),
    [
        ("{\n  a: 1,\n  b: 2,\n}\n", ("a",), "{\n  b: 2,\n}\n"),
        ("{\n  a: 1,\n  b: 2\n}\n", ("b",), "{\n  a: 1\n}\n"),
        ("{\n  a: 1, // one\n  b: 2, // two\n}\n", ("b",), "{\n  a: 1, // one\n}\n"),
        ("{ a: 1, b: 2 }", ("a",), "{  b: 2 }"),
        ("{ a: 1, b: 2 }", ("b",), "{ a: 1  }"),
        ("{ a: { b: 2 } }", ("a", "b"), "{ a: {  } }"),
        ("{ a: 1 }", ("b",), "{ a: 1 }"),
        ("{ a: 1 }", ("a", "b"), "{ a: 1 }"),
    ],
)
def test_a_key_is_taken_away_with_its_line(text: str, path: tuple[str, ...], wanted: str) -> None:
    assert remove_value(text, path) == wanted


def test_what_cannot_be_done_faithfully_is_not_done() -> None:
    with pytest.raises(CannotEdit, match="a is no object"):
        set_value("{ a: 1 }", ("a", "b"), 2)
    with pytest.raises(CannotEdit, match="ends too early"):
        set_value("{ a: ", ("a",), 2)


def test_quoted_and_escaped_keys_are_found() -> None:
    assert set_value("{ \"a-b\": 1, 'c': 2 }", ("a-b",), 3) == "{ \"a-b\": 3, 'c': 2 }"
    assert set_value("{ \\u0061: 1 }", ("a",), 2) == "{ \\u0061: 2 }"
    assert set_value("{}", ("a-b",), 1) == '{\n  "a-b": 1,\n}'


def test_brackets_and_slashes_in_strings_are_text() -> None:
    text = '{ a: "} // { /*", b: [1, {c: "]"}], d: \'it\\\'s\' }'
    assert json5.loads(set_value(text, ("e",), "x")) == {**json5.loads(text), "e": "x"}


@pytest.mark.parametrize("text", ["", "{", "{ a 1 }", "{ a: 1 b: 2 }", "[1 2]", "{ : 1 }"])
def test_what_is_not_json5_has_no_outline(text: str) -> None:
    with pytest.raises(Unreadable):
        outline(text)


KEYS = st.sampled_from(["a", "b", "c-d", "é", "$x"])
LEAVES = st.none() | st.booleans() | st.integers(-9, 9) | st.text("a{}[],:'\"\\/*\n é", max_size=6)
TREES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3))
OBJECTS = st.dictionaries(KEYS, TREES, max_size=4)
PATHS = st.lists(KEYS, min_size=1, max_size=3).map(tuple)


def commented(text: str) -> str:
    """The same with a comment at the end of lines that end in a comma, and no comma at the end of objects."""
    return text.replace(",\n", ", // kept\n") if '\\"' not in text else text


@settings(max_examples=200, deadline=None)
@given(tree=OBJECTS, path=PATHS, value=TREES)
def test_any_value_at_any_path_of_any_tree(tree: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    text = commented(rendered(tree))
    try:
        edited = set_value(text, path, value)
    except CannotEdit as error:
        refused = str(error)
    else:
        refused = ""
    if refused:
        assert refused.endswith("is no object")
        return
    found: Any = json5.loads(edited)
    for key in path:
        found = found[key]
    assert found == value


@settings(max_examples=200, deadline=None)
@given(tree=OBJECTS, path=PATHS, compact=st.booleans())
def test_any_key_of_any_tree_can_be_taken_away(tree: dict[str, Any], path: tuple[str, ...], compact: bool) -> None:
    import json

    text = json.dumps(tree) if compact else commented(rendered(tree))
    found: Any = json5.loads(remove_value(text, path))
    for key in path[:-1]:
        found = found.get(key) if isinstance(found, dict) else None
    assert not (isinstance(found, dict) and path[-1] in found)
