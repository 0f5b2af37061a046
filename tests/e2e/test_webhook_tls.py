"""Webhooks as Zalo delivers them: the simulator tests and posts over TLS, through a tunnel, to `router serve`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
import trio
from posting import listening_at
from running import Child, Home
from tls_tunnel import Certified, tunnel

from actors.testing.bot_api.api import BotApi, run_bot_api
from actors.testing.bot_api.records import Behaviour

TOKEN = "1000000000000000001:one"
SECRET = "canary-secret-4c1f"
USERS = tuple(f"{number:020x}" for number in range(5))


class Place:
    """A directory with a certificate, a simulator that trusts it, and a tunnel to the router that runs now."""

    def __init__(self, directory: Path, api: BotApi, port: int) -> None:
        self.children: list[Child] = []
        certified = Certified(directory)
        api.bot(TOKEN).trust = certified.trust
        self.home = Home(
            directory,
            {
                "channels": {
                    "zalo": {
                        "apiUrl": api.url,
                        "dmPolicy": "open",
                        "allowFrom": ["*"],
                        "botToken": TOKEN,
                        "webhookUrl": f"https://localhost:{port}/zalo/in",
                        "webhookSecret": SECRET,
                    }
                },
                "session": {"dmScope": "per-account-channel-peer"},
                "control": {"port": 0},
                "webhook": {"port": 0, "tlsCert": "cert.pem", "tlsKey": "key.pem"},
                "limits": {"pollGraceSeconds": 0.2},
            },
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Child]:
        async with self.home.running() as child:
            self.children.append(child)
            yield child


def address_in(places: list[Place]) -> str | None:
    if not places or not places[0].children:
        return None
    child = places[0].children[-1]
    return None if child.process.poll() is not None else listening_at(child.state_dir, child.process.pid)


@asynccontextmanager
async def placed(directory: Path, behaviour: Behaviour) -> AsyncIterator[tuple[BotApi, Place]]:
    places: list[Place] = []
    with trio.fail_after(60):
        async with run_bot_api(TOKEN, behaviour=behaviour) as api, tunnel(partial(address_in, places)) as port:
            places.append(Place(directory, api, port))
            yield api, places[0]


async def verified(child: Child) -> str:
    while not (words := (await child.status()).accounts[0].webhook_verification):
        await trio.sleep(0.02)
    return words


@pytest.mark.parametrize(("probe", "wrapped"), [("test-event", False), ("empty", True)])
async def test_the_probe_passes_and_every_delivery_is_answered(tmp_path: Path, probe: str, wrapped: bool) -> None:
    behaviour = Behaviour(probe=probe, webhook_wrapped=wrapped)  # type: ignore[arg-type] # one of its words
    async with placed(tmp_path, behaviour) as (api, place), place.running() as child:
        assert await verified(child) == "webhook.ok: Your endpoint responded successfully."
        for number in range(20):
            api.say(TOKEN, USERS[number % len(USERS)], f"line {number}")
        await api.wait_for_sent(20)
        assert await child.stop() == 0
    assert [each.status for each in api.deliveries(TOKEN)] == [200] * 21
    for index, user in enumerate(USERS):
        texts = [sent.text for sent in api.bot(TOKEN).sent if sent.chat_id == user]
        assert texts == [f"line {number}" for number in range(index, 20, len(USERS))]


async def test_a_router_that_was_killed_takes_up_where_it_was(tmp_path: Path) -> None:
    behaviour = Behaviour(webhook_retries=200, webhook_retry_seconds=0.05)
    async with placed(tmp_path, behaviour) as (api, place):
        async with place.running() as child:
            await verified(child)
            for number in range(40):
                api.say(TOKEN, USERS[number % len(USERS)], f"line {number}")
            await api.wait_for_sent(5)
            await child.kill()
        async with place.running() as child:
            await api.wait_until(lambda: {f"line {number}" for number in range(40)} <= set(api.bot(TOKEN).texts))
            assert await child.stop() == 0
    assert api.count("setWebhook") == 1
    assert len(api.bot(TOKEN).sent) <= 40 + 4  # those that were on their way when it was killed


async def test_the_secret_is_seen_nowhere(tmp_path: Path) -> None:
    async with placed(tmp_path, Behaviour()) as (api, place), place.running() as child:
        await verified(child)
        api.say(TOKEN, USERS[0], "hello")
        await api.wait_for_sent(1)
        status = await place.home.command("status", "--json")
        assert await child.stop() == 0
    seen = [status.stdout, status.stderr, (tmp_path / "console.log").read_bytes()]
    seen += [file.read_bytes() for file in place.home.state_dir.rglob("*") if file.is_file()]
    assert any(b"webhook.ok" in text for text in seen)
    assert not any(SECRET.encode() in text for text in seen)
