"""Opens the listener that webhooks and hosted files share, with TLS or without, and serves it."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import trio

from actors.errors import SettingsError
from actors.net.http import HttpLimits
from actors.net.server import bound_port, open_listeners, serve_http
from actors.net.webhooks import WebhookListener

BODY_SECONDS = 10.0
MAX_CONNECTIONS = 512


class ListenOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Where to listen, and what peers may do."""

    host: str = "127.0.0.1"
    port: int = 0
    tls_cert: str | None = None
    tls_key: str | None = None
    """PEM files; both, or neither for plain HTTP."""
    max_body_bytes: int = 1024 * 1024

    @property
    def limits(self) -> HttpLimits:
        """Of one connection and of all."""
        return HttpLimits(
            max_body_bytes=self.max_body_bytes, body_seconds=BODY_SECONDS, max_connections=MAX_CONNECTIONS
        )


async def serve_webhooks(
    webhooks: WebhookListener,
    options: ListenOptions,
    on_error: Callable[[Exception], None],
    *,
    task_status: trio.TaskStatus[str] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serves the routes of `webhooks` until cancelled; `started` with the address, which `webhooks.url` has too.

    Raises: SettingsError when the address or the certificate cannot be used. What peers and handlers do is not raised;
    `on_error` hears of handlers that fail.
    """
    context = tls_context(options)
    listeners = await _listen(options)
    scheme = "http" if context is None else "https"
    host = f"[{options.host}]" if ":" in options.host else options.host
    url = f"{scheme}://{host}:{bound_port(listeners)}"
    try:
        async with trio.open_nursery() as nursery:
            await nursery.start(_serve, webhooks, _secured(listeners, context), on_error, options.limits)
            webhooks.url = url
            task_status.started(url)
    finally:
        webhooks.url = ""


async def _serve(
    webhooks: WebhookListener,
    listeners: Sequence[trio.abc.Listener[Any]],
    on_error: Callable[[Exception], None],
    limits: HttpLimits,
    *,
    task_status: trio.TaskStatus[None],
) -> None:
    routes = webhooks.routes
    await serve_http(
        routes.handle, listeners, screen=routes.screen, on_error=on_error, limits=limits, task_status=task_status
    )


def tls_context(options: ListenOptions) -> ssl.SSLContext | None:
    """The TLS of these options; None for plain HTTP. Reads two files. Raises SettingsError."""
    if options.tls_cert is None or options.tls_key is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(options.tls_cert, options.tls_key, password=_no_password)
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        files = f"{options.tls_cert} and {options.tls_key}"
        why = getattr(error, "reason", None) or getattr(error, "strerror", None) or str(error)
        raise SettingsError(
            (f"webhook.tlsCert: cannot use {files}: {why}; expected PEM files of a chain and its unencrypted key",)
        ) from error
    return context


def _no_password() -> str:
    # Without this, OpenSSL asks on the terminal.
    raise ValueError("the key is encrypted")


async def _listen(options: ListenOptions) -> list[trio.SocketListener]:
    try:
        return await open_listeners(options.host, options.port)
    except OSError as error:
        why = error.strerror or str(error)
        raise SettingsError(
            (f"webhook: cannot listen on {options.host}:{options.port}: {why}; change webhook.host or webhook.port",)
        ) from error


def _secured(
    listeners: Sequence[trio.SocketListener], context: ssl.SSLContext | None
) -> Sequence[trio.abc.Listener[Any]]:
    if context is None:
        return listeners
    return [trio.SSLListener(listener, context, https_compatible=True) for listener in listeners]
