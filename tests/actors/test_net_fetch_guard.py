"""Where fetching may not go: private networks, however they are spelled and however one is led there."""

from __future__ import annotations

import socket
import ssl
from collections.abc import AsyncIterator
from typing import Any

import httpcore
import pytest
import trio

from actors.net.fetch import FetchRules, Unfetchable, fetch
from actors.testing.file_host import FileHost, run_file_host

PUBLIC = "93.184.216.34"
OTHER_PUBLIC = "2606:2800:220:1:248:1893:25c8:1946"
GUARDED = FetchRules(max_bytes=1000, timeout_seconds=20.0)


class Names(trio.abc.HostnameResolver):
    """Knows the names that a test gives it. The system's resolver is asked about numbers only."""

    def __init__(self, **names: list[str]) -> None:
        self.names = {name.replace("_", "."): addresses for name, addresses in names.items()}
        self.asked: list[str] = []

    async def getaddrinfo(self, host: Any, port: Any, *_: Any, **__: Any) -> Any:
        await trio.lowlevel.checkpoint()
        name = host.decode() if isinstance(host, bytes) else str(host)
        self.asked.append(name)
        if name not in self.names:
            # Odd spellings of numbers (0x7f.1) are what the system makes of them; a flag keeps it off the network.
            return socket.getaddrinfo(name, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in self.names[name]]

    async def getnameinfo(self, *_: Any) -> Any:
        raise NotImplementedError


class Internet(httpcore.AsyncNetworkBackend):
    """Every address leads to one host on loopback, but those in `down`."""

    def __init__(self, port: int, down: tuple[str, ...] = ()) -> None:
        self._port = port
        self._down = down
        self.connected: list[str] = []

    async def connect_tcp(self, host: str, port: int, timeout: float | None = None, *_: Any, **__: Any) -> Any:
        self.connected.append(host)
        if host in self._down:
            raise httpcore.ConnectError
        return await httpcore.TrioBackend().connect_tcp("127.0.0.1", self._port, timeout)


@pytest.fixture
async def host() -> AsyncIterator[FileHost]:
    async with run_file_host() as found:
        yield found


async def take(_: bytes) -> None:
    await trio.lowlevel.checkpoint()


async def reason(url: str, internet: Internet, rules: FetchRules = GUARDED) -> str:
    with pytest.raises(Unfetchable) as caught, trio.fail_after(30):
        await fetch(url, rules, take, wire=internet)
    return caught.value.reason


@pytest.mark.parametrize(
    "authority",
    [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "017700000001",
        "127.0.0.1.",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[fd00::1]",
        "[fe80::1]",
        "0.0.0.0",
        "0",
        "10.0.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "2852039166",
        "224.0.0.1",
        "user@127.0.0.1",
        f"{PUBLIC}@127.0.0.1",
        "127.0.0.1:80",
        "①②⑦.0.0.1",
        "127。0。0。1",
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_no_spelling_of_a_private_address_is_connected_to(authority: str, scheme: str) -> None:
    trio.socket.set_custom_hostname_resolver(Names())
    internet = Internet(1)
    assert await reason(f"{scheme}://{authority}/latest/meta-data/", internet) in (
        "its address is not public",
        "the server's name is not known",
        "its address is not http or https",
    )
    assert internet.connected == []


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], ["::1"], ["10.1.2.3"], [PUBLIC, "127.0.0.1"], ["192.168.0.9", PUBLIC], [OTHER_PUBLIC, "fd00::1"]],
)
async def test_a_name_with_any_private_address_is_refused(addresses: list[str]) -> None:
    trio.socket.set_custom_hostname_resolver(Names(cdn_test=addresses))
    internet = Internet(1)
    assert await reason("http://cdn.test/a.jpg", internet) == "its address is not public"
    assert internet.connected == []


async def test_the_systems_own_name_for_loopback_is_refused() -> None:
    internet = Internet(1)
    assert await reason("http://localhost/", internet) == "its address is not public"
    assert internet.connected == []


async def test_a_public_name_is_resolved_once_and_that_very_address_connected_to(host: FileHost) -> None:
    names = Names(cdn_test=[PUBLIC])
    trio.socket.set_custom_hostname_resolver(names)
    internet = Internet(host.port)
    host.put("/a", b"abc")
    with trio.fail_after(30):
        await fetch("http://cdn.test/a", GUARDED, take, wire=internet)
    assert (names.asked, internet.connected) == (["cdn.test"], [PUBLIC])
    assert b"\r\nHost: cdn.test\r\n" in host.requests[0]


