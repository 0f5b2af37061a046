from __future__ import annotations

from pathlib import Path

import trio
from kill_loop import run


async def test_thirty_kills_lose_nothing_finish_nothing_twice_and_keep_every_chat_in_order(tmp_path: Path) -> None:
    with trio.fail_after(150):
        report = await run(30, 11, tmp_path)
    assert report.faults == []
    assert report.accepted > 100
    assert report.answered == report.accepted
    assert sum(report.kills_at_points.values()) >= 5
