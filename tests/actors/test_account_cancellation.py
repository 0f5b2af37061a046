"""Cancelled at any moment, an account settles what it took."""

from __future__ import annotations

import pytest
import trio
import trio.testing
from account_stage import CHAT, KEY, Stage

from actors.messages import Outbound, Retry
from actors.protocol import AccountClosed, AccountOpened, ShowTyping

Clock = trio.testing.MockClock


@pytest.mark.parametrize("tenths", [*range(12), 25, 45, 61])
async def test_cancelled_anywhere_every_delivery_has_one_receipt_and_one_end(
    autojump_clock: Clock, tenths: int
) -> None:
    stage = Stage()

    async def slow(sent: Outbound) -> str:
        await trio.sleep(sent.outbox_id * 2)
        return "ok"

    async def start() -> None:
        await trio.sleep(0.2)

    stage.channel.sending, stage.channel.starting = slow, start
    delivered: list[int] = []
    async with trio.open_nursery() as routers:
        routers.start_soon(stage.router.run)

        async def feed() -> None:
            await trio.sleep(0.3)
            for number in (1, 2, 9):
                await stage.router.deliver(number)
                delivered.append(number)
                await stage.router.accounts[KEY].tell(ShowTyping(CHAT))
                await trio.sleep(0.2)

        async with trio.open_nursery() as accounts:
            accounts.start_soon(stage.run)
            accounts.start_soon(feed)
            await trio.sleep(tenths / 10 + 0.05)
            accounts.cancel_scope.cancel()
        await trio.testing.wait_all_tasks_blocked()
        routers.cancel_scope.cancel()
    assert sorted(stage.router.outcomes()) == delivered
    assert stage.router.count(AccountOpened) == stage.router.count(AccountClosed)
    assert stage.channel.open_now == 0
    for number, outcome in stage.router.outcomes().items():
        assert isinstance(outcome, Retry) == (number not in stage.channel.sent)
