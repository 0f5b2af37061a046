"""Questions whose cost must not grow with what is kept: shown by the plans that SQLite makes for them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from store_material import SHOP

from router.store import reads
from router.store.connection import Connection
from router.store.contract import Retention
from router.store.retention import forget, steps


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    connection = Connection(tmp_path / "store.db")
    yield connection
    connection.close()


def plans(connection: Connection, work: Callable[[sqlite3.Connection], object]) -> list[str]:
    """How SQLite goes about each statement that `work` executes."""
    statements: list[str] = []

    def run(db: sqlite3.Connection) -> list[str]:
        db.set_trace_callback(statements.append)
        work(db)
        db.set_trace_callback(None)
        return [plan for statement in statements for plan in _explained(db, statement)]

    return connection.run(run)


def _explained(db: sqlite3.Connection, statement: str) -> list[str]:
    rows: list[tuple[Any, ...]] = db.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall()
    return [f"{row[3]}" for row in rows]


def scans(found: list[str]) -> set[str]:
    return {plan for plan in found if plan.startswith("SCAN")}


def test_loading_looks_at_open_messages_only(connection: Connection) -> None:
    found = plans(connection, reads.load)
    assert "SEARCH inbox USING INDEX inbox_by_state (state=?)" in found
    assert "SEARCH outbox USING INDEX outbox_by_state (state=?)" in found
    assert scans(found) == {"SCAN approval", "SCAN pairing", "SCAN session"}


def test_a_known_message_is_found_by_its_key_alone(connection: Connection) -> None:
    (plan,) = plans(connection, lambda db: reads.known(db, [(SHOP, "m1")]))
    assert "COVERING INDEX" in plan
    assert "message_id=? AND account_id=? AND channel=?" in plan


def test_history_reads_the_lines_of_its_session_and_sorts_nothing(connection: Connection) -> None:
    found = plans(connection, lambda db: reads.history(db, "s-1", 5))
    assert found == ["SEARCH transcript USING INDEX transcript_by_session (session_id=?)"]


def test_counts_read_indexes_and_no_rows(connection: Connection) -> None:
    found = plans(connection, reads.counts)
    assert "SCAN inbox USING COVERING INDEX inbox_by_state" in found
    assert "SCAN outbox USING COVERING INDEX outbox_by_state" in found


def test_forgetting_sorts_nothing(connection: Connection) -> None:
    for step in steps(0.0, Retention()):
        found = plans(connection, lambda db, step=step: forget(db, step))  # type: ignore[misc]
        assert not [plan for plan in found if "TEMP B-TREE" in plan], found
