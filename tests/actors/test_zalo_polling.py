"""Polling against a scripted Bot API, with a clock that jumps: what is accepted, when the next poll begins."""

from __future__ import annotations

import json

import pytest
import trio
from trio.testing import MockClock
from zalo_fakes import OWN, SHOP, Answer, Asked, FakeIntake, FakePoster, html, ok, refused, update

from actors.errors import BadCredentials, MailboxClosed, RetryLater, UnknownOutcome
from actors.net.answer import HttpAnswer
from actors.secret import Secret
from actors.zalo.client import BotApi
from actors.zalo.polling import BACKOFF, Poller

EMPTY = refused(408, "Request timeout")


def new(text: str) -> HttpAnswer:
    return ok(update(text, f"id-{text}"))


def poller(poster: FakePoster, intake: FakeIntake, random: float = 0.0) -> Poller:
    return Poller(BotApi(poster, poster, Secret("1:t")), SHOP, OWN, intake, 30, lambda: random)


async def polls_at(intake: FakeIntake, *answers: Answer, delay: float = 0.0, until: float = 1e6) -> list[float]:
    """Runs the script; returns when each poll began. The last poll of the script finds no answer and waits."""
    poster = FakePoster(*answers, delay=delay)
    began = trio.current_time()
    with trio.move_on_after(until):
        await poller(poster, intake).run()
    return [one.at - began for one in poster.asked if one.method == "getUpdates"]


# --- what comes in


async def test_updates_are_accepted_in_order_and_the_next_poll_begins_at_once(autojump_clock: MockClock) -> None:
    intake = FakeIntake()
    assert await polls_at(intake, new("a"), new("b"), new("c")) == [0, 0, 0, 0]
    assert intake.texts == ["a", "b", "c"]
    assert intake.goods == 3


async def test_the_next_poll_begins_only_when_the_update_is_durable(autojump_clock: MockClock) -> None:
    intake = FakeIntake()
    intake.accept_seconds = 7
    assert await polls_at(intake, new("a"), new("b")) == [0, 7, 14]


async def test_no_poll_begins_while_there_is_no_room(autojump_clock: MockClock) -> None:
    intake = FakeIntake()
    intake.room = trio.Event()

    async def make_room() -> None:
        await trio.sleep(100)
        intake.room.set()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(make_room)
        assert await polls_at(intake, new("a")) == [100, 100]


async def test_several_updates_in_one_answer_are_all_taken(autojump_clock: MockClock) -> None:
    intake = FakeIntake()
    await polls_at(intake, ok([update("a", "1"), update("b", "2")]))
    assert intake.texts == ["a", "b"]


# --- nothing new


async def test_after_an_empty_poll_that_took_its_time_comes_the_next_at_once(autojump_clock: MockClock) -> None:
    intake = FakeIntake()
    assert await polls_at(intake, EMPTY, EMPTY, delay=30) == [0, 30, 60]
    assert (intake.goods, intake.troubles) == (2, [])


@pytest.mark.parametrize("empty", [EMPTY, ok(), ok({}), refused(408, status=408)])
async def test_empty_answers_that_come_at_once_do_not_make_a_tight_loop(
    empty: HttpAnswer, autojump_clock: MockClock
) -> None:
    assert await polls_at(FakeIntake(), *[empty] * 5) == [0, 1, 2, 3, 4, 5]
    assert (await polls_at(FakeIntake(), empty, empty, delay=0.25))[:3] == [0, 1, 2]


async def test_an_update_that_comes_again_and_again_slows_the_polls(autojump_clock: MockClock) -> None:
    intake = FakeIntake()
    assert await polls_at(intake, *[new("a")] * 6, new("b"), new("b")) == [0, 0, 1, 3, 7, 12, 17, 17, 18]
    assert intake.texts == ["a", "b"]


async def test_the_bots_own_words_are_not_accepted_and_do_not_make_it_spin(autojump_clock: MockClock) -> None:
    intake = FakeIntake()
    echo = ok(update("echo", "id-echo", sender=OWN))
    assert await polls_at(intake, echo, echo, echo) == [0, 0, 1, 3]
    assert intake.accepted == []


