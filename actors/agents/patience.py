"""Asks an agent until it answers, or until more asking is of no use.

An attempt that runs into its deadline counts as a passing failure. What an agent raises beyond its contract is a defect
in it: final for the turn, and no more than that. This is the one place besides the supervisor that catches it, because
a defect that one message brings out must not take down the turns of everybody else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import PurePath

import msgspec
import trio

from actors.agents.contract import Agent
from actors.agents.settings import AgentLimits
from actors.errors import BadCredentials, Rejected, RetryLater, RouterError, UnknownOutcome
from actors.messages import Reply, Turn
from actors.restart import RestartPolicy, backoff_seconds

WAITS = RestartPolicy(initial_delay_seconds=1.0, max_delay_seconds=60.0)
"""Between attempts: 1, 2, 4 … 60 s, with jitter."""
LONGEST_RETRY_AFTER_SECONDS = 300.0
"""An agent may ask for a longer wait; it is asked again after this one, for a person is waiting."""


class AgentGaveUp(RouterError):
    """The turn has no answer and is not tried again. `reason` is for the operator, never for the chat."""

    def __init__(self, reason: str, attempts: int) -> None:
        super().__init__(f"{reason} (after {attempts} attempt{'s' if attempts != 1 else ''})")
        self.reason = reason
        self.attempts = attempts


class Failure(msgspec.Struct, frozen=True):
    """One attempt without an answer."""

    reason: str
    passing: bool
    retry_after_seconds: float | None = None


async def answer_with_patience(agent: Agent, turn: Turn, *, limits: AgentLimits, random: Callable[[], float]) -> Reply:
    """Asks once and, after passing failures, up to `limits.retries` times more, with growing waits between.

    Each attempt has `limits.timeout_seconds`, and its number in `turn.attempt`. `random` gives numbers in [0, 1).
    Raises: AgentGaveUp. On cancellation the attempt in hand is cancelled; see `actors.agents.contract.Agent`.
    """
    attempts = 0
    while True:
        asked = msgspec.structs.replace(turn, attempt=turn.attempt + attempts)
        outcome = await attempt(agent, asked, limits.timeout_seconds)
        attempts += 1
        if isinstance(outcome, Reply):
            return outcome
        if not outcome.passing or attempts > limits.retries:
            raise AgentGaveUp(outcome.reason, attempts)
        await trio.sleep(wait_seconds(attempts, outcome.retry_after_seconds, random()))


def wait_seconds(attempts: int, retry_after_seconds: float | None, random: float) -> float:
    """The wait after so many failed attempts: the law's, or what the agent asked for if that is longer."""
    asked = min(retry_after_seconds or 0.0, LONGEST_RETRY_AFTER_SECONDS)
    return max(asked, backoff_seconds(attempts, WAITS, random))


async def attempt(agent: Agent, turn: Turn, timeout_seconds: float) -> Reply | Failure:
    """One attempt under its deadline. Raises nothing but what cancels or ends the program."""
    late = Failure(f"the agent gave no answer within {timeout_seconds:g} s", passing=True)
    with trio.move_on_after(timeout_seconds):
        outcome = await _guarded(agent, turn)
        if isinstance(outcome, Failure):
            # An agent that fails because it is being cancelled has not failed: the cancellation goes on.
            await trio.lowlevel.checkpoint_if_cancelled()
        return outcome
    return late


async def _guarded(agent: Agent, turn: Turn) -> Reply | Failure:
    try:
        return await agent.answer(turn)
    except BaseExceptionGroup as group:
        # A nursery that fails while it is being cancelled raises both at once: the cancellation has to go on.
        cancelled, others = group.split(trio.Cancelled)
        if cancelled is not None:
            raise cancelled from others
        if not isinstance(group, ExceptionGroup):
            raise
        return _gravest([failure_of(error) for error in _leaves(group)])
    except Exception as error:  # noqa: BLE001 an agent's defect costs its turn, not the process; see above
        return failure_of(error)


def failure_of(error: Exception) -> Failure:
    """What an exception says about asking again. A defect is shown by type and place: its text may hold secrets."""
    match error:
        case RetryLater():
            return Failure(error.reason, True, error.retry_after_seconds)
        case UnknownOutcome():
            return Failure(error.reason, True)
        case Rejected() | BadCredentials():
            return Failure(error.reason, False)
        case trio.TooSlowError():
            return Failure("the agent ran into a deadline of its own", True)
        case _:
            return Failure(f"the agent failed with {type(error).__name__}{_place(error)}, a defect in it", False)


def _place(error: Exception) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return ""
    return f" at {PurePath(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"


def _leaves(group: ExceptionGroup[Exception]) -> Iterator[Exception]:
    for error in group.exceptions:
        if isinstance(error, ExceptionGroup):
            yield from _leaves(error)
        else:
            yield error


def _gravest(failures: list[Failure]) -> Failure:
    """A final failure speaks for all that came with it; else the one that asks for the longest wait."""
    return min(failures, key=lambda one: (one.passing, -(one.retry_after_seconds or 0.0)))
