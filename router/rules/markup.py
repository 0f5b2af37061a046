"""Where a text is marked up, as Zalo reads it (zalo-bot-api reference, section 2.6).

Rule 1: only what has a beginning and an end is found, and only if both are there; a lone `*` is just a star.
Rule 2: markdown is read line by line, outside code fences: `**b**`, `*i*`, `***bi***` and the same with `_`, `~~s~~`,
inline code, and `{red}…{/red}`. A marker opens before something other than white space and closes behind it; `_` does
neither inside a word; a backslash takes a marker's meaning.
Rule 3: HTML is read as tags that match, across lines.
Rule 4: spans are inside or beside one another, never across. At most `MAX_DEPTH` may be open at once; an opening that
is further out is taken for text. So the work grows with the length of the text, and not faster.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator

import msgspec

from actors.messages import ParseMode
from router.rules.fences import FenceMap, find_fences

MAX_DEPTH = 16

_LINE = re.compile(r"[^\n]+")
_MARKER = re.compile(r"\\.|`+|\*+|_+|~+|\{/?[a-z_0-9]+\}")
_TAG = re.compile(r"<(?P<slash>/?)(?P<name>[a-zA-Z][a-zA-Z0-9]*)(?:\s[^<>]*)?>")
_LENGTHS = {"*": (1, 2, 3), "_": (1, 2, 3), "~": (2,)}


class Span(msgspec.Struct, frozen=True):
    """Marked-up text: its opening is `[start:inner]`, its closing `[outer:stop]`."""

    start: int
    inner: int
    outer: int
    stop: int
    opening: str
    closing: str


class SpanMap:
    """The spans of one text, found by offset."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self._spans = sorted(spans, key=lambda span: span.start)
        self._starts = [span.start for span in self._spans]
        self._parents = list(_parents(self._spans))

    def around(self, offset: int) -> tuple[Span, ...]:
        """The spans with `start < offset < stop`, the outermost first."""
        found: list[Span] = []
        index = bisect_left(self._starts, offset) - 1
        while index >= 0:
            span = self._spans[index]
            if offset < span.stop:
                found.append(span)
            index = self._parents[index]
        return tuple(reversed(found))


def find_spans(text: str, parse_mode: ParseMode) -> tuple[Span, ...]:
    """All spans of `text`, in no particular order."""
    if parse_mode == "html":
        return tuple(_tags(text))
    fences = FenceMap(find_fences(text))
    return tuple(
        span
        for line in _LINE.finditer(text)
        if fences.around(line.start() + 1) is None
        for span in _Line(text, line.start(), line.end()).spans()
    )


def without_marks(text: str) -> str:
    """`text` without its markdown markers; what they were around stays."""
    cuts = sorted(edge for span in find_spans(text, "markdown") for edge in _edges(span))
    kept, position = [], 0
    for start, stop in cuts:
        kept.append(text[position:start])
        position = stop
    return "".join((*kept, text[position:]))


def _edges(span: Span) -> tuple[tuple[int, int], tuple[int, int]]:
    return (span.start, span.inner), (span.outer, span.stop)


def _parents(spans: list[Span]) -> Iterator[int]:
    """For each span the index of the one right around it, or -1."""
    stack: list[int] = []
    for index, span in enumerate(spans):
        while stack and spans[stack[-1]].stop <= span.start:
            stack.pop()
        yield stack[-1] if stack else -1
        stack.append(index)


class _Open(msgspec.Struct, frozen=True):
    """An opening that waits for its end."""

    start: int
    inner: int
    name: str


class _Stack:
    """What is open, the innermost last."""

    def __init__(self) -> None:
        self._open: list[_Open] = []

    def push(self, opening: _Open) -> None:
        self._open.append(opening)
        del self._open[:-MAX_DEPTH]

    def pop(self, names: Iterable[str]) -> _Open | None:
        """The innermost opening of one of these names; what is inside it has no end any more."""
        for index in range(len(self._open) - 1, -1, -1):
            if self._open[index].name in names:
                found = self._open[index]
                del self._open[index:]
                return found
        return None


def _tags(text: str) -> Iterator[Span]:
    stack = _Stack()
    for tag in _TAG.finditer(text):
        name = tag["name"].lower()
        if not tag["slash"]:
            if not tag[0].endswith("/>"):
                stack.push(_Open(tag.start(), tag.end(), name))
        elif (opening := stack.pop((name,))) is not None:
            yield _span(text, opening, tag.start(), tag.end())


class _Line:
    """One line of markdown while its spans are found."""

    def __init__(self, text: str, start: int, stop: int) -> None:
        self._text = text
        self._start = start
        self._stop = stop
        self._stack = _Stack()

    def spans(self) -> Iterator[Span]:
        position = self._start
        while (marker := _MARKER.search(self._text, position, self._stop)) is not None:
            position = marker.end()
            match marker[0][0]:
                case "\\":
                    continue
                case "`":
                    code = self._code(marker)
                    if code is not None:
                        position = code.stop
                        yield code
                case "{":
                    yield from self._colour(marker)
                case _:
                    yield from self._run(marker)

    def _code(self, opening: re.Match[str]) -> Span | None:
        ticks = opening[0]
        closing = re.compile(rf"(?<!`){ticks}(?!`)").search(self._text, opening.end(), self._stop)
        if closing is None:
            return None
        return Span(opening.start(), opening.end(), closing.start(), closing.end(), ticks, ticks)

    def _colour(self, marker: re.Match[str]) -> Iterator[Span]:
        name = marker[0].strip("{}").lstrip("/")
        if not marker[0].startswith("{/"):
            self._stack.push(_Open(marker.start(), marker.end(), f"{{{name}}}"))
        elif (opening := self._stack.pop((f"{{{name}}}",))) is not None:
            yield _span(self._text, opening, marker.start(), marker.end())

    def _run(self, run: re.Match[str]) -> Iterator[Span]:
        """A run of one marker's character may close several spans (`***` closes `*` and `**`), and then open one."""
        character, position = run[0][0], run.start()
        before = self._text[position - 1] if position > self._start else " "
        behind = self._text[run.end()] if run.end() < self._stop else " "
        joins_word = character == "_" and before.isalnum() and behind.isalnum()
        if not before.isspace() and not joins_word:
            for span in self._closed(character, position, run.end()):
                position = span.stop
                yield span
        left = run.end() - position
        if left in _LENGTHS[character] and not behind.isspace() and not joins_word:
            self._stack.push(_Open(position, run.end(), character * left))

    def _closed(self, character: str, position: int, end: int) -> Iterator[Span]:
        lengths = _LENGTHS[character]
        while end - position >= lengths[0]:
            opening = self._stack.pop([character * length for length in lengths])
            if opening is None:
                return
            length = min(len(opening.name), end - position)
            inmost = _Open(opening.inner - length, opening.inner, character * length)
            if inmost.start > opening.start:
                outer = opening.name[length:]
                self._stack.push(_Open(opening.start, inmost.start, outer))
            yield _span(self._text, inmost, position, position + length)
            position += length


def _span(text: str, opening: _Open, outer: int, stop: int) -> Span:
    return Span(opening.start, opening.inner, outer, stop, text[opening.start : opening.inner], text[outer:stop])
