"""The client's WebSocket connection, without a task of its own.

Frames are taken from the network only while somebody waits in `receive`, so that a connection can be opened and closed
anywhere, and an error of the code that uses it arrives as itself and not in a group.
"""

from __future__ import annotations

from collections import deque
from urllib.parse import urlsplit

import trio
from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    CloseConnection,
    Event,
    Ping,
    RejectConnection,
    Request,
    TextMessage,
)
from wsproto.utilities import LocalProtocolError, RemoteProtocolError

from actors.errors import RouterError
from actors.secret import Secret

CONNECT_SECONDS = 5.0
CLOSE_SECONDS = 1.0
MAX_MESSAGE_CHARACTERS = 64 * 1024 * 1024


class LinkFailed(RouterError):
    """Nobody answers there, or not as a WebSocket server would."""


class LinkRejected(RouterError):
    """The server answered the handshake with another HTTP status than 101."""

    def __init__(self, status: int) -> None:
        super().__init__(f"the handshake was answered with HTTP {status}")
        self.status = status


class LinkEnded(RouterError):
    """The connection is over: the server closed it, or it broke."""


class Link:
    """One WebSocket connection. Several tasks may send; one may receive at a time."""

    def __init__(self, stream: trio.abc.Stream) -> None:
        self._stream = stream
        self._protocol = WSConnection(ConnectionType.CLIENT)
        self._sending = trio.Lock()
        self._parts: list[str] = []
        self._size = 0
        self._messages: deque[str] = deque()
        self._accepted = False
        self._closed_by_peer = False

    async def send(self, message: str) -> None:
        """Sends a text message. Raises LinkEnded. Cancelled, the connection is of no more use."""
        await self._send(TextMessage(data=message))

    async def receive(self) -> str:
        """Waits for the next message. Raises LinkEnded. Cancelled, nothing was taken."""
        while not self._messages:
            await self._feed()
        return self._messages.popleft()

    async def shake_hands(self, host: str, target: str, token: Secret) -> None:
        """Asks to be let in. Raises LinkRejected, or LinkEnded when what answers speaks another protocol."""
        bearer = (b"Authorization", b"Bearer " + token.reveal().encode())
        await self._send(Request(host=host, target=target, extra_headers=[bearer]))
        while not self._accepted:
            await self._feed()

    async def aclose(self) -> None:
        """Says goodbye, waits a moment for the server to do so too, and closes the connection in any case."""
        try:
            with trio.move_on_after(CLOSE_SECONDS):
                await self._send(CloseConnection(code=1000))
                while not self._closed_by_peer:
                    await self._feed()
        except LinkEnded:
            pass
        finally:
            await trio.aclose_forcefully(self._stream)

    async def _send(self, event: Event) -> None:
        async with self._sending:
            try:
                await self._stream.send_all(self._protocol.send(event))
            except (trio.BrokenResourceError, trio.ClosedResourceError, LocalProtocolError) as error:
                raise LinkEnded("the connection is closed") from error
            except trio.Cancelled:
                # Half a frame may have left: whatever came after it would be read as its other half.
                await trio.aclose_forcefully(self._stream)
                raise

    async def _feed(self) -> None:
        if self._closed_by_peer:
            raise LinkEnded("the connection was closed by the router")
        try:
            data = await self._stream.receive_some()
            self._protocol.receive_data(bytes(data) or None)
            for event in self._protocol.events():
                await self._take(event)
        except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
            raise LinkEnded("the connection broke") from error
        except RemoteProtocolError as error:
            raise LinkEnded("what answers does not speak WebSocket") from error
        if not data:
            raise LinkEnded("the connection was closed by the router")

    async def _take(self, event: Event) -> None:
        match event:
            case AcceptConnection():
                self._accepted = True
            case RejectConnection(status_code=status):
                raise LinkRejected(status)
            case Ping():
                await self._send(event.response())
            case CloseConnection():
                self._closed_by_peer = True
            case TextMessage():
                self._gather(event)

    def _gather(self, event: TextMessage) -> None:
        self._size += len(event.data)
        if self._size > MAX_MESSAGE_CHARACTERS:
            raise LinkEnded(f"the router's answer is longer than {MAX_MESSAGE_CHARACTERS} characters")
        self._parts.append(event.data)
        if event.message_finished:
            self._messages.append("".join(self._parts))
            self._parts.clear()
            self._size = 0


async def open_link(url: str, token: Secret) -> Link:
    """Connects to `ws://host:port/` and is let in.

    Raises: LinkFailed when nobody answers like a WebSocket server within five seconds; LinkRejected.
    """
    host, port, target = _parts_of(url)
    try:
        with trio.fail_after(CONNECT_SECONDS):
            link = Link(await trio.open_tcp_stream(host, port))
            try:
                await link.shake_hands(f"{host}:{port}", target, token)
            except BaseException:
                await link.aclose()
                raise
            return link
    except trio.TooSlowError as error:
        raise LinkFailed(f"{url} did not answer within {CONNECT_SECONDS:g} s") from error
    except OSError as error:
        raise LinkFailed(f"nobody answers at {url}") from error
    except LinkEnded as error:
        raise LinkFailed(f"what answers at {url} is not a control socket") from error


def _parts_of(url: str) -> tuple[str, int, str]:
    told = f"{url!r} is not the address of a router; expected ws://host:port/"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise LinkFailed(told) from error
    if parts.scheme != "ws" or not host or port is None:
        raise LinkFailed(told)
    return host, port, parts.path or "/"
