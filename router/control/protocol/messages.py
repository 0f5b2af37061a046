"""Messages: sending one, and deciding about what got stuck on its way."""

from __future__ import annotations

from typing import Literal

from router.control.protocol.base import Call, IdempotencyKey, Limit, Name, Params, Result, Seconds
from router.rules.records import OutboxState


class PartReport(Result, frozen=True, kw_only=True):
    """What became of one part of a message."""

    outbox_id: int | None = None
    """None in a dry run."""
    state: OutboxState
    kind: str
    """`text`, `photo` and so on."""
    text: str = ""
    """What is sent; in a dry run only."""
    utf16_units: int = 0
    """The length as Zalo counts it."""
    message_id: str = ""
    """The network's id for it, once it is sent; not every network gives one."""
    error: str = ""


class MessageSent(Result, frozen=True, kw_only=True):
    """What became of a message by the time of this answer.

    `sent`: the network has confirmed every part. `failed`: at least one part was refused or may not have gone out, and
    nothing will be tried by itself. `pending`: it is durable and will be sent, but was not yet. `dry-run`: nothing was
    sent; the parts are what would be.
    """

    channel: str
    account_id: str
    target: str
    outcome: Literal["sent", "failed", "pending", "dry-run"]
    reason: str = ""
    """Why it is not `sent`; empty when it is."""
    idempotency_key: str = ""
    parts: tuple[PartReport, ...]


class SendMessage(Params, Call[MessageSent], frozen=True, kw_only=True):
    """Sends a text, a picture, or both to one chat, behind whatever waits for that chat.

    The text is cut like an agent's answer. Parts leave in order; when one is refused the rest is not sent. The answer
    comes when every part has its end, at the latest after `waitSeconds`; what is not sent by then stays queued. The
    same `idempotencyKey` within seven days sends nothing again and answers for the first message; with another message
    it is REFUSED. Who may be written to is the caller's business: no policy is asked.
    """

    channel: Name
    account: Name | None = None
    """Needed only when the channel has several accounts."""
    target: Name
    """The chat's id, exactly as the network gives it; a prefix such as `zalo:` is taken off."""
    message: str = ""
    media: str = ""
    """The http(s) address of a picture."""
    group: bool = False
    """Whether the target is a group."""
    idempotency_key: IdempotencyKey | None = None
    dry_run: bool = False
    wait_seconds: Seconds = 30.0


class OutboxReport(Result, frozen=True, kw_only=True):
    """One thing to send. Its text is not shown."""

    id: int
    channel: str
    account_id: str
    chat_id: str
    state: OutboxState
    kind: str
    created_at: str
    attempts: int
    error: str = ""
    answers: int | None = None
    """The inbox id of the message that it answers; None for what was said unasked."""
    message_id: str = ""


class OutboxListResult(Result, frozen=True, kw_only=True):
    """The newest first."""

    rows: tuple[OutboxReport, ...]


class ListOutbox(Params, Call[OutboxListResult], frozen=True, kw_only=True):
    """Things to send, in one state; without one, what waits for a decision: `dead` and `unknown`."""

    state: OutboxState | None = None
    limit: Limit = 100


class RetryOutbox(Params, Call[OutboxReport], frozen=True, kw_only=True):
    """Sends something again that is `dead` (as a new row at the end of its chat) or `unknown` (it may arrive twice).

    Answers with the row that waits now. NOT_FOUND for an unknown id, REFUSED for a row that waits for no decision.
    """

    id: int


class DropOutbox(Params, Call[OutboxReport], frozen=True, kw_only=True):
    """Gives something up that is `dead` or `unknown`. A chat that was held by it goes on."""

    id: int


class InboxReport(Result, frozen=True, kw_only=True):
    """One message that came in. Its text is not shown."""

    id: int
    channel: str
    account_id: str
    chat_id: str
    sender_id: str
    kind: str
    state: str
    reason: str = ""
    agent_id: str = ""
    received_at: str
    starts: int = 0


class InboxListResult(Result, frozen=True, kw_only=True):
    """The newest first."""

    rows: tuple[InboxReport, ...]


class ListInbox(Params, Call[InboxListResult], frozen=True, kw_only=True):
    """Messages that came in, by their state; without one, the `dead`: their agent stayed broken."""

    state: Literal["waiting", "running", "done", "dead", "dropped", "handled"] = "dead"
    limit: Limit = 100


class RetryInbox(Params, Call[InboxReport], frozen=True, kw_only=True):
    """Gives a dead message to its agent once more. NOT_FOUND for an unknown id, REFUSED when it is not dead."""

    id: int


class DeadLetterReport(Result, frozen=True, kw_only=True):
    """Something that arrived and could not be decoded."""

    id: int
    channel: str
    account_id: str
    at: str
    reason: str
    bytes: int
    raw: str = ""
    """What arrived, as text, when it was asked for; what is not UTF-8 in it is escaped."""


class DeadLettersResult(Result, frozen=True, kw_only=True):
    """The newest first."""

    letters: tuple[DeadLetterReport, ...]


class ListDeadLetters(Params, Call[DeadLettersResult], frozen=True, kw_only=True):
    """What could not be decoded; with `raw`, its bytes too, at most 16,384 of each."""

    limit: Limit = 100
    raw: bool = False
