"""How long nobody is answered when the router begins, and when it was killed in the middle of much work."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import trio

from bench.children import python_child
from bench.contract import Figure, Scale, Tell
from bench.stage import Stage, stage

WAITING = 10_000
LOOK_SECONDS = 0.002
LONGEST_SECONDS = 120.0


async def run(scale: Scale, tell: Tell) -> list[Figure]:
    """Starts a router in an empty directory, then in one that a killed process left."""
    tell("an empty directory")
    async with _one_bot() as scene:
        fresh = await _start(scene, "nothing to do", expected=0)
    waiting = min(WAITING, scale.messages)
    tell(f"{waiting:,} messages waiting")
    async with _one_bot() as scene:
        words = ("-m", "bench.leave_waiting", str(scene.directory / "state"), str(waiting))
        async with python_child(words, scene.directory / "killed.log") as killed:
            await killed.wait()
        for number in range(1000):
            scene.api.know(scene.bots[0], f"user{number}")
        return fresh + await _start(scene, f"{waiting:,} waiting after kill -9", expected=waiting)


@asynccontextmanager
async def _one_bot() -> AsyncIterator[Stage]:
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        async with stage(1, Path(directory)) as scene:
            yield scene


async def _start(scene: Stage, case: str, *, expected: int) -> list[Figure]:
    home = scene.home()
    began = trio.current_time()
    async with home.serving() as process:
        await home.wait_until_serving(process)
        serving = trio.current_time() - began
        await scene.wait_until_all_poll(process, home.log)
        polling = trio.current_time() - began
        with trio.fail_after(LONGEST_SECONDS):
            while len(scene.bots[0].sent) < expected:
                await trio.sleep(LOOK_SECONDS)
        done = trio.current_time() - began
    figures = [Figure(case, "until it serves", serving, "s"), Figure(case, "until it polls", polling, "s")]
    return [*figures, Figure(case, "until all is answered", done, "s")] if expected else figures
