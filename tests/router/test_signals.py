"""The first signal asks, the second insists, and an echo of the first is neither."""

from __future__ import annotations

import os
import signal

import pytest
import trio
import trio.testing

from router import signals
from router.signals import ECHO_SECONDS, heeding_signals


async def send(number: int) -> None:
    """To this very process; returns when whoever listens has had the time to take it."""
    os.kill(os.getpid(), number)
    await trio.testing.wait_all_tasks_blocked()


async def test_the_first_signal_asks_for_an_end_and_nothing_more(autojump_clock: trio.testing.MockClock) -> None:
    stop = trio.Event()
    async with heeding_signals(stop) as interruption:
        await send(signal.SIGTERM)
        assert stop.is_set()
        await trio.sleep(60)
    assert interruption.signal_number == 0


async def test_the_same_signal_again_at_once_is_an_echo_of_the_first(autojump_clock: trio.testing.MockClock) -> None:
    """A terminal sends Ctrl-C to a parent process too, and the parent passes it on."""
    stop = trio.Event()
    async with heeding_signals(stop) as interruption:
        await send(signal.SIGINT)
        await trio.sleep(ECHO_SECONDS * 0.9)
        await send(signal.SIGINT)
        await trio.sleep(60)
    assert (stop.is_set(), interruption.signal_number) == (True, 0)


async def test_after_that_it_ends_at_once(
    autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends: list[int] = []
    monkeypatch.setattr(signals, "_end_within", lambda _seconds, code: ends.append(code))
    async with heeding_signals(trio.Event()) as interruption:
        await send(signal.SIGINT)
        await trio.sleep(ECHO_SECONDS * 0.5)
        await send(signal.SIGINT)
        await trio.sleep(ECHO_SECONDS * 0.6)
        await send(signal.SIGINT)
        await trio.sleep_forever()
    assert (interruption.signal_number, ends) == (signal.SIGINT, [130])


async def test_another_signal_is_no_echo(
    autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signals, "_end_within", lambda _seconds, _code: None)
    async with heeding_signals(trio.Event()) as interruption:
        await send(signal.SIGINT)
        await send(signal.SIGTERM)
        await trio.sleep_forever()
    assert interruption.signal_number == signal.SIGTERM
