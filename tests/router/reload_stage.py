"""A served router whose settings file a test rewrites."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import trio

from actors.testing.bot_api.api import BotApi, run_bot_api
from router.control.client import ControlClient, open_control
from router.control.endpoint import read_endpoint
from router.control.protocol.config import ConfigReloaded, ReloadConfig
from router.control.protocol.overview import AccountReport, GetStatus, StatusResult
from router.events import Event
from router.serve import Running, serve
from router.settings.load import load_settings
from router.settings_file import SettingsFile
from router.surroundings import Surroundings
from router.telemetry import Telemetry

ONE, TWO = "1000000000000000001:one", "1000000000000000002:two"
USER = "6ede9afa66b88fe6d6a9"
E = TypeVar("E", bound=Event)


class ReloadStage:
    """One router, its file, and what it says."""

    def __init__(self, directory: Path, api: BotApi) -> None:
        self.api = api
        self.file = directory / "router.json5"
        self.state_dir = directory / "state"
        self.stop = trio.Event()
        self.events: list[Event] = []
        self.tree: dict[str, Any] = {
            "channels": {"zalo": {"apiUrl": api.url, "dmPolicy": "open", "allowFrom": ["*"], "pollTimeoutSeconds": 5}},
            "control": {"port": 0},
            "limits": {"pollGraceSeconds": 0, "drainSeconds": 5},
            "session": {"dmScope": "per-account-channel-peer"},
        }
        self.tree["channels"]["zalo"]["accounts"] = {"one": {"botToken": ONE}, "two": {"botToken": TWO}}
        self.control: ControlClient

    @property
    def zalo(self) -> dict[str, Any]:
        """The channel's block in the tree."""
        channel: dict[str, Any] = self.tree["channels"]["zalo"]
        return channel

    def write(self) -> None:
        """The tree as the file, put in the place of the old as editors do."""
        fresh = self.file.with_suffix(".new")
        fresh.write_bytes(msgspec.json.encode(self.tree))
        fresh.rename(self.file)

    async def reload(self) -> ConfigReloaded:
        """Writes the tree and puts it in force."""
        self.write()
        return await self.control.call(ReloadConfig())

    async def status(self) -> StatusResult:
        return await self.control.call(GetStatus())

    async def accounts(self) -> dict[str, AccountReport]:
        return {account.account_id: account for account in (await self.status()).accounts}

    async def wait_for(self, account_id: str, state: str) -> AccountReport:
        """The account once it is in that state."""
        while (found := (await self.accounts())[account_id]).state != state:
            await trio.sleep(0.01)
        return found

    def seen(self, kind: type[E]) -> list[E]:
        """Events of one kind so far."""
        return [event for event in self.events if isinstance(event, kind)]

    async def next_event(self, kind: type[E], after: int = 0) -> E:
        """The event of this kind that comes after so many of them."""
        while len(self.seen(kind)) <= after:
            await trio.sleep(0.01)
        return self.seen(kind)[after]

    async def serve(self, *, task_status: trio.TaskStatus[Running]) -> None:
        telemetry = Telemetry()
        telemetry.add_sink(lambda record: self.events.append(record.event), "debug")
        loaded = load_settings(self.file, env={})
        self.state_dir.mkdir()
        around = Surroundings(
            state_dir=self.state_dir,
            locks=self.state_dir / "locks",
            telemetry=telemetry,
            settings_file=SettingsFile(lambda: self.file, {}, loaded.sources),
        )
        await serve(loaded, around, self.stop, task_status=task_status)


@asynccontextmanager
async def staged(directory: Path, **changes: Any) -> AsyncIterator[ReloadStage]:
    """A router with the accounts `one` and `two`, both of which run; `changes` go into the tree before it starts."""
    with trio.fail_after(60):
        async with run_bot_api(ONE, TWO) as api, trio.open_nursery() as nursery:
            stage = ReloadStage(directory, api)
            stage.tree |= changes
            stage.write()
            await nursery.start(stage.serve)
            async with open_control(read_endpoint(stage.state_dir)) as control:
                stage.control = control
                for account_id in ("one", "two"):
                    await stage.wait_for(account_id, "running")
                yield stage
            stage.stop.set()
