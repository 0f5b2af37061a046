"""What the simulated Bot API can be told to be, and what it writes down about what happened. No I/O.

Section numbers are those of the zalo-bot-api reference.
"""

from __future__ import annotations

from typing import Literal

import msgspec


class Behaviour(msgspec.Struct, frozen=True, kw_only=True):
    """Where the sources about the live service disagree; the defaults are those of section 7."""

    status_is_error_code: bool = False
    """HTTP status of an API error: 200 as zaloplatforms.com answers, or the error code as zapps.me does (1.3)."""
    success_has_error_code: bool = True
    updates: Literal["consume", "replay", "drop-when-idle"] = "consume"
    """A polled update is gone, comes back on later polls, or existed only if somebody was polling (2.2)."""
    replay_depth: int = 20
    """With `replay`: so many of the last updates come back, in turn, once nothing new is left."""
    second_poller: Literal["split", "conflict"] = "split"
    """Two polls at once share the updates, or the newer one ends the older with 409."""
    no_webhook_info: Literal["not-found", "empty-url"] = "not-found"
    delete_without_webhook: Literal["refuse", "accept"] = "refuse"
    """Before any setWebhook; after one, deleting is always accepted."""
    verification: bool = True
    """setWebhook says how its probe went."""
    probe: Literal["test-event", "empty", "none"] = "test-event"
    loopback_webhooks: bool = True
    """The live service blocks local addresses. Here they are the only ones that are ever contacted; False blocks."""
    webhook_wrapped: bool = False
    webhook_timeout_seconds: float = 5.0
    webhook_retries: int = 0
    """How often a delivery that was not answered with 2xx is repeated; undocumented, so not at all (section 8)."""
    webhook_retry_seconds: float = 1.0
    photo_field: Literal["photo_url", "photo"] = "photo_url"
    echo_in_groups: bool = False
    """The bot's own messages to a group come back to it as updates."""
    text_unit: Literal["utf16", "code-points"] = "utf16"
    text_limit: int = 2000
    known_chats_only: bool = True
    """Only chats that wrote to the bot can be written to; others are refused with 410 (2.6)."""


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """One message that a bot has sent."""

    method: str
    chat_id: str
    message_id: str
    at: float
    """Trio's clock."""
    text: str = ""
    """The text, or a photo's caption."""
    parse_mode: str = ""
    url: str = ""
    """Of a photo or voice note."""
    sticker: str = ""


class ChatAction(msgspec.Struct, frozen=True):
    """One "is typing…"."""

    chat_id: str
    action: str
    at: float


class Call(msgspec.Struct, frozen=True):
    """One call of a method, as the service saw it. Carries no token."""

    bot_id: str
    method: str
    at: float


class Webhook(msgspec.Struct, frozen=True):
    """What setWebhook stored."""

    url: str
    secret_token: str
    updated_at: int


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One POST to a webhook, and how it went."""

    message_id: str
    url: str
    outcome: str
    """As the service words it: `webhook.ok`, `webhook.http.403`, `webhook.err.timeout`, … (2.4)."""
    status: int | None
    at: float
    latency_ms: int = 0

    @property
    def ok(self) -> bool:
        """Whether it was answered with 2xx."""
        return self.outcome == "webhook.ok"


class ApiError(Exception):
    """The API says no: becomes `ok: false` with this code and text."""

    def __init__(self, error_code: int, description: str) -> None:
        super().__init__(f"{error_code} {description}")
        self.error_code = error_code
        self.description = description
