"""Bytes of a listener's stdout, cut into lines.

Rule 1: pure. Bytes may be cut anywhere, also inside a character.
Rule 2: never more than a limit is held. Of a longer line its beginning is kept and said to be no more than that.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

LINE_LIMIT_BYTES = 1024 * 1024
"""A text has 2000 characters; with a quote, mentions and a dozen files a line stays below 100 kB."""


class Line(msgspec.Struct, frozen=True):
    """One line without its end."""

    content: bytes
    is_whole: bool = True
    """False: there was more of it, and it is gone."""


class LineCutter:
    """Takes chunks, gives lines."""

    def __init__(self, limit_bytes: int = LINE_LIMIT_BYTES) -> None:
        self._limit_bytes = limit_bytes
        self._begun = bytearray()
        self._too_long = False

    def cut(self, chunk: bytes) -> Iterator[Line]:
        """The lines that `chunk` completes. To be used up before the next call."""
        *ends, begun = chunk.split(b"\n")
        for end in ends:
            self._add(end)
            yield self._take()
        self._add(begun)

    def rest(self) -> Line | None:
        """What came after the last line end, once nothing more will come."""
        return self._take() if self._begun else None

    def _add(self, part: bytes) -> None:
        room = self._limit_bytes - len(self._begun)
        self._begun += part[:room]
        self._too_long = self._too_long or len(part) > room

    def _take(self) -> Line:
        line = Line(bytes(self._begun), not self._too_long)
        self._begun.clear()
        self._too_long = False
        return line
