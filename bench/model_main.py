"""Model server and http service as a process: `python -m bench.model_main DELAY_SECONDS`; says where it listens."""

from __future__ import annotations

import sys

import msgspec
import trio

from actors.net.http import APPLICATION_JSON, HttpLimits, Request, Response
from actors.net.server import bound_port, open_listeners, serve_http
from actors.testing.model_server import ModelServer, Say

LIMITS = HttpLimits(max_connections=4096, idle_seconds=600)
SERVICE = "/service"


class Asked(msgspec.Struct):
    """What the service needs of a turn."""

    text: str


async def main(delay_seconds: float) -> None:
    """Answers `/v1/…` as a model does and `/service` as an http agent's service does."""
    model = ModelServer(choose=lambda _asked: Say(delay_seconds=delay_seconds))

    async def handle(request: Request) -> Response:
        if request.path != SERVICE:
            model.requests.clear()
            return await model.handle(request)
        await trio.sleep(delay_seconds)
        text = msgspec.json.decode(request.body, type=Asked).text
        return Response(200, msgspec.json.encode({"text": text}), APPLICATION_JSON)

    listeners = await open_listeners("127.0.0.1", 0)
    print(f"http://127.0.0.1:{bound_port(listeners)}", flush=True)
    await serve_http(handle, listeners, limits=LIMITS)


if __name__ == "__main__":
    trio.run(main, float(sys.argv[1]))
