"""The account actor: its state word, its commands, and one account's trouble staying its own."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import trio
import trio.testing
from account_stage import ME, OPTIONS, FakeRouter, Stage, message, playing

from actors.account import AccountActor
from actors.channel import Intake
from actors.errors import BadCredentials, RetryLater
from actors.messages import AccountKey, Outbound, Sent, Unknown
from actors.protocol import Accept, AccountClosed, AccountOpened

Clock = trio.testing.MockClock
Command = Callable[[AccountActor], None]


async def test_a_healthy_account_opens_runs_and_says_so(autojump_clock: Clock) -> None:
    stage = Stage()
    async with playing(stage):
        status = stage.actor.status()
        assert (status.state, status.identity, status.last_error, status.restarts) == ("running", ME, "", 0)
        assert stage.router.states()[-1] == "running"
        assert stage.router.count(AccountOpened) == 1


async def test_what_arrives_is_accepted_and_marked(autojump_clock: Clock) -> None:
    stage = Stage()

    async def receive(intake: Intake) -> None:
        assert await intake.accept(message(1))
        intake.good()
        await trio.sleep_forever()

    stage.channel.receiving = receive
    async with playing(stage):
        status = stage.actor.status()
        assert stage.router.questions == [Accept(message(1))]
        assert status.last_inbound_at is not None
        assert status.last_good_at is not None


async def test_trouble_shows_as_backing_off_while_deliveries_go_on(autojump_clock: Clock) -> None:
    stage = Stage()

    async def receive(intake: Intake) -> None:
        await trio.sleep(1)
        intake.troubled("the network is down", 4.0)
        await trio.sleep(10)
        intake.good()
        await trio.sleep_forever()

    stage.channel.receiving = receive
    async with playing(stage, seconds=2):
        status = stage.actor.status()
        assert (status.state, status.last_error) == ("backing-off", "the network is down (tried again in 4 s)")
        await stage.router.deliver(1)
        await trio.sleep(10)
        assert stage.router.outcomes() == {1: Sent("id-1")}
        status = stage.actor.status()
        assert (status.state, status.last_error) == ("running", "")
        assert stage.router.states()[-2:] == ["backing-off", "running"]


async def test_trouble_ends_with_the_session(autojump_clock: Clock) -> None:
    stage = Stage()

    async def receive(intake: Intake) -> None:
        if stage.channel.opened == 1:
            intake.troubled("the network is down", 4.0)
            await trio.sleep(1)
            raise ValueError("boom")
        await trio.sleep_forever()

    stage.channel.receiving = receive
    async with playing(stage, seconds=1.5):
        assert (stage.word, stage.actor.status().last_error) == ("backing-off", "boom")
        await trio.sleep(1)
        assert (stage.word, stage.actor.status().last_error) == ("running", "")


async def test_one_accounts_crash_leaves_the_other_untouched(autojump_clock: Clock) -> None:
    router = FakeRouter()
    sick, well = Stage(router=router), Stage(key=AccountKey("zalo", "other"), router=router)

    async def crash(intake: Intake) -> None:
        raise ValueError("boom")

    sick.channel.receiving = crash
    async with playing(sick, well, seconds=90):
        assert (sick.word, sick.channel.opened, len(sick.crashes)) == ("failed", 4, 4)
        assert (well.word, well.channel.opened, well.crashes) == ("running", 1, [])
        await router.deliver(7, key=well.actor.key)
        await trio.sleep(1)
        assert well.channel.sent == [7]


async def test_receiving_that_returns_unasked_is_restarted(autojump_clock: Clock) -> None:
    stage = Stage()

    async def returns(intake: Intake) -> None:
        await trio.sleep(1)

    stage.channel.receiving = returns
    async with playing(stage, seconds=1.5):
        assert (stage.word, stage.actor.status().last_error) == ("backing-off", "receiving ended by itself")


async def test_a_refused_login_waits_and_a_restart_tries_it_again(autojump_clock: Clock) -> None:
    stage = Stage()

    async def refuse() -> None:
        if stage.channel.opened == 1:
            raise BadCredentials("the token is not accepted")

    stage.channel.starting = refuse
    async with playing(stage, seconds=5000):
        assert (stage.word, stage.channel.opened) == ("needs-login", 1)
        assert stage.router.count(AccountOpened) == 0
        stage.actor.restart()
        await trio.sleep(1)
        assert stage.word == "running"


async def test_an_outage_of_a_day_does_not_fail_the_account(autojump_clock: Clock) -> None:
    stage = Stage()

    async def offline() -> None:
        raise RetryLater("the network cannot be reached")

    stage.channel.starting = offline
    async with playing(stage, seconds=86_400):
        assert stage.word == "backing-off"
        assert stage.crashes == []


async def test_a_router_without_room_does_not_fail_an_account_that_starts(autojump_clock: Clock) -> None:
    stage = Stage()
    stage.router.fill()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(stage.run)
        await trio.sleep(10 * OPTIONS.policy.start_deadline_seconds)
        assert (stage.word, stage.channel.opened, stage.crashes) == ("running", 1, [])
        nursery.start_soon(stage.router.run)
        await trio.sleep(1)
        assert stage.router.count(AccountOpened) == 1
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize("command", [AccountActor.stop, AccountActor.restart, AccountActor.finish])
async def test_sends_in_flight_get_their_grace_and_then_the_truth(autojump_clock: Clock, command: Command) -> None:
    stage = Stage()

    async def slow(sent: Outbound) -> str:
        await trio.sleep({1: 3.0, 2: math.inf}[sent.outbox_id])
        return "late"

    stage.channel.sending = slow
    async with playing(stage):
        await stage.router.deliver(1, 2)
        await trio.sleep(1)
        command(stage.actor)
        await trio.sleep(4.9)
        assert stage.router.count(AccountClosed) == 0
        await trio.sleep(0.5)
        assert stage.router.count(AccountClosed) == 1
        outcomes = stage.router.outcomes()
        assert outcomes[1] == Sent("late")
        assert isinstance(outcomes[2], Unknown)


async def test_draining_takes_nothing_in_and_goes_on_delivering_until_finished(autojump_clock: Clock) -> None:
    stage = Stage()
    async with playing(stage):
        stage.actor.drain()
        assert stage.word == "draining"
        await trio.sleep(60)
        await stage.router.deliver(1)
        await trio.sleep(1)
        assert stage.router.outcomes() == {1: Sent("id-1")}
        assert not stage.ended.is_set()
        stage.actor.finish()
        stage.actor.finish()
        await trio.sleep(1)
        assert stage.ended.is_set()
        assert stage.router.states()[-2:] == ["draining", "stopped"]
    assert stage.crashes == []


async def test_a_poll_that_comes_back_while_draining_is_still_accepted(autojump_clock: Clock) -> None:
    stage = Stage()
    seen: list[bool] = []

    async def poll(intake: Intake) -> None:
        await trio.sleep(1.5)
        seen.append(intake.stopping)
        await intake.accept(message(1))

    stage.channel.receiving = poll
    async with playing(stage, seconds=1):
        stage.actor.drain()
        await trio.sleep(1)
        assert seen == [True]
        assert stage.router.questions == [Accept(message(1))]
        assert stage.word == "draining"


async def test_a_poll_that_hangs_while_draining_is_cut_at_its_grace(autojump_clock: Clock) -> None:
    stage = Stage()
    ended: list[float] = []

    async def poll(intake: Intake) -> None:
        try:
            await trio.sleep_forever()
        finally:
            ended.append(trio.current_time())

    stage.channel.receiving = poll
    async with playing(stage):
        begun = trio.current_time()
        stage.actor.drain()
        await trio.sleep(1)
        stage.actor.drain()
        await trio.sleep(5)
        assert ended == [pytest.approx(begun + OPTIONS.poll_grace_seconds)]


async def test_finish_on_an_account_that_waits_ends_it_at_once(autojump_clock: Clock) -> None:
    stage = Stage()

    async def refuse() -> None:
        raise BadCredentials("no")

    stage.channel.starting = refuse
    async with playing(stage):
        stage.actor.finish()
        await trio.testing.wait_all_tasks_blocked()
        assert stage.ended.is_set()


async def test_an_account_stopped_before_it_runs_says_stopped_and_can_be_started(autojump_clock: Clock) -> None:
    stage = Stage()
    stage.actor.stop()
    async with playing(stage):
        assert stage.router.states() == ["stopped"]
        stage.actor.start()
        await trio.sleep(1)
        assert stage.word == "running"


async def test_the_router_hears_the_latest_state_even_when_it_is_slow(autojump_clock: Clock) -> None:
    stage = Stage()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(stage.run)
        for _ in range(20):
            await trio.sleep(1)
            stage.actor.restart()
        nursery.start_soon(stage.router.run)
        await trio.sleep(20)
        assert stage.router.states()[-1] == stage.word == "running"
        nursery.cancel_scope.cancel()


async def test_a_router_that_has_ended_does_not_keep_the_account_from_ending(autojump_clock: Clock) -> None:
    stage = Stage()
    stage.router.box.close()
    with trio.move_on_after(30):
        await stage.actor.run()
    assert stage.word == "stopped"
    assert stage.channel.open_now == 0
