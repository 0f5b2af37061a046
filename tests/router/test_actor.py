from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager

import pytest
import trio
import trio.testing
from playbook import OPEN, SHOP, chance, rulebook
from store_model import ModelStore

from actors.errors import MailboxClosed, StoreUnavailable
from actors.mailbox import Mailbox
from actors.messages import (
    AccountKey,
    Chat,
    Identity,
    Inbound,
    Outbound,
    Receipt,
    Reply,
    Retry,
    Sent,
    TextContent,
    Turn,
)
from actors.protocol import (
    Accept,
    AccountClosed,
    AccountMessage,
    AccountOpened,
    AwaitRoom,
    Deliver,
    Delivered,
    Shelve,
    ShowTyping,
)
from router.actor import RouterActor
from router.events import Event, MessageDuplicate, StoreFailed, StoreRecovered
from router.messages import ApprovePairing, Drain, TurnAnswered, TurnBroke
from router.rules.policy import AccountPolicy
from router.rules.records import Change
from router.rules.state import Moment, Rulebook
from router.store.contract import MessageKey


def inbound(number: int = 1, sender: str = "u1", text: str = "hi") -> Inbound:
    return Inbound(chat=Chat(SHOP, sender), message_id=f"m{number}", sender_id=sender, text=text)


class WatchedStore(ModelStore):
    """A model store that counts its transactions and fails when told to."""

    def __init__(self) -> None:
        super().__init__()
        self.commits: list[list[Change]] = []
        self.failures = 0
        self.gate = trio.Event()
        self.gate.set()

    async def commit(self, changes: Iterable[Change]) -> None:
        await self.gate.wait()
        if self.failures:
            self.failures -= 1
            raise StoreUnavailable("the disk is full")
        batch = list(changes)
        self.commits.append(batch)
        self.apply_all(batch)

    async def known(self, keys: Sequence[MessageKey]) -> frozenset[MessageKey]:
        await trio.lowlevel.checkpoint()
        return self.known_of(keys)


class Rig:
    """A router actor at work, with what it hands out."""

    def __init__(self, rules: Rulebook | None = None, store: WatchedStore | None = None) -> None:
        self.store = store or WatchedStore()
        self.turns: list[Turn] = []
        self.events: list[Event] = []
        self.account: Mailbox[AccountMessage] = Mailbox(64)
        self.router = RouterActor(
            rules or rulebook(),
            self.store,
            moment=lambda: Moment(1000.0 + trio.current_time(), trio.current_time()),
            chance=chance(),
            emit=self.events.append,
        )

    async def open_account(self) -> None:
        await self.router.ref.tell(AccountOpened(SHOP, self.account.ref, Identity("bot"), 4))

    async def delivery(self) -> Outbound:
        message = await self.account.receive()
        assert isinstance(message, Deliver)
        return message.outbound

    async def confirm(self, outbound: Outbound) -> None:
        await self.router.ref.tell(Delivered(SHOP, Receipt(outbound.outbox_id, Sent("z"))))

    async def settled(self) -> None:
        """Returns when everything told so far has been decided: a question waits behind it."""
        await self.router.ref.ask(AwaitRoom(SHOP))


@asynccontextmanager
async def running(rig: Rig) -> AsyncIterator[Rig]:
    async with trio.open_nursery() as nursery:
        await nursery.start(rig.router.run, rig.turns.append)
        yield rig
        nursery.cancel_scope.cancel()


async def test_the_name_that_an_account_opens_with_is_taken_off_what_groups_say_to_it() -> None:
    chat = Chat(SHOP, "zgr-1", "group")
    message = Inbound(chat=chat, message_id="m1", sender_id="u1", text="@Bot Demo hi")
    async with running(Rig()) as rig:
        await rig.router.ref.tell(AccountOpened(SHOP, rig.account.ref, Identity("1", "Bot Demo"), 4))
        with trio.fail_after(5):
            await rig.router.ref.ask(Accept(message))
        assert [turn.text for turn in rig.turns] == ["hi"]


async def test_a_message_is_accepted_once_and_its_turn_begins_after_the_commit() -> None:
    async with running(Rig()) as rig:
        assert await rig.router.ref.ask(Accept(inbound())) is True
        assert await rig.router.ref.ask(Accept(inbound())) is False
        assert [turn.text for turn in rig.turns] == ["hi"]
        assert any(isinstance(event, MessageDuplicate) for event in rig.events)


