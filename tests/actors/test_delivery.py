"""Sending: the table of outcomes, and what becomes of what did not finish."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio
import trio.testing
from account_stage import CHAT, KEY, FakeChannel, FakeRouter, outbound

from actors.delivery import CUT_OFF, NOT_BEGUN, Delivery, SendOptions
from actors.errors import BadCredentials, Rejected, RetryLater, UnknownOutcome
from actors.mailbox import Request
from actors.messages import Chat, Outbound, Outcome, Receipt, Refused, Retry, Sent, Unknown
from actors.protocol import Deliver, Delivered, ShowTyping
from actors.vitals import Vitals

Clock = trio.testing.MockClock
OTHER_CHAT = Chat(KEY, "chat-2")
SENDING = SendOptions(max_in_flight=4, grace_seconds=5.0)


class Bench:
    """A delivery over a fake channel and a router whose mailbox the test reads."""

    def __init__(self) -> None:
        self.channel = FakeChannel()
        self.router = FakeRouter()
        self.vitals = Vitals(trio.current_time, lambda: None)
        self.delivery = Delivery(KEY, self.channel, self.router.box.ref, self.vitals, SENDING)

    async def deliver(self, *numbers: int, chat: Chat = CHAT) -> None:
        for number in numbers:
            await self.delivery.mailbox.ref.tell(Deliver(outbound(number, chat)))

    def told(self) -> dict[int, Outcome]:
        return {m.receipt.outbox_id: m.receipt.outcome for m in self.router.told if isinstance(m, Delivered)}


@asynccontextmanager
async def at_work(bench: Bench) -> AsyncIterator[None]:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(bench.router.run)
        nursery.start_soon(bench.delivery.run)
        yield
        bench.delivery.finish()
        await trio.sleep(60)
        nursery.cancel_scope.cancel()


def raising(error: Exception) -> FakeChannel:
    channel = FakeChannel()

    async def send(sent: Outbound) -> str:
        await trio.sleep(1)
        raise error

    channel.sending = send
    return channel


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (RetryLater("quota", 7.5), Retry("quota", 7.5)),
        (RetryLater("offline"), Retry("offline")),
        (Rejected("no such chat"), Refused("no such chat")),
        (UnknownOutcome("no answer came"), Unknown("no answer came")),
    ],
)
async def test_an_expected_error_is_an_outcome(autojump_clock: Clock, error: Exception, outcome: Outcome) -> None:
    bench = Bench()
    bench.channel.sending = raising(error).sending
    async with at_work(bench):
        await bench.deliver(1)
        await trio.sleep(2)
        assert bench.told() == {1: outcome}
        assert bench.vitals.last_outbound_at is None
    assert bench.delivery.close() == ()


async def test_a_send_that_returns_is_sent(autojump_clock: Clock) -> None:
    bench = Bench()
    async with at_work(bench):
        await bench.deliver(1, 2)
        await trio.sleep(1)
        assert bench.told() == {1: Sent("id-1"), 2: Sent("id-2")}
        assert bench.vitals.last_outbound_at is not None


@pytest.mark.parametrize(
    ("error", "outcome"), [(BadCredentials("token refused"), Retry("token refused")), (KeyError("defect"), CUT_OFF)]
)
async def test_what_ends_the_session_leaves_its_receipt_for_the_end(
    autojump_clock: Clock, error: Exception, outcome: Outcome
) -> None:
    bench = Bench()
    bench.channel.sending = raising(error).sending
    await bench.deliver(1)
    with pytest.raises(ExceptionGroup) as caught:
        await bench.delivery.run()
    assert caught.value.exceptions == (error,)
    assert bench.delivery.close() == (Receipt(1, outcome),)


async def test_a_failing_send_gives_the_others_their_grace(autojump_clock: Clock) -> None:
    bench = Bench()

    async def send(sent: Outbound) -> str:
        await trio.sleep({1: 1, 2: 4, 3: math.inf}[sent.outbox_id])
        if sent.outbox_id == 1:
            raise BadCredentials("token refused")
        return "fine"

    bench.channel.sending = send
    await bench.deliver(1, 2, 3)
    begun = trio.current_time()
    with pytest.raises(ExceptionGroup):
        await bench.delivery.run()
    assert trio.current_time() - begun == pytest.approx(6)
    await bench.deliver(4)
    left = {receipt.outbox_id: receipt.outcome for receipt in bench.delivery.close()}
    assert left == {1: Retry("token refused"), 2: Sent("fine"), 3: CUT_OFF, 4: NOT_BEGUN}


async def test_a_delivery_taken_just_as_the_session_ends_has_its_grace_too(autojump_clock: Clock) -> None:
    bench = Bench()

    async def send(sent: Outbound) -> str:
        await trio.sleep(4)
        return "fine"

    bench.channel.sending = send
    with trio.CancelScope() as scope:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(bench.delivery.run)
            await trio.testing.wait_all_tasks_blocked()
            bench.delivery.mailbox.ref.tell_nowait(Deliver(outbound(1)))
            scope.cancel()
    assert bench.delivery.close() == (Receipt(1, Sent("fine")),)


async def test_a_finished_delivery_answers_for_what_it_did_not_take(autojump_clock: Clock) -> None:
    bench = Bench()
    bench.delivery.finish()
    await bench.deliver(1)
    await bench.delivery.run()
    assert bench.delivery.close() == (Receipt(1, NOT_BEGUN),)
    assert bench.delivery.close() == (Receipt(1, NOT_BEGUN),)


async def test_a_receipt_that_the_router_had_no_room_for_is_left_for_the_end(autojump_clock: Clock) -> None:
    bench = Bench()
    await bench.deliver(*range(1, 8))
    with trio.move_on_after(10):
        await bench.delivery.run()
    told = bench.router.box.statistics().waiting
    assert told == 4
    assert len(bench.delivery.close()) == 7 - told


async def test_a_slow_chat_does_not_hold_up_another(autojump_clock: Clock) -> None:
    bench = Bench()

    async def send(sent: Outbound) -> str:
        await trio.sleep(30 if sent.chat == CHAT else 0)
        return ""

    bench.channel.sending = send
    async with at_work(bench):
        await bench.deliver(1)
        await bench.deliver(2, chat=OTHER_CHAT)
        await trio.sleep(1)
        assert bench.told() == {2: Sent("")}


async def test_typing_is_cut_short_by_a_delivery_to_its_chat_alone(autojump_clock: Clock) -> None:
    bench = Bench()
    async with at_work(bench):
        for chat in (CHAT, OTHER_CHAT):
            await bench.delivery.mailbox.ref.tell(ShowTyping(chat))
        await trio.sleep(1)
        await bench.deliver(1)
        await trio.sleep(0.1)
        assert bench.told() == {1: Sent("id-1")}
        assert (bench.channel.typing, bench.channel.typing_cancelled) == ([CHAT, OTHER_CHAT], 1)


async def test_typing_is_not_shown_while_its_chat_is_sent_to(autojump_clock: Clock) -> None:
    bench = Bench()

    async def send(sent: Outbound) -> str:
        await trio.sleep(5)
        return ""

    bench.channel.sending = send
    async with at_work(bench):
        await bench.deliver(1)
        await bench.delivery.mailbox.ref.tell(ShowTyping(CHAT))
        await trio.sleep(1)
        assert bench.channel.typing == []


async def test_typing_does_not_keep_a_finished_delivery(autojump_clock: Clock) -> None:
    bench = Bench()
    bench.channel.typing_seconds = 1000
    await bench.delivery.mailbox.ref.tell(ShowTyping(CHAT))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(bench.delivery.run)
        await trio.sleep(1)
        begun = trio.current_time()
        bench.delivery.finish()
    assert trio.current_time() == begun
    assert bench.channel.typing_cancelled == 1


async def test_a_question_is_refused_rather_than_left_hanging(autojump_clock: Clock) -> None:
    bench = Bench()

    class Riddle(Request[int]):
        pass

    async with at_work(bench):
        with pytest.raises(Rejected, match="answers no questions"):
            await bench.delivery.mailbox.ref.ask(Riddle())
