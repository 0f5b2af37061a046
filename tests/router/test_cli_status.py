from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import trio
from cli_bench import PROGRAM, ROOT, Ran, run
from control_bench import HANDLERS, served

from router.control.endpoint import published
from router.control.protocol.overview import AccountReport, AgentReport, GetStatus, Ping, StatusResult, StoreStatus

FULL = StatusResult(
    version="0.1.0",
    pid=4711,
    uptime_seconds=3723.0,
    state="draining",
    store=StoreStatus(ok=False, error="disk full"),
    accounts=(
        AccountReport(
            channel="zalo",
            account_id="shop",
            label="Shop",
            state="needs-login",
            since="2020-01-01T00:00:00.000Z",
            last_error="HTTP 401\x1b[2J",
            restarts=3,
            inbox_waiting=1,
            turns_running=1,
            outbox_queued=4,
            outbox_unknown=2,
            outbox_dead=1,
        ),
    ),
    agents=(AgentReport(id="main", kind="echo", running=1, waiting=2),),
    warnings=("no agent is configured: the built-in echo agent answers",),
    counters={"message.accepted": 7},
)


async def full(params: GetStatus) -> StatusResult:
    return FULL


async def test_status_shows_state_store_accounts_agents_and_warnings(tmp_path: Path) -> None:
    ran = await run(tmp_path, "status", {**HANDLERS, "status": full})
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[:2] == [
        "router 0.1.0 is draining (pid 4711, up 62 min)",
        "store: takes no writes, intake has stopped: disk full",
    ]
    account = lines[lines.index("Accounts (1)") + 2]
    assert account.split()[:4] == ["zalo", "shop", "Shop", "needs-login"]
    assert account.endswith("-   -    2 in, 4 out  3         HTTP 401\\x1b[2J")
    assert lines[lines.index("Agents (1)") + 2].split() == ["main", "echo", "1", "2"]
    assert lines[lines.index("Warnings") + 1 :] == [
        "- replies of zalo:shop: 2 may or may not have gone out; decide with `router outbox list`",
        "- replies of zalo:shop: 1 could not be sent and will not be tried again (`router outbox list`)",
        "- no agent is configured: the built-in echo agent answers",
    ]


async def test_status_as_json_is_the_routers_own_answer(tmp_path: Path) -> None:
    ran = await run(tmp_path, "status --json", {**HANDLERS, "status": full})
    assert msgspec.json.decode(ran.out, type=StatusResult) == FULL


async def test_status_of_a_router_without_accounts(tmp_path: Path) -> None:
    ran = await run(tmp_path, "status")
    assert ran.out == "router 0.1.0 is serving (pid 4711, up 62 min)\nstore: ok\nNo accounts.\n"


async def test_a_fault_of_the_router_is_exit_1_and_hides_its_detail(tmp_path: Path) -> None:
    async def broken(params: Ping) -> StatusResult:
        raise RuntimeError("detail")

    ran = await run(tmp_path, "status", {**HANDLERS, "status": broken})
    assert ran == Ran(1, "", "internal error; the router's log says more\n")


async def test_a_closed_pipe_ends_without_a_traceback(tmp_path: Path) -> None:
    async with served() as server:
        with published(tmp_path, server.endpoint):
            program = f"{sys.executable} -c '{PROGRAM}' status --state-dir {tmp_path} | true"
            done = await trio.run_process(["sh", "-c", program], cwd=ROOT, capture_stderr=True, check=False)
    assert done.stderr == b""


async def test_watching_shows_it_over_and_over_and_waits_for_a_router_that_is_away(tmp_path: Path) -> None:
    seen = b""
    with trio.fail_after(30):
        async with served() as server:
            with published(tmp_path, server.endpoint):
                words = ["status", "--watch", "--state-dir", str(tmp_path)]
                process = await trio.lowlevel.open_process(
                    [sys.executable, "-c", PROGRAM, *words], cwd=ROOT, stdout=subprocess.PIPE
                )
                assert process.stdout is not None
                while b"is serving" not in seen:
                    seen += await process.stdout.receive_some()
            while b"waiting for it" not in seen:
                seen += await process.stdout.receive_some()
            process.kill()
            await process.wait()


async def test_watching_is_for_people(tmp_path: Path) -> None:
    ran = await run(tmp_path, "status --watch --json")
    assert ran.code == 2
    assert "--watch shows a screen" in ran.err
