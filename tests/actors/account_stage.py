"""A small network, a small router and an account between them, for the tests of the account actor and its parts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import trio
import trio.testing

from actors.account import AccountActor
from actors.channel import Intake
from actors.mailbox import Asked, Mailbox, Ref
from actors.messages import AccountKey, Chat, Identity, Inbound, Outbound, Outcome, TextContent
from actors.protocol import (
    Accept,
    AccountChanged,
    AccountClosed,
    AccountMessage,
    AccountOpened,
    AccountStatus,
    AccountToRouter,
    Deliver,
    Delivered,
)
from actors.restart import RestartPolicy
from actors.session import AccountOptions

KEY = AccountKey("zalo", "shop")
NOBODY = AccountKey("zalo", "nobody")
CHAT = Chat(KEY, "chat-1")
ME = Identity("bot-1")
OPTIONS = AccountOptions(
    policy=RestartPolicy(intensity=3, period_seconds=100.0, jitter=0.0, start_deadline_seconds=20.0),
    poll_grace_seconds=2.0,
    send_grace_seconds=5.0,
)


def message(number: int, key: AccountKey = KEY) -> Inbound:
    return Inbound(chat=Chat(key, "chat-1"), message_id=f"m{number}", sender_id="ted", text="xin chao")


def outbound(number: int, chat: Chat = CHAT) -> Outbound:
    return Outbound(number, chat, TextContent("hi"))


Send = Callable[[Outbound], Awaitable[str]]
Receive = Callable[[Intake], Awaitable[None]]


async def send_at_once(sent: Outbound) -> str:
    return f"id-{sent.outbox_id}"


async def receive_nothing(intake: Intake) -> None:
    await trio.sleep_forever()


class FakeChannel:
    """A network that does what its fields say. One object serves all openings and counts them."""

    def __init__(self) -> None:
        self.sending: Send = send_at_once
        self.receiving: Receive = receive_nothing
        self.starting: Callable[[], Awaitable[None]] = trio.lowlevel.checkpoint
        self.opened = 0
        self.open_now = 0
        self.sent: list[int] = []
        self.typing: list[Chat] = []
        self.typing_seconds = 3.0
        self.typing_cancelled = 0

    @asynccontextmanager
    async def open(self) -> AsyncIterator[FakeChannel]:
        self.opened += 1
        self.open_now += 1
        try:
            yield self
        finally:
            self.open_now -= 1

    async def start(self) -> Identity:
        await self.starting()
        return ME

    async def receive(self, intake: Intake) -> None:
        await self.receiving(intake)

    async def send(self, outbound: Outbound) -> str:
        self.sent.append(outbound.outbox_id)
        return await self.sending(outbound)

    async def show_typing(self, chat: Chat) -> None:
        self.typing.append(chat)
        try:
            await trio.sleep(self.typing_seconds)
        except trio.Cancelled:
            self.typing_cancelled += 1
            raise


class FakeRouter:
    """Takes everything down in order, answers each question after a while, and delivers to whoever has opened."""

    def __init__(self, answer_seconds: float = 0.0) -> None:
        self.box: Mailbox[AccountToRouter] = Mailbox(4)
        self.answer_seconds = answer_seconds
        self.told: list[Any] = []
        self.questions: list[Any] = []
        self.accounts: dict[AccountKey, Ref[AccountMessage]] = {}

    async def run(self) -> None:
        with self.box:
            while True:
                received = await self.box.receive()
                if isinstance(received, Asked):
                    await trio.sleep(self.answer_seconds)
                    self.questions.append(received.message)
                    received.slot.answer(True if isinstance(received.message, Accept) else None)
                else:
                    self.told.append(received)
                if isinstance(received, AccountOpened):
                    self.accounts[received.account] = received.mailbox

    async def deliver(self, *numbers: int, key: AccountKey = KEY) -> None:
        for number in numbers:
            await self.accounts[key].tell(Deliver(outbound(number, Chat(key, "chat-1"))))

    def fill(self) -> None:
        """Leaves no room in the mailbox."""
        while self.box.statistics().waiting < self.box.statistics().capacity:
            self.box.ref.tell_nowait(AccountChanged(AccountStatus(account=NOBODY, state="stopped", since=0.0)))

    def states(self, key: AccountKey = KEY) -> list[str]:
        return [m.status.state for m in self.told if isinstance(m, AccountChanged) and m.status.account == key]

    def count(self, kind: type[msgspec.Struct]) -> int:
        return sum(isinstance(m, kind) for m in self.told)

    def outcomes(self) -> dict[int, Outcome]:
        """Every receipt, by outbox id; checks that none came twice and that none came after its opening's end."""
        receipts: dict[int, Outcome] = {}
        opened = 0
        for told in self.told:
            opened += isinstance(told, AccountOpened) - isinstance(told, AccountClosed)
            assert opened in (0, 1)
            if isinstance(told, Delivered):
                assert opened == 1, "a receipt after AccountClosed"
            for receipt in _receipts_of(told):
                assert receipt.outbox_id not in receipts
                receipts[receipt.outbox_id] = receipt.outcome
        return receipts


def _receipts_of(told: object) -> tuple[Any, ...]:
    match told:
        case Delivered(receipt=receipt):
            return (receipt,)
        case AccountClosed(receipts=receipts):
            return receipts
        case _:
            return ()


class Stage:
    """One account between a fake network and a fake router."""

    def __init__(
        self, options: AccountOptions = OPTIONS, key: AccountKey = KEY, router: FakeRouter | None = None
    ) -> None:
        self.channel = FakeChannel()
        self.router = router or FakeRouter()
        self.crashes: list[Exception] = []
        self.ended = trio.Event()
        self.actor = AccountActor(
            key, self.channel.open, self.router.box.ref, options, trio.current_time, self.crashes.append
        )

    @property
    def word(self) -> str:
        return self.actor.status().state

    async def run(self) -> None:
        try:
            await self.actor.run()
        finally:
            self.ended.set()


@asynccontextmanager
async def playing(*stages: Stage, seconds: float = 0.5) -> AsyncIterator[None]:
    """Runs the accounts over their router; ends the accounts first, as nesting does, and checks what must hold."""
    async with trio.open_nursery() as routers:
        for router in {stage.router for stage in stages}:
            routers.start_soon(router.run)
        async with trio.open_nursery() as accounts:
            for stage in stages:
                accounts.start_soon(stage.run)
            await trio.sleep(seconds)
            yield
            accounts.cancel_scope.cancel()
        await trio.testing.wait_all_tasks_blocked()
        routers.cancel_scope.cancel()
    for stage in stages:
        assert stage.channel.open_now == 0
        assert stage.router.count(AccountOpened) == stage.router.count(AccountClosed)
        assert stage.word == "stopped"
        assert stage.router.states(stage.actor.key)[-1] == "stopped"