# --- what cannot be read


async def test_what_cannot_be_decoded_is_shelved_with_its_bytes_and_its_reason(autojump_clock: MockClock) -> None:
    intake = FakeIntake()
    odd = {"event_name": "message.text.received", "message": {"text": "no chat"}}
    assert await polls_at(intake, ok(odd), new("a")) == [0, 0, 0]
    assert intake.shelved == [(json.dumps(odd).encode(), "expected message.chat.id, a string that is not empty")]
    assert intake.texts == ["a"]


async def test_what_cannot_be_decoded_is_shelved_once_though_it_comes_again(autojump_clock: MockClock) -> None:
    intake = FakeIntake()
    assert await polls_at(intake, *[ok({"odd": 1})] * 3, ok({"odd": 2})) == [0, 0, 1, 3, 3]
    assert [raw for raw, _ in intake.shelved] == [b'{"odd": 1}', b'{"odd": 2}']


# --- trouble


@pytest.mark.parametrize(
    "failure",
    [
        RetryLater("not reached"),
        UnknownOutcome("no whole answer came back"),
        html(504),
        html(429),
        refused(403, "Internal server error"),
        refused(429, "Quota exceeded"),
        refused(404, "Not Found"),
        refused(400, "Bad request"),
        HttpAnswer(200, b'{"ok":tr'),
    ],
)
async def test_an_outage_is_waited_out_with_growing_waits(
    failure: HttpAnswer | Exception, autojump_clock: MockClock
) -> None:
    intake = FakeIntake()
    began = await polls_at(intake, *[failure] * 9, new("back"))
    assert began == [0, 1, 3, 7, 15, 31, 63, 123, 183, 243, 243]
    assert [wait for _, wait in intake.troubles] == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert intake.texts == ["back"]
    assert intake.goods == 1


async def test_chance_lengthens_the_waits(autojump_clock: MockClock) -> None:
    intake = FakeIntake()
    with trio.move_on_after(100):
        await poller(FakePoster(html(502), html(502)), intake, random=0.5).run()
    assert [wait for _, wait in intake.troubles] == [1 + 0.5 * BACKOFF.jitter, 2 * (1 + 0.5 * BACKOFF.jitter)]


async def test_a_poll_that_comes_back_ends_the_trouble(autojump_clock: MockClock) -> None:
    intake = FakeIntake()
    await polls_at(intake, html(502), html(502), EMPTY, html(502))
    assert [wait for _, wait in intake.troubles] == [1, 2, 1]
    assert intake.goods == 1


@pytest.mark.parametrize(("asked", "waits"), [(30.0, 30.0), (0.1, 1.0), (86_400.0, 600.0)])
async def test_a_peer_that_asks_for_a_longer_wait_gets_it_within_bounds(
    asked: float, waits: float, autojump_clock: MockClock
) -> None:
    intake = FakeIntake()
    assert await polls_at(intake, html(429, retry_after=asked)) == [0, waits]
    assert intake.troubles == [("getUpdates: HTTP 429 without an answer of the Bot API (429)", waits)]


@pytest.mark.parametrize("status", [200, 401])
async def test_a_token_that_is_no_longer_accepted_ends_it(status: int, autojump_clock: MockClock) -> None:
    intake = FakeIntake()
    with pytest.raises(BadCredentials, match="Unauthorized"):
        await polls_at(intake, new("a"), refused(401, "Unauthorized", status=status))
    assert intake.texts == ["a"]


# --- somebody set a webhook

WEBHOOK = refused(400, "Webhook is configured; delete it before using getUpdates")


async def run_script(intake: FakeIntake, *answers: Answer) -> FakePoster:
    poster = FakePoster(*answers)
    with trio.move_on_after(1000):
        await poller(poster, intake).run()
    return poster


async def test_a_webhook_that_somebody_set_is_deleted(autojump_clock: MockClock) -> None:
    intake = FakeIntake()
    poster = await run_script(intake, WEBHOOK, ok({"url": ""}), new("a"), WEBHOOK, ok(), new("b"))
    assert poster.methods == ["getUpdates", "deleteWebhook", "getUpdates"] * 2 + ["getUpdates"]
    assert intake.texts == ["a", "b"]
    assert intake.troubles == []


