"""What happened, and what is happening."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from router.control.protocol.base import Call, Limit, Name, Params, Result

LevelWord = Literal["debug", "info", "warning", "error"]


class LogLine(Result, frozen=True, kw_only=True, omit_defaults=True):
    """One line of the log."""

    time: str
    level: str
    name: str
    """Of the event, or of the library that wrote it."""
    text: str
    account: str = ""
    """`zalo:shop`, for lines that are about one account."""
    exception: str = ""
    """A traceback, with secrets taken out."""


class LogTail(Result, frozen=True, kw_only=True):
    """Lines of the log, oldest first."""

    lines: tuple[LogLine, ...]
    cursor: str
    """Ask with it to be given what comes after these lines."""
    reset: bool = False
    """Whether lines between the cursor and these are gone: the file was put aside more often than it is kept."""


class TailLogs(Params, Call[LogTail], frozen=True, kw_only=True):
    """The last lines of the log file; with a cursor, those that came after it."""

    cursor: str | None = None
    limit: Limit = 200
    level: LevelWord = "debug"
    """This level and worse."""
    account: Name | None = None


class Subscribed(Result, frozen=True, kw_only=True):
    """Notifications named `event` follow until the connection ends."""

    names: tuple[str, ...]
    """The names and prefixes that are told; empty: all."""


class SubscribeEvents(Params, Call[Subscribed], frozen=True, kw_only=True):
    """Asks to be told what happens from now on: events of these names, or whose names begin with one and a dot.

    `delivery` means `delivery.sent`, `delivery.dead` and so on. A connection has one subscription; asking again puts
    another in its place. A client that reads too slowly is cut off rather than told less than it asked for.
    """

    names: Annotated[tuple[Name, ...], msgspec.Meta(max_length=100)] = ()
    level: LevelWord = "debug"


class EventNotice(Result, frozen=True, kw_only=True):
    """Something happened in the router (`router.events`); sent to clients that asked to be told."""

    name: str
    at: str
    level: str
    text: str
    account: str = ""
    """`zalo:shop`, for events of one account."""
