"""The command line as programs of their own, against a whole router with its simulated network."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import trio
from cli_bench import PROGRAM, ROOT, Ran
from operations_bench import TOKEN, Served, serving


class Terminal:
    """Runs commands against one state directory."""

    def __init__(self, served: Served, state_dir: Path) -> None:
        self.served = served
        self.state_dir = state_dir

    async def __call__(self, *words: str, env: Mapping[str, str] | None = None) -> Ran:
        return await command(self.state_dir, *words, env=env)

    async def json(self, *words: str) -> Any:
        """The one JSON object of a command that went well."""
        ran = await self(*words, "--json")
        assert (ran.code, ran.err) == (0, ""), ran
        return json.loads(ran.out)


async def command(state_dir: Path, *words: str, env: Mapping[str, str] | None = None) -> Ran:
    """Runs one command as a program of its own; no traceback and no token may be seen of it."""
    where = () if "--url" in words else ("--state-dir", str(state_dir))
    done = await trio.run_process(
        [sys.executable, "-c", PROGRAM, *words, *where],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "HOME": str(state_dir.parent), "PYTHONIOENCODING": "utf-8", **(env or {})},
        capture_stdout=True,
        capture_stderr=True,
        check=False,
    )
    ran = Ran(done.returncode, done.stdout.decode(), done.stderr.decode())
    assert "Traceback" not in ran.err, ran.err
    assert TOKEN.partition(":")[2] not in ran.out + ran.err
    return ran


@asynccontextmanager
async def terminal(directory: Path, *tokens: str, zalo: dict[str, Any], **sections: Any) -> AsyncIterator[Terminal]:
    async with serving(directory, *tokens, zalo=zalo, **sections) as served:
        yield Terminal(served, served.rig.around.state_dir)
