"""The least that can answer a webhook: h11 on sockets reads the request and says 200. It stores nothing.

Prints the address that it listens on as one line.
"""

from __future__ import annotations

from contextlib import suppress

import h11
import trio

READ_BYTES = 32_768


async def serve_connection(stream: trio.SocketStream) -> None:
    """Answers every request of one connection, until it ends."""
    machine = h11.Connection(h11.SERVER)
    with suppress(trio.BrokenResourceError):  # the other side may end at any time
        await _answer_all(stream, machine)


async def _answer_all(stream: trio.SocketStream, machine: h11.Connection) -> None:
    while True:
        event = machine.next_event()
        if event is h11.NEED_DATA:
            machine.receive_data(bytes(await stream.receive_some(READ_BYTES)))
        elif isinstance(event, h11.EndOfMessage):
            data = machine.send(h11.Response(status_code=200, headers=[("content-length", "3")])) or b""
            data += machine.send(h11.Data(data=b"ok\n")) or b""
            machine.send(h11.EndOfMessage())
            await stream.send_all(data)
            machine.start_next_cycle()
        elif isinstance(event, h11.ConnectionClosed):
            return


async def main() -> None:
    """Serves until it is killed."""
    [listener] = await trio.open_tcp_listeners(0, host="127.0.0.1")
    host, port = listener.socket.getsockname()
    print(f"http://{host}:{port}", flush=True)
    await trio.serve_listeners(serve_connection, [listener])


if __name__ == "__main__":
    trio.run(main)
