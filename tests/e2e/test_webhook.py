"""The main job by webhook: a real `router serve`, deliveries shuffled and doubled, kills, and peers that dawdle."""

from __future__ import annotations

import random
import sqlite3
from collections import Counter, defaultdict
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import trio
from posting import Post, Postman, listening_at
from running import Child, Home
from traffic import Line, lines

from actors.testing.bot_api.api import BotApi, run_bot_api
from actors.testing.bot_api.records import Behaviour
from actors.testing.bot_api.updates import ChatRef, From, Message, update_of

TOKENS = ("1000000000000000001:one", "1000000000000000002:two")
SECRETS = ("secret-of-one", "secret-of-two")
SENDS_IN_FLIGHT = 4
"""Of one account at a time: so many may be unknown after a kill, and are sent again."""


def home(directory: Path, url: str, **fields: Any) -> Home:
    """Two bots on one path, told apart by their secrets; something in front speaks TLS."""
    accounts = {
        f"bot{index}": {
            "botToken": token,
            "webhookUrl": "https://hooks.test/zalo",
            "webhookSecret": [secret, f"{secret}-before"],
        }
        for index, (token, secret) in enumerate(zip(TOKENS, SECRETS, strict=True))
    }
    settings = {
        "channels": {"zalo": {"apiUrl": url, "dmPolicy": "open", "allowFrom": ["*"], "accounts": accounts}},
        "session": {"dmScope": "per-account-channel-peer"},
        "control": {"port": 0},
        "webhook": {"port": 0, "ratePerMinute": 1_000_000},
        "limits": {"pollGraceSeconds": 0.2},
    }
    return Home(directory, settings | fields)


def posts_of(said: list[Line], *, times: int, chance: random.Random) -> list[Post]:
    """Every line so many times, in both shapes and with both secrets, all of it shuffled."""
    posts = []
    for number, line in enumerate(said):
        chat = ChatRef(line.user_id, "PRIVATE")
        message = Message(
            from_=From(line.user_id, "Ted"), chat=chat, message_id=f"{number:020x}", date=1750316131602, text=line.text
        )
        bare = update_of("message.text.received", message).raw
        secret = SECRETS[TOKENS.index(line.token)]
        for turn in range(times):
            wrapped = b'{"ok":true,"result":%b,"error_code":0}' % bare
            posts.append(Post("/zalo", f"{secret}-before" if turn else secret, wrapped if turn else bare))
    chance.shuffle(posts)
    return posts


def ready(api: BotApi, said: list[Line]) -> None:
    for token, user_id in {(line.token, line.user_id) for line in said}:
        api.know(token, user_id)


async def answered(api: BotApi, said: list[Line]) -> None:
    for token in TOKENS:
        await api.wait_until(partial(_all_said, api, token, {line.text for line in said if line.token == token}))


def _all_said(api: BotApi, token: str, expected: set[str]) -> bool:
    return len(api.bot(token).sent) >= len(expected) and expected <= set(api.bot(token).texts)


def repeated(api: BotApi) -> int:
    """How many answers were sent more than once."""
    counts = [Counter((sent.chat_id, sent.text) for sent in api.bot(token).sent) for token in TOKENS]
    return sum(count > 1 for each in counts for count in each.values())


def assert_each_chat_was_answered_in_order_of_acceptance(api: BotApi, state_dir: Path) -> None:
    with sqlite3.connect(f"file:{state_dir / 'router.db'}?mode=ro", uri=True) as db:
        rows = db.execute(
            "SELECT account_id, chat_id, text, starts FROM inbox JOIN inbox_content USING (inbox_id) ORDER BY inbox_id"
        ).fetchall()
    accepted: dict[tuple[str, str], list[str]] = defaultdict(list)
    for account_id, chat_id, text, _ in rows:
        accepted[account_id, chat_id].append(text)
    sent: dict[tuple[str, str], list[str]] = defaultdict(list)
    for index, token in enumerate(TOKENS):
        for message in api.bot(token).sent:
            sent[f"bot{index}", message.chat_id].append(message.text)
    assert accepted.keys() == sent.keys()
    for chat, texts in accepted.items():
        assert len(texts) == len(set(texts)), "a message was accepted twice"
        assert list(dict.fromkeys(sent[chat])) == texts


async def test_five_thousand_updates_of_two_hundred_users_shuffled_and_sent_twice(tmp_path: Path) -> None:
    said = lines(TOKENS, users=100, messages=5000)
    with trio.fail_after(150):
        async with run_bot_api(*TOKENS) as api, home(tmp_path, api.url).running() as child:
            ready(api, said)
            postman = Postman(partial(listening_at, child.state_dir, child.process.pid))
            await postman.deliver(posts_of(said, times=2, chance=random.Random(7)))
            await answered(api, said)
            assert await child.stop() == 0
    assert repeated(api) == 0
    assert len(api.sent()) == 5000
    assert_each_chat_was_answered_in_order_of_acceptance(api, child.state_dir)


