"""The questions that are asked of the database."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from actors.messages import AccountKey, HistoryEntry
from router.store import rows
from router.store.contract import Counts, DeadLetter, MessageKey, Remembered

_INBOX_COLUMNS = rows.INBOX.removesuffix(", finished_at").replace("inbox_id", "inbox.inbox_id")

_UNFINISHED = (
    f"SELECT {_INBOX_COLUMNS}, sender_name, text, media, raw FROM inbox LEFT JOIN inbox_content "
    "ON inbox_content.inbox_id = inbox.inbox_id WHERE state IN ('waiting', 'running') ORDER BY inbox.inbox_id"
)
_UNSENT = (
    f"SELECT {rows.OUTBOX} FROM outbox WHERE state IN ('queued', 'sending', 'retry', 'unknown') ORDER BY outbox_id"
)
_KNOWN = "SELECT 1 FROM inbox WHERE message_id = ? AND account_id = ? AND channel = ?"
_NEXT_ID = "SELECT coalesce(max(seq), 0) + 1 FROM sqlite_sequence WHERE name = ?"


def load(db: sqlite3.Connection) -> Remembered:
    """Reads the open rows through the indexes on state: the cost is that of what is open, not of what was kept."""
    return Remembered(
        approvals=tuple(map(rows.to_approval, db.execute(f"SELECT {rows.APPROVAL} FROM approval"))),
        pairings=tuple(map(rows.to_pairing, db.execute(f"SELECT {rows.PAIRING} FROM pairing"))),
        sessions=tuple(map(rows.to_session, db.execute(f"SELECT {rows.SESSION} FROM session"))),
        unfinished=tuple(map(rows.to_inbox, db.execute(_UNFINISHED))),
        unsent=tuple(map(rows.to_outbox, db.execute(_UNSENT))),
        next_inbox_id=_next_id(db, "inbox"),
        next_outbox_id=_next_id(db, "outbox"),
    )


def known(db: sqlite3.Connection, keys: Sequence[MessageKey]) -> frozenset[MessageKey]:
    """Which of the keys are in the inbox, whatever became of their rows."""
    return frozenset(key for key in keys if _is_known(db, key))


def history(db: sqlite3.Connection, session_id: str, limit: int) -> tuple[HistoryEntry, ...]:
    """The last lines of a session, oldest first."""
    newest_first = db.execute(
        "SELECT role, text FROM transcript WHERE session_id = ? ORDER BY transcript_id DESC LIMIT ?",
        (rows.mended(session_id), max(limit, 0)),
    ).fetchall()
    return tuple(HistoryEntry(role, text) for role, text in reversed(newest_first))


def dead_letters(db: sqlite3.Connection, limit: int) -> tuple[DeadLetter, ...]:
    """The newest entries of the shelf, newest first."""
    found = db.execute(
        "SELECT dead_letter_id, channel, account_id, raw, reason, at FROM dead_letter "
        "ORDER BY dead_letter_id DESC LIMIT ?",
        (max(limit, 0),),
    )
    return tuple(
        DeadLetter(
            dead_letter_id=dead_letter_id, account=AccountKey(channel, account_id), raw=raw, reason=reason, at=at
        )
        for dead_letter_id, channel, account_id, raw, reason, at in found
    )


def dead_by_account(db: sqlite3.Connection) -> dict[AccountKey, int]:
    """Dead outbox rows of each account that has any."""
    found = db.execute(
        "SELECT channel, account_id, count(*) FROM outbox WHERE state = 'dead' GROUP BY channel, account_id"
    )
    return {AccountKey(channel, account_id): number for channel, account_id, number in found}


def counts(db: sqlite3.Connection) -> Counts:
    """Rows by state. Reads indexes only, each of them whole: the one question whose cost grows with what is kept."""
    (letters,) = db.execute("SELECT count(*) FROM dead_letter").fetchone()
    return Counts(inbox=_by_state(db, "inbox"), outbox=_by_state(db, "outbox"), dead_letters=letters)


def _by_state(db: sqlite3.Connection, table: str) -> dict[str, int]:
    return dict(db.execute(f"SELECT state, count(*) FROM {table} GROUP BY state").fetchall())


def _is_known(db: sqlite3.Connection, key: MessageKey) -> bool:
    account, message_id = key
    question = (rows.mended(message_id), account.account_id, account.channel)
    return db.execute(_KNOWN, question).fetchone() is not None


def _next_id(db: sqlite3.Connection, table: str) -> int:
    (next_id,) = db.execute(_NEXT_ID, (table,)).fetchone()
    return int(next_id)
