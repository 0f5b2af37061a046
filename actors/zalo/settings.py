"""Settings of one official bot account, as its actor needs them: merged over the channel's, secrets resolved."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import unquote, urlsplit

import msgspec

from actors.secret import PRIVATE, Secret

DEFAULT_API_URL = "https://bot-api.zaloplatforms.com"


class ZaloSettings(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Keys of `channels.zalo` and `channels.zalo.accounts.<id>` that the account itself obeys."""

    name: str = ""
    """Display name for people; not sent anywhere."""
    enabled: bool = True
    bot_token: Secret | None = None
    token_file: str | None = None
    """Read when the settings are loaded; by then its content is `bot_token`."""
    webhook_url: str | None = None
    """https URL; set, it switches the account from polling to webhook."""
    webhook_secret: Secret | tuple[Secret, ...] | None = None
    """8 to 256 characters; two of them while the secret is being rotated (the first is registered)."""
    webhook_path: str | None = None
    """Path on the webhook listener; the path of `webhook_url` when not given."""
    media_max_mb: Annotated[float, msgspec.Meta(gt=0)] = 5.0
    proxy: Annotated[str, PRIVATE] | None = None
    """Proxy URL for requests to the Bot API."""
    api_url: str = DEFAULT_API_URL
    poll_timeout_seconds: Annotated[int, msgspec.Meta(ge=1, le=120)] = 30
    """Sent as `timeout` of getUpdates (zalo-bot-api reference, section 2.2)."""
    request_timeout_seconds: Annotated[float, msgspec.Meta(gt=0)] = 15.0
    """Deadline of every other call; a poll gets its own timeout plus a margin."""


def webhook_secrets(settings: ZaloSettings) -> tuple[Secret, ...]:
    """All secrets that the account accepts now, the one to register first."""
    given = settings.webhook_secret
    return given if isinstance(given, tuple) else (given,) if given is not None else ()


def webhook_path(settings: ZaloSettings) -> str:
    """The path at which the account's updates come in, percent-decoded, without "/" at its end."""
    path = settings.webhook_path or urlsplit(settings.webhook_url or "").path
    return unquote(path).rstrip("/") or "/"
