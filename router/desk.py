"""The router actor's desk for operators: what they ask is looked up in the store, then decided like everything else.

Whatever is decided from a row of the store is decided from that row as the batch has left it, so two operators who ask
for the same thing at one time cannot both have it done.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from msgspec.structs import replace

from router.messages import (
    ApprovePairing,
    AreYouThere,
    DropSend,
    Order,
    RejectPairing,
    ResetSession,
    RetrySend,
    RetryTurn,
    RevokeApproval,
    SendMessage,
    UseRulebook,
)
from router.rules import admission, interventions, turns
from router.rules.adoption import adopt
from router.rules.interventions import Impossible
from router.rules.records import InboxRow, OutboxRow, SendOrder
from router.rules.state import Chance, Decision, Moment, State
from router.store.contract import Store

Decide = Callable[[State, OutboxRow, Moment, Decision], OutboxRow | Impossible]


class Desk:
    """Works for one router actor, a batch at a time: first `look_up`, then `decide` for each order in it."""

    def __init__(self, store: Store, chance: Chance) -> None:
        self._store = store
        self._chance = chance
        self._orders: dict[str, SendOrder] = {}
        self._outbox: dict[int, OutboxRow] = {}
        self._inbox: dict[int, InboxRow] = {}

    async def look_up(self, orders: Sequence[Order[Any]]) -> None:
        """Reads what these orders are about, and forgets the batch before. Raises StoreUnavailable."""
        self._orders, self._outbox, self._inbox = {}, {}, {}
        send_ids = [order.send_id for order in orders if isinstance(order, SendMessage)]
        outbox_ids = [order.outbox_id for order in orders if isinstance(order, RetrySend | DropSend)]
        inbox_ids = [order.inbox_id for order in orders if isinstance(order, RetryTurn)]
        if send_ids:
            self._orders = dict(await self._store.send_orders(send_ids))
        if outbox_ids:
            self._outbox = dict(await self._store.outbox_rows(outbox_ids))
        if inbox_ids:
            self._inbox = dict(await self._store.inbox_rows(inbox_ids))

    def decide(self, state: State, order: Order[Any], moment: Moment, decision: Decision) -> object:
        """The answer to one order. Raises TypeError for one that nobody decides."""
        match order:
            case ApprovePairing(channel, code, account_id, notify):
                return admission.approve(state, channel, code, account_id, notify, moment, decision)
            case RejectPairing(channel, code, account_id):
                return admission.reject(state, channel, code, account_id, moment, decision)
            case RevokeApproval(account, sender_id):
                return admission.revoke(state, account, sender_id, decision)
            case ResetSession(session_key):
                return turns.reset_session(state, session_key, moment, self._chance, decision)
            case UseRulebook(rulebook):
                adopt(state, rulebook, moment, self._chance, decision)
                return None
            case AreYouThere():
                return None
        return self._decide_rows(state, order, moment, decision)

    def _decide_rows(self, state: State, order: Order[Any], moment: Moment, decision: Decision) -> object:
        match order:
            case SendMessage():
                return self._send(state, order, moment, decision)
            case RetrySend(outbox_id):
                return self._settle(interventions.retry, outbox_id, state, moment, decision)
            case DropSend(outbox_id):
                return self._settle(interventions.drop, outbox_id, state, moment, decision)
            case RetryTurn(inbox_id):
                return self._retry_turn(state, inbox_id, moment, decision)
        raise TypeError(f"nobody decides {type(order).__name__}")

    def _send(self, state: State, order: SendMessage, moment: Moment, decision: Decision) -> SendOrder:
        known = self._orders.get(order.send_id)
        if known is None:
            known = self._orders[order.send_id] = interventions.send(
                state,
                order.chat,
                order.contents,
                send_id=order.send_id,
                digest=order.digest,
                moment=moment,
                decision=decision,
            )
        return known

    def _settle(
        self, decide: Decide, outbox_id: int, state: State, moment: Moment, decision: Decision
    ) -> OutboxRow | Impossible | None:
        held = interventions.held(state, outbox_id)
        row = held or self._outbox.get(outbox_id)
        if row is None:
            return None
        if row.state == "unknown" and held is None:
            # The store is a batch behind: an order before this one has let the chat go on.
            return Impossible(f"{outbox_id} is being decided already")
        answer = decide(state, row, moment, decision)
        if isinstance(answer, OutboxRow):
            self._outbox[outbox_id] = replace(row, state="dropped")
        return answer

    def _retry_turn(
        self, state: State, inbox_id: int, moment: Moment, decision: Decision
    ) -> InboxRow | Impossible | None:
        row = self._inbox.get(inbox_id)
        if row is None:
            return None
        answer = interventions.retry_turn(state, row, moment, self._chance, decision)
        if isinstance(answer, InboxRow):
            self._inbox[inbox_id] = answer
        return answer
