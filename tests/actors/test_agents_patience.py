"""Patience with an agent, under a clock that jumps."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
import trio
import trio.testing
from agents_support import make_turn

from actors.agents.patience import (
    LONGEST_RETRY_AFTER_SECONDS,
    AgentGaveUp,
    Failure,
    answer_with_patience,
    attempt,
    failure_of,
    wait_seconds,
)
from actors.agents.settings import AgentLimits
from actors.errors import BadCredentials, Rejected, RetryLater, UnknownOutcome
from actors.messages import Reply, Turn

LIMITS = AgentLimits(timeout_seconds=10.0, retries=3)


def no_chance() -> float:
    return 0.0


class Scripted:
    """Does one thing an attempt, and notes when it was asked and as which attempt."""

    def __init__(self, *script: Reply | BaseException | Callable[[], object]) -> None:
        self.script = list(script)
        self.asked: list[tuple[float, int]] = []
        self.cancelled = 0

    async def answer(self, turn: Turn) -> Reply:
        self.asked.append((trio.current_time(), turn.attempt))
        act = self.script.pop(0)
        if isinstance(act, BaseException):
            raise act
        if isinstance(act, Reply):
            return act
        try:
            await trio.sleep_forever()
        except trio.Cancelled:
            self.cancelled += 1
            raise


STALL = object


async def patiently(agent: Scripted, limits: AgentLimits = LIMITS) -> Reply:
    return await answer_with_patience(agent, make_turn(), limits=limits, random=no_chance)


async def test_an_answer_is_given_at_once(autojump_clock: trio.testing.MockClock) -> None:
    agent = Scripted(Reply("a"))
    assert await patiently(agent) == Reply("a")
    assert agent.asked == [(0.0, 1)]


async def test_passing_trouble_is_waited_out_longer_each_time(autojump_clock: trio.testing.MockClock) -> None:
    agent = Scripted(RetryLater("a"), UnknownOutcome("b"), trio.TooSlowError(), Reply("d"))
    assert await patiently(agent) == Reply("d")
    assert agent.asked == [(0.0, 1), (1.0, 2), (3.0, 3), (7.0, 4)]


async def test_it_gives_up_after_the_retries_with_the_last_reason(autojump_clock: trio.testing.MockClock) -> None:
    agent = Scripted(*(RetryLater(reason) for reason in "abcde"))
    with pytest.raises(AgentGaveUp) as caught:
        await patiently(agent)
    assert (caught.value.reason, caught.value.attempts) == ("d", 4)
    assert str(caught.value) == "d (after 4 attempts)"
    assert trio.current_time() == 7.0


async def test_without_retries_there_is_one_attempt(autojump_clock: trio.testing.MockClock) -> None:
    with pytest.raises(AgentGaveUp, match=r"a \(after 1 attempt\)"):
        await patiently(Scripted(RetryLater("a")), AgentLimits(retries=0))


@pytest.mark.parametrize("error", [Rejected("no"), BadCredentials("no")])
async def test_a_refusal_is_final(autojump_clock: trio.testing.MockClock, error: Exception) -> None:
    agent = Scripted(error, Reply("never"))
    with pytest.raises(AgentGaveUp) as caught:
        await patiently(agent)
    assert (caught.value.reason, caught.value.attempts) == ("no", 1)


async def test_an_attempt_that_lasts_too_long_is_cancelled_and_tried_again(
    autojump_clock: trio.testing.MockClock,
) -> None:
    agent = Scripted(STALL, Reply("b"))
    assert await patiently(agent) == Reply("b")
    assert agent.asked == [(0.0, 1), (11.0, 2)]
    assert agent.cancelled == 1


async def test_each_attempt_has_the_whole_deadline(autojump_clock: trio.testing.MockClock) -> None:
    with pytest.raises(AgentGaveUp, match="no answer within 10 s"):
        await patiently(Scripted(STALL, STALL), AgentLimits(timeout_seconds=10, retries=1))
    assert trio.current_time() == 10 + 1 + 10


async def test_the_agent_is_not_asked_before_the_time_it_named(autojump_clock: trio.testing.MockClock) -> None:
    agent = Scripted(RetryLater("busy", 42.0), Reply("b"))
    await patiently(agent)
    assert [at for at, _ in agent.asked] == [0.0, 42.0]


@pytest.mark.parametrize(
    ("attempts", "asked", "random", "seconds"),
    [
        (1, None, 0.0, 1.0),
        (1, 0.2, 0.0, 1.0),
        (3, 2.0, 0.0, 4.0),
        (1, 1e9, 0.0, LONGEST_RETRY_AFTER_SECONDS),
        (50, None, 0.0, 60.0),
    ],
)
def test_the_wait_is_the_laws_or_the_agents_and_bounded(
    attempts: int, asked: float | None, random: float, seconds: float
) -> None:
    assert wait_seconds(attempts, asked, random) == seconds


def test_chance_lengthens_the_wait() -> None:
    assert wait_seconds(1, None, 0.0) < wait_seconds(1, None, 0.999) < 1.2


async def test_a_turn_that_was_tried_before_goes_on_counting(autojump_clock: trio.testing.MockClock) -> None:
    agent = Scripted(RetryLater("a"), Reply("b"))
    await answer_with_patience(agent, msgspec.structs.replace(make_turn(), attempt=5), limits=LIMITS, random=no_chance)
    assert [number for _, number in agent.asked] == [5, 6]


async def test_a_defect_of_the_agent_ends_the_turn_and_nothing_more(autojump_clock: trio.testing.MockClock) -> None:
    agent = Scripted(KeyError("token hunter22"), Reply("never"))
    with pytest.raises(AgentGaveUp, match=r"the agent failed with KeyError at test_agents_patience.py:\d+") as caught:
        await patiently(agent)
    assert "hunter22" not in str(caught.value)


async def test_a_group_of_passing_trouble_passes(autojump_clock: trio.testing.MockClock) -> None:
    both = ExceptionGroup("", [RetryLater("a", 5.0), ExceptionGroup("", [RetryLater("b", 9.0)])])
    agent = Scripted(both, Reply("c"))
    assert await patiently(agent) == Reply("c")
    assert agent.asked[1] == (9.0, 2)


async def test_a_group_with_a_defect_is_final(autojump_clock: trio.testing.MockClock) -> None:
    with pytest.raises(AgentGaveUp, match="ValueError"):
        await patiently(Scripted(ExceptionGroup("", [RetryLater("a"), ValueError("b")])))


class FailsWhenCancelled:
    """Raises an error of its own while it is being cancelled."""

    async def answer(self, turn: Turn) -> Reply:
        try:
            await trio.sleep_forever()
        finally:
            raise ValueError(turn.text)


class FailsInANurseryWhenCancelled(FailsWhenCancelled):
    """So that the error comes in one group with the cancellation."""

    async def answer(self, turn: Turn) -> Reply:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep_forever)
            return await super().answer(turn)


failing_when_cancelled = pytest.mark.parametrize("agent", [FailsWhenCancelled(), FailsInANurseryWhenCancelled()])


@failing_when_cancelled
async def test_an_agent_that_fails_while_its_time_runs_out_is_late(
    autojump_clock: trio.testing.MockClock, agent: FailsWhenCancelled
) -> None:
    outcome = await attempt(agent, make_turn(), 10.0)
    assert outcome == Failure("the agent gave no answer within 10 s", passing=True)
    assert trio.current_time() == 10.0


@failing_when_cancelled
async def test_an_agent_that_fails_while_being_cancelled_does_not_stop_the_cancellation(
    autojump_clock: trio.testing.MockClock, agent: FailsWhenCancelled
) -> None:
    with trio.move_on_after(3) as scope:
        await answer_with_patience(agent, make_turn(), limits=LIMITS, random=no_chance)
    assert scope.cancelled_caught
    assert trio.current_time() == 3.0


async def test_cancelling_ends_the_wait_between_attempts(autojump_clock: trio.testing.MockClock) -> None:
    agent = Scripted(RetryLater("busy", 60.0), Reply("never"))
    with trio.move_on_after(30) as scope:
        await patiently(agent)
    assert scope.cancelled_caught
    assert len(agent.asked) == 1


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(1)])
async def test_what_ends_the_program_is_not_taken_for_a_failure(error: BaseException) -> None:
    with pytest.raises(type(error)):
        await attempt(Scripted(error), make_turn(), 10.0)
    with pytest.raises(BaseExceptionGroup):
        await attempt(Scripted(BaseExceptionGroup("", [error, ValueError()])), make_turn(), 10.0)


def test_an_error_that_was_never_raised_has_no_place() -> None:
    assert failure_of(ValueError("x")).reason == "the agent failed with ValueError, a defect in it"
