"""Runs the command line as a program of its own, against a control server that a test scripts."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec
import trio
from control_bench import CANARY, HANDLERS, served

from router.control.connection import Handlers
from router.control.endpoint import published

ROOT = Path(__file__).parents[2]
PROGRAM = "import sys; from router.cli import main; sys.exit(main())"


class Ran(msgspec.Struct, frozen=True):
    code: int
    out: str
    err: str


async def run(tmp_path: Path, words: str, handlers: Handlers = HANDLERS) -> Ran:
    """Runs the command as a program of its own against a server that answers as `handlers` do."""
    async with served(handlers) as server:
        with published(tmp_path, server.endpoint):
            done = await trio.run_process(
                [sys.executable, "-c", PROGRAM, *words.split(), "--state-dir", str(tmp_path)],
                cwd=ROOT,
                capture_stdout=True,
                capture_stderr=True,
                check=False,
            )
    ran = Ran(done.returncode, done.stdout.decode(), done.stderr.decode())
    assert CANARY not in ran.out + ran.err
    assert "Traceback" not in ran.err
    return ran
