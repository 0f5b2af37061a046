"""Runs one child under the restart law and says in one word how it is doing.

The words, and what leads from one to the next:

    starting ──ready──▶ running ──ends, or fails──▶ backing-off ──wait over──▶ starting
        └──ends, fails, or is not ready in time──▶ backing-off | failed | needs-login     (the law decides)
    failed, needs-login: wait for `start` or `restart`; `backing-off` listens to them too
    starting, running ──stop, restart, drain──▶ draining ──the child has ended──▶ stopped | starting | stopped for good

Commands only note what is wanted; the loop looks at it whenever a life or a wait has ended, so no order of commands
and exits can lose one: the last command counts.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import msgspec
import trio

from actors.clock import WallClock
from actors.errors import EndedEarly
from actors.life import Child, Life, split_failures
from actors.messages import AccountState
from actors.restart import GiveUp, History, Restart, RestartPolicy, WaitForLogin, after_exit, exit_of


class ChildStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How a supervised child is doing."""

    state: AccountState
    since: float
    """Unix seconds at which it entered this state."""
    last_error: str = ""
    """Empty while all is well."""
    restarts: int = 0
    """How often it was started again without being asked."""


class Supervisor:
    """Keeps one child alive under a restart policy.

    The commands `start`, `stop`, `restart` and `drain` return at once, may be repeated, and may come in any order and
    before `run`. `drain` is for good: after it the child is never started again.
    """

    def __init__(
        self,
        child: Child,
        policy: RestartPolicy,
        on_change: Callable[[ChildStatus], None],
        on_crash: Callable[[Exception], None],
        clock: WallClock,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """`on_change` and `on_crash` are called in passing and must neither wait nor raise.

        `on_crash` gets every exception that nobody expected, whole, for the log; status keeps only its words.
        """
        self._child = child
        self._policy = policy
        self._on_change = on_change
        self._on_crash = on_crash
        self._clock = clock
        self._chance = chance
        self._status = ChildStatus(state="stopped", since=clock())
        self._history = History()
        self._life: Life | None = None
        self._wanted = True
        self._draining = False
        self._command = trio.Event()

    @property
    def status(self) -> ChildStatus:
        """How the child is doing now."""
        return self._status

    def start(self) -> None:
        """Has the child run. Ends every wait (backoff, login, failed) at once and forgets past failures."""
        self._wanted = True
        self._command.set()

    def stop(self) -> None:
        """Cancels the child and leaves it stopped until `start` or `restart`."""
        self._wanted = False
        self._end_life()
        self._command.set()

    def restart(self) -> None:
        """Cancels the child and starts it afresh; starts it if it does not run. Past failures are forgotten.

        While draining, nothing is cancelled: a drained child would not be started again.
        """
        if self._draining:
            return
        self._wanted = True
        self._end_life()
        self._command.set()

    def drain(self) -> None:
        """Lets a child that is ready go on until it returns by itself, and ends `run` then; any other ends now."""
        self._draining = True
        if self._status.state == "starting":
            self._end_life()
        elif self._life is not None:
            self._enter("draining")
        self._command.set()

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Supervises until drained or cancelled; `started` as soon as commands are heeded, ready child or not.

        Raises nothing of the child's. Cancelled, it cancels the child and waits for its end; failures of that end are
        reported like all others.
        """
        task_status.started()
        try:
            while not self._draining:
                if self._wanted:
                    await self._live_once()
                else:
                    self._enter("stopped")
                    await self._wait_for_command(math.inf)
        finally:
            self._enter("stopped")

    async def _live_once(self) -> None:
        self._life = life = Life(self._policy.start_deadline_seconds, self._ready)
        self._enter("starting")
        try:
            failure = await self._outlive(life)
        finally:
            self._life = None
        if failure is None or life.told_to_end or self._draining:
            self._forget("" if failure is None else self._status.last_error)
        else:
            await self._obey_the_law(failure, life.ran_seconds)

    async def _outlive(self, life: Life) -> Exception | None:
        """Runs one life to its end; returns what it failed of, None if it ended as it was told to."""
        try:
            await life.run(self._child)
            if not life.told_to_end and not self._draining:
                raise EndedEarly("it ended by itself")
        # The one blind except of the program: whatever a child dies of must not reach its siblings. Only what failed
        # stays here; a cancellation that came with it goes on.
        except BaseException as error:
            failure, passing = split_failures(error)
            if failure is None:
                raise
            self._report(failure)
            if passing is not None:
                raise passing from None
            return failure
        return None

    async def _obey_the_law(self, failure: Exception, ran_seconds: float) -> None:
        now = trio.current_time()
        verdict = after_exit(
            self._policy,
            self._history,
            exit_of(failure),
            now=now,
            ran_seconds=ran_seconds,
            random=self._chance(),
        )
        self._history = verdict.history
        match verdict:
            case Restart(delay_seconds=delay_seconds):
                await self._wait_as("backing-off", delay_seconds)
            case GiveUp():
                await self._wait_as("failed", math.inf)
            case WaitForLogin():
                await self._wait_as("needs-login", math.inf)

    async def _wait_as(self, state: AccountState, seconds: float) -> None:
        self._enter(state)
        if await self._wait_for_command(seconds):
            self._forget(self._status.last_error)
        else:
            self._status = msgspec.structs.replace(self._status, restarts=self._status.restarts + 1)

    async def _wait_for_command(self, seconds: float) -> bool:
        """Whether a command came in time. Commands from before the wait have been heeded by the loop already."""
        self._command = trio.Event()
        with trio.move_on_after(seconds):
            await self._command.wait()
        return self._command.is_set()

    def _forget(self, last_error: str) -> None:
        self._history = History()
        self._status = msgspec.structs.replace(self._status, last_error=last_error)

    def _end_life(self) -> None:
        if self._life is not None:
            self._life.end()
            self._enter("draining")

    def _ready(self) -> None:
        self._status = msgspec.structs.replace(self._status, last_error="")
        self._enter("running")

    def _report(self, failure: Exception) -> None:
        ended = exit_of(failure)
        self._status = msgspec.structs.replace(self._status, last_error=ended.reason)
        if ended.kind == "crash":
            self._on_crash(failure)

    def _enter(self, state: AccountState) -> None:
        if state != self._status.state:
            self._status = msgspec.structs.replace(self._status, state=state, since=self._clock())
            self._on_change(self._status)
