"""A small stage for the law: say something, answer it, confirm it, and look at what was decided."""

from __future__ import annotations

import itertools
from typing import Any, TypeVar

from actors.messages import AccountKey, Chat, Inbound, MessageKind, Outcome, Receipt, Reply, Sent, TextContent
from router.rules import inflow, outflow, turns
from router.rules.policy import AccountPolicy
from router.rules.records import Change, Remembered
from router.rules.recovery import restore
from router.rules.state import Chance, Decision, Moment, Rulebook, State

SHOP = AccountKey("zalo", "shop")
OPEN = AccountPolicy(dm_policy="open", allow_from=frozenset({"*"}), group_policy="open", id_prefixes=("zalo:",))
C = TypeVar("C")


def rulebook(policy: AccountPolicy = OPEN, **fields: Any) -> Rulebook:
    defaults: dict[str, Any] = {
        "accounts": {SHOP: policy},
        "agents": {"main": 10},
        "default_agent_id": "main",
        "dm_scope": "per-account-channel-peer",
    }
    return Rulebook(**(defaults | fields))


def chance() -> Chance:
    codes, sessions = itertools.count(), itertools.count()
    return Chance(lambda: f"CODE{next(codes):04d}", lambda: f"session-{next(sessions)}", lambda: 0.0)


class Stage:
    """Holds a state and the time; every verb makes one decision and returns it."""

    def __init__(
        self, rules: Rulebook | None = None, remembered: Remembered | None = None, now: float = 1000.0
    ) -> None:
        self.now = now
        self.chance = chance()
        self.first = Decision()
        self.numbers = itertools.count(1)
        rules = rules or rulebook()
        self.state: State = restore(rules, remembered or Remembered(), self.moment, self.chance, self.first)

    @property
    def moment(self) -> Moment:
        return Moment(self.now, self.now)

    def say(
        self,
        text: str,
        sender: str = "u1",
        *,
        group: str | None = None,
        kind: MessageKind = "text",
        name: str | None = None,
        **fields: Any,
    ) -> Decision:
        chat = Chat(SHOP, group, "group") if group else Chat(SHOP, sender)
        inbound = Inbound(
            chat=chat,
            message_id=f"m{next(self.numbers)}",
            sender_id=sender,
            sender_name=name,
            kind=kind,
            text=text,
            **fields,
        )
        decision = Decision()
        inflow.accept(self.state, inbound, self.moment, self.chance, decision)
        return decision

    def answer(self, turn_id: int, reply: Reply | str) -> Decision:
        decision = Decision()
        whole = Reply(reply) if isinstance(reply, str) else reply
        turns.ended(self.state, turn_id, whole, 0.5, self.moment, self.chance, decision)
        return decision

    def fail(self, turn_id: int, reason: str = "it exited with 1") -> Decision:
        decision = Decision()
        turns.failed(self.state, turn_id, reason, self.moment, self.chance, decision)
        return decision

    def open(self, capacity: int = 4, account: AccountKey = SHOP) -> Decision:
        decision = Decision()
        outflow.opened(self.state, account, capacity, self.moment, decision)
        return decision

    def send(self, *texts: str, chat_id: str = "u1", inbox_id: int | None = None) -> Decision:
        decision = Decision()
        contents = [TextContent(text) for text in texts]
        outflow.queue(self.state, Chat(SHOP, chat_id), contents, inbox_id, self.moment, decision)
        return decision

    def receipt(self, outbox_id: int, outcome: Outcome | None = None) -> Decision:
        decision = Decision()
        receipt = Receipt(outbox_id, outcome or Sent(f"z{outbox_id}"))
        outflow.settle(self.state, receipt, self.moment, self.chance, decision)
        return decision

    def wait(self, seconds: float) -> Decision:
        self.now += seconds
        decision = Decision()
        outflow.wake(self.state, self.moment, decision)
        return decision


def of(kind: type[C], decision: Decision) -> list[C]:
    """The changes of one kind."""
    return [change for change in decision.changes if isinstance(change, kind)]


def kinds(decision: Decision) -> list[str]:
    return [type(change).__name__ for change in decision.changes]


def sent_texts(decision: Decision) -> list[str]:
    """What leaves now, as text."""
    return [send.content.text for send in decision.sends if isinstance(send.content, TextContent)]


__all__ = ["OPEN", "SHOP", "Change", "Stage", "chance", "kinds", "of", "rulebook", "sent_texts"]
