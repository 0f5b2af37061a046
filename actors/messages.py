"""The words that router and actors exchange.

Rule 1: every message is a frozen value; no dict crosses a module boundary.
Rule 2: ids are opaque strings, exactly as the network gave them. Real ones are 20 hex digits, `zgr-…` or long decimals;
nothing here may assume a shape (zalo-bot-api reference, section 3.2).
Rule 3: this module imports nothing that can touch the world.
"""

from __future__ import annotations

from typing import Literal

import msgspec

ChatType = Literal["direct", "group"]
MessageKind = Literal["text", "image", "voice", "video", "file", "sticker", "unsupported", "unknown"]
MediaKind = Literal["image", "voice", "video", "file", "sticker"]
ParseMode = Literal["markdown", "html"]
Role = Literal["user", "assistant"]

AccountState = Literal["starting", "running", "backing-off", "needs-login", "failed", "stopped", "draining"]
"""The state words of an account actor; `status` shows them as they are."""


class AccountKey(msgspec.Struct, frozen=True, order=True):
    """One account of one channel. Prints as `zalo:shop`."""

    channel: str
    account_id: str

    def __str__(self) -> str:
        return f"{self.channel}:{self.account_id}"


class Chat(msgspec.Struct, frozen=True):
    """Where a conversation happens, and therefore where its replies go."""

    account: AccountKey
    chat_id: str
    chat_type: ChatType = "direct"


class Media(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A picture, a voice note, a file: by address, by local path, or both. A sticker: by the network's id for it."""

    kind: MediaKind
    url: str | None = None
    path: str | None = None
    mime_type: str | None = None
    id: str | None = None
    """Of a sticker that is to be sent."""
    problem: str = ""
    """Why its file cannot be had, for the operator; empty while nothing is known against it."""


class Inbound(msgspec.Struct, frozen=True, kw_only=True):
    """One message from the network, decoded as far as admission needs; `raw` is what arrived, byte for byte."""

    chat: Chat
    message_id: str
    sender_id: str
    sender_name: str | None = None
    kind: MessageKind = "text"
    text: str = ""
    media: tuple[Media, ...] = ()
    sent_at: float | None = None
    """Unix seconds, by the sender's network; None when it gave none."""
    mentioned: bool | None = None
    """In a group: whether it is meant for the account; None when the network does not tell. Not kept in the store."""
    raw: bytes = b""


class TextContent(msgspec.Struct, frozen=True, tag="text", omit_defaults=True):
    """One text message that already fits the channel's limit."""

    text: str
    parse_mode: ParseMode | None = None
    """How the network is asked to read it; None: as it stands."""


class PhotoContent(msgspec.Struct, frozen=True, tag="photo"):
    """One picture by http(s) URL, with an optional caption that already fits the channel's limit."""

    url: str
    caption: str = ""


class PhotoFileContent(msgspec.Struct, frozen=True, tag="photo-file"):
    """One picture in a file of our own, kept until it is sent, with a caption like `PhotoContent`."""

    path: str
    caption: str = ""


class VoiceContent(msgspec.Struct, frozen=True, tag="voice"):
    """One voice note by http(s) URL that ends in `.aac` (zalo-bot-api reference, section 2.9)."""

    url: str


class StickerContent(msgspec.Struct, frozen=True, tag="sticker"):
    """One sticker by the network's id for it."""

    sticker_id: str


Content = TextContent | PhotoContent | PhotoFileContent | VoiceContent | StickerContent


class Outbound(msgspec.Struct, frozen=True):
    """One thing to send: a row of the outbox, claimed and committed as `sending` before this value exists."""

    outbox_id: int
    chat: Chat
    content: Content
    attempt: int = 1


class Sent(msgspec.Struct, frozen=True, tag="sent"):
    """The network confirmed it."""

    message_id: str


class Retry(msgspec.Struct, frozen=True, tag="retry"):
    """It certainly did not go out; the same bytes may do better later."""

    reason: str
    retry_after_seconds: float | None = None
    """What the peer asked for; None leaves it to the retry law."""


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """It did not go out and never will: the peer's own words."""

    reason: str


class Unknown(msgspec.Struct, frozen=True, tag="unknown"):
    """It may have gone out: the bytes left, the answer never came."""

    reason: str


Outcome = Sent | Retry | Refused | Unknown


class Receipt(msgspec.Struct, frozen=True):
    """What became of one `Outbound`."""

    outbox_id: int
    outcome: Outcome


class Identity(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who an account turned out to be when it started."""

    user_id: str
    display_name: str = ""
    can_join_groups: bool | None = None


class HistoryEntry(msgspec.Struct, frozen=True):
    """One line of a session's transcript."""

    role: Role
    text: str


class Context(msgspec.Struct, frozen=True, kw_only=True, rename="pascal", omit_defaults=True):
    """The facts of an inbound message that agents are given (openclaw-gateway reference, section 5.2).

    On the wire the names are Pascal-case (`SessionKey`, `ChatType`, …), the words of the OpenClaw templates.
    """

    body: str
    """The envelope: `[Zalo Ted +5m Fri 2026-11-20 09:46 UTC] xin chao`."""
    body_for_agent: str
    raw_body: str
    command_body: str
    from_: str = msgspec.field(name="From")
    to: str
    originating_to: str
    originating_channel: str
    session_key: str
    account_id: str
    chat_type: ChatType
    conversation_label: str
    sender_id: str
    sender_name: str | None = None
    command_authorized: bool = False
    provider: str
    surface: str
    message_sid: str
    timestamp: float | None = None
    """Unix seconds."""
    media_paths: tuple[str, ...] = ()
    media_types: tuple[str, ...] = ()
    media_urls: tuple[str, ...] = ()


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """One question to an agent: a message, the session it belongs to, and what was said before."""

    turn_id: int
    agent_id: str
    session_key: str
    session_id: str
    chat: Chat
    text: str
    """What the person wrote (or a placeholder such as `<media:image>`), without the envelope."""
    context: Context
    media: tuple[Media, ...] = ()
    history: tuple[HistoryEntry, ...] = ()
    """Oldest first; as many entries as the agent asked for."""
    attempt: int = 1


class Reply(msgspec.Struct, frozen=True, omit_defaults=True):
    """An agent's answer. Neither text nor media means: say nothing."""

    text: str = ""
    media: tuple[Media, ...] = ()
