"""Turns and replies as programs and services see them: JSON with camel-case names.

Rule 1: pure. Bytes in, values out; the agents that move the bytes live in the modules beside this one.
Rule 2: every kind of agent ends in `reply`, so that silence and white space mean the same everywhere.
Rule 3: only a JSON object is read as an answer with fields. Whatever else an agent writes is text for the person.

A turn:

    {"turnId": 7, "attempt": 1, "agentId": "main", "sessionKey": "…", "sessionId": "…", "text": "xin chao",
     "context": {"SessionKey": "…", "SenderId": "…", …}, "history": [{"role": "user", "text": "…"}],
     "media": [{"kind": "image", "url": "…", "path": "…", "mimeType": "…"}],
     "chat": {"channel": "zalo", "accountId": "shop", "chatId": "…", "chatType": "direct"}}

A reply: `{"text": "…", "media": ["https://…", {"url": "https://…", "kind": "image"}]}`; both may be left out,
and `{"error": "…"}` says that this attempt failed and another may do better. Further media: `{"kind": "sticker",
"id": "…"}`, and, from a program that runs here with our own rights, a picture in a file: `{"path": "/tmp/chart.png"}`.
A service elsewhere may not name files of this machine.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import msgspec

from actors.errors import Rejected, RetryLater
from actors.messages import Chat, ChatType, Context, HistoryEntry, Media, MediaKind, Reply, Turn

SILENCE = "NO_REPLY"
"""An agent that answers exactly this says nothing (openclaw-gateway reference, section 5: silent tokens)."""

MAX_ANSWER_BYTES = 1024 * 1024
"""The longest answer that is taken from an agent of any kind."""

EXCERPT_CHARACTERS = 300

_KIND_BY_SUFFIX: dict[str, MediaKind] = {
    **dict.fromkeys((".mp4", ".mov", ".avi", ".webm"), "video"),
    **dict.fromkeys((".mp3", ".wav", ".ogg", ".m4a", ".aac"), "voice"),
    **dict.fromkeys((".pdf", ".zip", ".txt", ".csv", ".doc", ".docx", ".xls", ".xlsx", ".ppt", ".pptx"), "file"),
}


class ChatWire(msgspec.Struct, frozen=True, rename="camel"):
    """Where the conversation happens."""

    channel: str
    account_id: str
    chat_id: str
    chat_type: ChatType


class MediaWire(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A picture, a voice note, a file, in either direction."""

    kind: MediaKind | None = None
    url: str | None = None
    path: str | None = None
    mime_type: str | None = None
    id: str | None = None


