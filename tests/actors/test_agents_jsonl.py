"""The command agent with one long-lived process. With real processes, on the real clock."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
import trio
import trio.testing
from agents_support import JSONL, make_turn, python, wait_lines, wait_process_gone

from actors import programs
from actors.agents import jsonl
from actors.agents.contract import Agent
from actors.agents.jsonl import HUNG_AFTER, LONGEST_WAIT_SECONDS, open_jsonl_agent, restart_wait_seconds
from actors.agents.settings import CommandSettings
from actors.agents.wire import MAX_ANSWER_BYTES
from actors.errors import Rejected, RetryLater
from actors.messages import Media, Reply

# Notes each start with its pid, so that a test sees how often and as what it ran.
NOTED = """
import os, sys, json
with open(sys.argv[1], "a") as note:
    note.write(f"{os.getpid()}\\n")
"""

BY_PID = (
    NOTED
    + """
for line in sys.stdin:
    turn = json.loads(line)
    if turn["text"] == "die":
        sys.exit("fell over")
    print(json.dumps({"id": turn["id"], "text": str(os.getpid())}), flush=True)
"""
)

# Notes each line that it reads, and answers none.
SILENT = (
    NOTED
    + """
for line in sys.stdin:
    with open(sys.argv[1], "a") as note:
        note.write("read\\n")
"""
)


def settings(folder: Path, source: str, *arguments: str) -> CommandSettings:
    return CommandSettings(command=python(folder, source, *arguments), mode="jsonl")


async def ask(agent: Agent, text: str, turn_id: int = 7) -> str:
    with trio.fail_after(20):
        return (await agent.answer(make_turn(text, turn_id=turn_id))).text


async def test_one_process_serves_all_turns(tmp_path: Path) -> None:
    note = tmp_path / "note"
    async with open_jsonl_agent(settings(tmp_path, BY_PID, str(note))) as agent:
        answers = [await ask(agent, "who?", turn_id) for turn_id in range(3)]
    assert answers == (await wait_lines(note, 1)) * 3


async def test_no_process_is_started_before_the_first_turn(tmp_path: Path) -> None:
    note = tmp_path / "note"
    async with open_jsonl_agent(settings(tmp_path, BY_PID, str(note))):
        await trio.testing.wait_all_tasks_blocked()
    assert not note.exists()


async def test_turns_that_come_together_start_one_process(tmp_path: Path) -> None:
    note = tmp_path / "note"
    async with open_jsonl_agent(settings(tmp_path, BY_PID, str(note))) as agent, trio.open_nursery() as nursery:
        for turn_id in range(5):
            nursery.start_soon(ask, agent, "who?", turn_id)
    assert len(note.read_text().splitlines()) == 1


async def test_answers_may_come_in_another_order(tmp_path: Path) -> None:
    source = """
import json, sys
turns = [json.loads(sys.stdin.readline()) for _ in range(3)]
for turn in reversed(turns):
    print(json.dumps({"id": turn["id"], "text": turn["text"]}), flush=True)
sys.stdin.read()
"""
    answers: dict[int, str] = {}

    async def keep(turn_id: int) -> None:
        answers[turn_id] = await ask(agent, f"q{turn_id}", turn_id)

    async with open_jsonl_agent(settings(tmp_path, source)) as agent, trio.open_nursery() as nursery:
        for turn_id in range(3):
            nursery.start_soon(keep, turn_id)
    assert answers == {0: "q0", 1: "q1", 2: "q2"}


async def test_a_program_without_ids_answers_in_order(tmp_path: Path) -> None:
    source = """
import json, sys
for line in sys.stdin:
    print(json.dumps(json.loads(line)["text"]), flush=True)
"""
    async with open_jsonl_agent(settings(tmp_path, source)) as agent:
        assert [await ask(agent, text) for text in ("a", "b")] == ["a", "b"]


async def test_lines_that_are_not_json_are_not_answers(tmp_path: Path) -> None:
    source = "print('Loading model...', flush=True)\n" + JSONL.replace("for line", "print('{ready')\nfor line")
    async with open_jsonl_agent(settings(tmp_path, source)) as agent:
        assert await ask(agent, "hello") == "hello"


async def test_media_comes_along(tmp_path: Path) -> None:
    source = """
