"""How many webhooks a second are durable and answered, beside a bare responder that stores nothing.

Three processes: this one posts, over kept connections, each of which waits for its 200 before it posts again; the
router, whose account admits nobody, so that a message is judged and kept and no agent takes part; and the responder.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import trio

from actors.testing.bot_api.api import run_bot_api
from actors.testing.bot_api.updates import ChatRef, From, Message, update_of
from bench.children import Home, python_child, still_running
from bench.contract import Figure, Scale, Tell

CONNECTIONS = (1, 16, 64)
TOKEN = "1000000000000000001:only-the-simulator-knows"
SECRET = "secret-of-the-bench"
PATH = "/zalo"
WARM_UP_SECONDS = 0.5
OPENING_SECONDS = 60.0


async def run(scale: Scale, tell: Tell) -> list[Figure]:
    """Accepts a second of both, at several numbers of connections, in turn."""
    figures = []
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        async with _router(Path(name)) as router, _responder(Path(name)) as responder:
            for connections in CONNECTIONS:
                case = f"{connections} connections"
                tell(f"{case}: router")
                kept = await _accepts_a_second(router, connections, scale.seconds)
                tell(f"{case}: bare h11")
                bare = await _accepts_a_second(responder, connections, scale.seconds)
                figures += [
                    Figure(case, "durable", kept, "/s"),
                    Figure(case, "bare h11, not stored", bare, "/s"),
                    Figure(case, "router is", kept / bare, "x"),
                ]
    return figures


_numbers = count(1)


def _request() -> bytes:
    """A delivery that has not been before."""
    number = next(_numbers)
    user = f"{number % 200:020x}"
    message = Message(
        from_=From(user, "Ted"),
        chat=ChatRef(user, "PRIVATE"),
        message_id=f"{number:020x}",
        date=1750316131602,
        text="xin chào",
    )
    body = update_of("message.text.received", message).raw
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: hooks.test\r\nUser-Agent: Java/1.8.0_192\r\nContent-Type: application/json\r\n"
        f"X-Bot-Api-Secret-Token: {SECRET}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _accepts_a_second(url: str, connections: int, seconds: float) -> float:
    counts = [0] * connections
    async with trio.open_nursery() as nursery:
        for index in range(connections):
            nursery.start_soon(_post_forever, url, counts, index)
        await trio.sleep(WARM_UP_SECONDS)
        before, began = sum(counts), trio.current_time()
        await trio.sleep(seconds)
        rate = (sum(counts) - before) / (trio.current_time() - began)
        nursery.cancel_scope.cancel()
    return rate


async def _post_forever(url: str, counts: list[int], index: int) -> None:
    stream = await trio.open_tcp_stream("127.0.0.1", urlsplit(url).port or 0)
    async with stream:
        while True:
            await stream.send_all(_request())
            answer = b""
            # Both answer 200 with a body that ends in "ok\n"; whatever else comes must stop the bench.
            while not answer.endswith(b"ok\n"):
                part = bytes(await stream.receive_some(4096))
                answer += part
                if not part or not answer.startswith(b"HTTP/1.1 200"[: len(answer)]):
                    raise RuntimeError(f"expected 200, got {answer[:200]!r}")
            counts[index] += 1


@asynccontextmanager
async def _router(directory: Path) -> AsyncIterator[str]:
    async with run_bot_api(TOKEN) as api:
        account = {"botToken": TOKEN, "webhookUrl": f"https://hooks.test{PATH}", "webhookSecret": SECRET}
        settings = {
            "channels": {"zalo": {"apiUrl": api.url, "dmPolicy": "disabled", **account}},
            "control": {"port": 0},
            "webhook": {"port": 0, "ratePerMinute": 100_000_000},
        }
        home = Home(directory, settings)
        async with home.serving() as process:
            await home.wait_until_serving(process)
            await api.wait_for_calls(1, "setWebhook")
            yield _served_at(home.state_dir)


def _served_at(state_dir: Path) -> str:
    lines = map(json.loads, (state_dir / "logs" / "router.jsonl").read_text().splitlines())
    return next(str(line["url"]) for line in lines if line["name"] == "webhook.serving")


@asynccontextmanager
async def _responder(directory: Path) -> AsyncIterator[str]:
    log = directory / "bare_webhook.log"
    async with python_child(("-m", "bench.bare_webhook"), log) as process:
        with trio.fail_after(OPENING_SECONDS):
            while not log.read_text().endswith("\n"):
                still_running(process, log)
                await trio.sleep(0.005)
        yield log.read_text().strip()
