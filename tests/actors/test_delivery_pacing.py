"""Sends at their pace: in order, not begun when the end comes first, and slower when the network says so."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio
import trio.testing
from account_stage import KEY, FakeChannel, FakeRouter, outbound

from actors.delivery import NOT_BEGUN, Delivery, SendOptions
from actors.errors import RetryLater, TooManyRequests
from actors.messages import Chat, Outbound, Outcome, Receipt, Retry, Sent
from actors.pacing import Pacing
from actors.protocol import Deliver, Delivered
from actors.vitals import Vitals

Clock = trio.testing.MockClock


class Bench:
    """A delivery of one message a second after the first two, over a channel that notes when it was asked."""

    def __init__(self, pacing: Pacing) -> None:
        self.channel = FakeChannel()
        self.channel.sending = self.send
        self.router = FakeRouter()
        options = SendOptions(max_in_flight=4, grace_seconds=5.0, pacing=pacing)
        vitals = Vitals(trio.current_time, lambda: None)
        self.delivery = Delivery(KEY, self.channel, self.router.box.ref, vitals, options)
        self.begun: list[tuple[float, int]] = []
        self.errors: list[Exception | None] = []

    async def send(self, sent: Outbound) -> str:
        self.begun.append((round(trio.current_time() - self.started_at, 3), sent.outbox_id))
        error = self.errors.pop(0) if self.errors else None
        await trio.sleep(0.1)
        if error is not None:
            raise error
        return f"id-{sent.outbox_id}"

    async def deliver(self, *numbers: int) -> None:
        for number in numbers:
            await self.delivery.mailbox.ref.tell(Deliver(outbound(number, Chat(KEY, f"chat-{number}"))))

    def told(self) -> dict[int, Outcome]:
        return {m.receipt.outbox_id: m.receipt.outcome for m in self.router.told if isinstance(m, Delivered)}

    async def run(self) -> None:
        self.started_at = trio.current_time()
        await self.delivery.run()


@asynccontextmanager
async def at_work(bench: Bench) -> AsyncIterator[None]:
    with trio.fail_after(10_000):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(bench.router.run)
            nursery.start_soon(bench.run)
            await trio.testing.wait_all_tasks_blocked()
            yield
            nursery.cancel_scope.cancel()


async def test_sends_begin_at_their_pace_in_the_order_in_which_they_were_told(autojump_clock: Clock) -> None:
    bench = Bench(Pacing(per_minute=60, burst=2))
    async with at_work(bench):
        await bench.deliver(*range(1, 6))
        await trio.sleep(10)
    assert [number for _, number in bench.begun] == [1, 2, 3, 4, 5]
    assert [at for at, _ in bench.begun] == pytest.approx([0, 0, 1, 2, 3], abs=0.01)
    assert bench.told() == {number: Sent(f"id-{number}") for number in range(1, 6)}


async def test_too_many_requests_slows_the_account_and_not_only_the_message(autojump_clock: Clock) -> None:
    bench = Bench(Pacing(per_minute=600, burst=1))
    bench.errors = [TooManyRequests("quota")]
    async with at_work(bench):
        await bench.deliver(1)
        await trio.sleep(0.2)
        await bench.deliver(2, 3)
        await trio.sleep(20)
    assert bench.told()[1] == Retry("quota")
    first, second, third = (at for at, _ in bench.begun)
    assert second - first > 1.5
    assert third - second > 1.5


async def test_a_wait_that_the_network_asks_for_holds_for_every_chat(autojump_clock: Clock) -> None:
    bench = Bench(Pacing())
    bench.errors = [TooManyRequests("slow down", 60.0)]
    async with at_work(bench):
        await bench.deliver(1)
        await trio.sleep(0.2)
        await bench.deliver(2)
        await trio.sleep(100)
    assert bench.told()[1] == Retry("slow down", 60.0)
    assert bench.begun[1][0] == pytest.approx(60.1, abs=0.01)


async def test_other_trouble_slows_nothing(autojump_clock: Clock) -> None:
    bench = Bench(Pacing())
    bench.errors = [RetryLater("offline", 60.0)]
    async with at_work(bench):
        await bench.deliver(1)
        await trio.sleep(0.2)
        await bench.deliver(2)
        await trio.sleep(1)
    assert bench.begun[1][0] == pytest.approx(0.2, abs=0.01)


async def test_what_waits_for_its_turn_has_not_begun_when_the_delivery_ends(autojump_clock: Clock) -> None:
    bench = Bench(Pacing(per_minute=2, burst=1))
    async with at_work(bench):
        await bench.deliver(1, 2, 3)
        await trio.sleep(1)
        begun = trio.current_time()
        bench.delivery.finish()
        await trio.testing.wait_all_tasks_blocked()
        assert trio.current_time() == begun
    assert bench.begun == [(0.0, 1)]
    assert bench.told() == {1: Sent("id-1"), 2: NOT_BEGUN, 3: NOT_BEGUN}


async def test_what_waits_when_it_is_cancelled_has_not_begun_either(autojump_clock: Clock) -> None:
    bench = Bench(Pacing(per_minute=2, burst=1))
    await bench.deliver(1, 2)
    with trio.move_on_after(10):
        await bench.run()
    assert trio.current_time() - bench.started_at == pytest.approx(10.0)
    assert Receipt(2, NOT_BEGUN) in bench.delivery.close()
