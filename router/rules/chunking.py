"""How a long text becomes several messages.

Rule 1: a chunk has at most `limit` UTF-16 code units, is never blank, and never ends inside a surrogate pair, an emoji
sequence, a flag or an accented letter, unless that one thing alone is longer than a chunk; then it is cut between code
points. Where cuts go is the law of `cuts`.
Rule 2: only white space next to a cut is lost: what is before the cut is trimmed, and what is behind it begins with the
next word, or with the next line and its indentation. White space that no chunk has room for, at the very beginning of
a text, goes as well.
Rule 3: a code fence that is cut is closed there and opened again, with the opening line it had. A fence whose two extra
lines would take more than three quarters of every chunk is treated as plain text.
Rule 4: the work grows with the length of the text, and not faster.

The reference (openclaw-gateway, section 6.2) also avoids cuts inside parentheses. That is dropped: it makes short
chunks of ordinary prose, and nothing is broken by a parenthesis that spans two messages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

import msgspec

from router.rules.cuts import Window
from router.rules.fences import Fence, FenceMap, find_fences
from router.rules.graphemes import skip_spaces, utf16_length

__all__ = ["MIN_LIMIT", "ChunkMode", "Piece", "chunk", "cut", "utf16_length"]

ChunkMode = Literal["length", "newline"]

MIN_LIMIT = 2
"""The smallest limit that holds any code point."""

_BLANK_LINES = re.compile(r"\r?\n(?:[ \t]*\r?\n)+")


class Piece(msgspec.Struct, frozen=True):
    """One message as a part of a text: `text[start:stop]`, between the lines that keep a code fence whole."""

    start: int
    stop: int
    opening: str = ""
    closing: str = ""


def chunk(text: str, *, limit: int = 2000, mode: ChunkMode = "length") -> tuple[str, ...]:
    """Cuts `text` into messages of at most `limit` UTF-16 code units.

    Mode `length` cuts as seldom as it can; a text that fits comes back as it is. Mode `newline` makes a message of each
    paragraph, cut further if it is too long: paragraphs are parted by blank lines outside code fences and trimmed at
    the end; a text without such a blank line is treated as in mode `length`. A blank text gives no message.

    Raises: ValueError when `limit` is below `MIN_LIMIT`.
    """
    pieces = cut(text, limit=limit, mode=mode)
    return tuple(piece.opening + text[piece.start : piece.stop] + piece.closing for piece in pieces)


def cut(text: str, *, limit: int, mode: ChunkMode = "length") -> tuple[Piece, ...]:
    """The messages that `chunk` makes, by their places in the text. Raises: what `chunk` raises."""
    if limit < MIN_LIMIT:
        raise ValueError(f"chunk limit is {limit}, expected at least {MIN_LIMIT} UTF-16 code units")
    if not text.strip():
        return ()
    paragraphs = _paragraphs(text) if mode == "newline" else iter(((0, text),))
    return tuple(
        msgspec.structs.replace(piece, start=begin + piece.start, stop=begin + piece.stop) if begin else piece
        for begin, paragraph in paragraphs
        for piece in _by_length(paragraph, limit)
    )


def _paragraphs(text: str) -> Iterator[tuple[int, str]]:
    fences = FenceMap(find_fences(text))
    gaps = [gap.span() for gap in _BLANK_LINES.finditer(text) if fences.around(gap.start()) is None]
    if not gaps:
        yield 0, text
        return
    begins = [0, *(end for _, end in gaps)]
    ends = [*(begin for begin, _ in gaps), len(text)]
    for begin, end in zip(begins, ends, strict=True):
        if paragraph := text[begin:end].rstrip():
            yield begin, paragraph


def _by_length(text: str, limit: int) -> Iterator[Piece]:
    if utf16_length(text) <= limit:
        yield Piece(0, len(text))
        return
    fences = FenceMap(fence for fence in find_fences(text) if _can_be_carried(fence, limit))
    start, stop = 0, len(text.rstrip())
    carried: Fence | None = None
    while start < stop:
        opening = carried.reopening if carried else ""
        room = limit - utf16_length(opening)
        if _rest_fits(text, start, room):
            yield Piece(start, len(text), opening)
            return
        end = Window(text, start, room, fences).cut()
        body = text[start:end].rstrip()
        begun = start
        start, carried, closing = _go_on(text, end, fences)
        if body:
            yield Piece(begun, begun + len(body), opening, closing)


def _go_on(text: str, end: int, fences: FenceMap) -> tuple[int, Fence | None, str]:
    """Where the text goes on behind `end`, the fence to open again there, and how the chunk before it is closed."""
    fence = fences.around(end)
    start = skip_spaces(text, end)
    if fence is None or not fence.holds(end):
        return start, None, ""
    if start < fence.close:
        return start, fence, fence.closing
    # Only white space was left of the fenced text: our closing line stands for the one in the text.
    return skip_spaces(text, fence.end), None, fence.closing


def _can_be_carried(fence: Fence, limit: int) -> bool:
    left = limit - utf16_length(fence.reopening) - len(fence.closing)
    return left >= MIN_LIMIT and 4 * left >= limit


def _rest_fits(text: str, start: int, room: int) -> bool:
    return len(text) - start <= room and utf16_length(text[start:]) <= room
