"""How the router as a whole is doing."""

from __future__ import annotations

from typing import Literal

import msgspec

from actors.messages import AccountState
from router.control.protocol.base import Call, Params, Result


class Pong(Result, frozen=True, kw_only=True):
    """The socket works and the token is right."""

    pid: int


class Ping(Params, Call[Pong], frozen=True, kw_only=True):
    """Answers at once, without asking any actor."""


class StoreStatus(Result, frozen=True, kw_only=True):
    """Whether the store takes writes."""

    ok: bool
    error: str = ""


class AccountReport(Result, frozen=True, kw_only=True):
    """One account: what its actor says of itself, and what waits for it."""

    channel: str
    account_id: str
    label: str = ""
    """The display name of the settings."""
    state: AccountState
    since: str
    """When it entered this state."""
    last_error: str = ""
    restarts: int = 0
    last_inbound_at: str | None = None
    last_outbound_at: str | None = None
    last_good_at: str | None = None
    """The last time that receiving certainly worked, message or no message."""
    webhook_verification: str = ""
    """How the network's own test of the webhook went; empty without a webhook."""
    display_name: str = ""
    """Who the network says this account is."""
    inbox_waiting: int = 0
    turns_running: int = 0
    outbox_queued: int = 0
    outbox_unknown: int = 0
    """May have gone out, may not: an operator decides."""
    outbox_dead: int = 0


class AgentReport(Result, frozen=True, kw_only=True):
    """One agent: how many turns it works on, and how many wait for it."""

    id: str
    kind: str
    running: int = 0
    waiting: int = 0


class StatusResult(Result, frozen=True, kw_only=True):
    """The state of the router, read from its actors when asked."""

    version: str
    pid: int
    uptime_seconds: float
    state: Literal["serving", "draining"]
    store: StoreStatus
    accounts: tuple[AccountReport, ...] = ()
    agents: tuple[AgentReport, ...] = ()
    warnings: tuple[str, ...] = ()
    """Settings that work and are unsafe or surprising; one sentence each."""
    counters: dict[str, int] = msgspec.field(default_factory=dict)
    """How often each thing happened since the start, by the names of `router.telemetry`."""


class GetStatus(Params, Call[StatusResult], frozen=True, kw_only=True):
    """How the router, its store, its accounts and its agents are doing."""
