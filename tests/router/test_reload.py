"""Changed settings in a running router: what changes at once, what starts anew, and what never notices."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio
from reload_stage import ONE, TWO, USER, staged

from actors.testing.file_host import run_file_host
from router.control.jsonrpc import ControlError
from router.control.protocol.config import GetConfig, ReloadConfig, ValidateConfig
from router.events import AccountStateChanged, MediaFetched, MediaUnavailable, SettingsRefused, SettingsReloaded

SLOW = {"id": "main", "kind": "command", "command": ["sh", "-c", "cat > /dev/null; sleep 0.5; echo slow"]}
QUICK = {"id": "main", "kind": "command", "command": ["sh", "-c", "cat > /dev/null; echo quick"]}


async def test_a_policy_changes_in_place_and_no_account_starts_anew(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        before = await stage.accounts()
        stage.zalo["accounts"]["one"]["dmPolicy"] = "disabled"
        done = await stage.reload()
        assert (done.changes, done.needs_restart) == (("rules changed",), ())
        stage.api.say(ONE, USER, "hello one")
        stage.api.say(TWO, USER, "hello two")
        (sent,) = await stage.api.wait_for_sent(1)
        assert sent.text == "hello two"
        after = await stage.accounts()
        assert {key: account.since for key, account in after.items()} == {
            key: account.since for key, account in before.items()
        }


async def test_only_the_account_whose_own_settings_changed_starts_anew(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        before = await stage.accounts()
        told = len(stage.seen(AccountStateChanged))
        stage.zalo["accounts"]["one"]["pollTimeoutSeconds"] = 3
        assert (await stage.reload()).changes == ("account zalo:one starts anew",)
        while "running" not in [event.state for event in stage.seen(AccountStateChanged)[told:]]:
            await trio.sleep(0.01)
        assert {event.account.account_id for event in stage.seen(AccountStateChanged)[told:]} == {"one"}
        after = await stage.accounts()
        assert after["two"].since == before["two"].since
        assert after["one"].since != before["one"].since
        stage.api.say(ONE, USER, "still there?")
        assert (await stage.api.wait_for_sent(1))[0].text == "still there?"


async def test_accounts_come_and_go(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        two = stage.zalo["accounts"].pop("two")
        assert (await stage.reload()).changes == ("account zalo:two stops", "rules changed")
        while "two" in await stage.accounts():
            await trio.sleep(0.01)
        stage.zalo["accounts"]["two"] = two
        assert (await stage.reload()).changes == ("account zalo:two starts", "rules changed")
        await stage.wait_for("two", "running")
        stage.api.say(TWO, USER, "back again")
        assert (await stage.api.wait_for_sent(1))[0].text == "back again"


async def test_an_account_that_is_switched_off_reads_stopped_and_says_why(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        stage.zalo["accounts"]["two"]["enabled"] = False
        await stage.reload()
        assert (await stage.wait_for("two", "stopped")).last_error == "channels.zalo.accounts.two.enabled is false"
        stage.zalo["accounts"]["two"]["enabled"] = True
        await stage.reload()
        await stage.wait_for("two", "running")


async def test_an_invalid_file_changes_nothing_and_status_says_so_until_it_is_mended(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        before = await stage.accounts()
        stage.zalo["dmPolcy"] = "disabled"
        with pytest.raises(ControlError, match=r"channels\.zalo\.dmPolcy: unknown key; did you mean \"dmPolicy\"\?"):
            await stage.reload()
        (refused,) = stage.seen(SettingsRefused)
        assert refused.problem.startswith("channels.zalo.dmPolcy")
        assert "stay in force: channels.zalo.dmPolcy" in (await stage.status()).warnings[0]
        stage.api.say(ONE, USER, "hello")
        await stage.api.wait_for_sent(1)
        del stage.zalo["dmPolcy"]
        assert (await stage.reload()).changes == ()
        assert not any("stay in force" in warning for warning in (await stage.status()).warnings)
        assert {key: each.since for key, each in (await stage.accounts()).items()} == {
            key: each.since for key, each in before.items()
        }


async def test_the_file_is_watched_and_a_change_is_in_force_by_itself(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        stage.zalo["accounts"]["one"]["dmPolicy"] = "disabled"
        stage.write()
        assert (await stage.next_event(SettingsReloaded)).changes == "rules changed"
        stage.file.write_text("{ oops")
        assert "line 1" in (await stage.next_event(SettingsRefused)).problem


async def test_an_agent_that_changed_answers_next_while_the_old_one_ends_its_turn(tmp_path: Path) -> None:
    async with staged(tmp_path, agents={"list": [SLOW]}) as stage:
        stage.api.say(ONE, "slow-user", "hello")
        while (await stage.status()).agents[0].running == 0:
            await trio.sleep(0.01)
        stage.tree["agents"] = {"list": [QUICK]}
        assert (await stage.reload()).changes == ("agent main is opened",)
        stage.api.say(ONE, "quick-user", "hello")
        sent = await stage.api.wait_for_sent(2)
        assert [(each.chat_id, each.text) for each in sent] == [("quick-user", "quick"), ("slow-user", "slow")]


async def test_what_waits_for_an_agent_that_is_gone_is_answered_by_another(tmp_path: Path) -> None:
    async with staged(tmp_path, agents={"list": [SLOW]}) as stage:
        for text in ("first", "second"):
            stage.api.say(ONE, USER, text)
        while (await stage.accounts())["one"].inbox_waiting == 0:
            await trio.sleep(0.01)
        stage.tree["agents"] = {"list": [{"id": "other", "kind": "echo"}]}
        assert (await stage.reload()).changes[:2] == ("agent main is gone", "agent other is opened")
        assert [each.text for each in await stage.api.wait_for_sent(2)] == ["slow", "second"]


async def test_files_are_fetched_by_the_new_rules(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage, run_file_host() as host:
        address = host.put("/p.jpg", b"\xff\xd8\xff\xe0" + b"0" * 64, "image/jpeg")
        stage.api.show_image(ONE, USER, address, caption="look")
        await stage.next_event(MediaUnavailable)
        stage.tree["media"] = {"allowPrivateNetworks": True}
        await stage.reload()
        stage.api.show_image(ONE, USER, address, caption="look again")
        assert (await stage.next_event(MediaFetched)).bytes == 68


async def test_what_is_built_once_is_told_and_waits_for_a_restart(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        stage.tree["logging"] = {"level": "debug"}
        stage.tree["limits"]["mailbox"] = 7
        done = await stage.reload()
        assert done.needs_restart == ("logging", "limits")
        assert (await stage.next_event(SettingsReloaded)).needs_restart == "logging, limits"
        assert "logging: changed; in force after a restart of the router" in (await stage.status()).warnings
        del stage.tree["logging"], stage.tree["limits"]["mailbox"]
        assert (await stage.reload()).needs_restart == ()


async def test_validate_judges_the_file_and_puts_nothing_in_force(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        stage.zalo["dmPolicy"] = "disabled"
        stage.tree["colour"] = 1
        stage.file.write_bytes(b"")
        assert (await stage.control.call(ValidateConfig())).problems == (f"{stage.file}: not JSON5: the file is empty",)
        stage.write()
        verdict = await stage.control.call(ValidateConfig())
        assert (verdict.ok, verdict.problems) == (False, ("colour: unknown key; remove it",))
        stage.api.say(ONE, USER, "hello")
        await stage.api.wait_for_sent(1)


async def test_get_shows_what_is_in_force_without_a_secret(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        shown = await stage.control.call(GetConfig())
        accounts = {each["account"]: each for each in shown.settings["accounts"]}
        assert accounts["zalo:one"]["botToken"] == "***"
        assert accounts["zalo:one"]["pollTimeoutSeconds"] == 5
        assert shown.settings["limits"]["drainSeconds"] == 5
        assert shown.file == str(stage.file)
        assert "one" not in repr(accounts["zalo:one"]["botToken"])


async def test_a_reload_that_finds_no_file_is_refused(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        stage.file.unlink()
        with pytest.raises(ControlError, match="cannot be read: No such file"):
            await stage.control.call(ReloadConfig())
        stage.write()
        await stage.control.call(ReloadConfig())
