"""Personal accounts, whole: a real `router serve` between the stand-in for zca and the echo agent."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import trio
from running import Home

from actors.testing.zca.driver import PROGRAM, Fault, Group, Person, Stage, StandIn

ALICE = "2001"
TEAM = "5300000000000000001"


@pytest.fixture
def zca(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    made = StandIn(tmp_path / "zca", Stage(groups=(Group(TEAM, "Team", (Person(ALICE, "Alice"),)),)))
    monkeypatch.setenv("ZCA_STAND_IN_HOME", str(made.directory))
    monkeypatch.delenv("ZCA_PROFILE", raising=False)
    for profile in ("default", "work"):
        made.log_in(profile)
    yield made
    for profile in ("default", "work"):
        pid = made.listener_pid(profile)
        if pid is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def home(directory: Path, **channel: object) -> Home:
    accounts = {"default": {}, "work": {"profile": "work"}}
    return Home(
        directory,
        {
            "channels": {"zalouser": {"program": PROGRAM, "accounts": accounts, **channel}},
            "control": {"port": 0},
            "limits": {"pollGraceSeconds": 0.2},
            "restart": {"initialDelaySeconds": 0.2},
        },
    )


async def until(condition: Callable[[], bool]) -> None:
    while not condition():
        await trio.sleep(0.02)  # other processes: there is no event to wait for


async def test_a_stranger_pairs_and_is_answered_and_a_group_is_answered_as_a_group(
    tmp_path: Path, zca: StandIn
) -> None:
    router = home(tmp_path)
    with trio.fail_after(60):
        async with router.running() as child:
            zca.say("hello?", sender=ALICE)
            await until(lambda: len(zca.sent()) == 1)
            code = re.search(r"\b[A-Z2-9]{8}\b", zca.sent()[0].text)
            assert code is not None
            approved = await router.command("pairing", "approve", "--channel", "zalouser", code.group())
            assert approved.returncode == 0, approved.stderr
            zca.say("- now?", sender=ALICE)
            zca.say("--help", group=TEAM, sender="2002", profile="work")
            await until(lambda: len(zca.sent()) == 3)
            status = json.loads((await router.command("status", "--json")).stdout)
            assert await child.stop() == 0
    pairing, *answers = zca.sent()
    assert (pairing.thread, pairing.group, ALICE in pairing.text) == (ALICE, False, True)
    told = {(one.profile, one.thread, one.group, one.text) for one in answers}
    assert told == {("default", ALICE, False, "- now?"), ("work", TEAM, True, "--help")}
    assert {account["state"] for account in status["accounts"]} == {"running"}
    assert [zca.listener_pid(profile) for profile in ("default", "work")] == [None, None]


async def test_one_account_logged_out_does_not_trouble_the_other(tmp_path: Path, zca: StandIn) -> None:
    zca.log_in("work", expired=True)
    router = home(tmp_path, dmPolicy="open", allowFrom=["*"])
    with trio.fail_after(60):
        async with router.running() as child:
            zca.say("hi")
            await until(lambda: [one.text for one in zca.sent()] == ["hi"])
            status = await child.status()
            assert await child.stop() == 0
    states = {account.account_id: account.state for account in status.accounts}
    assert states == {"default": "running", "work": "needs-login"}


async def test_kill_nine_leaves_a_listener_behind_and_the_next_start_ends_it(tmp_path: Path, zca: StandIn) -> None:
    router = home(tmp_path, dmPolicy="open", allowFrom=["*"])
    with trio.fail_after(60):
        async with router.running() as child:
            zca.say("one")
            await until(lambda: len(zca.sent()) == 1)
            orphan = zca.listener_pid()
            await child.kill()
            assert orphan == zca.listener_pid()
        async with router.running() as child:
            await until(lambda: zca.listener_pid() not in (None, orphan))
            zca.say("two")
            await until(lambda: zca.sent()[-1].text == "two")
            assert await child.stop() == 0
    # The kill may have come before zca's answer did: then "one" may have gone out, and goes out again.
    assert [one.text for one in zca.sent()] in (["one", "two"], ["one", "one", "two"])


async def test_a_send_that_fails_is_sent_again_and_the_chat_keeps_its_order(tmp_path: Path, zca: StandIn) -> None:
    zca.fault("msg send", Fault(exit=1, stderr="Error: Failed to fetch server info: fetch failed", times=1))
    router = home(tmp_path, dmPolicy="open", allowFrom=["*"])
    with trio.fail_after(60):
        async with router.running() as child:
            for text in ("one", "two", "three"):
                zca.say(text)
            await until(lambda: len(zca.sent()) == 3)
            assert await child.stop() == 0
    assert [one.text for one in zca.sent()] == ["one", "two", "three"]
