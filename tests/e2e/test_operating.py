"""A real router operated from a real command line, before, while and after it runs."""

from __future__ import annotations

import json
from pathlib import Path

import trio
from running import Home

from actors.testing.bot_api.api import run_bot_api

TOKEN = "1000000000000000001:canary-operating"
TED = "6ede9afa66b88fe6d6a9"
SEND = ("message", "send", "--channel", "zalo", "--target", TED)


async def test_a_message_that_could_not_be_sent_is_sent_once_by_whoever_comes_next(tmp_path: Path) -> None:
    """Queued with no router, sent by the next one; the key is known to both, and to the command after both."""
    with trio.fail_after(90):
        async with run_bot_api(TOKEN) as api:
            api.know(TOKEN, TED)
            channel = {"botToken": TOKEN, "apiUrl": api.url, "pollTimeoutSeconds": 1}
            home = Home(tmp_path, {"channels": {"zalo": channel}, "control": {"port": 0}})
            config = ("--config", str(home.config))
            once = (*SEND, "-m", "hello", "--idempotency-key", "k", "--json", *config)
            api.bot(TOKEN).faults.refuse("sendMessage", 429, "Too Many Requests", times=1)
            waiting = await home.command(*once, "--wait", "0")
            assert waiting.returncode == 1
            assert json.loads(waiting.stdout)["outcome"] == "pending"
            async with home.running() as child:
                sent = await home.command(*once)
                assert (sent.returncode, json.loads(sent.stdout)["outcome"]) == (0, "sent")
                status = await home.command("channels", "status", "--probe", "--json")
                assert (status.returncode, json.loads(status.stdout)["ok"]) == (0, True)
                api.bot(TOKEN).revoke()
                while (await home.command("channels", "status")).returncode == 0:
                    await trio.sleep(0.05)
                assert (await child.stop()) == 0
            api.bot(TOKEN).reinstate()
            again = await home.command(*once)
            assert again.stdout == sent.stdout
            assert [message.text for message in api.sent()] == ["hello"]
            log = await home.command("logs", "--json", "--limit", "1000")
            names = [line["name"] for line in json.loads(log.stdout)["lines"]]
            assert "router.serving" in names
            seen = b"".join(each.stdout + each.stderr for each in (waiting, sent, status, again, log))
            assert b"canary-operating" not in seen
            down = await home.command("channels", "status", "--json")
            assert (down.returncode, json.loads(down.stdout)["error"]["code"]) == (3, "not-running")
