"""From what the actors and the store know to what the control socket says."""

from __future__ import annotations

import msgspec

from actors.protocol import AccountStatus
from router.control.protocol.overview import AccountReport
from router.control.protocol.pairing import ApprovedReport, PairingMeta, PairingReport
from router.control.times import iso_time
from router.rules.records import Approval, PairingRequest


class AccountLoad(msgspec.Struct, frozen=True, kw_only=True):
    """What waits for one account, in rows."""

    inbox_waiting: int = 0
    turns_running: int = 0
    outbox_queued: int = 0
    outbox_unknown: int = 0
    outbox_dead: int = 0


def account_report(status: AccountStatus, *, label: str = "", load: AccountLoad = AccountLoad()) -> AccountReport:  # noqa: B008 frozen
    """One account as `status` shows it."""
    return AccountReport(
        channel=status.account.channel,
        account_id=status.account.account_id,
        label=label,
        state=status.state,
        since=iso_time(status.since),
        last_error=status.last_error,
        restarts=status.restarts,
        last_inbound_at=_maybe(status.last_inbound_at),
        last_outbound_at=_maybe(status.last_outbound_at),
        last_good_at=_maybe(status.last_good_at),
        webhook_verification=status.webhook_verification,
        display_name=status.identity.display_name if status.identity else "",
        inbox_waiting=load.inbox_waiting,
        turns_running=load.turns_running,
        outbox_queued=load.outbox_queued,
        outbox_unknown=load.outbox_unknown,
        outbox_dead=load.outbox_dead,
    )


def pairing_report(request: PairingRequest, *, expires_at: float) -> PairingReport:
    """One pending request as `pairing list` shows it; `expires_at` in Unix seconds."""
    return PairingReport(
        channel=request.account.channel,
        account_id=request.account.account_id,
        id=request.sender_id,
        code=request.code,
        created_at=iso_time(request.created_at),
        last_seen_at=iso_time(request.last_seen_at),
        expires_at=iso_time(expires_at),
        meta=PairingMeta(name=request.sender_name or None),
    )


def approved_report(approval: Approval) -> ApprovedReport:
    """One sender who was let in, as `pairing list --approved` shows it."""
    return ApprovedReport(
        channel=approval.account.channel,
        account_id=approval.account.account_id,
        id=approval.sender_id,
        name=approval.sender_name,
        approved_at=iso_time(approval.approved_at),
    )


def _maybe(unix_seconds: float | None) -> str | None:
    return None if unix_seconds is None else iso_time(unix_seconds)
