"""What operators decided; see `router.events` for the rules that hold for all events."""

from __future__ import annotations

from actors.messages import AccountKey, Chat
from router.events import Event


class PairingRejected(Event, frozen=True, kw_only=True):
    """A request to be let in was turned down; nobody tells its sender."""

    account: AccountKey
    sender_id: str


class PairingRevoked(Event, frozen=True, kw_only=True):
    """A sender who had been let in no longer is."""

    account: AccountKey
    sender_id: str


class TurnRevived(Event, frozen=True, kw_only=True):
    """An operator had a dead message given to its agent once more."""

    chat: Chat
    agent_id: str
    inbox_id: int


class DeliveryRetried(Event, frozen=True, kw_only=True):
    """An operator had it sent again: as the same row if it was held, as a new one if it was dead."""

    chat: Chat
    outbox_id: int
    new_outbox_id: int


class DeliveryDropped(Event, frozen=True, kw_only=True):
    """An operator gave it up."""

    chat: Chat
    outbox_id: int
