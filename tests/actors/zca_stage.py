"""The stand-in for zca on stage: run as a process, and as the program of an account."""

from __future__ import annotations

import os
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import trio

from actors.testing.zca.driver import PROGRAM, Group, Person, Stage, StandIn, Style

ALICE = "2001"
TEAM = "5300000000000000001"
DEADLINE_SECONDS = 20.0


def stand_in(directory: Path, style: Style = "openzca") -> StandIn:
    """Somebody with a friend and a group, logged in."""
    alice = Person(ALICE, "Alice Nguyen")
    zca = StandIn(directory / "zca", Stage(style=style, friends=(alice,), groups=(Group(TEAM, "Team", (alice,)),)))
    zca.log_in()
    return zca


def environment(zca: StandIn) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if "ZCA" not in name} | zca.env


async def run(zca: StandIn, *words: str, home: str | None = None) -> subprocess.CompletedProcess[bytes]:
    env = environment(zca) | ({} if home is None else {"ZCA_STAND_IN_HOME": home})
    with trio.fail_after(DEADLINE_SECONDS):
        return await trio.run_process(
            [*PROGRAM, *words], env=env, stdin=b"", capture_stdout=True, capture_stderr=True, check=False
        )


@asynccontextmanager
async def listening(zca: StandIn, **options: Any) -> AsyncIterator[trio.Process]:
    """A listener that has connected."""
    with trio.fail_after(DEADLINE_SECONDS):
        process = await trio.lowlevel.open_process(
            [*PROGRAM, "listen", "-r", "-k"], env=environment(zca), stdout=subprocess.PIPE, **options
        )
        assert process.stdout is not None
        try:
            heard = b""
            while b"Connected" not in heard:
                heard += await process.stdout.receive_some(4096)
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            with trio.CancelScope(shield=True):
                await process.wait()
            await process.stdout.aclose()
            if process.stdin is not None:
                await process.stdin.aclose()
