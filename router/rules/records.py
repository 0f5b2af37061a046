"""What the router remembers: the rows, their states, and the changes that are written down.

The law decides by making `Change`s; the store writes them in one transaction; only then does anything happen in the
world. A change is the only way to alter what is remembered, and this module is the whole vocabulary of them.

All times here are Unix seconds (wall clock): they survive a restart. Waiting itself is measured elsewhere, monotonic.

States of an inbox row (a message that came in):

    waiting ──▶ running ──▶ done            answered, or the agent chose silence
       ▲           │
       └───────────┤ the process died: runs again at the next start
                   └──────▶ dead            the agent stayed broken, or the process died too often while it ran
    dropped                                 judged and not given to an agent; `reason` says why
    handled                                 answered by the router itself (a command such as /status)

States of an outbox row (one thing to send):

    queued ──▶ sending ──▶ sent
       ▲          ├──────▶ retry (not before `not_before`) ──▶ sending
       │          ├──────▶ dead             the network refused it for good, or it was tried too often
       │          └──────▶ unknown          it may have gone out; policy `resend` makes it queued, `hold` leaves it here
       └──────────────────────┘
    dropped                                 an operator gave up what was dead or unknown, or sent it again as a new row
"""

from __future__ import annotations

from typing import Literal

import msgspec

from actors.messages import AccountKey, Chat, Content, Inbound, Role

InboxState = Literal["waiting", "running", "done", "dead", "dropped", "handled"]
OutboxState = Literal["queued", "sending", "sent", "retry", "dead", "unknown", "dropped"]

INBOX_FINISHED: frozenset[InboxState] = frozenset({"done", "dead", "dropped", "handled"})
OUTBOX_FINISHED: frozenset[OutboxState] = frozenset({"sent", "dead", "dropped"})
OUTBOX_OPEN: frozenset[OutboxState] = frozenset({"queued", "sending", "retry", "unknown"})


class InboxRow(msgspec.Struct, frozen=True, kw_only=True):
    """One accepted message. Its id doubles as the id of the turn that answers it."""

    inbox_id: int
    inbound: Inbound
    received_at: float
    state: InboxState
    reason: str = ""
    """Why it was dropped or died; empty otherwise."""
    agent_id: str = ""
    session_key: str = ""
    session_id: str = ""
    starts: int = 0
    """How often a turn was begun for it, counted over restarts of the process."""
    authorized: bool = False
    """Whether the sender may use commands."""
    elapsed_seconds: float | None = None
    """Since the session's previous message; None on a new session."""


class OutboxRow(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to send. Ids rise in the order in which things must leave, within one chat."""

    outbox_id: int
    chat: Chat
    content: Content
    created_at: float
    state: OutboxState = "queued"
    inbox_id: int | None = None
    """The message it answers; None for what the router or an operator says unasked."""
    attempts: int = 0
    not_before: float = 0.0
    message_id: str = ""
    error: str = ""
    send_id: str = ""
    """The `SendOrder` it is a part of; empty for replies and for what the router says itself."""


class SendOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What an operator had sent under one idempotency key, so that asking again sends nothing again."""

    send_id: str
    """The key: the operator's own, or one made up."""
    digest: str
    """Of what was asked for: the same key with another message is a mistake."""
    outbox_ids: tuple[int, ...]
    created_at: float


class PairingRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A stranger who asked to be let in. At most one per (account, sender)."""

    account: AccountKey
    sender_id: str
    code: str
    created_at: float
    last_seen_at: float
    replied_at: float
    """When the code was last queued to be told to the stranger."""
    chat: Chat
    sender_name: str = ""


class Approval(msgspec.Struct, frozen=True, kw_only=True):
    """A sender who was let in by pairing."""

    account: AccountKey
    sender_id: str
    approved_at: float
    sender_name: str = ""


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """What one session key means now. `/new` gives the same key a new `session_id`."""

    session_key: str
    session_id: str
    agent_id: str
    created_at: float
    updated_at: float
    chat: Chat
    """Where it was last spoken in."""
    label: str = ""


class Remembered(msgspec.Struct, frozen=True, kw_only=True):
    """All that the router needs in memory to go on where the last process stopped."""

    approvals: tuple[Approval, ...] = ()
    pairings: tuple[PairingRequest, ...] = ()
    sessions: tuple[Session, ...] = ()
    unfinished: tuple[InboxRow, ...] = ()
    """Waiting and running rows, by rising id."""
    unsent: tuple[OutboxRow, ...] = ()
    """Queued, sending, retry and unknown rows, by rising id."""
    next_inbox_id: int = 1
    next_outbox_id: int = 1


class PutInbox(msgspec.Struct, frozen=True):
    """A message is accepted. Its (account, message id) is the dedupe key from now on."""

    row: InboxRow


class SetInboxState(msgspec.Struct, frozen=True, kw_only=True):
    """A turn begins, ends or dies."""

    inbox_id: int
    state: InboxState
    at: float
    reason: str = ""
    starts: int | None = None
    """New value, or None to leave it."""


class PutOutbox(msgspec.Struct, frozen=True):
    """Something is to be sent."""

    row: OutboxRow


class SetOutboxState(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the outbox moves on."""

    outbox_id: int
    state: OutboxState
    at: float
    attempts: int
    not_before: float = 0.0
    message_id: str = ""
    error: str = ""


class PutSendOrder(msgspec.Struct, frozen=True):
    """An operator's message is accepted; its parts are put in the outbox in the same commit."""

    order: SendOrder


class PutPairing(msgspec.Struct, frozen=True):
    """A request is made, or the same sender's request is brought up to date."""

    request: PairingRequest


class DropPairing(msgspec.Struct, frozen=True):
    """A request is approved, rejected or expired."""

    account: AccountKey
    sender_id: str


class PutApproval(msgspec.Struct, frozen=True):
    """A sender is let in."""

    approval: Approval


class DropApproval(msgspec.Struct, frozen=True):
    """A sender is no longer let in."""

    account: AccountKey
    sender_id: str


class PutSession(msgspec.Struct, frozen=True):
    """A session is new, was spoken in, or starts over under the same key."""

    session: Session


class AppendTranscript(msgspec.Struct, frozen=True, kw_only=True):
    """One line was said in a session."""

    session_id: str
    role: Role
    text: str
    at: float


class PutDeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """Something arrived that could not be decoded; the bytes are kept for a person to look at."""

    account: AccountKey
    raw: bytes
    reason: str
    at: float


Change = (
    PutInbox
    | SetInboxState
    | PutOutbox
    | SetOutboxState
    | PutSendOrder
    | PutPairing
    | DropPairing
    | PutApproval
    | DropApproval
    | PutSession
    | AppendTranscript
    | PutDeadLetter
)
