"""What `zca listen` prints, read into `Inbound`: a line at a time.

Rule 1: this file is pure. Rule 2: nothing that a line holds makes it fail in any other way than `Undecodable`.
Rule 3: stdout is mixed: plain words of the program, and one JSON object a message. Only objects can be messages; one
with none of a message's fields is the program's own talk, any other must be readable or is worth keeping.
Rule 4: two programs answer to the name, and their fields differ; both families are read (zca reference, section 1.5):

                openzca                                   zca-cli, as callers of it tell
    group       metadata.isGroup, chatType                metadata.threadType 2
    sender      metadata.fromId, senderId                 metadata.fromId, metadata.senderId
    time        seconds (`timestamp`), ms (`ts`)          milliseconds

The sender is never taken from `toId`: one who did so answered themselves for ever.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final, Literal

import msgspec

from actors.errors import RouterError
from actors.messages import AccountKey, Chat, ChatType, Identity, Inbound, MediaKind, MessageKind
from actors.zalouser.attached import Attached, read_attached
from actors.zalouser.fields import RawLine, as_number, as_text, as_texts, as_word
from actors.zalouser.mentions import is_mentioned

NOBODY: Final = Identity("")

LifeEvent = Literal["listening", "connected", "closed", "heartbeat", "error", "session_id"]

KINDS: Final[dict[str, MessageKind]] = {
    "webchat": "text",
    "chat.recommended": "text",  # a link: its address is the text
    "chat.photo": "image",
    "chat.gif": "image",
    "chat.doodle": "image",
    "chat.voice": "voice",
    "chat.video.msg": "video",
    "share.file": "file",
    "chat.sticker": "sticker",
}
"""By `msgType`."""

MEDIA_KINDS: Final[dict[str, MediaKind]] = {"image": "image", "video": "video", "audio": "voice", "file": "file"}
"""By `mediaKind`."""

MILLISECONDS_FROM: Final = 1e10
"""A time from here on is in milliseconds, below in seconds (zca reference, section 1.5)."""
MILLISECONDS_UNTIL: Final = 1e14

_ANSI: Final = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]")
_CLOSED: Final = re.compile(r"Listener closed \([^)]*\)")
_PLAIN_WORDS: Final[tuple[tuple[str, LifeEvent], ...]] = (
    ("Listening", "listening"),
    ("Connected to Zalo", "connected"),
)
_LIFE_EVENTS: Final[dict[str, LifeEvent]] = {
    "session_id": "session_id",
    "connected": "connected",
    "heartbeat": "heartbeat",
    "error": "error",
    "closed": "closed",
}


class Undecodable(RouterError):
    """It looks like a message and cannot be read as one. `reason` says what was expected; the bytes are kept."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Lifecycle(msgspec.Struct, frozen=True):
    """The program says how its connection is."""

    event: LifeEvent
    words: str
    """For people: `Listener closed (3003)`."""


class Noise(msgspec.Struct, frozen=True):
    """A line that is nobody's message, and why."""

    words: str


_LINES = msgspec.json.Decoder(RawLine)


def decode_line(raw: bytes, account: AccountKey, own: Identity = NOBODY) -> Inbound | Lifecycle | Noise:
    """Reads one line. `own` is who the account is: what it said itself is noise, and others may mention it.

    Raises: Undecodable.
    """
    words = _ANSI.sub(b"", raw).strip()
    if not words.startswith(b"{"):
        return _plain(words.decode("utf-8", "replace"))
    line = _read(words)
    if line.kind == "lifecycle":
        return _lifecycle(line)
    if line.thread_id is None and line.content is None and line.msg_id is None and line.cli_msg_id is None:
        return Noise("an object that is no message")
    return _inbound(line, account, own, raw)


def _plain(words: str) -> Lifecycle | Noise:
    closed = _CLOSED.match(words)
    if closed:
        return Lifecycle("closed", closed.group())
    for beginning, event in _PLAIN_WORDS:
        if words.startswith(beginning):
            return Lifecycle(event, words)
    return Noise(words)


def _lifecycle(line: RawLine) -> Lifecycle | Noise:
    event = _LIFE_EVENTS.get(as_text(line.event))
    if event is None:
        return Noise("a lifecycle event of a kind that is not known")
    if event == "closed":
        return Lifecycle(event, f"Listener closed ({as_word(line.code) or ''})")
    return Lifecycle(event, as_text(line.message) or event)


def _read(words: bytes) -> RawLine:
    try:
        return _LINES.decode(words.decode("utf-8", "replace"))
    except msgspec.ValidationError as error:
        raise Undecodable(f"expected a message of zca: {error}") from None
    except (msgspec.DecodeError, UnicodeError):
        raise Undecodable("expected one whole JSON object on a line") from None
    except RecursionError:
        raise Undecodable("expected a message of zca: nested too deeply") from None


