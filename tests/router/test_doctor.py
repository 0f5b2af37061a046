"""The examination: each trouble is found, named and given a way out; and a healthy router has none."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import trio
from reload_stage import TWO, staged

from actors.secret import Secret
from actors.testing.bot_api import BotApi, Webhook, run_bot_api
from router.doctor import examination
from router.doctor.examination import examine
from router.doctor.findings import Finding
from router.store.lock import lock_file, token_lock_path

BOT = "1000000000000000003:canary-8d1f"


@pytest.fixture(autouse=True)
def locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(examination, "machine_lock_directory", lambda: tmp_path / "locks")
    return tmp_path / "locks"


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    async with run_bot_api(BOT) as api:
        yield api


def zalo(api: BotApi, **keys: Any) -> dict[str, Any]:
    return {"channels": {"zalo": {"botToken": BOT, "apiUrl": api.url, **keys}}}


async def findings(tmp_path: Path, tree: dict[str, Any]) -> tuple[Finding, ...]:
    config = tmp_path / "router.json5"
    config.write_text(json.dumps(tree))
    config.chmod(0o600)
    with trio.fail_after(60):
        found = await examine(config, tmp_path / "state", {"PATH": os.environ["PATH"]})
    assert all(finding.fix for finding in found if finding.level == "fail")
    assert BOT.partition(":")[2] not in repr([(each.what, each.fix) for each in found])
    return found


def at(found: tuple[Finding, ...], where: str) -> Finding:
    (finding,) = [each for each in found if each.where == where]
    return finding


async def test_a_bot_that_works_is_known_by_name(tmp_path: Path, api: BotApi) -> None:
    found = await findings(tmp_path, zalo(api))
    assert at(found, "token of zalo:default").level == "ok"
    assert at(found, "webhook of zalo:default").what == "none is set, as polling needs it"
    assert not [each for each in found if each.level == "fail"]


async def test_a_refused_token_fails_with_where_to_get_another(tmp_path: Path, api: BotApi) -> None:
    found = at(await findings(tmp_path, zalo(api, botToken="9:wrong")), "token of zalo:default")
    assert found.level == "fail"
    assert "https://bot.zaloplatforms.com" in found.fix


async def test_a_zalo_that_cannot_be_reached_fails(tmp_path: Path, api: BotApi) -> None:
    found = at(await findings(tmp_path, zalo(api, apiUrl="http://127.0.0.1:1")), "token of zalo:default")
    assert (found.level, found.what.startswith("Zalo could not be asked")) == ("fail", True)


async def test_a_webhook_in_the_way_of_polling_is_told(tmp_path: Path, api: BotApi) -> None:
    api.bot(BOT).webhook = Webhook("https://elsewhere.example/hook", "secret-token", 1)
    found = at(await findings(tmp_path, zalo(api)), "webhook of zalo:default")
    assert (found.level, "polls get nothing" in found.what) == ("warn", True)


async def test_a_webhook_that_is_not_registered_is_told(tmp_path: Path, api: BotApi) -> None:
    tree = zalo(api, webhookUrl="https://x.example/hook", webhookSecret="long enough")
    found = at(await findings(tmp_path, tree), "webhook of zalo:default")
    assert (found.level, found.what) == ("warn", "none is set at Zalo")


async def test_settings_that_cannot_be_used_fail_and_the_rest_is_still_examined(tmp_path: Path) -> None:
    found = await findings(tmp_path, {"colour": 1})
    (problem,) = [each for each in found if each.level == "fail"]
    assert (problem.where, problem.what) == (str(tmp_path / "router.json5"), "colour: unknown key; remove it")
    assert any(each.where.startswith("disk of") for each in found)


async def test_every_unsafe_policy_is_a_warning(tmp_path: Path, api: BotApi) -> None:
    found = await findings(tmp_path, zalo(api, dmPolicy="open", allowFrom=["*"], groupPolicy="open"))
    words = [each.what for each in found if each.level == "warn"]
    for place in ("channels.zalo.dmPolicy", "channels.zalo.groupPolicy", "session.dmScope"):
        assert any(word.startswith(place) for word in words)


async def test_files_that_others_may_read_are_told_with_the_command(tmp_path: Path) -> None:
    state, token = tmp_path / "state", tmp_path / "token"
    state.mkdir(mode=0o755)
    state.chmod(0o755)
    token.write_text("9:x")
    token.chmod(0o640)
    tree = {"channels": {"zalo": {"tokenFile": str(token), "apiUrl": "http://127.0.0.1:1"}}}
    found = await findings(tmp_path, tree)
    assert at(found, str(state)).fix == f"chmod 700 {state}"
    assert at(found, str(token)).fix == f"chmod 600 {token}"


async def test_a_token_that_another_program_holds_fails(tmp_path: Path, api: BotApi, locks: Path) -> None:
    with lock_file(token_lock_path(locks, Secret(BOT)), "it"):
        found = at(await findings(tmp_path, zalo(api)), "login of zalo:default")
    assert (found.level, f"process {os.getpid()} already uses" in found.what) == ("fail", True)
    assert at(await findings(tmp_path, zalo(api)), "login of zalo:default").level == "ok"


async def test_a_damaged_or_foreign_database_fails(tmp_path: Path) -> None:
    database = tmp_path / "state" / "router.db"
    database.parent.mkdir(mode=0o700)
    database.touch(mode=0o600)
    database.write_bytes(b"no database at all" * 100)
    assert at(await findings(tmp_path, {}), str(database)).level == "fail"
    database.write_bytes(b"")
    with sqlite3.connect(database) as db:
        db.execute("CREATE TABLE other (x)")
    db.close()
    assert "another program" in at(await findings(tmp_path, {}), str(database)).what


@pytest.mark.parametrize(
    ("command", "level"), [(["cat"], "ok"), (["no-such-program"], "fail"), (["./also-not-there"], "fail")]
)
async def test_programs_of_agents_are_looked_for(tmp_path: Path, command: list[str], level: str) -> None:
    found = await findings(tmp_path, {"agents": {"list": [{"id": "main", "kind": "command", "command": command}]}})
    assert at(found, "agent main").level == level


async def test_services_of_agents_are_connected_to(tmp_path: Path, api: BotApi) -> None:
    agents = [
        {"id": "up", "kind": "openai", "baseUrl": api.url, "model": "m"},
        {"id": "down", "kind": "http", "url": "http://127.0.0.1:1/x"},
    ]
    found = await findings(tmp_path, {"agents": {"list": agents}})
    assert (at(found, "agent up").level, at(found, "agent down").level) == ("ok", "fail")


@pytest.mark.parametrize(
    ("script", "level", "words"),
    [
        ("echo 1.2.3", "ok", "zca 1.2.3"),
        ("exit 3", "fail", "ended with 3"),
        (None, "fail", "cannot be run: No such file or directory"),
    ],
)
async def test_zca_is_run_once(tmp_path: Path, script: str | None, level: str, words: str) -> None:
    zca = tmp_path / "zca"
    if script is not None:
        zca.write_text(f"#!/bin/sh\n{script}\n")
        zca.chmod(0o755)
    found = at(await findings(tmp_path, {"channels": {"zalouser": {"program": [str(zca)]}}}), "zca of zalouser:default")
    assert (found.level, words in found.what) == (level, True)


async def test_a_running_router_says_what_its_accounts_say(tmp_path: Path, locks: Path) -> None:
    async with staged(tmp_path) as stage:
        stage.api.bot(TWO).revoke()
        await stage.wait_for("two", "needs-login")
        found = await examine(stage.file, stage.state_dir, {"PATH": os.environ["PATH"]})
    assert at(found, "router").what == f"running, process {os.getpid()}"
    assert at(found, "account zalo:one").level == "ok"
    broken = at(found, "account zalo:two")
    assert (broken.level, "needs-login" in broken.what) == ("fail", True)
    assert at(found, "token of zalo:two").level == "fail"


async def test_a_look_that_takes_too_long_is_told_and_holds_nobody_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examination, "CHECK_SECONDS", 0.2)
    zca = tmp_path / "zca"
    zca.write_text("#!/bin/sh\nsleep 60\n")
    zca.chmod(0o755)
    found = at(await findings(tmp_path, {"channels": {"zalouser": {"program": [str(zca)]}}}), "zalouser:default")
    assert (found.level, found.what) == ("warn", "could not be looked at within 0.2 s")
