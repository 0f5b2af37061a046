"""What the Bot API says that happened, read into `Inbound`.

Rule 1: this file is pure. Rule 2: nothing that a peer sends makes it fail in any other way than `Undecodable`.
Rule 3: only what makes a message a message is demanded (a chat, a sender); everything else may be missing or odd,
because the shape of updates differs between the documentation and what was captured (zalo-bot-api reference,
sections 3.1 to 3.4).
"""

from __future__ import annotations

import hashlib
from typing import Any, Final

import msgspec

from actors.errors import RouterError
from actors.messages import AccountKey, Chat, ChatType, Inbound, Media, MediaKind, MessageKind

KINDS: Final[dict[str, MessageKind]] = {
    "message.text.received": "text",
    "message.image.received": "image",
    "message.sticker.received": "sticker",
    "message.voice.received": "voice",
    "message.unsupported.received": "unsupported",
}
"""Events by name; a message of any other event is of kind `unknown`."""

PROBE: Final = "webhook.test"
MILLISECONDS_FROM: Final = 1e11
"""A date from here on is in milliseconds (since 1973); below, in seconds (until 5138). Only the probe has seconds."""
MILLISECONDS_UNTIL: Final = 1e14


class Undecodable(RouterError):
    """It cannot be read as an update. `reason` says what was expected; the bytes are worth keeping."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Ignored(msgspec.Struct, frozen=True):
    """An update that is nobody's message."""

    reason: str


class _Person(msgspec.Struct, frozen=True):
    id: Any = None
    display_name: Any = None
    first_name: Any = None
    name: Any = None


class _Chat(msgspec.Struct, frozen=True):
    id: Any = None
    chat_type: Any = None


class _Message(msgspec.Struct, frozen=True):
    sender: _Person | None = msgspec.field(name="from", default=None)
    chat: _Chat | None = None
    message_id: Any = None
    date: Any = None
    text: Any = None
    caption: Any = None
    photo_url: Any = None
    photo: Any = None
    url: Any = None
    voice_url: Any = None


class _Update(msgspec.Struct, frozen=True):
    event_name: Any = None
    message: _Message | None = None


class _Delivery(_Update, frozen=True):
    """An update, bare or wrapped in `{"ok": true, "result": …}`; webhooks may be either (reference, section 3.4)."""

    result: _Update | None = None


_DELIVERIES = msgspec.json.Decoder(_Delivery)


def decode_update(raw: bytes, account: AccountKey, own_id: str = "") -> Inbound | Ignored:
    """Reads one update. `own_id` is the bot's own id: what it said itself is ignored.

    Raises: Undecodable.
    """
    update = _read(raw)
    if update.event_name == PROBE:
        return Ignored("a webhook test")
    message = update.message
    if message is None:
        raise Undecodable("expected an object with a message")
    chat_id = _word(message.chat.id) if message.chat else None
    sender_id = _word(message.sender.id) if message.sender else None
    if own_id and sender_id == own_id:
        return Ignored("the bot's own message")
    if chat_id is None:
        raise Undecodable("expected message.chat.id, a string that is not empty")
    if sender_id is None:
        raise Undecodable("expected message.from.id, a string that is not empty")
    return _inbound(update, message, Chat(account, chat_id, _chat_type(message, chat_id, sender_id)), sender_id, raw)


def is_probe(raw: bytes) -> bool:
    """Whether this is the server's test of a webhook and nothing else: no sender, no chat."""
    try:
        update = _read(raw)
    except Undecodable:
        return False
    message = update.message
    return update.event_name == PROBE and (message is None or (message.sender is None and message.chat is None))


def _read(raw: bytes) -> _Update:
    try:
        delivery = _DELIVERIES.decode(raw)
    except msgspec.ValidationError as error:
        raise Undecodable(f"expected an update of the Bot API: {error}") from None
    except (msgspec.DecodeError, UnicodeError) as error:
        raise Undecodable(f"expected JSON in UTF-8: {type(error).__name__}") from None
    except RecursionError:
        raise Undecodable("expected an update of the Bot API: nested too deeply") from None
    return delivery if delivery.result is None else delivery.result


def _inbound(update: _Update, message: _Message, chat: Chat, sender_id: str, raw: bytes) -> Inbound:
    kind = _kind(update.event_name, message)
    return Inbound(
        chat=chat,
        message_id=_word(message.message_id) or message_key(raw),
        sender_id=sender_id,
        sender_name=_sender_name(message),
        kind=kind,
        text=_text(message.text) or _text(message.caption),
        media=_media(kind, message),
        sent_at=_unix_seconds(message.date),
        raw=raw,
    )


def message_key(raw: bytes) -> str:
    """Stands in for a missing message id: the same bytes give the same key."""
    return f"hash-{hashlib.sha256(raw).hexdigest()[:32]}"


def _kind(event_name: Any, message: _Message) -> MessageKind:
    if event_name is None and _text(message.text):
        return "text"
    return KINDS.get(event_name, "unknown") if isinstance(event_name, str) else "unknown"


def _chat_type(message: _Message, chat_id: str, sender_id: str) -> ChatType:
    """A chat without a known type is direct only if it is the sender's own: the stricter rules hold for groups."""
    known = _text(message.chat.chat_type).upper() if message.chat else ""
    if known in ("PRIVATE", "GROUP"):
        return "group" if known == "GROUP" else "direct"
    return "direct" if chat_id == sender_id else "group"


def _sender_name(message: _Message) -> str | None:
    who = message.sender
    if who is None:
        return None
    return _text(who.display_name) or _text(who.first_name) or _text(who.name) or None


def _media(kind: MessageKind, message: _Message) -> tuple[Media, ...]:
    if kind == "sticker":
        return _medium("image", message.url)
    if kind == "voice":
        return _medium("voice", message.voice_url, "audio/aac")
    # Live pictures are in `photo_url`, documented ones in `photo` (reference, section 3.3).
    return _medium("image", message.photo_url) or _medium("image", message.photo)


def _medium(kind: MediaKind, url: Any, mime_type: str | None = None) -> tuple[Media, ...]:
    if _text(url).lower().startswith(("http://", "https://")):
        return (Media(kind=kind, url=url, mime_type=mime_type),)
    return ()


def _unix_seconds(date: Any) -> float | None:
    if isinstance(date, bool) or not isinstance(date, int | float) or not 0 < date < MILLISECONDS_UNTIL:
        return None
    return date / 1000 if date >= MILLISECONDS_FROM else float(date)


def _word(value: Any) -> str | None:
    """An id: strings as they are; whole numbers, which no live peer sends, as their digits."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) and value.strip() else None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
