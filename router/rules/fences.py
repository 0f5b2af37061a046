"""Where a text's code fences are.

Rule 1: a fence is what CommonMark calls one, kept to what matters for cutting: an opening line of at most three spaces
and three or more backticks or tildes, closed by a line of the same character at least as long, with nothing behind it.
A fence that is never closed runs to the end of the text. The info string behind backticks has no backtick.
Rule 2: offsets count code points, as Python slices do; a line ends at a line feed, with or without a carriage return.
Rule 3: one pass over the text, whatever is in it.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable

import msgspec

_FENCE_LINE = re.compile(r"^ {0,3}(?P<marker>`{3,}|~{3,})(?P<info>[^\n]*)$", re.MULTILINE)


class Fence(msgspec.Struct, frozen=True):
    """One fenced block: `start <= body <= close <= end`."""

    start: int
    """Where the opening line begins, its indentation included."""
    body: int
    """Behind the opening line and its line break."""
    close: int
    """Where the closing line begins; the end of the text when there is none."""
    end: int
    """Behind the closing line, before its line break; the end of the text when there is none."""
    header: str
    """The opening line as written, without its line break."""
    marker: str
    """The backticks or tildes of the opening line."""

    @property
    def reopening(self) -> str:
        """What a chunk that begins inside this fence has to begin with."""
        return f"{self.header}\n"

    @property
    def closing(self) -> str:
        """What a chunk that ends inside this fence has to end with."""
        return f"\n{self.marker}"

    def holds(self, offset: int) -> bool:
        """Whether a cut at `offset` would leave fenced text before it that has to be closed."""
        return self.body < offset <= self.close


class FenceMap:
    """The fences of one text, found by offset."""

    def __init__(self, fences: Iterable[Fence]) -> None:
        self._fences = tuple(fences)
        self._starts = [fence.start for fence in self._fences]
        self._edges = frozenset(self._starts).union(fence.end for fence in self._fences)

    def around(self, offset: int) -> Fence | None:
        """The fence with `start < offset < end`, its opening and closing lines included, or None.

        A fence that is never closed also surrounds the end of the text.
        """
        index = bisect_left(self._starts, offset) - 1
        if index < 0:
            return None
        fence = self._fences[index]
        return fence if offset < fence.end or fence.holds(offset) else None

    def is_edge(self, offset: int) -> bool:
        """Whether a fence begins or ends exactly here."""
        return offset in self._edges


def find_fences(text: str) -> tuple[Fence, ...]:
    """All fences of `text`, in order."""
    fences: list[Fence] = []
    opener: re.Match[str] | None = None
    for line in _FENCE_LINE.finditer(text):
        if opener is None:
            opener = line if _opens(line) else None
        elif _closes(opener, line):
            fences.append(_fence(text, opener, line))
            opener = None
    if opener is not None:
        fences.append(_fence(text, opener, None))
    return tuple(fences)


def _opens(line: re.Match[str]) -> bool:
    return line["marker"][0] == "~" or "`" not in line["info"]


def _closes(opener: re.Match[str], line: re.Match[str]) -> bool:
    # startswith says both: the same character, and at least as many of it.
    return line["marker"].startswith(opener["marker"]) and not line["info"].strip()


def _fence(text: str, opener: re.Match[str], closer: re.Match[str] | None) -> Fence:
    return Fence(
        start=opener.start(),
        body=min(opener.end() + 1, len(text)),
        close=closer.start() if closer else len(text),
        end=closer.end() - closer[0].endswith("\r") if closer else len(text),
        header=opener[0].removesuffix("\r"),
        marker=opener["marker"],
    )
