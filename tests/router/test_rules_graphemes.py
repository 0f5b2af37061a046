from __future__ import annotations

import pytest

from router.rules.graphemes import cluster_edges, skip_spaces, unit_offsets, utf16_length

FAMILY = "👩‍👩‍👧‍👦"


@pytest.mark.parametrize(
    ("text", "units"),
    [("", 0), ("abc", 3), ("chào", 4), ("😀", 2), (FAMILY, 11), ("\ud83d", 1), ("\ud83d\ude00", 2), ("a\u0301", 2)],
)
def test_length_counts_utf16_units(text: str, units: int) -> None:
    assert utf16_length(text) == units


@pytest.mark.parametrize("text", ["", "abc", "chào", "a😀b", FAMILY, "x\ud83dy"])
def test_unit_offsets_are_the_lengths_of_the_beginnings(text: str) -> None:
    assert list(unit_offsets(text)) == [utf16_length(text[:offset]) for offset in range(len(text) + 1)]


@pytest.mark.parametrize(
    "clusters",
    [
        ["a", "b"],
        ["a", "\r\n", "b"],
        ["x", FAMILY, "y"],
        ["🇻🇳", "🇫🇷"],
        ["e\u0302\u0301", "n"],
        ["👍🏽", "!"],
        ["❤️", "1️⃣"],
        ["\ud83d\ude00", "\ud83d", "a"],
        ["각", "한"],
    ],
)
def test_edges_lie_between_what_people_see_as_characters(clusters: list[str]) -> None:
    lengths = [len("".join(clusters[: count + 1])) for count in range(len(clusters))]

    assert list(cluster_edges("".join(clusters))) == lengths


def test_edges_of_nothing_are_none() -> None:
    assert list(cluster_edges("")) == []


@pytest.mark.parametrize(
    ("text", "offset", "rest"),
    [
        ("a b", 1, "b"),
        ("a \t b", 1, "b"),
        ("a\n  b", 1, "  b"),
        ("a \n\n\t b", 1, "\t b"),
        ("a\n  b", 2, "  b"),
        ("a  b", 2, "b"),
        ("a\r\n b", 1, " b"),
        ("a\u00a0\u3000b", 1, "b"),
        ("a\x1c\x1f\x85\u2028b", 1, "b"),
        ("ab", 1, "b"),
        ("a  ", 1, ""),
        ("  b", 0, "b"),
    ],
)
def test_white_space_is_skipped_but_a_line_keeps_its_indentation(text: str, offset: int, rest: str) -> None:
    assert text[skip_spaces(text, offset) :] == rest


def test_a_space_that_carries_an_accent_is_not_white_space() -> None:
    assert skip_spaces("a  \u0301b", 1) == 2
    assert skip_spaces("क  \u093eक", 1) == 2


def test_a_line_break_never_carries_an_accent() -> None:
    assert skip_spaces("a\n\u0301b", 1) == 2
