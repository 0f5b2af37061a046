"""A terminal for the wizard: answers go in, a settings file comes out; Zalo is simulated in another thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import trio

from actors.testing.bot_api import run_bot_api


@contextmanager
def bot_api_elsewhere(*tokens: str) -> Iterator[str]:
    """The URL of a simulated Bot API that runs beside a test which is not async."""
    ready = threading.Event()
    box: dict[str, Any] = {}

    async def serve() -> None:
        async with run_bot_api(*tokens) as api:
            box["url"], box["stop"], box["trio"] = api.url, trio.Event(), trio.lowlevel.current_trio_token()
            ready.set()
            await box["stop"].wait()

    thread = threading.Thread(target=trio.run, args=(serve,), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield box["url"]
    finally:
        box["trio"].run_sync_soon(box["stop"].set)
        thread.join(10)
