"""A picture's whole way: from the simulated network through a real `router serve` to an agent that opens the file."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import trio
from running import Home, zalo_accounts

from actors.testing.bot_api.api import BotApi, run_bot_api
from actors.testing.file_host import run_file_host

TOKEN = "1000000000000000001:one"
JPEG = b"\xff\xd8\xff\xe0" + b"j" * 3000
AAC = b"\xff\xf1\x60\x40" + b"a" * 500

AGENT = """
import hashlib, json, sys
turn = json.load(sys.stdin)
context = turn["context"]
found = {"text": turn["text"], "media": turn["media"], "types": context.get("MediaTypes", [])}
found["hashes"] = [hashlib.sha256(open(path, "rb").read()).hexdigest()[:8] for path in context.get("MediaPaths", [])]
print(json.dumps({"text": json.dumps(found)}))
"""


def home(directory: Path, url: str, *, private: bool = True) -> Home:
    (directory / "agent.py").write_text(AGENT)
    command = [sys.executable, str(directory / "agent.py")]
    settings = {
        "channels": zalo_accounts(url, [TOKEN], pollTimeoutSeconds=5),
        "agents": {"list": [{"id": "main", "kind": "command", "command": command}]},
        "media": {"allowPrivateNetworks": private},
        "control": {"port": 0},
        "limits": {"pollGraceSeconds": 0.2},
    }
    return Home(directory, settings)


async def answers(api: BotApi, count: int) -> list[dict[str, Any]]:
    """What the agent saw, as it tells it in its answers."""
    with trio.fail_after(60):
        await api.wait_for_sent(count)
    return [json.loads(sent.text) for sent in api.sent()]


async def test_an_agent_sees_pictures_and_voice_notes_as_files(tmp_path: Path) -> None:
    async with run_bot_api(TOKEN) as api, run_file_host() as host:
        router = home(tmp_path, api.url)
        async with router.running() as child:
            api.show_image(TOKEN, "u1", host.put("/p.jpg", JPEG, "image/jpeg"), caption="look")
            (picture,) = await answers(api, 1)
            api.speak(TOKEN, "u1", host.put("/v.aac", AAC))
            voice = (await answers(api, 2))[1]
            assert await child.stop() == 0
    (media,) = picture["media"]
    path = Path(media["path"])
    assert path.parent == router.state_dir / "media" / "inbound"
    assert path.read_bytes() == JPEG
    assert (picture["text"], picture["types"], len(picture["hashes"])) == ("look", ["image/jpeg"], 1)
    assert media["url"].endswith("/p.jpg")
    assert (voice["text"], voice["types"], len(voice["hashes"])) == ("<media:voice>", ["audio/aac"], 1)


async def test_a_picture_that_cannot_be_had_does_not_cost_the_message(tmp_path: Path) -> None:
    async with run_bot_api(TOKEN) as api, run_file_host() as host:
        router = home(tmp_path, api.url, private=False)
        async with router.running() as child:
            api.show_image(TOKEN, "u1", host.put("/p.jpg", JPEG), caption="look")
            (seen,) = await answers(api, 1)
            counters = (await child.status()).counters
            assert await child.stop() == 0
    assert seen["text"] == "look\n[media unavailable: its address is not public]"
    assert (seen["media"], seen["types"], host.requests) == ([], [], [])
    assert counters["media.unavailable: its address is not public"] == 1


async def test_a_stranger_makes_the_router_fetch_nothing(tmp_path: Path) -> None:
    async with run_bot_api(TOKEN) as api, run_file_host() as host:
        router = home(tmp_path, api.url)
        settings = json.loads(router.config.read_bytes())
        settings["channels"]["zalo"] |= {"dmPolicy": "pairing", "allowFrom": []}
        router.config.write_text(json.dumps(settings))
        async with router.running() as child:
            api.show_image(TOKEN, "u1", host.put("/p.jpg", JPEG), caption="look")
            with trio.fail_after(60):
                await api.wait_for_sent(1)
            assert await child.stop() == 0
    assert "Pairing code" in api.sent()[0].text
    assert host.requests == []


async def test_killed_while_a_picture_comes_it_is_fetched_again_and_the_message_answered(tmp_path: Path) -> None:
    large = JPEG + bytes(200_000)
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(large)
    async with run_bot_api(TOKEN) as api, run_file_host() as host:
        router = home(tmp_path, api.url)
        folder = router.state_dir / "media" / "inbound"
        async with router.running() as child:
            api.show_image(TOKEN, "u1", host.put_raw("/p.jpg", head + large[:100_000], hangs=True), caption="look")
            with trio.fail_after(60):
                while not folder.exists() or not any(path.stat().st_size for path in folder.iterdir()):
                    await trio.sleep(0.02)  # another process: there is no event to wait for
            await child.kill()
        assert [path.suffix for path in folder.iterdir()] == [".part"]
        host.put("/p.jpg", large)
        async with router.running() as child:
            (seen,) = await answers(api, 1)
            assert await child.stop() == 0
    assert (seen["text"], seen["types"]) == ("look", ["image/jpeg"])
    (path,) = folder.iterdir()
    assert path.read_bytes() == large


async def test_a_group_mentions_the_bot_and_a_sticker_is_answered_politely(tmp_path: Path) -> None:
    async with run_bot_api(TOKEN) as api:
        router = home(tmp_path, api.url)
        settings = json.loads(router.config.read_bytes())
        settings["channels"]["zalo"] |= {"groupPolicy": "open", "responsePrefix": "auto"}
        settings["agents"] = {"list": [{"id": "main", "kind": "echo", "name": "Linh"}]}
        settings["messages"] = {"locale": "vi", "unsupportedReply": True}
        router.config.write_text(json.dumps(settings))
        async with router.running() as child:
            api.say(TOKEN, "u1", "@Bot Demo giá bao nhiêu?", group=True)
            with trio.fail_after(60):
                await api.wait_for_sent(1)
            for _ in range(3):
                api.show_sticker(TOKEN, "u2", "0e078a2fb66a5f34067b")
            with trio.fail_after(60):
                await api.wait_for_sent(2)
            api.say(TOKEN, "u2", "xin chào")
            with trio.fail_after(60):
                await api.wait_for_sent(3)
            assert await child.stop() == 0
    assert [sent.text for sent in api.sent()] == [
        "[Linh] giá bao nhiêu?",
        "Xin lỗi, tôi không xem được loại tin nhắn này. Bạn hãy nhắn bằng chữ nhé.",
        "[Linh] xin chào",
    ]
