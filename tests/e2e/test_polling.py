"""The main job, whole: a real `router serve` between the simulated Bot API and an agent."""

from __future__ import annotations

import sqlite3
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trio
from running import Child, Home, zalo_accounts
from traffic import Line, Verdict, judge, lines

from actors.testing.bot_api.api import BotApi, run_bot_api
from actors.testing.model_server import open_model_server

TOKENS = ("1000000000000000001:one", "1000000000000000002:two")
SENDS_IN_FLIGHT = 4
"""Of one account at a time: so many may be unknown after a kill, and are sent again."""


def home(directory: Path, url: str, **fields: Any) -> Home:
    settings = {
        "channels": zalo_accounts(url, TOKENS, pollTimeoutSeconds=5),
        "session": {"dmScope": "per-account-channel-peer"},
        "control": {"port": 0},
        "limits": {"pollGraceSeconds": 0.2},
    }
    return Home(directory, settings | fields)


def say_all(api: BotApi, said: list[Line]) -> None:
    for line in said:
        api.say(line.token, line.user_id, line.text)


async def answered(api: BotApi, said: list[Line]) -> None:
    """Returns when every line of every bot has been answered at least once."""
    for token in TOKENS:
        await api.wait_until(partial(_all_said, api, token, {line.text for line in said if line.token == token}))


def _all_said(api: BotApi, token: str, expected: set[str]) -> bool:
    return len(api.bot(token).sent) >= len(expected) and expected <= set(api.bot(token).texts)


def verdicts(api: BotApi, said: list[Line]) -> list[Verdict]:
    return [judge([line for line in said if line.token == token], api.bot(token).sent) for token in TOKENS]


async def say_again_what_was_lost_on_the_wire(api: BotApi, child: Child) -> None:
    """An answer to a poll that the dead process had not read was never accepted, and the simulator gives each update
    once, as Zalo does. So that every line can be expected, those few come in again."""
    await api.wait_until(lambda: not any(api.bot(token).queue for token in TOKENS))
    while any(account.inbox_waiting or account.turns_running for account in (await child.status()).accounts):
        await trio.sleep(0.05)  # another process: there is no event to wait for
    with sqlite3.connect(f"file:{child.state_dir / 'router.db'}?mode=ro", uri=True) as db:
        accepted = {message_id for (message_id,) in db.execute("SELECT message_id FROM inbox")}
    for token in TOKENS:
        for message_id in set(api.bot(token).injected) - accepted:
            api.replay(token, message_id)


async def test_two_accounts_route_two_thousand_messages_of_forty_users(tmp_path: Path) -> None:
    said = lines(TOKENS, users=20, messages=2000)
    with trio.fail_after(120):
        async with run_bot_api(*TOKENS) as api, home(tmp_path, api.url).running() as child:
            say_all(api, said)
            await answered(api, said)
            assert await child.stop() == 0
    assert all(verdicts(api, said))


async def test_kill_nine_in_the_middle_and_a_restart_lose_nothing_and_keep_the_order(tmp_path: Path) -> None:
    said = lines(TOKENS, users=20, messages=2000)
    with trio.fail_after(180):
        async with run_bot_api(*TOKENS) as api:
            router = home(tmp_path, api.url)
            say_all(api, said)
            for answers in (300, 1100):
                async with router.running() as child:
                    await api.wait_for_sent(answers)
                    await child.kill()
            async with router.running() as child:
                await say_again_what_was_lost_on_the_wire(api, child)
                await answered(api, said)
                assert await child.stop() == 0
    for verdict in verdicts(api, said):
        assert verdict.lost == ()
        assert len(verdict.repeated) <= 2 * SENDS_IN_FLIGHT


async def test_the_same_holds_with_a_model_behind_an_openai_agent(tmp_path: Path) -> None:
    said = lines(TOKENS, users=20, messages=400)
    with trio.fail_after(120):
        async with run_bot_api(*TOKENS) as api, open_model_server() as model:
            agent = {"id": "main", "kind": "openai", "baseUrl": model.base_url, "model": "echo", "historyLimit": 4}
            router = home(tmp_path, api.url, agents={"list": [agent]})
            say_all(api, said)
            async with router.running() as child:
                await api.wait_for_sent(100)
                await child.kill()
            async with router.running() as child:
                await say_again_what_was_lost_on_the_wire(api, child)
                await answered(api, said)
                assert await child.stop() == 0
    for verdict in verdicts(api, said):
        assert verdict.lost == ()
        assert len(verdict.repeated) <= SENDS_IN_FLIGHT


@pytest.mark.parametrize("words", [("status",), ("status", "--json")])
async def test_status_of_a_running_router_names_its_accounts(tmp_path: Path, words: tuple[str, ...]) -> None:
    async with run_bot_api(*TOKENS) as api:
        router = home(tmp_path, api.url)
        async with router.running():
            await api.wait_for_calls(2, "getUpdates")
            done = await router.command(*words)
    assert done.returncode == 0
    assert b"bot0" in done.stdout
    assert b"running" in done.stdout
    assert not any(token.encode() in done.stdout + done.stderr for token in TOKENS)
