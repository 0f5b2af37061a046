"""A process that is killed with messages waiting: `python -m bench.leave_waiting DIRECTORY COUNT`."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import trio

from bench.desk import inbound, open_store
from router.rules.records import Change, InboxRow, PutInbox

BATCH = 1_000


async def main(directory: Path, total: int) -> None:
    """Commits the rows and kills this process, so that the WAL stays as it is."""
    await trio.Path(directory).mkdir(mode=0o700, parents=True)
    async with open_store(directory) as store:
        for first in range(1, total + 1, BATCH):
            await store.commit([_waiting(number) for number in range(first, min(first + BATCH, total + 1))])
        os.kill(os.getpid(), signal.SIGKILL)


def _waiting(number: int) -> Change:
    user_id = f"user{number % 1000}"
    return PutInbox(
        InboxRow(
            inbox_id=number,
            inbound=inbound(f"waiting-{number}", user_id),
            received_at=float(number),
            state="waiting",
            agent_id="main",
            session_key=f"agent:main:zalo:bot0:direct:{user_id}",
            authorized=True,
        )
    )


if __name__ == "__main__":
    trio.run(main, Path(sys.argv[1]), int(sys.argv[2]))
