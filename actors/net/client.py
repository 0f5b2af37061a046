"""The HTTP client of the whole program: with `actors.net.transport`, the one place that imports httpx.

What callers may rely on:

- A failure is named for what to do about it. `RetryLater` means that the request certainly had no effect: no connection
  stood, or it broke before the body began to leave. `UnknownOutcome` means that the body was on its way and no whole
  answer came back. `Rejected` means that such a request cannot be made at all.
- No error shows a URL, a header or a body. A bot token is part of the path (zalo-bot-api reference, section 1.1), so
  the foreign exception, which holds the request, is not kept as cause either.
- Every call has one deadline. Redirects are not followed. Proxies are given, never taken from the environment.

Requests go straight to httpx's transport: its client layer adds cookies, redirects, authentication and a log line with
the URL, none of which is wanted here.
"""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

import httpx
import trio

from actors.errors import RouterError, SettingsError, UnknownOutcome
from actors.net.answer import HttpAnswer, Lines, retry_after_seconds
from actors.net.transport import (
    FOREIGN,
    Body,
    Transport,
    Transports,
    has_begun,
    late_error,
    named_error,
    parse_url,
    raw_headers,
)

CONNECT_SECONDS: Final = 10.0
ANSWER_SECONDS: Final = 5.0
"""How long the body of a kept answer may take once its head has arrived."""
MAX_BODY_BYTES: Final = 8 * 1024 * 1024
KNOWN_URLS: Final = 64
OWN_HEADERS: Final = {"user-agent": "zalo-router", "accept": "*/*", "accept-encoding": "identity"}


class HttpStream:
    """An answer whose head has arrived and whose body is still coming."""

    def __init__(self, response: httpx.Response, idle_seconds: float, max_body_bytes: int) -> None:
        header = response.headers.get
        self.status = response.status_code
        self.content_type: str = header("content-type", "")
        self.retry_after_seconds = retry_after_seconds(header("retry-after"), header("date"))
        self._coding: str = header("content-encoding", "identity")
        self._response = response
        self._parts = aiter(response.stream)  # type: ignore[arg-type] # ours are asynchronous
        self._idle_seconds = idle_seconds
        self._bytes_left = max_body_bytes

    async def part(self) -> bytes | None:
        """The next bytes of the body; None at its end.

        Raises: UnknownOutcome when it breaks off, is silent for too long, or is larger than allowed.
        """
        with trio.move_on_after(self._idle_seconds):
            return await self._next_part()
        raise UnknownOutcome(f"the answer was silent for {self._idle_seconds:g} s")

    async def read(self) -> bytes:
        """The rest of the body. Raises what `part` raises."""
        # A scope for each part would be a tenth of what a small answer costs: whoever has a deadline needs none.
        next_part = self._next_part if self._idle_seconds == math.inf else self.part
        parts = []
        while (data := await next_part()) is not None:
            parts.append(data)
        return b"".join(parts)

    def lines(self) -> Lines:
        """The rest of the body line by line as it arrives; server-sent events are such. Stop reading at any time."""
        return Lines(self.part)

    async def aclose(self) -> None:
        """Gives the connection back, or closes it when the body was not read to its end."""
        # httpx reads through nested generators; a cancelled read ends them all, a dropped one leaves them behind.
        with trio.CancelScope() as scope:
            scope.cancel()
            try:
                while await anext(self._parts, None) is not None:
                    pass
            except FOREIGN:
                pass
        await self._response.aclose()

    async def _next_part(self) -> bytes | None:
        try:
            return self._counted(await anext(self._parts, None))
        except FOREIGN as error:
            failure = named_error(error, begun=True)
        raise failure  # Here, so that the foreign error is not its context.

    def _counted(self, data: bytes | None) -> bytes | None:
        self._bytes_left -= len(data or b"")
        if self._bytes_left < 0:
            raise UnknownOutcome("the answer is larger than allowed")
        if self._coding.lower() != "identity":
            raise UnknownOutcome("the answer has a content encoding that was not asked for")
        return data


