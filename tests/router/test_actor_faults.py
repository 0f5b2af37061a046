"""The router under a store that fails at every possible call, and under cancellation at every possible step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

import trio
import trio.testing
from playbook import OPEN, SHOP, chance, rulebook
from store_model import ModelStore

from actors.errors import MailboxClosed, StoreUnavailable
from actors.mailbox import Mailbox
from actors.messages import Chat, Identity, Inbound, Receipt, Reply, Sent, TextContent, Turn
from actors.protocol import Accept, AccountMessage, AccountOpened, Deliver, Delivered
from router.actor import RouterActor
from router.messages import TurnAnswered
from router.rules.records import Change
from router.rules.state import Moment
from router.store.contract import MessageKey

MESSAGES = [("u1", "one"), ("u2", "uno"), ("u1", "two"), ("u1", "x" * 2100), ("u2", "due")]
"""What is said: two people, one answer of two parts."""
EXPECTED = {"u1": ["one", "two", "x" * 2000, "x" * 100], "u2": ["uno", "due"]}


class FailingStore(ModelStore):
    """Fails its n-th call. Like a thread that writes, a call is not interrupted by cancellation once begun."""

    def __init__(self, failing_call: int = 0) -> None:
        super().__init__()
        self.calls = 0
        self._failing_call = failing_call

    async def known(self, keys: Sequence[MessageKey]) -> frozenset[MessageKey]:
        await self._come_by()
        return self.known_of(keys)

    async def commit(self, changes: Iterable[Change]) -> None:
        batch = list(changes)
        await self._come_by()
        self.apply_all(batch)

    async def _come_by(self) -> None:
        with trio.CancelScope(shield=True):
            await trio.lowlevel.checkpoint()
        self.calls += 1
        if self.calls == self._failing_call:
            raise StoreUnavailable("the disk is full")


class World:
    """Everything around the router that outlives it: the store, what was said, and what the network saw."""

    def __init__(self, store: FailingStore) -> None:
        self.store = store
        self.network: dict[str, list[str]] = {"u1": [], "u2": []}
        self.turns: list[int] = []
        self.unsaid = [
            Inbound(chat=Chat(SHOP, sender), message_id=f"m{number}", sender_id=sender, text=text)
            for number, (sender, text) in enumerate(MESSAGES)
        ]
        self.unknown_sends = 0

    async def live(self) -> None:
        """One process: says what is unsaid, answers, sends, until everything is done."""
        router = RouterActor(
            rulebook(OPEN),
            self.store,
            moment=lambda: Moment(1000.0 + trio.current_time(), trio.current_time()),
            chance=chance(),
            emit=lambda _event: None,
        )
        async with trio.open_nursery() as nursery:
            await nursery.start(router.run, partial(self._begin_turn, nursery, router))
            nursery.start_soon(self._account, router)
            await self._say(router)
            while not router.is_idle():
                await trio.sleep(0.1)
            nursery.cancel_scope.cancel()

    async def _say(self, router: RouterActor) -> None:
        while self.unsaid:
            await router.ref.ask(Accept(self.unsaid[0]))
            self.unsaid.pop(0)

    def _begin_turn(self, nursery: trio.Nursery, router: RouterActor, turn: Turn) -> None:
        nursery.start_soon(self._answer, router, turn)

    async def _answer(self, router: RouterActor, turn: Turn) -> None:
        await trio.lowlevel.checkpoint()
        self.turns.append(turn.turn_id)
        await router.ref.tell(TurnAnswered(turn.turn_id, Reply(turn.text), 0.0))

    async def _account(self, router: RouterActor) -> None:
        with Mailbox[AccountMessage](16) as mailbox:
            await router.ref.tell(AccountOpened(SHOP, mailbox.ref, Identity("bot"), 2))
            while True:
                message = await mailbox.receive()
                assert isinstance(message, Deliver)
                await self._send(router, message)

    async def _send(self, router: RouterActor, message: Deliver) -> None:
        outbound = message.outbound
        assert isinstance(outbound.content, TextContent)
        self.unknown_sends += 1
        await trio.lowlevel.checkpoint()
        self.network[outbound.chat.chat_id].append(outbound.content.text)
        await trio.lowlevel.checkpoint()
        await router.ref.tell(Delivered(SHOP, Receipt(outbound.outbox_id, Sent("z"))))
        self.unknown_sends -= 1

    def check_finished(self, *, may_repeat: bool) -> None:
        """Every promise, now that everything is done."""
        for user, texts in self.network.items():
            assert list(dict.fromkeys(texts)) == EXPECTED[user]
            assert may_repeat or texts == EXPECTED[user]
        counted = self.store.counted()
        assert counted.inbox == {"done": len(MESSAGES)}
        assert counted.outbox == {"sent": 6}


async def lived_through(store: FailingStore) -> World:
    world = World(store)
    with trio.fail_after(600):
        await world.live()
    return world


async def test_without_faults_everything_is_answered_once_and_in_order(
    autojump_clock: trio.testing.MockClock,
) -> None:
    world = await lived_through(FailingStore())
    world.check_finished(may_repeat=False)
    assert world.store.calls > 10


async def test_a_store_that_fails_its_nth_call_delays_and_changes_nothing_else(
    autojump_clock: trio.testing.MockClock,
) -> None:
    calls = (await lived_through(FailingStore())).store.calls
    for failing_call in range(1, calls + 1):
        world = await lived_through(FailingStore(failing_call))
        world.check_finished(may_repeat=False)
        assert sorted(world.turns) == sorted(set(world.turns))


class CancelAtStep(trio.abc.Instrument):
    """Cancels a scope when the program has taken so many steps."""

    def __init__(self, scope: trio.CancelScope, step: int) -> None:
        self._scope = scope
        self._left = step

    def after_task_step(self, task: trio.lowlevel.Task) -> None:
        self._left -= 1
        if self._left == 0:
            self._scope.cancel()


async def cut_short(world: World, step: int) -> bool:
    """Lives until the given step, then is cancelled; False when it was done before."""
    with trio.CancelScope() as scope:
        instrument = CancelAtStep(scope, step)
        trio.lowlevel.add_instrument(instrument)
        try:
            await world.live()
        finally:
            trio.lowlevel.remove_instrument(instrument)
    return scope.cancelled_caught


async def test_cancelled_at_every_step_the_next_start_finishes_the_work(
    autojump_clock: trio.testing.MockClock,
) -> None:
    step, cuts = 1, 0
    while True:
        world = World(FailingStore())
        try:
            was_cut = await cut_short(world, step)
        except* MailboxClosed:
            was_cut = True  # who asks a router that is being cancelled is told so
        if not was_cut:
            break
        cuts += 1
        with trio.fail_after(600):
            await world.live()
        world.check_finished(may_repeat=True)
        step += 1
    assert cuts > 50


async def test_a_turn_that_was_closed_never_runs_again_wherever_it_was_cut(
    autojump_clock: trio.testing.MockClock,
) -> None:
    for step in range(1, 200, 3):
        world = World(FailingStore())
        try:
            if not await cut_short(world, step):
                break
        except* MailboxClosed:
            pass
        closed = {row for row, state in _states(world.store) if state == "done"}
        before = len(world.turns)
        await world.live()
        assert not closed & set(world.turns[before:])


def _states(store: ModelStore) -> list[tuple[int, str]]:
    return [(row.inbox_id, row.state) for row in store._inbox.values()]
