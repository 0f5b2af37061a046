"""Text from the network, made fit for a terminal or a line of a log."""

from __future__ import annotations

_KEPT = frozenset("\u200d")
"""Not printable by Unicode's classes, and harmless: the joiner of emoji families."""


def printable(text: str) -> str:
    """The same text on one line, with control and direction characters written as escapes (`\\x1b`, `\\u202e`).

    A display name or an error of a peer can then neither move the cursor nor forge a second log line.
    """
    if text.isprintable():
        return text
    return "".join(mark if mark.isprintable() or mark in _KEPT else _escaped(mark) for mark in text)


def _escaped(mark: str) -> str:
    return mark.encode("unicode_escape").decode("ascii")
