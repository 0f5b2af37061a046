"""A simulated Zalo in this process, and who may answer on it: the router, and what it is compared with."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib.util import find_spec
from pathlib import Path

import msgspec
import trio

from actors.testing.bot_api.api import BotApi, run_bot_api
from actors.testing.bot_api.bot import SimulatedBot
from bench.children import Home, python_child, still_running

POLLING_SECONDS = 60.0


class Stage:
    """The simulator with its bots."""

    def __init__(self, api: BotApi, tokens: list[str], directory: Path) -> None:
        self.api = api
        self.tokens = tokens
        self.directory = directory
        self.bots: list[SimulatedBot] = [api.bot(token) for token in tokens]

    def polling(self) -> int:
        """How many bots are being polled now."""
        return sum(bot.queue.pollers > 0 for bot in self.bots)

    async def wait_until_all_poll(self, process: trio.Process, log: Path) -> None:
        """Returns when every bot has a poller."""
        with trio.fail_after(POLLING_SECONDS):
            while self.polling() < len(self.bots):
                still_running(process, log)
                await trio.sleep(0.005)

    def home(self, **sections: object) -> Home:
        """A router's home: an open account per bot, an echo agent unless `sections` says otherwise."""
        return Home(self.directory, {**router_settings(self.api.url, self.tokens), **sections})


@asynccontextmanager
async def stage(accounts: int, directory: Path) -> AsyncIterator[Stage]:
    """A simulator with so many bots, for as long as the block lasts."""
    tokens = [f"{10**18 + number}:only-the-simulator-knows-{number}" for number in range(accounts)]
    async with run_bot_api(*tokens) as api:
        yield Stage(api, tokens, directory)


def router_settings(api_url: str, tokens: list[str]) -> Mapping[str, object]:
    """Each person a session of their own, so that nobody waits for anybody."""
    accounts = {f"bot{number}": {"botToken": token} for number, token in enumerate(tokens)}
    return {
        "channels": {
            "zalo": {
                "apiUrl": api_url,
                "dmPolicy": "open",
                "allowFrom": ["*"],
                "accounts": accounts,
                # What is measured is the router, not the pace that it keeps for Zalo's sake.
                "pacing": {"perMinute": 6_000_000, "burst": 100_000},
            }
        },
        "agents": {"list": [{"id": "main", "kind": "echo"}]},
        "session": {"dmScope": "per-account-channel-peer"},
        "control": {"port": 0},
    }


@asynccontextmanager
async def router_on(stage: Stage) -> AsyncIterator[trio.Process]:
    """A router with an echo agent, polling all bots."""
    home = stage.home()
    async with home.serving() as process:
        await home.wait_until_serving(process)
        await stage.wait_until_all_poll(process, home.log)
        yield process


@asynccontextmanager
async def _program(module: str, stage: Stage) -> AsyncIterator[trio.Process]:
    log = stage.directory / f"{module}.log"
    orders = msgspec.json.encode({"url": stage.api.url, "tokens": stage.tokens})
    async with python_child(("-m", f"bench.{module}"), log, orders) as process:
        await stage.wait_until_all_poll(process, log)
        yield process


def bare_wire_on(stage: Stage) -> AbstractAsyncContextManager[trio.Process]:
    """The least that can answer: h11 on sockets, no store."""
    return _program("bare_wire", stage)


def peer_on(stage: Stage) -> AbstractAsyncContextManager[trio.Process]:
    """An echo bot on python-zalo-bot; its first bot only, since one process of it serves one."""
    return _program("peer", stage)


Contender = Callable[[Stage], AbstractAsyncContextManager[trio.Process]]
PEER = "python-zalo-bot"
CONTENDERS: dict[str, Contender] = {"router": router_on, "bare wire": bare_wire_on}
if find_spec("zalo_bot") is not None:  # an extra: `pip install 'zalo-router[bench]'`
    CONTENDERS[PEER] = peer_on
