from __future__ import annotations

import trio
import trio.testing
from store_model import ModelStore

from actors.errors import StoreUnavailable
from router.retention import EVERY_SECONDS, keep_pruning
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
