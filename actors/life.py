"""One life of a supervised child: from its call, through a start in good time, to its end."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Protocol

import trio

from actors.errors import StartTimeout


class Child(Protocol):
    """What is supervised: calls `task_status.started()` once it is ready and goes on until it is cancelled."""

    async def __call__(self, *, task_status: trio.TaskStatus[Any]) -> object: ...


def split_failures(error: BaseException) -> tuple[Exception | None, BaseException | None]:
    """Parts an exception into what failed and what must pass (Cancelled, KeyboardInterrupt), each None if absent.

    A task that fails while it is being cancelled raises both in one BaseExceptionGroup, which no `except Exception`
    catches.
    """
    if isinstance(error, Exception):
        return error, None
    if isinstance(error, BaseExceptionGroup):
        failed, passing = error.split(Exception)
        return failed, passing
    return None, error


class Life:
    """One life of the child, from its call to its end; the child knows it as its `task_status`."""

    def __init__(self, start_deadline_seconds: float, on_ready: Callable[[], None]) -> None:
        self._start_deadline_seconds = start_deadline_seconds
        self._on_ready = on_ready
        self._ready_at = math.inf
        self._whole = trio.CancelScope()
        self._start = trio.CancelScope(deadline=trio.current_time() + start_deadline_seconds)

    @property
    def told_to_end(self) -> bool:
        """Whether `end` was called."""
        return self._whole.cancel_called

    @property
    def ran_seconds(self) -> float:
        """How long it has been ready; 0 if it is not."""
        return max(0.0, trio.current_time() - self._ready_at)

    def started(self, value: object = None) -> None:
        """The child is ready. Too late, it changes nothing: the child is being cancelled by then."""
        if self._whole.cancel_called or self._start.cancel_called:
            return
        self._start.deadline = math.inf
        self._ready_at = trio.current_time()
        self._on_ready()

    def end(self) -> None:
        """Cancels the child."""
        self._whole.cancel()

    async def run(self, child: Child) -> None:
        """Lives. Raises what the child raises, and StartTimeout when it was not ready in time."""
        with self._whole, self._start:
            await child(task_status=self)
        if self._start.cancelled_caught:
            raise StartTimeout(f"it was not ready within {self._start_deadline_seconds:g} seconds")
