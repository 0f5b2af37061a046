"""Fetches a file from an address that a stranger chose.

The stranger must not reach through us what only we can reach. So a name is resolved once, every address that it has
must be public, and the connection goes to those very addresses: a name that changes its mind between check and use
gains nothing. Redirects are new connections and fall under the same law. TLS and `Host` still speak of the name.

Through a proxy it is the proxy that resolves and connects. The name is judged by what it resolves to here; one that
does not resolve here is left to the proxy, which is the operator's own.

Nothing that is raised here shows an address: media links are as good as passwords until they expire.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Annotated, Final
from urllib.parse import urljoin

import httpcore
import httpx
import msgspec
import trio

from actors.errors import Rejected
from actors.net.guard import CheckedNetwork, Unfetchable, judge_for_proxy
from actors.net.opened import OpenedNetwork
from actors.net.transport import parse_url, shared_tls
from actors.secret import PRIVATE

__all__ = ["MAX_REDIRECTS", "MEGABYTE", "FetchRules", "Take", "Unfetchable", "fetch"]

CONNECT_SECONDS: Final = 10.0
MAX_REDIRECTS: Final = 5
MEGABYTE: Final = 1024 * 1024

_HEADERS: Final = ((b"User-Agent", b"zalo-router"), (b"Accept", b"*/*"), (b"Accept-Encoding", b"identity"))
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_PASSING_STATUSES: Final = frozenset({408, 425, 429})
_CANNOT_BE_ASKED: Final = (httpcore.LocalProtocolError, httpcore.UnsupportedProtocol)
_BROKEN: Final = (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, httpcore.ProxyError)


class FetchRules(msgspec.Struct, frozen=True, kw_only=True):
    """What one fetch may take, and where it may go."""

    max_bytes: int
    timeout_seconds: float
    """Of the whole fetch, redirects included."""
    allow_private_networks: bool = False
    """Whether addresses that are not public may be connected to."""
    proxy: Annotated[str, PRIVATE] | None = None
    """http:// or https:// URL of a proxy that does the connecting."""


Take = Callable[[bytes], Awaitable[None]]


async def fetch(url: str, rules: FetchRules, take: Take, *, wire: httpcore.AsyncNetworkBackend | None = None) -> str:
    """Gives the body of what is at `url` to `take`, part by part; returns its content type, "" when it has none.

    `wire` replaces the network below the checks, for tests. When it raises, `take` may have had some parts.
    Raises: Unfetchable. On cancellation the connection is closed.
    """
    with trio.move_on_after(rules.timeout_seconds):
        return await _followed(url, rules, take, wire or httpcore.TrioBackend())
    raise Unfetchable(f"it took longer than {rules.timeout_seconds:g} s", passing=True)


async def _followed(url: str, rules: FetchRules, take: Take, wire: httpcore.AsyncNetworkBackend) -> str:
    for _ in range(MAX_REDIRECTS + 1):
        target = _parsed(url)
        async with _answer(target, rules, wire) as response:
            location = _header(response, b"location")
            if response.status not in _REDIRECTS or not location:
                await _read(response, rules.max_bytes, take)
                return _header(response, b"content-type")
        url = _joined(target, location)
    raise Unfetchable("too many redirects")


def _joined(base: httpx.URL, location: str) -> str:
    try:
        return urljoin(str(base), location)
    except ValueError:
        return ""  # no address at all, and refused as such


def _parsed(url: str) -> httpx.URL:
    try:
        return parse_url(url)
    except Rejected:
        pass
    raise Unfetchable("its address is not http or https")  # Here, so that nothing of the address is its context.


@asynccontextmanager
async def _answer(
    url: httpx.URL, rules: FetchRules, wire: httpcore.AsyncNetworkBackend
) -> AsyncIterator[httpcore.Response]:
    """The answer to one GET, with its body still to come. What fails here or inside the block is made Unfetchable."""
    failure: Unfetchable | None = None
    opened = OpenedNetwork(wire)
    try:
        async with (
            await _pool(url, rules, opened) as pool,
            pool.stream(
                "GET",
                httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                headers=[(b"Host", url.netloc), *_HEADERS],
                extensions={"timeout": {"connect": CONNECT_SECONDS}},
            ) as response,
        ):
            yield response
    except _CANNOT_BE_ASKED:
        failure = Unfetchable("its address cannot be asked for")
    except (httpcore.ConnectError, httpcore.ConnectTimeout, httpcore.ProxyError):
        failure = Unfetchable("the server was not reached", passing=True)
    except _BROKEN:
        failure = Unfetchable("the download broke off", passing=True)
    finally:
        await opened.aclose()
    if failure is not None:
        raise failure  # Here, so that the foreign error, which may hold the address, is not its context.


async def _pool(url: httpx.URL, rules: FetchRules, wire: httpcore.AsyncNetworkBackend) -> httpcore.AsyncConnectionPool:
    tls = shared_tls() if url.scheme == "https" else None
    if rules.proxy is None:
        checked = CheckedNetwork(wire, rules.allow_private_networks)
        return httpcore.AsyncConnectionPool(ssl_context=tls, max_connections=1, network_backend=checked)
    await judge_for_proxy(url.raw_host.decode("ascii"), rules.allow_private_networks)
    return httpcore.AsyncConnectionPool(
        ssl_context=tls, max_connections=1, network_backend=wire, proxy=_proxy(rules.proxy)
    )


def _proxy(url: str) -> httpcore.Proxy:
    parsed = httpx.Proxy(url)
    return httpcore.Proxy(
        httpcore.URL(str(parsed.url)),
        auth=parsed.raw_auth,
        ssl_context=shared_tls() if parsed.url.scheme == "https" else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
    )


async def _read(response: httpcore.Response, max_bytes: int, take: Take) -> None:
    """Hands the body on, or says what is wrong with the answer. Never takes more than one part above `max_bytes`."""
    if not 200 <= response.status < 300:
        passing = response.status >= 500 or response.status in _PASSING_STATUSES
        raise Unfetchable(f"the server answered {response.status}", passing=passing)
    if _header(response, b"content-encoding").lower() not in ("", "identity"):
        raise Unfetchable("the server sent an encoding that was not asked for")
    length = _header(response, b"content-length")
    if len(length) > len(str(max_bytes)) or (length.isdigit() and int(length) > max_bytes):
        raise _too_large(max_bytes)
    left = max_bytes
    async with _parts(response) as parts:
        async for part in parts:
            left -= len(part)
            if left < 0:
                raise _too_large(max_bytes)
            await take(part)


@asynccontextmanager
async def _parts(response: httpcore.Response) -> AsyncIterator[AsyncIterator[bytes]]:
    """The body part by part. It is read through nested generators; a cancelled read ends them all at the end."""
    parts = response.aiter_stream()
    try:
        yield parts
    finally:
        with trio.CancelScope() as scope, suppress(*_BROKEN):
            scope.cancel()
            while await anext(parts, None) is not None:
                pass


def _too_large(max_bytes: int) -> Unfetchable:
    return Unfetchable(f"larger than {max_bytes / MEGABYTE:g} MB")


def _header(response: httpcore.Response, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in response.headers if key.lower() == name), "")
