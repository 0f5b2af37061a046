"""The router actor and its store in this process: an agent that echoes at once, accounts that send in no time."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import trio

from actors.kinds import CHANNEL_KINDS
from actors.mailbox import Mailbox
from actors.messages import AccountKey, Chat, Identity, Inbound, Receipt, Reply, Sent, Turn
from actors.protocol import Accept, AccountMessage, AccountOpened, Deliver, Delivered
from bench.stage import router_settings
from router.actor import RouterActor
from router.entropy import moment, system_chance
from router.messages import TurnAnswered
from router.rulebook import make_rulebook
from router.rules.records import Change
from router.settings.load import load_settings
from router.store.sqlite import SqliteStore, open_sqlite
from router.telemetry import Telemetry

ACCOUNT = AccountKey("zalo", "bot0")
SENDS_AT_ONCE = 256
RAW = b'{"event_name":"message.text.received","message":{"from":{"id":"%s","display_name":"Ted","is_bot":false}}}'
LOOK_SECONDS = 0.01


class Desk:
    """Takes messages for the router and counts what comes of them."""

    def __init__(self, router: RouterActor) -> None:
        self.router = router
        self.finished = 0
        """Answers that have been sent."""
        self._numbers = itertools.count(1)
        self._accepted = 0

    async def accept(self, user_id: str) -> None:
        """Brings in one message; returns when it is durable."""
        number = next(self._numbers)
        await self.router.ref.ask(Accept(inbound(f"bench-{number}", user_id)))
        self._accepted += 1

    async def wait_until_finished(self) -> None:
        """Returns when all that was accepted has been answered."""
        while self.finished < self._accepted:
            await trio.sleep(LOOK_SECONDS)

    async def accept_for(self, seconds: float, users: Sequence[str]) -> int:
        """Each of `users` brings in one message after the other for so long; returns how many became durable."""
        before = self._accepted
        async with trio.open_nursery() as nursery:
            until = trio.current_time() + seconds
            for user_id in users:
                nursery.start_soon(self._accept_until, until, user_id)
        return self._accepted - before

    async def _accept_until(self, until: float, user_id: str) -> None:
        while trio.current_time() < until:
            await self.accept(user_id)


def inbound(message_id: str, user_id: str) -> Inbound:
    """A short text from one person."""
    return Inbound(
        chat=Chat(ACCOUNT, user_id),
        message_id=message_id,
        sender_id=user_id,
        sender_name="Ted",
        text="Xin chào, cửa hàng còn mở cửa không ạ?",
        raw=RAW % user_id.encode(),
    )


@asynccontextmanager
async def open_desk(
    directory: Path, *, answering: bool, remembered: Sequence[Sequence[Change]] = ()
) -> AsyncIterator[Desk]:
    """A router over a store that already holds `remembered`. Not `answering`, turns begin and never end."""
    file = directory / "router.json5"
    file.write_bytes(msgspec.json.encode(router_settings("http://127.0.0.1:1", ["1:never-used"])))
    settings = load_settings(file, env={}).settings
    async with open_sqlite(directory / "router.db") as store:
        for changes in remembered:
            await store.commit(changes)
        router = RouterActor(
            make_rulebook(settings, CHANNEL_KINDS),
            store,
            moment=moment,
            chance=system_chance(),
            emit=Telemetry().emit,
            limits=settings.limits,
        )
        async with trio.open_nursery() as nursery:
            yield await _running(nursery, router, answering)
            nursery.cancel_scope.cancel()


async def _running(nursery: trio.Nursery, router: RouterActor, answering: bool) -> Desk:
    desk = Desk(router)
    turns_in, turns_out = trio.open_memory_channel[Turn](100_000)
    deliveries: Mailbox[AccountMessage] = Mailbox(2 * SENDS_AT_ONCE)
    await nursery.start(router.run, turns_in.send_nowait if answering else _forget)
    await router.ref.tell(AccountOpened(ACCOUNT, deliveries.ref, Identity("1"), SENDS_AT_ONCE))
    nursery.start_soon(_answer, turns_out, router)
    nursery.start_soon(_deliver, deliveries, desk)
    return desk


def _forget(_turn: Turn) -> None:
    """An agent that thinks forever."""


async def _answer(turns: trio.MemoryReceiveChannel[Turn], router: RouterActor) -> None:
    async for turn in turns:
        await router.ref.tell(TurnAnswered(turn.turn_id, Reply(turn.text), 0.0))


async def _deliver(mailbox: Mailbox[AccountMessage], desk: Desk) -> None:
    while True:
        for message in await mailbox.receive_batch(SENDS_AT_ONCE):
            if isinstance(message, Deliver):
                receipt = Receipt(message.outbound.outbox_id, Sent("m"))
                await desk.router.ref.tell(Delivered(ACCOUNT, receipt))
                desk.finished += 1


@asynccontextmanager
async def open_store(directory: Path) -> AsyncIterator[SqliteStore]:
    """A store of its own."""
    async with open_sqlite(directory / "router.db") as store:
        yield store
