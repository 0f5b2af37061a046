"""The store's contract in its plainest form: dictionaries. What the real engines are compared with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import singledispatchmethod

import msgspec

from actors.messages import AccountKey, HistoryEntry
from router.rules.records import (
    INBOX_FINISHED,
    OUTBOX_OPEN,
    AppendTranscript,
    Approval,
    Change,
    DropApproval,
    DropPairing,
    InboxRow,
    InboxState,
    OutboxRow,
    OutboxState,
    PairingRequest,
    PutApproval,
    PutDeadLetter,
    PutInbox,
    PutOutbox,
    PutPairing,
    PutSendOrder,
    PutSession,
    Remembered,
    SendOrder,
    Session,
    SetInboxState,
    SetOutboxState,
)
from router.store.contract import Counts, DeadLetter, MessageKey, Retention
from router.store.rows import mended

Sender = tuple[AccountKey, str]


class ModelStore:
    """Obeys the contract in memory, without any bound on a prune."""

    def __init__(self) -> None:
        self._inbox: dict[int, InboxRow] = {}
        self._ended: dict[int, float] = {}
        self._outbox: dict[int, OutboxRow] = {}
        self._outbox_at: dict[int, float] = {}
        self._pairings: dict[Sender, PairingRequest] = {}
        self._approvals: dict[Sender, Approval] = {}
        self._sessions: dict[str, Session] = {}
        self._orders: dict[str, SendOrder] = {}
        self._transcript: list[AppendTranscript] = []
        self._letters: list[DeadLetter] = []
        self._last_inbox_id = 0
        self._last_outbox_id = 0
        self._last_letter_id = 0

    async def load(self) -> Remembered:
        return self.remembered()

    async def known(self, keys: Sequence[MessageKey]) -> frozenset[MessageKey]:
        return self.known_of(keys)

    async def commit(self, changes: Iterable[Change]) -> None:
        self.apply_all(changes)

    async def history(self, session_id: str, limit: int) -> tuple[HistoryEntry, ...]:
        said = [HistoryEntry(line.role, line.text) for line in self._transcript if line.session_id == session_id]
        return tuple(said[-limit:]) if limit > 0 else ()

    async def dead_letters(self, limit: int = 100) -> tuple[DeadLetter, ...]:
        return tuple(self._letters[::-1][:limit])

    async def send_orders(self, send_ids: Sequence[str]) -> Mapping[str, SendOrder]:
        return {send_id: self._orders[send_id] for send_id in map(mended, send_ids) if send_id in self._orders}

    async def outbox_rows(self, outbox_ids: Sequence[int]) -> Mapping[int, OutboxRow]:
        return {each: self._outbox[each] for each in outbox_ids if each in self._outbox}

    async def outbox_in(self, states: Sequence[OutboxState], limit: int = 100) -> tuple[OutboxRow, ...]:
        return tuple([row for _, row in sorted(self._outbox.items())[::-1] if row.state in states][:limit])

    async def inbox_rows(self, inbox_ids: Sequence[int]) -> Mapping[int, InboxRow]:
        return {each: self._inbox[each] for each in inbox_ids if each in self._inbox}

    async def inbox_in(self, states: Sequence[InboxState], limit: int = 100) -> tuple[InboxRow, ...]:
        return tuple([row for _, row in sorted(self._inbox.items())[::-1] if row.state in states][:limit])

    async def prune(self, now: float, retention: Retention) -> int:
        return self.forget(now, retention)

    async def dead_by_account(self) -> Mapping[AccountKey, int]:
        return Counter(row.chat.account for row in self._outbox.values() if row.state == "dead")

    async def counts(self) -> Counts:
        return self.counted()

    def remembered(self) -> Remembered:
        return Remembered(
            approvals=tuple(self._approvals.values()),
            pairings=tuple(self._pairings.values()),
            sessions=tuple(self._sessions.values()),
            unfinished=tuple(row for _, row in sorted(self._inbox.items()) if row.state not in INBOX_FINISHED),
            unsent=tuple(row for _, row in sorted(self._outbox.items()) if row.state in OUTBOX_OPEN),
            next_inbox_id=self._last_inbox_id + 1,
            next_outbox_id=self._last_outbox_id + 1,
        )

    def known_of(self, keys: Sequence[MessageKey]) -> frozenset[MessageKey]:
        accepted = {_key(row) for row in self._inbox.values()}
        return frozenset(key for key in keys if mended(key) in accepted)

    def counted(self) -> Counts:
        return Counts(
            inbox=dict(Counter(row.state for row in self._inbox.values())),
            outbox=dict(Counter(row.state for row in self._outbox.values())),
            dead_letters=len(self._letters),
        )

    def apply_all(self, changes: Iterable[Change]) -> None:
        for change in changes:
            self._apply(mended(change))

    def forget(self, now: float, retention: Retention) -> int:
        kept_seconds = max(retention.dedupe_seconds, retention.content_seconds)
        gone = [id_ for id_, at in self._ended.items() if at <= now - kept_seconds]
        for inbox_id in gone:
            del self._inbox[inbox_id], self._ended[inbox_id]
        kept_for = {
            "sent": retention.content_seconds,
            "dropped": retention.content_seconds,
            "dead": retention.dedupe_seconds,
        }
        old = [
            id_
            for id_, row in self._outbox.items()
            if row.state in kept_for and self._outbox_at[id_] <= now - kept_for[row.state]
        ]
        for outbox_id in old:
            del self._outbox[outbox_id], self._outbox_at[outbox_id]
        orders = [order for order in self._orders.values() if order.created_at <= now - retention.content_seconds]
        for order in orders:
            del self._orders[order.send_id]
        lines, letters = len(self._transcript), len(self._letters)
        self._transcript = [line for line in self._transcript if line.at > now - retention.transcript_seconds]
        self._letters = [letter for letter in self._letters if letter.at > now - retention.dead_letter_seconds]
        gone_by_age = len(gone) + len(old) + len(orders)
        return gone_by_age + lines - len(self._transcript) + letters - len(self._letters)

    @singledispatchmethod
    def _apply(self, change: Change) -> None:
        raise TypeError(change)

    @_apply.register
    def _(self, change: PutInbox) -> None:
        row = change.row
        # An id that was given to a message seen before is spent as well.
        self._last_inbox_id = max(self._last_inbox_id, row.inbox_id)
        if _key(row) in {_key(other) for other in self._inbox.values()}:
            return
        self._inbox[row.inbox_id] = row
        if row.state in INBOX_FINISHED:
            self._ended[row.inbox_id] = row.received_at

    @_apply.register
    def _(self, change: SetInboxState) -> None:
        row = self._inbox.get(change.inbox_id)
        if row is None:
            return
        starts = row.starts if change.starts is None else change.starts
        self._inbox[change.inbox_id] = msgspec.structs.replace(
            row, state=change.state, reason=change.reason, starts=starts
        )
        self._ended.pop(change.inbox_id, None)
        if change.state in INBOX_FINISHED:
            self._ended[change.inbox_id] = change.at

    @_apply.register
    def _(self, change: PutOutbox) -> None:
        row = change.row
        self._outbox[row.outbox_id] = row
        self._outbox_at[row.outbox_id] = row.created_at
        self._last_outbox_id = max(self._last_outbox_id, row.outbox_id)

    @_apply.register
    def _(self, change: SetOutboxState) -> None:
        row = self._outbox.get(change.outbox_id)
        if row is None:
            return
        self._outbox_at[change.outbox_id] = change.at
        self._outbox[change.outbox_id] = msgspec.structs.replace(
            row,
            state=change.state,
            attempts=change.attempts,
            not_before=change.not_before,
            message_id=change.message_id,
            error=change.error,
        )

    @_apply.register
    def _(self, change: PutSendOrder) -> None:
        self._orders[change.order.send_id] = change.order

    @_apply.register
    def _(self, change: PutPairing) -> None:
        self._pairings[change.request.account, change.request.sender_id] = change.request

    @_apply.register
    def _(self, change: DropPairing) -> None:
        self._pairings.pop((change.account, change.sender_id), None)

    @_apply.register
    def _(self, change: PutApproval) -> None:
        self._approvals[change.approval.account, change.approval.sender_id] = change.approval

    @_apply.register
    def _(self, change: DropApproval) -> None:
        self._approvals.pop((change.account, change.sender_id), None)

    @_apply.register
    def _(self, change: PutSession) -> None:
        self._sessions[change.session.session_key] = change.session

    @_apply.register
    def _(self, change: AppendTranscript) -> None:
        self._transcript.append(change)

    @_apply.register
    def _(self, change: PutDeadLetter) -> None:
        self._last_letter_id += 1
        letter = DeadLetter(
            dead_letter_id=self._last_letter_id,
            account=change.account,
            raw=change.raw,
            reason=change.reason,
            at=change.at,
        )
        self._letters.append(letter)


def _key(row: InboxRow) -> MessageKey:
    return row.inbound.chat.account, row.inbound.message_id
