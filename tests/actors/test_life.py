"""One life of a supervised child."""

from __future__ import annotations

import math

import pytest
import trio
import trio.testing

from actors.errors import StartTimeout
from actors.life import Life, split_failures


def a_life(readied: list[float], deadline_seconds: float = 10.0) -> Life:
    return Life(deadline_seconds, lambda: readied.append(trio.current_time()))


def cancelled() -> trio.Cancelled:
    """A real Cancelled, as only trio can make them."""

    async def be_cancelled() -> None:
        with trio.CancelScope() as scope:
            scope.cancel()
            try:
                await trio.lowlevel.checkpoint()
            except trio.Cancelled as error:
                caught.append(error)
                raise

    caught: list[trio.Cancelled] = []
    trio.run(be_cancelled)
    return caught[0]


FAILED = ValueError("failed")
GROUP = ExceptionGroup("many", [FAILED])


@pytest.mark.parametrize("error", [FAILED, GROUP])
def test_failures_do_not_pass(error: Exception) -> None:
    assert split_failures(error) == (error, None)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(3), cancelled()])
def test_what_is_no_failure_passes(error: BaseException) -> None:
    assert split_failures(error) == (None, error)


def test_a_group_of_cancellations_passes_whole() -> None:
    group = BaseExceptionGroup("many", [cancelled(), cancelled()])
    failure, passing = split_failures(group)
    assert failure is None
    assert isinstance(passing, BaseExceptionGroup)
    assert len(passing.exceptions) == 2


def test_a_mixed_group_is_split_however_deep() -> None:
    mixed = BaseExceptionGroup("outer", [cancelled(), BaseExceptionGroup("inner", [FAILED, cancelled()])])
    failure, passing = split_failures(mixed)
    assert isinstance(failure, ExceptionGroup)
    assert failure.split(ValueError)[1] is None
    assert isinstance(passing, BaseExceptionGroup)
    assert passing.split(trio.Cancelled)[1] is None


async def test_a_ready_child_has_no_deadline(autojump_clock: trio.testing.MockClock) -> None:
    readied: list[float] = []
    life = a_life(readied)

    async def child(*, task_status: trio.TaskStatus[None]) -> None:
        await trio.sleep(9)
        task_status.started()
        await trio.sleep(50)

    await life.run(child)
    assert len(readied) == 1
    assert life.ran_seconds == pytest.approx(50)
    assert not life.told_to_end


async def test_a_hung_start_is_cancelled_at_its_deadline(autojump_clock: trio.testing.MockClock) -> None:
    readied: list[float] = []
    life = a_life(readied)

    async def child(*, task_status: trio.TaskStatus[None]) -> None:
        await trio.sleep(math.inf)

    begun = trio.current_time()
    with pytest.raises(StartTimeout, match="not ready within 10 seconds"):
        await life.run(child)
    assert trio.current_time() - begun == pytest.approx(10)
    assert (life.ran_seconds, readied) == (0.0, [])


async def test_ready_too_late_changes_nothing(autojump_clock: trio.testing.MockClock) -> None:
    readied: list[float] = []
    life = a_life(readied)

    async def child(*, task_status: trio.TaskStatus[None]) -> None:
        with trio.CancelScope(shield=True):
            await trio.sleep(11)
        task_status.started()
        await trio.sleep(math.inf)

    with pytest.raises(StartTimeout):
        await life.run(child)
    assert readied == []


async def test_a_life_told_to_end_ends_without_an_error(autojump_clock: trio.testing.MockClock) -> None:
    readied: list[float] = []
    life = a_life(readied)

    async def child(*, task_status: trio.TaskStatus[None]) -> None:
        life.end()
        task_status.started()
        await trio.sleep(math.inf)

    await life.run(child)
    assert life.told_to_end
    assert readied == [], "ready while being cancelled is not ready"
