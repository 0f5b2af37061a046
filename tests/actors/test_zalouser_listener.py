"""The listener's process, for real: how it ends, how it is ended, and that it never stays. On the real clock."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio
from zalo_fakes import FakeIntake
from zalouser_lines import BOT, DM, ME, line
from zca_stage import DEADLINE_SECONDS, listening, stand_in

from actors.errors import BadCredentials, Recycle, RetryLater
from actors.life import split_failures
from actors.testing.zca.driver import PROGRAM, Fault, StandIn
from actors.zalouser.hearing import Patience
from actors.zalouser.listener import Listener
from actors.zalouser.process import Zca

SHORT_SECONDS = 0.3


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    made = stand_in(tmp_path)
    monkeypatch.setenv("ZCA_STAND_IN_HOME", str(made.directory))
    monkeypatch.delenv("ZCA_PROFILE", raising=False)
    return made


class Ear:
    """A listener with what it heard and warned of."""

    def __init__(self, *arguments: str, **patience: float) -> None:
        self.intake = FakeIntake()
        self.warnings: list[str] = []
        self._listener = Listener(
            Zca(PROGRAM, "default"),
            arguments or ("-r", "-k"),
            Patience(**patience),
            self.warnings.append,
            grace_seconds=SHORT_SECONDS,
        )

    async def run(self) -> None:
        await self._listener.run(ME, BOT, self.intake)

    async def failure(self) -> Exception:
        """What it dies of; a group with one in it as that one."""
        with trio.fail_after(DEADLINE_SECONDS):
            try:
                await self.run()
            except Exception as error:  # noqa: BLE001 the test looks at it
                while isinstance(error, ExceptionGroup) and len(error.exceptions) == 1:
                    error = error.exceptions[0]
                return error
        raise AssertionError("it ended by itself")

    @asynccontextmanager
    async def listening(self, home: StandIn) -> AsyncIterator[int]:
        """Gives the pid once it listens; cancels it at the end."""
        with trio.fail_after(DEADLINE_SECONDS):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self.run)
                while (pid := home.listener_pid()) is None or not self.intake.goods:
                    await trio.sleep(0.01)
                yield pid
                nursery.cancel_scope.cancel()

    async def wait_for(self, count: int) -> None:
        while len(self.intake.accepted) < count:
            await trio.sleep(0.01)


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


async def test_it_hears_and_is_gone_when_it_is_cancelled(home: StandIn) -> None:
    ear = Ear()
    async with ear.listening(home) as pid:
        home.say("xin chào 😀")
        await ear.wait_for(1)
    assert ear.intake.texts == ["xin chào 😀"]
    assert is_gone(pid)
    assert home.journal() == [["--profile", "default", "listen", "-r", "-k"]]
    assert ear.warnings == []


async def test_it_returns_when_the_account_stops_and_loses_nothing_on_the_way(home: StandIn) -> None:
    ear = Ear()
    with trio.fail_after(DEADLINE_SECONDS):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(ear.run)
            home.say("one")
            await ear.wait_for(1)
            ear.intake.stopping = True
    assert home.listener_pid() is None


@pytest.mark.parametrize(
    ("order", "kind", "words"),
    [
        ({"do": "recycle"}, Recycle, "afresh"),
        ({"do": "exit", "code": 0}, RetryLater, "exit code 0"),
        ({"do": "exit", "code": 1, "stderr": "Error: fetch failed"}, RetryLater, "exit code 1: fetch failed"),
        ({"do": "exit", "code": 1, "stderr": "Error: Đăng nhập thất bại"}, BadCredentials, "log in again"),
    ],
)
async def test_every_end_says_what_to_do_next(
    home: StandIn, order: dict[str, object], kind: type[Exception], words: str
) -> None:
    home.order(**order)  # type: ignore[arg-type]
    failure = await Ear().failure()
    assert type(failure) is kind
    assert words in str(failure)


async def test_without_keep_alive_a_closed_connection_ends_it_with_zero_and_that_is_no_success(home: StandIn) -> None:
    home.order("close", code=1006)
    assert "ended with exit code 0" in str(await Ear("-r").failure())


async def test_supervised_it_is_the_same(home: StandIn) -> None:
    home.say("hi")
    home.order("close", code=3000)
    ear = Ear("-r", "-k", "--supervised")
    assert "ended with exit code 0" in str(await ear.failure())
    assert (ear.intake.texts, ear.intake.troubles) == (["hi"], [("Listener closed (3000)", 60.0)])


@pytest.mark.parametrize(("expired", "words"), [(False, "has no credentials"), (True, "zpw_sek")])
async def test_nobody_logged_in_and_an_expired_session(home: StandIn, expired: bool, words: str) -> None:
    (home.directory / "profiles/default/credentials.json").unlink()
    if expired:
        home.log_in(expired=True)
    failure = await Ear().failure()
    assert isinstance(failure, BadCredentials)
    assert words in str(failure)


async def test_a_second_listener_is_told_who_has_the_first(home: StandIn) -> None:
    async with listening(home) as process:
        failure = await Ear().failure()
    assert isinstance(failure, RetryLater)
    assert f"pid {process.pid}" in str(failure)


async def test_kicked_out_and_deaf_it_is_ended_after_its_time(home: StandIn) -> None:
    home.order("close", code=3003)
    failure = await Ear(reconnect_seconds=SHORT_SECONDS).failure()
    assert isinstance(failure, RetryLater)
    assert "Listener closed (3003)" in str(failure)
    assert home.listener_pid() is None


async def test_a_program_that_ignores_sigterm_is_killed_with_a_warning(home: StandIn) -> None:
    home.fault("listen", Fault(ignore_term=True))
    ear = Ear()
    async with ear.listening(home) as pid:
        pass
    assert is_gone(pid)
    assert ear.warnings == ["zca listen ignored SIGTERM for 0.3 s and was killed"]


async def test_killed_from_outside_it_says_by_what(home: StandIn) -> None:
    ear = Ear()
    async with ear.listening(home):
        home.say("one")
        await ear.wait_for(1)
    with trio.fail_after(DEADLINE_SECONDS):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(kill_listener, home)
            failure = await Ear().failure()
    assert "signal 9" in str(failure)


async def kill_listener(home: StandIn) -> None:
    while (pid := home.listener_pid()) is None:
        await trio.sleep(0.01)
    os.kill(pid, signal.SIGKILL)


async def test_lines_cut_anywhere_and_noise_between_them(home: StandIn) -> None:
    raw = line(DM, content="chào 😀", cliMsgId="1") + b"\n" + b"[INFO] \xff\xfe\n" + line(DM, cliMsgId="2") + b"\n"
    for at in range(0, len(raw), 37):
        home.print_bytes(raw[at : at + 37])
    home.print_bytes(b'{"threadId":"2001","cont')
    home.order("exit", code=1)
    ear = Ear()
    await ear.failure()
    assert ear.intake.texts == ["chào 😀", "Hello bot"]
    assert [raw for raw, _ in ear.intake.shelved] == [b'{"threadId":"2001","cont']


async def test_a_flood_on_stderr_does_not_stop_it(home: StandIn) -> None:
    home.fault("listen", Fault(flood_lines=1000))
    ear = Ear()
    async with ear.listening(home):
        home.say("hi")
        await ear.wait_for(1)


async def test_a_burst_of_ten_thousand_lines_is_taken_whole_and_in_order(home: StandIn) -> None:
    lines = [line(DM, cliMsgId=str(number), content=f"m{number}") for number in range(10_000)]
    home.print_bytes(b"\n".join(lines) + b"\n")
    ear = Ear()
    began = time.monotonic()
    async with ear.listening(home):
        await ear.wait_for(10_000)
    print(f"10,000 lines in {time.monotonic() - began:.2f} s")  # noqa: T201 a figure for who runs it with -s
    assert ear.intake.texts == [f"m{number}" for number in range(10_000)]


async def test_a_failure_while_it_is_cancelled_lets_the_cancellation_pass(home: StandIn) -> None:
    ear = Ear()
    with trio.CancelScope() as scope:
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(ear.run)
                await ear_listens(home)
                scope.cancel()
        except BaseException as error:
            failed, _ = split_failures(error)
            assert failed is None
            raise
    assert scope.cancelled_caught


async def ear_listens(home: StandIn) -> None:
    with trio.fail_after(DEADLINE_SECONDS):
        while home.listener_pid() is None:
            await trio.sleep(0.01)
