"""What an agent is told about a message: its text, the line in front of it, and the facts.

Rule 1: the text is what the person wrote, trimmed, with line feeds for line breaks; nothing is taken out of it. A
person can therefore type what looks like our header: agents that care read the facts, not the header.
Rule 2: what goes into the header is made harmless there: one line, no square brackets.
Rule 3: a part that is not known is left out, never guessed.
The words are those of the openclaw-gateway reference, sections 5.1 and 5.2.
"""

from __future__ import annotations

from actors.messages import Context, Inbound
from router.rules.attachments import listing
from router.rules.civil import civil_minute
from router.rules.prefixes import with_prefix
from router.rules.records import InboxRow

_BRACKETS = str.maketrans("[]", "()")


def envelope(
    text: str,
    *,
    channel_label: str = "",
    sender: str = "",
    elapsed_seconds: float | None = None,
    sent_at: float | None = None,
    utc_offset_minutes: int = 0,
    zone: str = "UTC",
) -> str:
    """`[<channel> <sender> +<elapsed> <Www> <YYYY-MM-DD HH:MM> <zone>] <text>`, without the parts that are not given.

    `sent_at` is in Unix seconds; `utc_offset_minutes` (east is positive) and `zone` are where it is to be read. An
    elapsed time below zero and an instant outside the years 1 to 9999 are left out. With no part, there is no header.
    """
    parts = (
        _harmless(channel_label),
        _harmless(sender),
        _elapsed(elapsed_seconds),
        _timestamp(sent_at, utc_offset_minutes, zone),
    )
    header = " ".join(filter(None, parts))
    return f"[{header}] {text}" if header else text


def body_text(inbound: Inbound) -> str:
    """What the person wrote: the text or caption; `<media:image>` or the like when there is only media; else empty."""
    text = _line_feeds(inbound.text).strip()
    return text if text or not inbound.media else f"<media:{inbound.media[0].kind}>"


def context(
    row: InboxRow,
    *,
    channel_label: str,
    utc_offset_minutes: int = 0,
    zone: str = "UTC",
    text: str | None = None,
    message_prefix: str = "",
) -> Context:
    """The facts of an accepted message, for the agent that answers it.

    `text` stands in for the message's own when a mention or a command was taken off its front; `RawBody` keeps it
    whole. `message_prefix` goes before what the agent reads. The time is the sender's network's, or when it came in. In
    `Body` alone, a group's text has its sender in front. Of the media lists, entry n of each is about the same file;
    files that are saved come first, so that `MediaPaths` may be the shorter one.
    """
    inbound = row.inbound
    channel = inbound.chat.account.channel
    said = body_text(inbound) if text is None else _line_feeds(text).strip()
    words = with_prefix(said, message_prefix)
    label = _conversation_label(inbound)
    sent_at = row.received_at if inbound.sent_at is None else inbound.sent_at
    media = listing(inbound.media)
    return Context(
        body=envelope(
            f"{_harmless(_sender(inbound))}: {words}" if inbound.chat.chat_type == "group" else words,
            channel_label=channel_label,
            sender=label,
            elapsed_seconds=row.elapsed_seconds,
            sent_at=sent_at,
            utc_offset_minutes=utc_offset_minutes,
            zone=zone,
        ),
        body_for_agent=words,
        raw_body=body_text(inbound),
        command_body=said,
        from_=_from(inbound),
        to=f"{channel}:{inbound.chat.chat_id}",
        originating_to=f"{channel}:{inbound.chat.chat_id}",
        originating_channel=channel,
        session_key=row.session_key,
        account_id=inbound.chat.account.account_id,
        chat_type=inbound.chat.chat_type,
        conversation_label=label,
        sender_id=inbound.sender_id,
        sender_name=_name(inbound) or None,
        command_authorized=row.authorized,
        provider=channel,
        surface=channel,
        message_sid=inbound.message_id,
        timestamp=sent_at,
        media_paths=media.paths,
        media_types=media.types,
        media_urls=media.urls,
    )


def utc_minute(unix_seconds: float) -> str:
    """`2026-11-20 09:46 UTC`; `unknown` for what is no instant of the years 1 to 9999."""
    minute = civil_minute(unix_seconds)
    return "unknown" if minute is None else f"{minute} UTC"


def _elapsed(seconds: float | None) -> str:
    if seconds is None or not 0 <= seconds < float("inf"):
        return ""
    for unit, length in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds >= length:
            return f"+{int(seconds // length)}{unit}"
    return f"+{int(seconds)}s"


def _timestamp(sent_at: float | None, utc_offset_minutes: int, zone: str) -> str:
    minute = None if sent_at is None else civil_minute(sent_at, utc_offset_minutes)
    return "" if minute is None else f"{minute.weekday} {minute} {_harmless(zone)}".rstrip()


def _conversation_label(inbound: Inbound) -> str:
    return f"group:{inbound.chat.chat_id}" if inbound.chat.chat_type == "group" else _sender(inbound)


def _sender(inbound: Inbound) -> str:
    return _name(inbound) or f"user:{inbound.sender_id}"


def _name(inbound: Inbound) -> str:
    return _line_feeds(inbound.sender_name or "").strip()


def _from(inbound: Inbound) -> str:
    chat = inbound.chat
    return f"{chat.account.channel}:" + (f"group:{chat.chat_id}" if chat.chat_type == "group" else inbound.sender_id)


def _harmless(part: str) -> str:
    return " ".join(part.split()).translate(_BRACKETS)


def _line_feeds(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
