"""Lines come out of bytes however these are cut, and none grows without end."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from actors.zalouser.lines import Line, LineCutter


def cut_all(cutter: LineCutter, chunks: list[bytes]) -> list[Line]:
    lines = [line for chunk in chunks for line in cutter.cut(chunk)]
    rest = cutter.rest()
    return lines if rest is None else [*lines, rest]


@st.composite
def bytes_in_chunks(draw: st.DrawFn) -> tuple[bytes, list[bytes]]:
    whole = draw(st.text(alphabet="añ😀\n{}", max_size=60)).encode()
    cuts = sorted(draw(st.lists(st.integers(0, len(whole)), max_size=12)))
    return whole, [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)]


@given(bytes_in_chunks())
def test_the_cuts_make_no_difference(drawn: tuple[bytes, list[bytes]]) -> None:
    whole, chunks = drawn
    wanted = whole.split(b"\n")
    assert [line.content for line in cut_all(LineCutter(), chunks)] == (wanted if wanted[-1] else wanted[:-1])


@given(bytes_in_chunks(), st.integers(1, 8))
def test_a_longer_line_is_cut_to_the_limit_and_says_so(drawn: tuple[bytes, list[bytes]], limit: int) -> None:
    whole, chunks = drawn
    wanted = [Line(line[:limit], len(line) <= limit) for line in whole.split(b"\n")]
    assert cut_all(LineCutter(limit), chunks) == (wanted if wanted[-1].content else wanted[:-1])


def test_after_a_line_that_was_too_long_the_next_is_whole() -> None:
    assert cut_all(LineCutter(3), [b"abcdef", b"gh\nxyz\n"]) == [Line(b"abc", False), Line(b"xyz")]


def test_ten_megabytes_without_an_end_are_not_kept() -> None:
    cutter = LineCutter()
    for _ in range(10):
        assert list(cutter.cut(b"x" * 1024 * 1024)) == []
    (line,) = cutter.cut(b"\n")
    assert (len(line.content), line.is_whole) == (1024 * 1024, False)
    assert cutter.rest() is None
