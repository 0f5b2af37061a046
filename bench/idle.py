"""What accounts cost that nobody writes to."""

from __future__ import annotations

import tempfile
from itertools import pairwise
from pathlib import Path

import msgspec
import trio

from bench.contract import Figure, Scale, Tell
from bench.stage import stage
from bench.usage import usage_of

ACCOUNTS = (1, 100, 1_000)
SETTLE_SECONDS = 2.0


class Idleness(msgspec.Struct, frozen=True):
    """One router, at rest."""

    accounts: int
    all_poll_seconds: float
    rss_bytes: int
    cpu_share: float


async def run(scale: Scale, tell: Tell) -> list[Figure]:
    """From the start of the process until all poll, then at rest."""
    found = []
    for accounts in scale.accounts or ACCOUNTS:
        tell(f"{accounts:,} accounts")
        found.append(await _idle(accounts, scale))
    figures = [figure for idleness in found for figure in _figures(idleness)]
    for fewer, more in pairwise(found):
        each = (more.rss_bytes - fewer.rss_bytes) / 1000 / max(more.accounts - fewer.accounts, 1)
        figures.append(Figure(_case(more), "each further one", each, "KB"))
    return figures


async def _idle(accounts: int, scale: Scale) -> Idleness:
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        async with stage(accounts, Path(directory)) as scene:
            home = scene.home()
            began = trio.current_time()
            async with home.serving() as process:
                await scene.wait_until_all_poll(process, home.log)
                all_poll = trio.current_time() - began
                await trio.sleep(SETTLE_SECONDS)
                before = usage_of(process.pid)
                await trio.sleep(scale.seconds)
                after = usage_of(process.pid)
    return Idleness(accounts, all_poll, after.rss_bytes, (after.cpu_seconds - before.cpu_seconds) / scale.seconds)


def _figures(idleness: Idleness) -> list[Figure]:
    case = _case(idleness)
    return [
        Figure(case, "until all poll", idleness.all_poll_seconds, "s"),
        Figure(case, "memory", idleness.rss_bytes / 1e6, "MB"),
        Figure(case, "of a core", 100 * idleness.cpu_share, "%"),
    ]


def _case(idleness: Idleness) -> str:
    return f"{idleness.accounts:,} account{'s' * (idleness.accounts > 1)}"
