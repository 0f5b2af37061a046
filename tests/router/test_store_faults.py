"""Which of SQLite's errors are the world's doing."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from actors.errors import RouterError, StoreUnavailable
from router.store.faults import StoreDamaged, StoreUnusable, primary_code, translated

PATH = Path("/state/store.db")


def failed(code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("in SQLite's words")
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        (sqlite3.SQLITE_FULL, "free some space"),
        (sqlite3.SQLITE_IOERR_FSYNC, "look at the drive"),
        (sqlite3.SQLITE_BUSY, "end that program"),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, "end that program"),
        (sqlite3.SQLITE_LOCKED, "end that program"),
        (sqlite3.SQLITE_READONLY_DBMOVED, "owner and the mode"),
        (sqlite3.SQLITE_CANTOPEN_ISDIR, "owner and the mode"),
    ],
)
def test_trouble_of_the_world_says_where_what_and_what_to_do(code: int, advice: str) -> None:
    unavailable = translated(failed(code), PATH)
    assert type(unavailable) is StoreUnavailable
    assert unavailable.reason.startswith("/state/store.db: ")
    assert advice in unavailable.reason
    assert "in SQLite's words" in unavailable.reason


@pytest.mark.parametrize("code", [sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_CORRUPT_INDEX, sqlite3.SQLITE_NOTADB])
def test_damage_has_a_name_of_its_own(code: int) -> None:
    assert isinstance(translated(failed(code), PATH), StoreDamaged)


@pytest.mark.parametrize(
    "error", [failed(sqlite3.SQLITE_ERROR), failed(sqlite3.SQLITE_CONSTRAINT), sqlite3.ProgrammingError("closed")]
)
def test_a_mistake_of_ours_is_not_translated(error: sqlite3.Error) -> None:
    assert translated(error, PATH) is None


def test_an_error_that_did_not_come_from_sqlite_has_no_code() -> None:
    assert primary_code(sqlite3.ProgrammingError("closed")) == 0


def test_whoever_stops_for_an_unavailable_store_stops_for_a_damaged_one() -> None:
    assert issubclass(StoreDamaged, StoreUnavailable)
    assert issubclass(StoreUnusable, RouterError)
    assert not issubclass(StoreUnusable, StoreUnavailable)
