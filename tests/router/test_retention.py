from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import trio
import trio.testing
from store_model import ModelStore

from actors.errors import StoreUnavailable
from router.media.shelf import MediaShelf
from router.retention import EVERY_SECONDS, keep_pruning, keep_tidy
from router.store.contract import Retention


class Portions(ModelStore):
    """Has so many portions left to prune, and fails when told to."""

    def __init__(self) -> None:
        super().__init__()
        self.left = 0
        self.fails = False
        self.calls: list[float] = []

    async def prune(self, now: float, retention: Retention) -> int:
        self.calls.append(now)
        if self.fails:
            raise StoreUnavailable("the disk is full")
        self.left, had = max(self.left - 1, 0), self.left
        return had


async def test_pruning_goes_on_until_nothing_is_left_and_again_every_hour(
    autojump_clock: trio.testing.MockClock,
) -> None:
    store = Portions()
    store.left = 3
    with trio.move_on_after(2.5 * EVERY_SECONDS):
        await keep_pruning(store, Retention(), trio.current_time)
    assert len(store.calls) == 4 + 1 + 1


async def test_a_store_that_cannot_be_written_is_tried_again_next_hour(autojump_clock: trio.testing.MockClock) -> None:
    store = Portions()
    store.fails = True
    with trio.move_on_after(1.5 * EVERY_SECONDS):
        await keep_pruning(store, Retention(), trio.current_time)
    assert len(store.calls) == 2


class WatchedShelf(MediaShelf):
    """Notes what it is asked to prune. Threads and the jumping clock do not go together, so it does not."""

    def __init__(self) -> None:
        super().__init__(Path("nowhere"))
        self.asked: list[tuple[float, set[int]]] = []

    async def prune(self, before: float, keep: Collection[int]) -> int:
        await trio.lowlevel.checkpoint()
        self.asked.append((before, set(keep)))
        return 0


async def test_files_are_tidied_every_hour_but_not_those_of_unfinished_messages(
    autojump_clock: trio.testing.MockClock,
) -> None:
    shelf = WatchedShelf()
    with trio.move_on_after(1.5 * EVERY_SECONDS):
        await keep_tidy(
            shelf, 100.0, lambda: 5000.0 + trio.current_time(), lambda: frozenset({int(trio.current_time())})
        )
    assert shelf.asked == [(4900.0, {0}), (4900.0 + EVERY_SECONDS, {3600})]
