"""The webhook listener of a router: opened when the settings have a use for it, its refusals told as events."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import trio

from actors.net.listening import ListenOptions, serve_webhooks
from actors.net.refusals import Refusal
from actors.net.webhooks import WebhookListener
from router.events import Event
from router.settings.schema import Settings
from router.webhook_events import WebhookFault, WebhookRefused, WebhooksServing


def wants_listener(settings: Settings) -> bool:
    """Whether an enabled account receives by webhook, or files of our own are to have an address."""
    hooked = any(account.enabled and getattr(account.settings, "webhook_url", None) for account in settings.accounts)
    return hooked or settings.webhook.public_url is not None


async def open_webhooks(
    nursery: trio.Nursery, settings: Settings, emit: Callable[[Event], None]
) -> WebhookListener | None:
    """Serves in `nursery` from now on; None when the settings have no use for it.

    Raises: SettingsError when the address or the certificate cannot be used.
    """
    if not wants_listener(settings):
        return None
    wanted = settings.webhook
    options = ListenOptions(
        host=wanted.host,
        port=wanted.port,
        tls_cert=wanted.tls_cert,
        tls_key=wanted.tls_key,
        max_body_bytes=wanted.max_body_bytes,
    )
    webhooks = WebhookListener(partial(_refused, emit), wanted.rate_per_minute)
    url = await nursery.start(serve_webhooks, webhooks, options, partial(_failed, emit))
    emit(WebhooksServing(url=url))
    return webhooks


def _refused(emit: Callable[[Event], None], refusal: Refusal) -> None:
    account = "no account" if refusal.account is None else str(refusal.account)
    emit(
        WebhookRefused(
            path=refusal.path, account=account, status=refusal.status, reason=refusal.reason, times=refusal.times
        )
    )


def _failed(emit: Callable[[Event], None], error: Exception) -> None:
    # The type alone: an error's text may repeat what a stranger sent.
    emit(WebhookFault(error=type(error).__name__))
