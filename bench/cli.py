"""How long a command takes from a cold start, beside the interpreter alone."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import trio

from bench.children import ChildFailed, environment
from bench.contract import Figure, Scale, Tell
from bench.numbers import percentile
from bench.stage import stage

RUNS = 12


async def run(_scale: Scale, tell: Tell) -> list[Figure]:
    """Each command in turn, against a router that runs."""
    figures = []
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        async with stage(1, Path(directory)) as scene:
            home = scene.home()
            async with home.serving() as process:
                await home.wait_until_serving(process)
                state = ("--state-dir", str(home.state_dir))
                commands = {
                    "python -c pass": ("-c", "pass"),
                    "router --help": ("-m", "router", "--help"),
                    "router status": ("-m", "router", "status", *state),
                }
                for case, words in commands.items():
                    tell(case)
                    seconds = [await _seconds(words) for _ in range(RUNS)]
                    figures += [
                        Figure(case, "p50", 1000 * percentile(seconds, 50), "ms"),
                        Figure(case, "fastest", 1000 * min(seconds), "ms"),
                    ]
    return figures


async def _seconds(words: Sequence[str]) -> float:
    began = time.perf_counter()
    ended = await trio.run_process(
        [sys.executable, *words],
        env=environment(),
        stdout=subprocess.DEVNULL,
        capture_stderr=True,
        check=False,
    )
    if ended.returncode:
        raise ChildFailed(f"{words[-1]} ended with {ended.returncode}: {ended.stderr.decode(errors='replace')}")
    return time.perf_counter() - began
