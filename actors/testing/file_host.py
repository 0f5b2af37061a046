"""A web server that gives files, and misbehaves when told to: the place where a chat network keeps its pictures."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import msgspec
import trio


class Answer(msgspec.Struct, frozen=True):
    """What a path answers: these very bytes, and then the end, or silence."""

    raw: bytes
    hangs: bool = False


class FileHost:
    """Made by `run_file_host`. Paths that nothing was put at answer 404."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.port = port
        self.requests: list[bytes] = []
        """The heads of all requests, in order."""
        self._answers: dict[str, Answer] = {}

    def put(self, path: str, body: bytes, content_type: str = "", *, tells_length: bool = True) -> str:
        """Puts a file at `path`; returns its address."""
        head = b"HTTP/1.1 200 OK\r\nConnection: close\r\n"
        head += f"Content-Type: {content_type}\r\n".encode() if content_type else b""
        head += b"Content-Length: %d\r\n" % len(body) if tells_length else b""
        return self.put_raw(path, head + b"\r\n" + body)

    def redirect(self, path: str, location: str, status: int = 302) -> str:
        """Sends whoever asks for `path` to `location`; returns the address of `path`."""
        head = f"HTTP/1.1 {status} Moved\r\nConnection: close\r\nContent-Length: 0\r\nLocation: {location}\r\n\r\n"
        return self.put_raw(path, head.encode())

    def put_raw(self, path: str, raw: bytes, *, hangs: bool = False) -> str:
        """Answers `path` with these very bytes and closes the connection, or with `hangs` keeps silent then."""
        self._answers[path] = Answer(raw, hangs)
        return self.url + path

    async def answer(self, stream: trio.SocketStream) -> None:
        """Serves one connection."""
        with suppress(trio.BrokenResourceError):
            head = await _head(stream)
            if not head:
                return
            self.requests.append(head)
            path = head.split(b" ")[1].decode("latin-1")
            missing = Answer(b"HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
            found = self._answers.get(path, missing)
            await stream.send_all(found.raw)
            if found.hangs:
                await stream.receive_some()


async def _head(stream: trio.SocketStream) -> bytes:
    got = b""
    while b"\r\n\r\n" not in got:
        part = await stream.receive_some()
        if not part:
            return b""
        got += part
    return got


@asynccontextmanager
async def run_file_host() -> AsyncIterator[FileHost]:
    """Serves on a free port of 127.0.0.1 while the block runs."""
    async with trio.open_nursery() as nursery:
        (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
        host = FileHost(listener.socket.getsockname()[1])
        nursery.start_soon(trio.serve_listeners, host.answer, [listener])
        yield host
        nursery.cancel_scope.cancel()
