"""The table of writings: complete, and ordered where order matters."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import get_args

import pytest
from store_material import put_inbox

from router.rules.records import Change
from router.store.writes import WRITINGS, write


def test_every_change_has_a_writing() -> None:
    assert set(WRITINGS) == set(get_args(Change))


def test_a_row_is_put_before_its_state_is_set() -> None:
    names = {kind.__name__: writing.rank for kind, writing in WRITINGS.items()}
    assert names["PutInbox"] < names["SetInboxState"]
    assert names["PutOutbox"] < names["SetOutboxState"]


def test_what_puts_and_what_drops_the_same_row_share_a_rank() -> None:
    names = {kind.__name__: writing.rank for kind, writing in WRITINGS.items()}
    assert names["PutPairing"] == names["DropPairing"]
    assert names["PutApproval"] == names["DropApproval"]


def test_something_that_is_no_change_is_refused() -> None:
    with closing(sqlite3.connect(":memory:")) as db, pytest.raises(KeyError):
        write(db, ["DROP TABLE inbox"])  # type: ignore[list-item]


def test_content_is_written_only_with_its_row() -> None:
    _row, content = WRITINGS[type(put_inbox(1))].statements
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute("CREATE TABLE inbox (inbox_id INTEGER PRIMARY KEY)")
        db.execute("CREATE TABLE inbox_content (inbox_id INTEGER PRIMARY KEY, sender_name, text, media, raw)")
        db.execute(content.sql, content.parameters(put_inbox(1)))
        assert db.execute("SELECT count(*) FROM inbox_content").fetchone() == (0,)
        db.execute("INSERT INTO inbox VALUES (1)")
        db.execute(content.sql, content.parameters(put_inbox(1)))
        assert db.execute("SELECT count(*) FROM inbox_content").fetchone() == (1,)