async def test_two_copies_in_one_batch_are_one_message() -> None:
    rig = Rig()
    answers: list[bool] = []

    async def accept() -> None:
        answers.append(await rig.router.ref.ask(Accept(inbound())))

    async with running(rig):
        rig.store.gate = trio.Event()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(accept)
            nursery.start_soon(accept)
            nursery.start_soon(accept)
            await trio.testing.wait_all_tasks_blocked()
            rig.store.gate.set()
    assert sorted(answers) == [False, False, True]
    assert len(rig.turns) == 1


async def test_nothing_is_released_before_the_commit_returns() -> None:
    rig = Rig()
    async with running(rig), trio.open_nursery() as nursery:
        rig.store.gate = trio.Event()
        accepted = trio.Event()

        async def accept() -> None:
            await rig.router.ref.ask(Accept(inbound()))
            accepted.set()

        nursery.start_soon(accept)
        await trio.testing.wait_all_tasks_blocked()
        assert not accepted.is_set()
        assert rig.turns == []
        rig.store.gate.set()
        await accepted.wait()
        assert len(rig.turns) == 1


async def test_what_waits_while_a_commit_runs_shares_the_next_one() -> None:
    rig = Rig(rulebook(agents={"main": 50}))
    async with running(rig):
        rig.store.gate = trio.Event()
        async with trio.open_nursery() as nursery:
            for number in range(50):
                nursery.start_soon(rig.router.ref.ask, Accept(inbound(number, f"u{number}")))
            await trio.testing.wait_all_tasks_blocked()
            rig.store.gate.set()
        assert len(rig.store.commits) <= 3
        assert len(rig.turns) == 50


async def test_a_failing_store_stops_intake_shows_it_and_loses_nothing(autojump_clock: trio.testing.MockClock) -> None:
    rig = Rig()
    async with running(rig), trio.open_nursery() as nursery:
        rig.store.failures = 3
        nursery.start_soon(rig.router.ref.ask, Accept(inbound()))
        await trio.sleep(0.3)
        assert rig.router.store_error == "the disk is full"
        assert rig.turns == []
        await trio.sleep(10)
        assert rig.router.store_error == ""
        assert [turn.text for turn in rig.turns] == ["hi"]
        assert [type(event) for event in rig.events if isinstance(event, StoreFailed | StoreRecovered)] == [
            StoreFailed,
            StoreRecovered,
        ]
        assert len(rig.store.commits) == 1


async def test_a_reply_goes_out_in_chat_order_and_is_confirmed() -> None:
    async with running(Rig()) as rig:
        await rig.open_account()
        await rig.router.ref.ask(Accept(inbound()))
        await rig.router.ref.tell(TurnAnswered(rig.turns[0].turn_id, Reply("a" * 2500), 0.1))
        first = await rig.delivery()
        await rig.settled()
        with pytest.raises(trio.WouldBlock):
            rig.account._receive.receive_nowait()
        await rig.confirm(first)
        second = await rig.delivery()
        assert [len(o.content.text) for o in (first, second) if isinstance(o.content, TextContent)] == [2000, 500]
        await rig.confirm(second)
        await rig.settled()
        assert (await rig.store.counts()).outbox == {"sent": 2}


async def test_a_retry_goes_out_again_when_its_time_has_come(autojump_clock: trio.testing.MockClock) -> None:
    async with running(Rig()) as rig:
        await rig.open_account()
        await rig.router.ref.ask(Accept(inbound()))
        await rig.router.ref.tell(TurnAnswered(1, Reply("hello"), 0.1))
        outbound = await rig.delivery()
        started = trio.current_time()
        await rig.router.ref.tell(Delivered(SHOP, Receipt(outbound.outbox_id, Retry("429", 30.0))))
        again = await rig.delivery()
        assert trio.current_time() - started >= 30.0
        assert (again.outbox_id, again.attempt) == (outbound.outbox_id, 2)


