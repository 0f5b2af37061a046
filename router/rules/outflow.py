"""What goes out: each chat a lane, each account as many sends at a time as it says it can take."""

from __future__ import annotations

import heapq
from collections.abc import Iterable

from msgspec.structs import replace

from actors.messages import AccountKey, Chat, Content, Outbound, Receipt
from router.events import DeliveryDead, DeliveryHeld, DeliveryRetry, DeliverySent, Event
from router.rules.delivery import Held, Later, Settled, after, begin
from router.rules.lanes import Lanes
from router.rules.records import OutboxRow
from router.rules.state import Chance, Decision, Moment, State, Timer

EARLIER_PART_DIED = "an earlier part of it could not be sent"


def queue(
    state: State,
    chat: Chat,
    contents: Iterable[Content],
    inbox_id: int | None,
    moment: Moment,
    decision: Decision,
    send_id: str = "",
) -> tuple[int, ...]:
    """Puts things to send at the end of their chat's lane; returns their outbox ids."""
    lanes = state.lanes_of_account(chat.account)
    ids: list[int] = []
    for content in contents:
        row = OutboxRow(
            outbox_id=state.next_outbox_id,
            chat=chat,
            content=content,
            created_at=moment.wall,
            inbox_id=inbox_id,
            send_id=send_id,
        )
        state.next_outbox_id += 1
        ids.append(row.outbox_id)
        decision.put_outbox(row)
        lanes.add(chat.chat_id, row)
        pump(state, chat.account, moment, decision)
    return tuple(ids)


def put_dead(
    state: State,
    chat: Chat,
    content: Content,
    reason: str,
    inbox_id: int | None,
    moment: Moment,
    decision: Decision,
) -> None:
    """Records something that cannot be sent at all, for the operator to find."""
    row = OutboxRow(
        outbox_id=state.next_outbox_id,
        chat=chat,
        content=content,
        created_at=moment.wall,
        inbox_id=inbox_id,
        state="dead",
        error=reason,
    )
    state.next_outbox_id += 1
    decision.put_outbox(row)
    decision.events.append(DeliveryDead(chat=row.chat, outbox_id=row.outbox_id, reason=row.error))


def pump(state: State, account: AccountKey, moment: Moment, decision: Decision) -> None:
    """Claims everything of this account that may be sent now. The claim is part of the transaction."""
    lanes = state.lanes_of_account(account)
    while (claimed := lanes.claim()) is not None:
        chat_id, row = claimed
        row = begin(row)
        lanes.set_head(chat_id, row)
        decision.move_outbox(row, moment.wall)
        state.sending[row.outbox_id] = (account, chat_id)
        decision.sends.append(Outbound(row.outbox_id, row.chat, row.content, row.attempts))


def opened(state: State, account: AccountKey, capacity: int, moment: Moment, decision: Decision) -> None:
    """The account can send."""
    lanes = state.lanes_of_account(account)
    lanes.capacity = capacity
    lanes.is_open = True
    pump(state, account, moment, decision)


def closed(state: State, account: AccountKey) -> None:
    """The account cannot send until it opens again. Its receipts have come before."""
    state.lanes_of_account(account).is_open = False


def settle(state: State, receipt: Receipt, moment: Moment, chance: Chance, decision: Decision) -> None:
    """One attempt has ended. A receipt for something that is not out (told twice) changes nothing."""
    where = state.sending.pop(receipt.outbox_id, None)
    if where is None:
        return
    account, chat_id = where
    lanes = state.lanes_of_account(account)
    row = lanes.head(chat_id)
    assert row is not None  # noqa: S101 what is out is the head of its lane
    step = after(
        row,
        receipt.outcome,
        when_unknown=state.policy(account).when_unknown,
        policy=state.rulebook.delivery,
        now=moment.wall,
        random=chance.fraction(),
    )
    lanes.set_head(chat_id, step.row)
    decision.move_outbox(step.row, moment.wall)
    match step:
        case Settled(row):
            _settled(lanes, chat_id, row, moment, decision)
        case Later(row, delay_seconds):
            lanes.hold(chat_id)
            _set_timer(state, row, moment.monotonic + delay_seconds)
            decision.events.append(_later_event(row, delay_seconds))
        case Held(row):
            lanes.hold(chat_id)
            decision.events.append(DeliveryHeld(chat=row.chat, outbox_id=row.outbox_id, reason=row.error))
    pump(state, account, moment, decision)


def wake(state: State, moment: Moment, decision: Decision) -> None:
    """Lets every chat go on whose wait is over."""
    while state.timers and state.timers[0].due <= moment.monotonic:
        timer = heapq.heappop(state.timers)
        head = state.lanes_of_account(timer.account).head(timer.chat_id)
        if head is not None and head.outbox_id == timer.outbox_id:
            state.lanes_of_account(timer.account).resume(timer.chat_id)
            pump(state, timer.account, moment, decision)


def _settled(lanes: Lanes[str, OutboxRow], chat_id: str, row: OutboxRow, moment: Moment, decision: Decision) -> None:
    if row.state == "sent":
        seconds = max(moment.wall - row.created_at, 0.0)
        decision.events.append(DeliverySent(chat=row.chat, outbox_id=row.outbox_id, seconds=seconds))
    else:
        decision.events.append(DeliveryDead(chat=row.chat, outbox_id=row.outbox_id, reason=row.error))
        _drop_rest(lanes, chat_id, row, moment, decision)
    lanes.finish(chat_id)


def _drop_rest(lanes: Lanes[str, OutboxRow], chat_id: str, dead: OutboxRow, moment: Moment, decision: Decision) -> None:
    """A reply with a hole misleads: when one part dies, the parts behind it die too."""
    kept: list[OutboxRow] = []
    for row in list(lanes.lane(chat_id))[1:]:
        if not _parts_of_one(row, dead):
            kept.append(row)
            continue
        lost = replace(row, state="dead", error=EARLIER_PART_DIED)
        decision.move_outbox(lost, moment.wall)
        decision.events.append(DeliveryDead(chat=lost.chat, outbox_id=lost.outbox_id, reason=lost.error))
    lanes.replace_waiting(chat_id, kept)


def _parts_of_one(row: OutboxRow, other: OutboxRow) -> bool:
    """Whether they belong to one reply, or to one message of an operator."""
    if other.inbox_id is not None:
        return row.inbox_id == other.inbox_id
    return bool(other.send_id) and row.send_id == other.send_id


def _set_timer(state: State, row: OutboxRow, due: float) -> None:
    heapq.heappush(state.timers, Timer(due, row.outbox_id, row.chat.account, row.chat.chat_id))


def _later_event(row: OutboxRow, delay_seconds: float) -> Event:
    return DeliveryRetry(chat=row.chat, outbox_id=row.outbox_id, reason=row.error, delay_seconds=delay_seconds)
