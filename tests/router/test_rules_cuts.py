from __future__ import annotations

import pytest

from router.rules.cuts import Window
from router.rules.fences import FenceMap, find_fences


def cut(text: str, room: int, start: int = 0) -> str:
    """What one chunk takes, before it is trimmed."""
    return text[start : Window(text, start, room, FenceMap(find_fences(text))).cut()]


@pytest.mark.parametrize(
    ("text", "room", "taken"),
    [
        # A better kind of place wins over a later one …
        ("one two three\n\nfour\nfive. six", 20, "one two three"),
        ("one two three\nfour. five six", 20, "one two three"),
        ("one two three. four five six", 20, "one two three."),
        ("one two three four five six", 20, "one two three four"),
        # … but not when it leaves the chunk less than half full.
        ("one\n\ntwo three four five six", 20, "one\n\ntwo three four"),
        ("one two.\n\nthree four five six", 20, "one two.\n\nthree four"),
        ("one\ntwo three four five six", 20, "one\ntwo three four"),
        ("One. Two three four five six", 20, "One. Two three four"),
        # Of one kind the last one that fits wins.
        ("one two\nthree four\nfive six seven", 20, "one two\nthree four"),
        ("one two\r\nthree four\r\nfive six seven", 20, "one two\r\nthree four"),
    ],
)
def test_places_are_preferred_in_the_order_of_the_law(text: str, room: int, taken: str) -> None:
    assert cut(text, room) == taken


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ('He said "yes." Then he left', 'He said "yes."'),
        ("Is it (now?) Or never ever", "Is it (now?)"),
        ("Wait for it… then go on home", "Wait for it…"),
        ("今天天气很好。我们去公园散步吧好不好呀朋友们", "今天天气很好。"),
        ("version 1.2.3.4.5.6.7 is out", "version"),
    ],
)
def test_a_sentence_ends_at_its_mark_and_what_closes_behind_it(text: str, taken: str) -> None:
    assert cut(text, 14) == taken


def test_a_no_break_space_is_no_place_to_cut() -> None:
    assert cut("one two 10\u00a0000\u00a0000\u00a0dong", 14) == "one two"


def test_a_place_right_at_the_limit_counts() -> None:
    assert cut("one two three", 7) == "one two"
    assert cut("one two\n\nthree", 7) == "one two"
    assert cut("one two\r\n\r\nfour\r\n \r\nthree", 15) == "one two\r\n\r\nfour"


def test_a_word_that_fits_a_chunk_of_its_own_stays_whole_however_short_the_chunk() -> None:
    assert cut("see https://example.test/a/b/c", 27) == "see"


def test_a_word_too_long_for_any_chunk_is_cut_where_the_chunk_is_full() -> None:
    assert cut("see https://example.test/a/b/c", 20) == "see https://example."


def test_a_cluster_is_kept_whole() -> None:
    assert cut("ab👩‍👩‍👧‍👦cd", 12) == "ab"
    assert cut("🇻🇳🇫🇷🇩🇪", 7) == "🇻🇳"


def test_a_sentence_does_not_end_inside_a_cluster() -> None:
    assert cut("今天天气很好。我们去公园。\u0301散步", 13) == "今天天气很好。"


def test_a_cluster_longer_than_a_chunk_is_cut_between_code_points() -> None:
    zalgo = "a" + "\u0301" * 50

    assert cut(zalgo, 20) == zalgo[:20]
    assert cut("👍" + "🏽" * 9, 5) == "👍🏽"


def test_blank_lines_in_code_are_lines_like_others() -> None:
    assert cut("intro words.\n\n```\na\n\nb\nc\nd\n```", 24).rstrip() == "intro words."


def test_the_edges_of_a_fence_are_places_like_blank_lines() -> None:
    assert cut("intro words.\n```\nco\ncode\n```", 24) == "intro words."
    assert cut("```\ncode code\n```\nmore\nmore and more", 24) == "```\ncode code\n```"


def test_a_cut_inside_a_fence_leaves_room_for_the_closing_marker() -> None:
    assert cut("```\naaaa\nbbbb\ncccc\ndddd\n```", 21) == "```\naaaa\nbbbb"
    assert cut("```\naaaa\nbbbb\ncccc\ndddd\n```", 22) == "```\naaaa\nbbbb\ncccc"


def test_an_opening_line_is_neither_cut_nor_left_alone() -> None:
    assert cut("some\n```python\naaaaaaaaaaaaaaaaaaaaaa\n```", 16) == "some"


def test_white_space_alone_is_given_up_when_nothing_fits_behind_it() -> None:
    assert cut(" " * 30 + "word", 20).isspace()
    assert cut(" " * 18 + "\n  ```\na\n```", 20) == " " * 18 + "\n"


def test_a_window_begins_where_it_is_told() -> None:
    assert cut("one two three four five", 9, start=4) == "two three"
