"""The supervisor's commands: in every order, and in every state."""

from __future__ import annotations

import itertools

import pytest
import trio
import trio.testing
from supervisor_stage import (
    CRASH,
    Act,
    Clock,
    Command,
    Stage,
    dies,
    hang,
    healthy,
    linger,
    returns,
    running,
)

from actors.errors import BadCredentials, RetryLater
from actors.supervisor import Supervisor

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
