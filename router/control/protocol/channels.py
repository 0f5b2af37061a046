"""Accounts: which there are, whether they would answer now, and starting and stopping one of them."""

from __future__ import annotations

from router.control.protocol.base import Call, Name, Params, Result, Seconds
from router.control.protocol.overview import AccountReport


class ChannelReport(Result, frozen=True, kw_only=True):
    """One configured account, as the settings have it."""

    channel: str
    account_id: str
    label: str
    enabled: bool
    is_default: bool
    """Whether it is meant when a command names the channel and no account."""
    dm_policy: str
    group_policy: str
    login_from: str
    """Where its login was found in the settings, such as `config` or `file`; never the login."""


class ChannelsListResult(Result, frozen=True, kw_only=True):
    """The accounts, in the order of the settings."""

    accounts: tuple[ChannelReport, ...]


class ListChannels(Params, Call[ChannelsListResult], frozen=True, kw_only=True):
    """Which accounts there are, of every channel or of one."""

    channel: Name | None = None


class ProbeReport(Result, frozen=True, kw_only=True):
    """What the network said when it was asked just now."""

    ok: bool
    latency_ms: float
    detail: str
    """Who the account is, or what is wrong."""


class ChannelStatus(Result, frozen=True, kw_only=True):
    """One account, and whether somebody who writes to it now would be answered."""

    account: AccountReport
    enabled: bool
    dm_policy: str
    group_policy: str
    answers: bool
    reason: str = ""
    """Why it would not answer now; empty when it would."""
    probe: ProbeReport | None = None
    """None when no probe was asked for, the account is disabled, or its channel has none."""


class ChannelsStatusResult(Result, frozen=True, kw_only=True):
    """`ok` is whether every enabled account would answer now."""

    ok: bool
    accounts: tuple[ChannelStatus, ...]


class GetChannelsStatus(Params, Call[ChannelsStatusResult], frozen=True, kw_only=True):
    """How each account is doing, told by its actor; with `probe` the networks are asked too, all side by side."""

    channel: Name | None = None
    account: Name | None = None
    probe: bool = False
    timeout_seconds: Seconds = 10.0
    """How long a network may take to answer the probe."""


class StartChannel(Params, Call[ChannelStatus], frozen=True, kw_only=True):
    """Has one account run: ends its waiting for backoff, for a login, or after giving up.

    Answered when it runs or waits for something, at the latest after `waitSeconds`. REFUSED for an account that is
    disabled in the settings.
    """

    channel: Name
    account: Name | None = None
    """Needed only when the channel has several accounts."""
    wait_seconds: Seconds = 10.0


class StopChannel(Params, Call[ChannelStatus], frozen=True, kw_only=True):
    """Ends one account's session and leaves it stopped, until it is started or the router is. Its queue is kept."""

    channel: Name
    account: Name | None = None
    wait_seconds: Seconds = 10.0


class RestartChannel(Params, Call[ChannelStatus], frozen=True, kw_only=True):
    """Ends one account's session, if there is one, and begins another with a clean history."""

    channel: Name
    account: Name | None = None
    wait_seconds: Seconds = 10.0
