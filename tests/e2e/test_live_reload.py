"""A real process whose settings file is changed: by itself, at SIGHUP, and as `router config reload` asks."""

from __future__ import annotations

import signal
import socket
from pathlib import Path

import msgspec
import trio
from running import Child, Home, zalo_accounts

from actors.testing.bot_api.api import BotApi, run_bot_api
from router.control.protocol.overview import AccountReport

ONE, TWO = "1000000000000000001:canary-one", "1000000000000000002:canary-two"


class Shop:
    """A router with two open bots, and its file."""

    def __init__(self, directory: Path, api: BotApi) -> None:
        self.channels = zalo_accounts(api.url, [ONE, TWO])
        self.tree = {"channels": self.channels, "control": {"port": 0}, "limits": {"pollGraceSeconds": 0}}
        self.home = Home(directory, self.tree)

    def set(self, account: str, **keys: object) -> None:
        """Changes one account in the file."""
        self.channels["zalo"]["accounts"][account] |= keys  # type: ignore[index]
        self.home.config.write_bytes(msgspec.json.encode(self.tree))


async def accounts(child: Child) -> dict[str, AccountReport]:
    return {account.account_id: account for account in (await child.status()).accounts}


async def running(child: Child) -> dict[str, AccountReport]:
    found = await accounts(child)
    while any(account.state != "running" for account in found.values()):
        await trio.sleep(0.02)
        found = await accounts(child)
    return found


def since(found: dict[str, AccountReport]) -> dict[str, str]:
    return {account_id: account.since for account_id, account in found.items()}


async def test_a_policy_in_the_file_takes_effect_and_no_account_notices(tmp_path: Path) -> None:
    with trio.fail_after(60):
        async with run_bot_api(ONE, TWO) as api:
            shop = Shop(tmp_path, api)
            async with shop.home.running() as child:
                before = await running(child)
                api.say(ONE, "u1", "before")
                await api.wait_for_sent(1)
                shop.set("bot0", dmPolicy="disabled")
                while (await child.status()).counters.get("settings.reloaded", 0) < 1:
                    await trio.sleep(0.05)
                api.say(ONE, "u1", "after")
                api.say(TWO, "u1", "the other")
                assert [sent.text for sent in await api.wait_for_sent(2)] == ["before", "the other"]
                while (await child.status()).counters.get("message.dropped: dmPolicy=disabled", 0) < 1:
                    await trio.sleep(0.02)
                after = await accounts(child)
                assert {key: each.since for key, each in after.items()} == {
                    key: each.since for key, each in before.items()
                }
                assert await child.stop() == 0


async def test_sighup_and_the_command_reload_at_once_and_a_bad_file_is_refused(tmp_path: Path) -> None:
    with trio.fail_after(60):
        async with run_bot_api(ONE, TWO) as api:
            shop = Shop(tmp_path, api)
            async with shop.home.running() as child:
                before = await running(child)
                shop.set("bot0", pollTimeoutSeconds=7)
                child.process.send_signal(signal.SIGHUP)
                while (await running(child))["bot0"].since == before["bot0"].since:
                    await trio.sleep(0.02)
                shop.set("bot0", dmPolcy="open")
                done = await shop.home.command("config", "reload")
                assert (done.returncode, done.stdout) == (1, b"")
                assert b'did you mean "dmPolicy"?' in done.stderr
                assert "stay in force" in (await child.status()).warnings[0]
                after = await running(child)
                assert after["bot1"].since == before["bot1"].since
                assert await child.stop() == 0
    log = (tmp_path / "console.log").read_text()
    assert "canary" not in log
    assert "account zalo:bot0 starts anew" in log


async def test_a_token_that_came_by_reload_is_never_seen(tmp_path: Path) -> None:
    with trio.fail_after(60):
        async with run_bot_api(ONE, TWO) as api:
            shop = Shop(tmp_path, api)
            async with shop.home.running() as child:
                await running(child)
                shop.set("bot1", botToken="1000000000000000003:canary-three")
                assert (await shop.home.command("config", "reload")).returncode == 0
                while (await accounts(child))["bot1"].state != "needs-login":
                    await trio.sleep(0.02)
                assert await child.stop() == 0
    seen = [file.read_bytes() for file in tmp_path.rglob("*") if file.is_file() and file.name != "router.json5"]
    assert not any(b"canary" in text for text in seen)


async def test_a_service_manager_hears_ready_watchdog_and_stopping(tmp_path: Path) -> None:
    with trio.fail_after(60), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.setblocking(False)
        async with run_bot_api(ONE, TWO) as api:
            shop = Shop(tmp_path, api)
            env = shop.home.env()
            told = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "400000"}
            shop.home.env = lambda: env | told  # type: ignore[method-assign]
            async with shop.home.running() as child:
                heard: list[bytes] = []
                while not {b"READY=1", b"WATCHDOG=1"} <= set(heard):
                    await trio.lowlevel.wait_readable(manager)
                    heard.append(manager.recv(100))
                child.process.send_signal(signal.SIGTERM)
                while b"STOPPING=1" not in heard:
                    await trio.lowlevel.wait_readable(manager)
                    heard.append(manager.recv(100))
                assert await child.process.wait() == 0
