"""A real `router serve` as a child process, for tests that stop, kill and restart it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import trio

from router.control.client import open_control
from router.control.endpoint import NotRunning, read_endpoint
from router.control.protocol import GetStatus, StatusResult

ROOT = Path(__file__).parents[2]


class Child:
    """One run of the program."""

    def __init__(self, process: trio.Process, state_dir: Path) -> None:
        self.process = process
        self.state_dir = state_dir
        self.killed_from_outside = False

    async def wait_until_serving(self) -> None:
        """Returns when its control socket has been published by this very process."""
        while self.process.poll() is None:
            try:
                if read_endpoint(self.state_dir).pid == self.process.pid:
                    return
            except NotRunning:
                pass
            await trio.sleep(0.02)
        raise AssertionError(f"the router ended with {self.process.returncode} before it served")

    async def status(self) -> StatusResult:
        async with open_control(read_endpoint(self.state_dir)) as control:
            return await control.call(GetStatus())

    async def kill(self) -> None:
        """SIGKILL, and waits for the end."""
        self.killed_from_outside = True
        self.process.send_signal(signal.SIGKILL)
        await self.process.wait()

    async def stop(self) -> int:
        """SIGTERM; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        with trio.fail_after(60):
            return await self.process.wait()


class Home:
    """The settings file and the state directory of a router under test."""

    def __init__(self, directory: Path, settings: object) -> None:
        self.directory = directory
        self.config = directory / "router.json5"
        self.state_dir = directory / "state"
        self.extra_env: dict[str, str] = {}
        self.config.write_bytes(msgspec.json.encode(settings))

    def env(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("ROUTER_", "ZALO_"))}
        here = {"PYTHONPATH": str(ROOT), "HOME": str(self.directory), "XDG_STATE_HOME": str(self.directory)}
        return {**kept, **here, **self.extra_env}

    @asynccontextmanager
    async def running(self, *, failpoint: str = "", wait: bool = True) -> AsyncIterator[Child]:
        """Starts `router serve` and kills it, if it still runs, when the block is left.

        With a `failpoint` (see `failpoints.py`) it may kill itself before. `wait` waits until it serves.
        """
        program = [str(Path(__file__).with_name("failpoints.py"))] if failpoint else ["-m", "router"]
        command = [
            sys.executable,
            *program,
            "serve",
            "--config",
            str(self.config),
            "--state-dir",
            str(self.state_dir),
        ]
        log = (self.directory / "console.log").open("ab")
        try:
            env = self.env() | {"FAILPOINT": failpoint}
            process = await trio.lowlevel.open_process(command, env=env, stdin=subprocess.DEVNULL, stderr=log)
        finally:
            log.close()
        child = Child(process, self.state_dir)
        try:
            if wait:
                await child.wait_until_serving()
            yield child
        finally:
            if process.poll() is None:
                with trio.CancelScope(shield=True):
                    await child.kill()

    async def command(self, *words: str) -> subprocess.CompletedProcess[bytes]:
        """Runs another `router` command against the same state directory."""
        return await trio.run_process(
            [sys.executable, "-m", "router", *words, "--state-dir", str(self.state_dir)],
            env=self.env(),
            capture_stdout=True,
            capture_stderr=True,
            check=False,
        )


def zalo_accounts(url: str, tokens: Sequence[str], **channel: object) -> dict[str, object]:
    """A `channels` block: one open account per token, all on the simulator at `url`."""
    accounts = {f"bot{index}": {"botToken": token} for index, token in enumerate(tokens)}
    return {"zalo": {"apiUrl": url, "dmPolicy": "open", "allowFrom": ["*"], "accounts": accounts, **channel}}