import json, sys
turn = json.loads(sys.stdin.readline())
print(json.dumps({"id": turn["id"], "media": ["https://x/1.png"]}), flush=True)
sys.stdin.read()
"""
    async with open_jsonl_agent(settings(tmp_path, source)) as agent:
        assert await agent.answer(make_turn()) == Reply(media=(Media(kind="image", url="https://x/1.png"),))


async def test_the_late_answer_to_a_cancelled_turn_is_dropped(tmp_path: Path) -> None:
    source = """
import json, sys
held = json.loads(sys.stdin.readline())
open(sys.argv[1], "w").write("read\\n")
for line in sys.stdin:
    print(json.dumps({"text": "late: " + held["text"]}), flush=True)
    print(json.dumps({"text": json.loads(line)["text"]}), flush=True)
"""
    note = tmp_path / "note"
    async with open_jsonl_agent(settings(tmp_path, source, str(note))) as agent:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(agent.answer, make_turn("first", turn_id=1))
            await wait_lines(note, 1)
            nursery.cancel_scope.cancel()
        assert await ask(agent, "second", 2) == "second"


async def test_when_the_program_dies_its_turns_may_be_asked_again_and_the_next_starts_it(tmp_path: Path) -> None:
    note = tmp_path / "note"
    async with open_jsonl_agent(settings(tmp_path, BY_PID, str(note))) as agent:
        first = await ask(agent, "who?")
        with pytest.raises(RetryLater, match="exit code 1: fell over"):
            await ask(agent, "die")
        second = await ask(agent, "who?")
    assert [first, second] == await wait_lines(note, 2)
    assert first != second


async def test_a_program_killed_from_outside_fails_all_that_wait(tmp_path: Path) -> None:
    note = tmp_path / "note"
    failures: list[str] = []

    async def fail(turn_id: int) -> None:
        with pytest.raises(RetryLater) as caught:
            await ask(agent, "q", turn_id)
        failures.append(caught.value.reason)

    async with open_jsonl_agent(settings(tmp_path, SILENT, str(note))) as agent, trio.open_nursery() as nursery:
        for turn_id in range(3):
            nursery.start_soon(fail, turn_id)
        pid, *_ = await wait_lines(note, 1 + 3)
        os.kill(int(pid), signal.SIGKILL)
    assert failures == ["the agent's program ended, signal 9"] * 3


async def test_a_program_that_ends_without_answering_is_left_alone_for_a_while(tmp_path: Path) -> None:
    note = tmp_path / "note"
    async with open_jsonl_agent(settings(tmp_path, NOTED + "sys.exit('no licence')", str(note))) as agent:
        with pytest.raises(RetryLater, match="no licence"):
            await ask(agent, "a")
        with pytest.raises(RetryLater, match="ended 1 times without answering") as caught:
            await ask(agent, "b")
    assert caught.value.retry_after_seconds is not None
    assert 0 < caught.value.retry_after_seconds <= restart_wait_seconds(1)
    assert len(note.read_text().splitlines()) == 1


@pytest.mark.parametrize(
    ("starts_in_vain", "wait_seconds"), [(0, 0.0), (1, 0.5), (2, 1.0), (3, 2.0), (7, 30.0), (9999, 30.0)]
)
def test_the_wait_doubles_with_each_start_in_vain(starts_in_vain: int, wait_seconds: float) -> None:
    assert restart_wait_seconds(starts_in_vain) == wait_seconds <= LONGEST_WAIT_SECONDS


async def test_a_program_that_cannot_be_started_is_rejected_each_time() -> None:
    async with open_jsonl_agent(CommandSettings(command=("/no/such/program",), mode="jsonl")) as agent:
        for _ in range(2):
            with pytest.raises(Rejected, match="/no/such/program"):
                await ask(agent, "a")


async def test_a_line_without_end_ends_the_program(tmp_path: Path) -> None:
    source = (
        f"import sys\nsys.stdin.readline()\nprint('x' * {MAX_ANSWER_BYTES + 1}, end='', flush=True)\nsys.stdin.read()"
    )
    async with open_jsonl_agent(settings(tmp_path, source)) as agent:
        with pytest.raises(RetryLater, match="a line of more than 1048576 bytes"):
            await ask(agent, "a")


async def test_a_program_that_closes_its_stdout_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "DRAIN_SECONDS", 0.05)
    source = "import os, signal, sys\nsys.stdin.readline()\nos.close(1)\nsignal.pause()"
    async with open_jsonl_agent(settings(tmp_path, source), grace_seconds=0.05) as agent:
        with pytest.raises(RetryLater, match="ended"):
            await ask(agent, "a")


async def test_a_program_that_stops_reading_is_ended(tmp_path: Path) -> None:
    source = "import os, signal\nos.close(0)\nsignal.pause()"
    async with open_jsonl_agent(settings(tmp_path, source), grace_seconds=0.05) as agent:
        with pytest.raises(RetryLater, match="does not read its stdin"):
            await ask(agent, "x" * 200_000)


async def test_a_program_that_answers_nothing_for_many_turns_is_taken_for_hung(tmp_path: Path) -> None:
    note = tmp_path / "note"
    async with open_jsonl_agent(settings(tmp_path, SILENT, str(note))) as agent:
        async with trio.open_nursery() as nursery:
            for turn_id in range(HUNG_AFTER):
                nursery.start_soon(agent.answer, make_turn("q", turn_id=turn_id))
            pid, *_ = await wait_lines(note, 1 + HUNG_AFTER)
            nursery.cancel_scope.cancel()
        await wait_process_gone(int(pid))


# Reads nothing before SIGUSR1, then answers in order and without ids.
PATIENT = (
    """
