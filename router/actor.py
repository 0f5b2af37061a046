"""The router actor: one mailbox, one loop, the only writer.

    take what waits ──▶ decide each, in order ──▶ commit all in one transaction ──▶ release what was decided

Nothing leaves before its commit: no answer to an account (so no 200, no next poll), no turn, no send. A commit that
fails is tried again, unchanged, for as long as it takes; meanwhile the mailbox fills and intake stops by itself. What
was decided is never decided anew, so memory and store cannot drift apart.

An error that is not the store's is a defect: it ends this actor and with it the process, which then goes on from what
is written down.
"""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Any, TypeVar

import trio

from actors.errors import MailboxClosed, StoreUnavailable
from actors.mailbox import Asked, Mailbox, Ref
from actors.messages import AccountKey, Chat, Outbound, Receipt, Retry, Turn
from actors.protocol import (
    Accept,
    AccountChanged,
    AccountClosed,
    AccountMessage,
    AccountOpened,
    AwaitRoom,
    Deliver,
    Delivered,
    Shelve,
    ShowTyping,
)
from router.desk import Desk
from router.events import (
    AccountStateChanged,
    DeadLettered,
    Event,
    MessageDuplicate,
    StoreFailed,
    StoreRecovered,
)
from router.messages import Drain, Order, ToRouter, TurnAnswered, TurnBroke
from router.rules import inflow, outflow, turns
from router.rules.records import PairingRequest, PutDeadLetter
from router.rules.recovery import restore
from router.rules.state import Chance, Decision, Moment, Rulebook, State
from router.settings.sections import LimitsSettings
from router.store.contract import MessageKey, Store

T = TypeVar("T")
Release = Callable[[], None]

RETRY_STORE_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0)
"""Waits between attempts at a store that cannot be written; the last one repeats."""


DEFAULT_LIMITS = LimitsSettings()


