"""The command agent, one process a message."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import trio
from agents_support import make_turn, python, wait_lines, wait_process_gone

from actors.agents.command import OneshotAgent, open_oneshot_agent
from actors.agents.settings import CommandSettings
from actors.agents.wire import MAX_ANSWER_BYTES
from actors.errors import Rejected, RetryLater
from actors.messages import Media, Reply


def agent(folder: Path, source: str, *arguments: str) -> OneshotAgent:
    return OneshotAgent(CommandSettings(command=python(folder, source, *arguments)), grace_seconds=0.05)


async def test_the_program_is_given_the_turn_and_its_end(tmp_path: Path) -> None:
    reply = await agent(tmp_path, "import sys; print(repr(sys.stdin.read()))").answer(make_turn("chào"))
    turn = json.loads(eval(reply.text))
    assert (turn["text"], turn["turnId"], turn["chat"]["chatId"]) == ("chào", 7, "c1")


@pytest.mark.parametrize(
    ("source", "reply"),
    [
        ("print('plain text')", Reply("plain text")),
        (
            """print('{"text": "a", "media": ["http://x/1.png"]}')""",
            Reply("a", (Media(kind="image", url="http://x/1.png"),)),
        ),
        ("print('{}')", Reply()),
        ("", Reply()),
        ("print('NO_REPLY')", Reply()),
        ("print(42)", Reply("42")),
        ("import sys; sys.stdout.buffer.write(b'caf\\xe9')", Reply("caf\ufffd")),
        ("import sys; print('a'); sys.stderr.write('a warning')", Reply("a")),
    ],
)
async def test_what_it_prints_is_the_reply(tmp_path: Path, source: str, reply: Reply) -> None:
    assert await agent(tmp_path, source).answer(make_turn()) == reply


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (1, RetryLater),
        (63, RetryLater),
        (64, Rejected),
        (74, Rejected),
        (75, RetryLater),
        (78, Rejected),
        (79, RetryLater),
    ],
)
async def test_the_exit_code_says_whether_trying_again_helps(tmp_path: Path, code: int, kind: type[Exception]) -> None:
    program = agent(tmp_path, f"import sys; print('half an ans'); sys.stderr.write('why\\n'); sys.exit({code})")
    with pytest.raises(kind, match=f"exit code {code}: why"):
        await program.answer(make_turn())


async def test_an_end_by_signal_may_be_tried_again(tmp_path: Path) -> None:
    with pytest.raises(RetryLater, match="signal 9"):
        await agent(tmp_path, "import os; os.kill(os.getpid(), 9)").answer(make_turn())


async def test_an_answer_of_the_greatest_size_is_taken(tmp_path: Path) -> None:
    reply = await agent(tmp_path, f"print('x' * {MAX_ANSWER_BYTES}, end='')").answer(make_turn())
    assert len(reply.text) == MAX_ANSWER_BYTES


async def test_a_program_that_does_not_stop_writing_is_ended(tmp_path: Path) -> None:
    with pytest.raises(Rejected, match="more than 1048576 bytes"):
        await agent(tmp_path, "while True: print('x' * 65536)").answer(make_turn())


async def test_a_program_that_is_not_there_is_rejected() -> None:
    async with open_oneshot_agent(CommandSettings(command=("/no/such/program",))) as program:
        with pytest.raises(Rejected, match="/no/such/program"):
            await program.answer(make_turn())


async def test_a_cancelled_turn_leaves_no_process(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    source = "import os, signal, sys; open(sys.argv[1], 'w').write(f'{os.getpid()}\\n'); signal.pause()"
    async with trio.open_nursery() as nursery:
        nursery.start_soon(agent(tmp_path, source, str(note)).answer, make_turn())
        (pid,) = await wait_lines(note, 1)
        nursery.cancel_scope.cancel()
    await wait_process_gone(int(pid))


async def test_the_operator_sees_no_argument_of_the_command(tmp_path: Path) -> None:
    with pytest.raises(RetryLater) as caught:
        await agent(tmp_path, "raise SystemExit(1)", "--key=hunter2").answer(make_turn())
    assert "hunter2" not in str(caught.value)
