"""A child that plays acts under a supervisor, for the supervisor's tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import trio
import trio.testing

from actors.messages import AccountState
from actors.restart import RestartPolicy
from actors.supervisor import ChildStatus, Supervisor

Clock = trio.testing.MockClock
TaskStatus = trio.TaskStatus[None]
Act = Callable[[TaskStatus], Awaitable[None]]
POLICY = RestartPolicy(intensity=3, period_seconds=100.0, jitter=0.0, start_deadline_seconds=20.0)


async def healthy(ready: TaskStatus) -> None:
    ready.started()
    await trio.sleep_forever()


async def hang(ready: TaskStatus) -> None:
    await trio.sleep_forever()


async def linger(ready: TaskStatus) -> None:
    """Needs three seconds to end."""
    ready.started()
    try:
        await trio.sleep_forever()
    finally:
        with trio.CancelScope(shield=True):
            await trio.sleep(3)


async def fail_while_cancelled(ready: TaskStatus) -> None:
    """Raises BaseExceptionGroup[Cancelled, ValueError] when it is cancelled."""

    async def clean_up_badly() -> None:
        try:
            await trio.sleep_forever()
        finally:
            raise ValueError("clean-up failed")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(clean_up_badly)
        nursery.start_soon(trio.sleep_forever)
        ready.started()


def dies(error: Exception, *, after: float = 0.0, ready: bool = True) -> Act:
    async def act(task_status: TaskStatus) -> None:
        if ready:
            task_status.started()
        await trio.sleep(after)
        raise error

    return act


def returns(*, after: float = 0.0) -> Act:
    async def act(task_status: TaskStatus) -> None:
        task_status.started()
        await trio.sleep(after)

    return act


Command = Callable[[Supervisor], None]
CRASH = dies(ValueError("boom"))


class Stage:
    """A child that plays one act per life, the last one over and over, and its supervisor."""

    def __init__(self, *acts: Act, policy: RestartPolicy = POLICY) -> None:
        self.acts = acts
        self.lives = 0
        self.alive = 0
        self.words: list[AccountState] = []
        self.crashes: list[Exception] = []
        self.ended = trio.Event()
        self.supervisor = Supervisor(
            self.play, policy, self.changed, self.crashes.append, trio.current_time, chance=lambda: 0.0
        )

    async def play(self, *, task_status: TaskStatus) -> None:
        act = self.acts[min(self.lives, len(self.acts) - 1)]
        self.lives += 1
        self.alive += 1
        assert self.alive == 1, "two lives at once"
        try:
            await act(task_status)
        finally:
            self.alive -= 1

    def changed(self, status: ChildStatus) -> None:
        assert status.since == trio.current_time()
        self.words.append(status.state)

    @property
    def status(self) -> ChildStatus:
        return self.supervisor.status

    @property
    def word(self) -> str:
        return self.status.state

    async def run(self) -> None:
        await self.supervisor.run()
        self.ended.set()


@asynccontextmanager
async def running(stage: Stage, seconds: float = 0.5) -> AsyncIterator[Supervisor]:
    """Runs the supervisor for some seconds, gives it to the test, and cancels it."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(stage.run)
        await trio.sleep(seconds)
        yield stage.supervisor
        nursery.cancel_scope.cancel()
    assert stage.alive == 0
    assert stage.word == "stopped"
