"""What an operator asks of the database: single rows, and the newest ones in a state. Each goes by an index."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from router.rules.records import InboxRow, InboxState, OutboxRow, OutboxState, SendOrder
from router.store import rows

_INBOX_COLUMNS = rows.INBOX.removesuffix(", finished_at").replace("inbox_id", "inbox.inbox_id")
_INBOX = (
    f"SELECT {_INBOX_COLUMNS}, sender_name, text, media, raw FROM inbox LEFT JOIN inbox_content "
    "ON inbox_content.inbox_id = inbox.inbox_id "
)
_OUTBOX = f"SELECT {rows.OUTBOX} FROM outbox "


def send_orders(db: sqlite3.Connection, send_ids: Sequence[str]) -> dict[str, SendOrder]:
    """Those of the orders that are known."""
    ids = [rows.mended(send_id) for send_id in send_ids]
    found = db.execute(f"SELECT {rows.SEND_ORDER} FROM send_order WHERE send_id IN ({_marks(ids)})", ids)
    return {order.send_id: order for order in map(rows.to_send_order, found)}


def outbox_rows(db: sqlite3.Connection, outbox_ids: Sequence[int]) -> dict[int, OutboxRow]:
    """Those of the rows that are there."""
    found = db.execute(f"{_OUTBOX} WHERE outbox_id IN ({_marks(outbox_ids)})", outbox_ids)
    return {row.outbox_id: row for row in map(rows.to_outbox, found)}


def outbox_in(db: sqlite3.Connection, states: Sequence[OutboxState], limit: int) -> tuple[OutboxRow, ...]:
    """The newest rows in one of the states, newest first."""
    found = db.execute(
        f"{_OUTBOX} WHERE state IN ({_marks(states)}) ORDER BY outbox_id DESC LIMIT ?", (*states, max(limit, 0))
    )
    return tuple(map(rows.to_outbox, found))


def inbox_rows(db: sqlite3.Connection, inbox_ids: Sequence[int]) -> dict[int, InboxRow]:
    """Those of the rows that are there."""
    found = db.execute(f"{_INBOX} WHERE inbox.inbox_id IN ({_marks(inbox_ids)})", inbox_ids)
    return {row.inbox_id: row for row in map(rows.to_inbox, found)}


def inbox_in(db: sqlite3.Connection, states: Sequence[InboxState], limit: int) -> tuple[InboxRow, ...]:
    """The newest messages in one of the states, newest first."""
    found = db.execute(
        f"{_INBOX} WHERE state IN ({_marks(states)}) ORDER BY inbox.inbox_id DESC LIMIT ?", (*states, max(limit, 0))
    )
    return tuple(map(rows.to_inbox, found))


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))
