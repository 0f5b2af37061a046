"""The contract of the store: one suite of tests holds every engine to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import msgspec

from actors.messages import AccountKey, HistoryEntry
from router.rules.records import Change, InboxRow, InboxState, OutboxRow, OutboxState, Remembered, SendOrder

__all__ = ["Counts", "DeadLetter", "MessageKey", "Remembered", "Retention", "Store"]

MessageKey = tuple[AccountKey, str]
"""(account, message id): what makes a message the same message."""


class Retention(msgspec.Struct, frozen=True, kw_only=True):
    """How long finished things are kept, in seconds."""

    dedupe_seconds: float = 30 * 86_400.0
    """An accepted message's key is known at least so long; then the row goes."""
    content_seconds: float = 7 * 86_400.0
    """Text, raw bytes and names of finished messages, and finished outbox rows, are kept so long."""
    transcript_seconds: float = 90 * 86_400.0
    dead_letter_seconds: float = 90 * 86_400.0


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the dead-letter shelf."""

    dead_letter_id: int
    account: AccountKey
    raw: bytes
    reason: str
    at: float


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """How many rows there are, by state: for status and for tests."""

    inbox: dict[str, int]
    outbox: dict[str, int]
    dead_letters: int


class Store(Protocol):
    """Durable memory with one writer. Every method may raise StoreUnavailable; none leaves half a transaction."""

    async def load(self) -> Remembered:
        """What to go on with. Called once, before anything else."""
        ...

    async def known(self, keys: Sequence[MessageKey]) -> frozenset[MessageKey]:
        """Which of these messages were accepted before."""
        ...

    async def commit(self, changes: Iterable[Change]) -> None:
        """Writes all changes, in order, in one transaction; durable against power loss when it returns.

        Raises: StoreUnavailable, and then nothing of it was written. Not interrupted by cancellation once begun.
        """
        ...

    async def history(self, session_id: str, limit: int) -> tuple[HistoryEntry, ...]:
        """The last `limit` lines of a session, oldest first."""
        ...

    async def send_orders(self, send_ids: Sequence[str]) -> Mapping[str, SendOrder]:
        """Those of the operators' orders that are known, by their ids."""
        ...

    async def outbox_rows(self, outbox_ids: Sequence[int]) -> Mapping[int, OutboxRow]:
        """Those of these rows that are still kept, whatever their state."""
        ...

    async def outbox_in(self, states: Sequence[OutboxState], limit: int = 100) -> tuple[OutboxRow, ...]:
        """The newest rows in one of these states, newest first."""
        ...

    async def inbox_rows(self, inbox_ids: Sequence[int]) -> Mapping[int, InboxRow]:
        """Those of these rows that are still kept. One whose content is forgotten has no text and no raw bytes."""
        ...

    async def inbox_in(self, states: Sequence[InboxState], limit: int = 100) -> tuple[InboxRow, ...]:
        """The newest messages in one of these states, newest first."""
        ...

    async def dead_letters(self, limit: int = 100) -> tuple[DeadLetter, ...]:
        """The newest entries of the shelf, newest first."""
        ...

    async def prune(self, now: float, retention: Retention) -> int:
        """Removes what is past its time, a bounded number of rows a call; returns how many. Never an open row."""
        ...

    async def dead_by_account(self) -> Mapping[AccountKey, int]:
        """How many things to send each account has given up. Costs as much as there are of them."""
        ...

    async def counts(self) -> Counts:
        """Rows by state."""
        ...
