"""The supervisor: OTP's table, and every order of exit, stop, start, restart, drain and cancellation."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
import trio
import trio.testing

from actors.errors import BadCredentials, Recycle, RetryLater
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


# ---- what ends a life, and what comes of it ----


async def test_a_healthy_child_is_left_alone(autojump_clock: Clock) -> None:
    stage = Stage(healthy)
    async with running(stage, 10_000):
        assert stage.words == ["starting", "running"]
        assert stage.status == ChildStatus(state="running", since=stage.status.since)


async def test_a_crash_is_restarted_after_its_wait(autojump_clock: Clock) -> None:
    stage = Stage(CRASH, healthy)
    async with running(stage, 0.5):
        assert stage.word == "backing-off"
        assert stage.status.last_error == "boom"
        await trio.sleep(0.6)
        assert stage.words == ["starting", "running", "backing-off", "starting", "running"]
        assert (stage.status.last_error, stage.status.restarts) == ("", 1)
    assert [str(crash) for crash in stage.crashes] == ["boom"]


@pytest.mark.parametrize(("crashes", "word", "lives"), [(3, "running", 4), (4, "failed", 4)])
async def test_exactly_intensity_is_fine_and_one_more_is_failed(
    autojump_clock: Clock, crashes: int, word: str, lives: int
) -> None:
    stage = Stage(*[CRASH] * crashes, healthy)
    async with running(stage, 90):
        assert (stage.word, stage.lives) == (word, lives)


async def test_the_window_slides(autojump_clock: Clock) -> None:
    stage = Stage(dies(ValueError("boom"), after=40))
    async with running(stage, 5000):
        assert stage.word != "failed"
        assert stage.lives > 20


async def test_a_healthy_stretch_is_forgiven(autojump_clock: Clock) -> None:
    policy = RestartPolicy(intensity=1, period_seconds=1e6, jitter=0.0, healthy_after_seconds=50.0)
    stage = Stage(dies(ValueError("boom"), after=60), policy=policy)
    async with running(stage, 3000):
        assert stage.lives > 40
        assert stage.word != "failed"


async def test_dying_during_start_counts(autojump_clock: Clock) -> None:
    stage = Stage(dies(ValueError("boom"), ready=False))
    async with running(stage, 90):
        assert (stage.word, stage.lives) == ("failed", 4)
        assert "running" not in stage.words


async def test_a_hung_start_is_cancelled_and_counts(autojump_clock: Clock) -> None:
    stage = Stage(hang)
    async with running(stage, 19.5):
        assert stage.word == "starting"
        await trio.sleep(1)
        assert stage.word == "backing-off"
        assert stage.status.last_error == "it was not ready within 20 seconds"
        await trio.sleep(90)
        assert (stage.word, stage.lives) == ("failed", 4)


async def test_a_child_that_returns_is_restarted(autojump_clock: Clock) -> None:
    stage = Stage(returns(after=5), healthy)
    async with running(stage, 5.5):
        assert stage.status.last_error == "it ended by itself"
        await trio.sleep(1)
        assert (stage.word, stage.lives) == ("running", 2)


async def test_a_child_that_returns_at_once_does_not_spin(autojump_clock: Clock) -> None:
    stage = Stage(returns())
    async with running(stage, 90):
        assert (stage.word, stage.lives) == ("failed", 4)


async def test_an_outage_never_fails_the_child_and_honours_the_wait(autojump_clock: Clock) -> None:
    stage = Stage(dies(RetryLater("offline"), ready=False))
    async with running(stage, 100_000):
        assert stage.word == "backing-off"
        assert stage.status.last_error == "offline"
    assert stage.crashes == []
    asked = Stage(dies(RetryLater("quota", 500.0)), healthy)
    async with running(asked, 499.5):
        assert asked.lives == 1
        await trio.sleep(1)
        assert asked.lives == 2


async def test_a_refused_login_waits_for_a_person(autojump_clock: Clock) -> None:
    stage = Stage(dies(BadCredentials("the token is not accepted"), ready=False), healthy)
    async with running(stage, 100_000) as supervisor:
        assert (stage.word, stage.status.last_error) == ("needs-login", "the token is not accepted")
        assert (stage.lives, stage.status.restarts, stage.crashes) == (1, 0, [])
        supervisor.start()
        await trio.lowlevel.checkpoint()
        await trio.testing.wait_all_tasks_blocked()
        assert stage.word == "running"


async def test_a_recycle_starts_again_at_once_unless_it_spins(autojump_clock: Clock) -> None:
    stage = Stage(dies(Recycle("asked"), after=20), dies(Recycle("asked"), after=1), healthy)
    async with running(stage, 20.5):
        assert stage.lives == 2
        await trio.sleep(1)
        assert stage.word == "backing-off"
    assert stage.crashes == [], "what was asked for is nothing to look into"


async def test_a_group_of_failures_is_one_crash(autojump_clock: Clock) -> None:
    group = ExceptionGroup("many", [RetryLater("offline"), ValueError("defect")])
    stage = Stage(dies(group), healthy)
    async with running(stage, 0.5):
        assert (stage.word, stage.status.last_error) == ("backing-off", "defect")
    assert stage.crashes == [group]


# ---- cancellation ----


async def test_failing_while_cancelled_is_reported_and_the_cancellation_goes_on(autojump_clock: Clock) -> None:
    stage = Stage(fail_while_cancelled)
    with trio.move_on_after(5) as outer:
        await stage.supervisor.run()
    assert outer.cancelled_caught
    assert len(stage.crashes) == 1
    assert (stage.word, stage.status.last_error, stage.lives) == ("stopped", "clean-up failed", 1)
    assert stage.words == ["starting", "running", "stopped"], "no restart is even thought of"


async def test_failing_while_stopped_is_reported_and_not_restarted(autojump_clock: Clock) -> None:
    stage = Stage(fail_while_cancelled)
    async with running(stage) as supervisor:
        supervisor.stop()
        await trio.sleep(100)
        assert (stage.word, stage.status.last_error, stage.lives) == ("stopped", "clean-up failed", 1)
    assert len(stage.crashes) == 1


async def test_an_interrupt_passes_through(autojump_clock: Clock) -> None:
    async def interrupted(ready: TaskStatus) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await Stage(interrupted).supervisor.run()


async def test_an_interrupt_that_comes_with_a_failure_passes_alone(autojump_clock: Clock) -> None:
    async def both(ready: TaskStatus) -> None:
        raise BaseExceptionGroup("both", [ValueError("boom"), KeyboardInterrupt()])

    stage = Stage(both)
    with pytest.raises(BaseExceptionGroup) as caught:
        await stage.supervisor.run()
    assert [type(error) for error in caught.value.exceptions] == [KeyboardInterrupt]
    assert len(stage.crashes) == 1


@pytest.mark.parametrize("act", [healthy, hang, linger, CRASH, dies(BadCredentials("no"))])
@pytest.mark.parametrize("seconds", [0.0, 0.5, 1.0, 30.0])
async def test_cancelled_anywhere_it_leaves_nothing_behind(autojump_clock: Clock, act: Act, seconds: float) -> None:
    stage = Stage(act)
    with trio.move_on_after(seconds) as outer:
        await stage.supervisor.run()
    assert outer.cancelled_caught
    assert (stage.alive, stage.word) == (0, "stopped")


# ---- commands ----


async def test_stop_during_backoff_stops_at_once_and_for_good(autojump_clock: Clock) -> None:
    stage = Stage(CRASH, healthy)
    async with running(stage) as supervisor:
        assert stage.word == "backing-off"
        supervisor.stop()
        supervisor.stop()
        await trio.testing.wait_all_tasks_blocked()
        assert stage.word == "stopped"
        await trio.sleep(1000)
        assert stage.lives == 1


async def test_start_during_backoff_does_not_wait(autojump_clock: Clock) -> None:
    stage = Stage(dies(RetryLater("offline", 3000.0)), healthy)
    async with running(stage) as supervisor:
        supervisor.start()
        await trio.testing.wait_all_tasks_blocked()
        assert stage.word == "running"
        assert stage.status.restarts == 0, "it was asked for"


async def test_start_while_the_child_still_ends_runs_it_again(autojump_clock: Clock) -> None:
    stage = Stage(linger)
    async with running(stage) as supervisor:
        supervisor.stop()
        await trio.sleep(1)
        assert stage.word == "draining"
        supervisor.start()
        await trio.sleep(1)
        assert stage.lives == 1, "never two at once"
        await trio.sleep(2)
        assert (stage.word, stage.lives) == ("running", 2)


@pytest.mark.parametrize("command", [Supervisor.start, Supervisor.restart])
async def test_a_failed_child_starts_when_asked_with_a_clean_history(autojump_clock: Clock, command: Command) -> None:
    stage = Stage(*[CRASH] * 7, healthy)
    async with running(stage, 90) as supervisor:
        assert stage.word == "failed"
        command(supervisor)
        await trio.sleep(90)
        assert (stage.word, stage.lives) == ("running", 8)


async def test_restarting_a_hung_start_does_not_count(autojump_clock: Clock) -> None:
    stage = Stage(hang, hang, hang, hang, hang, healthy)
    async with running(stage) as supervisor:
        for _ in range(5):
            supervisor.restart()
            await trio.sleep(1)
        assert (stage.word, stage.lives, stage.crashes) == ("running", 6, [])


async def test_start_on_a_running_child_changes_nothing_now_or_later(autojump_clock: Clock) -> None:
    stage = Stage(dies(ValueError("boom"), after=10), healthy)
    async with running(stage, 5) as supervisor:
        supervisor.start()
        await trio.sleep(5.5)
        assert stage.word == "backing-off", "the earlier start must not cut this wait short"


async def test_a_stopped_supervisor_waits_to_be_started(autojump_clock: Clock) -> None:
    stage = Stage(healthy)
    stage.supervisor.stop()
    async with running(stage, 1000) as supervisor:
        assert (stage.word, stage.lives) == ("stopped", 0)
        supervisor.start()
        await trio.testing.wait_all_tasks_blocked()
        assert stage.word == "running"


COMMANDS: tuple[Command, ...] = (Supervisor.start, Supervisor.stop, Supervisor.restart)
BEFORE: dict[str, tuple[Act, ...]] = {
    "running": (healthy,),
    "starting": (hang, healthy),
    "backing-off": (CRASH, healthy),
    "failed": (*[CRASH] * 4, healthy),
    "needs-login": (dies(BadCredentials("no")), healthy),
    "draining": (linger, healthy),
}


@pytest.mark.parametrize("before", BEFORE)
@pytest.mark.parametrize("gap_seconds", [None, 0.0, 0.01])
async def test_the_last_command_counts_in_every_order(
    autojump_clock: Clock, before: str, gap_seconds: float | None
) -> None:
    for commands in itertools.product(COMMANDS, repeat=3):
        stage = Stage(*BEFORE[before])
        async with running(stage, 18.0 if before == "failed" else 0.5) as supervisor:
            if before == "draining":
                supervisor.restart()
            assert stage.word == before
            for command in commands:
                command(supervisor)
                if gap_seconds is not None:
                    await trio.sleep(gap_seconds)
            await trio.sleep(30)
            wanted = "stopped" if commands[-1] is Supervisor.stop else "running"
            assert stage.word == wanted, (before, commands)


# ---- draining ----


async def test_a_drained_child_goes_on_until_it_returns_and_ends_the_run(autojump_clock: Clock) -> None:
    stage = Stage(returns(after=30))
    async with running(stage) as supervisor:
        supervisor.drain()
        supervisor.drain()
        assert stage.word == "draining"
        await trio.sleep(29)
        assert stage.alive == 1
        await trio.sleep(1)
        assert stage.ended.is_set()
        assert stage.words == ["starting", "running", "draining", "stopped"]
        assert (stage.status.last_error, stage.lives) == ("", 1)


async def test_a_crash_while_draining_is_told_and_not_restarted(autojump_clock: Clock) -> None:
    stage = Stage(dies(ValueError("boom"), after=30))
    async with running(stage) as supervisor:
        supervisor.drain()
        await trio.sleep(30)
        assert stage.ended.is_set()
        assert (stage.status.last_error, stage.lives, len(stage.crashes)) == ("boom", 1, 1)


@pytest.mark.parametrize("before", ["starting", "backing-off", "failed", "needs-login"])
async def test_what_is_not_ready_ends_at_once_when_drained(autojump_clock: Clock, before: str) -> None:
    stage = Stage(*BEFORE[before])
    async with running(stage, 18.0 if before == "failed" else 0.5) as supervisor:
        assert stage.word == before
        supervisor.drain()
        await trio.testing.wait_all_tasks_blocked()
        assert stage.ended.is_set()


async def test_drained_before_it_runs_it_never_starts(autojump_clock: Clock) -> None:
    stage = Stage(healthy)
    stage.supervisor.drain()
    await stage.run()
    assert (stage.lives, stage.words) == (0, [])


async def test_after_a_drain_only_stop_is_heeded(autojump_clock: Clock) -> None:
    stage = Stage(linger)
    async with running(stage) as supervisor:
        supervisor.drain()
        supervisor.restart()
        supervisor.start()
        await trio.sleep(100)
        assert (stage.alive, stage.lives) == (1, 1)
        supervisor.stop()
        await trio.sleep(2.9)
        assert not stage.ended.is_set(), "its end is waited for"
        await trio.sleep(0.2)
        assert stage.ended.is_set()


async def test_drained_while_stopping_it_ends_when_the_child_has(autojump_clock: Clock) -> None:
    stage = Stage(linger)
    async with running(stage) as supervisor:
        supervisor.stop()
        supervisor.drain()
        supervisor.start()
        await trio.sleep(4)
        assert stage.ended.is_set()
        assert stage.lives == 1


async def test_run_says_started_before_the_child_is_ready(autojump_clock: Clock, nursery: trio.Nursery) -> None:
    stage = Stage(hang)
    await nursery.start(stage.supervisor.run)
    nursery.cancel_scope.cancel()


async def test_siblings_do_not_notice(autojump_clock: Clock) -> None:
    sick, well = Stage(CRASH), Stage(healthy)
    async with running(well), running(sick, 90):
        assert sick.word == "failed"
        assert well.words == ["starting", "running"]
