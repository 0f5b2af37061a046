from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import trio
import trio.testing
from account_stage import KEY, ME, OPTIONS

from actors.account import AccountActor
from actors.channel import Channel, Intake, Probe
from actors.errors import BadCredentials, RetryLater
from actors.mailbox import Asked, Mailbox
from actors.messages import Identity, Outbound
from actors.probing import probed
from actors.protocol import AccountToRouter


class Network:
    """A channel that can be asked; what it says is up to the test."""

    def __init__(self, answer: Callable[[], Awaitable[Identity]]) -> None:
        self._answer = answer
        self.start_error: Exception | None = None

    async def start(self) -> Identity:
        if self.start_error is not None:
            raise self.start_error
        return ME

    async def receive(self, intake: Intake) -> None:
        await trio.sleep_forever()

    async def send(self, outbound: Outbound) -> str:
        return ""

    async def probe(self) -> Identity:
        return await self._answer()


class Mute:
    """A channel that cannot be asked."""

    async def start(self) -> Identity:
        return ME

    async def receive(self, intake: Intake) -> None:
        await trio.sleep_forever()

    async def send(self, outbound: Outbound) -> str:
        return ""


async def shop() -> Identity:
    await trio.sleep(0.25)
    return Identity("bot-1", "The shop")


@asynccontextmanager
async def running(channel: Channel) -> AsyncIterator[AccountActor]:
    @asynccontextmanager
    async def opened() -> AsyncIterator[Channel]:
        yield channel

    router: Mailbox[AccountToRouter] = Mailbox(100)
    actor = AccountActor(KEY, opened, router.ref, OPTIONS, lambda: 1000.0, lambda _error: None)

    async def listen() -> None:
        while True:
            if isinstance(message := await router.receive(), Asked):
                message.slot.answer(None)

    with trio.fail_after(1000):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(listen)
            await nursery.start(actor.run)
            await trio.testing.wait_all_tasks_blocked()
            yield actor
            nursery.cancel_scope.cancel()


async def test_a_probe_says_who_answered_and_how_long_it_took(autojump_clock: trio.testing.MockClock) -> None:
    async with running(Network(shop)) as actor:
        probe = await actor.probe(5.0)
    assert probe is not None
    assert (probe.ok, probe.detail, round(probe.latency_ms)) == (True, "The shop", 250)


async def test_a_network_that_does_not_answer_is_waited_for_so_long(autojump_clock: trio.testing.MockClock) -> None:
    async with running(Network(trio.sleep_forever)) as actor:
        probe = await actor.probe(3.0)
    assert probe is not None
    assert (probe.ok, probe.detail, round(probe.latency_ms)) == (False, "no answer within 3 s", 3000)


async def test_what_the_network_says_against_it_is_told_and_not_raised() -> None:
    for error in (BadCredentials("401 Unauthorized"), RetryLater("502")):

        async def refuse(error: Exception = error) -> Identity:
            raise error

        assert (await probed(Network(refuse), 5.0)).detail == str(error)


async def test_without_a_name_the_probe_tells_the_id() -> None:
    async def nameless() -> Identity:
        return Identity("bot-1")

    assert (await probed(Network(nameless), 5.0)).detail == "bot-1"


async def test_a_channel_that_cannot_be_asked_is_not() -> None:
    async with running(Mute()) as actor:
        assert actor.status().state == "running"
        assert await actor.probe(5.0) is None


async def test_an_account_that_is_not_open_is_not_asked_about(autojump_clock: trio.testing.MockClock) -> None:
    network = Network(shop)
    network.start_error = BadCredentials("401")
    expected = Probe(ok=False, latency_ms=0.0, detail="not asked: the account is needs-login")
    async with running(network) as actor:
        assert await actor.probe(5.0) == expected
        network.start_error = None
        actor.start()
        await trio.testing.wait_all_tasks_blocked()
        assert (await actor.probe(5.0)) is not None
        actor.stop()
        await trio.sleep(10)
        stopped = await actor.probe(5.0)
        assert stopped is not None
        assert stopped.detail == "not asked: the account is stopped"
