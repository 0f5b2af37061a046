"""The webhook listener on real sockets: plain and over TLS, and what is said when it cannot open."""

from __future__ import annotations

import ssl
from contextlib import ExitStack
from pathlib import Path

import pytest
import trio
import trustme
from net_server_stage import Client

from actors.errors import SettingsError
from actors.messages import AccountKey
from actors.net.http import Request, Response
from actors.net.listening import ListenOptions, serve_webhooks
from actors.net.routes import Route
from actors.net.server import bound_port, open_listeners
from actors.net.webhooks import Door, WebhookListener
from actors.secret import Secret
from actors.testing.bot_api.webhook import post_webhook

SHOP = AccountKey("zalo", "shop")


class Certified:
    """A certificate for localhost, and who trusts it."""

    def __init__(self, directory: Path) -> None:
        authority = trustme.CA()
        issued = authority.issue_cert("localhost", "127.0.0.1")
        self.cert, self.key = directory / "cert.pem", directory / "key.pem"
        issued.private_key_pem.write_to_path(str(self.key))
        self.cert.write_bytes(b"".join(part.bytes() for part in issued.cert_chain_pems))
        self.trust = ssl.create_default_context()
        authority.configure_trust(self.trust)

    @property
    def options(self) -> ListenOptions:
        return ListenOptions(tls_cert=str(self.cert), tls_key=str(self.key))


DOORS = ExitStack()
"""Open until the process ends: what a door does when it closes is another file's subject."""


def a_listener(taken: list[bytes]) -> WebhookListener:
    async def receive(body: bytes) -> Response:
        await trio.lowlevel.checkpoint()
        taken.append(body)
        return Response(200)

    webhooks = WebhookListener(lambda _refusal: None)
    door = Door(SHOP, "/hook", (Secret("secret-1"),), receive, lambda _body: False)
    DOORS.enter_context(webhooks.register(door))
    return webhooks


async def serve(nursery: trio.Nursery, webhooks: WebhookListener, options: ListenOptions) -> str:
    errors: list[Exception] = []
    url: str = await nursery.start(serve_webhooks, webhooks, options, errors.append)
    assert errors == []
    return url


async def test_plain_http_is_served_where_it_says(nursery: trio.Nursery) -> None:
    taken: list[bytes] = []
    webhooks = a_listener(taken)
    url = await serve(nursery, webhooks, ListenOptions())
    assert url.startswith("http://127.0.0.1:")
    assert webhooks.url == url
    with trio.fail_after(5):
        assert (await post_webhook(f"{url}/hook", b"{}", secret_token="secret-1")).ok
    assert taken == [b"{}"]
    nursery.cancel_scope.cancel()


async def test_tls_is_spoken_with_a_certificate_and_only_then(nursery: trio.Nursery, tmp_path: Path) -> None:
    certified, taken = Certified(tmp_path), list[bytes]()
    url = await serve(nursery, a_listener(taken), certified.options)
    assert url.startswith("https://127.0.0.1:")
    with trio.fail_after(10):
        done = await post_webhook(f"{url}/hook", b"{}", secret_token="secret-1", tls=certified.trust)
        assert done.ok
        stranger = await post_webhook(f"{url}/hook", b"{}", secret_token="secret-1")
        assert stranger.outcome == "webhook.err.tls"
        plain = await post_webhook(url.replace("https", "http") + "/hook", b"{}", secret_token="secret-1")
        assert plain.status is None
    assert taken == [b"{}"]
    nursery.cancel_scope.cancel()


async def test_a_connection_over_tls_is_kept_and_a_broken_handshake_harms_nobody(
    nursery: trio.Nursery, tmp_path: Path
) -> None:
    certified = Certified(tmp_path)
    webhooks = a_listener([])

    async def echo(request: Request) -> Response:
        await trio.lowlevel.checkpoint()
        return Response(200, request.body)

    webhooks.routes.add("/echo", Route(("POST",), echo))
    url = await serve(nursery, webhooks, certified.options)
    port = int(url.rpartition(":")[2])
    with trio.fail_after(10):
        async with await trio.open_tcp_stream("127.0.0.1", port) as rude:
            await rude.send_all(b"\x16\x03\x01 this is no handshake")
        tcp = await trio.open_tcp_stream("127.0.0.1", port)
        tls = trio.SSLStream(tcp, certified.trust, server_hostname="localhost", https_compatible=True)
        client = Client(tls)  # type: ignore[arg-type] # half-closing is not needed here
        for body in (b"one", b"two" * 50_000):
            assert await client.ask("POST", "/echo", body) == (200, body)
        await tls.aclose()
    nursery.cancel_scope.cancel()


async def fails(options: ListenOptions) -> str:
    with pytest.raises(ExceptionGroup) as caught:
        async with trio.open_nursery() as nursery:
            await nursery.start(serve_webhooks, a_listener([]), options, lambda _error: None)
    error = caught.value.exceptions[0]
    assert isinstance(error, SettingsError)
    return str(error)


async def test_an_address_that_cannot_be_had_is_named() -> None:
    [taken] = await open_listeners("127.0.0.1", 0)
    async with taken:
        port = bound_port([taken])
        text = await fails(ListenOptions(port=port))
    assert text.startswith(f"webhook: cannot listen on 127.0.0.1:{port}: ")
    assert text.endswith("change webhook.host or webhook.port")


@pytest.mark.parametrize("spoil", ["missing", "garbage", "swapped", "other-key", "encrypted"])
async def test_a_certificate_that_cannot_be_used_is_named(tmp_path: Path, spoil: str) -> None:
    certified = Certified(tmp_path)
    options = certified.options
    if spoil == "missing":
        certified.cert.unlink()
    elif spoil == "garbage":
        certified.cert.write_text("canary")
    elif spoil == "swapped":
        options = ListenOptions(tls_cert=str(certified.key), tls_key=str(certified.cert))
    elif spoil == "other-key":
        (tmp_path / "other").mkdir()
        certified.key.write_bytes(Certified(tmp_path / "other").key.read_bytes())
    else:
        certified.key.write_bytes(ENCRYPTED_KEY)
    text = await fails(options)
    assert text.startswith(f"webhook.tlsCert: cannot use {options.tls_cert} and {options.tls_key}: ")
    assert "canary" not in text
    assert len(text.splitlines()) == 1


ENCRYPTED_KEY = b"""-----BEGIN EC PRIVATE KEY-----
Proc-Type: 4,ENCRYPTED
DEK-Info: AES-128-CBC,2F1B1A6E4C6A5D0B8E9F7A6B5C4D3E2F

AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
-----END EC PRIVATE KEY-----
"""
