"""What an operator decides about things that are stuck: the law of second chances.

1. What is `unknown` and held is still the head of its chat. `retry` lets the chat go on with it (it may then arrive
   twice); `drop` lets the chat go on without it.
2. What is `dead` is behind its chat already. `retry` queues the same content as a new row at the end of the chat, and
   `drop` takes it off the list. Either way the old row is `dropped`, and says what became of it.
3. A turn that is dead is asked again as if it had just arrived: at the end of its session's lane, with a clean count of
   starts. The person was told already that something went wrong.
4. Whatever else is asked for changes nothing and is answered by the reason why.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from msgspec.structs import replace

from actors.messages import Chat, Content
from router.operator_events import DeliveryDropped, DeliveryRetried, TurnRevived
from router.rules.destinations import destination
from router.rules.outflow import EARLIER_PART_DIED, pump, queue
from router.rules.records import InboxRow, OutboxRow, PutSendOrder, SendOrder
from router.rules.state import Chance, Decision, Moment, State
from router.rules.turns import enqueue


class Impossible(msgspec.Struct, frozen=True):
    """Nothing was changed; why not, in one sentence."""

    reason: str


def send(
    state: State,
    chat: Chat,
    contents: Iterable[Content],
    *,
    send_id: str,
    digest: str,
    moment: Moment,
    decision: Decision,
) -> SendOrder:
    """Queues an operator's message behind whatever waits for that chat."""
    ids = queue(state, chat, contents, None, moment, decision, send_id)
    order = SendOrder(send_id=send_id, digest=digest, outbox_ids=ids, created_at=moment.wall)
    decision.changes.append(PutSendOrder(order))
    return order


def held(state: State, outbox_id: int) -> OutboxRow | None:
    """The row, if it is `unknown` and holds its chat."""
    heads = (row for lanes in state.send_lanes.values() for row in lanes.heads())
    return next((row for row in heads if row.outbox_id == outbox_id and row.state == "unknown"), None)


def retry(state: State, row: OutboxRow, moment: Moment, decision: Decision) -> OutboxRow | Impossible:
    """Sends a held or dead row again; returns the row that is waiting to be sent now."""
    if row.state == "unknown":
        return _resume(state, row, moment, decision)
    if row.state != "dead":
        return Impossible(_undecidable(row))
    if row.attempts == 0 and row.error != EARLIER_PART_DIED:
        # It was dead when it was written down: its content is a note for people, a path of this machine maybe.
        return Impossible(f"{row.outbox_id} cannot be sent at all ({row.error}); drop it")
    (new_id,) = queue(state, row.chat, (row.content,), row.inbox_id, moment, decision, row.send_id)
    decision.move_outbox(
        replace(row, state="dropped", error=f"sent again as {new_id}; it was: {row.error}"), moment.wall
    )
    decision.events.append(DeliveryRetried(chat=row.chat, outbox_id=row.outbox_id, new_outbox_id=new_id))
    return replace(row, outbox_id=new_id, state="queued", created_at=moment.wall, attempts=0, error="")


def drop(state: State, row: OutboxRow, moment: Moment, decision: Decision) -> OutboxRow | Impossible:
    """Gives a held or dead row up; returns it as it is now."""
    if row.state not in ("unknown", "dead"):
        return Impossible(_undecidable(row))
    dropped = replace(row, state="dropped", error=f"dropped by an operator; it was: {row.error}")
    decision.move_outbox(dropped, moment.wall)
    decision.events.append(DeliveryDropped(chat=row.chat, outbox_id=row.outbox_id))
    if row.state == "unknown":
        state.lanes_of_account(row.chat.account).discard(row.chat.chat_id)
        pump(state, row.chat.account, moment, decision)
    return dropped


def retry_turn(
    state: State, row: InboxRow, moment: Moment, chance: Chance, decision: Decision
) -> InboxRow | Impossible:
    """Gives a dead message to its agent once more; returns the row as it waits."""
    if row.state != "dead":
        return Impossible(f"message {row.inbox_id} is {row.state}; only dead ones can be retried")
    if not row.inbound.text and not row.inbound.media:
        return Impossible(f"the text of message {row.inbox_id} is no longer kept (see store.retention)")
    agent_id, key = (row.agent_id, row.session_key)
    if agent_id not in state.rulebook.agents:
        agent_id, key = destination(state, row.inbound)
    waiting = replace(row, state="waiting", reason="", starts=0, agent_id=agent_id, session_key=key)
    decision.move_inbox(waiting, moment.wall)
    decision.events.append(TurnRevived(chat=row.inbound.chat, agent_id=agent_id, inbox_id=row.inbox_id))
    state.unfinished[row.inbound.chat.account] += 1
    enqueue(state, waiting, moment, chance, decision)
    return waiting


def _resume(state: State, row: OutboxRow, moment: Moment, decision: Decision) -> OutboxRow:
    again = replace(row, state="retry", not_before=0.0)
    decision.move_outbox(again, moment.wall)
    decision.events.append(DeliveryRetried(chat=row.chat, outbox_id=row.outbox_id, new_outbox_id=row.outbox_id))
    lanes = state.lanes_of_account(row.chat.account)
    lanes.set_head(row.chat.chat_id, again)
    lanes.resume(row.chat.chat_id)
    pump(state, row.chat.account, moment, decision)
    return again


def _undecidable(row: OutboxRow) -> str:
    return f"{row.outbox_id} is {row.state}; only what is dead or unknown waits for a decision"
