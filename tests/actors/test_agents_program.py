"""Programs are fed, read and ended; nothing of them stays. With real processes, on the real clock."""

from __future__ import annotations

import errno
import os
import signal
from pathlib import Path

import pytest
import trio
from agents_support import python, wait_lines, wait_process_gone

from actors import programs
from actors.agents.program import start_program
from actors.agents.settings import CommandSettings
from actors.errors import Rejected, RetryLater
from actors.programs import Ended, attend


def settings(folder: Path, source: str, *arguments: str, env: dict[str, str] | None = None) -> CommandSettings:
    return CommandSettings(command=python(folder, source, *arguments), env=env or {})


class Talk:
    """Feeds fixed bytes and keeps what comes back."""

    def __init__(self, said: bytes = b"", stop_after: int | None = None) -> None:
        self.said = said
        self.heard = b""
        self.stop_after = stop_after

    async def feed(self, stdin: trio.abc.SendStream) -> None:
        await stdin.send_all(self.said)

    def take(self, chunk: bytes) -> bool:
        self.heard += chunk
        return self.stop_after is None or len(self.heard) < self.stop_after


async def run(what: CommandSettings, talk: Talk, grace_seconds: float = 5.0) -> Ended:
    return await attend(await start_program(what), talk.feed, talk.take, grace_seconds=grace_seconds)


async def test_a_program_reads_stdin_to_its_end_and_is_heard_out(tmp_path: Path) -> None:
    talk = Talk(b"abc")
    ended = await run(settings(tmp_path, "import sys; print(sys.stdin.read()[::-1], end='')"), talk)
    assert (talk.heard, ended) == (b"cba", Ended(0, ""))


async def test_more_than_a_pipe_holds_goes_both_ways_at_once(tmp_path: Path) -> None:
    source = """
import sys
for line in sys.stdin.buffer:
    sys.stdout.buffer.write(line)
    sys.stderr.write("x" * 1000)
"""
    talk = Talk(b"".join(b"%d%s\n" % (i, b"y" * 1000) for i in range(1000)))
    assert (await run(settings(tmp_path, source), talk)).exit_code == 0
    assert talk.heard == talk.said


async def test_a_program_need_not_read_what_it_is_told(tmp_path: Path) -> None:
    talk = Talk(b"x" * 1_000_000)
    assert (await run(settings(tmp_path, "print('done')"), talk)).exit_code == 0
    assert talk.heard == b"done\n"


async def test_the_end_is_told_by_exit_code_and_last_words(tmp_path: Path) -> None:
    source = "import sys; sys.stderr.write('Traceback\\n  ...\\nValueError: no\\n\\n'); sys.exit(3)"
    ended = await run(settings(tmp_path, source), Talk())
    assert ended == Ended(3, "ValueError: no")
    assert str(ended) == "exit code 3: ValueError: no"


async def test_last_words_are_bounded(tmp_path: Path) -> None:
    ended = await run(settings(tmp_path, "import sys; sys.stderr.write('x' * 1_000_000)"), Talk())
    assert ended.last_words == "x" * 299 + "…"


async def test_an_end_by_signal_is_told_as_such(tmp_path: Path) -> None:
    ended = await run(settings(tmp_path, "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"), Talk())
    assert str(ended) == "signal 9"


