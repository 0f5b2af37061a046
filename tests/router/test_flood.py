"""More than agents can answer: what arrives is bounded at the edge, nothing is dropped, and everybody has a turn."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import trio

from actors.agents.contract import Agent, AgentKind
from actors.agents.settings import EchoSettings
from actors.messages import Reply, Turn
from actors.testing.bot_api.api import BotApi, run_bot_api
from router.serve import Running, serve
from router.settings.load import load_settings
from router.surroundings import Surroundings
from router.telemetry import Telemetry

BUSY, QUIET = "1000000000000000001:busy", "1000000000000000002:quiet"
INBOX_LIMIT = 20


class GatedAgent:
    """Repeats the text once its gate is open."""

    def __init__(self) -> None:
        self.gate = trio.Event()
        self.asked = 0

    async def answer(self, turn: Turn) -> Reply:
        self.asked += 1
        await self.gate.wait()
        return Reply(turn.text)

    @asynccontextmanager
    async def open(self, _settings: EchoSettings) -> AsyncIterator[Agent]:
        yield self


async def flooded(directory: Path, api: BotApi, agent: GatedAgent, nursery: trio.Nursery, **limits: Any) -> Running:
    file = directory / "router.json5"
    accounts = {"busy": {"botToken": BUSY}, "quiet": {"botToken": QUIET}}
    channel = {"apiUrl": api.url, "dmPolicy": "open", "allowFrom": ["*"], "accounts": accounts}
    settings = {
        "channels": {"zalo": channel},
        "agents": {"list": [{"id": "main", "kind": "echo", "maxConcurrent": limits.pop("concurrent", 256)}]},
        "session": {"dmScope": "per-account-channel-peer"},
        "control": {"port": 0},
        "limits": {"inbox": INBOX_LIMIT, "pollGraceSeconds": 0, "drainSeconds": 0, **limits},
    }
    file.write_bytes(msgspec.json.encode(settings))
    around = Surroundings(
        state_dir=directory,
        locks=directory / "locks",
        telemetry=Telemetry(),
        agent_kinds={"echo": AgentKind("echo", EchoSettings, agent.open)},
    )
    running: Running = await nursery.start(serve, load_settings(file, env={}), around, trio.Event())
    return running


async def test_a_stuck_agent_stops_its_accounts_polls_at_the_limit_and_no_others(tmp_path: Path) -> None:
    agent = GatedAgent()
    with trio.fail_after(30):
        async with run_bot_api(BUSY, QUIET) as api, trio.open_nursery() as nursery:
            running = await flooded(tmp_path, api, agent, nursery)
            for number in range(200):
                api.say(BUSY, f"user-{number % 10}", f"message {number}")
            busy, quiet = running.router.state.rulebook.accounts
            while running.router.state.unfinished[busy] < INBOX_LIMIT:
                await trio.sleep(0.01)
            api.say(QUIET, "somebody", "and me?")
            while running.router.state.unfinished[quiet] < 1:
                await trio.sleep(0.01)
            # The other account was polled again and again meanwhile; this one has not taken one more.
            assert running.router.state.unfinished[busy] == INBOX_LIMIT
            assert len(api.bot(BUSY).queue) == 200 - INBOX_LIMIT
            agent.gate.set()
            await api.wait_for_sent(201)
            nursery.cancel_scope.cancel()
    for user in range(10):
        expected = [f"message {number}" for number in range(user, 200, 10)]
        assert [sent.text for sent in api.bot(BUSY).sent if sent.chat_id == f"user-{user}"] == expected


async def test_a_chat_that_never_stops_does_not_keep_others_waiting(tmp_path: Path) -> None:
    agent = GatedAgent()
    with trio.fail_after(30):
        async with run_bot_api(BUSY, QUIET) as api, trio.open_nursery() as nursery:
            running = await flooded(tmp_path, api, agent, nursery, inbox=1000, concurrent=1)
            for number in range(100):
                api.say(BUSY, "never-stops", f"{number}")
            for user in range(5):
                api.say(BUSY, f"user-{user}", "hello")
            while running.router.state.unfinished.total() < 105:
                await trio.sleep(0.01)
            agent.gate.set()
            await api.wait_for_sent(105)
            nursery.cancel_scope.cancel()
    order = [sent.chat_id for sent in api.bot(BUSY).sent]
    # One agent at a time, and lanes take turns: whoever wrote once is answered within the first rounds.
    assert all(order.index(f"user-{user}") < 12 for user in range(5))
