"""How a long text with markup becomes several messages that are each marked up as the whole was.

Rule 1: where the cuts go is the law of `chunking`. What is open at a cut is closed before it and opened again behind
it, innermost first; a cut that falls on a marker moves to the marker's outer side.
Rule 2: every message fits `limit`, markers included: the text is cut a little shorter until they do. Where markers
would take a message over, the text is cut as if it had none.
"""

from __future__ import annotations

from collections.abc import Iterator

from actors.messages import ParseMode
from router.rules.chunking import MIN_LIMIT, ChunkMode, Piece, chunk, cut
from router.rules.graphemes import skip_spaces, utf16_length
from router.rules.markup import SpanMap, find_spans

_TRIES = 16


def chunk_marked(
    text: str, *, limit: int, mode: ChunkMode = "length", parse_mode: ParseMode | None = None
) -> tuple[str, ...]:
    """Like `chunk`, for a text that is read as `parse_mode`; None is `chunk` itself. Raises: what `chunk` raises."""
    if parse_mode is None:
        return chunk(text, limit=limit, mode=mode)
    spans = SpanMap(find_spans(text, parse_mode))
    room = limit
    for _ in range(_TRIES):
        if room < max(MIN_LIMIT, limit // 4):
            break
        found = tuple(_dressed(text, cut(text, limit=room, mode=mode), spans))
        too_long = max((utf16_length(each) for each in found), default=0) - limit
        if too_long <= 0:
            return found
        room -= too_long
    return chunk(text, limit=limit, mode=mode)


def _dressed(text: str, pieces: tuple[Piece, ...], spans: SpanMap) -> Iterator[str]:
    """Each piece with what its markup needs at both ends."""
    for piece in pieces:
        start, stop = _settled(piece.start, spans), _settled(piece.stop, spans)
        # A cut that has moved may lie beside white space, where no marker opens or closes.
        start = skip_spaces(text, start) if start > piece.start else start
        body = text[start:stop] if stop >= piece.stop else text[start:stop].rstrip()
        if body.strip():
            opened = "".join(span.opening for span in spans.around(start))
            closed = "".join(span.closing for span in reversed(spans.around(stop)))
            yield opened + piece.opening + body + piece.closing + closed


def _settled(offset: int, spans: SpanMap) -> int:
    """`offset`, or the outer side of the marker that it falls on."""
    moved = True
    while moved:
        moved = False
        for span in spans.around(offset):
            if offset <= span.inner or offset >= span.outer:
                offset, moved = (span.start if offset <= span.inner else span.stop), True
                break
    return offset