def _inbound(line: RawLine, account: AccountKey, own: Identity, raw: bytes) -> Inbound | Noise:
    thread_id, sender_id = as_word(line.thread_id), _sender_id(line)
    if thread_id is None:
        raise Undecodable("expected threadId, a string that is not empty")
    chat_type = _chat_type(line, thread_id, sender_id)
    if sender_id is None and chat_type == "group":
        raise Undecodable("expected metadata.fromId or senderId in a group's message")
    sender_id = sender_id or thread_id
    if own.user_id and sender_id == own.user_id:
        return Noise("the account's own message")
    # A private chat is named for the other person; a thread named for the account itself would have it write to itself.
    chat_id = sender_id if chat_type == "direct" and thread_id == own.user_id else thread_id
    kind = _kind(line)
    attached = _attached(line, kind)
    return Inbound(
        chat=Chat(account, chat_id, chat_type),
        message_id=_message_id(line, chat_id, sender_id, attached, raw),
        sender_id=sender_id,
        sender_name=_sender_name(line),
        kind=kind,
        text=attached.text,
        media=attached.media,
        sent_at=_sent_at(line),
        mentioned=is_mentioned(line, own) if chat_type == "group" else None,
        raw=raw,
    )


def _sender_id(line: RawLine) -> str | None:
    places = (line.metadata.from_id, line.from_id, line.sender_id, line.metadata.sender_id)
    return next((word for word in map(as_word, places) if word is not None), None)


def _chat_type(line: RawLine, thread_id: str, sender_id: str | None) -> ChatType:
    """A chat whose type is not told is direct only if it is the sender's own: the stricter rules hold for groups."""
    is_group, told = line.metadata.is_group, as_text(line.chat_type) or as_text(line.metadata.chat_type)
    if isinstance(is_group, bool):
        return "group" if is_group else "direct"
    if told in ("group", "user"):
        return "group" if told == "group" else "direct"
    if line.metadata.thread_type in (1, 2):
        return "group" if line.metadata.thread_type == 2 else "direct"
    # A number in `type` means group in one family and text in the other; words are of openzca's first versions.
    if line.type in ("group", "user"):
        return "group" if line.type == "group" else "direct"
    return "direct" if sender_id in (None, thread_id) else "group"


def _sender_name(line: RawLine) -> str | None:
    told = line.metadata
    places = (line.sender_display_name, line.sender_name, told.sender_display_name, told.sender_name)
    return next((name for name in map(as_text, places) if name.strip()), None)


def _kind(line: RawLine) -> MessageKind:
    told = KINDS.get(as_text(line.msg_type) or as_text(line.metadata.msg_type))
    if told is not None and told != "text":
        return told
    if as_text(line.content).startswith("<non-text:"):
        return "unsupported"
    if told is None and as_text(line.media_kind):
        return MEDIA_KINDS.get(line.media_kind, "file")
    return "text" if told == "text" or isinstance(line.content, str) else "unknown"


def _attached(line: RawLine, kind: MessageKind) -> Attached:
    return read_attached(
        line.content,
        kind,
        paths=as_texts(line.media_paths) or as_texts([line.media_path]),
        urls=as_texts(line.media_urls) or as_texts([line.media_url]),
        mime_types=as_texts(line.media_types) or as_texts([line.media_type]),
    )


def _message_id(line: RawLine, chat_id: str, sender_id: str, attached: Attached, raw: bytes) -> str:
    """By what one message is known when it comes again, which happens under another `msgId` (zca-js issue 348).

    `cliMsgId` is the sender's clock in milliseconds: only within a chat and sender does it mean one message, and of
    several pictures that were sent together not even there.
    """
    parts = dict.fromkeys((chat_id, sender_id))
    client_id, server_id = as_word(line.cli_msg_id), as_word(line.msg_id)
    if client_id is None and server_id is None:
        return f"hash-{hashlib.sha256(raw).hexdigest()[:32]}"
    if client_id is None:
        return f"{'-'.join(parts)}-msg-{server_id}"
    addresses = "\0".join(attached.addresses)
    album = f"-{hashlib.sha256(addresses.encode('utf-8', 'replace')).hexdigest()[:8]}" if addresses else ""
    return f"{'-'.join(parts)}-{client_id}{album}"


def _sent_at(line: RawLine) -> float | None:
    for value in (line.ts, line.timestamp, line.metadata.timestamp):
        told = as_number(value)
        if told is not None and 0 < told < MILLISECONDS_UNTIL:
            return told / 1000 if told >= MILLISECONDS_FROM else told
    return None
