"""Receiving: what arrived is kept, also while stopping."""

from __future__ import annotations

import pytest
import trio
import trio.testing
from account_stage import KEY, FakeRouter, message

from actors.errors import MailboxClosed, RetryLater
from actors.intake import AccountIntake
from actors.protocol import Accept, AwaitRoom, Shelve
from actors.vitals import Vitals

Clock = trio.testing.MockClock


def an_intake(router: FakeRouter) -> tuple[AccountIntake, Vitals]:
    vitals = Vitals(trio.current_time, lambda: None)
    return AccountIntake(KEY, router.box.ref, vitals), vitals


async def test_each_method_asks_its_question(autojump_clock: Clock, nursery: trio.Nursery) -> None:
    router = FakeRouter()
    nursery.start_soon(router.run)
    intake, vitals = an_intake(router)
    assert await intake.accept(message(1)) is True
    await intake.shelve(b"?", "no JSON")
    await intake.wait_for_room()
    assert router.questions == [Accept(message(1)), Shelve(KEY, b"?", "no JSON"), AwaitRoom(KEY)]
    assert vitals.last_inbound_at is not None
    nursery.cancel_scope.cancel()


async def test_accept_and_shelve_do_not_feel_a_cancellation(autojump_clock: Clock, nursery: trio.Nursery) -> None:
    router = FakeRouter(answer_seconds=10)
    nursery.start_soon(router.run)
    intake, _ = an_intake(router)
    with trio.move_on_after(1):
        assert await intake.accept(message(1))
        await intake.shelve(b"?", "no JSON")
    assert len(router.questions) == 2
    nursery.cancel_scope.cancel()


async def test_an_impatient_question_ends_with_its_patience(autojump_clock: Clock, nursery: trio.Nursery) -> None:
    router = FakeRouter(answer_seconds=10)
    nursery.start_soon(router.run)
    intake, vitals = an_intake(router)
    with pytest.raises(RetryLater, match="has not answered for 4 s"):
        await intake.accept(message(1), patience_seconds=4)
    with pytest.raises(RetryLater):
        await intake.shelve(b"?", "no JSON", patience_seconds=4)
    assert vitals.last_inbound_at is None
    assert await intake.accept(message(2), patience_seconds=30)
    nursery.cancel_scope.cancel()


async def test_an_impatient_question_may_be_cancelled(autojump_clock: Clock) -> None:
    intake, _ = an_intake(FakeRouter())
    with trio.move_on_after(1) as patience:
        await intake.accept(message(1), patience_seconds=30)
    assert patience.cancelled_caught


def test_how_a_webhook_was_verified_is_one_line_of_status() -> None:
    intake, vitals = an_intake(FakeRouter())
    intake.verified("webhook.http.403:\nsee there")
    assert vitals.webhook_verification == "webhook.http.403: see there"


async def test_waiting_for_room_may_be_cancelled(autojump_clock: Clock) -> None:
    intake, vitals = an_intake(FakeRouter())
    with trio.move_on_after(1) as patience:
        await intake.wait_for_room()
    assert patience.cancelled_caught
    assert vitals.last_inbound_at is None


async def test_without_a_router_nothing_is_accepted(autojump_clock: Clock) -> None:
    router = FakeRouter()
    router.box.close()
    intake, vitals = an_intake(router)
    with pytest.raises(MailboxClosed):
        await intake.accept(message(1))
    assert vitals.last_inbound_at is None


async def test_trouble_is_one_short_line_until_good() -> None:
    intake, vitals = an_intake(FakeRouter())
    intake.troubled("down\nfor  now", 3.6)
    assert vitals.trouble == "down for now (tried again in 4 s)"
    assert vitals.last_good_at is None
    intake.good()
    assert vitals.trouble == ""
    assert vitals.last_good_at is not None


async def test_stopping_is_seen() -> None:
    intake, _ = an_intake(FakeRouter())
    assert not intake.stopping
    intake.stop()
    assert intake.stopping
