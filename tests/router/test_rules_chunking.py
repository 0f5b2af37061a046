from __future__ import annotations

import re
from collections.abc import Collection

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from router.rules.chunking import MIN_LIMIT, ChunkMode, chunk, utf16_length
from router.rules.graphemes import cluster_edges

FAMILY = "👩‍👩‍👧‍👦"


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        # The inputs of the reference (openclaw-gateway, section 6.2), with the right answers and why they differ.
        ("alpha beta gamma delta", 12, ("alpha beta", "gamma delta")),
        ("line one\nline two is long", 14, ("line one", "line two is", "long")),
        # No parenthesis rule, and a space right behind a full chunk is a place to cut.
        ("see (a b c d e f g h) end", 12, ("see (a b c d", "e f g h) end")),
        # Chunks are trimmed at the end.
        ("para one\n\npara two\n\nthird", 12, ("para one", "para two", "third")),
        ("para one\n\npara two\n\nthird", 100, ("para one\n\npara two\n\nthird",)),
        # All white space at a cut goes, not one character of it.
        ("  lead and trail  text here", 10, ("  lead and", "trail", "text here")),
        (
            "```js\na=1\nb=2\nc=3\nd=4\n```\ntail",
            20,
            ("```js\na=1\nb=2\n```", "```js\nc=3\nd=4\n```", "tail"),
        ),
        (
            "```\nabcdefghijklmnop\n```",
            12,
            ("```\nabcd\n```", "```\nefgh\n```", "```\nijkl\n```", "```\nmnop\n```"),
        ),
        # The reference cuts the emoji in half.
        ("ab😀cd", 3, ("ab", "😀c", "d")),
    ],
)
def test_the_inputs_of_the_reference_are_cut_right(text: str, limit: int, expected: tuple[str, ...]) -> None:
    assert chunk(text, limit=limit) == expected


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("para one\n\npara two\n\nthird", 100, ("para one", "para two", "third")),
        ("para one\n\npara two\n\nthird", 12, ("para one", "para two", "third")),
        ("one\r\n\r\ntwo", 100, ("one", "two")),
        ("one  \n \t\n\n  two", 100, ("one", "  two")),
        ("\n\none\n\n", 100, ("one",)),
        ("one\ntwo\n", 100, ("one\ntwo\n",)),
        ("short\n\nalpha beta gamma delta", 12, ("short", "alpha beta", "gamma delta")),
        ("a\n\n```\nb\n\nc\n```\n\nd", 100, ("a", "```\nb\n\nc\n```", "d")),
        ("```\n\nb\n\n\n```\n\nd", 100, ("```\n\nb\n\n\n```", "d")),
        ("a\n\n```\nb\n\nc", 100, ("a", "```\nb\n\nc")),
    ],
)
def test_newline_mode_makes_a_message_of_each_paragraph(text: str, limit: int, expected: tuple[str, ...]) -> None:
    assert chunk(text, limit=limit, mode="newline") == expected


@pytest.mark.parametrize("text", ["", " ", "\n\n\t\r\n", "\u00a0\u3000"])
@pytest.mark.parametrize("mode", ["length", "newline"])
def test_a_blank_text_gives_no_message(text: str, mode: ChunkMode) -> None:
    assert chunk(text, mode=mode) == ()


def test_the_limit_is_2000_utf16_units_unless_told() -> None:
    assert chunk("😀" * 1000) == ("😀" * 1000,)
    assert chunk("😀" * 1001) == ("😀" * 1000, "😀")


@pytest.mark.parametrize("limit", [1, 0, -5])
def test_a_limit_that_cannot_hold_a_code_point_is_refused(limit: int) -> None:
    with pytest.raises(ValueError, match="at least 2 UTF-16"):
        chunk("text", limit=limit)


def test_a_text_that_fits_is_not_touched() -> None:
    text = "  \n a  \r\n\r\n```\n b \n\n"

    assert chunk(text) == (text,)


