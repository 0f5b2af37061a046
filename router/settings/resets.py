"""`session.reset` and what goes with it, made into rules; time zones are looked up here and nowhere later."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from router.rules.resets import ResetRule, ResetRules, utc
from router.settings.kinds import channel_rows
from router.settings.problems import Report, join, quoted, unknown
from router.settings.sections import ResetSettings, SessionSettings

IDLE_MINUTES = 60
"""What `mode: "idle"` means when no `idleMinutes` are given (openclaw-gateway reference, section 4.4)."""


def check_resets(session: SessionSettings, report: Report) -> None:
    """Reports channels and time zones that do not exist."""
    for channel in session.reset_by_channel:
        if channel not in channel_rows():
            report.problem(join("session.resetByChannel", channel), unknown("channel", channel, channel_rows()))
    for path, reset in _written(session):
        if not _exists(reset.timezone):
            wanted = f'expected "local", "utc" or a name like "Asia/Ho_Chi_Minh"; got {quoted(reset.timezone)}'
            report.problem(join(path, "timezone"), wanted)


def reset_rules(session: SessionSettings) -> ResetRules:
    """The rules of settings that were checked."""
    by_type = session.reset_by_type
    everywhere = session.reset
    if everywhere is None and session.idle_minutes is not None:
        everywhere = ResetSettings(mode="idle", idle_minutes=session.idle_minutes)
    return ResetRules(
        by_channel={channel: _made(reset) for channel, reset in session.reset_by_channel.items()},
        direct=_rule(by_type.direct or by_type.dm),
        group=_rule(by_type.group),
        everywhere=_rule(everywhere),
    )


def _written(session: SessionSettings) -> Iterator[tuple[str, ResetSettings]]:
    by_type = session.reset_by_type
    named = (("direct", by_type.direct), ("dm", by_type.dm), ("group", by_type.group), ("thread", by_type.thread))
    places = [("session.reset", session.reset)]
    places += [(f"session.resetByType.{name}", reset) for name, reset in named]
    places += [(join("session.resetByChannel", channel), reset) for channel, reset in session.reset_by_channel.items()]
    for path, reset in places:
        if reset is not None:
            yield path, reset


def _rule(reset: ResetSettings | None) -> ResetRule | None:
    return None if reset is None else _made(reset)


def _made(reset: ResetSettings) -> ResetRule:
    if reset.mode == "never":
        return ResetRule()
    minutes = reset.idle_minutes or (IDLE_MINUTES if reset.mode == "idle" else None)
    return ResetRule(
        daily_at_hour=reset.at_hour if reset.mode == "daily" else None,
        idle_seconds=None if minutes is None else 60.0 * minutes,
        offset_minutes=_offset(reset.timezone),
    )


def _offset(timezone: str) -> Callable[[float], int]:
    if timezone.lower() == "local":
        return lambda unix_seconds: time.localtime(unix_seconds).tm_gmtoff // 60
    if timezone.lower() == "utc":
        return utc
    zone = ZoneInfo(timezone)

    def offset(unix_seconds: float) -> int:
        found = datetime.fromtimestamp(unix_seconds, UTC).astimezone(zone).utcoffset()
        return 0 if found is None else int(found.total_seconds()) // 60

    return offset


def _exists(timezone: str) -> bool:
    if timezone.lower() in ("local", "utc"):
        return True
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
