"""The composition root, in process: a router between the simulated Bot API and its own control socket."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
import trio

from actors.testing.bot_api.api import BotApi, run_bot_api
from router.control.client import ControlClient, open_control
from router.control.endpoint import read_endpoint
from router.control.jsonrpc import ControlError
from router.control.protocol import AccountReport, ApprovePairing, GetStatus, ListPairings
from router.events import Event, Stopped
from router.serve import Running, serve
from router.settings.load import load_settings
from router.surroundings import Surroundings
from router.telemetry import Telemetry

TOKEN = "1000000000000000001:one"
USER = "6ede9afa66b88fe6d6a9"


class Rig:
    """One served router."""

    def __init__(self, directory: Path, api: BotApi, settings: dict[str, Any]) -> None:
        self.api = api
        self.stop = trio.Event()
        self.clean: bool | None = None
        self.events: list[Event] = []
        directory.mkdir(exist_ok=True)
        file = directory / "router.json5"
        file.write_bytes(msgspec.json.encode(settings))
        telemetry = Telemetry()
        telemetry.add_sink(lambda record: self.events.append(record.event), "debug")
        self.loaded = load_settings(file, env={})
        self.around = Surroundings(state_dir=directory, locks=directory.parent / "locks", telemetry=telemetry)

    async def serve(self, *, task_status: trio.TaskStatus[Running]) -> None:
        self.clean = await serve(self.loaded, self.around, self.stop, task_status=task_status)

    async def wait_for_state(self, control: ControlClient, word: str) -> AccountReport:
        while (account := (await control.call(GetStatus())).accounts[0]).state != word:
            await trio.sleep(0.01)
        return account


def settings(url: str, **zalo: Any) -> dict[str, Any]:
    channel = {"botToken": TOKEN, "apiUrl": url, "pollTimeoutSeconds": 5} | zalo
    limits = {"pollGraceSeconds": 0, "drainSeconds": 5}
    return {"channels": {"zalo": channel}, "control": {"port": 0}, "limits": limits}


@asynccontextmanager
async def serving(directory: Path, **zalo: Any) -> AsyncIterator[tuple[Rig, ControlClient]]:
    with trio.fail_after(30):
        async with run_bot_api(TOKEN) as api, trio.open_nursery() as nursery:
            rig = Rig(directory / "state", api, settings(api.url, **zalo))
            await nursery.start(rig.serve)
            async with open_control(read_endpoint(rig.around.state_dir)) as control:
                yield rig, control
            rig.stop.set()


async def test_a_stranger_is_paired_over_the_control_socket_and_answered_from_then_on(tmp_path: Path) -> None:
    async with serving(tmp_path) as (rig, control):
        rig.api.say(TOKEN, USER, "hello")
        (told,) = await rig.api.wait_for_sent(1)
        (request,) = (await control.call(ListPairings(channel="zalo"))).requests
        assert request.code in told.text
        assert (request.id, request.meta.name) == (USER, "Ted")
        approved = await control.call(ApprovePairing(channel="zalo", code=request.code.lower()))
        assert approved.id == USER
        rig.api.say(TOKEN, USER, "xin chào")
        assert (await rig.api.wait_for_sent(2))[1].text == "xin chào"
        assert (await control.call(ListPairings())).requests == ()
    assert rig.clean is True


async def test_a_wrong_code_and_a_channel_without_accounts_are_refused_in_words(tmp_path: Path) -> None:
    async with serving(tmp_path) as (_, control):
        with pytest.raises(ControlError, match="No pending pairing request found for code: NOPE"):
            await control.call(ApprovePairing(channel="zalo", code="nope"))
        with pytest.raises(ControlError, match="no account of channel 'zalouser'"):
            await control.call(ApprovePairing(channel="zalouser", code="nope"))


async def test_a_refused_token_reads_needs_login_and_is_not_tried_again(tmp_path: Path) -> None:
    with trio.fail_after(30):
        async with run_bot_api() as api, trio.open_nursery() as nursery:
            rig = Rig(tmp_path / "state", api, settings(api.url))
            await nursery.start(rig.serve)
            async with open_control(read_endpoint(rig.around.state_dir)) as control:
                account = await rig.wait_for_state(control, "needs-login")
            assert account.restarts == 0
            assert TOKEN not in account.last_error
            assert "Unauthorized" in account.last_error
            rig.stop.set()


async def test_one_accounts_refused_token_leaves_the_other_answering(tmp_path: Path) -> None:
    accounts = {"good": {"botToken": TOKEN}, "bad": {"botToken": "1000000000000000009:revoked"}}
    open_to_all = {"dmPolicy": "open", "allowFrom": ["*"]}
    with trio.fail_after(30):
        async with run_bot_api(TOKEN) as api, trio.open_nursery() as nursery:
            config = settings(api.url) | {
                "channels": {"zalo": {"apiUrl": api.url, "accounts": accounts, **open_to_all}}
            }
            rig = Rig(tmp_path / "state", api, config)
            await nursery.start(rig.serve)
            api.say(TOKEN, USER, "still there?")
            assert (await api.wait_for_sent(1))[0].text == "still there?"
            async with open_control(read_endpoint(rig.around.state_dir)) as control:
                assert (await rig.wait_for_state(control, "needs-login")).account_id == "bad"
            rig.stop.set()


async def test_two_routers_with_one_token_take_turns(tmp_path: Path) -> None:
    async with serving(tmp_path) as (first, _), trio.open_nursery() as nursery:
        await first.api.wait_for_calls(1, "getUpdates")
        second = Rig(tmp_path / "second", first.api, settings(first.api.url))
        await nursery.start(second.serve)
        async with open_control(read_endpoint(second.around.state_dir)) as control:
            account = await second.wait_for_state(control, "backing-off")
        assert f"process {os.getpid()} already uses the login of zalo:default" in account.last_error
        second.stop.set()


async def test_a_channel_that_does_not_exist_yet_reads_failed_and_harms_nobody(tmp_path: Path) -> None:
    with trio.fail_after(30):
        async with run_bot_api(TOKEN) as api, trio.open_nursery() as nursery:
            rig = Rig(tmp_path / "state", api, settings(api.url))
            around = msgspec.structs.replace(rig.around, channel_kinds={})
            rig.around = around
            await nursery.start(rig.serve)
            async with open_control(read_endpoint(around.state_dir)) as control:
                account = await rig.wait_for_state(control, "failed")
            assert "no zalo channel" in account.last_error
            rig.stop.set()


async def test_draining_ends_the_running_turn_and_leaves_the_rest_for_the_next_start(tmp_path: Path) -> None:
    slow = {"id": "main", "kind": "command", "command": ["sh", "-c", "sleep 0.5; echo done"]}
    with trio.fail_after(30):
        async with run_bot_api(TOKEN) as api, trio.open_nursery() as nursery:
            config = settings(api.url, dmPolicy="open", allowFrom=["*"]) | {"agents": {"list": [slow]}}
            rig = Rig(tmp_path / "state", api, config)
            running: Running = await nursery.start(rig.serve)
            for text in ("one", "two"):
                api.say(TOKEN, USER, text)
            while running.router.state.unfinished.total() < 2:
                await trio.sleep(0.01)
            rig.stop.set()
        assert rig.clean is True
        assert [event.unfinished for event in rig.events if isinstance(event, Stopped)] == [1]
        assert [sent.text for sent in api.sent()] == ["done"]
        assert running.router.state.unfinished.total() == 1


async def test_a_turn_that_outlasts_the_drain_is_cut_off_and_told(tmp_path: Path) -> None:
    stuck = {"id": "main", "kind": "command", "command": ["sleep", "60"]}
    with trio.fail_after(30):
        async with run_bot_api(TOKEN) as api, trio.open_nursery() as nursery:
            config = settings(api.url, dmPolicy="open", allowFrom=["*"]) | {"agents": {"list": [stuck]}}
            config["limits"] = {"drainSeconds": 0.3, "pollGraceSeconds": 0}
            rig = Rig(tmp_path / "state", api, config)
            running: Running = await nursery.start(rig.serve)
            api.say(TOKEN, USER, "hello?")
            while not running.router.state.running:
                await trio.sleep(0.01)
            rig.stop.set()
        assert rig.clean is False


async def test_what_the_store_holds_is_in_files_that_only_the_owner_reads(tmp_path: Path) -> None:
    async with serving(tmp_path) as (rig, _):
        for name in ("router.db", "control.json"):
            assert (rig.around.state_dir / name).stat().st_mode & 0o777 == 0o600
    assert not (rig.around.state_dir / "control.json").exists()


async def test_a_slow_turn_shows_typing_in_its_chat_and_a_quick_one_does_not(tmp_path: Path) -> None:
    agents = [
        {"id": "slow", "kind": "command", "command": ["sh", "-c", "sleep 1; echo done"], "default": True},
        {"id": "quick", "kind": "echo"},
    ]
    bindings = [{"agentId": "quick", "match": {"channel": "zalo", "peer": {"kind": "direct", "id": "quick-user"}}}]
    with trio.fail_after(30):
        async with run_bot_api(TOKEN) as api, trio.open_nursery() as nursery:
            config = settings(api.url, dmPolicy="open", allowFrom=["*"])
            config |= {"agents": {"list": agents}, "bindings": bindings}
            rig = Rig(tmp_path / "state", api, config)
            await nursery.start(rig.serve)
            api.say(TOKEN, "quick-user", "hello")
            api.say(TOKEN, USER, "hello")
            await api.wait_for_sent(2)
            rig.stop.set()
        assert [(action.chat_id, action.action) for action in api.bot(TOKEN).actions] == [(USER, "typing")]
