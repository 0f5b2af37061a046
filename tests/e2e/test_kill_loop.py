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


async def test_ten_kills_of_a_router_on_webhooks_lose_nothing_that_was_posted(tmp_path: Path) -> None:
    with trio.fail_after(150):
        report = await run(10, 11, tmp_path, "webhook")
    assert report.faults == []
    assert report.answered == report.accepted == report.said > 50
    assert report.killed_from_outside + report.kills_at_points.total() == 10


async def test_five_kills_of_a_router_with_personal_accounts_leave_every_chat_in_order(tmp_path: Path) -> None:
    with trio.fail_after(150):
        report = await run(5, 11, tmp_path, "zca")
    assert report.faults == []
    assert report.answered == report.accepted > 10
    assert report.killed_from_outside + report.kills_at_points.total() == 5
