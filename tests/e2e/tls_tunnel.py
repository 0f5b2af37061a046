"""What a webhook needs to be reached over TLS on one machine: a certificate, and a way to whichever router runs now."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import trio
import trustme


class Certified:
    """Files for the listener, and a context that trusts them."""

    def __init__(self, directory: Path) -> None:
        authority = trustme.CA()
        issued = authority.issue_cert("localhost")
        issued.private_key_pem.write_to_path(str(directory / "key.pem"))
        (directory / "cert.pem").write_bytes(b"".join(part.bytes() for part in issued.cert_chain_pems))
        self.trust = ssl.create_default_context()
        authority.configure_trust(self.trust)


@asynccontextmanager
async def tunnel(address: Callable[[], str | None]) -> AsyncIterator[int]:
    """A port of this machine that leads to wherever the router listens now, as a tunnel service would."""
    [listener] = await trio.open_tcp_listeners(0, host="127.0.0.1")

    async def carry(stream: trio.SocketStream) -> None:
        while (url := address()) is None:
            await trio.sleep(0.02)  # another process: there is no event to wait for
        with suppress(OSError, trio.BrokenResourceError):
            other = await trio.open_tcp_stream("127.0.0.1", urlsplit(url).port or 0)
            async with other, trio.open_nursery() as both:
                both.start_soon(pump, stream, other, both.cancel_scope)
                both.start_soon(pump, other, stream, both.cancel_scope)

    async def pump(source: trio.SocketStream, sink: trio.SocketStream, scope: trio.CancelScope) -> None:
        with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
            while data := await source.receive_some():
                await sink.send_all(data)
        scope.cancel()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.serve_listeners, carry, [listener])
        yield listener.socket.getsockname()[1]
        nursery.cancel_scope.cancel()
