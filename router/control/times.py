"""How times are written on the control socket: ISO-8601, UTC, milliseconds, `2026-11-20T09:46:37.164Z`."""

from __future__ import annotations

from datetime import UTC, datetime


def iso_time(unix_seconds: float) -> str:
    """Unix seconds as text, cut (not rounded) to milliseconds."""
    text = datetime.fromtimestamp(unix_seconds, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def unix_time(text: str) -> float:
    """The Unix seconds of a text that `iso_time` made. Raises ValueError for anything that is not ISO-8601."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} names no time zone; expected UTC, as in 2026-11-20T09:46:37.164Z")
    return moment.timestamp()
