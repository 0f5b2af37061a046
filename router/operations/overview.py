"""How the router as a whole is doing."""

from __future__ import annotations

import os

import trio

from actors.errors import StoreUnavailable
from actors.messages import AccountKey
from router.control.protocol.overview import GetStatus, Ping, Pong, StatusResult, StoreStatus
from router.operations.inside import Inside
from router.report import account_reports, agent_reports
from router.version import VERSION

STORE_PATIENCE_SECONDS = 1.0
"""How long status waits for the store: a stuck disk must not make the router look dead."""


class Overview:
    """`ping` and `status`."""

    def __init__(self, inside: Inside) -> None:
        self._inside = inside
        self._started = trio.current_time()

    async def ping(self, _: Ping) -> Pong:
        """See the protocol."""
        return Pong(pid=os.getpid())

    async def status(self, _: GetStatus) -> StatusResult:
        """See the protocol. Answers also while the store cannot be read; dead letters are not counted then."""
        inside = self._inside
        settings, state, around = inside.settings, inside.router.state, inside.around
        dead, trouble = await dead_by_account(inside)
        error = inside.router.store_error or trouble
        return StatusResult(
            version=VERSION,
            pid=os.getpid(),
            uptime_seconds=round(trio.current_time() - self._started, 3),
            state="draining" if state.draining else "serving",
            store=StoreStatus(ok=not error, error=error),
            accounts=account_reports(settings.accounts, inside.fleet.statuses(), state, dead, around.redact),
            agents=agent_reports(settings.agents, state),
            warnings=inside.loaded().warnings,
            counters=around.telemetry.counters(),
        )


async def dead_by_account(inside: Inside) -> tuple[dict[AccountKey, int], str]:
    """How many things to send each account has given up, and why that could not be read; raises nothing."""
    with trio.move_on_after(STORE_PATIENCE_SECONDS):
        try:
            return dict(await inside.store.dead_by_account()), ""
        except StoreUnavailable as error:
            return {}, error.reason
    return {}, f"the store has not answered for {STORE_PATIENCE_SECONDS:g} s"
