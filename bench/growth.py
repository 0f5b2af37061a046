"""What a message costs when much is remembered: from being brought in to its answer's receipt, all durable."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import trio

from actors.messages import Chat
from bench.contract import Figure, Scale, Tell
from bench.desk import ACCOUNT, Desk, inbound, open_desk
from router.rules.records import Approval, Change, InboxRow, PutApproval, PutInbox, PutSession, Session

CASES = ((1_000, 10), (1_000, 10_000), (100_000, 10), (100_000, 10_000))
WRITERS = 64
BATCH = 2_000


async def run(scale: Scale, tell: Tell) -> list[Figure]:
    """Finished messages in the store, and people known to the router."""
    figures = []
    for rows, people in CASES:
        case = f"{rows:,} messages, {people:,} people"
        tell(case)
        with tempfile.TemporaryDirectory(prefix="bench-") as directory:
            began = time.perf_counter()
            async with open_desk(Path(directory), answering=True, remembered=list(_past(rows, people))) as desk:
                filled = time.perf_counter() - began
                tell(f"{case}, written in {filled:.1f} s")
                figures += await _cost(desk, case, people, scale)
    return figures


async def _cost(desk: Desk, case: str, people: int, scale: Scale) -> list[Figure]:
    began, cpu_before = trio.current_time(), time.process_time()
    count = await desk.accept_for(scale.seconds, [f"user{number % people}" for number in range(WRITERS)])
    await desk.wait_until_finished()
    seconds, cpu = trio.current_time() - began, time.process_time() - cpu_before
    return [Figure(case, "messages", count / seconds, "/s"), Figure(case, "CPU a message", 1e6 * cpu / count, "µs")]


def _past(rows: int, people: int) -> Iterator[list[Change]]:
    changes: list[Change] = [change for number in range(people) for change in _person(number)]
    for number in range(1, rows + 1):
        changes.append(PutInbox(_finished(number, f"user{number % people}")))
        if len(changes) >= BATCH:
            yield changes
            changes = []
    yield changes


def _finished(number: int, user_id: str) -> InboxRow:
    return InboxRow(
        inbox_id=number,
        inbound=inbound(f"past-{number}", user_id),
        received_at=float(number),
        state="done",
        agent_id="main",
        session_key=f"agent:main:zalo:bot0:direct:{user_id}",
        session_id=f"session-{user_id}",
        starts=1,
    )


def _person(number: int) -> tuple[Change, Change]:
    user_id = f"user{number}"
    session = Session(
        session_key=f"agent:main:zalo:bot0:direct:{user_id}",
        session_id=f"session-{user_id}",
        agent_id="main",
        created_at=1.0,
        updated_at=1.0,
        chat=Chat(ACCOUNT, user_id),
    )
    return PutApproval(Approval(account=ACCOUNT, sender_id=user_id, approved_at=1.0)), PutSession(session)