class RouterActor:
    """Judges, remembers and dispatches for all accounts and agents."""

    def __init__(
        self,
        rulebook: Rulebook,
        store: Store,
        *,
        moment: Callable[[], Moment],
        chance: Chance,
        emit: Callable[[Event], None],
        limits: LimitsSettings = DEFAULT_LIMITS,
    ) -> None:
        self._rulebook = rulebook
        self._store = store
        self._moment = moment
        self._chance = chance
        self._emit = emit
        self._batch_limit = limits.batch
        self._mailbox: Mailbox[ToRouter] = Mailbox(limits.mailbox)
        self.ref: Ref[ToRouter] = self._mailbox.ref
        self._desk = Desk(store, chance)
        self._state = State(rulebook)
        self._start_turn: Callable[[Turn], None] | None = None
        self._accounts: dict[AccountKey, Ref[AccountMessage]] = {}
        self._room_waiters: dict[AccountKey, list[Asked[None]]] = {}
        self._left_over: list[ToRouter | Asked[Any]] = []
        self._at_work = False
        self.drained = trio.Event()
        """Set once it drains, no turn runs and nothing is being sent."""
        self.store_error = ""
        """Why the store cannot be written now; empty while it can."""

    @property
    def state(self) -> State:
        """The router's memory, for reading only: status is drawn from it."""
        return self._state

    def pending_pairings(self, channel: str | None, account_id: str | None) -> list[PairingRequest]:
        """The open pairing requests, oldest first."""
        return self._state.pairings.pending(self._moment().wall, channel, account_id)

    def show_typing(self, chat: Chat) -> None:
        """Passes a hint to the chat's account; dropped when the account is busy or gone."""
        ref = self._accounts.get(chat.account)
        if ref is not None:
            try:
                ref.tell_nowait(ShowTyping(chat))
            except (trio.WouldBlock, MailboxClosed):
                return

    def is_idle(self) -> bool:
        """Whether no message waits for an answer and nothing waits to be sent, and the store knows it."""
        state = self._state
        waiting = any(state.unfinished.values()) or any(lanes.size for lanes in state.send_lanes.values())
        return not waiting and not self._at_work

    def unfinished_ids(self) -> frozenset[int]:
        """The inbox ids of messages that are not answered yet."""
        return self._state.unfinished_ids()

    def mailbox_waiting(self) -> int:
        """Messages in the mailbox now."""
        return self._mailbox.statistics().waiting

    async def run(
        self,
        start_turn: Callable[[Turn], None] | None,
        *,
        task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Loads what is remembered, then works until cancelled. `start_turn` gives a turn to its agent; it must not
        wait, and must tell this actor how the turn ended. With None no turn is begun: it only sends, as if it drained.

        Cancelled, it drops what is not committed yet: its askers get MailboxClosed, and nothing of it was released.
        Raises: StoreUnavailable when the store cannot be read at the start.
        """
        self._start_turn = start_turn
        with self._mailbox:
            decision = Decision()
            remembered = await self._store.load()
            moment, draining = self._moment(), start_turn is None
            self._state = restore(self._rulebook, remembered, moment, self._chance, decision, draining=draining)
            await self._carry_out(decision, [])
            task_status.started()
            while True:
                await self._work(await self._next_batch())
                if self._state.draining and not self._state.running and not self._state.sending:
                    self.drained.set()

    async def _next_batch(self) -> list[ToRouter | Asked[Any]]:
        if self._left_over:
            batch, self._left_over = self._left_over, []
            return batch
        if not self._state.timers:
            return await self._mailbox.receive_batch(self._batch_limit)
        with trio.move_on_at(self._state.timers[0].due):
            return await self._mailbox.receive_batch(self._batch_limit)
        return []

    async def _work(self, batch: list[ToRouter | Asked[Any]]) -> None:
        self._at_work = True
        known = await self._known(batch)
        await self._insist(lambda: self._desk.look_up(orders_in(batch)))
        decision = Decision()
        releases: list[Release] = []
        moment = self._moment()
        outflow.wake(self._state, moment, decision)
        for message in batch:
            releases.extend(self._decide(message, known, moment, decision))
        await self._carry_out(decision, releases)
        self._let_in()
        self._at_work = False

    async def _known(self, batch: list[ToRouter | Asked[Any]]) -> set[MessageKey]:
        keys = [
            (message.message.inbound.chat.account, message.message.inbound.message_id)
            for message in batch
            if isinstance(message, Asked) and isinstance(message.message, Accept)
        ]
        return set(await self._insist(lambda: self._store.known(keys))) if keys else set()

    def _decide(
        self, message: ToRouter | Asked[Any], known: set[MessageKey], moment: Moment, decision: Decision
    ) -> Iterator[Release]:
        if isinstance(message, Asked):
            yield from self._decide_asked(message, known, moment, decision)
            return
        state, chance = self._state, self._chance
        match message:
            case Delivered(_, receipt):
                outflow.settle(state, receipt, moment, chance, decision)
            case TurnAnswered(turn_id, reply, seconds) if turn_id in state.running:
                turns.ended(state, turn_id, reply, seconds, moment, chance, decision)
            case TurnBroke(turn_id, reason) if turn_id in state.running:
                turns.failed(state, turn_id, reason, moment, chance, decision)
            case AccountOpened(account, mailbox, identity, max_sends_in_flight):
                self._accounts[account] = mailbox
                state.own_names[account] = identity.display_name
                outflow.opened(state, account, max_sends_in_flight, moment, decision)
            case AccountClosed(account, receipts):
                self._accounts.pop(account, None)
                outflow.closed(state, account)
                for receipt in receipts:
                    outflow.settle(state, receipt, moment, chance, decision)
            case AccountChanged(status):
                decision.events.append(
                    AccountStateChanged(
                        account=status.account, state=status.state, restarts=status.restarts, error=status.last_error
                    )
                )
            case Drain():
                state.draining = True

    def _decide_asked(
        self, asked: Asked[Any], known: set[MessageKey], moment: Moment, decision: Decision
    ) -> Iterator[Release]:
        match asked.message:
            case Accept(inbound):
                key = (inbound.chat.account, inbound.message_id)
                is_new = key not in known
                if is_new:
                    known.add(key)
                    inflow.accept(self._state, inbound, moment, self._chance, decision)
                else:
                    decision.events.append(MessageDuplicate(chat=inbound.chat, message_id=inbound.message_id))
                yield lambda: asked.slot.answer(is_new)
            case Shelve(account, raw, reason):
                decision.changes.append(PutDeadLetter(account=account, raw=raw, reason=reason, at=moment.wall))
                decision.events.append(DeadLettered(account=account, reason=reason))
                yield lambda: asked.slot.answer(None)
            case AwaitRoom(account):
                self._room_waiters.setdefault(account, []).append(asked)
            case Order() as order:
                answer = self._desk.decide(self._state, order, moment, decision)
                yield lambda: asked.slot.answer(answer)

    async def _carry_out(self, decision: Decision, releases: list[Release]) -> None:
        if decision.changes:
            await self._insist(lambda: self._store.commit(decision.changes))
        for release in releases:
            release()
        for event in decision.events:
            self._emit(event)
        for turn in decision.turns:
            assert self._start_turn is not None  # noqa: S101 without it, no turn is begun
            self._start_turn(turn)
        for outbound in decision.sends:
            await self._send(outbound)

    async def _send(self, outbound: Outbound) -> None:
        account = outbound.chat.account
        ref = self._accounts.get(account)
        try:
            if ref is not None:
                await ref.tell(Deliver(outbound))
                return
        except MailboxClosed:
            # It has ended and its AccountClosed, which is on the way, does not know of this one.
            pass
        receipt = Receipt(outbound.outbox_id, Retry("the account stopped before it was sent"))
        self._left_over.append(Delivered(account, receipt))

    async def _insist(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """Does it, however often the store fails first. The failure shows in status until it is over."""
        for failures in itertools.count():
            try:
                result = await attempt()
            except StoreUnavailable as error:
                if not self.store_error:
                    self._emit(StoreFailed(reason=error.reason, attempt=failures + 1))
                self.store_error = error.reason
                await trio.sleep(RETRY_STORE_SECONDS[min(failures, len(RETRY_STORE_SECONDS) - 1)])
            else:
                if self.store_error:
                    self.store_error = ""
                    self._emit(StoreRecovered(attempts=failures + 1))
                return result
        raise AssertionError("unreachable: the loop above has no end of its own")

    def _let_in(self) -> None:
        for account in [key for key in self._room_waiters if self._state.has_room(key)]:
            for asked in self._room_waiters.pop(account):
                asked.slot.answer(None)


def orders_in(batch: Iterable[ToRouter | Asked[Any]]) -> list[Order[Any]]:
    """What operators ask for in a batch."""
    return [item.message for item in batch if isinstance(item, Asked) and isinstance(item.message, Order)]
