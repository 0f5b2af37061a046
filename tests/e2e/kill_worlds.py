"""Where the router of `kill_loop` is killed: what its accounts are on, one world for each way of receiving.

Worlds differ in what a kill may cost. A poll's answer and a listener's line are gone for good once they were handed
over, so a kill before the commit may lose them; a webhook is posted until it was answered with 200, so nothing may be
missing at all.
"""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Literal, Protocol

import msgspec
import trio
from posting import listening_at
from running import Child, Home, zalo_accounts
from tls_tunnel import Certified, tunnel

from actors.testing.bot_api.api import BotApi, run_bot_api
from actors.testing.bot_api.records import Behaviour
from actors.testing.zca.driver import PROGRAM, StandIn

Mode = Literal["polling", "webhook", "zca"]

TOKENS = ("1000000000000000001:one", "1000000000000000002:two")
PROFILES = ("default", "work")
COMMON_POINTS = (
    "before-known",
    "before-commit",
    "after-commit",
    "before-accept",
    "after-accept",
    "before-turn",
    "after-turn",
)
API_POINTS = ("before-send", "after-send")


class World(Protocol):
    """The network's side of a run, which outlives every router."""

    accounts: tuple[str, ...]
    points: tuple[str, ...]
    """The failpoints that can be passed here."""
    loses_nothing: bool
    """Whether everything said must have been accepted in the end."""
    start_seconds: float
    """What a router needs until its accounts are at work, about."""
    router: Home

    async def prepare(self) -> None:
        """What has to be done once, before anybody speaks."""

    def born(self, child: Child) -> None:
        """A router has been started."""

    def say(self, account_id: str, user_id: str, text: str) -> None:
        """Somebody writes to an account."""

    def sent(self, account_id: str) -> list[tuple[str, str]]:
        """What the account has sent: chat and text, in order."""


class PollingWorld:
    """Two bots that poll."""

    points: tuple[str, ...] = (*COMMON_POINTS, *API_POINTS, "after-poll")
    loses_nothing = False
    start_seconds = 0.35

    def __init__(self, api: BotApi, router: Home) -> None:
        self._tokens = {f"bot{index}": token for index, token in enumerate(TOKENS)}
        self.accounts = tuple(self._tokens)
        self.api = api
        self.router = router

    async def prepare(self) -> None:
        await trio.lowlevel.checkpoint()

    def born(self, child: Child) -> None:
        pass

    def say(self, account_id: str, user_id: str, text: str) -> None:
        self.api.say(self._tokens[account_id], user_id, text)

    def sent(self, account_id: str) -> list[tuple[str, str]]:
        return [(message.chat_id, message.text) for message in self.api.bot(self._tokens[account_id]).sent]


class Door:
    """Where the router that runs now takes webhooks."""

    def __init__(self) -> None:
        self.child: Child | None = None
        self._found = ""

    def move(self, child: Child) -> None:
        self.child, self._found = child, ""

    def address(self) -> str | None:
        if self.child is None or self.child.process.poll() is not None:
            return None
        if not self._found:
            with suppress(FileNotFoundError):
                self._found = listening_at(self.child.state_dir, self.child.process.pid) or ""
        return self._found or None


class WebhookWorld(PollingWorld):
    """Two bots on webhooks, behind one path; each update is posted over TLS until it was answered with 200."""

    points: tuple[str, ...] = (*COMMON_POINTS, *API_POINTS, "before-take", "after-take")
    loses_nothing = True
    start_seconds = 0.6

    def __init__(self, api: BotApi, router: Home, door: Door) -> None:
        super().__init__(api, router)
        self._door = door

    async def prepare(self) -> None:
        """Has the network told, by a first router, where to post."""
        async with self.router.running() as child:
            self.born(child)
            await self.api.wait_until(lambda: all(self.api.bot(token).webhook for token in TOKENS))
            await child.stop()

    def born(self, child: Child) -> None:
        self._door.move(child)


class ZcaWorld:
    """Two personal accounts on the stand-in for zca."""

    accounts: tuple[str, ...] = PROFILES
    points: tuple[str, ...] = (*COMMON_POINTS, "before-line", "after-line", "before-zca", "after-zca")
    loses_nothing = False
    start_seconds = 1.2

    def __init__(self, zca: StandIn, router: Home) -> None:
        self._zca = zca
        self.router = router

    async def prepare(self) -> None:
        await trio.lowlevel.checkpoint()

    def born(self, child: Child) -> None:
        pass

    def say(self, account_id: str, user_id: str, text: str) -> None:
        self._zca.say(text, sender=user_id, profile=account_id)

    def sent(self, account_id: str) -> list[tuple[str, str]]:
        return [(one.thread, one.text) for one in self._zca.sent() if one.profile == account_id]

    def end_listeners(self) -> None:
        """Those that a killed router has left behind."""
        for profile in PROFILES:
            pid = self._zca.listener_pid(profile)
            if pid is not None:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


def _home(directory: Path, channels: dict[str, Any], **fields: Any) -> Home:
    settings = {
        "channels": channels,
        "session": {"dmScope": "per-account-channel-peer"},
        "agents": {"list": [{"id": "main", "kind": "echo"}]},
        "control": {"port": 0},
        "limits": {"pollGraceSeconds": 0},
    }
    return Home(directory, settings | fields)


@asynccontextmanager
async def polling(directory: Path) -> AsyncIterator[PollingWorld]:
    async with run_bot_api(*TOKENS) as api:
        yield PollingWorld(api, _home(directory, zalo_accounts(api.url, TOKENS, pollTimeoutSeconds=5)))


@asynccontextmanager
async def webhook(directory: Path) -> AsyncIterator[WebhookWorld]:
    forever = Behaviour(webhook_retries=10**9, webhook_retry_seconds=0.02)
    door = Door()
    async with run_bot_api(*TOKENS, behaviour=forever) as api, tunnel(door.address) as port:
        certified = Certified(directory)
        channels = zalo_accounts(api.url, TOKENS, webhookUrl=f"https://localhost:{port}/zalo")
        accounts = msgspec.convert(channels["zalo"], dict[str, Any])["accounts"]
        for index, token in enumerate(TOKENS):
            api.bot(token).trust = certified.trust
            accounts[f"bot{index}"]["webhookSecret"] = f"secret-of-bot{index}"
        listener = {"port": 0, "tlsCert": "cert.pem", "tlsKey": "key.pem", "ratePerMinute": 1_000_000}
        yield WebhookWorld(api, _home(directory, channels, webhook=listener), door)


@asynccontextmanager
async def zca(directory: Path) -> AsyncIterator[ZcaWorld]:
    stand_in = StandIn(directory / "zca")
    for profile in PROFILES:
        stand_in.log_in(profile)
    accounts = {profile: {"profile": profile} for profile in PROFILES}
    channel = {"program": PROGRAM, "dmPolicy": "open", "allowFrom": ["*"], "accounts": accounts}
    router = _home(directory, {"zalouser": channel}, restart={"initialDelaySeconds": 0.2})
    router.extra_env = stand_in.env
    world = ZcaWorld(stand_in, router)
    try:
        yield world
    finally:
        world.end_listeners()


def open_world(mode: Mode, directory: Path) -> AbstractAsyncContextManager[World]:
    """The world of a mode, with its files in `directory`."""
    match mode:
        case "polling":
            return polling(directory)
        case "webhook":
            return webhook(directory)
        case "zca":
            return zca(directory)
