"""What becomes of a message that came in: judged once, then dropped, paired, or put in its session's lane."""

from __future__ import annotations

from msgspec.structs import replace

from actors.messages import Inbound, TextContent
from router.events import MessageAccepted, MessageDropped, PairingRequested
from router.rules.destinations import destination
from router.rules.envelope import body_text
from router.rules.outflow import queue
from router.rules.policy import Admit, AskToPair, Drop, Verdict, judge
from router.rules.records import InboxRow, PairingRequest
from router.rules.state import Chance, Decision, Moment, State
from router.rules.turns import enqueue

ANSWERABLE = frozenset({"text", "image", "voice", "video", "file"})
"""Kinds that agents are given. Stickers and kinds that the network withholds are recorded, counted and left."""


def accept(state: State, inbound: Inbound, moment: Moment, chance: Chance, decision: Decision) -> None:
    """Takes in a message that was not known before. From here on its (account, message id) is."""
    account = inbound.chat.account
    approved = state.pairings.is_approved(account, inbound.sender_id)
    judged = judge(state.policy(account), inbound, approved=approved)
    verdict = _with_content(judged, inbound)
    match verdict:
        case Drop(reason):
            _drop(state, inbound, reason, moment, decision)
            if isinstance(judged, Admit):
                _excuse(state, inbound, moment, decision)
        case AskToPair():
            _pair(state, inbound, moment, chance, decision)
        case _:
            _admit(state, inbound, verdict.authorized, moment, chance, decision)


def _with_content(verdict: Verdict, inbound: Inbound) -> Verdict:
    """A message that nobody could answer stops here, whoever sent it."""
    if isinstance(verdict, Drop):
        return verdict
    if inbound.kind not in ANSWERABLE:
        return Drop(f"{inbound.kind}: this kind of message is not answered")
    if not body_text(inbound):
        return Drop("empty message")
    return verdict


def _drop(state: State, inbound: Inbound, reason: str, moment: Moment, decision: Decision) -> None:
    row = _new_row(state, inbound, moment)
    decision.put_inbox(replace(row, state="dropped", reason=reason))
    decision.events.append(
        MessageDropped(chat=inbound.chat, sender_id=inbound.sender_id, message_id=inbound.message_id, reason=reason)
    )


def _excuse(state: State, inbound: Inbound, moment: Moment, decision: Decision) -> None:
    """Says once in a while, to who may speak, that this kind of message is not answered."""
    words = state.rulebook.unsupported_reply
    if words and state.courtesy.is_due(inbound.chat, inbound.kind, moment.monotonic):
        queue(state, inbound.chat, (TextContent(words),), None, moment, decision)


def _pair(state: State, inbound: Inbound, moment: Moment, chance: Chance, decision: Decision) -> None:
    asked = state.pairings.ask(inbound, moment.wall, chance.pairing_code)
    _drop(state, inbound, asked.reason, moment, decision)
    decision.changes.extend(asked.changes)
    if asked.is_new:
        decision.events.append(PairingRequested(chat=inbound.chat, sender_id=inbound.sender_id))
    if asked.tell is not None:
        queue(state, inbound.chat, (TextContent(_pairing_text(state, asked.tell)),), None, moment, decision)


def _pairing_text(state: State, request: PairingRequest) -> str:
    return state.rulebook.texts.pairing.format(
        user_id=request.sender_id, code=request.code, channel=request.account.channel
    )


def _admit(
    state: State, inbound: Inbound, authorized: bool, moment: Moment, chance: Chance, decision: Decision
) -> None:
    agent_id, key = destination(state, inbound)
    row = replace(
        _new_row(state, inbound, moment), agent_id=agent_id, session_key=key, authorized=authorized, state="waiting"
    )
    decision.put_inbox(row)
    decision.events.append(
        MessageAccepted(chat=inbound.chat, sender_id=inbound.sender_id, message_id=inbound.message_id)
    )
    state.unfinished[inbound.chat.account] += 1
    enqueue(state, row, moment, chance, decision)


def _new_row(state: State, inbound: Inbound, moment: Moment) -> InboxRow:
    row = InboxRow(inbox_id=state.next_inbox_id, inbound=inbound, received_at=moment.wall, state="waiting")
    state.next_inbox_id += 1
    return row
