"""Every change and the statements that write it: one table.

A batch is sorted by the rank of its changes and written group by group, one prepared statement for many rows. Changes
of one rank keep their order; between ranks order does not matter, save that a row is put before its state is set.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from itertools import groupby
from typing import Any, NamedTuple

from router.rules.records import (
    INBOX_FINISHED,
    AppendTranscript,
    Change,
    DropApproval,
    DropPairing,
    PutApproval,
    PutDeadLetter,
    PutInbox,
    PutOutbox,
    PutPairing,
    PutSendOrder,
    PutSession,
    SetInboxState,
    SetOutboxState,
)
from router.store import rows
from router.store.rows import Row


class Statement(NamedTuple):
    """SQL, and how a change fills its question marks."""

    sql: str
    parameters: Callable[[Any], Row]


class Writing(NamedTuple):
    """How one kind of change is written, and when within a batch."""

    rank: int
    statements: tuple[Statement, ...]


def _insert(table: str, columns: str, suffix: str = "") -> str:
    marks = ", ".join("?" * (columns.count(",") + 1))
    return f"INSERT INTO {table} ({columns}) VALUES ({marks}) {suffix}"


def _upsert(table: str, columns: str, key: str) -> str:
    rest = [column for column in columns.split(", ") if column not in key.split(", ")]
    updates = ", ".join(f"{column} = excluded.{column}" for column in rest)
    return _insert(table, columns, f"ON CONFLICT ({key}) DO UPDATE SET {updates}")


def _set_inbox_state(change: SetInboxState) -> Row:
    finished_at = change.at if change.state in INBOX_FINISHED else None
    return change.state, change.reason, change.starts, finished_at, change.inbox_id


def _set_outbox_state(change: SetOutboxState) -> Row:
    return (
        change.state,
        change.attempts,
        change.not_before,
        change.message_id,
        change.error,
        change.at,
        change.outbox_id,
    )


def _sender(change: DropPairing | DropApproval) -> Row:
    return change.account.channel, change.account.account_id, change.sender_id


def _transcript(change: AppendTranscript) -> Row:
    return change.session_id, change.role, change.text, change.at


def _dead_letter(change: PutDeadLetter) -> Row:
    return change.account.channel, change.account.account_id, change.raw, change.reason, change.at


_SENDER_KEY = "channel, account_id, sender_id"
_THIS_SENDER = "channel = ? AND account_id = ? AND sender_id = ?"

# The same message under a second id is passed over, content and all; another message under a used id is a mistake and
# fails the whole batch.
_PUT_INBOX = _insert("inbox", rows.INBOX, "ON CONFLICT (message_id, account_id, channel) DO NOTHING")
_PUT_CONTENT = (
    f"INSERT INTO inbox_content ({rows.INBOX_CONTENT}) SELECT ?1, ?2, ?3, ?4, ?5 "
    "WHERE EXISTS (SELECT 1 FROM inbox WHERE inbox_id = ?1) ON CONFLICT (inbox_id) DO NOTHING"
)
_SET_INBOX = "UPDATE inbox SET state = ?, reason = ?, starts = coalesce(?, starts), finished_at = ? WHERE inbox_id = ?"
_SET_OUTBOX = (
    "UPDATE outbox SET state = ?, attempts = ?, not_before = ?, message_id = ?, error = ?, changed_at = ? "
    "WHERE outbox_id = ?"
)

WRITINGS: dict[type[Change], Writing] = {
    PutInbox: Writing(
        0,
        (
            Statement(_PUT_INBOX, lambda change: rows.from_inbox(change.row)),
            Statement(_PUT_CONTENT, lambda change: rows.from_inbox_content(change.row)),
        ),
    ),
    SetInboxState: Writing(1, (Statement(_SET_INBOX, _set_inbox_state),)),
    PutOutbox: Writing(2, (Statement(_insert("outbox", rows.OUTBOX), lambda change: rows.from_outbox(change.row)),)),
    SetOutboxState: Writing(3, (Statement(_SET_OUTBOX, _set_outbox_state),)),
    PutPairing: Writing(
        4,
        (Statement(_upsert("pairing", rows.PAIRING, _SENDER_KEY), lambda change: rows.from_pairing(change.request)),),
    ),
    DropPairing: Writing(4, (Statement(f"DELETE FROM pairing WHERE {_THIS_SENDER}", _sender),)),
    PutApproval: Writing(
        5,
        (
            Statement(
                _upsert("approval", rows.APPROVAL, _SENDER_KEY), lambda change: rows.from_approval(change.approval)
            ),
        ),
    ),
    DropApproval: Writing(5, (Statement(f"DELETE FROM approval WHERE {_THIS_SENDER}", _sender),)),
    PutSession: Writing(
        6,
        (Statement(_upsert("session", rows.SESSION, "session_key"), lambda change: rows.from_session(change.session)),),
    ),
    AppendTranscript: Writing(7, (Statement(_insert("transcript", "session_id, role, text, at"), _transcript),)),
    PutDeadLetter: Writing(
        8, (Statement(_insert("dead_letter", "channel, account_id, raw, reason, at"), _dead_letter),)
    ),
    PutSendOrder: Writing(
        9, (Statement(_insert("send_order", rows.SEND_ORDER), lambda change: rows.from_send_order(change.order)),)
    ),
}


def write(db: sqlite3.Connection, changes: Iterable[Change]) -> None:
    """Writes the changes inside the caller's transaction.

    Raises: sqlite3.Error; UnicodeEncodeError for a text with lone surrogates (`rows.mended` helps).
    """
    ordered = sorted(changes, key=lambda change: WRITINGS[type(change)].rank)
    for kind, group in groupby(ordered, key=type):
        members = list(group)
        for statement in WRITINGS[kind].statements:
            db.executemany(statement.sql, map(statement.parameters, members))
