"""Messages that are each marked up as the whole was: by examples, and by what every character looks like."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.messages import ParseMode
from router.rules.chunking import MIN_LIMIT, ChunkMode, chunk, utf16_length
from router.rules.marked_chunks import chunk_marked
from router.rules.markup import SpanMap, find_spans


@pytest.mark.parametrize(
    ("text", "limit", "chunks"),
    [
        ("short **bold**", 20, ["short **bold**"]),
        ("aaa **bbb ccc ddd** eee", 14, ["aaa **bbb**", "**ccc ddd**", "eee"]),
        ("**aaa *bbb ccc* ddd**", 16, ["**aaa *bbb***", "***ccc* ddd**"]),
        ("run `one two three four`", 16, ["run `one two`", "`three four`"]),
        ("~~aaaa bbbb cccc~~", 14, ["~~aaaa bbbb~~", "~~cccc~~"]),
        # A word that has to be cut, just inside its markers.
        ("**abcdefghijkl**", 10, ["**abcdef**", "**ghijkl**"]),
        # A cut that falls on a marker, opening or closing, moves to its outer side.
        ("abcdefgh**ijklmnop**", 10, ["abcdefgh", "**ijklmn**", "**op**"]),
        ("abcdefghi**jklmnop**", 10, ["abcdefgh", "i**jklmn**", "**op**"]),
        ("**abcdefgh**ijklm", 10, ["**abcdef**", "**gh**ijkl", "m"]),
        # A lone star is no markup: nothing is closed that was never open.
        ("aaa *bbb ccc ddd eee", 10, ["aaa *bbb", "ccc ddd", "eee"]),
        # Lines are marked up by themselves.
        ("**aaa**\n**bbb**", 10, ["**aaa**", "**bbb**"]),
    ],
)
def test_markdown_is_closed_and_opened_again(text: str, limit: int, chunks: list[str]) -> None:
    assert list(chunk_marked(text, limit=limit, parse_mode="markdown")) == chunks


@pytest.mark.parametrize(
    ("text", "limit", "chunks"),
    [
        ("<b>aaaa bbbb cccc</b>", 16, ["<b>aaaa bbbb</b>", "<b>cccc</b>"]),
        ('<p class="x y">aaaa bbbb</p>', 26, ['<p class="x y">aaaa</p>', '<p class="x y">bbbb</p>']),
        # The white space in a tag is no place for a cut.
        ('aaaaaaaa bbbbbbb <b x="1 2">cc</b>', 24, ["aaaaaaaa bbbbbbb", '<b x="1 2">cc</b>']),
    ],
)
def test_html_is_closed_and_opened_again(text: str, limit: int, chunks: list[str]) -> None:
    assert list(chunk_marked(text, limit=limit, parse_mode="html")) == chunks


def test_a_text_that_is_not_parsed_is_cut_as_ever() -> None:
    text = "**aaa bbb ccc** ddd"
    assert chunk_marked(text, limit=10) == chunk(text, limit=10)


def test_markers_that_would_take_a_message_over_are_left_alone() -> None:
    text = f'<p style="{"x" * 40}">aaa bbb ccc ddd eee fff</p>'
    assert chunk_marked(text, limit=50, parse_mode="html") == chunk(text, limit=50)


WORDS = st.lists(st.sampled_from(["a", "bc", "Việt", "word.", "😀", "x" * 9, "y" * 40]), min_size=1, max_size=5).map(
    " ".join
)


def marked(markers: list[str]) -> st.SearchStrategy[str]:
    return st.tuples(st.sampled_from(markers), WORDS).map(lambda pair: f"{pair[0]}{pair[1]}{pair[0]}")


# Bold inside bold has no meaning in markdown, so only other markers are nested in it.
NESTED = st.tuples(WORDS, marked(["*", "~~", "`"]), WORDS).map(lambda parts: f"**{' '.join(parts)}**")
PLAIN_OR_MARKED = WORDS | marked(["**", "*", "~~", "`"]) | NESTED
TEXTS = st.lists(st.tuples(PLAIN_OR_MARKED, st.sampled_from([" ", "\n", "\n\n"])).map("".join), max_size=12).map(
    "".join
)


def looks(text: str) -> list[tuple[str, str]]:
    """Every character that is seen, with the markers that it is in, put together: `***` is `**` and `*`."""
    spans = find_spans(text, "markdown")
    by_offset = SpanMap(spans)
    markers = {at for span in spans for at in (*range(span.start, span.inner), *range(span.outer, span.stop))}
    return [
        (character, "".join(sorted("".join(span.opening for span in by_offset.around(offset)))))
        for offset, character in enumerate(text)
        if offset not in markers and not character.isspace()
    ]


@given(TEXTS, st.integers(24, 60), st.sampled_from(["length", "newline"]))
def test_every_character_looks_as_it_did(text: str, limit: int, mode: ChunkMode) -> None:
    expected = looks(text)
    chunks = chunk_marked(text, limit=limit, mode=mode, parse_mode="markdown")
    assert [each for piece in chunks for each in looks(piece)] == expected


@given(
    TEXTS | st.text(alphabet="*_`~ab \n{}<>/", max_size=80),
    st.integers(MIN_LIMIT, 60),
    st.sampled_from(["markdown", "html"]),
)
def test_every_message_fits_and_none_is_blank(text: str, limit: int, parse_mode: ParseMode) -> None:
    pieces = chunk_marked(text, limit=limit, parse_mode=parse_mode)
    assert all(piece.strip() and utf16_length(piece) <= limit for piece in pieces)
    assert bool(pieces) == bool(text.strip())
