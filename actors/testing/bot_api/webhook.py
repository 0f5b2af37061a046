"""The service's own HTTP client: posts events and probes to a bot's webhook. It only ever speaks to this machine."""

from __future__ import annotations

import ssl
from urllib.parse import SplitResult, urlsplit

import h11
import trio

from actors.testing.bot_api.records import Delivery

USER_AGENT = b"Java/1.8.0_192"
"""As seen live (zalo-bot-api reference, section 2.3)."""
SECRET_HEADER = b"X-Bot-Api-Secret-Token"
PORTS = {"http": 80, "https": 443}
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def is_loopback(url: str) -> bool:
    """Whether a URL of this machine; nothing else is ever contacted."""
    try:
        parts = urlsplit(url)
        return parts.scheme in PORTS and parts.hostname in LOOPBACK and (parts.port or 80) > 0
    except ValueError:
        return False


async def post_webhook(
    url: str,
    body: bytes,
    *,
    secret_token: str = "",
    timeout_seconds: float = 5.0,
    message_id: str = "",
    tls: ssl.SSLContext | None = None,
) -> Delivery:
    """One POST, as the service makes it, with the secret header if there is one. Raises nothing that a peer does.

    `tls` says whom to trust at https addresses; the machine's own authorities when it is None.
    """
    started = trio.current_time()
    status: int | None = None
    outcome = "webhook.err.timeout"
    with trio.move_on_after(timeout_seconds):
        try:
            status = await _post(urlsplit(url), body, secret_token, tls)
            outcome = _outcome(status)
        except (OSError, trio.BrokenResourceError, h11.RemoteProtocolError) as error:
            outcome = "webhook.err.tls" if isinstance(error.__cause__, ssl.SSLError) else "webhook.err.conn"
    latency_ms = round((trio.current_time() - started) * 1000)
    return Delivery(message_id=message_id, url=url, outcome=outcome, status=status, at=started, latency_ms=latency_ms)


def _outcome(status: int) -> str:
    if 200 <= status < 300:
        return "webhook.ok"
    if status in (403, 404):
        return f"webhook.http.{status}"
    return "webhook.http.5xx" if status >= 500 else "webhook.http.other"


async def _post(url: SplitResult, body: bytes, secret_token: str, tls: ssl.SSLContext | None) -> int:
    """The status of the answer; its body does not matter to the service."""
    machine = h11.Connection(h11.CLIENT)
    target = (url.path or "/") + (f"?{url.query}" if url.query else "")
    data = machine.send(h11.Request(method="POST", target=target, headers=_headers(url, body, secret_token)))
    if body:
        data += machine.send(h11.Data(data=body))
    machine.send(h11.EndOfMessage())
    async with await _connect(url, tls) as stream:
        await stream.send_all(data)
        return await _read_status(machine, stream)


async def _connect(url: SplitResult, tls: ssl.SSLContext | None) -> trio.abc.Stream:
    host = url.hostname or ""
    stream = await trio.open_tcp_stream(host, url.port or PORTS[url.scheme])
    if url.scheme == "http":
        return stream
    context = tls or ssl.create_default_context()
    return trio.SSLStream(stream, context, server_hostname=host, https_compatible=True)


async def _read_status(machine: h11.Connection, stream: trio.abc.ReceiveStream) -> int:
    status = 0
    while True:
        event = machine.next_event()
        if event is h11.NEED_DATA:
            machine.receive_data(bytes(await stream.receive_some()))
        elif isinstance(event, h11.Response):
            status = event.status_code
        elif isinstance(event, (h11.EndOfMessage, h11.ConnectionClosed)):
            return status


def _headers(url: SplitResult, body: bytes, secret_token: str) -> list[tuple[bytes, bytes]]:
    headers = [
        (b"Host", url.netloc.encode()),
        (b"User-Agent", USER_AGENT),
        (b"Content-Length", b"%d" % len(body)),
        (b"Connection", b"close"),
    ]
    if body:
        headers.append((b"Content-Type", b"application/json"))
    if secret_token:
        headers.append((SECRET_HEADER, secret_token.encode()))
    return headers
