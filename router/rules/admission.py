"""What an operator decides about people: letting them in, turning them away, taking an approval back."""

from __future__ import annotations

from actors.messages import AccountKey, TextContent
from router.events import PairingApproved
from router.operator_events import PairingRejected, PairingRevoked
from router.rules.outflow import queue
from router.rules.records import Approval, PairingRequest
from router.rules.state import Decision, Moment, State


def approve(
    state: State, channel: str, code: str, account_id: str | None, notify: bool, moment: Moment, decision: Decision
) -> Approval | None:
    """Lets the sender with this code in, and tells them so if `notify`; None when no open request has the code."""
    request = state.pairings.find(channel, code, account_id, moment.wall)
    found = state.pairings.approve(channel, code, account_id, moment.wall)
    if request is None or found is None:
        return None
    approval, changes = found
    decision.changes.extend(changes)
    decision.events.append(PairingApproved(account=approval.account, sender_id=approval.sender_id))
    if notify:
        queue(state, request.chat, (TextContent(state.rulebook.texts.approved),), None, moment, decision)
    return approval


def reject(
    state: State, channel: str, code: str, account_id: str | None, moment: Moment, decision: Decision
) -> PairingRequest | None:
    """Takes a request away without an answer; its sender may ask anew. None when no open request has the code."""
    found = state.pairings.reject(channel, code, account_id, moment.wall)
    if found is None:
        return None
    request, change = found
    decision.changes.append(change)
    decision.events.append(PairingRejected(account=request.account, sender_id=request.sender_id))
    return request


def revoke(state: State, account: AccountKey, sender_id: str, decision: Decision) -> bool:
    """Takes an approval back, from the next message on; False when there is none."""
    changes = state.pairings.revoke(account, sender_id)
    decision.changes.extend(changes)
    if changes:
        decision.events.append(PairingRevoked(account=account, sender_id=sender_id))
    return bool(changes)
