"""Forgetting: which rows are past their time, a bounded number of them in each step.

Ids rise with time, so what is due lies at the low end of a table. A step looks at no more than `ROWS_PER_STEP` finished
rows from that end and deletes those that are due: its cost is the same however much is kept.
"""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from router.store.contract import Retention

ROWS_PER_STEP = 1000

_FINISHED_CONTENT = """
    DELETE FROM inbox_content WHERE inbox_id IN (
        SELECT inbox_id FROM (
            SELECT inbox_content.inbox_id, finished_at
            FROM inbox_content CROSS JOIN inbox ON inbox.inbox_id = inbox_content.inbox_id
            WHERE finished_at IS NOT NULL ORDER BY inbox_content.inbox_id LIMIT :rows
        ) WHERE finished_at <= :cutoff
    )
"""
# Content goes first: a message whose text is to be kept longer than its key keeps both.
_FINISHED_INBOX = """
    DELETE FROM inbox WHERE inbox_id IN (
        SELECT inbox_id FROM (
            SELECT inbox_id, finished_at FROM inbox WHERE finished_at IS NOT NULL ORDER BY inbox_id LIMIT :rows
        ) WHERE finished_at <= :cutoff
    ) AND NOT EXISTS (SELECT 1 FROM inbox_content WHERE inbox_content.inbox_id = inbox.inbox_id)
"""
_OUTBOX = """
    DELETE FROM outbox WHERE outbox_id IN (
        SELECT outbox_id FROM (
            SELECT outbox_id, changed_at FROM outbox WHERE state = '{state}' ORDER BY outbox_id LIMIT :rows
        ) WHERE changed_at <= :cutoff
    )
"""
_BY_AGE = """
    DELETE FROM {table} WHERE {table}_id IN (
        SELECT {table}_id FROM (SELECT {table}_id, at FROM {table} ORDER BY {table}_id LIMIT :rows) WHERE at <= :cutoff
    )
"""


class Step(NamedTuple):
    """One statement of forgetting, and the moment up to which things are due."""

    sql: str
    cutoff: float


def steps(now: float, retention: Retention) -> tuple[Step, ...]:
    """What to do, each in a transaction of its own. What died in the outbox stays as long as the message it answers."""
    return (
        Step(_FINISHED_CONTENT, now - retention.content_seconds),
        Step(_FINISHED_INBOX, now - retention.dedupe_seconds),
        # An order goes before its parts can: whoever finds one finds what became of it.
        Step(_BY_AGE.format(table="send_order"), now - retention.content_seconds),
        Step(_OUTBOX.format(state="sent"), now - retention.content_seconds),
        Step(_OUTBOX.format(state="dropped"), now - retention.content_seconds),
        Step(_OUTBOX.format(state="dead"), now - retention.dedupe_seconds),
        Step(_BY_AGE.format(table="transcript"), now - retention.transcript_seconds),
        Step(_BY_AGE.format(table="dead_letter"), now - retention.dead_letter_seconds),
    )


def forget(db: sqlite3.Connection, step: Step) -> int:
    """Takes one step inside the caller's transaction; returns how many rows went."""
    return db.execute(step.sql, {"rows": ROWS_PER_STEP, "cutoff": step.cutoff}).rowcount
