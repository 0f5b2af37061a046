"""What carries requests, over loopback: refused connections, proxies, TLS."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio
from net_peers import BASE, CANARY, OK, failing_as, post, read_request

from actors.errors import RetryLater, SettingsError
from actors.net.client import open_http_client
from actors.net.transport import shared_tls


@asynccontextmanager
async def loopback(answer: bytes, seen: list[bytes] | None = None) -> AsyncIterator[int]:
    """A server on 127.0.0.1 that reads a request into `seen` (none: does not read) and gives `answer`."""

    async def peer(stream: trio.SocketStream) -> None:
        if seen is not None:
            seen.append(await read_request(stream))
        await stream.send_all(answer)

    async with trio.open_nursery() as nursery:
        listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
        nursery.start_soon(trio.serve_listeners, peer, listeners)
        yield listeners[0].socket.getsockname()[1]
        nursery.cancel_scope.cancel()


async def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    async with loopback(OK, []) as port, open_http_client(base_url=f"http://127.0.0.1:{port}") as client:
        assert (await post(client)).status == 200


async def test_a_proxy_that_is_given_is_used() -> None:
    seen: list[bytes] = []
    async with loopback(OK, seen) as port, open_http_client(base_url=BASE, proxy=f"http://127.0.0.1:{port}") as client:
        await post(client)
    assert seen[0].startswith(b"POST http://api.test/bot4242:canary-token/getMe HTTP/1.1\r\n")


async def test_a_proxy_that_refuses_the_tunnel_had_no_effect_and_never_sees_the_token() -> None:
    seen: list[bytes] = []
    refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
    base = BASE.replace("http:", "https:")
    async with (
        loopback(refusal, seen) as port,
        open_http_client(base_url=base, proxy=f"http://127.0.0.1:{port}") as client,
    ):
        with failing_as(RetryLater, "ProxyError"):
            await post(client)
    assert seen[0].startswith(b"CONNECT api.test:443 HTTP/1.1\r\n")
    assert b"canary" not in seen[0]


@pytest.mark.parametrize("proxy", ["socks5://u:canary@h:1", "h:3128", ""])
async def test_a_proxy_of_another_kind_is_refused_unseen(proxy: str) -> None:
    with failing_as(SettingsError, "expected an http:// or https:// URL"):
        async with open_http_client(proxy=proxy):
            pass


async def test_a_server_that_is_not_https_had_no_effect_and_all_clients_share_one_tls_context() -> None:
    shared_tls.cache_clear()
    for _ in range(2):
        async with loopback(OK) as port, open_http_client(base_url=f"https://127.0.0.1:{port}/{CANARY}") as client:
            with failing_as(RetryLater, "ConnectError"):
                await post(client, timeout_seconds=5)
    assert shared_tls.cache_info().misses == 1


async def test_plain_http_needs_no_tls_context() -> None:
    shared_tls.cache_clear()
    async with loopback(OK, []) as port, open_http_client(base_url=f"http://127.0.0.1:{port}") as client:
        await post(client)
    assert shared_tls.cache_info().misses == 0


async def test_a_refused_connection_had_no_effect() -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
        async with open_http_client(base_url=f"http://127.0.0.1:{port}/bot{CANARY}") as client:
            with failing_as(RetryLater, "not reached: ConnectError .*refused"):
                await post(client)
