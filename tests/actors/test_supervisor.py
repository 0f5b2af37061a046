"""The supervisor: OTP's table of exits, and what cancellation does."""

from __future__ import annotations

import pytest
import trio
import trio.testing
from supervisor_stage import (
    CRASH,
    Act,
    Clock,
    Stage,
    TaskStatus,
    dies,
    fail_while_cancelled,
    hang,
    healthy,
    linger,
    returns,
    running,
)

from actors.errors import BadCredentials, Recycle, RetryLater
from actors.restart import RestartPolicy
from actors.supervisor import ChildStatus

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
