"""A listener is heard line by line, and its deafness noticed: over a stream in memory, on a clock that jumps."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio
import trio.testing
from zalo_fakes import FakeIntake
from zalouser_lines import BOT, DM, ME, line

from actors.errors import Recycle, RetryLater
from actors.zalouser.hearing import Hearing, Patience
from actors.zalouser.lines import LINE_LIMIT_BYTES

CONNECTED = b"Connected to Zalo websocket.\n"
CLOSED = b"Listener closed (3003) \n"
A_DAY = 86_400.0


def said(number: int) -> bytes:
    return line(DM, cliMsgId=str(number), content=f"m{number}") + b"\n"


class Play:
    """A process that says what the test has it say."""

    def __init__(self, intake: FakeIntake, patience: Patience | None = None, last_words: bytes | None = b"") -> None:
        """Told to stop, it says its last words and ends; with None for them it pays no heed."""
        self.intake = intake
        self.last_words = last_words
        self.stopped = 0
        self.stream = trio.testing.MemoryReceiveStream()
        self.hearing = Hearing(ME, BOT, intake, patience or Patience(), self.stop)
        self.done = trio.Event()

    def stop(self) -> None:
        self.stopped += 1
        if self.last_words is not None and self.stopped == 1:
            self.stream.put_data(self.last_words)
            self.stream.put_eof()

    async def listen(self) -> None:
        await self.hearing.listen(self.stream)
        self.done.set()

    async def say(self, raw: bytes) -> None:
        self.stream.put_data(raw)
        await trio.testing.wait_all_tasks_blocked()


@asynccontextmanager
async def playing(play: Play) -> AsyncIterator[None]:
    with trio.fail_after(A_DAY):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(play.listen)
            yield
            nursery.cancel_scope.cancel()


async def fails(play: Play) -> Exception:
    with pytest.raises((RetryLater, Recycle)) as caught, trio.fail_after(A_DAY):
        await play.listen()
    return caught.value


async def test_lines_are_taken_one_by_one_in_order(autojump_clock: trio.testing.MockClock) -> None:
    intake = FakeIntake()
    intake.accept_seconds = 1.0
    play = Play(intake)
    async with playing(play):
        await play.say(CONNECTED + b"".join(map(said, range(5))))
        await trio.sleep(10)
    assert intake.texts == [f"m{number}" for number in range(5)]
    assert [at - intake.accepted_at[0] for at in intake.accepted_at] == pytest.approx([0, 1, 2, 3, 4])


async def test_the_next_line_waits_for_room(autojump_clock: trio.testing.MockClock) -> None:
    intake = FakeIntake()
    intake.room = trio.Event()
    play = Play(intake)
    async with playing(play):
        await play.say(said(1) + said(2))
        await trio.sleep(A_DAY / 2)
        assert intake.texts == ["m1"]
        intake.room.set()
        await trio.sleep(1)
        assert intake.texts == ["m1", "m2"]


async def test_what_cannot_be_decoded_is_shelved_and_the_rest_goes_on(autojump_clock: trio.testing.MockClock) -> None:
    intake = FakeIntake()
    play = Play(intake)
    async with playing(play):
        await play.say(b'{"threadId":"2001","con\n[INFO] hello\n' + said(1))
    assert intake.texts == ["m1"]
    assert [raw for raw, _ in intake.shelved] == [b'{"threadId":"2001","con']
    assert play.hearing.last_noise == "[INFO] hello"


async def test_of_ten_megabytes_on_a_line_the_beginning_is_shelved(autojump_clock: trio.testing.MockClock) -> None:
    intake = FakeIntake()
    play = Play(intake)
    async with playing(play):
        for _ in range(10):
            await play.say(b"{" + b"x" * 1024 * 1024)
        await play.say(b"\n" + said(1))
        await trio.sleep(1)
    ((raw, reason),) = intake.shelved
    assert (len(raw), f"more than {LINE_LIMIT_BYTES} bytes" in reason) == (LINE_LIMIT_BYTES, True)
    assert intake.texts == ["m1"]


async def test_a_line_that_a_crash_cut_off_is_kept(autojump_clock: trio.testing.MockClock) -> None:
    intake = FakeIntake()
    play = Play(intake)
    async with playing(play):
        await play.say(said(1) + said(2)[:50])
        play.stream.put_eof()
        await play.done.wait()
    assert (intake.texts, [raw for raw, _ in intake.shelved]) == (["m1"], [said(2)[:50]])


async def test_a_whole_line_without_its_end_is_a_message(autojump_clock: trio.testing.MockClock) -> None:
    intake = FakeIntake()
    play = Play(intake)
    async with playing(play):
        await play.say(said(1).rstrip())
        play.stream.put_eof()
        await play.done.wait()
    assert intake.texts == ["m1"]


async def test_a_store_that_fails_is_waited_for(autojump_clock: trio.testing.MockClock) -> None:
    intake = FakeIntake()
    intake.store_fails = 3
    play = Play(intake)
    async with playing(play):
        await play.say(said(1) + said(2))
        await trio.sleep(60)
    assert intake.texts == ["m1", "m2"]
    assert [reason for reason, _ in intake.troubles] == ["disk full"] * 3


async def test_a_connection_that_does_not_come_back_ends_it(autojump_clock: trio.testing.MockClock) -> None:
    intake = FakeIntake()
    play = Play(intake, Patience(reconnect_seconds=60.0))
    play.stream.put_data(CONNECTED + CLOSED)
    began = trio.current_time()
    error = await fails(play)
    assert "no connection for 60 s after 'Listener closed (3003)'" in str(error)
    assert trio.current_time() - began == pytest.approx(60.0)
    assert intake.troubles == [("Listener closed (3003)", 60.0)]


@pytest.mark.parametrize("sign_of_life", [CONNECTED, said(1), b'{"kind":"lifecycle","event":"connected"}\n'])
async def test_a_connection_that_comes_back_in_time_is_well(
    autojump_clock: trio.testing.MockClock, sign_of_life: bytes
) -> None:
    intake = FakeIntake()
    play = Play(intake, Patience(reconnect_seconds=60.0))
    async with playing(play):
        await play.say(CONNECTED + CLOSED)
        await trio.sleep(59)
        await play.say(sign_of_life)
        await trio.sleep(A_DAY / 2)
        assert not play.done.is_set()
    assert intake.goods == 2


async def test_noise_is_no_sign_of_a_connection(autojump_clock: trio.testing.MockClock) -> None:
    play = Play(FakeIntake(), Patience(reconnect_seconds=60.0))
    play.stream.put_data(CLOSED + b"still here\n")
    assert isinstance(await fails(play), RetryLater)


async def test_lines_that_were_there_in_time_count_though_they_are_read_late(
    autojump_clock: trio.testing.MockClock,
) -> None:
    intake = FakeIntake()
    intake.room = trio.Event()
    play = Play(intake, Patience(reconnect_seconds=60.0))
    async with playing(play):
        await play.say(CLOSED)
        await play.say(CONNECTED)
        await trio.sleep(500)
        intake.room.set()
        await trio.sleep(A_DAY / 2)
        assert not play.done.is_set()
    assert intake.goods == 1


@pytest.mark.parametrize(("silence_seconds", "ends_after"), [(30.0, 30.0), (0.0, math.inf)])
async def test_silence_asks_for_a_fresh_start_if_the_settings_say_so(
    autojump_clock: trio.testing.MockClock, silence_seconds: float, ends_after: float
) -> None:
    play = Play(FakeIntake(), Patience(silence_seconds=silence_seconds))
    play.stream.put_data(CONNECTED)
    began, error = trio.current_time(), None
    with trio.move_on_after(A_DAY):
        error = await fails(play)
    assert (error is not None) == (ends_after < A_DAY)
    if error is not None:
        assert isinstance(error, Recycle)
        assert trio.current_time() - began == pytest.approx(ends_after)


async def test_once_the_account_stops_the_process_is_told_and_its_last_lines_are_taken(
    autojump_clock: trio.testing.MockClock,
) -> None:
    intake = FakeIntake()
    play = Play(intake, last_words=said(2) + said(3))
    async with playing(play):
        await play.say(said(1))
        intake.stopping = True
        await play.done.wait()
    assert (intake.texts, play.stopped) == (["m1", "m2", "m3"], 1)


async def test_cancelled_it_takes_what_was_said(autojump_clock: trio.testing.MockClock) -> None:
    intake = FakeIntake()
    intake.room = trio.Event()
    play = Play(intake, last_words=said(3))
    async with playing(play):
        await play.say(said(1) + said(2))
        assert intake.texts == ["m1"]
    assert (intake.texts, play.stopped) == (["m1", "m2", "m3"], 1)


async def test_cancelled_it_does_not_wait_long_for_a_process_that_pays_no_heed(
    autojump_clock: trio.testing.MockClock,
) -> None:
    play = Play(FakeIntake(), last_words=None)
    async with playing(play):
        await trio.sleep(5)
        began = trio.current_time()
    assert trio.current_time() - began == pytest.approx(1.0)


async def test_a_cancellation_during_an_acceptance_neither_loses_nor_doubles_it(
    autojump_clock: trio.testing.MockClock,
) -> None:
    intake = FakeIntake()
    intake.accept_seconds = 0.3
    play = Play(intake)
    async with playing(play):
        await play.say(said(1) + said(2))
        await trio.sleep(0.1)
    assert (intake.texts, intake.accepts) == (["m1", "m2"], 2)