class TurnWire(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One question."""

    turn_id: int
    attempt: int
    agent_id: str
    session_key: str
    session_id: str
    text: str
    context: Context
    media: tuple[MediaWire, ...]
    history: tuple[HistoryEntry, ...]
    chat: ChatWire


class NumberedTurnWire(TurnWire, frozen=True, kw_only=True, rename="camel"):
    """One question among others on the same line: `id` comes back with its answer."""

    id: int


class ReplyWire(msgspec.Struct, frozen=True, kw_only=True):
    """One answer."""

    text: str | None = None
    media: tuple[str | MediaWire, ...] | None = None


def encode_turn(turn: Turn) -> bytes:
    """`turn` as one JSON object on one line, without the newline."""
    return msgspec.json.encode(TurnWire(**_turn_fields(turn)))


def encode_numbered_turn(turn: Turn) -> bytes:
    """Like `encode_turn`, with the turn's id as `id` as well."""
    return msgspec.json.encode(NumberedTurnWire(id=turn.turn_id, **_turn_fields(turn)))


def _turn_fields(turn: Turn) -> dict[str, Any]:
    return {
        "turn_id": turn.turn_id,
        "attempt": turn.attempt,
        "agent_id": turn.agent_id,
        "session_key": turn.session_key,
        "session_id": turn.session_id,
        "text": turn.text,
        "context": turn.context,
        "media": tuple(MediaWire(kind=m.kind, url=m.url, path=m.path, mime_type=m.mime_type) for m in turn.media),
        "history": turn.history,
        "chat": _chat_wire(turn.chat),
    }


def _chat_wire(chat: Chat) -> ChatWire:
    return ChatWire(chat.account.channel, chat.account.account_id, chat.chat_id, chat.chat_type)


def reply(text: str, media: tuple[Media, ...] = ()) -> Reply:
    """The reply that an agent's words amount to: trimmed, and empty when they are the word for silence.

    Half a surrogate pair, which JSON can spell and UTF-8 cannot, becomes U+FFFD.
    """
    trimmed = _whole_characters(text).strip()
    return Reply(text="" if trimmed == SILENCE else trimmed, media=media)


class Line(msgspec.Struct, frozen=True):
    """One line of a program that answers many turns."""

    id: str | None
    """Of the turn that it answers, as text; None when the line does not say."""
    outcome: Reply | Rejected | RetryLater


def decode_reply(answer: bytes, *, local_files: bool = False) -> Reply:
    """Reads an answer that may be a JSON object or plain text. Bytes that are not UTF-8 become U+FFFD.

    `local_files`: whether who answers may name files of this machine.

    Raises: Rejected when it is a JSON object that is not a reply; RetryLater when it is one with an `error`.
    """
    text = answer.decode("utf-8", "replace")
    found = _json(text) if text.lstrip().startswith("{") else None
    return _reply_from(found, local_files) if isinstance(found, dict) else reply(text)


def decode_json_reply(answer: bytes) -> Reply:
    """Like `decode_reply`, for an answer that is said to be JSON: a JSON string is its text.

    Raises: what `decode_reply` raises, and Rejected when it is not JSON or of another type.
    """
    found = _json(answer.decode("utf-8", "replace"))
    if isinstance(found, str):
        return reply(found)
    if isinstance(found, dict):
        return _reply_from(found)
    raise Rejected(f"the agent's answer is not a JSON object or string: {excerpt(answer)}")


def decode_line(line: bytes, *, local_files: bool = False) -> Line | None:
    """Reads one line: a JSON object, with or without `id`, or a JSON string. None for anything else: it is noise.

    `local_files`: whether who answers may name files of this machine.
    """
    found = _json(line.decode("utf-8", "replace"))
    if isinstance(found, str):
        return Line(None, reply(found))
    if not isinstance(found, dict):
        return None
    turn_id = found.pop("id", None)
    given = None if turn_id is None else str(turn_id)
    try:
        return Line(given, _reply_from(found, local_files))
    except (Rejected, RetryLater) as failure:
        return Line(given, failure)


def _json(text: str) -> Any:
    try:
        return _mended(json.loads(text))
    except (ValueError, RecursionError):
        return None


def _mended(value: Any) -> Any:
    """The same without half surrogate pairs, which msgspec takes for no text at all, wherever they stand."""
    if isinstance(value, str):
        return _whole_characters(value)
    if isinstance(value, list):
        return [_mended(each) for each in value]
    if isinstance(value, dict):
        return {_whole_characters(key): _mended(each) for key, each in value.items()}
    return value


def _whole_characters(text: str) -> str:
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _reply_from(found: dict[str, Any], local_files: bool = False) -> Reply:
    """Reads `{text, media}`. Other keys are ignored beside these, but an answer without either is a mistake."""
    if found.get("error") and not found.get("text"):
        raise RetryLater(f"the agent answered with an error: {excerpt(str(found['error']))}")
    if found and not {"text", "media"} & set(found):
        keys = excerpt(", ".join(sorted(map(str, found))))
        raise Rejected(f'the agent answered a JSON object without "text" or "media"; its keys are: {keys}')
    try:
        wire = msgspec.convert(found, ReplyWire)
    except msgspec.ValidationError as error:
        raise Rejected(f'the agent\'s answer is not {{"text": …, "media": […]}}: {error}') from error
    return reply(wire.text or "", tuple(_media(one, local_files) for one in wire.media or ()))


def _media(one: str | MediaWire, local_files: bool) -> Media:
    wire = MediaWire(url=one) if isinstance(one, str) else one
    if wire.kind == "sticker":
        return _sticker(wire)
    if wire.path is not None and wire.url is None and local_files:
        return _file(wire)
    return _addressed(wire)


def _sticker(wire: MediaWire) -> Media:
    if not wire.id or not wire.id.isprintable():
        raise Rejected('the agent\'s answer has a sticker without an "id"')
    return Media(kind="sticker", id=wire.id)


def _file(wire: MediaWire) -> Media:
    path = wire.path or ""
    if not path.startswith("/") or not path.isprintable():
        raise Rejected('the agent\'s answer has media whose "path" is not absolute')
    return Media(kind=wire.kind or _kind_of(path), path=path, mime_type=wire.mime_type)


def _addressed(wire: MediaWire) -> Media:
    try:
        address = urlsplit(wire.url or "")
    except ValueError as error:
        raise Rejected("the agent's answer has a media address that is not a URL") from error
    readable = str(wire.url).isprintable() and "\ufffd" not in str(wire.url)
    if address.scheme not in {"http", "https"} or not address.netloc or not readable:
        raise Rejected('the agent\'s answer has media without an http(s) "url"; files only a command agent may name')
    return Media(kind=wire.kind or _kind_of(address.path), url=wire.url, mime_type=wire.mime_type)


def _kind_of(path: str) -> MediaKind:
    """By suffix; an address without a telling one is a picture, the only kind that bots can send by URL."""
    dot = path.rfind(".")
    return _KIND_BY_SUFFIX.get(path[dot:].lower(), "image") if dot >= 0 else "image"


def excerpt(text: str | bytes) -> str:
    """A short printable line of what a peer said, for the operator: nothing in it moves a terminal or turns a line."""
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    line = " ".join("".join(c if c.isprintable() else " " for c in words[: 4 * EXCERPT_CHARACTERS]).split())
    return line if len(line) <= EXCERPT_CHARACTERS else line[:EXCERPT_CHARACTERS] + "…"
