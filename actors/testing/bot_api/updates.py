"""Updates as the service words them: fields, names and types of section 3 of the zalo-bot-api reference. No I/O."""

from __future__ import annotations

from hashlib import sha256
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

GROUP_PREFIX = "zgr-"
PROBE_TEXT = "Zalo Bot Platform webhook test - please respond with HTTP 200"


class From(msgspec.Struct, frozen=True):
    """Who wrote."""

    id: str
    display_name: str
    is_bot: bool = False


class ChatRef(msgspec.Struct, frozen=True):
    """Where."""

    id: str
    chat_type: Literal["PRIVATE", "GROUP"]


class Message(msgspec.Struct, frozen=True, kw_only=True, rename={"from_": "from"}):
    """What was written. Fields of other kinds of message are left out."""

    from_: From
    chat: ChatRef
    message_id: str
    date: int
    """Milliseconds."""
    message_type: str | UnsetType = UNSET
    text: str | UnsetType = UNSET
    photo_url: str | UnsetType = UNSET
    photo: str | UnsetType = UNSET
    caption: str | UnsetType = UNSET
    sticker: str | UnsetType = UNSET
    url: str | UnsetType = UNSET
    voice_url: str | UnsetType = UNSET


class Event(msgspec.Struct, frozen=True):
    """The whole update."""

    event_name: str
    message: Message


class Update(msgspec.Struct, frozen=True):
    """An update on its way to a bot: its bytes, and the id that they carry ("" if they carry none)."""

    message_id: str
    raw: bytes


class ProbeMessage(msgspec.Struct, frozen=True):
    """The body of the probe; its date is in seconds, unlike every other (2.3)."""

    date: int
    message_id: str = "webhook-test"
    text: str = PROBE_TEXT


class Probe(msgspec.Struct, frozen=True):
    """What setWebhook and testWebhook post."""

    message: ProbeMessage
    event_name: str = "webhook.test"


class MessageIds:
    """Ids of the live shape, 20 hex digits; the same seed gives the same ids in the same order."""

    def __init__(self, seed: int = 0) -> None:
        self._seed = seed
        self._count = 0

    def next_id(self) -> str:
        """An id that this object has not given before."""
        self._count += 1
        return sha256(b"%d-%d" % (self._seed, self._count)).hexdigest()[:20]


def chat_of(user_id: str, chat_id: str | None, group: bool) -> ChatRef:
    """A private chat has its user's id; a group has one of its own."""
    if not group and not (chat_id or "").startswith(GROUP_PREFIX):
        return ChatRef(chat_id or user_id, "PRIVATE")
    return ChatRef(chat_id or GROUP_PREFIX + sha256(b"group").hexdigest()[:20], "GROUP")


def update_of(event_name: str, message: Message) -> Update:
    """The update in bytes."""
    return Update(message.message_id, msgspec.json.encode(Event(event_name, message)))
