"""What an operator asks of the store, of every engine."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from pathlib import Path

import pytest
from store_material import full_inbox_row, inbox_row, outbox_row, put_inbox, put_order, put_outbox
from store_model import ModelStore

from router.rules.records import PutInbox, PutOutbox, SetInboxState, SetOutboxState
from router.store.contract import Retention, Store
from router.store.schema import APPLICATION_ID, MIGRATIONS
from router.store.sqlite import open_sqlite

Open = Callable[[], AbstractAsyncContextManager[Store]]


def _sqlite(directory: Path) -> Open:
    return lambda: open_sqlite(directory / "store.db")


def _model(_directory: Path) -> Open:
    model = ModelStore()
    return lambda: nullcontext(model)


@pytest.fixture(params=[_sqlite, _model])
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Open:
    opened: Open = request.param(tmp_path)
    return opened


async def test_an_order_is_found_by_its_id_after_a_restart(open_store: Open) -> None:
    async with open_store() as store:
        await store.commit([put_order("k1", 1, 2), put_order("k2", 3), put_outbox(1, send_id="k1")])
    async with open_store() as store:
        assert await store.send_orders(["k1", "nobody"]) == {"k1": put_order("k1", 1, 2).order}
        assert await store.send_orders([]) == {}
        assert (await store.outbox_rows([1]))[1].send_id == "k1"


async def test_rows_of_the_outbox_are_found_by_id_whatever_their_state(open_store: Open) -> None:
    rows = (outbox_row(1, state="dead", error="no"), outbox_row(2, state="sent", message_id="z"), outbox_row(3))
    async with open_store() as store:
        await store.commit(map(PutOutbox, rows))
        assert await store.outbox_rows([3, 1, 99]) == {1: rows[0], 3: rows[2]}


async def test_rows_of_the_outbox_are_listed_by_state_newest_first(open_store: Open) -> None:
    async with open_store() as store:
        await store.commit([put_outbox(number, state="dead" if number % 2 else "unknown") for number in range(1, 7)])
        assert [row.outbox_id for row in await store.outbox_in(["dead"])] == [5, 3, 1]
        assert [row.outbox_id for row in await store.outbox_in(["dead", "unknown"], limit=2)] == [6, 5]
        assert await store.outbox_in(["sent"]) == ()
        assert await store.outbox_in(["dead"], limit=0) == ()


async def test_messages_are_found_by_id_and_by_state_with_their_content(open_store: Open) -> None:
    full = full_inbox_row(1)
    async with open_store() as store:
        await store.commit([PutInbox(full), put_inbox(2), put_inbox(3)])
        await store.commit([SetInboxState(inbox_id=each, state="dead", at=5.0, reason="it broke") for each in (2, 3)])
        assert await store.inbox_rows([1, 9]) == {1: full}
        dead = await store.inbox_in(["dead"])
        assert [(row.inbox_id, row.reason, row.inbound.text) for row in dead] == [
            (3, "it broke", inbox_row(3).inbound.text),
            (2, "it broke", inbox_row(2).inbound.text),
        ]
        assert [row.inbox_id for row in await store.inbox_in(["dead", "running"], limit=1)] == [3]


async def test_an_order_is_forgotten_no_later_than_its_parts(open_store: Open) -> None:
    retention = Retention(content_seconds=10.0)
    async with open_store() as store:
        await store.commit([put_order("old", 1, at=1000.0), put_outbox(1), put_order("new", 2, at=1005.0)])
        await store.commit([SetOutboxState(outbox_id=1, state="dropped", at=1001.0, attempts=1)])
        await store.prune(1010.5, retention)
        assert set(await store.send_orders(["old", "new"])) == {"new"}
        assert 1 in await store.outbox_rows([1])
        await store.prune(1011.0, retention)
        assert await store.outbox_rows([1]) == {}


async def test_a_database_of_the_first_schema_is_brought_up_with_its_rows(tmp_path: Path) -> None:

    db = sqlite3.connect(tmp_path / "store.db")
    for statement in MIGRATIONS[0]:
        db.execute(statement)
    db.execute(
        "INSERT INTO outbox VALUES (7, 'zalo', 'shop', 'c', 'direct', '{\"type\":\"text\",\"text\":\"old\"}', 1.0, "
        "'queued', NULL, 0, 0.0, '', '', 1.0)"
    )
    db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    db.execute("PRAGMA user_version = 1")
    db.commit()
    db.close()
    async with open_sqlite(tmp_path / "store.db") as store:
        (row,) = (await store.load()).unsent
        assert (row.outbox_id, row.send_id) == (7, "")
        await store.commit([put_order("k", 7)])
        assert "k" in await store.send_orders(["k"])
