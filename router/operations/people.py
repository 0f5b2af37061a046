"""Strangers and those who were let in."""

from __future__ import annotations

from actors.messages import AccountKey
from router import messages
from router.control.jsonrpc import ControlError, ErrorCode
from router.control.protocol.pairing import (
    ApprovedListResult,
    ApprovePairing,
    ListApproved,
    ListPairings,
    PairingApproved,
    PairingListResult,
    PairingRejected,
    PairingRevoked,
    RejectPairing,
    RevokePairing,
)
from router.control.reports import approved_report, pairing_report
from router.operations.inside import Inside
from router.rules.pairing import LIFETIME_SECONDS
from router.rules.policy import normalize_id


class People:
    """`pairing.*`."""

    def __init__(self, inside: Inside) -> None:
        self._inside = inside

    async def pending(self, params: ListPairings) -> PairingListResult:
        """See the protocol."""
        found = self._inside.router.pending_pairings(params.channel, params.account)
        reports = tuple(pairing_report(request, expires_at=request.created_at + LIFETIME_SECONDS) for request in found)
        return PairingListResult(channel=params.channel, requests=reports)

    async def approved(self, params: ListApproved) -> ApprovedListResult:
        """See the protocol."""
        found = self._inside.router.state.pairings.approved(params.channel, params.account)
        return ApprovedListResult(approved=tuple(map(approved_report, found)))

    async def approve(self, params: ApprovePairing) -> PairingApproved:
        """See the protocol. Not undone when the client leaves before the answer."""
        channel = self._inside.known_channel(params.channel)
        order = messages.ApprovePairing(channel, params.code, params.account, params.notify)
        approval = await self._inside.order(order)
        if approval is None:
            raise _no_such_code(params.code)
        account = approval.account
        return PairingApproved(
            channel=account.channel, account_id=account.account_id, id=approval.sender_id, name=approval.sender_name
        )

    async def reject(self, params: RejectPairing) -> PairingRejected:
        """See the protocol."""
        channel = self._inside.known_channel(params.channel)
        request = await self._inside.order(messages.RejectPairing(channel, params.code, params.account))
        if request is None:
            raise _no_such_code(params.code)
        account = request.account
        return PairingRejected(
            channel=account.channel, account_id=account.account_id, id=request.sender_id, name=request.sender_name
        )

    async def revoke(self, params: RevokePairing) -> PairingRevoked:
        """See the protocol. Approvals of accounts that are gone from the settings can be revoked too."""
        sender_id = self._sender(params.channel, params.id)
        approvals = self._inside.router.state.pairings.approved(params.channel, params.account)
        accounts = [each.account for each in approvals if normalize_id(each.sender_id) == sender_id]
        revoked = [key for key in accounts if await self._inside.order(messages.RevokeApproval(key, sender_id))]
        if not revoked:
            where = params.channel if params.account is None else AccountKey(params.channel, params.account)
            raise ControlError(ErrorCode.NOT_FOUND, f"{params.id} was not let in by pairing on {where}")
        return PairingRevoked(
            channel=params.channel, id=params.id, account_ids=tuple(key.account_id for key in revoked)
        )

    def _sender(self, channel: str, typed: str) -> str:
        kind = self._inside.around.channel_kinds.get(channel)
        return normalize_id(typed, kind.id_prefixes if kind else ())


def _no_such_code(code: str) -> ControlError:
    return ControlError(ErrorCode.NOT_FOUND, f"No pending pairing request found for code: {code.strip().upper()}")