async def test_the_next_address_is_tried_when_one_is_down(host: FileHost) -> None:
    trio.socket.set_custom_hostname_resolver(Names(cdn_test=[OTHER_PUBLIC, PUBLIC]))
    internet = Internet(host.port, down=(OTHER_PUBLIC,))
    host.put("/a", b"abc")
    with trio.fail_after(30):
        await fetch("http://cdn.test/a", GUARDED, take, wire=internet)
    assert internet.connected == [OTHER_PUBLIC, PUBLIC]


@pytest.mark.parametrize("location", ["http://127.0.0.1/", "http://0x7f.1/", "http://inside.test/", "//[::1]:80/a"])
async def test_a_redirect_into_a_private_network_is_refused(host: FileHost, location: str) -> None:
    trio.socket.set_custom_hostname_resolver(Names(cdn_test=[PUBLIC], inside_test=["10.0.0.1"]))
    internet = Internet(host.port)
    host.redirect("/a", location)
    assert await reason("http://cdn.test/a", internet) == "its address is not public"
    assert internet.connected == [PUBLIC]


async def test_a_name_that_turns_private_between_two_requests_is_judged_anew(host: FileHost) -> None:
    names = Names(cdn_test=[PUBLIC])
    trio.socket.set_custom_hostname_resolver(names)

    class Rebinding(Internet):
        async def connect_tcp(self, *args: Any, **kwargs: Any) -> Any:
            names.names["cdn.test"] = ["127.0.0.1"]
            return await super().connect_tcp(*args, **kwargs)

    internet = Rebinding(host.port)
    host.redirect("/a", "http://cdn.test/b")
    host.put("/b", b"secret")
    assert await reason("http://cdn.test/a", internet) == "its address is not public"
    assert internet.connected == [PUBLIC]


async def test_an_unknown_name_may_become_known() -> None:
    trio.socket.set_custom_hostname_resolver(Names())
    with pytest.raises(Unfetchable, match="name is not known") as caught, trio.fail_after(30):
        await fetch("http://nowhere.test/", GUARDED, take, wire=Internet(1))
    assert caught.value.passing


async def test_private_networks_can_be_allowed(host: FileHost) -> None:
    host.put("/a", b"abc")
    with trio.fail_after(30):
        await fetch(f"{host.url}/a", FetchRules(max_bytes=9, timeout_seconds=9.0, allow_private_networks=True), take)
    assert len(host.requests) == 1


def through(host: FileHost) -> FetchRules:
    return FetchRules(max_bytes=1000, timeout_seconds=20.0, proxy=f"http://me:sesame@127.0.0.1:{host.port}")


@pytest.mark.parametrize("name", ["cdn.test", "known-to-the-proxy.test"])
async def test_a_proxy_on_loopback_may_be_used_and_is_asked_for_the_whole_address(host: FileHost, name: str) -> None:
    trio.socket.set_custom_hostname_resolver(Names(cdn_test=[PUBLIC]))
    host.put(f"http://{name}/a", b"abc")
    with trio.fail_after(30):
        await fetch(f"http://{name}/a", through(host), take)
    assert host.requests[0].startswith(f"GET http://{name}/a HTTP/1.1\r\n".encode())
    assert b"Proxy-Authorization: Basic bWU6c2VzYW1l" in host.requests[0]


@pytest.mark.parametrize("authority", ["127.0.0.1", "0x7f.1", "[::1]", "inside.test", "169.254.169.254"])
async def test_a_proxy_is_not_asked_for_private_addresses(host: FileHost, authority: str) -> None:
    trio.socket.set_custom_hostname_resolver(Names(inside_test=["10.0.0.1"]))
    with pytest.raises(Unfetchable, match="not public"), trio.fail_after(30):
        await fetch(f"http://{authority}/a", through(host), take)
    assert host.requests == []


async def test_a_proxy_that_refuses_counts_as_not_reached(host: FileHost) -> None:
    trio.socket.set_custom_hostname_resolver(Names(cdn_test=[PUBLIC]))
    with pytest.raises(Unfetchable, match="not reached"), trio.fail_after(30):
        await fetch("https://cdn.test/a", through(host), take)  # CONNECT is answered 404
    assert host.requests[0].startswith(b"CONNECT cdn.test:443 ")


async def test_tls_speaks_of_the_name_and_not_of_the_address(nursery: trio.Nursery) -> None:
    seen: list[str | None] = []
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.sni_callback = lambda _socket, name, _context: seen.append(name)

    async def greet(stream: trio.SocketStream) -> None:
        tls = trio.SSLStream(stream, server, server_side=True)
        with pytest.raises(trio.BrokenResourceError):  # it has no certificate to show
            await tls.do_handshake()

    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    nursery.start_soon(trio.serve_listeners, greet, [listener])
    trio.socket.set_custom_hostname_resolver(Names(cdn_test=[PUBLIC]))
    assert (
        await reason("https://cdn.test/a", Internet(listener.socket.getsockname()[1])) == "the server was not reached"
    )
    assert seen == ["cdn.test"]
