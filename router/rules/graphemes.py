"""What people see as one character, and what Zalo counts.

Rule 1: lengths on the wire are UTF-16 code units (openclaw-gateway reference, section 6.1); offsets in Python count
code points; the characters of people are grapheme clusters. This module is where the three meet.
Rule 2: any `str` is taken, lone surrogates too: they reach us through JSON and must come out as they went in.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Sequence

import regex

# A surrogate pair that a lenient decoder left in two halves is one character all the same.
_CLUSTER = regex.compile(r"[\ud800-\udbff][\udc00-\udfff]|\X")

# White space is dropped at a cut only if it is a cluster by itself: a space that carries an accent is no white space.
# Tabs, line breaks and other controls never carry one.
_SPACES = regex.compile(
    r"(?:[\t-\r\x1c-\x1f\x85\u2028\u2029]|\s(?![\p{GCB=Extend}\p{GCB=SpacingMark}\p{GCB=ZWJ}]))*+",
)


def utf16_length(text: str) -> int:
    """The length of `text` in UTF-16 code units; a lone surrogate counts as one."""
    if text.isascii():
        return len(text)
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def unit_offsets(text: str) -> Sequence[int]:
    """For each offset 0 … len(text): the UTF-16 code units before it."""
    if utf16_length(text) == len(text):
        return range(len(text) + 1)
    return [0, *itertools.accumulate(1 if character <= "\uffff" else 2 for character in text)]


def cluster_edges(text: str) -> Collection[int]:
    """The offsets between grapheme clusters, rising, 0 left out and `len(text)` included; quick to ask with `in`.

    The last one is an edge only if the text ends there; whoever passes a part of a text has to look beyond its needs.
    """
    if text.isascii() and "\r" not in text:
        return range(1, len(text) + 1)
    return dict.fromkeys(cluster.end() for cluster in _CLUSTER.finditer(text)).keys()


def skip_spaces(text: str, offset: int) -> int:
    """Where the text goes on behind the white space at `offset`.

    The indentation of a line is part of the line: if a line break lies in the white space, or just before it, this is
    the beginning of the last line reached.
    """
    match = _SPACES.match(text, offset)
    end = match.end() if match else offset
    line_break = text.rfind("\n", max(offset - 1, 0), end)
    return end if line_break < 0 else line_break + 1
