"""The least that can answer: each bot polls on one connection and replies on another, h11 on sockets and nothing else.

No store, no order, no retries, no second thought: the ceiling that a router in Python could reach if it did nothing.
"""

from __future__ import annotations

from urllib.parse import urlsplit

import h11
import msgspec
import trio

from bench.orders import read_orders

READ_BYTES = 65536


class Sender(msgspec.Struct):
    id: str


class Message(msgspec.Struct):
    chat: Sender
    text: str = ""


class Update(msgspec.Struct):
    message: Message


class Answer(msgspec.Struct):
    ok: bool
    result: msgspec.Raw = msgspec.Raw()


class Line:
    """One kept connection."""

    def __init__(self, stream: trio.SocketStream, host: str, token: str) -> None:
        self._stream = stream
        self._host = host
        self._token = token
        self._h11 = h11.Connection(h11.CLIENT)

    async def call(self, method: str, body: bytes) -> bytes:
        """Posts and returns the body of the answer."""
        headers = [("host", self._host), ("content-type", "application/json"), ("content-length", str(len(body)))]
        head = h11.Request(method="POST", target=f"/bot{self._token}/{method}", headers=headers)
        data = self._h11.send(head) or b""
        data += self._h11.send(h11.Data(data=body)) or b""
        self._h11.send(h11.EndOfMessage())
        await self._stream.send_all(data)
        answer = await self._read()
        self._h11.start_next_cycle()
        return answer

    async def _read(self) -> bytes:
        parts = []
        while True:
            event = self._h11.next_event()
            if event is h11.NEED_DATA:
                self._h11.receive_data(await self._stream.receive_some(READ_BYTES))
            elif isinstance(event, h11.Data):
                parts.append(bytes(event.data))
            elif isinstance(event, h11.EndOfMessage):
                return b"".join(parts)


async def serve_bot(url: str, token: str) -> None:
    """Answers what comes to one bot, forever."""
    parts = urlsplit(url)
    polls, sends = [
        Line(await trio.open_tcp_stream(parts.hostname or "", parts.port or 80), parts.netloc, token) for _ in range(2)
    ]
    give, take = trio.open_memory_channel[Message](64)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_reply, sends, take)
        while True:
            answer = msgspec.json.decode(await polls.call("getUpdates", b'{"timeout":30}'), type=Answer)
            if answer.ok:
                await give.send(msgspec.json.decode(answer.result, type=Update).message)


async def _reply(line: Line, messages: trio.MemoryReceiveChannel[Message]) -> None:
    async for message in messages:
        await line.call("sendMessage", msgspec.json.encode({"chat_id": message.chat.id, "text": message.text}))


async def main() -> None:
    """Serves every bot of the orders."""
    orders = read_orders()
    async with trio.open_nursery() as nursery:
        for token in orders.tokens:
            nursery.start_soon(serve_bot, orders.url, token)


if __name__ == "__main__":
    trio.run(main)