import signal
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
"""
    + NOTED
    + """
signal.sigwait([signal.SIGUSR1])
for line in sys.stdin:
    print(json.dumps({"text": json.loads(line)["text"][:5]}), flush=True)
"""
)
MORE_THAN_A_PIPE_HOLDS = "x" * 200_000


async def test_a_turn_cancelled_before_the_program_was_told_keeps_no_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jsonl, "QUEUED_LINES", 0)
    note = tmp_path / "note"
    answers: list[str] = []

    async def keep(text: str, turn_id: int) -> None:
        answers.append(await ask(agent, text, turn_id))

    async with open_jsonl_agent(settings(tmp_path, PATIENT, str(note))) as agent, trio.open_nursery() as nursery:
        nursery.start_soon(keep, "first" + MORE_THAN_A_PIPE_HOLDS, 1)
        (pid,) = await wait_lines(note, 1)
        with trio.move_on_after(0.05):
            await agent.answer(make_turn("never", turn_id=2))
        nursery.start_soon(keep, "third", 3)
        await trio.testing.wait_all_tasks_blocked()
        os.kill(int(pid), signal.SIGUSR1)
    assert answers == ["first", "third"]


async def test_turns_that_wait_for_room_when_the_program_dies_may_be_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jsonl, "QUEUED_LINES", 0)
    note = tmp_path / "note"
    reasons: set[str] = set()

    async def fail(turn_id: int) -> None:
        with pytest.raises(RetryLater) as caught:
            await ask(agent, MORE_THAN_A_PIPE_HOLDS, turn_id)
        reasons.add(caught.value.reason)

    async with open_jsonl_agent(settings(tmp_path, PATIENT, str(note))) as agent, trio.open_nursery() as nursery:
        nursery.start_soon(fail, 1)
        (pid,) = await wait_lines(note, 1)
        nursery.start_soon(fail, 2)
        await trio.testing.wait_all_tasks_blocked(0.05)
        os.kill(int(pid), signal.SIGKILL)
    assert reasons == {"the agent's program ended, signal 9", "the agent's program ended before it was asked"}


async def test_closing_ends_the_process_and_fails_who_still_waits(tmp_path: Path) -> None:
    note = tmp_path / "note"
    reasons: list[str] = []

    async def fail(agent: Agent) -> None:
        with pytest.raises(RetryLater) as caught:
            await ask(agent, "q")
        reasons.append(caught.value.reason)

    async with trio.open_nursery() as nursery, open_jsonl_agent(settings(tmp_path, SILENT, str(note))) as agent:
        nursery.start_soon(fail, agent)
        pid, *_ = await wait_lines(note, 1 + 1)
    assert reasons == ["the agent's program ended, it is being closed"]
    await wait_process_gone(int(pid))