async def test_a_webhook_that_stays_is_trouble_not_a_tight_loop(autojump_clock: MockClock) -> None:
    intake = FakeIntake()
    poster = await run_script(intake, WEBHOOK, ok(), WEBHOOK, WEBHOOK, new("a"))
    assert poster.methods == ["getUpdates", "deleteWebhook", "getUpdates", "getUpdates", "getUpdates", "getUpdates"]
    assert [wait for _, wait in intake.troubles] == [1, 2]
    assert "Webhook is configured" in intake.troubles[0][0]


async def test_a_webhook_that_cannot_be_deleted_is_trouble(autojump_clock: MockClock) -> None:
    intake = FakeIntake()
    await run_script(intake, WEBHOOK, html(502), new("a"))
    assert [wait for _, wait in intake.troubles] == [1]
    assert intake.texts == ["a"]


# --- the store fails


async def test_an_update_in_hand_waits_for_a_store_that_fails(autojump_clock: MockClock) -> None:
    intake = FakeIntake()
    intake.store_fails = 3
    assert await polls_at(intake, new("a"), new("b")) == [0, 7, 7]
    assert intake.texts == ["a", "b"]
    assert intake.troubles == [("disk full", 1.0), ("disk full", 2.0), ("disk full", 4.0)]


async def test_a_dead_letter_waits_for_a_store_that_fails(autojump_clock: MockClock) -> None:
    intake = FakeIntake()
    intake.store_fails = 1
    assert await polls_at(intake, ok({"odd": 1})) == [0, 1]
    assert len(intake.shelved) == 1


async def test_a_router_that_is_gone_ends_it(autojump_clock: MockClock) -> None:
    class Gone(FakeIntake):
        async def wait_for_room(self) -> None:
            raise MailboxClosed("the actor has ended")

    with pytest.raises(MailboxClosed):
        await polls_at(Gone())


# --- stopping


async def test_after_a_stop_no_poll_begins(autojump_clock: MockClock) -> None:
    intake = FakeIntake(stop_after=2)
    assert await polls_at(intake, new("a"), new("b"), new("c")) == [0, 0]
    assert intake.texts == ["a", "b"]


async def test_a_stop_while_waiting_for_room_takes_no_poll(autojump_clock: MockClock) -> None:
    class Stops(FakeIntake):
        async def wait_for_room(self) -> None:
            await trio.sleep(3)
            self.stopping = True

    assert await polls_at(Stops(), new("a")) == []
    assert trio.current_time() == 3


async def test_a_stop_ends_a_long_wait_soon(autojump_clock: MockClock) -> None:
    intake = FakeIntake()

    async def stop() -> None:
        await trio.sleep(40.5)
        intake.stopping = True

    async with trio.open_nursery() as nursery:
        nursery.start_soon(stop)
        assert await polls_at(intake, *[html(502)] * 9) == [0, 1, 3, 7, 15, 31]
    assert 40.5 <= trio.current_time() <= 41.5


async def test_an_answer_that_arrived_is_accepted_though_cancelled(autojump_clock: MockClock) -> None:
    # What HttpClient promises for keep_answer: a cancelled poll returns an answer whose head has arrived.
    intake = FakeIntake()
    intake.accept_seconds = 5
    scope = trio.CancelScope()

    def cancelled_meanwhile(asked: Asked) -> HttpAnswer:
        assert asked.keep_answer
        scope.cancel()
        return ok([update("a", "1"), update("b", "2")])

    with scope:
        await poller(FakePoster(cancelled_meanwhile, new("c")), intake).run()
    assert scope.cancelled_caught
    assert intake.texts == ["a", "b"]


async def test_a_cancelled_poll_that_brought_nothing_ends_at_once(autojump_clock: MockClock) -> None:
    intake = FakeIntake()
    with trio.move_on_after(3) as scope:
        await poller(FakePoster(), intake).run()
    assert scope.cancelled_caught
    assert trio.current_time() == 3
