"""The processes that are measured: each on its own, ended when its block is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import trio

from router.control.endpoint import NotRunning, read_endpoint

ROOT = Path(__file__).parents[1]
SERVING_SECONDS = 60.0


class ChildFailed(Exception):
    """A measured process ended before it was asked to; the text is the end of what it said."""


class Home:
    """Settings file and state directory of a router under measurement."""

    def __init__(self, directory: Path, settings: Mapping[str, object]) -> None:
        self.directory = directory
        self.config = directory / "router.json5"
        self.state_dir = directory / "state"
        self.log = directory / "console.log"
        self.config.write_bytes(msgspec.json.encode(settings))

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[trio.Process]:
        """A `router serve`, from its start to its end; yields at once, before it serves."""
        words = ("-m", "router", "serve", "--config", str(self.config), "--state-dir", str(self.state_dir))
        async with python_child(words, self.log) as process:
            yield process

    async def wait_until_serving(self, process: trio.Process) -> None:
        """Returns when the control socket of this very process is published."""
        with trio.fail_after(SERVING_SECONDS):
            while not self._is_published(process):
                still_running(process, self.log)
                await trio.sleep(0.005)

    def _is_published(self, process: trio.Process) -> bool:
        try:
            return read_endpoint(self.state_dir).pid == process.pid
        except NotRunning:
            return False


@asynccontextmanager
async def python_child(words: Sequence[str], log: Path, stdin: bytes = b"") -> AsyncIterator[trio.Process]:
    """Runs this Python with `words`, `stdin` and a log file for all that it says; SIGKILL when the block is left."""
    with log.open("ab") as said:
        process = await trio.lowlevel.open_process(
            [sys.executable, *words], env=environment(), stdin=subprocess.PIPE, stdout=said, stderr=said
        )
    try:
        assert process.stdin is not None  # noqa: S101 asked for above
        await process.stdin.send_all(stdin)
        await process.stdin.aclose()
        yield process
    finally:
        with trio.CancelScope(shield=True):
            await end(process, signal.SIGKILL)


async def end(process: trio.Process, how: signal.Signals) -> None:
    """Signals it, unless it has ended, and waits for its end."""
    if process.poll() is None:
        process.send_signal(how)
    await process.wait()


def still_running(process: trio.Process, log: Path) -> None:
    """Raises ChildFailed when it is not."""
    if process.poll() is not None:
        tail = log.read_text(errors="replace")[-2000:]
        raise ChildFailed(f"a measured process ended with {process.returncode}:\n{tail}")


def environment() -> dict[str, str]:
    """This process's, without what could steer a router from outside."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ROUTER_", "ZALO_"))}
    return {**kept, "PYTHONPATH": str(ROOT)}
