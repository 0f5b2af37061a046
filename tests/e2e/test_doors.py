"""What a busy router leaves behind: files that only their owner reads, and logs that tell no secret and no message."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import pytest
import trio
from running import Home

from actors.testing.bot_api.api import run_bot_api

TOKEN = "1000000000000000001:canary-token-91be"
WORDS = "canary-words-3f77 xin chào"
CODE = re.compile(r"\b[A-HJ-NP-Z2-9]{8}\b")


def home(directory: Path, url: str, level: str) -> Home:
    channel = {"apiUrl": url, "botToken": TOKEN, "dmPolicy": "pairing"}
    settings = {
        "channels": {"zalo": channel},
        "control": {"port": 0},
        "limits": {"pollGraceSeconds": 0},
        "logging": {"level": level},
    }
    return Home(directory, settings)


async def busy(directory: Path, level: str) -> tuple[Home, str]:
    """A stranger asks, is let in, writes, is answered, with failures in between; the home and the code."""
    async with run_bot_api(TOKEN) as api:
        router = home(directory, api.url, level)
        async with router.running() as child:
            api.say(TOKEN, "u1", WORDS)
            (told,) = await api.wait_for_sent(1)
            code = CODE.search(told.text)
            assert code is not None
            done = await router.command("pairing", "approve", "--channel", "zalo", code.group())
            assert done.returncode == 0, done.stderr
            api.bot(TOKEN).faults.refuse("sendMessage", 500, "busy")
            api.say(TOKEN, "u1", WORDS)
            api.show_image(TOKEN, "u1", "http://127.0.0.1:1/picture.jpg", WORDS)
            api.inject(TOKEN, b'{"event_name":"message.text.received","message":{"text":"' + WORDS.encode() + b'"}}')
            await api.wait_for_sent(3)
            await child.kill()
        async with router.running() as child:
            assert await child.stop() == 0
    return router, code.group()


def logs_of(router: Home) -> bytes:
    files = [router.directory / "console.log", *(router.state_dir / "logs").iterdir()]
    return b"".join(file.read_bytes() for file in files)


async def test_everything_in_the_state_directory_is_its_owners_alone(tmp_path: Path) -> None:
    with trio.fail_after(60):
        router, _ = await busy(tmp_path, "info")
    found = [router.state_dir, *router.state_dir.rglob("*")]
    wide = {
        str(path.relative_to(tmp_path)): oct(stat.S_IMODE(path.stat().st_mode))
        for path in found
        if stat.S_IMODE(path.stat().st_mode) & 0o077
    }
    assert wide == {}
    names = {path.name for path in found}
    assert {"router.db", "logs", "router.jsonl"} <= names


@pytest.mark.parametrize("level", ["info", "debug"])
async def test_no_level_of_the_log_tells_a_token_or_a_message(tmp_path: Path, level: str) -> None:
    with trio.fail_after(60):
        router, code = await busy(tmp_path, level)
    logs = logs_of(router)
    assert b"router.serving" in logs
    assert TOKEN.partition(":")[2].encode() not in logs
    assert WORDS.partition(" ")[0].encode() not in logs
    assert level == "debug" or code.encode() not in logs
