"""The tables, as numbered migrations.

Rule 1: a migration that was released is never edited; a change is a new one at the end.
Rule 2: each runs in one transaction together with the new version number, so that a crash leaves the old or the new.

What a message costs must not grow with what was kept before. So the heavy part of an inbox row (text, raw bytes) lives
in a table of its own: state changes rewrite short rows, and forgetting content is deleting rows. The indexes on state
give the open rows without a look at the finished ones. AUTOINCREMENT keeps ids from being used twice after pruning.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from router.store.faults import StoreUnusable

APPLICATION_ID = 0x7A6C7274
"""`zlrt` in the file's header: the mark by which a database of ours is known."""

_FIRST = (
    """
    CREATE TABLE inbox (
        inbox_id        INTEGER PRIMARY KEY AUTOINCREMENT,
        channel         TEXT NOT NULL,
        account_id      TEXT NOT NULL,
        message_id      TEXT NOT NULL,
        chat_id         TEXT NOT NULL,
        chat_type       TEXT NOT NULL,
        sender_id       TEXT NOT NULL,
        kind            TEXT NOT NULL,
        sent_at         REAL,
        received_at     REAL NOT NULL,
        state           TEXT NOT NULL,
        reason          TEXT NOT NULL,
        agent_id        TEXT NOT NULL,
        session_key     TEXT NOT NULL,
        session_id      TEXT NOT NULL,
        starts          INTEGER NOT NULL,
        authorized      INTEGER NOT NULL,
        elapsed_seconds REAL,
        finished_at     REAL,  -- NULL while the row is open
        UNIQUE (message_id, account_id, channel)
    )
    """,
    "CREATE INDEX inbox_by_state ON inbox (state)",
    """
    CREATE TABLE inbox_content (
        inbox_id    INTEGER PRIMARY KEY,
        sender_name TEXT,
        text        TEXT NOT NULL,
        media       TEXT,  -- JSON, NULL for none
        raw         BLOB NOT NULL
    )
    """,
    """
    CREATE TABLE outbox (
        outbox_id  INTEGER PRIMARY KEY AUTOINCREMENT,
        channel    TEXT NOT NULL,
        account_id TEXT NOT NULL,
        chat_id    TEXT NOT NULL,
        chat_type  TEXT NOT NULL,
        content    TEXT NOT NULL,  -- JSON
        created_at REAL NOT NULL,
        state      TEXT NOT NULL,
        inbox_id   INTEGER,
        attempts   INTEGER NOT NULL,
        not_before REAL NOT NULL,
        message_id TEXT NOT NULL,
        error      TEXT NOT NULL,
        changed_at REAL NOT NULL
    )
    """,
    "CREATE INDEX outbox_by_state ON outbox (state)",
    """
    CREATE TABLE pairing (
        channel      TEXT NOT NULL,
        account_id   TEXT NOT NULL,
        sender_id    TEXT NOT NULL,
        code         TEXT NOT NULL,
        created_at   REAL NOT NULL,
        last_seen_at REAL NOT NULL,
        replied_at   REAL NOT NULL,
        chat         TEXT NOT NULL,  -- JSON
        sender_name  TEXT NOT NULL,
        PRIMARY KEY (channel, account_id, sender_id)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE approval (
        channel     TEXT NOT NULL,
        account_id  TEXT NOT NULL,
        sender_id   TEXT NOT NULL,
        approved_at REAL NOT NULL,
        sender_name TEXT NOT NULL,
        PRIMARY KEY (channel, account_id, sender_id)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE session (
        session_key TEXT PRIMARY KEY,
        session_id  TEXT NOT NULL,
        agent_id    TEXT NOT NULL,
        created_at  REAL NOT NULL,
        updated_at  REAL NOT NULL,
        chat        TEXT NOT NULL,  -- JSON
        label       TEXT NOT NULL
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE transcript (
        transcript_id INTEGER PRIMARY KEY,
        session_id    TEXT NOT NULL,
        role          TEXT NOT NULL,
        text          TEXT NOT NULL,
        at            REAL NOT NULL
    )
    """,
    "CREATE INDEX transcript_by_session ON transcript (session_id)",
    """
    CREATE TABLE dead_letter (
        dead_letter_id INTEGER PRIMARY KEY AUTOINCREMENT,
        channel        TEXT NOT NULL,
        account_id     TEXT NOT NULL,
        raw            BLOB NOT NULL,
        reason         TEXT NOT NULL,
        at             REAL NOT NULL
    )
    """,
)

_OPERATORS_SENDS = (
    "ALTER TABLE outbox ADD COLUMN send_id TEXT NOT NULL DEFAULT ''",
    """
    CREATE TABLE send_order (
        send_order_id INTEGER PRIMARY KEY,
        send_id       TEXT NOT NULL UNIQUE,
        digest        TEXT NOT NULL,
        outbox_ids    TEXT NOT NULL,  -- JSON
        at            REAL NOT NULL
    )
    """,
)

MIGRATIONS: tuple[tuple[str, ...], ...] = (_FIRST, _OPERATORS_SENDS)
"""Entry n takes a database from version n to version n + 1."""


def check_owner(db: sqlite3.Connection, path: Path) -> None:
    """Writes nothing. Raises: StoreUnusable when the file is of a newer version or was made by another program."""
    version = _number(db, "PRAGMA user_version")
    if _number(db, "PRAGMA application_id") != APPLICATION_ID:
        if version or _number(db, "SELECT count(*) FROM sqlite_master"):
            raise StoreUnusable(f"{path} is the database of another program: use another state directory")
    elif version > len(MIGRATIONS):
        raise StoreUnusable(
            f"{path} has schema version {version} and this program knows up to {len(MIGRATIONS)}: "
            "use the newer program, or another state directory"
        )


def migrate(db: sqlite3.Connection) -> None:
    """Brings a database of ours, or an empty one, to the newest version."""
    for version in range(_number(db, "PRAGMA user_version"), len(MIGRATIONS)):
        _step(db, version)


def _step(db: sqlite3.Connection, version: int) -> None:
    db.execute("BEGIN IMMEDIATE")
    try:
        for statement in MIGRATIONS[version]:
            db.execute(statement)
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute(f"PRAGMA user_version = {version + 1}")
        db.execute("COMMIT")
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")


def _number(db: sqlite3.Connection, question: str) -> int:
    (number,) = db.execute(question).fetchone()
    return int(number)
