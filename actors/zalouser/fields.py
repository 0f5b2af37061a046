"""The fields of a line of `zca listen`, as they come: anything may be missing, or of another type.

Pure. What they mean is in `actors.zalouser.wire`.
"""

from __future__ import annotations

from typing import Any

import msgspec


class Metadata(msgspec.Struct, frozen=True, rename="camel"):
    """What is told once more inside."""

    is_group: Any = None
    chat_type: Any = None
    thread_type: Any = None
    from_id: Any = None
    sender_id: Any = None
    sender_name: Any = None
    sender_display_name: Any = None
    timestamp: Any = None
    msg_type: Any = None
    mention_ids: Any = None
    quote: Any = None


class RawLine(msgspec.Struct, frozen=True, rename="camel"):
    """Every field that either program is known to print."""

    thread_id: Any = None
    msg_id: Any = None
    cli_msg_id: Any = None
    content: Any = None
    type: Any = None
    timestamp: Any = None
    ts: Any = None
    msg_type: Any = None
    chat_type: Any = None
    from_id: Any = None
    sender_id: Any = None
    sender_name: Any = None
    sender_display_name: Any = None
    mention_ids: Any = None
    quote: Any = None
    media_path: Any = None
    media_paths: Any = None
    media_url: Any = None
    media_urls: Any = None
    media_type: Any = None
    media_types: Any = None
    media_kind: Any = None
    metadata: Metadata = Metadata()
    kind: Any = None
    event: Any = None
    code: Any = None
    message: Any = None


def as_number(value: Any) -> float | None:
    """A number, also one in a string of digits."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        return float(value)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def as_word(value: Any) -> str | None:
    """An id: strings as they are, whole numbers as their digits."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value.strip() if isinstance(value, str) and value.strip() else None


def as_text(value: Any) -> str:
    """A string; nothing else is one."""
    return value if isinstance(value, str) else ""


def as_texts(value: Any) -> tuple[str, ...]:
    """The strings of a list that say something."""
    return tuple(each for each in value if isinstance(each, str) and each) if isinstance(value, list) else ()
