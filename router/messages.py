"""What the router actor is told and asked from inside the router: by its agents' turns and by whoever operates it.

What accounts tell it is in `actors.protocol`. All messages to the router actor are made of these two modules.
"""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

from actors.mailbox import Request
from actors.messages import AccountKey, Chat, Content, Reply
from actors.protocol import AccountToRouter
from router.rules.interventions import Impossible
from router.rules.records import Approval, InboxRow, OutboxRow, PairingRequest, SendOrder, Session
from router.rules.state import Rulebook

R = TypeVar("R")


class TurnAnswered(msgspec.Struct, frozen=True):
    """An agent answered."""

    turn_id: int
    reply: Reply
    seconds: float


class TurnBroke(msgspec.Struct, frozen=True):
    """An agent stayed broken; `reason` is for the operator."""

    turn_id: int
    reason: str


class Order(Request[R], Generic[R]):
    """What an operator asks of the router actor; answered once its effects are durable."""

    __slots__ = ()


class ApprovePairing(msgspec.Struct, Order[Approval | None], frozen=True):
    """Lets the sender with this code in. None when no open request has the code."""

    channel: str
    code: str
    account_id: str | None = None
    notify: bool = False
    """Whether the sender is told."""


class RejectPairing(msgspec.Struct, Order[PairingRequest | None], frozen=True):
    """Turns the sender with this code away. None when no open request has the code."""

    channel: str
    code: str
    account_id: str | None = None


class RevokeApproval(msgspec.Struct, Order[bool], frozen=True):
    """Takes an approval back; False when there is none."""

    account: AccountKey
    sender_id: str


class SendMessage(msgspec.Struct, Order[SendOrder], frozen=True):
    """Has something sent. Under a `send_id` that was used before nothing is sent: the answer is that order."""

    chat: Chat
    contents: tuple[Content, ...]
    send_id: str
    digest: str


class RetrySend(msgspec.Struct, Order[OutboxRow | Impossible | None], frozen=True):
    """Sends a held or dead row again. None when there is no such row."""

    outbox_id: int


class DropSend(msgspec.Struct, Order[OutboxRow | Impossible | None], frozen=True):
    """Gives a held or dead row up. None when there is no such row."""

    outbox_id: int


class RetryTurn(msgspec.Struct, Order[InboxRow | Impossible | None], frozen=True):
    """Gives a dead message to its agent once more. None when there is no such message."""

    inbox_id: int


class ResetSession(msgspec.Struct, Order[Session | None], frozen=True):
    """Begins a session anew. None when there is no such session."""

    session_key: str


class UseRulebook(msgspec.Struct, Order[None], frozen=True):
    """Decides by other rules from now on."""

    rulebook: Rulebook


class AreYouThere(msgspec.Struct, Order[None], frozen=True):
    """Nothing is wanted but the answer."""


class Drain(msgspec.Struct, frozen=True):
    """Begin no more turns; go on with what runs and with sending."""


Decidable = (
    ApprovePairing
    | RejectPairing
    | RevokeApproval
    | SendMessage
    | RetrySend
    | DropSend
    | RetryTurn
    | ResetSession
    | UseRulebook
    | AreYouThere
)
"""Everything that an operator can ask of the router actor."""

ToRouter = AccountToRouter | TurnAnswered | TurnBroke | Decidable | Drain
