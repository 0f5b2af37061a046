"""Migrations: all or nothing, and never backwards."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from store_material import put_inbox

from router.store import reads, schema
from router.store.connection import Connection
from router.store.faults import StoreUnusable
from router.store.writes import write

NEXT = ("CREATE TABLE novelty (x)", "ALTER TABLE session ADD COLUMN mood TEXT NOT NULL DEFAULT ''")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture
def connection(path: Path) -> Iterator[Connection]:
    connection = Connection(path)
    yield connection
    connection.close()


def _tables(db: sqlite3.Connection) -> set[str]:
    return {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def _version(db: sqlite3.Connection) -> int:
    (version,) = db.execute("PRAGMA user_version").fetchone()
    return int(version)


def test_a_new_file_bears_our_mark_and_the_newest_version(connection: Connection) -> None:
    assert connection.run(_version) == len(schema.MIGRATIONS)
    assert connection.run(lambda db: db.execute("PRAGMA application_id").fetchone()) == (schema.APPLICATION_ID,)


def test_an_older_file_is_brought_up_and_keeps_its_rows(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection.write(lambda db: write(db, [put_inbox(1)]))
    connection.close()
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, NEXT))
    assert [row.inbox_id for row in connection.run(reads.load).unfinished] == [1]
    assert "novelty" in connection.run(_tables)
    assert connection.run(_version) == len(schema.MIGRATIONS)


def test_a_migration_that_breaks_off_leaves_the_old_version_whole(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection.write(lambda db: write(db, [put_inbox(1)]))
    connection.close()
    released = schema.MIGRATIONS
    monkeypatch.setattr(schema, "MIGRATIONS", (*released, (*NEXT, "CREATE NONSENSE")))
    with pytest.raises(sqlite3.OperationalError, match="NONSENSE"):
        connection.run(reads.load)
    monkeypatch.setattr(schema, "MIGRATIONS", released)
    assert [row.inbox_id for row in connection.run(reads.load).unfinished] == [1]
    assert "novelty" not in connection.run(_tables)
    assert connection.run(_version) == len(released)


def test_a_newer_file_is_refused_with_both_versions_named_and_left_alone(path: Path, connection: Connection) -> None:
    connection.run(reads.load)
    connection.close()
    with closing(sqlite3.connect(path)) as newer:
        newer.execute("PRAGMA user_version = 99")
    before = path.read_bytes()
    with pytest.raises(StoreUnusable, match=rf"schema version 99 .* up to {len(schema.MIGRATIONS)}"):
        connection.run(reads.load)
    assert path.read_bytes() == before


def test_an_empty_file_is_a_new_database(path: Path, connection: Connection) -> None:
    path.touch()
    assert connection.run(_version) == len(schema.MIGRATIONS)
