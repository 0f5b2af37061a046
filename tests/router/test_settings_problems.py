"""Problems are one line, name a place, and suggest the word that was meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.settings.problems import Report, did_you_mean, item, join, nearest, quoted, unknown


@pytest.mark.parametrize(
    ("path", "key", "joined"),
    [
        ("", "channels", "channels"),
        ("channels", "zalo", "channels.zalo"),
        ("channels.zalouser.groups", "Work Chat", 'channels.zalouser.groups["Work Chat"]'),
        ("channels.zalouser.groups", "123456789", 'channels.zalouser.groups["123456789"]'),
        ("groups", "*", "groups.*"),
        ("", "$schema", "$schema"),
        ("accounts", "my-shop", "accounts.my-shop"),
        ("groups", 'say "hi"', 'groups["say \\"hi\\""]'),
    ],
)
def test_a_place_is_written_so_that_it_can_be_found(path: str, key: str, joined: str) -> None:
    assert join(path, key) == joined


def test_entries_of_lists_are_counted_from_zero() -> None:
    assert item("agents.list", 0) == "agents.list[0]"


@pytest.mark.parametrize(
    ("word", "found"),
    [("dmPolcy", "dmPolicy"), ("DMPOLICY", "dmPolicy"), ("tokenfile", "tokenFile"), ("xyzzy", None), ("", None)],
)
def test_the_nearest_word_is_found_whatever_its_case(word: str, found: str | None) -> None:
    assert nearest(word, ("dmPolicy", "allowFrom", "tokenFile")) == found


def test_an_unknown_word_is_told_with_the_nearest_known_one() -> None:
    assert unknown("key", "dmPolcy", ("dmPolicy", "allowFrom")) == 'unknown key; did you mean "dmPolicy"?'


def test_an_unknown_word_far_from_all_is_told_with_the_few_that_are_known() -> None:
    assert unknown("key", "colour", ("level", "file")) == "unknown key; known here: file, level"


def test_a_long_list_of_known_words_is_not_recited() -> None:
    assert unknown("key", "colour", [f"x{n}" for n in range(13)]) == "unknown key; remove it"


def test_nothing_near_means_no_hint() -> None:
    assert did_you_mean("zzz", ("pairing", "open")) == ""


def test_a_problem_is_told_once() -> None:
    report = Report()
    report.problem("a", "wrong")
    report.problem("a", "wrong")
    report.problem("a", "also this")
    assert report.problems == ["a: wrong", "a: also this"]


def test_after_a_place_is_spoilt_nothing_more_is_told_about_it() -> None:
    report = Report()
    report.spoil("webhook.port", "PORT is not set")
    report.problem("webhook.port", "expected a number")
    report.problem("webhook.host", "expected a string")
    assert report.problems == ["webhook.port: PORT is not set", "webhook.host: expected a string"]


def test_a_warning_is_no_problem_and_told_once() -> None:
    report = Report()
    report.warn("a", "unwise")
    report.warn("a", "unwise")
    assert (report.problems, report.warnings) == ([], ["a: unwise"])


def test_a_problem_without_a_place_is_the_sentence_alone() -> None:
    report = Report()
    report.problem("", "no place")
    assert report.problems == ["no place"]


@given(st.text(), st.text())
def test_whatever_the_file_holds_a_problem_stays_one_line(place: str, text: str) -> None:
    report = Report()
    report.problem(join("groups", place), quoted(text))
    report.warn(place, text)
    assert [len(line.splitlines()) for line in report.problems] == [1]
    assert all(len(line.splitlines()) <= 1 for line in report.warnings)


@given(st.text(min_size=1))
def test_quoted_text_is_bounded(text: str) -> None:
    assert len(quoted(text.replace('"', "'"))) <= 42


def test_vietnamese_is_shown_as_it_is() -> None:
    assert quoted("Cửa hàng") == '"Cửa hàng"'
