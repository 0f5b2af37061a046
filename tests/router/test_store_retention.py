"""What forgetting leaves in the file, and how much of it happens at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from store_material import full_inbox_row, put_inbox, put_outbox

from router.rules.records import PutInbox, SetInboxState
from router.store.connection import Connection
from router.store.contract import Retention
from router.store.retention import ROWS_PER_STEP, forget, steps
from router.store.writes import write

KEEP = Retention(dedupe_seconds=100.0, content_seconds=10.0)
CANARY = "Chim hoàng yến"


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    connection = Connection(tmp_path / "store.db")
    yield connection
    connection.close()


def prune(connection: Connection, now: float, keep: Retention = KEEP) -> int:
    return sum(connection.write(lambda db, step=step: forget(db, step)) for step in steps(now, keep))  # type: ignore[misc]


def number(connection: Connection, question: str) -> int:
    return int(connection.run(lambda db: db.execute(question).fetchone())[0])


def test_content_of_a_finished_message_goes_and_its_key_stays(connection: Connection) -> None:
    row = full_inbox_row(1)
    row = msgspec.structs.replace(row, inbound=msgspec.structs.replace(row.inbound, text=CANARY, sender_name=CANARY))
    connection.write(lambda db: write(db, [PutInbox(row), put_inbox(2)]))
    connection.write(lambda db: write(db, [SetInboxState(inbox_id=1, state="done", at=50.0)]))
    assert prune(connection, 59.0) == 0
    assert prune(connection, 60.0) == 1
    assert number(connection, "SELECT inbox_id FROM inbox_content") == 2
    assert number(connection, "SELECT count(*) FROM inbox") == 2
    dump = connection.run(lambda db: "\n".join(db.iterdump()))
    assert CANARY not in dump


def test_forgotten_text_is_overwritten_in_the_file(connection: Connection, tmp_path: Path) -> None:
    row = full_inbox_row(1)
    row = msgspec.structs.replace(row, inbound=msgspec.structs.replace(row.inbound, text=CANARY))
    connection.write(lambda db: write(db, [PutInbox(row), SetInboxState(inbox_id=1, state="done", at=0.0)]))
    connection.close()
    assert CANARY.encode() in (tmp_path / "store.db").read_bytes()
    prune(connection, 60.0)
    connection.close()
    assert CANARY.encode() not in (tmp_path / "store.db").read_bytes()


def test_a_message_whose_content_is_kept_longer_than_its_key_keeps_both(connection: Connection) -> None:
    keep = Retention(dedupe_seconds=10.0, content_seconds=100.0)
    connection.write(lambda db: write(db, [put_inbox(1), SetInboxState(inbox_id=1, state="done", at=0.0)]))
    assert prune(connection, 99.0, keep) == 0
    assert prune(connection, 100.0, keep) == 2
    assert number(connection, "SELECT count(*) FROM inbox") == 0


def test_one_call_forgets_no_more_than_its_bound_of_each_table(connection: Connection) -> None:
    many = range(1, ROWS_PER_STEP + 101)
    messages = [put_inbox(inbox_id, state="done", received_at=0.0) for inbox_id in many]
    replies = [put_outbox(outbox_id, state="sent", created_at=0.0) for outbox_id in many]
    connection.write(lambda db: write(db, [*messages, *replies]))
    assert prune(connection, 50.0) == 2 * ROWS_PER_STEP
    assert prune(connection, 50.0) == 2 * 100
    assert prune(connection, 200.0) == ROWS_PER_STEP
    assert prune(connection, 200.0) == 100
    assert prune(connection, 200.0) == 0


def test_a_backlog_of_open_and_dead_rows_does_not_hold_up_the_rest(connection: Connection) -> None:
    many = range(1, ROWS_PER_STEP + 101)
    waiting = [put_inbox(inbox_id) for inbox_id in many]
    dead = [put_outbox(outbox_id, state="dead", created_at=0.0) for outbox_id in many]
    answered = put_inbox(5000, state="done", received_at=0.0)
    sent = put_outbox(5000, state="sent", created_at=0.0)
    connection.write(lambda db: write(db, [*waiting, *dead, answered, sent]))
    assert prune(connection, 50.0) == 2
    assert number(connection, "SELECT count(*) FROM inbox_content") == len(many)
    assert number(connection, "SELECT count(*) FROM outbox") == len(many)
    assert prune(connection, 200.0) == 1 + ROWS_PER_STEP
    assert number(connection, "SELECT count(*) FROM inbox WHERE inbox_id = 5000") == 0
