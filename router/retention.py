"""Forgets what is past its time, a little at a time, so that the store does not grow for ever."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

import trio

from actors.clock import WallClock
from actors.errors import StoreUnavailable
from router.media.shelf import MediaShelf
from router.store.contract import Retention, Store

EVERY_SECONDS = 3600.0
BREATHER_SECONDS = 0.05
"""Between two portions, so that messages never wait for housekeeping for long."""


async def keep_pruning(store: Store, retention: Retention, clock: WallClock) -> NoReturn:
    """Prunes at once and then every hour, until cancelled. A store that cannot be written is tried again next hour."""
    while True:
        try:
            while await store.prune(clock(), retention):
                await trio.sleep(BREATHER_SECONDS)
        except StoreUnavailable:
            pass  # the router meets the same failure at its next commit, and says so
        await trio.sleep(EVERY_SECONDS)


async def keep_tidy(
    shelf: MediaShelf, retention_seconds: float, clock: WallClock, unfinished: Callable[[], frozenset[int]]
) -> NoReturn:
    """Removes old files at once and then every hour, until cancelled; never those of messages in `unfinished`."""
    while True:
        await shelf.prune(clock() - retention_seconds, unfinished())
        await trio.sleep(EVERY_SECONDS)
