"""Zalo's side of webhooks for whole-router tests: posts over kept connections, and again until it is told 200."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

import h11
import msgspec
import trio

AGAIN_AFTER_SECONDS = 0.05


class Post(msgspec.Struct, frozen=True):
    """One delivery."""

    path: str
    secret: str
    body: bytes


class Line:
    """One connection."""

    def __init__(self, stream: trio.abc.Stream) -> None:
        self.stream = stream
        self.over = False
        """True once the other side has said that this was its last answer."""
        self._h11 = h11.Connection(h11.CLIENT)

    async def post(self, post: Post) -> int:
        """The status of the answer. Raises BrokenResourceError or RemoteProtocolError when none comes."""
        headers = [
            ("Host", "hooks.test"),
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(post.body))),
            ("X-Bot-Api-Secret-Token", post.secret),
        ]
        data = self._h11.send(h11.Request(method="POST", target=post.path, headers=headers)) or b""
        data += self._h11.send(h11.Data(data=post.body)) or b""
        self._h11.send(h11.EndOfMessage())
        await self.stream.send_all(data)
        status = 0
        while True:
            event = self._h11.next_event()
            if event is h11.NEED_DATA:
                self._h11.receive_data(bytes(await self.stream.receive_some()))
            elif isinstance(event, h11.Response):
                status = event.status_code
            elif isinstance(event, h11.EndOfMessage):
                self.over = self._h11.their_state is not h11.DONE
                if not self.over:
                    self._h11.start_next_cycle()
                return status


def listening_at(state_dir: Path, pid: int) -> str | None:
    """Where the router of this process takes webhooks, by its own log; None while it does not."""
    serving = False
    found = None
    for text in (state_dir / "logs" / "router.jsonl").read_text().splitlines():
        line = json.loads(text)
        if line["name"] == "webhook.serving":
            found = str(line["url"])
        serving = serving or (line["name"] == "router.serving" and line["pid"] == pid)
    return found if serving else None


class Postman:
    """Delivers posts over several connections at once, to wherever `address` says that the router is."""

    def __init__(self, address: Callable[[], str | None], connections: int = 16) -> None:
        self._address = address
        self._connections = connections
        self.delivered = 0
        self.refused: dict[int, int] = {}
        """Answers other than 200, by status."""

    async def deliver(self, posts: list[Post], *, at: dict[int, Callable[[], Awaitable[None]]] | None = None) -> None:
        """Returns when each was answered with 200 once. After so many as `at` says, its function is called."""
        waiting = list(reversed(posts))
        async with trio.open_nursery() as nursery:
            for _ in range(self._connections):
                nursery.start_soon(self._work, waiting, at or {})

    async def _work(self, waiting: list[Post], at: dict[int, Callable[[], Awaitable[None]]]) -> None:
        while waiting:
            try:
                line = await self._connect()
            except OSError:
                await trio.sleep(AGAIN_AFTER_SECONDS)  # another process: there is no event to wait for
                continue
            async with line.stream:
                while waiting and not line.over:
                    await self._deliver_one(line, waiting, at)

    async def _deliver_one(self, line: Line, waiting: list[Post], at: dict[int, Callable[[], Awaitable[None]]]) -> None:
        post = waiting.pop()
        try:
            status = await line.post(post)
        except (OSError, trio.BrokenResourceError, trio.ClosedResourceError, h11.ProtocolError):
            status, line.over = 0, True
        if status == 200:
            self.delivered += 1
            if self.delivered in at:
                await at[self.delivered]()
            return
        self.refused[status] = self.refused.get(status, 0) + 1
        waiting.append(post)
        await trio.sleep(AGAIN_AFTER_SECONDS)  # as above

    async def _connect(self) -> Line:
        url = self._address()
        if url is None:
            raise OSError("not listening")
        return Line(await trio.open_tcp_stream("127.0.0.1", urlsplit(url).port or 0))
