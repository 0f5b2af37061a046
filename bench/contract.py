"""What a bench is: a question about speed, and the figures that answer it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Literal

import msgspec

Unit = Literal["/s", "ms", "µs", "s", "MB", "KB", "x", "%", ""]
Better = Literal["more", "less", "neither"]
Tell = Callable[[str], None]
"""Shows what is being done now; takes a few words."""

LESS: frozenset[str] = frozenset({"ms", "µs", "s", "MB", "KB"})


class Scale(msgspec.Struct, frozen=True, kw_only=True):
    """How much is measured."""

    accounts: tuple[int, ...] = ()
    """Numbers of accounts; empty: the bench's own."""
    users: int = 8
    """People per account who wait for an answer before they write again."""
    messages: int = 20_000
    """At most so many are measured, …"""
    seconds: float = 4.0
    """… for at most so long."""


class Figure(msgspec.Struct, frozen=True):
    """One number."""

    case: str
    """What was measured, in a few words: the row of the table."""
    name: str
    """What it says: the column."""
    value: float
    unit: Unit

    @property
    def better(self) -> Better:
        """Which way is good, by the unit."""
        if self.unit in LESS:
            return "less"
        return "more" if self.unit in ("/s", "x") else "neither"


Run = Callable[[Scale, Tell], Awaitable[list[Figure]]]


class Bench(msgspec.Struct, frozen=True):
    """One row of the catalogue."""

    name: str
    question: str
    run: Run