async def test_the_environment_is_ours_with_the_settings_on_top(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FROM_US", "1")
    monkeypatch.setenv("FROM_BOTH", "1")
    talk = Talk()
    source = "import os; print(os.environ['FROM_US'], os.environ['FROM_BOTH'], os.environ['FROM_SETTINGS'])"
    await run(settings(tmp_path, source, env={"FROM_BOTH": "2", "FROM_SETTINGS": "3"}), talk)
    assert talk.heard == b"1 2 3\n"


async def test_it_runs_where_the_settings_say(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    talk = Talk()
    command = python(tmp_path, "import os; print(os.getcwd())")
    await run(CommandSettings(command=command, cwd=str(tmp_path / "inner")), talk)
    assert Path(talk.heard.decode().strip()) == (tmp_path / "inner").resolve()


async def test_arguments_are_not_seen_by_a_shell(tmp_path: Path) -> None:
    talk = Talk()
    await run(settings(tmp_path, "import sys; print(sys.argv[1:])", "$HOME; `id` *"), talk)
    assert talk.heard == b"['$HOME; `id` *']\n"


async def test_a_program_that_is_not_there_is_rejected_by_name() -> None:
    with pytest.raises(Rejected, match=r"/no/such/program cannot be started: no such file"):
        await start_program(CommandSettings(command=("/no/such/program",)))


async def test_a_program_that_may_not_run_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(Rejected, match=r"notes.txt cannot be started: permission denied; check `command`"):
        await start_program(CommandSettings(command=(str(tmp_path / "notes.txt"),)))


async def test_a_folder_that_is_not_there_is_told_apart_from_the_program(tmp_path: Path) -> None:
    command = python(tmp_path, "")
    with pytest.raises(Rejected, match="cannot be started in /no/such/folder: no such file"):
        await start_program(CommandSettings(command=command, cwd="/no/such/folder"))


@pytest.mark.parametrize("command", [(), ("a\0b",)])
async def test_a_command_that_is_none_is_rejected(command: tuple[str, ...]) -> None:
    with pytest.raises(Rejected, match="command"):
        await start_program(CommandSettings(command=command))


@pytest.mark.parametrize(("number", "kind"), [(errno.EAGAIN, RetryLater), (errno.EMFILE, RetryLater), (0, Rejected)])
async def test_a_machine_that_is_short_of_something_is_no_fault_of_the_settings(
    monkeypatch: pytest.MonkeyPatch, number: int, kind: type[Exception]
) -> None:
    async def short(*_: object, **__: object) -> None:
        raise OSError(number, "Short of something")

    monkeypatch.setattr(trio.lowlevel, "open_process", short)
    with pytest.raises(kind, match="short of something"):
        await start_program(CommandSettings(command=("x",)))


PARENT = """
import os, signal, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-I", "-S", "-c", "import signal; signal.pause()"])
print(child.pid, flush=True)
sys.argv[1:] == ["leave"] or signal.pause()
"""


async def test_what_a_program_leaves_running_in_its_group_ends_with_it(tmp_path: Path) -> None:
    talk = Talk()
    ended = await run(settings(tmp_path, PARENT, "leave"), talk)
    assert ended.exit_code == 0
    await wait_process_gone(int(talk.heard))


async def test_cancelling_ends_the_program_and_its_children(tmp_path: Path) -> None:
    talk = Talk()
    process = await start_program(settings(tmp_path, PARENT))

    def take(chunk: bytes) -> bool:
        talk.take(chunk)
        scope.cancel()
        return True

    with trio.CancelScope() as scope:
        await attend(process, talk.feed, take)
    assert process.returncode == -signal.SIGTERM
    await wait_process_gone(int(talk.heard))


async def test_a_program_that_will_not_listen_is_killed_after_the_grace(tmp_path: Path) -> None:
    source = "import signal; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True)\nwhile True: signal.pause()"
    talk = Talk(stop_after=1)
    ended = await run(settings(tmp_path, source), talk, grace_seconds=0.05)
    assert ended.exit_code == -signal.SIGKILL


async def test_a_program_that_tidies_up_when_told_is_given_the_time(tmp_path: Path) -> None:
    source = """
import pathlib, signal, sys
def tidy(*_):
    pathlib.Path(sys.argv[1]).write_text("tidy\\n")
    sys.exit(0)
signal.signal(15, tidy)
print("ready", flush=True)
signal.pause()
"""
    note = tmp_path / "note"
    ended = await run(settings(tmp_path, source, str(note)), Talk(stop_after=1))
    assert ended.exit_code == 0
    assert await wait_lines(note, 1) == ["tidy"]


async def test_a_child_that_left_the_group_does_not_hold_up_the_answer_for_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs, "DRAIN_SECONDS", 0.05)
    source = PARENT.replace('signal.pause()"])', 'signal.pause()"], start_new_session=True)')
    assert source != PARENT
    talk = Talk()
    with trio.fail_after(20):
        ended = await run(settings(tmp_path, source, "leave"), talk)
    assert ended.exit_code == 0
    os.kill(int(talk.heard), signal.SIGKILL)
    await wait_process_gone(int(talk.heard))


async def test_a_program_that_closes_its_stdout_first_may_still_say_why_it_ends(tmp_path: Path) -> None:
    source = "import os, sys\nos.close(1)\nsys.stdin.readline()\nsys.stderr.write('no paper\\n')\nos._exit(3)"
    at_end = trio.Event()

    async def feed(stdin: trio.abc.SendStream) -> None:
        await at_end.wait()
        await stdin.send_all(b"go on\n")

    def take(chunk: bytes) -> bool:
        at_end.set()
        return bool(chunk)

    ended = await attend(await start_program(settings(tmp_path, source)), feed, take)
    assert ended == Ended(3, "no paper")


async def test_no_pipe_of_an_ended_program_stays_open(tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    talk = Talk(b"x")
    process = await start_program(settings(tmp_path, "print(1)"))
    await attend(process, talk.feed, talk.take)
    assert len(os.listdir("/proc/self/fd")) == before
    assert process.returncode == 0
