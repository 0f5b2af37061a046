from __future__ import annotations

from pathlib import Path

import pytest
from operations_bench import OTHER, TED, TOKEN, one_bot, serving, two_bots

from router.control.jsonrpc import ControlError
from router.control.protocol.channels import (
    GetChannelsStatus,
    ListChannels,
    RestartChannel,
    StartChannel,
    StopChannel,
)


async def test_the_accounts_are_listed_as_the_settings_have_them(tmp_path: Path) -> None:
    async with serving(tmp_path, TOKEN, OTHER, zalo=two_bots()) as served:
        found = (await served.control.call(ListChannels())).accounts
        assert sorted(each.account_id for each in found) == ["help", "shop"]
        assert {(each.enabled, each.dm_policy, each.login_from) for each in found} == {(True, "open", "config")}
        assert (await served.control.call(ListChannels(channel="zalouser"))).accounts == ()


async def test_a_running_account_answers_and_its_probe_says_who_it_is(tmp_path: Path) -> None:
    async with serving(tmp_path, zalo=one_bot()) as served:
        await served.wait_for_state("running")
        found = await served.control.call(GetChannelsStatus(probe=True))
        (status,) = found.accounts
        assert (found.ok, status.answers, status.reason) == (True, True, "")
        assert status.probe is not None
        assert status.probe.ok
        assert status.probe.detail == status.account.display_name
        assert 0 < status.probe.latency_ms < 10_000
        assert (await served.control.call(GetChannelsStatus())).accounts[0].probe is None


async def test_a_probe_that_the_network_refuses_makes_the_account_red(tmp_path: Path) -> None:
    async with serving(tmp_path, zalo=one_bot()) as served:
        await served.wait_for_state("running")
        served.api.bot(TOKEN).faults.refuse("getMe", 500, "Internal Server Error")
        found = await served.control.call(GetChannelsStatus(probe=True))
        assert not found.ok
        assert found.accounts[0].probe is not None
        assert not found.accounts[0].probe.ok
        assert found.accounts[0].reason.startswith("the network does not answer the probe: ")
        served.api.bot(TOKEN).faults.delay("getMe", 5)
        slow = await served.control.call(GetChannelsStatus(probe=True, timeout_seconds=0.1))
        assert slow.accounts[0].probe is not None
        assert slow.accounts[0].probe.detail == "no answer within 0.1 s"


async def test_one_account_in_trouble_makes_the_whole_not_ok_and_leaves_the_other_green(tmp_path: Path) -> None:
    async with serving(tmp_path, TOKEN, zalo=two_bots()) as served:
        bad = await served.wait_for_state("needs-login", account="help")
        good = await served.wait_for_state("running", account="shop")
        assert (good.answers, bad.answers) == (True, False)
        assert bad.reason.startswith("it is needs-login: ")
        probed = await served.control.call(GetChannelsStatus(probe=True))
        assert not probed.ok
        told = {each.account.account_id: each.probe.detail for each in probed.accounts if each.probe}
        assert told["help"] == "not asked: the account is needs-login"


async def test_a_disabled_account_is_not_red_and_obeys_no_command(tmp_path: Path) -> None:
    zalo = two_bots()
    zalo["accounts"]["help"]["enabled"] = False
    async with serving(tmp_path, TOKEN, zalo=zalo) as served:
        await served.wait_for_state("running", account="shop")
        found = await served.control.call(GetChannelsStatus(probe=True))
        assert found.ok
        off = next(each for each in found.accounts if each.account.account_id == "help")
        assert (off.enabled, off.answers, off.probe) == (False, False, None)
        with pytest.raises(ControlError, match=r"zalo:help cannot be commanded: .*enabled is false"):
            await served.control.call(StartChannel(channel="zalo", account="help"))


async def test_an_account_is_stopped_started_and_restarted_and_loses_nothing(tmp_path: Path) -> None:
    async with serving(tmp_path, zalo=one_bot()) as served:
        await served.wait_for_state("running")
        stopped = await served.control.call(StopChannel(channel="zalo"))
        assert (stopped.account.state, stopped.answers, stopped.reason) == ("stopped", False, "it is stopped")
        served.api.say(TOKEN, TED, "are you there?")
        started = await served.control.call(StartChannel(channel="zalo"))
        assert (started.account.state, started.answers) == ("running", True)
        assert (await served.api.wait_for_sent(1))[0].text == "are you there?"
        asked = served.api.count("getMe")
        again = await served.control.call(RestartChannel(channel="zalo", account="default"))
        assert again.account.state == "running"
        assert served.api.count("getMe") == asked + 1


async def test_starting_ends_the_wait_for_a_login(tmp_path: Path) -> None:
    async with serving(tmp_path, zalo=one_bot()) as served:
        await served.wait_for_state("running")
        served.api.bot(TOKEN).revoke()
        await served.wait_for_state("needs-login")
        served.api.bot(TOKEN).reinstate()
        assert (await served.control.call(StartChannel(channel="zalo"))).account.state == "running"


async def test_who_is_meant_must_be_clear(tmp_path: Path) -> None:
    async with serving(tmp_path, TOKEN, OTHER, zalo=two_bots()) as served:
        with pytest.raises(ControlError, match="no account of channel 'zalouser'"):
            await served.control.call(StopChannel(channel="zalouser"))
        with pytest.raises(ControlError, match="zalo has no account 'nobody'; accounts: "):
            await served.control.call(StopChannel(channel="zalo", account="nobody"))
        with pytest.raises(ControlError, match="no account fits zalo:nobody"):
            await served.control.call(GetChannelsStatus(channel="zalo", account="nobody"))
