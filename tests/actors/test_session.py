"""One opening: AccountOpened, receipts, and exactly one AccountClosed after them."""

from __future__ import annotations

from functools import partial

import pytest
import trio
import trio.testing
from account_stage import KEY, ME, OPTIONS, FakeChannel, FakeRouter, Stage, outbound, playing

from actors.channel import Intake
from actors.delivery import CUT_OFF, NOT_BEGUN
from actors.errors import BadCredentials
from actors.messages import Outbound, Receipt, Retry, Sent
from actors.protocol import AccountClosed, AccountOpened, Deliver, Delivered
from actors.session import LAST_WORD_SECONDS, Session, at_last
from actors.vitals import Vitals

Clock = trio.testing.MockClock


def a_session(channel: FakeChannel, router: FakeRouter, owed: AccountClosed | None = None) -> Session:
    return Session(KEY, channel, router.box.ref, Vitals(trio.current_time, lambda: None), OPTIONS, owed)


async def test_a_session_opens_tells_receipts_and_closes_in_this_order(
    autojump_clock: Clock, nursery: trio.Nursery
) -> None:
    router = FakeRouter()
    nursery.start_soon(router.run)
    session = a_session(FakeChannel(), router)
    nursery.start_soon(session.run, ME)
    await trio.sleep(1)
    await router.deliver(1)
    await trio.sleep(1)
    session.finish()
    await trio.sleep(10)
    opened, *rest = router.told
    assert isinstance(opened, AccountOpened)
    assert (opened.account, opened.identity, opened.max_sends_in_flight) == (KEY, ME, OPTIONS.max_sends_in_flight)
    assert rest == [Delivered(KEY, Receipt(1, Sent("id-1"))), AccountClosed(KEY)]
    nursery.cancel_scope.cancel()


async def test_a_crash_of_receiving_leaves_true_receipts(autojump_clock: Clock) -> None:
    stage = Stage()

    async def receive(intake: Intake) -> None:
        await trio.sleep(1)
        raise ValueError("boom")

    async def send(sent: Outbound) -> str:
        await trio.sleep(sent.outbox_id)
        return "fine"

    stage.channel.receiving, stage.channel.sending = receive, send
    async with playing(stage):
        await stage.router.deliver(3, 99)
        await trio.sleep(1)
        mailbox = stage.router.accounts[KEY]
        await mailbox.tell(Deliver(outbound(4)))
        await trio.sleep(5)
        assert stage.router.outcomes() == {3: Sent("fine"), 99: CUT_OFF, 4: NOT_BEGUN}
        assert len(stage.crashes) == 1


async def test_a_login_refused_while_sending_closes_the_session_and_waits_for_a_person(autojump_clock: Clock) -> None:
    stage = Stage()

    async def refuse(sent: Outbound) -> str:
        raise BadCredentials("the token is not accepted")

    stage.channel.sending = refuse
    async with playing(stage):
        await stage.router.deliver(1)
        await trio.sleep(1000)
        assert stage.word == "needs-login"
        assert stage.router.outcomes() == {1: Retry("the token is not accepted")}
        assert (stage.channel.opened, stage.router.count(AccountClosed)) == (1, 1)


async def test_a_defect_in_sending_is_one_crash_and_one_restart(autojump_clock: Clock) -> None:
    stage = Stage()

    async def defect(sent: Outbound) -> str:
        raise KeyError("defect")

    stage.channel.sending = defect
    async with playing(stage):
        await stage.router.deliver(1, 2)
        await trio.sleep(2)
        assert (stage.word, stage.channel.opened, len(stage.crashes)) == ("running", 2, 1)
        assert set(stage.router.outcomes()) == {1, 2}


async def test_a_start_that_fails_opens_nothing_and_closes_nothing(autojump_clock: Clock) -> None:
    stage = Stage()

    async def crash() -> None:
        raise ValueError("boom")

    stage.channel.starting = crash
    async with playing(stage, seconds=90):
        assert stage.word == "failed"
        assert stage.router.count(AccountOpened) == stage.router.count(AccountClosed) == 0


async def test_an_end_that_found_no_room_is_told_before_the_next_opening(autojump_clock: Clock) -> None:
    stage = Stage()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(stage.run)
        await trio.sleep(1)
        stage.router.fill()
        stage.actor.stop()
        await trio.sleep(LAST_WORD_SECONDS + 1)
        assert stage.word == "stopped"
        stage.actor.start()
        nursery.start_soon(stage.router.run)
        await trio.sleep(1)
        ends = [type(m) for m in stage.router.told if isinstance(m, AccountOpened | AccountClosed)]
        assert ends == [AccountOpened, AccountClosed, AccountOpened]
        nursery.cancel_scope.cancel()


async def test_a_last_word_waits_for_room_even_when_cancelled(autojump_clock: Clock, nursery: trio.Nursery) -> None:
    router = FakeRouter()
    word = AccountClosed(KEY)
    router.fill()

    async def make_room() -> None:
        await trio.sleep(LAST_WORD_SECONDS - 1)
        await router.box.receive()

    nursery.start_soon(make_room)
    with trio.CancelScope() as scope:
        scope.cancel()
        await at_last(partial(router.box.ref.tell, word))
    assert scope.cancelled_caught
    assert router.box.statistics().waiting == 4


@pytest.mark.parametrize("closed", [True, False])
async def test_a_last_word_does_not_wait_for_ever(autojump_clock: Clock, closed: bool) -> None:
    router = FakeRouter()
    word = AccountClosed(KEY)
    router.fill()
    if closed:
        router.box.close()
    begun = trio.current_time()
    with trio.CancelScope() as scope:
        scope.cancel()
        await at_last(partial(router.box.ref.tell, word))
    assert trio.current_time() - begun == pytest.approx(0 if closed else LAST_WORD_SECONDS)
