"""The contract between an account actor and the network it speaks to.

A channel knows how to start, receive and send on one network as one account. It never decides who may speak, never
queues, never retries a send: that is the account's and the router's work.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import msgspec

from actors.hosting import FileHost
from actors.messages import AccountKey, Chat, Identity, Inbound, Outbound
from actors.net.webhooks import WebhookListener
from actors.secret import Secret


class Intake(Protocol):
    """What a channel's receiving side may do with what it receives. Given to `Channel.receive` by the account."""

    @property
    def stopping(self) -> bool:
        """True once the account drains: take nothing new from the network; finish and accept what has arrived."""
        ...

    async def accept(self, inbound: Inbound, *, patience_seconds: float | None = None) -> bool:
        """Returns when `inbound` is durable: True if it is new, False if it was known already.

        Shielded: a cancellation is not felt before the answer is in, so that what arrived is kept while stopping.
        With `patience_seconds`, for a network that is told and asks again, it is not shielded and raises RetryLater
        when it takes longer; the message may become durable all the same, and is then known when it comes again.
        """
        ...

    async def shelve(self, raw: bytes, reason: str, *, patience_seconds: float | None = None) -> None:
        """Keeps what could not be decoded as a dead letter. Durable when it returns; otherwise like `accept`."""
        ...

    async def wait_for_room(self) -> None:
        """Returns when the router's inbox has room for this account: call it before taking more. May be cancelled."""
        ...

    def good(self) -> None:
        """Says that the network just answered as it should (a poll came back, a heartbeat was seen)."""
        ...

    def verified(self, words: str) -> None:
        """Says how the network's own test of a webhook went, in words for status."""
        ...

    def troubled(self, reason: str, retry_in_seconds: float) -> None:
        """Says that receiving fails for now and will be tried again: the account shows `backing-off` until `good`."""
        ...


class Channel(Protocol):
    """One account on one network, opened by its `ChannelKind`."""

    async def start(self) -> Identity:
        """Checks the credentials and readies both directions.

        Raises: BadCredentials when the network refuses the login; RetryLater when it cannot be reached now.
        """
        ...

    async def receive(self, intake: Intake) -> None:
        """Takes messages in until `intake.stopping`, then returns. Handles what is transient itself, with backoff.

        Raises: BadCredentials. Anything else that it raises, or a return while not stopping, restarts the account.
        """
        ...

    async def send(self, outbound: Outbound) -> str:
        """Sends one message; returns the network's id for it ("" when it gives none).

        Raises: RetryLater (certainly not sent), Rejected (never will be), BadCredentials, UnknownOutcome (may be sent).
        On cancellation the outcome counts as unknown. Safe to call for several chats at once.
        """
        ...


@runtime_checkable
class ShowsTyping(Protocol):
    """A channel that can show "is typing…"."""

    async def show_typing(self, chat: Chat) -> None:
        """Best effort: raises nothing, gives up after a few seconds."""
        ...


class Probe(msgspec.Struct, frozen=True, kw_only=True):
    """What the network said when it was asked whether it knows this account."""

    ok: bool
    latency_ms: float
    detail: str
    """Who the account is, or what is wrong."""


@runtime_checkable
class Probes(Protocol):
    """A channel that can ask its network, at any time and without any effect, whether all is well."""

    async def probe(self) -> Identity:
        """Asks once. Raises what `Channel.start` raises."""
        ...


class Shared(msgspec.Struct, frozen=True, kw_only=True):
    """What all accounts of one router have in common, handed to each when its channel is opened."""

    state_dir: Path | None = None
    """Where an account may keep files of its own; None when nothing may be kept."""
    webhooks: WebhookListener | None = None
    """Where networks post to; None when the settings have no use for it."""
    files: FileHost | None = None
    """Gives pictures of our own an address; None when there is no listener for them."""
    warn: Callable[[AccountKey, str], None] = lambda _account, _warning: None
    """Tells the operator what an account found out and went on in spite of. Must neither wait nor raise."""


NOTHING_SHARED = Shared()


class ChannelKind(msgspec.Struct, frozen=True):
    """How a channel is known to the rest: one row of the table of kinds."""

    name: str
    """The channel id of the settings: `zalo`, `zalouser`."""
    label: str
    """What people read: `Zalo`, `Zalo Personal`."""
    id_prefixes: tuple[str, ...]
    """Prefixes stripped once from ids that people type: `zalo:`, `zl:`."""
    settings: type[msgspec.Struct]
    """The account's own settings; every field camel-cased in the file."""
    open: Callable[[AccountKey, Any, Shared], AbstractAsyncContextManager[Channel]]
    """Opens the account's clients and closes them again. Does not speak to the network: that is `start`."""
    login_of: Callable[[Any], Secret | None] = lambda _settings: None
    """What only one process may use at a time, from the account's settings; None when there is no such thing."""
    groups_must_be_named: bool = False
    """Whether `groupPolicy: allowlist` without `groups` shuts every group, whoever speaks there."""
    sends_files: bool = False
    """Whether it sends files of this machine as they are, without an address from `Shared.files`."""
    text_limit_utf16: int = 2000
    max_sends_in_flight: int = 4
