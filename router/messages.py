"""What the router actor is told and asked from inside the router: by its agents' turns and by whoever operates it.

What accounts tell it is in `actors.protocol`. All messages to the router actor are made of these two modules.
"""

from __future__ import annotations

import msgspec

from actors.mailbox import Request
from actors.messages import Reply
from actors.protocol import AccountToRouter
from router.rules.records import Approval


class TurnAnswered(msgspec.Struct, frozen=True):
    """An agent answered."""

    turn_id: int
    reply: Reply
    seconds: float


class TurnBroke(msgspec.Struct, frozen=True):
    """An agent stayed broken; `reason` is for the operator."""

    turn_id: int
    reason: str


class ApprovePairing(msgspec.Struct, Request[Approval | None], frozen=True):
    """Lets the sender with this code in. Answered once it is durable; None when no open request has the code."""

    channel: str
    code: str
    account_id: str | None = None


class Drain(msgspec.Struct, frozen=True):
    """Begin no more turns; go on with what runs and with sending."""


ToRouter = AccountToRouter | TurnAnswered | TurnBroke | ApprovePairing | Drain
