"""What happens in a running router, in words that every observer shares.

Logic emits these and writes no log line of its own; `router.telemetry` turns them into counters, lines and
notifications. A new event is one struct here and one row in the table there.

Rule 1: no message text, no token and no pairing code is ever a field. Ids, reasons and durations are.
Rule 2: `reason` and `error` are the law's own words or the peer's description, never an address with credentials in it.
Rule 3: this module imports nothing that can touch the world, so the law may make events too.
"""

from __future__ import annotations

import msgspec

from actors.messages import AccountKey, AccountState, Chat, MediaKind


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """The base of them all."""


class AccountStateChanged(Event, frozen=True, kw_only=True):
    """An account entered another state; `error` is why, if it is not well."""

    account: AccountKey
    state: AccountState
    restarts: int = 0
    error: str = ""


class AccountWarning(Event, frozen=True, kw_only=True):
    """An account goes on, and an operator should know in spite of what."""

    account: AccountKey
    warning: str


class MessageAccepted(Event, frozen=True, kw_only=True):
    """A message is durable and will be answered."""

    chat: Chat
    sender_id: str
    message_id: str


class MessageDuplicate(Event, frozen=True, kw_only=True):
    """The network delivered a message again that was known already."""

    chat: Chat
    message_id: str


class MessageDropped(Event, frozen=True, kw_only=True):
    """A message was judged and not given to an agent. `reason` is a word of the law."""

    chat: Chat
    sender_id: str
    message_id: str
    reason: str


class CommandHandled(Event, frozen=True, kw_only=True):
    """The router answered a command such as `/status` itself."""

    chat: Chat
    sender_id: str
    command: str


class DeadLettered(Event, frozen=True, kw_only=True):
    """Something arrived that could not be decoded; its bytes are on the dead-letter shelf."""

    account: AccountKey
    reason: str


class PairingRequested(Event, frozen=True, kw_only=True):
    """A stranger asked to be let in, and was given a code."""

    chat: Chat
    sender_id: str


class PairingApproved(Event, frozen=True, kw_only=True):
    """A sender was let in."""

    account: AccountKey
    sender_id: str


class SessionReset(Event, frozen=True, kw_only=True):
    """A conversation began anew: an operator did it, or a rule of `session.reset`."""

    chat: Chat
    session_key: str
    reason: str = "an operator asked for it"


class TurnStarted(Event, frozen=True, kw_only=True):
    """An agent was given a message."""

    chat: Chat
    agent_id: str
    inbox_id: int


class TurnFinished(Event, frozen=True, kw_only=True):
    """An agent answered, and its answer is durable."""

    chat: Chat
    agent_id: str
    inbox_id: int
    seconds: float
    """Since the turn started, waiting between attempts included."""


class TurnFailed(Event, frozen=True, kw_only=True):
    """An agent stayed broken: the message is dead."""

    chat: Chat
    agent_id: str
    inbox_id: int
    reason: str


class MediaFetched(Event, frozen=True, kw_only=True):
    """A file that came with a message is in the state directory."""

    chat: Chat
    inbox_id: int
    kind: MediaKind
    bytes: int


class MediaUnavailable(Event, frozen=True, kw_only=True):
    """A file that came with a message could not be had; the agent is told so. `reason` holds no address."""

    chat: Chat
    inbox_id: int
    kind: MediaKind
    reason: str


class DeliverySent(Event, frozen=True, kw_only=True):
    """The network confirmed it."""

    chat: Chat
    outbox_id: int
    seconds: float
    """Since it was queued."""


class DeliveryRetry(Event, frozen=True, kw_only=True):
    """It will be sent again: it did not go out, or may not have and the account says `resend`."""

    chat: Chat
    outbox_id: int
    reason: str
    delay_seconds: float


class DeliveryHeld(Event, frozen=True, kw_only=True):
    """It may have gone out, and waits for an operator to say so; its chat waits with it."""

    chat: Chat
    outbox_id: int
    reason: str


class DeliveryDead(Event, frozen=True, kw_only=True):
    """It did not go out and will not be tried again."""

    chat: Chat
    outbox_id: int
    reason: str


class StoreFailed(Event, frozen=True, kw_only=True):
    """The store refuses writes: nothing is taken in until it recovers."""

    reason: str
    attempt: int


class StoreRecovered(Event, frozen=True, kw_only=True):
    """The store takes writes again."""

    attempts: int


class SettingsLoaded(Event, frozen=True, kw_only=True):
    """Settings are in force."""

    path: str
    accounts: int
    agents: int


class SettingsWarning(Event, frozen=True, kw_only=True):
    """A setting works and is unsafe, surprising or old."""

    warning: str


class SettingsReloaded(Event, frozen=True, kw_only=True):
    """Changed settings are in force."""

    path: str
    changes: str
    """What they change, in one line."""
    needs_restart: str = ""
    """The sections that are in force only after a restart of the router."""


class SettingsRefused(Event, frozen=True, kw_only=True):
    """Changed settings cannot be used; those before stay in force."""

    path: str
    problem: str
    """The first one, in one sentence."""


class Serving(Event, frozen=True, kw_only=True):
    """The router is up."""

    version: str
    pid: int
    control_url: str
    """Without the token."""


class Draining(Event, frozen=True, kw_only=True):
    """The router takes nothing new in and finishes what it can before the deadline."""

    reason: str
    deadline_seconds: float


class Stopped(Event, frozen=True, kw_only=True):
    """The router has ended; what is left waits in the store for the next start."""

    uptime_seconds: float
    unfinished: int


class ControlFault(Event, frozen=True, kw_only=True):
    """A bug showed while a request of the control socket was worked on."""

    method: str
    """Empty when the connection itself failed."""
    error: str
