"""Typed values out of plain ones: everything that is wrong is found, and nothing secret is told."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.secret import PRIVATE, PrivateText, Secret
from router.settings.build import INVALID, as_object, build, build_part, build_struct, key_names
from router.settings.problems import Report
from router.settings.values import Count, PeerId, Port, Seconds, SecondsOrZero, Text


class Inner(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    port_number: Port = 1
    word: Literal["one", "two"] = "one"


class Outer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    needed: str
    inner: Inner = Inner()
    maybe_inner: Inner | None = None
    listed: tuple[Inner, ...] = ()
    mapped: dict[str, Inner] = {}
    token: Secret | None = None
    tokens: Secret | tuple[Secret, ...] | None = None


def built(value: Any, wanted: Any) -> tuple[Any, list[str]]:
    report = Report()
    return build(value, wanted, "x", report), report.problems


@pytest.mark.parametrize(
    ("value", "wanted", "result"),
    [
        (True, bool, True),
        (8788, Port, 8788),
        (0, Port, 0),
        (65535, Port, 65535),
        (3, Seconds, 3.0),
        (0.5, Seconds, 0.5),
        (0, SecondsOrZero, 0.0),
        ("a", Text, "a"),
        ("", str, ""),
        ("one", Literal["one", "two"], "one"),
        (None, str | None, None),
        ("a", str | None, "a"),
        ("a", str | bool | None, "a"),
        (True, str | bool | None, True),
        ("true", str | bool | None, "true"),
        (None, str | bool | None, None),
        ([], tuple[str, ...], ()),
        (["a", "b"], tuple[str, ...], ("a", "b")),
        ({"a": 1}, dict[str, Count], {"a": 1}),
        ({}, Inner, Inner()),
        ({"portNumber": 2}, Inner | None, Inner(port_number=2)),
        (None, Inner | None, None),
        ("s3cret", Secret, Secret("s3cret")),
        ("s3cret", Secret | tuple[Secret, ...] | None, Secret("s3cret")),
        (["s3cret", "other"], Secret | tuple[Secret, ...] | None, (Secret("s3cret"), Secret("other"))),
        (None, Secret | tuple[Secret, ...] | None, None),
        ("6ede9afa66b88fe6d6a9", PeerId, "6ede9afa66b88fe6d6a9"),
        (1234567890123456789, PeerId, "1234567890123456789"),
        (" * ", PeerId, "*"),
        ({"id": [1]}, dict[str, Any], {"id": [1]}),
    ],
)
def test_right_values_are_taken(value: object, wanted: object, result: object) -> None:
    assert built(value, wanted) == (result, [])


@pytest.mark.parametrize(
    ("value", "wanted", "result"),
    [("8788", Port, 8788), ("2.5", Seconds, 2.5), ("true", bool, True), ("false", bool, False), ("7", Count | None, 7)],
)
def test_a_string_that_says_a_number_is_one_since_substitution_makes_only_strings(
    value: str, wanted: object, result: object
) -> None:
    assert built(value, wanted) == (result, [])


def test_a_string_stays_a_string_where_one_is_wanted() -> None:
    assert built("8788", str) == ("8788", [])
    assert built("true", str | None) == ("true", [])


@pytest.mark.parametrize(
    ("value", "wanted", "problem"),
    [
        (3, bool, "expected true or false; got 3"),
        ("yes!", bool, "expected true or false; got a string"),
        (65536, Port, "expected a whole number from 0 to 65535; got 65536"),
        (-1, Port, "expected a whole number from 0 to 65535; got -1"),
        ("65536", Port, "expected a whole number from 0 to 65535; got a string"),
        (1.5, Count, "expected a whole number of at least 1; got 1.5"),
        (True, Count, "expected a whole number of at least 1; got true"),
        (0, Count, "expected a whole number of at least 1; got 0"),
        (0, Seconds, "expected a number above 0; got 0"),
        (-0.5, SecondsOrZero, "expected a number of at least 0; got -0.5"),
        (None, Seconds, "expected a number above 0; got null"),
        ("", Text, "expected a string that is not empty; got an empty string"),
        (7, str, "expected a string; got 7"),
        ([], str, "expected a string; got a list"),
        ({}, str | None, "expected a string; got an object"),
        (7, str | bool | None, "expected a string or true or false; got 7"),
        ("pairng", Literal["pairing", "open"], 'expected one of pairing, open; got "pairng" (did you mean "pairing"?)'),
        ("zzz", Literal["pairing", "open"], 'expected one of pairing, open; got "zzz"'),
        (3, Literal["pairing", "open"] | None, "expected one of pairing, open; got 3"),
        ("a", tuple[str, ...], "expected a list; got a string"),
        ("a", dict[str, str], "expected an object; got a string"),
        ([], Inner, "expected an object; got a list"),
        (3, Inner | None, "expected an object; got 3"),
        ("", PeerId, "expected an id (a string or a number); got an empty string"),
        ("  ", PeerId, "expected an id (a string or a number); got a string"),
        (1.5, PeerId, "expected an id (a string or a number); got 1.5"),
        (True, PeerId, "expected an id (a string or a number); got true"),
        ([], Annotated[tuple[str, ...], msgspec.Meta(min_length=1)], "expected at least one entry; got an empty list"),
    ],
)
def test_wrong_values_are_told_with_what_was_expected(value: object, wanted: object, problem: str) -> None:
    assert built(value, wanted) == (INVALID, [f"x: {problem}"])


@pytest.mark.parametrize(
    ("value", "wanted", "problem"),
    [
        (12345, Secret, "expected a string that is not empty; got a number"),
        (12345, Secret | None, "expected a string that is not empty; got a number"),
        ("", Secret, "expected a string that is not empty; got an empty string"),
        (12345, Secret | tuple[Secret, ...] | None, "expected a string that is not empty or a list; got a number"),
        (12345, Annotated[str, PRIVATE] | None, "expected a string; got a number"),
    ],
)
def test_what_may_be_a_secret_is_never_shown(value: object, wanted: object, problem: str) -> None:
    assert built(value, wanted) == (INVALID, [f"x: {problem}"])


def test_private_text_is_text_that_a_repr_hides() -> None:
    value, problems = built("http://user:sesame@proxy:3128", Annotated[str, PRIVATE] | None)
    assert problems == []
    assert value == "http://user:sesame@proxy:3128"
    assert (type(value), repr(value)) == (PrivateText, "***")
    environment, _ = built({"KEY": "sesame"}, dict[str, Annotated[str, PRIVATE]])
    assert repr(environment) == "{'KEY': ***}"


def test_every_problem_is_found_at_its_place() -> None:
    report = Report()
    value = {
        "inner": {"portNumber": -1, "wrod": "one"},
        "maybeInner": {"word": "three"},
        "listed": [{}, {"word": "tow"}, 7],
        "mapped": {"a": {}, "b c": {"portNumber": []}},
        "token": 5,
        "tokens": ["ok", ""],
        "extra": 1,
    }
    assert build_struct(value, Outer, "top", report) is None
    assert report.problems == [
        "top.extra: unknown key; known here: inner, listed, mapped, maybeInner, needed, token, tokens",
        "top.needed: missing; this key is required",
        'top.inner.wrod: unknown key; did you mean "word"?',
        "top.inner.portNumber: expected a whole number from 0 to 65535; got -1",
        'top.maybeInner.word: expected one of one, two; got "three"',
        'top.listed[1].word: expected one of one, two; got "tow" (did you mean "two"?)',
        "top.listed[2]: expected an object; got 7",
        'top.mapped["b c"].portNumber: expected a whole number from 0 to 65535; got a list',
        "top.token: expected a string that is not empty; got a number",
        "top.tokens[1]: expected a string that is not empty; got an empty string",
    ]


def test_an_unknown_key_does_not_hide_what_is_known_beside_it() -> None:
    report = Report()
    assert build_struct({"portNumber": 2, "wrod": 1}, Inner, "x", report) == Inner(port_number=2)
    assert report.problems == ['x.wrod: unknown key; did you mean "word"?']


def test_a_part_takes_its_own_keys_and_passes_over_the_rest() -> None:
    report = Report()
    assert build_part({"portNumber": 2, "other": 1}, Inner, "x", report) == Inner(port_number=2)
    assert report.problems == []


def test_keys_that_mean_nothing_on_zalo_say_so() -> None:
    report = Report()
    build_struct({"guildId": "1"}, Inner, "bindings[0].match", report)
    assert report.problems == ["bindings[0].match.guildId: unknown key; Zalo has no guilds; remove it"]


def test_something_else_than_an_object_is_reported_and_counts_as_empty() -> None:
    report = Report()
    assert as_object([1], "channels", report) == {}
    assert report.problems == ["channels: expected an object; got a list"]


def test_keys_are_spelled_as_in_the_file() -> None:
    assert key_names(Inner, Outer)[:3] == ("portNumber", "word", "needed")


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)
wanted_types = st.sampled_from(
    [bool, Port, Seconds, Text, PeerId, Secret, Secret | tuple[Secret, ...] | None, Inner, Outer, dict[str, Inner]]
)


@given(anything, wanted_types)
def test_whatever_stands_in_the_file_is_built_or_reported_and_never_both(value: object, wanted: object) -> None:
    result, problems = built(value, wanted)
    assert (result is INVALID) == any("unknown key" not in problem for problem in problems)
