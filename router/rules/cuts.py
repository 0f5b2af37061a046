"""Where the next cut goes.

Rule 1: this module looks at one window, as much text as one chunk can take, and chooses one offset in it; it neither
builds chunks nor knows what came before.
Rule 2: places are tried in this order, and in each kind the last one that fits is taken:

    block       a blank line, or the line break before or after a code fence; blank lines in code do not count
    line        a line break
    sentence    behind `.` `!` `?` `…` and closing quotes or brackets before white space; behind `。` `！` `？` anywhere
    word        white space, other than the no-break spaces

Such a place counts only if it fills the chunk at least half: a better place is not worth a crumb. If none does:

    whole word  the last white space, however early, if the word behind it fits into a chunk of its own: a link of 1500
                characters stays whole
    cluster     between two grapheme clusters
    code point  inside a cluster that is longer than a whole chunk

Rule 3: inside a fence a chunk must have room for the closing marker; within the opening or closing line, or right
behind the opening line, there is no cut.
Rule 4: a cut leaves something other than white space before it, if any cut can.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from router.rules.fences import FenceMap
from router.rules.graphemes import cluster_edges, skip_spaces, unit_offsets, utf16_length

# Enough to see, at the last offset that fits, the two line breaks of a blank line.
_LOOK_AHEAD = 4
_MAX_FENCE_INDENT = 3

_LINE_BREAK = re.compile(r"\r?\n(?P<blank>(?=[ \t]*\r?\n))?")
_SENTENCE_END = re.compile(r"""[.!?…]["'”’»)\]*_]{0,3}(?=\s)|[。！？]["'”’」』）]{0,3}""")
_WORD_GAP = re.compile(r"[^\S\u00a0\u2007\u202f]+")


class Window:
    """The part of `text` from `start` on from which one chunk of at most `room` UTF-16 code units is taken.

    `room` is at least 2, so that any code point fits. Time and memory grow with `room`, not with the text.
    """

    def __init__(self, text: str, start: int, room: int, fences: FenceMap) -> None:
        self._whole = text
        self._start = start
        self._room = room
        self._fences = fences
        self._text = text[start : start + room + _LOOK_AHEAD]
        self._units = unit_offsets(self._text)
        self._edges = cluster_edges(self._text)
        self._indent = len(self._text) - len(self._text.lstrip())

    def cut(self) -> int:
        """The offset in the whole text where the chunk ends; always behind `start`."""
        return self._start + (self._preferred() or self._before_word() or self._anywhere())

    def _preferred(self) -> int | None:
        kinds: tuple[Callable[[], Iterable[int]], ...] = (self._blocks, self._lines, self._sentences, self._words)
        for kind in kinds:
            for offset in reversed(list(kind())):
                if self._fits(offset) and self._fills(offset):
                    return offset
        return None

    def _blocks(self) -> Iterator[int]:
        for line_break in _LINE_BREAK.finditer(self._text):
            first, last = (self._start + offset for offset in line_break.span())
            blank = line_break["blank"] is not None and self._fences.around(first) is None
            if blank or self._fences.is_edge(first) or self._fences.is_edge(last):
                yield line_break.start()

    def _lines(self) -> Iterator[int]:
        return (line_break.start() for line_break in _LINE_BREAK.finditer(self._text))

    def _sentences(self) -> Iterator[int]:
        return (end.end() for end in _SENTENCE_END.finditer(self._text))

    def _words(self) -> Iterator[int]:
        return (gap.start() for gap in _WORD_GAP.finditer(self._text))

    def _before_word(self) -> int | None:
        for offset in reversed(list(self._words())):
            if self._fits(offset):
                return offset if self._next_word_fits(offset) else None
        return None

    def _next_word_fits(self, offset: int) -> bool:
        room = self._room_at(offset)
        begin = skip_spaces(self._whole, self._start + offset)
        gap = _WORD_GAP.search(self._whole, begin, begin + room + 1)
        end = gap.start() if gap else min(begin + room + 1, len(self._whole))
        return utf16_length(self._whole[begin:end]) <= room

    def _anywhere(self) -> int:
        return (
            next(filter(self._fits, reversed(list(self._edges))), 0)
            or next(filter(self._has_room, range(len(self._text), 0, -1)), 0)
            or self._lead()
            or next(offset for offset in range(len(self._text), 0, -1) if self._units[offset] <= self._room)
        )

    def _lead(self) -> int:
        """The white space at the beginning, given up because nothing fits behind it; a fence keeps its indentation."""
        line = self._text.rfind("\n", 0, self._indent) + 1
        return line if line and self._indent - line <= _MAX_FENCE_INDENT else self._indent

    def _fits(self, offset: int) -> bool:
        return offset in self._edges and self._has_room(offset)

    def _has_room(self, offset: int) -> bool:
        return self._indent < offset and self._units[offset] <= self._room_at(offset)

    def _fills(self, offset: int) -> bool:
        return 2 * self._units[offset] >= self._room_at(offset)

    def _room_at(self, offset: int) -> int:
        """The units that a chunk may have when it ends at `offset`; 0 where no cut is allowed."""
        fence = self._fences.around(self._start + offset)
        if fence is None:
            return self._room
        return self._room - len(fence.closing) if fence.holds(self._start + offset) else 0
