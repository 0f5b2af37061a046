"""Pictures in agents' files, from the program that drew them to whoever fetches them, through a whole router."""

from __future__ import annotations

import re
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import trio
from test_serve import TOKEN, USER, Rig, settings

from actors.net.client import open_http_client
from actors.testing.bot_api.api import run_bot_api
from router.webhook_events import WebhooksServing

PNG = b"\x89PNG\r\n\x1a\n" + b"p" * 100
DRAWING = """
import json, sys
turn = json.load(sys.stdin)
path = sys.argv[1] + "/chart.png"
open(path, "wb").write(bytes.fromhex(sys.argv[2]))
media = [{"path": path}, {"kind": "sticker", "id": "0e078a2fb66a5f34067b"}]
print(json.dumps({"text": "here is **" + turn["text"] + "**", "media": media}))
"""


@asynccontextmanager
async def drawing(directory: Path, **fields: Any) -> AsyncIterator[Rig]:
    command = [sys.executable, "-c", DRAWING, str(directory), PNG.hex()]
    with trio.fail_after(60):
        async with run_bot_api(TOKEN) as api, trio.open_nursery() as nursery:
            whole = settings(api.url, dmPolicy="open", allowFrom=["*"])
            agents = {"list": [{"id": "main", "kind": "command", "command": command}]}
            rig = Rig(directory / "state", api, whole | {"agents": agents} | fields)
            await nursery.start(rig.serve)
            yield rig
            rig.stop.set()


async def test_a_picture_is_fetched_by_the_address_that_was_sent_even_when_its_file_is_gone(tmp_path: Path) -> None:
    webhook = {"port": 0, "publicUrl": "https://bot.example.com"}
    async with drawing(tmp_path, webhook=webhook) as rig:
        rig.api.say(TOKEN, USER, "a chart")
        photo, sticker = await rig.api.wait_for_sent(2)
        (tmp_path / "chart.png").unlink()
        assert (photo.method, photo.text) == ("sendPhoto", "here is **a chart**")
        assert (sticker.method, sticker.sticker) == ("sendSticker", "0e078a2fb66a5f34067b")
        assert re.fullmatch(r"https://bot\.example\.com/media/[0-9a-f]{32}\.png", photo.url)
        (serving,) = (event for event in rig.events if isinstance(event, WebhooksServing))
        async with open_http_client(base_url=serving.url) as client:
            for _ in range(2):
                answer = await client.get(photo.url.removeprefix("https://bot.example.com"), timeout_seconds=10)
                assert (answer.status, answer.content_type, answer.body) == (200, "image/png", PNG)


async def test_without_a_public_address_the_words_go_out_and_the_picture_is_left_with_its_reason(
    tmp_path: Path,
) -> None:
    async with drawing(tmp_path) as rig:
        rig.api.say(TOKEN, USER, "a chart")
        text, sticker = await rig.api.wait_for_sent(2)
        assert (text.method, text.text) == ("sendMessage", "here is **a chart**")
        assert sticker.method == "sendSticker"
    with sqlite3.connect(tmp_path / "state" / "router.db") as db:
        rows = db.execute("SELECT content, error FROM outbox WHERE state = 'dead'").fetchall()
    ((content, error),) = rows
    assert '"photo-file"' in content
    assert error.endswith("set webhook.publicUrl")
