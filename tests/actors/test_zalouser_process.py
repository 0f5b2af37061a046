"""One-shot commands of zca: their time, their turn, and what is said when they cannot be run."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import trio
from zca_stage import ALICE, DEADLINE_SECONDS, stand_in

from actors.errors import BadCredentials, RetryLater, UnknownOutcome
from actors.testing.zca.driver import PROGRAM, Fault, StandIn
from actors.zalouser import commands, process
from actors.zalouser.process import Zca


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    made = stand_in(tmp_path)
    monkeypatch.setenv("ZCA_STAND_IN_HOME", str(made.directory))
    monkeypatch.delenv("ZCA_PROFILE", raising=False)
    return made


def zca(profile: str | None = None) -> Zca:
    return Zca(PROGRAM, profile, grace_seconds=0.2)


def program(tmp_path: Path, source: str) -> Zca:
    """Another zca: a script of our own."""
    script = tmp_path / "zca.py"
    script.write_text(source)
    return Zca((sys.executable, str(script)), grace_seconds=0.2)


async def test_the_profile_comes_first_and_only_if_there_is_one(home: StandIn) -> None:
    assert (await zca("default").run(("me", "id"), DEADLINE_SECONDS)).stdout == "1001\n"
    assert (await zca().run(("me", "id"), DEADLINE_SECONDS)).stdout == "1001\n"
    assert home.journal() == [["--profile", "default", "me", "id"], ["me", "id"]]


async def test_exit_code_and_both_streams_are_told_apart(home: StandIn) -> None:
    home.fault("me id", Fault(exit=3, stdout="out", stderr="Error: err"))
    answer = await zca().run(("me", "id"), DEADLINE_SECONDS)
    assert (answer.exit_code, answer.stdout, answer.stderr, answer.trouble) == (3, "out\n", "Error: err\n", "err")


async def test_commands_of_a_profile_run_one_after_the_other(tmp_path: Path) -> None:
    source = "import os, sys, time\nos.mkdir('busy')\ntime.sleep(0.05)\nos.rmdir('busy')\nprint(sys.argv[1])"
    one = program(tmp_path, f"import os\nos.chdir({str(tmp_path)!r})\n{source}")
    codes: list[int] = []

    async def run(word: str) -> None:
        codes.append((await one.run((word,), DEADLINE_SECONDS)).exit_code)

    with trio.fail_after(DEADLINE_SECONDS):
        async with trio.open_nursery() as nursery:
            for word in "abc":
                nursery.start_soon(run, word)
    assert codes == [0, 0, 0]


@pytest.mark.parametrize("ignore_term", [False, True])
async def test_a_command_that_takes_too_long_is_ended_and_its_outcome_is_unknown(
    home: StandIn, ignore_term: bool
) -> None:
    home.fault("msg send", Fault(hang=True, ignore_term=ignore_term, times=1))
    words = ("msg", "send", "--", ALICE, "x")
    with trio.fail_after(DEADLINE_SECONDS):
        with pytest.raises(UnknownOutcome, match=r"zca msg send had no answer after 0\.5 s"):
            await zca().run(words, 0.5)
        assert (await zca().run(words, DEADLINE_SECONDS)).exit_code == 0


async def test_a_look_up_that_is_slow_is_no_logout(home: StandIn) -> None:
    home.fault("me info", Fault(sleep_seconds=30.0))
    with pytest.raises(RetryLater, match="no answer after"):
        await zca().look_up(commands.ME, 0.3)


async def test_nobody_logged_in_is_told_apart_from_a_program_that_is_not_there(home: StandIn) -> None:
    (home.directory / "profiles/default/credentials.json").unlink()
    with pytest.raises(BadCredentials, match="has no credentials"):
        await zca().look_up(commands.ME, DEADLINE_SECONDS)
    with pytest.raises(RetryLater, match=r"^zca-is-nowhere not found in PATH: install it, or set `program`"):
        await Zca(("zca-is-nowhere",)).look_up(commands.ME, DEADLINE_SECONDS)
    with pytest.raises(RetryLater, match=r"^/nowhere/zca not found: "):
        await Zca(("/nowhere/zca",)).look_up(commands.ME, DEADLINE_SECONDS)


async def test_a_file_that_is_no_program_says_so(tmp_path: Path) -> None:
    (tmp_path / "zca").write_text("text")
    with pytest.raises(RetryLater, match="cannot be started: permission denied"):
        await Zca((str(tmp_path / "zca"),)).run((), DEADLINE_SECONDS)


async def test_not_logged_in_with_exit_code_zero(tmp_path: Path) -> None:
    said = program(tmp_path, "print('Not logged in. Run zca auth login first.')")
    with pytest.raises(BadCredentials, match="Not logged in"):
        await said.look_up(commands.ME, DEADLINE_SECONDS)


async def test_json_that_never_came_is_tried_again(tmp_path: Path) -> None:
    with pytest.raises(RetryLater, match="zca me info failed: OK"):
        await program(tmp_path, "print('OK')").look_up(commands.ME, DEADLINE_SECONDS)


async def test_a_flood_on_stderr_neither_blocks_nor_fills_memory(home: StandIn) -> None:
    home.fault("me id", Fault(flood_lines=2000, exit=1, stderr="Error: at last"))
    answer = await zca().run(("me", "id"), DEADLINE_SECONDS)
    assert (len(answer.stderr) <= 4096, answer.trouble) == (True, "at last")


async def test_endless_output_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "MAX_OUTPUT_BYTES", 100_000)
    endless = program(tmp_path, "while True: print('x' * 1000)")
    with trio.fail_after(DEADLINE_SECONDS), pytest.raises(UnknownOutcome, match="more than 100000 bytes"):
        await endless.run(("friend", "list"), DEADLINE_SECONDS)


async def test_our_wishes_are_in_the_environment_and_the_operators_go_before_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shows = program(
        tmp_path, "import os\nprint(os.environ['OPENZCA_QR_AUTO_OPEN'], os.environ['OPENZCA_LISTEN_RECYCLE_MS'])"
    )
    assert (await shows.run((), DEADLINE_SECONDS)).stdout == "0 0\n"
    monkeypatch.setenv("OPENZCA_LISTEN_RECYCLE_MS", "7")
    assert (await shows.run((), DEADLINE_SECONDS)).stdout == "0 7\n"
