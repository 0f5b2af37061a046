"""The wall clock of a served router jumps by an hour either way; Trio's clock, which all waiting goes by, does not."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
import trio
from test_serve import TOKEN, USER, Rig, settings

from actors.clock import wall_time
from actors.testing.bot_api.api import run_bot_api
from router.control.client import open_control
from router.control.endpoint import read_endpoint
from router.control.protocol import ApprovePairing, ListPairings

HOUR = 3600.0


class JumpingClock:
    """The machine's, and what somebody has added to it."""

    def __init__(self) -> None:
        self.offset = 0.0

    def __call__(self) -> float:
        return wall_time() + self.offset


@pytest.mark.parametrize(("jump", "still_open"), [(-HOUR / 2, True), (-1.1 * HOUR, False), (1.1 * HOUR, False)])
async def test_a_pairing_request_never_outlives_its_hour_twice_and_its_sender_can_ask_anew(
    tmp_path: Path, jump: float, still_open: bool
) -> None:
    clock = JumpingClock()
    with trio.fail_after(30):
        async with run_bot_api(TOKEN) as api, trio.open_nursery() as nursery:
            rig = Rig(tmp_path / "state", api, settings(api.url))
            rig.around = msgspec.structs.replace(rig.around, clock=clock)
            await nursery.start(rig.serve)
            api.say(TOKEN, USER, "hello")
            await api.wait_for_sent(1)
            async with open_control(read_endpoint(rig.around.state_dir)) as control:
                (before,) = (await control.call(ListPairings())).requests
                clock.offset = jump
                assert [each.code for each in (await control.call(ListPairings())).requests] == [
                    before.code
                ] * still_open
                if not still_open:
                    api.say(TOKEN, USER, "hello again")
                    await api.wait_for_sent(2)
                (now,) = (await control.call(ListPairings())).requests
                assert (now.code == before.code) is still_open
                await control.call(ApprovePairing(channel="zalo", code=now.code))
            rig.stop.set()


@pytest.mark.parametrize("jump", [-HOUR, HOUR])
async def test_a_send_that_waits_for_its_next_attempt_waits_no_longer_and_nothing_is_forgotten(
    tmp_path: Path, jump: float
) -> None:
    clock = JumpingClock()
    with trio.fail_after(30):
        async with run_bot_api(TOKEN) as api, trio.open_nursery() as nursery:
            rig = Rig(tmp_path / "state", api, settings(api.url, dmPolicy="open", allowFrom=["*"]))
            rig.around = msgspec.structs.replace(rig.around, clock=clock)
            running = await nursery.start(rig.serve)
            bot = api.bot(TOKEN)
            bot.faults.refuse("sendMessage", 500, "busy")
            first = api.say(TOKEN, USER, "one")
            await api.wait_for_calls(1, "sendMessage")
            clock.offset = jump
            await api.wait_for_sent(1)
            api.replay(TOKEN, first)  # known, whatever the clock says
            api.say(TOKEN, USER, "two")
            await api.wait_for_sent(2)
            clock.offset = 0.0
            api.say(TOKEN, USER, "three")
            await api.wait_for_sent(3)
            assert bot.texts == ["one", "two", "three"]
            assert running.router.store_error == ""
            rig.stop.set()
    assert rig.clean is True
