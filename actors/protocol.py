"""What an account actor and the router actor say to each other. All messages between them are made of these."""

from __future__ import annotations

import msgspec

from actors.mailbox import Ref, Request
from actors.messages import AccountKey, AccountState, Chat, Identity, Inbound, Outbound, Receipt


class Deliver(msgspec.Struct, frozen=True):
    """Router to account: send this now. At most `AccountOpened.max_sends_in_flight` are outstanding at a time."""

    outbound: Outbound


class ShowTyping(msgspec.Struct, frozen=True):
    """Router to account: somebody is working on an answer for this chat. Best effort, first thing to be dropped."""

    chat: Chat


AccountMessage = Deliver | ShowTyping


class Accept(msgspec.Struct, Request[bool], frozen=True):
    """Account to router: this arrived. Answered once it is durable: True if new, False if known already."""

    inbound: Inbound


class Shelve(msgspec.Struct, Request[None], frozen=True):
    """Account to router: this arrived and cannot be decoded. Answered once it is durable."""

    account: AccountKey
    raw: bytes
    reason: str


class AwaitRoom(msgspec.Struct, Request[None], frozen=True):
    """Account to router: answered when this account's inbox has room for another message."""

    account: AccountKey


class AccountOpened(msgspec.Struct, frozen=True):
    """Account to router: started; deliveries may be sent to `mailbox` from now on."""

    account: AccountKey
    mailbox: Ref[AccountMessage]
    identity: Identity
    max_sends_in_flight: int


class AccountClosed(msgspec.Struct, frozen=True):
    """Account to router: nothing more can be delivered until it opens again.

    `receipts` settle every `Deliver` that has not been answered by a receipt before: not begun (Retry), or cut off
    (Unknown). After this message no delivery of that opening is outstanding.
    """

    account: AccountKey
    receipts: tuple[Receipt, ...] = ()


class Delivered(msgspec.Struct, frozen=True):
    """Account to router: what became of one delivery."""

    account: AccountKey
    receipt: Receipt


class AccountStatus(msgspec.Struct, frozen=True, kw_only=True):
    """What an account says of itself; status shows it. Times are Unix seconds; None means not yet."""

    account: AccountKey
    state: AccountState
    since: float
    """When it entered this state."""
    last_error: str = ""
    """Empty while all is well."""
    restarts: int = 0
    identity: Identity | None = None
    last_inbound_at: float | None = None
    last_outbound_at: float | None = None
    last_good_at: float | None = None
    """The last time that receiving certainly worked: a poll that came back, a heartbeat."""
    webhook_verification: str = ""
    """How the network's own test of the webhook went; empty without a webhook."""


class AccountChanged(msgspec.Struct, frozen=True):
    """Account to router: its state word changed."""

    status: AccountStatus


AccountToRouter = Accept | Shelve | AwaitRoom | AccountOpened | AccountClosed | Delivered | AccountChanged
