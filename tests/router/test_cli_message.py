from __future__ import annotations

import json
from pathlib import Path

import trio
from cli_stage import command, terminal
from operations_bench import TED, TOKEN, Rig, one_bot

from actors.testing.bot_api.api import run_bot_api

TO_TED = ("message", "send", "--channel", "zalo", "--target", TED)


async def test_a_sent_message_is_confirmed_part_by_part(tmp_path: Path) -> None:
    async with terminal(tmp_path, zalo=one_bot()) as run:
        run.served.api.know(TOKEN, TED)
        ran = await run(*TO_TED, "--message", "a" * 2000 + "\\nb")
        assert (ran.code, ran.err) == (0, "")
        first, second, whole = ran.out.splitlines()
        assert first.startswith("✓ part 1/2 (text, 2000 of 2000 characters): message id ")
        assert second.startswith("✓ part 2/2 (text, 1 of 2000 characters)")
        assert whole == f"✓ Sent via zalo:default to {TED}."
        found = await run.json(*TO_TED, "-m", "once", "--idempotency-key", "k")
        assert found == await run.json(*TO_TED, "-m", "once", "--idempotency-key", "k")
        assert [sent.text for sent in run.served.api.sent()][2:] == ["once"]


async def test_a_refusal_exits_with_one_and_the_networks_words(tmp_path: Path) -> None:
    async with terminal(tmp_path, zalo=one_bot()) as run:
        run.served.api.bot(TOKEN).faults.refuse("sendMessage", 400, "Bad Request: chat not found", times=None)
        ran = await run(*TO_TED, "-m", "hello")
        assert ran.code == 1
        assert ran.out.splitlines()[-1].startswith(f"✗ Not sent via zalo:default to {TED}: ")
        assert "chat not found" in ran.out
        as_json = await run(*TO_TED, "-m", "hello", "--json")
        assert (as_json.code, json.loads(as_json.out)["outcome"]) == (1, "failed")
        listed = await run("outbox", "list")
        assert listed.code == 0
        assert listed.out.splitlines()[0] == "Outbox (2)"
        run.served.api.bot(TOKEN).faults.clear()
        run.served.api.know(TOKEN, TED)
        assert (await run("outbox", "retry", "1")).out == "1 is sent again as 3.\n"
        assert (await run("outbox", "drop", "2")).out == "2 is dropped.\n"
        assert (await run("outbox", "list")).out == "Nothing waits for a decision.\n"
        again = await run("outbox", "drop", "2", "--json")
        assert (again.code, json.loads(again.out)["error"]["code"]) == (1, "refused")


async def test_a_dry_run_prints_the_parts(tmp_path: Path) -> None:
    async with terminal(tmp_path, zalo=one_bot()) as run:
        ran = await run(*TO_TED, "-m", "xin chào", "--dry-run")
        assert ran.code == 0
        assert ran.out.splitlines() == [
            "… part 1/1 (text, 8 of 2000 characters): queued",
            "xin chào",
            f"Dry run: nothing was sent via zalo:default to {TED}.",
        ]
        assert run.served.api.sent() == []


async def test_without_a_router_the_message_is_sent_all_the_same_and_nothing_is_received(tmp_path: Path) -> None:
    with trio.fail_after(60):
        async with run_bot_api(TOKEN) as api:
            api.know(TOKEN, TED)
            rig = Rig(tmp_path / "state", api, one_bot())
            config = ("--config", str(rig.around.state_dir / "router.json5"))
            planned = await command(rig.around.state_dir, *TO_TED, "-m", "hello", "--dry-run", *config)
            assert planned.code == 0
            words = (*TO_TED, "-m", "hello", "--idempotency-key", "k", "--json", *config)
            ran = await command(rig.around.state_dir, *words)
            assert (ran.code, ran.err) == (0, "")
            assert json.loads(ran.out)["outcome"] == "sent"
            assert (await command(rig.around.state_dir, *words)).out == ran.out
            assert [sent.text for sent in api.sent()] == ["hello"]
            assert (api.count("getUpdates"), api.count("getMe"), api.count("getWebhookInfo")) == (0, 0, 0)
            api.bot(TOKEN).faults.refuse("sendMessage", 400, "Bad Request: chat not found")
            refused = await command(rig.around.state_dir, *TO_TED, "-m", "no", *config)
            assert (refused.code, "chat not found" in refused.out) == (1, True)
            api.bot(TOKEN).revoke()
            late = await command(rig.around.state_dir, *TO_TED, "-m", "later", "--wait", "1", *config)
            assert late.code == 1
            assert "not sent yet: zalo:default is needs-login" in late.out
            api.bot(TOKEN).reinstate()
            assert (await command(rig.around.state_dir, *TO_TED, "-m", "last", *config)).code == 0
            assert [sent.text for sent in api.sent()] == ["hello", "later", "last"]
            left = list(rig.around.state_dir.glob("*.json"))
            assert left == []


async def test_a_state_directory_that_a_stuck_router_holds_is_left_alone(tmp_path: Path) -> None:
    async with terminal(tmp_path, zalo=one_bot()) as run:
        from router.store.lock import lock_file

        with lock_file(run.state_dir / "router.lock"):
            (run.state_dir / "control.json").rename(run.state_dir / "elsewhere.json")
            config = str(run.state_dir / "router.json5")
            ran = await run(*TO_TED, "-m", "hello", "--config", config)
            (run.state_dir / "elsewhere.json").rename(run.state_dir / "control.json")
        assert ran.code == 1
        assert "already uses the state directory" in ran.err
        assert run.served.api.sent() == []
