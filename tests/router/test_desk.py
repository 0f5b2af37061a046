"""What operators ask of the router actor: decided once, durable when answered, whatever comes at the same time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio
import trio.testing
from playbook import OPEN, SHOP, chance, rulebook
from store_material import outbox_row
from store_model import ModelStore

from actors.mailbox import Mailbox, Request
from actors.messages import Chat, Identity, Inbound, Receipt, Refused, TextContent, Unknown
from actors.protocol import Accept, AccountMessage, AccountOpened, Deliver, Delivered
from router.actor import RouterActor
from router.desk import Desk
from router.messages import DropSend, Order, ResetSession, RetrySend, RetryTurn, RevokeApproval, SendMessage, TurnBroke
from router.rules.interventions import Impossible
from router.rules.policy import AccountPolicy
from router.rules.records import InboxRow, OutboxRow, PutOutbox, SendOrder
from router.rules.state import Decision, Moment, State

TED = Chat(SHOP, "ted")
HOLD = AccountPolicy(dm_policy="open", allow_from=frozenset({"*"}), when_unknown="hold")


class Rig:
    def __init__(self, store: ModelStore, policy: AccountPolicy) -> None:
        self.store = store
        self.turns: list[Any] = []
        self.account: Mailbox[AccountMessage] = Mailbox(64)
        self.router = RouterActor(
            rulebook(policy),
            store,
            moment=lambda: Moment(1000.0 + trio.current_time(), trio.current_time()),
            chance=chance(),
            emit=lambda _event: None,
        )

    async def ask(self, request: Request[Any]) -> Any:
        return await self.router.ref.ask(request)

    async def delivery(self) -> Deliver:
        message = await self.account.receive()
        assert isinstance(message, Deliver)
        return message

    async def together(self, *orders: Order[Any]) -> list[Any]:
        """Asks all of them in one batch, in an order that is Trio's; the answers in the order given."""
        answers: list[Any] = [None] * len(orders)

        async def one(place: int, ask: Callable[[], Awaitable[Any]]) -> None:
            answers[place] = await ask()

        async with trio.open_nursery() as nursery:
            for place, order in enumerate(orders):
                nursery.start_soon(one, place, lambda order=order: self.ask(order))
        return answers


@asynccontextmanager
async def running(
    policy: AccountPolicy = OPEN, store: ModelStore | None = None, *, turns: bool = True
) -> AsyncIterator[Rig]:
    rig = Rig(store or ModelStore(), policy)
    with trio.fail_after(30):
        async with trio.open_nursery() as nursery:
            await nursery.start(rig.router.run, rig.turns.append if turns else None)
            await rig.router.ref.tell(AccountOpened(SHOP, rig.account.ref, Identity("bot"), 4))
            yield rig
            nursery.cancel_scope.cancel()


def hello(key: str, text: str = "hello") -> SendMessage:
    return SendMessage(TED, (TextContent(text),), key, f"digest of {text}")


async def test_one_key_asked_for_twice_in_one_batch_is_sent_once() -> None:
    async with running() as rig:
        first, second, other = await rig.together(hello("k"), hello("k", "something else"), hello("k2"))
        assert isinstance(first, SendOrder)
        assert first == second
        assert first.send_id == "k"
        assert sorted(first.outbox_ids + other.outbox_ids) == [1, 2]
        assert set(await rig.store.outbox_rows([1, 2, 3])) == {1, 2}


async def test_an_order_is_durable_when_it_is_answered_and_known_to_the_next_process() -> None:
    store = ModelStore()
    async with running(store=store) as rig:
        order = await rig.ask(hello("k"))
    async with running(store=store) as rig:
        assert await rig.ask(hello("k")) == order
        assert rig.router.state.next_outbox_id == 2


async def test_a_dead_row_is_retried_once_by_two_who_ask_at_one_time() -> None:
    async with running() as rig:
        await rig.ask(hello("k"))
        await rig.delivery()
        await rig.router.ref.tell(Delivered(SHOP, Receipt(1, Refused("no"))))
        answers = await rig.together(RetrySend(1), RetrySend(1))
        (again,) = [answer for answer in answers if isinstance(answer, OutboxRow)]
        assert again.outbox_id == 2
        assert Impossible("1 is dropped; only what is dead or unknown waits for a decision") in answers
        assert (await rig.delivery()).outbound.outbox_id == 2
        assert set(await rig.store.outbox_rows([1, 2, 3])) == {1, 2}


async def test_a_held_row_is_decided_once_by_two_who_ask_at_one_time() -> None:
    async with running(HOLD) as rig:
        await rig.ask(hello("k"))
        await rig.ask(hello("k2", "next"))
        await rig.delivery()
        await rig.router.ref.tell(Delivered(SHOP, Receipt(1, Unknown("no answer"))))
        answers = await rig.together(DropSend(1), DropSend(1))
        (dropped,) = [answer for answer in answers if isinstance(answer, OutboxRow)]
        assert dropped.state == "dropped"
        assert sum(isinstance(answer, Impossible) for answer in answers) == 1
        assert (await rig.delivery()).outbound.outbox_id == 2


async def test_a_dead_message_is_retried_once_by_two_who_ask_at_one_time() -> None:
    async with running() as rig:
        inbound = Inbound(chat=TED, message_id="m1", sender_id="ted", text="hi")
        await rig.ask(Accept(inbound))
        await rig.router.ref.tell(TurnBroke(1, "it broke"))
        answers = await rig.together(RetryTurn(1), RetryTurn(1))
        assert sum(isinstance(answer, InboxRow) for answer in answers) == 1
        assert Impossible("message 1 is waiting; only dead ones can be retried") in answers
        assert [turn.turn_id for turn in rig.turns] == [1, 1]


async def test_what_nobody_knows_is_answered_with_none() -> None:
    async with running() as rig:
        nothing = await rig.together(
            RetrySend(9), DropSend(9), RetryTurn(9), ResetSession("nobody"), RevokeApproval(SHOP, "nobody")
        )
        assert nothing == [None, None, None, None, False]


async def test_without_agents_the_router_sends_and_begins_no_turn() -> None:
    store = ModelStore()
    async with running(store=store) as rig:
        await rig.ask(Accept(Inbound(chat=TED, message_id="m1", sender_id="ted", text="hi")))
        starts = rig.turns[0].attempt
    async with running(store=store, turns=False) as rig:
        await rig.ask(hello("k"))
        assert (await rig.delivery()).outbound.content == TextContent("hello")
        assert rig.turns == []
    (row,) = (await store.load()).unfinished
    assert row.starts == starts


async def test_a_row_that_the_store_still_has_as_unknown_but_memory_has_let_go_is_left_alone() -> None:
    store = ModelStore()
    await store.commit([PutOutbox(outbox_row(1, state="unknown"))])
    desk = Desk(store, chance())
    await desk.look_up([RetrySend(1)])
    answer = desk.decide(State(rulebook()), RetrySend(1), Moment(1.0, 1.0), decision := Decision())
    assert answer == Impossible("1 is being decided already")
    assert decision.changes == []


def test_an_order_that_nobody_decides_is_a_defect() -> None:
    class Strange(Order[None]):
        pass

    with pytest.raises(TypeError, match="nobody decides Strange"):
        Desk(ModelStore(), chance()).decide(State(rulebook()), Strange(), Moment(1.0, 1.0), Decision())