async def test_an_account_that_dies_with_a_delivery_gets_it_again_when_it_is_back(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with running(Rig()) as rig:
        await rig.open_account()
        rig.account.close()
        await rig.router.ref.ask(Accept(inbound()))
        await rig.router.ref.tell(TurnAnswered(1, Reply("hello"), 0.1))
        await rig.router.ref.tell(AccountClosed(SHOP))
        rig.account = Mailbox(64)
        await rig.open_account()
        assert (await rig.delivery()).content == TextContent("hello")


async def test_pairing_is_approved_durably_and_takes_effect_at_once() -> None:
    async with running(Rig(rulebook(AccountPolicy()))) as rig:
        await rig.router.ref.ask(Accept(inbound(1)))
        assert rig.turns == []
        (request,) = rig.router.pending_pairings("zalo", None)
        assert await rig.router.ref.ask(ApprovePairing("zalo", "WRONG")) is None
        approval = await rig.router.ref.ask(ApprovePairing("zalo", request.code))
        assert approval is not None
        assert approval.sender_id == "u1"
        await rig.router.ref.ask(Accept(inbound(2, text="now?")))
        assert [turn.text for turn in rig.turns] == ["now?"]
        assert len((await rig.store.load()).approvals) == 1


async def test_a_full_inbox_makes_its_account_wait_and_no_other() -> None:
    other = AccountKey("zalo", "other")
    rules = rulebook(accounts={SHOP: OPEN, other: OPEN}, inbox_limit=1)
    async with running(Rig(rules)) as rig, trio.open_nursery() as nursery:
        await rig.router.ref.ask(Accept(inbound()))
        let_in = trio.Event()

        async def wait_for_room() -> None:
            await rig.router.ref.ask(AwaitRoom(SHOP))
            let_in.set()

        nursery.start_soon(wait_for_room)
        await rig.router.ref.ask(AwaitRoom(other))
        await trio.testing.wait_all_tasks_blocked()
        assert not let_in.is_set()
        await rig.router.ref.tell(TurnBroke(rig.turns[0].turn_id, "broken"))
        await let_in.wait()


async def test_what_cannot_be_decoded_is_on_the_shelf_when_it_is_answered() -> None:
    async with running(Rig()) as rig:
        await rig.router.ref.ask(Shelve(SHOP, b"\xff{", "not JSON"))
        (letter,) = await rig.store.dead_letters()
        assert (letter.raw, letter.reason) == (b"\xff{", "not JSON")


async def test_a_new_process_goes_on_with_what_the_old_one_left() -> None:
    first = Rig()
    async with running(first):
        await first.router.ref.ask(Accept(inbound(1)))
        await first.router.ref.ask(Accept(inbound(2, text="second")))
    second = Rig(store=first.store)
    async with running(second):
        assert [turn.text for turn in second.turns] == ["hi"]
        assert await second.router.ref.ask(Accept(inbound(2))) is False
        await second.router.ref.tell(TurnAnswered(1, Reply("hello"), 0.1))
        await second.settled()
        assert [turn.text for turn in second.turns] == ["hi", "second"]


async def test_a_finished_turn_never_runs_again() -> None:
    first = Rig()
    async with running(first):
        await first.router.ref.ask(Accept(inbound(1)))
        await first.router.ref.tell(TurnAnswered(1, Reply("hello"), 0.1))
        await first.settled()
    second = Rig(store=first.store)
    async with running(second):
        assert second.turns == []
        await second.open_account()
        assert (await second.delivery()).content == TextContent("hello")


async def test_the_end_of_a_turn_that_is_not_running_changes_nothing() -> None:
    async with running(Rig()) as rig:
        await rig.router.ref.tell(TurnAnswered(99, Reply("ghost"), 0.1))
        await rig.router.ref.tell(TurnBroke(99, "ghost"))
        await rig.settled()
        assert rig.store.commits == []


async def test_drained_means_no_turn_runs_and_nothing_is_being_sent() -> None:
    async with running(Rig()) as rig:
        await rig.open_account()
        await rig.router.ref.ask(Accept(inbound(1)))
        await rig.router.ref.ask(Accept(inbound(2, text="left for the next start")))
        await rig.router.ref.tell(Drain())
        await rig.settled()
        assert not rig.router.drained.is_set()
        await rig.router.ref.tell(TurnAnswered(1, Reply("hello"), 0.1))
        outbound = await rig.delivery()
        assert not rig.router.drained.is_set()
        await rig.confirm(outbound)
        await rig.router.drained.wait()
        assert len(rig.turns) == 1


async def test_typing_goes_to_the_chats_account_and_is_dropped_when_there_is_none() -> None:
    async with running(Rig()) as rig:
        rig.router.show_typing(Chat(SHOP, "u1"))
        await rig.open_account()
        await rig.settled()
        rig.router.show_typing(Chat(SHOP, "u1"))
        assert await rig.account.receive() == ShowTyping(Chat(SHOP, "u1"))


async def test_an_actor_that_ends_fails_the_questions_it_has_not_answered() -> None:
    rig = Rig()
    async with trio.open_nursery() as nursery:
        await nursery.start(rig.router.run, rig.turns.append)
        rig.store.gate = trio.Event()

        async def accept() -> None:
            with pytest.raises(MailboxClosed):
                await rig.router.ref.ask(Accept(inbound()))
            nursery.cancel_scope.cancel()

        async with trio.open_nursery() as asker:
            asker.start_soon(accept)
            await trio.testing.wait_all_tasks_blocked()
            nursery.cancel_scope.cancel()
            asker.cancel_scope.shield = True
    with pytest.raises(MailboxClosed):
        await rig.router.ref.tell(Drain())
