"""`${NAME}` in values."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.settings.problems import Report
from router.settings.substitution import substitute

ENV = {"KEY": "sesame", "A_1": "one", "EMPTY": "", "TRICK": "${KEY}", "_U": "under"}


def replaced(value: Any) -> tuple[Any, list[str]]:
    report = Report()
    return substitute(value, ENV, report, "x"), report.problems


@pytest.mark.parametrize(
    ("value", "result"),
    [
        ("${KEY}", "sesame"),
        ("Bearer ${KEY}!", "Bearer sesame!"),
        ("${KEY}${A_1}", "sesameone"),
        ("${_U}", "under"),
        ("$${KEY}", "${KEY}"),
        ("$$${KEY}", "$${KEY}"),
        ("${lower}", "${lower}"),
        ("${1A}", "${1A}"),
        ("$KEY $ {KEY} ${KEY", "$KEY $ {KEY} ${KEY"),
        ("${}", "${}"),
        ("$${lower}", "$${lower}"),
        ("${TRICK}", "${KEY}"),
        ("plain", "plain"),
        (3, 3),
        (None, None),
    ],
)
def test_references_are_replaced_and_the_rest_is_left(value: object, result: object) -> None:
    assert replaced(value) == (result, [])


def test_values_are_reached_wherever_they_stand_and_keys_are_left() -> None:
    tree = {"${KEY}": [{"a": "${KEY}"}, "${A_1}"]}
    assert replaced(tree) == ({"${KEY}": [{"a": "sesame"}, "one"]}, [])


def test_a_missing_name_is_a_problem_at_its_place() -> None:
    value, problems = replaced({"apiKey": "${NOPE}", "list": ["${NOPE}"]})
    assert value == {"apiKey": "${NOPE}", "list": ["${NOPE}"]}
    assert problems == [
        "x.apiKey: environment variable NOPE is not set; set it, or write $${NOPE} for the text itself",
        "x.list[0]: environment variable NOPE is not set; set it, or write $${NOPE} for the text itself",
    ]


def test_an_empty_one_is_a_problem_too() -> None:
    _, problems = replaced("${EMPTY}")
    assert problems == ["x: environment variable EMPTY is empty; set it, or write $${EMPTY} for the text itself"]


def test_an_escaped_name_need_not_exist() -> None:
    assert replaced("$${NOPE}") == ("${NOPE}", [])


@given(st.text().filter(lambda text: "${" not in text))
def test_text_without_a_reference_is_untouched(text: str) -> None:
    assert replaced(text) == (text, [])


@given(st.text(min_size=1), st.text().filter(lambda text: "$" not in text))
def test_what_was_put_in_is_not_read_again(secret: str, around: str) -> None:
    report = Report()
    assert substitute(f"{around}${{S}}{around}", {"S": secret}, report) == f"{around}{secret}{around}"
    assert report.problems == []
