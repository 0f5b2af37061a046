"""What is marked up in a text, by tables; each row shows the marked text in its own markers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.messages import ParseMode
from router.rules.markup import MAX_DEPTH, SpanMap, find_spans, without_marks


def found(text: str, parse_mode: ParseMode = "markdown") -> list[str]:
    """The spans of `text` in the order of their beginnings, whole."""
    spans = sorted(find_spans(text, parse_mode), key=lambda span: span.start)
    return [text[span.start : span.stop] for span in spans]


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("plain", []),
        ("a **b** c", ["**b**"]),
        ("*i* _i_ **b** __b__ ~~s~~ `c`", ["*i*", "_i_", "**b**", "__b__", "~~s~~", "`c`"]),
        ("***both***", ["***both***"]),
        ("**a *b* c**", ["**a *b* c**", "*b*"]),
        ("**a *b***", ["**a *b***", "*b*"]),
        ("***b* c**", ["***b* c**", "*b*"]),
        ("{red}hot{/red} {big}x", ["{red}hot{/red}"]),
        ("``a ` b``", ["``a ` b``"]),
        # Inside code a star is a star.
        ("`a **b` c**", ["`a **b`"]),
        # What never ends, or never begins, is text.
        ("**a", []),
        ("a**", []),
        ("`a", []),
        ("{/red}", []),
        # Markers cling to what they mark.
        ("2 * 3 * 4", []),
        ("** a **", []),
        ("* item\n* item", []),
        ("snake_case_name", []),
        ("a*b*c", ["*b*"]),
        ("~a~ ~~~b~~~", []),
        # A backslash takes the meaning away.
        (r"\*a\*", []),
        (r"\**a*", ["*a*"]),
        # A line is the most that a span can take.
        ("**a\nb**", []),
        ("**a**\n*b*", ["**a**", "*b*"]),
        # What crosses the inner end is text.
        ("*a ~~b* c~~", ["*a ~~b*"]),
        # Nothing is marked up in a code fence.
        ("```\n**a**\n```\n**b**", ["**b**"]),
        ("**Đậm 😀**", ["**Đậm 😀**"]),
    ],
)
def test_markdown(text: str, spans: list[str]) -> None:
    assert found(text) == spans


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("<b>a</b>", ["<b>a</b>"]),
        ("<b>a <i>b</i></b>", ["<b>a <i>b</i></b>", "<i>b</i>"]),
        ('<p style="color: red">a\nb</p>', ['<p style="color: red">a\nb</p>']),
        ("<B>a</b>", ["<B>a</b>"]),
        ("a<br/>b <b>", []),
        ("1 < 2 > 1", []),
        ("</b>", []),
        ("<b>a <i>b</b> c</i>", ["<b>a <i>b</b>"]),
        ("**a**", []),
    ],
)
def test_html(text: str, spans: list[str]) -> None:
    assert found(text, "html") == spans


def test_markers_are_kept_as_they_were_written() -> None:
    (span,) = find_spans('x <p style="a">b</P>', "html")
    assert (span.opening, span.closing) == ('<p style="a">', "</P>")
    assert (span.start, span.inner, span.outer, span.stop) == (2, 15, 16, 20)


def test_spans_are_found_by_offset_the_outermost_first() -> None:
    text = "a **b *c* d** *e*"
    spans = SpanMap(find_spans(text, "markdown"))
    around = [[span.opening for span in spans.around(offset)] for offset in range(len(text) + 1)]
    assert around[text.index("c")] == ["**", "*"]
    assert around[text.index("d")] == ["**"]
    assert around[text.index(" *e*")] == []
    assert around[text.index("e")] == ["*"]
    assert around[2] == around[13] == []


@pytest.mark.parametrize(
    ("text", "plain"),
    [("**a** b", "a b"), ("**a *b***", "a b"), ("`x` ~~y~~ {red}z{/red}", "x y z"), ("2 * 3", "2 * 3"), ("", "")],
)
def test_marks_come_off_and_words_stay(text: str, plain: str) -> None:
    assert without_marks(text) == plain


MARKS = st.lists(
    st.sampled_from(
        ["*", "**", "***", "_", "__", "~~", "`", "``", "{red}", "{/red}", "\\", "a", "b c", " ", "\n", "```"]
    ),
    max_size=40,
).map("".join)
TAGS = st.lists(st.sampled_from(["<b>", "</b>", "<i>", "</i>", "<p a='x y'>", "</p>", "<", ">", "a ", "\n"])).map(
    "".join
)


@given(st.tuples(MARKS, st.just("markdown")) | st.tuples(TAGS, st.just("html")))
def test_spans_are_inside_or_beside_one_another(given_text: tuple[str, ParseMode]) -> None:
    text, parse_mode = given_text
    spans = find_spans(text, parse_mode)
    for span in spans:
        assert 0 <= span.start < span.inner <= span.outer < span.stop <= len(text)
        assert text[span.start : span.inner] == span.opening
        assert text[span.outer : span.stop] == span.closing
        for other in spans:
            inside = span.inner <= other.start and other.stop <= span.outer
            around = other.inner <= span.start and span.stop <= other.outer
            assert other is span or inside or around or other.stop <= span.start or span.stop <= other.start


def test_no_more_than_so_many_are_open_at_once() -> None:
    deep = "".join(f"<{chr(97 + n)}>" for n in range(20)) + "".join(f"</{chr(97 + n)}>" for n in reversed(range(20)))
    assert len(find_spans(deep, "html")) == MAX_DEPTH