@pytest.mark.parametrize(
    ("unit", "limit"),
    [(FAMILY, 12), ("🇻🇳", 5), ("ê\u0301", 4), ("e\u0302\u0301", 5), ("👍🏽", 6), ("\r\nx", 4), ("1️⃣", 4)],
)
def test_what_people_see_as_one_character_is_never_cut(unit: str, limit: int) -> None:
    clusters = regex.findall(r"\X", unit * 20)

    kept = [cluster for piece in chunk(unit * 20, limit=limit) for cluster in regex.findall(r"\X", piece)]

    assert [cluster for cluster in kept if not cluster.isspace()] == [c for c in clusters if not c.isspace()]


def test_one_character_longer_than_a_message_is_cut_between_code_points() -> None:
    zalgo = "Z" + "\u0301\U0001d167" * 3000

    pieces = chunk(zalgo)

    assert "".join(pieces) == zalgo
    assert max(map(utf16_length, pieces)) <= 2000


@pytest.mark.parametrize("half", [0xD83D, 0xDE00], ids=["high", "low"])
def test_half_a_surrogate_pair_is_passed_on(half: int) -> None:
    assert chunk(f"{chr(half)}abc " * 20 + "abcd", limit=7) == (*[f"{chr(half)}abc"] * 20, "abcd")


def test_two_halves_of_a_surrogate_pair_stay_together() -> None:
    assert chunk("a\ud83d\ude00b", limit=2) == ("a", "\ud83d\ude00", "b")


def test_the_indentation_behind_a_cut_is_kept() -> None:
    text = "- first item of all\n  - second item below\n  - third item below"

    assert chunk(text, limit=24) == ("- first item of all", "  - second item below", "  - third item below")


def test_a_fence_is_reopened_with_its_own_opening_line() -> None:
    text = '~~~~python title="x"\n' + "".join(f"line_{number} = {number}\n" for number in range(12)) + "~~~~\nend"

    pieces = chunk(text, limit=80)

    assert len(pieces) > 2
    assert all(piece.startswith('~~~~python title="x"\n') and "\n~~~~" in piece for piece in pieces)
    assert pieces[-1].endswith("\n~~~~\nend")


def test_a_fence_that_is_never_closed_is_closed_at_each_cut_only() -> None:
    assert chunk("```\naaaa\nbbbb\ncccc", limit=14) == ("```\naaaa\n```", "```\nbbbb\ncccc")


def test_no_empty_fence_is_left_when_only_the_closing_line_would_follow() -> None:
    assert chunk("```\naaaa\nbbbb\n\n\n\n```\ntail and tail", limit=18) == ("```\naaaa\nbbbb\n```", "tail and tail")


def test_a_fence_whose_header_would_fill_the_message_is_plain_text() -> None:
    header = "```" + "x" * 30

    assert chunk(f"{header}\na\nb\n```", limit=36) == (f"{header}\na", "b\n```")
    assert chunk(f"{header}\n{'a' * 20}\n```", limit=44) == (header, "a" * 20 + "\n```")


def test_white_space_that_no_message_has_room_for_is_dropped() -> None:
    assert chunk(" " * 5000 + "word") == ("word",)
    assert chunk("word" + " \n" * 5000) == ("word",)
    assert chunk("a" + " " * 5000 + "b") == ("a", "b")


# -- properties

LIMITS = st.integers(MIN_LIMIT, 60)
PIECES = st.sampled_from(
    [
        *("a", "bc", "Việt", "e\u0302\u0301", "word. ", "Nice! ", "(x", ") ", "今天好。"),
        *(" ", "  ", "\n", "\n\n", "\r\n", "\t", "\u00a0", " \u0301", "\u3000"),
        *("😀", FAMILY, "🇻🇳", "👍🏽", "\u0301", "\u200d", "\ud83d", "\ude00", "x" * 15),
    ]
)
PROSE = st.lists(PIECES, max_size=40).map("".join)
ANYTHING = st.lists(PIECES | st.sampled_from(["```", "~~~", "\n```\n", "\n```js\n", "   ````"]), max_size=40).map(
    "".join
)
MODES = st.sampled_from(["length", "newline"])


