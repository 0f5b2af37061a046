"""What the control socket can ask for, done: one handler a method of the protocol."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

import trio

from actors.errors import StoreUnavailable
from actors.messages import AccountKey
from actors.protocol import AccountStatus
from router import messages
from router.actor import RouterActor
from router.control.connection import Handlers
from router.control.jsonrpc import ControlError, ErrorCode
from router.control.protocol.overview import GetStatus, Ping, Pong, StatusResult, StoreStatus
from router.control.protocol.pairing import ApprovePairing, ListPairings, PairingApproved, PairingListResult
from router.control.reports import pairing_report
from router.report import account_reports, agent_reports
from router.rules.pairing import LIFETIME_SECONDS
from router.settings.load import Loaded
from router.store.contract import Store
from router.version import VERSION

STORE_PATIENCE_SECONDS = 1.0
"""How long status waits for the store: a stuck disk must not make the router look dead."""


class Operations:
    """A running router as its operators see it."""

    def __init__(
        self,
        loaded: Loaded,
        router: RouterActor,
        store: Store,
        statuses: Callable[[], Mapping[AccountKey, AccountStatus]],
        counters: Callable[[], dict[str, int]],
        redact: Callable[[str], str] = str,
    ) -> None:
        self._loaded = loaded
        self._router = router
        self._store = store
        self._statuses = statuses
        self._counters = counters
        self._redact = redact
        self._started = trio.current_time()

    def handlers(self) -> Handlers:
        """By the names of the protocol's methods."""
        return {
            "ping": self.ping,
            "status": self.status,
            "pairing.list": self.list_pairings,
            "pairing.approve": self.approve_pairing,
        }

    async def ping(self, _: Ping) -> Pong:
        """See the protocol."""
        return Pong(pid=os.getpid())

    async def status(self, _: GetStatus) -> StatusResult:
        """See the protocol. Answers also while the store cannot be read; dead letters are not counted then."""
        settings, state = self._loaded.settings, self._router.state
        dead, trouble = await self._dead()
        error = self._router.store_error or trouble
        return StatusResult(
            version=VERSION,
            pid=os.getpid(),
            uptime_seconds=round(trio.current_time() - self._started, 3),
            state="draining" if state.draining else "serving",
            store=StoreStatus(ok=not error, error=error),
            accounts=account_reports(settings.accounts, self._statuses(), state, dead, self._redact),
            agents=agent_reports(settings.agents, state),
            warnings=self._loaded.warnings,
            counters=self._counters(),
        )

    async def list_pairings(self, params: ListPairings) -> PairingListResult:
        """See the protocol."""
        found = self._router.pending_pairings(params.channel, params.account)
        reports = tuple(pairing_report(request, expires_at=request.created_at + LIFETIME_SECONDS) for request in found)
        return PairingListResult(channel=params.channel, requests=reports)

    async def approve_pairing(self, params: ApprovePairing) -> PairingApproved:
        """See the protocol. Not undone when the client leaves before the answer."""
        known = {account.key.channel for account in self._loaded.settings.accounts}
        if params.channel not in known:
            channels = ", ".join(sorted(known)) or "none"
            raise ControlError(ErrorCode.REFUSED, f"no account of channel {params.channel!r}; channels: {channels}")
        with trio.CancelScope(shield=True):
            approval = await self._router.ref.ask(messages.ApprovePairing(params.channel, params.code, params.account))
        if approval is None:
            code = params.code.strip().upper()
            raise ControlError(ErrorCode.NOT_FOUND, f"No pending pairing request found for code: {code}")
        return PairingApproved(
            channel=approval.account.channel,
            account_id=approval.account.account_id,
            id=approval.sender_id,
            name=approval.sender_name,
        )

    async def _dead(self) -> tuple[dict[AccountKey, int], str]:
        with trio.move_on_after(STORE_PATIENCE_SECONDS):
            try:
                return dict(await self._store.dead_by_account()), ""
            except StoreUnavailable as error:
                return {}, error.reason
        return {}, f"the store has not answered for {STORE_PATIENCE_SECONDS:g} s"