async def test_kill_nine_in_the_middle_loses_nothing_and_runs_nothing_twice(tmp_path: Path) -> None:
    said = lines(TOKENS, users=20, messages=1000)
    children: list[Child] = []
    with trio.fail_after(150):
        async with run_bot_api(*TOKENS) as api:
            ready(api, said)
            router = home(tmp_path, api.url)
            deaths = trio.Event()

            def address() -> str | None:
                child = children[-1]
                return None if child.process.poll() is not None else listening_at(child.state_dir, child.process.pid)

            async def die() -> None:
                await children[-1].kill()

            async with trio.open_nursery() as nursery:

                async def live(*, task_status: trio.TaskStatus[None]) -> None:
                    for _ in range(3):
                        async with router.running() as child:
                            children.append(child)
                            task_status.started() if len(children) == 1 else None
                            await child.process.wait() if len(children) < 3 else await deaths.wait()

                await nursery.start(live)
                postman = Postman(address)
                await postman.deliver(posts_of(said, times=2, chance=random.Random(7)), at={600: die, 1300: die})
                await answered(api, said)
                assert await children[-1].stop() == 0
                deaths.set()
    assert repeated(api) <= 2 * len(TOKENS) * SENDS_IN_FLIGHT
    assert_each_chat_was_answered_in_order_of_acceptance(api, router.state_dir)


HALVES = (b"P", b"POST /zalo HTTP/1.1\r\nHost:", b"GET / HTTP/1.1\r\nHost: x\r\n")
"""Requests that never come to their end."""


async def test_five_hundred_stuck_connections_leave_a_healthy_client_unharmed(tmp_path: Path) -> None:
    said = lines(TOKENS, users=5, messages=100)
    with trio.fail_after(60):
        async with run_bot_api(*TOKENS) as api, home(tmp_path, api.url).running() as child:
            ready(api, said)
            address = partial(listening_at, child.state_dir, child.process.pid)
            port = int((address() or "").rpartition(":")[2])
            stuck = [await trio.open_tcp_stream("127.0.0.1", port) for _ in range(530)]
            for number, stream in enumerate(stuck):
                await stream.send_all(HALVES[number % len(HALVES)])
            postman = Postman(address, connections=2)
            await postman.deliver(posts_of(said, times=1, chance=random.Random(7)))
            await answered(api, said)
            for stream in stuck:
                await stream.aclose()
            assert await child.stop() == 0
    assert postman.refused.keys() <= {0}  # a connection that gave way to one that waited, never another status
    assert len(api.sent()) == 100


async def test_zalo_is_told_once_and_the_webhook_outlives_the_router(tmp_path: Path) -> None:
    with trio.fail_after(60):
        async with run_bot_api(*TOKENS) as api:
            router = home(tmp_path, api.url)
            for _ in range(2):
                async with router.running() as child:
                    await api.wait_for_calls(api.count("getMe") or 2, "getWebhookInfo")
                    while not all(each.webhook_verification for each in (await child.status()).accounts):
                        await trio.sleep(0.02)
                    status = await child.status()
                    assert [each.state for each in status.accounts] == ["running", "running"]
                    assert status.accounts[0].webhook_verification.startswith("webhook.ok")
                    assert await child.stop() == 0
            assert (api.count("setWebhook"), api.count("deleteWebhook"), api.count("getUpdates")) == (2, 0, 0)
            webhooks = [api.bot(token).webhook for token in TOKENS]
            assert [each and each.url for each in webhooks] == ["https://hooks.test/zalo"] * 2
            assert [each and each.secret_token for each in webhooks] == list(SECRETS)


async def test_going_back_to_polling_takes_the_webhook_away(tmp_path: Path) -> None:
    with trio.fail_after(60):
        async with run_bot_api(*TOKENS, behaviour=Behaviour(webhook_wrapped=True)) as api:
            async with home(tmp_path, api.url).running() as child:
                await api.wait_until(lambda: all(api.bot(token).webhook for token in TOKENS))
                assert await child.stop() == 0
            settings = msgspec.json.decode((tmp_path / "router.json5").read_bytes())
            for account in settings["channels"]["zalo"]["accounts"].values():
                del account["webhookUrl"], account["webhookSecret"]
            async with Home(tmp_path, settings).running() as child:
                await api.wait_for_calls(2, "getUpdates")
                api.say(TOKENS[0], "u1", "by poll")
                await api.wait_for_sent(1)
                assert await child.stop() == 0
    assert not any(api.bot(token).webhook for token in TOKENS)


async def test_a_port_that_is_taken_ends_it_with_one_sentence_and_exit_code_two(tmp_path: Path) -> None:
    async with run_bot_api(*TOKENS) as api:
        port = int(api.url.rpartition(":")[2])
        router = home(tmp_path, api.url, webhook={"port": port})
        with trio.fail_after(60):
            done = await router.command("serve", "--config", str(router.config))
    assert done.returncode == 2
    (line,) = [line for line in done.stderr.decode().splitlines() if line.startswith("router: ")]
    assert line.startswith(f"router: webhook: cannot listen on 127.0.0.1:{port}: ")
