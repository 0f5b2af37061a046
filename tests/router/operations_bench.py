"""A router with everything but its process: simulated Bot API below, control socket above."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import trio

from actors.testing.bot_api.api import BotApi, run_bot_api
from router.control.client import ControlClient, open_control
from router.control.endpoint import read_endpoint
from router.control.protocol.channels import ChannelStatus, GetChannelsStatus
from router.events import Event
from router.logs import LogOptions, open_logs
from router.serve import Running, serve
from router.settings.load import load_settings
from router.surroundings import Surroundings
from router.telemetry import Telemetry

TOKEN = "1000000000000000001:canary-of-the-shop"
OTHER = "1000000000000000002:canary-of-the-help"
TED = "6ede9afa66b88fe6d6a9"
OPEN = {"dmPolicy": "open", "allowFrom": ["*"]}


class Rig:
    """One served router and what is around it."""

    def __init__(self, directory: Path, api: BotApi, zalo: dict[str, Any], **sections: Any) -> None:
        self.api = api
        self.stop = trio.Event()
        self.clean: bool | None = None
        self.events: list[Event] = []
        directory.mkdir(exist_ok=True)
        file = directory / "router.json5"
        zalo = {"apiUrl": api.url, "pollTimeoutSeconds": 5} | zalo
        limits = {"pollGraceSeconds": 0, "drainSeconds": 5}
        everything = {"channels": {"zalo": zalo}, "control": {"port": 0}, "limits": limits} | sections
        file.write_bytes(msgspec.json.encode(everything))
        self.telemetry = Telemetry()
        self.telemetry.add_sink(lambda record: self.events.append(record.event), "debug")
        self.loaded = load_settings(file, env={})
        self.around = Surroundings(state_dir=directory, locks=directory.parent / "locks", telemetry=self.telemetry)

    async def serve(self, *, task_status: trio.TaskStatus[Running]) -> None:
        with open_logs(self.around.state_dir, LogOptions(level="debug"), io.StringIO()) as log:
            self.telemetry.add_sink(log.sink, "debug")
            self.clean = await serve(self.loaded, self.around, self.stop, task_status=task_status)


@asynccontextmanager
async def serving(directory: Path, *tokens: str, zalo: dict[str, Any], **sections: Any) -> AsyncIterator[Served]:
    """Serves while the body runs, and sees that the drain was clean."""
    with trio.fail_after(30):
        async with run_bot_api(*(tokens or (TOKEN,))) as api, trio.open_nursery() as nursery:
            rig = Rig(directory / "state", api, zalo, **sections)
            running = await nursery.start(rig.serve)
            async with open_control(read_endpoint(rig.around.state_dir)) as control:
                yield Served(rig, control, running)
            rig.stop.set()
    assert rig.clean is True


class Served:
    """What a test holds in its hands."""

    def __init__(self, rig: Rig, control: ControlClient, running: Running) -> None:
        self.rig = rig
        self.api = rig.api
        self.control = control
        self.running = running

    async def wait_for_state(self, *words: str, account: str = "default") -> ChannelStatus:
        while True:
            found = await self.control.call(GetChannelsStatus(channel="zalo", account=account))
            if found.accounts[0].account.state in words:
                return found.accounts[0]
            await trio.sleep(0.01)


def one_bot(**zalo: Any) -> dict[str, Any]:
    return {"botToken": TOKEN} | OPEN | zalo


def two_bots() -> dict[str, Any]:
    return {"accounts": {"shop": {"botToken": TOKEN}, "help": {"botToken": OTHER}}} | OPEN