class HttpClient:
    """Speaks HTTP/1.1 over a few kept connections. Opened by `open_http_client`; safe for several tasks at once."""

    def __init__(self, transports: Transports, base_url: str, headers: Mapping[str, str], max_body_bytes: int) -> None:
        self._transports = transports
        self._base_url = base_url.rstrip("/")
        self._headers = headers
        self._max_body_bytes = max_body_bytes
        self._urls: dict[str, httpx.URL] = {}

    async def post(
        self,
        url: str,
        *,
        body: bytes,
        timeout_seconds: float,
        content_type: str = "application/json",
        headers: Mapping[str, str] | None = None,
        keep_answer: bool = False,
    ) -> HttpAnswer:
        """Posts `body` and returns the answer whatever its status. `url` is absolute, or a path below the base URL.

        Raises: RetryLater, Rejected, UnknownOutcome, as told at the head of this module.
        On cancellation the connection is closed and nobody knows whether the request took effect. With `keep_answer`
        an answer whose head has arrived is read to its end (5 s at most) and returned all the same: a poll's answer
        is gone from the server and must not be lost here.
        """
        request = self._request("POST", url, body, {"content-type": content_type, **(headers or {})})
        return await self._exchange(request, timeout_seconds, keep_answer=keep_answer)

    async def get(self, url: str, *, timeout_seconds: float, headers: Mapping[str, str] | None = None) -> HttpAnswer:
        """Gets `url` and returns the answer whatever its status. Raises what `post` raises."""
        return await self._exchange(self._request("GET", url, b"", headers or {}), timeout_seconds)

    @asynccontextmanager
    async def stream(
        self,
        url: str,
        *,
        body: bytes | None = None,
        timeout_seconds: float,
        idle_seconds: float | None = None,
        content_type: str = "application/json",
        headers: Mapping[str, str] | None = None,
    ) -> AsyncIterator[HttpStream]:
        """Posts `body` (or gets, when it is None) and yields the answer as soon as its head has arrived.

        `timeout_seconds` bounds the wait for the head, `idle_seconds` (the same unless given) each wait for more.
        Raises: what `post` raises. Leaving the block early closes the connection.
        """
        if body is None:
            request = self._request("GET", url, b"", headers or {})
        else:
            request = self._request("POST", url, body, {"content-type": content_type, **(headers or {})})
        response = await self._head(request, timeout_seconds)
        answer = HttpStream(response, idle_seconds or timeout_seconds, self._max_body_bytes)
        try:
            yield answer
        finally:
            await answer.aclose()

    async def _exchange(
        self, request: httpx.Request, timeout_seconds: float, *, keep_answer: bool = False
    ) -> HttpAnswer:
        deadline = trio.current_time() + timeout_seconds
        answer = HttpStream(await self._head(request, timeout_seconds), math.inf, self._max_body_bytes)
        if keep_answer:
            deadline = trio.current_time() + ANSWER_SECONDS
        with trio.CancelScope(deadline=deadline, shield=keep_answer):
            try:
                body = await answer.read()
            finally:
                await answer.aclose()
            return HttpAnswer(answer.status, body, answer.content_type, answer.retry_after_seconds)
        raise late_error(timeout_seconds, begun=True)

    async def _head(self, request: httpx.Request, timeout_seconds: float) -> httpx.Response:
        """Waits for the head. Returning it is not a checkpoint, so that what has arrived is handed on."""
        transport = self._transports.of(request.url.scheme)
        failure: RouterError | None = None
        with trio.move_on_after(timeout_seconds):
            try:
                return await transport.handle_async_request(request)
            except FOREIGN as error:
                failure = named_error(error, begun=has_begun(request))
        if failure is None:
            failure = late_error(timeout_seconds, begun=has_begun(request))
        raise failure  # Here, so that the foreign error is not its context.

    def _request(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> httpx.Request:
        target = self._url(url)
        all_headers = {"host": target.netloc.decode("ascii"), **self._headers}
        all_headers.update((name.lower(), value) for name, value in headers.items())
        if method == "POST":
            all_headers["content-length"] = str(len(body))
        return httpx.Request(
            method,
            target,
            headers=raw_headers(all_headers),
            stream=Body(body),
            extensions={"timeout": {"connect": CONNECT_SECONDS}},
        )

    def _url(self, url: str) -> httpx.URL:
        known = self._urls.get(url)
        if known is not None:
            return known
        full = self._base_url + url if url.startswith("/") else url
        parsed = parse_url(full)
        if len(self._urls) >= KNOWN_URLS:
            self._urls.clear()
        self._urls[url] = parsed
        return parsed


@asynccontextmanager
async def open_http_client(
    *,
    base_url: str = "",
    proxy: str | None = None,
    headers: Mapping[str, str] | None = None,
    max_connections: int = 4,
    max_body_bytes: int = MAX_BODY_BYTES,
    transport: Transport | None = None,
) -> AsyncIterator[HttpClient]:
    """Opens a client with `max_connections` connections of its own; further requests wait for one.

    `headers` go with every request. `transport` replaces the network, for tests.
    Raises: SettingsError for a proxy that is not an http(s) URL.
    """
    if proxy is not None and not proxy.lower().startswith(("http://", "https://")):
        raise SettingsError(("proxy: expected an http:// or https:// URL",))
    transports = Transports(proxy, max_connections, transport)
    own = {**OWN_HEADERS, **{name.lower(): value for name, value in (headers or {}).items()}}
    try:
        yield HttpClient(transports, base_url, own, max_body_bytes)
    finally:
        await transports.aclose()
