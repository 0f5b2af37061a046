"""What becomes of a thing to send, after each attempt.

The law:

1. `sending` is written down before the bytes leave. Whoever finds a row in `sending` after a crash knows one thing: it
   may have gone out. Zalo has no idempotency key, so no cleverness can know more.
2. An outcome moves the row by the table below. Only `sent` and `dead` are ends.
3. Within a chat nothing overtakes: while the head retries or is held, what follows waits.
4. When a part of a reply dies, the rest of that reply dies with it: a reply with a hole misleads.

    outcome    policy   next state
    Sent                sent
    Refused             dead      the network's words are kept
    Retry               retry     until `give_up_after_seconds` have passed since it was written, then dead
    Unknown    resend   retry     as often as `max_resends`, then dead: each may have repeated the message
    Unknown    hold     unknown   until an operator says

Waits between attempts grow from `initial_delay_seconds` twofold to `max_delay_seconds`, or are what the network asked.
"""

from __future__ import annotations

import msgspec

from actors.messages import Outcome, Refused, Retry, Sent, Unknown
from router.rules.policy import WhenUnknown
from router.rules.records import OutboxRow


class DeliveryPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of the law."""

    initial_delay_seconds: float = 1.0
    max_delay_seconds: float = 300.0
    jitter: float = 0.1
    give_up_after_seconds: float = 86_400.0
    max_resends: int = 5


class Settled(msgspec.Struct, frozen=True):
    """The row is at its end; the lane moves on."""

    row: OutboxRow


class Later(msgspec.Struct, frozen=True):
    """The row is tried again after a wait; its lane waits with it."""

    row: OutboxRow
    delay_seconds: float


class Held(msgspec.Struct, frozen=True):
    """The row, and its lane, wait for an operator."""

    row: OutboxRow


Next = Settled | Later | Held


def begin(row: OutboxRow) -> OutboxRow:
    """The row as it is written down before the bytes leave."""
    return msgspec.structs.replace(row, state="sending", attempts=row.attempts + 1, not_before=0.0)


def after(
    row: OutboxRow, outcome: Outcome, *, when_unknown: WhenUnknown, policy: DeliveryPolicy, now: float, random: float
) -> Next:
    """Moves a row that was `sending`. `now`: Unix seconds; `random`: from 0 up to 1, for the jitter."""
    match outcome:
        case Sent(message_id):
            return Settled(msgspec.structs.replace(row, state="sent", message_id=message_id, error=""))
        case Refused(reason):
            return Settled(_dead(row, reason))
        case Retry(reason, wanted_seconds):
            if now - row.created_at >= policy.give_up_after_seconds:
                return Settled(_dead(row, f"given up after {row.attempts} attempts: {reason}"))
            return _later(row, reason, wanted_seconds, policy, now, random)
        case Unknown(reason):
            return _unknown(row, reason, when_unknown, policy, now, random)


def recover(row: OutboxRow, *, when_unknown: WhenUnknown) -> OutboxRow:
    """A row as the next process takes it up: what was `sending` may have gone out."""
    if row.state == "sending" or (row.state == "unknown" and when_unknown == "resend"):
        reason = row.error or "the router stopped while it was being sent"
        state = "unknown" if when_unknown == "hold" else "retry"
        return msgspec.structs.replace(row, state=state, error=reason)
    return row


def _unknown(
    row: OutboxRow, reason: str, when_unknown: WhenUnknown, policy: DeliveryPolicy, now: float, random: float
) -> Next:
    if when_unknown == "hold":
        return Held(msgspec.structs.replace(row, state="unknown", error=reason))
    if row.attempts > policy.max_resends:
        return Settled(_dead(row, f"never confirmed in {row.attempts} attempts: {reason}"))
    return _later(row, reason, None, policy, now, random)


def _later(
    row: OutboxRow, reason: str, wanted_seconds: float | None, policy: DeliveryPolicy, now: float, random: float
) -> Later:
    doubled = policy.initial_delay_seconds * 2.0 ** min(max(row.attempts - 1, 0), 32)
    grown = min(doubled, policy.max_delay_seconds) * (1.0 + policy.jitter * random)
    delay = grown if wanted_seconds is None else max(wanted_seconds, 0.0)
    return Later(msgspec.structs.replace(row, state="retry", error=reason, not_before=now + delay), delay)


def _dead(row: OutboxRow, reason: str) -> OutboxRow:
    return msgspec.structs.replace(row, state="dead", error=reason)