def bare(text: str) -> str:
    return "".join(text.split())


@given(ANYTHING, LIMITS, MODES)
def test_every_chunk_fits_and_none_is_blank(text: str, limit: int, mode: ChunkMode) -> None:
    pieces = chunk(text, limit=limit, mode=mode)

    assert all(piece.strip() and utf16_length(piece) <= limit for piece in pieces)
    assert bool(pieces) == bool(text.strip())


@given(ANYTHING, st.integers(MIN_LIMIT, 8), MODES)
def test_a_limit_too_small_for_anything_still_holds(text: str, limit: int, mode: ChunkMode) -> None:
    assert all(piece.strip() and utf16_length(piece) <= limit for piece in chunk(text, limit=limit, mode=mode))


@given(PROSE, LIMITS, MODES)
def test_only_white_space_is_lost(text: str, limit: int, mode: ChunkMode) -> None:
    assert bare("".join(chunk(text, limit=limit, mode=mode))) == bare(text)


@given(PROSE, LIMITS)
def test_white_space_is_lost_at_cuts_only(text: str, limit: int) -> None:
    position = 0
    for number, piece in enumerate(chunk(text, limit=limit)):
        found = text.index(piece, position)
        assert not text[position:found].strip()
        assert number or found == 0 or found >= limit // 2
        position = found + len(piece)


@given(ANYTHING, LIMITS, MODES)
def test_a_chunk_is_not_cut_again(text: str, limit: int, mode: ChunkMode) -> None:
    for piece in chunk(text, limit=limit, mode=mode):
        assert chunk(piece, limit=limit) == (piece,)


@given(PROSE, LIMITS)
def test_clusters_that_fit_a_chunk_are_whole(text: str, limit: int) -> None:
    clusters = [cluster for cluster in regex.findall(r"[\ud800-\udbff][\udc00-\udfff]|\X", text) if cluster.strip()]
    if all(utf16_length(cluster) <= limit for cluster in clusters):
        edges = {len(bare("".join(clusters[:count]))) for count in range(len(clusters) + 1)}
        length = 0
        for piece in chunk(text, limit=limit):
            length += len(bare(piece))
            assert length in edges


CODE = st.lists(st.sampled_from(["a = 1", "    b", "", "c" * 30, "Việt 😀"]), min_size=1, max_size=12).map("\n".join)
BLOCKS = st.lists(st.tuples(st.sampled_from(["prose one two", "x" * 30]), CODE), min_size=1, max_size=4)


@given(BLOCKS, st.integers(32, 80))
def test_every_message_closes_the_fences_it_opens_and_code_stays_code(
    blocks: list[tuple[str, str]], limit: int
) -> None:
    text = "\n".join(f"{prose}\n```py\n{code}\n```" for prose, code in blocks)

    fenced, plain = "", ""
    for piece in chunk(text, limit=limit):
        parts = re.split(r"^```(?:py)?$", piece, flags=re.MULTILINE)
        assert len(parts) % 2 == 1
        fenced += "".join(parts[1::2])
        plain += "".join(parts[0::2])

    assert bare(fenced) == bare("".join(code for _, code in blocks))
    assert bare(plain) == bare("".join(prose for prose, _ in blocks))


@pytest.mark.parametrize(
    "unit",
    [
        "xin chào các bạn. ",
        "a",
        "\u0301",
        FAMILY,
        "\n",
        " ",
        "```\na\n```\n",
        "`",
        "short " + "x" * 1990 + " ",
        " \u0301",
    ],
)
@pytest.mark.parametrize("mode", ["length", "newline"])
def test_the_text_is_looked_at_a_bounded_number_of_times(
    unit: str, mode: ChunkMode, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at = 0

    def counting(text: str) -> Collection[int]:
        nonlocal looked_at
        looked_at += len(text)
        return cluster_edges(text)

    monkeypatch.setattr("router.rules.cuts.cluster_edges", counting)
    text = (unit * 60_000)[:60_000] + "."

    chunk(text, mode=mode)

    assert looked_at <= 4 * len(text)
