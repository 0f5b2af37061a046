"""A listener that a killed router left behind is ended, and nothing else that has its number is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
import trio

from actors.zalouser.leftover import ProcessMark, end_leftover, mark_of, written_down

IGNORES = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint(1, flush=True)\nsignal.pause()"
ENDS = "import signal\nprint(1, flush=True)\nsignal.pause()"


@asynccontextmanager
async def left(source: str) -> AsyncIterator[trio.Process]:
    """A process that lives on, in a group of its own, and is waited for as init would."""
    with trio.fail_after(20):
        process = await trio.lowlevel.open_process(
            [sys.executable, "-c", source], stdout=subprocess.PIPE, start_new_session=True
        )
        assert process.stdout is not None
        await process.stdout.receive_some(1)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(process.wait)
            yield process
            if process.poll() is None:
                process.kill()
        await process.stdout.aclose()


async def test_while_it_runs_it_is_written_down_and_then_no_more(tmp_path: Path) -> None:
    file = tmp_path / "new" / "a.listener"
    with written_down(os.getpid(), file):
        assert msgspec.json.decode(file.read_bytes(), type=ProcessMark) == mark_of(os.getpid())
    assert not file.exists()


@pytest.mark.parametrize(("source", "by"), [(ENDS, signal.SIGTERM), (IGNORES, signal.SIGKILL)])
async def test_what_was_left_behind_is_ended(tmp_path: Path, source: str, by: int) -> None:
    file = tmp_path / "a.listener"
    async with left(source) as process:
        file.write_bytes(msgspec.json.encode(mark_of(process.pid)))
        assert await end_leftover(file, grace_seconds=0.3)
        assert await process.wait() == -by


@pytest.mark.parametrize("changed", [{"start_time": "1"}, {"boot_id": "another"}])
async def test_another_process_with_the_same_number_is_left_alone(tmp_path: Path, changed: dict[str, str]) -> None:
    file = tmp_path / "a.listener"
    async with left(ENDS) as process:
        mark = mark_of(process.pid)
        assert mark is not None
        file.write_bytes(msgspec.json.encode(msgspec.structs.replace(mark, **changed)))
        assert not await end_leftover(file, grace_seconds=0.3)
        assert process.poll() is None


@pytest.mark.parametrize("content", [None, b"", b"{", b'{"pid": 1}', b"[1]"])
async def test_without_a_mark_nothing_is_ended(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "a.listener"
    if content is not None:
        file.write_bytes(content)
    assert not await end_leftover(file, grace_seconds=0.3)
    assert not await end_leftover(None, grace_seconds=0.3)


async def test_one_that_has_ended_has_no_mark() -> None:
    async with left(ENDS) as process:
        process.kill()
        await process.wait()
        assert mark_of(process.pid) is None


async def test_a_directory_that_cannot_be_written_is_no_reason_not_to_run(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with written_down(os.getpid(), tmp_path / "file" / "a.listener"):
        assert not (tmp_path / "file").is_dir()
