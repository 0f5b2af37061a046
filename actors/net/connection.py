"""One connection of the HTTP server: requests in, answers out, until either side has enough."""

from __future__ import annotations

from contextlib import suppress
from enum import Enum, auto
from math import inf

import h11
import msgspec
import trio

from actors.net.framing import (
    WITHOUT_BODY,
    head_of,
    objection,
    protocol_refusal,
    refusal,
    response_head,
    server_error,
    states_more_than,
    too_large,
)
from actors.net.http import Request, Response
from actors.net.service import Service

READ_BYTES = 32 * 1024
_BROKEN = (trio.BrokenResourceError, trio.ClosedResourceError)


class Phase(Enum):
    """What a connection is doing; decides which deadline holds and what its passing means."""

    IDLE = auto()
    HEAD = auto()
    BODY = auto()
    HANDLING = auto()
    SENDING = auto()


class _Refused(Exception):
    """The request under way gets this answer, and the connection ends."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


class _PeerGone(Exception):
    """The stream broke, or `hang_up` closed it: nobody is left to answer."""


class Connection:
    """Serves one stream and closes it. It is the `Peer` of its requests.

    One cancel scope lasts for the whole connection and its deadline moves with the phase: a scope for each read would
    cost more than the read.
    """

    def __init__(self, stream: trio.abc.Stream, service: Service) -> None:
        self._stream = stream
        self._service = service
        self._limits = service.limits
        self._h11 = h11.Connection(h11.SERVER, max_incomplete_event_size=service.limits.max_head_bytes)
        self._scope = trio.CancelScope()
        self._phase = Phase.IDLE
        self._given_up = False
        self.since = trio.current_time()
        """When it entered its phase."""
        self._requests_left = service.limits.max_requests_per_connection
        self._bodyless = False
        self.host = _peer_host(stream)

    @property
    def idle(self) -> bool:
        """True while no request is under way; a half-received head is not one yet."""
        return self._phase in (Phase.IDLE, Phase.HEAD)

    def close_idle(self) -> None:
        """Ends it without an answer. Only while `idle`."""
        # Its task may have bytes at hand already and go on for a step, so the phase is not enough to know it by.
        self._given_up = True
        self._scope.cancel()

    async def serve(self) -> None:
        """Returns when the connection is over. Never raises for what the peer does.

        A handler's exception is answered with 500 and given to `on_error`; without one it is raised here.
        """
        try:
            last_words = await self._serve_requests()
            if last_words is not None:
                with trio.move_on_after(self._limits.send_seconds):
                    await self._send(last_words)
                await self._linger()
        except _PeerGone:
            pass
        finally:
            await trio.aclose_forcefully(self._stream)

    async def _serve_requests(self) -> Response | None:
        """What is left to say when no further request will be taken, if anything."""
        with self._scope:
            try:
                while await self._serve_one():
                    pass
            except _Refused as refused:
                return refused.response
            except h11.RemoteProtocolError as error:
                return protocol_refusal(error)
        if self._scope.cancel_called and self._phase in (Phase.HEAD, Phase.BODY) and not self._given_up:
            return refusal(408, "The request took too long to arrive.")
        return None

    async def _serve_one(self) -> bool:
        event = await self._read_head()
        if event is None:
            return False
        self._bodyless = event.method == b"HEAD"
        head = head_of(event, self)
        refused = objection(head)
        if refused is not None:
            raise _Refused(refused)
        refused = self._service.screened(head)
        if refused is not None:
            return await self._refuse(refused)
        if states_more_than(head, self._limits.max_body_bytes):
            raise _Refused(too_large(self._limits.max_body_bytes))
        body = await self._read_body()
        if not self._begin_handling():
            return False
        request = Request(head.method, head.path, head.query, head.headers, head.http_version, self, body)
        return await self._respond(await self._handle(request))

    async def _read_head(self) -> h11.Request | None:
        event: object = self._h11.next_event()
        if event is h11.NEED_DATA:
            first = self._requests_left == self._limits.max_requests_per_connection
            self._enter(Phase.IDLE, self._limits.head_seconds if first else self._limits.idle_seconds)
            event = await self._read_event()
            if event is h11.NEED_DATA:
                self._enter(Phase.HEAD, self._limits.head_seconds)
                while event is h11.NEED_DATA:
                    event = await self._read_event()
        return event if type(event) is h11.Request else None

    async def _read_body(self) -> bytes:
        pieces: list[bytes] = []
        size = 0
        while True:
            event = self._h11.next_event()
            if type(event) is h11.Data:
                size += len(event.data)
                if size > self._limits.max_body_bytes:
                    raise _Refused(too_large(self._limits.max_body_bytes))
                pieces.append(event.data)
            elif event is h11.NEED_DATA:
                await self._read_more_body()
            else:
                return b"".join(pieces)

    async def _read_more_body(self) -> None:
        if self._phase is not Phase.BODY:
            self._enter(Phase.BODY, self._limits.body_seconds)
            if self._h11.they_are_waiting_for_100_continue:
                await self._send_bytes(self._h11.send(h11.InformationalResponse(status_code=100, headers=[])))
        await self._receive()

    async def _read_event(self) -> object:
        await self._receive()
        return self._h11.next_event()

    async def _receive(self) -> bytes:
        try:
            data = bytes(await self._stream.receive_some(READ_BYTES))
        except _BROKEN as error:
            raise _PeerGone from error
        self._h11.receive_data(data)
        return data

    async def _send_bytes(self, data: bytes) -> None:
        try:
            await self._stream.send_all(data)
        except _BROKEN as error:
            raise _PeerGone from error

    def _enter(self, phase: Phase, seconds: float) -> None:
        self._phase = phase
        self.since = trio.current_time()
        self._scope.deadline = self.since + seconds

    def _begin_handling(self) -> bool:
        """False if the deadline passed while the last bytes came in: then the handler must not begin."""
        self._scope.deadline = inf
        if self._scope.cancel_called:
            return False
        self._phase = Phase.HANDLING
        return True

    async def _handle(self, request: Request) -> Response:
        try:
            return await self._service.answer(request)
        except Exception:
            with suppress(_PeerGone):
                await self._respond(server_error())
            raise

    async def _refuse(self, response: Response) -> bool:
        """Answers before the body is read; goes on if the body is here already, else ends the connection."""
        event = self._h11.next_event()
        while type(event) is h11.Data:
            event = self._h11.next_event()
        if type(event) is not h11.EndOfMessage:
            raise _Refused(msgspec.structs.replace(response, close=True))
        return self._begin_handling() and await self._respond(response)

    async def _respond(self, response: Response) -> bool:
        self._requests_left -= 1
        if (self._service.wants_room or self._requests_left <= 0) and not response.close:
            response = msgspec.structs.replace(response, close=True)
        self._enter(Phase.SENDING, self._limits.send_seconds)
        await self._send(response)
        if self._h11.our_state is h11.DONE and self._h11.their_state is h11.DONE:
            self._h11.start_next_cycle()
            return True
        self._scope.deadline = inf
        await self._linger()
        return False

    async def _send(self, response: Response) -> None:
        head = response_head(
            response.status, response.content_type, len(response.body), response.headers, response.close
        )
        data = self._h11.send(head)
        if response.body and not self._bodyless and response.status not in WITHOUT_BODY:
            data += self._h11.send(h11.Data(data=response.body))
        self._h11.send(h11.EndOfMessage())
        await self._send_bytes(data)

    async def _linger(self) -> None:
        """Closing with unread bytes makes the kernel reset the connection, and the answer is lost with it."""
        with trio.move_on_after(self._limits.linger_seconds), suppress(*_BROKEN):
            if isinstance(self._stream, trio.abc.HalfCloseableStream):
                await self._stream.send_eof()
            while await self._stream.receive_some(READ_BYTES):
                pass

    async def wait_gone(self) -> None:
        """See `Peer`. What the peer sends meanwhile is kept, up to the limit of a head; then it has to wait."""
        kept = 0
        with suppress(_PeerGone):
            while data := await self._receive():
                kept += len(data)
                if kept > self._limits.max_head_bytes:
                    await trio.sleep_forever()

    async def hang_up(self, last_words: bytes = b"") -> None:
        """See `Peer`."""
        with suppress(_PeerGone):
            if last_words:
                await self._send_bytes(last_words)
        await trio.aclose_forcefully(self._stream)


def _peer_host(stream: trio.abc.Stream) -> str:
    inner = stream.transport_stream if isinstance(stream, trio.SSLStream) else stream
    if not isinstance(inner, trio.SocketStream):
        return ""
    try:
        return str(inner.socket.getpeername()[0])
    except OSError:  # it has closed already
        return ""
