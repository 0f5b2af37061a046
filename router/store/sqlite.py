"""The embedded engine: a SQLite file, one thread at a time for writing, another for the questions that can wait."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

import trio

from actors.messages import AccountKey, HistoryEntry
from router.rules.records import Change, InboxRow, InboxState, OutboxRow, OutboxState, SendOrder
from router.store import inspection, reads, writes
from router.store.connection import Connection
from router.store.contract import Counts, DeadLetter, MessageKey, Remembered, Retention
from router.store.retention import Step, forget, steps
from router.store.rows import mended

T = TypeVar("T")


class Worker:
    """A connection and the right to use it, which one thread holds at a time."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._turn = trio.CapacityLimiter(1)

    async def do(self, call: Callable[[], T]) -> T:
        """Runs blocking work in a thread. Waiting for a turn can be cancelled; the work, once begun, cannot."""
        return await trio.to_thread.run_sync(call, limiter=self._turn)

    async def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Runs a question on the connection."""
        return await self.do(partial(self.connection.run, work))


class SqliteStore:
    """The `Store` contract on one SQLite file; `open_sqlite` makes it.

    Commits and what decides about them share one connection; history, dead letters and counts have their own, see every
    commit that returned before they were asked, and keep no commit waiting.
    """

    def __init__(self, writer: Worker, reader: Worker) -> None:
        self._writer = writer
        self._reader = reader

    async def load(self) -> Remembered:
        """What to go on with; costs as much as there are open rows, sessions and approvals."""
        return await self._writer.read(reads.load)

    async def known(self, keys: Sequence[MessageKey]) -> frozenset[MessageKey]:
        """Which of these messages were accepted before, within what retention has left."""
        return await self._writer.read(partial(reads.known, keys=keys))

    async def commit(self, changes: Iterable[Change]) -> None:
        """Writes all changes in one transaction. No changes cost nothing."""
        batch = tuple(changes)
        if not batch:
            await trio.lowlevel.checkpoint()
            return
        await self._writer.do(partial(_commit, self._writer.connection, batch))

    async def history(self, session_id: str, limit: int) -> tuple[HistoryEntry, ...]:
        """The last `limit` lines of a session, oldest first."""
        return await self._reader.read(partial(reads.history, session_id=session_id, limit=limit))

    async def send_orders(self, send_ids: Sequence[str]) -> Mapping[str, SendOrder]:
        """Those of the operators' orders that are known, by their ids."""
        return await self._reader.read(partial(inspection.send_orders, send_ids=send_ids))

    async def outbox_rows(self, outbox_ids: Sequence[int]) -> Mapping[int, OutboxRow]:
        """Those of these rows that are still kept."""
        return await self._reader.read(partial(inspection.outbox_rows, outbox_ids=outbox_ids))

    async def outbox_in(self, states: Sequence[OutboxState], limit: int = 100) -> tuple[OutboxRow, ...]:
        """The newest rows in one of these states, newest first."""
        return await self._reader.read(partial(inspection.outbox_in, states=states, limit=limit))

    async def inbox_rows(self, inbox_ids: Sequence[int]) -> Mapping[int, InboxRow]:
        """Those of these rows that are still kept."""
        return await self._reader.read(partial(inspection.inbox_rows, inbox_ids=inbox_ids))

    async def inbox_in(self, states: Sequence[InboxState], limit: int = 100) -> tuple[InboxRow, ...]:
        """The newest messages in one of these states, newest first."""
        return await self._reader.read(partial(inspection.inbox_in, states=states, limit=limit))

    async def dead_letters(self, limit: int = 100) -> tuple[DeadLetter, ...]:
        """The newest entries of the shelf, newest first."""
        return await self._reader.read(partial(reads.dead_letters, limit=limit))

    async def dead_by_account(self) -> Mapping[AccountKey, int]:
        """Dead outbox rows of each account that has any."""
        return await self._reader.read(reads.dead_by_account)

    async def counts(self) -> Counts:
        """Rows by state; a state without rows is not named."""
        return await self._reader.read(reads.counts)

    async def prune(self, now: float, retention: Retention) -> int:
        """Forgets in small transactions, between which commits have their turn; cancelled in between, some are done."""
        return sum([await self._forget(step) for step in steps(now, retention)])

    async def _forget(self, step: Step) -> int:
        work = partial(forget, step=step)
        return await self._writer.do(partial(self._writer.connection.write, work))


@asynccontextmanager
async def open_sqlite(path: Path, *, busy_timeout_seconds: float = 2.0) -> AsyncIterator[SqliteStore]:
    """Opens the store at `path`, made with mode 0600 if it is not there, and brought to the newest schema.

    Raises on entry: StoreUnavailable when the file cannot be opened (StoreDamaged when it is no sound database),
    StoreUnusable when it is of a newer version or of another program. In each case the file is left as it was.
    Leaving waits for what is being written, then closes; by then nobody may be using the store.
    """
    writer = Worker(Connection(path, busy_timeout_seconds=busy_timeout_seconds))
    reader = Worker(Connection(path, busy_timeout_seconds=busy_timeout_seconds, may_make_file=False))
    try:
        await writer.read(lambda _db: None)
        yield SqliteStore(writer, reader)
    finally:
        with trio.CancelScope(shield=True):
            # The writer last: the last to close folds the WAL back into the file.
            await reader.do(reader.connection.close)
            await writer.do(writer.connection.close)


def _commit(connection: Connection, changes: tuple[Change, ...]) -> None:
    try:
        connection.write(partial(writes.write, changes=changes))
    except UnicodeEncodeError:
        # One text that cannot be encoded must not hold up the whole batch, over and over.
        connection.write(partial(writes.write, changes=mended(changes)))
