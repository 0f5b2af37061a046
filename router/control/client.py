"""The client's end of the control socket."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar, cast

import msgspec
import trio

from router.control.endpoint import Endpoint, NotRunning
from router.control.jsonrpc import ControlError, ErrorCode, ServerFrame, decode_server_frame, encode_request
from router.control.link import Link, LinkEnded, LinkFailed, LinkRejected, open_link
from router.control.protocol import NOTIFICATIONS, Call, method_of

R = TypeVar("R")

MAX_KEPT_NOTIFICATIONS = 10_000


class ControlClient:
    """An open connection. Several tasks may call at a time; answers find their caller.

    While nobody waits for an answer or a notification the connection is not tended, and a router drops a client that
    has not stirred for a minute.
    """

    def __init__(self, link: Link) -> None:
        self._link = link
        self._last_id = 0
        self._answers: dict[int, ServerFrame | None] = {}
        self._notices: deque[msgspec.Struct] = deque(maxlen=MAX_KEPT_NOTIFICATIONS)
        self._receiving = False
        self._progress = trio.Event()

    async def call(self, params: Call[R], *, timeout_seconds: float = 10.0) -> R:
        """Asks, and waits for the answer.

        Raises: ControlError with the router's code and words, or UNAVAILABLE when it does not answer in time;
        NotRunning when the connection ends first. Cancelled or timed out, the router may have done it all the same.
        """
        method = method_of(params)
        with trio.move_on_after(timeout_seconds):
            frame = await self._ask(method.name, cast("msgspec.Struct", params))
            return cast("R", _result_of(frame, method.result_type))
        raise ControlError(ErrorCode.UNAVAILABLE, f"the router did not answer within {timeout_seconds:g} s")

    async def next_notice(self) -> msgspec.Struct:
        """Waits for the next notification. Raises NotRunning when the connection ends.

        Of those that nobody takes, the newest 10,000 are kept.
        """
        while not self._notices:
            await self._step()
        return self._notices.popleft()

    async def _ask(self, name: str, params: msgspec.Struct) -> ServerFrame:
        self._last_id += 1
        request_id = self._last_id
        self._answers[request_id] = None
        try:
            try:
                await self._link.send(encode_request(request_id, name, params))
            except LinkEnded as error:
                raise _ended() from error
            while (answer := self._answers[request_id]) is None:
                await self._step()
            return answer
        finally:
            del self._answers[request_id]

    async def _step(self) -> None:
        """Takes one frame in, or, while another task does that, waits until it has."""
        if self._receiving:
            await self._progress.wait()
            return
        self._receiving = True
        try:
            self._sort(decode_server_frame(await self._link.receive()))
        except LinkEnded as error:
            raise _ended() from error
        finally:
            self._receiving = False
            self._progress.set()
            self._progress = trio.Event()

    def _sort(self, frame: ServerFrame) -> None:
        if isinstance(frame.id, int) and frame.id in self._answers:
            self._answers[frame.id] = frame
        elif (kind := NOTIFICATIONS.get(frame.method or "")) is not None:
            self._notices.append(_decoded(frame.params, kind))


def _ended() -> NotRunning:
    return NotRunning("the router closed the connection; it may have stopped")


def _result_of(frame: ServerFrame, result_type: type[msgspec.Struct]) -> msgspec.Struct:
    if frame.error is None:
        return _decoded(frame.result, result_type)
    try:
        code = ErrorCode(frame.error.code)
    except ValueError:  # A newer router has codes that this client does not know.
        code = ErrorCode.INTERNAL
    raise ControlError(code, frame.error.message)


def _decoded(raw: msgspec.Raw, kind: type[msgspec.Struct]) -> msgspec.Struct:
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.DecodeError as error:
        told = f"the router's answer is not a {kind.__name__}: {error}; are its version and this one's the same?"
        raise ControlError(ErrorCode.INTERNAL, told) from error


@asynccontextmanager
async def open_control(endpoint: Endpoint) -> AsyncIterator[ControlClient]:
    """Connects, and closes again when the body is left.

    Raises: NotRunning when nobody listens or what listens is not a router; ControlError (UNAUTHORIZED) when the token
    is not accepted.
    """
    try:
        link = await open_link(endpoint.url, endpoint.token)
    except LinkRejected as error:
        raise _rejected(endpoint.url, error.status) from error
    except LinkFailed as error:
        raise NotRunning(f"the router is not running: {error}") from error
    try:
        yield ControlClient(link)
    finally:
        await link.aclose()


def _rejected(url: str, status: int) -> ControlError | NotRunning:
    if status == 401:
        told = f"{url} does not accept this token: another router listens there, or this one was started anew"
        return ControlError(ErrorCode.UNAUTHORIZED, told)
    return NotRunning(f"the router is not running: what answers at {url} is not its control socket (HTTP {status})")
