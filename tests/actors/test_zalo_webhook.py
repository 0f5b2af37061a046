"""Receiving by webhook: what is answered to a delivery, and that nothing is answered before it is durable."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked
from zalo_fakes import OWN, SHOP, FakeIntake, update

from actors.errors import BadCredentials, MailboxClosed
from actors.messages import Inbound
from actors.secret import Secret
from actors.zalo.registration import Memory, Registration
from actors.zalo.webhook import ASK_EVERY, WebhookReceiver, is_object
from actors.zalo.wire import Verification, WebhookInfo

URL = "https://hooks.test/hook"
HELLO = json.dumps(update("hello", "m1")).encode()


class QuietApi:
    """A Bot API at which all is well."""

    async def get_webhook_info(self) -> WebhookInfo:
        await trio.lowlevel.checkpoint()
        return WebhookInfo(URL)

    async def set_webhook(self, url: str, secret: Secret) -> WebhookInfo:
        await trio.lowlevel.checkpoint()
        return WebhookInfo(url, Verification(True, "webhook.ok"))


class RevokedApi(QuietApi):
    async def get_webhook_info(self) -> WebhookInfo:
        await trio.lowlevel.checkpoint()
        raise BadCredentials("getWebhookInfo: Unauthorized (401)")


def registration(api: QuietApi | None = None) -> Registration:
    return Registration(api or QuietApi(), URL, Secret("secret-1"), Secret("1:t"), Memory(SHOP, None), lambda: 0.0)


@asynccontextmanager
async def receiving(intake: FakeIntake) -> AsyncIterator[WebhookReceiver]:
    receiver = WebhookReceiver(SHOP)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(receiver.run, intake, OWN, registration())
        await wait_all_tasks_blocked()
        yield receiver
        nursery.cancel_scope.cancel()


def numbered(number: int) -> bytes:
    return json.dumps(update(f"line {number}", f"m{number}")).encode()


@pytest.mark.parametrize("wrapped", [False, True])
async def test_a_message_is_durable_before_it_is_answered(autojump_clock: MockClock, wrapped: bool) -> None:
    intake = FakeIntake()
    intake.accept_seconds = 2.0
    body = b'{"ok": true, "result": %b}' % HELLO if wrapped else HELLO
    async with receiving(intake) as receiver:
        began = trio.current_time()
        assert (await receiver.take(body)).status == 200
        assert trio.current_time() - began == pytest.approx(2.0)
        assert intake.texts == ["hello"]
        goods = intake.goods
        assert (await receiver.take(body)).status == 200  # known already, and fine
        assert intake.texts == ["hello"]
        assert intake.goods == goods + 1


@pytest.mark.parametrize(
    ("body", "status", "shelved"),
    [
        (b'{"event_name": "webhook.test", "message": {"text": "x"}}', 200, False),
        (json.dumps(update("mine", "m2", sender=OWN)).encode(), 200, False),
        (b"{}", 200, True),
        (b'{"message": {"chat": {}, "from": {}}}', 200, True),
        (b'{"message": {"text": "\\ud800 \\u00zz"}}'.replace(b"\\u00zz", b""), 200, True),
        (b'{"message": {"text": "\xff"}}', 200, True),
        (b'{"a":' * 20_000 + b"1" + b"}" * 20_000, 200, True),
        (b"[]", 400, False),
        (b'"text"', 400, False),
        (b"12", 400, False),
        (b"not json", 400, False),
        (b'{"message": ', 400, False),
        (b"\x00\xff", 400, False),
    ],
    ids=range(13),
)
async def test_what_is_no_message_is_answered_by_what_it_is(
    autojump_clock: MockClock, body: bytes, status: int, shelved: bool
) -> None:
    intake = FakeIntake()
    async with receiving(intake) as receiver:
        assert (await receiver.take(body)).status == status
    assert [raw for raw, _ in intake.shelved] == ([body] if shelved else [])
    assert intake.accepted == []


async def test_an_event_of_an_unknown_kind_is_kept(autojump_clock: MockClock) -> None:
    intake = FakeIntake()
    body = HELLO.replace(b"message.text.received", b"message.hologram.received")
    async with receiving(intake) as receiver:
        assert (await receiver.take(body)).status == 200
    assert [one.kind for one in intake.accepted] == ["unknown"]


async def test_a_store_that_does_not_answer_in_time_is_503(autojump_clock: MockClock) -> None:
    intake = FakeIntake()
    intake.accept_seconds = 60.0
    async with receiving(intake) as receiver:
        began = trio.current_time()
        for body in (HELLO, b"{}"):
            assert (await receiver.take(body)).status == 503
        assert trio.current_time() - began <= 10.0
        intake.accept_seconds = 0.0
        intake.store_fails = 1
        assert (await receiver.take(HELLO)).status == 503
        assert (await receiver.take(HELLO)).status == 200


async def test_a_router_that_has_ended_is_503(autojump_clock: MockClock) -> None:
    class Ended(FakeIntake):
        async def accept(self, inbound: Inbound, *, patience_seconds: float | None = None) -> bool:
            await trio.lowlevel.checkpoint()
            raise MailboxClosed("Accept was not taken: the actor has ended")

    async with receiving(Ended()) as receiver:
        assert (await receiver.take(HELLO)).status == 503


async def test_it_is_503_before_it_runs_while_it_stops_and_after(autojump_clock: MockClock) -> None:
    intake = FakeIntake()
    receiver = WebhookReceiver(SHOP)
    assert (await receiver.take(HELLO)).status == 503
    async with trio.open_nursery() as nursery:
        nursery.start_soon(receiver.run, intake, OWN, registration())
        await wait_all_tasks_blocked()
        intake.stopping = True
        assert (await receiver.take(HELLO)).status == 503
        with trio.fail_after(5):
            while nursery.child_tasks:
                await trio.sleep(0.1)
    assert (await receiver.take(HELLO)).status == 503
    assert intake.accepts == 0


async def test_a_full_inbox_is_503_until_it_has_room(autojump_clock: MockClock) -> None:
    intake = FakeIntake()
    async with receiving(intake) as receiver:
        intake.room = trio.Event()
        statuses = [(await receiver.take(numbered(number))).status for number in range(ASK_EVERY)]
        assert statuses == [200] * ASK_EVERY
        await trio.sleep(2)
        assert (await receiver.take(numbered(100))).status == 503
        assert len(intake.accepted) == ASK_EVERY
        intake.room.set()
        await wait_all_tasks_blocked()
        assert (await receiver.take(numbered(100))).status == 200


async def test_an_inbox_with_room_is_asked_seldom_and_never_in_the_way(autojump_clock: MockClock) -> None:
    class Counting(FakeIntake):
        asked = 0

        async def wait_for_room(self) -> None:
            self.asked += 1
            await trio.sleep(0.5)

    intake = Counting()
    async with receiving(intake) as receiver:
        for number in range(10 * ASK_EVERY):
            assert (await receiver.take(numbered(number))).status == 200
            await trio.sleep(0.1)
    assert 5 <= intake.asked <= 10


async def test_a_token_that_is_no_longer_accepted_ends_it() -> None:
    receiver = WebhookReceiver(SHOP)
    with trio.fail_after(5), pytest.raises(ExceptionGroup) as caught:
        await receiver.run(FakeIntake(), OWN, registration(RevokedApi()))
    assert caught.group_contains(BadCredentials)
    assert (await receiver.take(HELLO)).status == 503


@pytest.mark.parametrize(("body", "answer"), [(b' {"a": 1}', True), (b"[{}]", False), (b"{", False), (b"null", False)])
def test_an_object_is_told_from_all_else(body: bytes, answer: bool) -> None:
    assert is_object(body) is answer
