"""Accounts: how each is, and commands to one of them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import trio

from actors.channel import Probe
from actors.protocol import AccountStatus
from router.control.jsonrpc import ControlError, ErrorCode
from router.control.protocol.channels import (
    ChannelReport,
    ChannelsListResult,
    ChannelsStatusResult,
    ChannelStatus,
    GetChannelsStatus,
    ListChannels,
    ProbeReport,
    RestartChannel,
    StartChannel,
    StopChannel,
)
from router.operations.inside import Inside
from router.operations.overview import dead_by_account
from router.report import account_reports
from router.settings.schema import Account

PASSING_STATES = frozenset({"starting", "draining"})
LOOK_EVERY_SECONDS = 0.05


class Channels:
    """`channels.*`."""

    def __init__(self, inside: Inside) -> None:
        self._inside = inside

    async def list(self, params: ListChannels) -> ChannelsListResult:
        """See the protocol."""
        return ChannelsListResult(accounts=tuple(map(_report, self._inside.accounts(params.channel))))

    async def status(self, params: GetChannelsStatus) -> ChannelsStatusResult:
        """See the protocol. The probes run side by side; each account is read after its probe."""
        accounts = self._inside.accounts(params.channel, params.account)
        if not accounts and (params.channel or params.account):
            named = ":".join(word for word in (params.channel, params.account) if word)
            raise ControlError(ErrorCode.NOT_FOUND, f"no account fits {named}")
        probes = await self._probes(accounts, params.timeout_seconds) if params.probe else {}
        statuses = await self._statuses(accounts, probes)
        ok = all(status.answers for status in statuses if status.enabled)
        return ChannelsStatusResult(ok=ok, accounts=statuses)

    async def start(self, params: StartChannel) -> ChannelStatus:
        """See the protocol."""
        account = self._commandable(params.channel, params.account)
        self._inside.fleet.start(account.key)
        return await self._settled(account, params.wait_seconds)

    async def stop(self, params: StopChannel) -> ChannelStatus:
        """See the protocol."""
        account = self._commandable(params.channel, params.account)
        self._inside.fleet.stop(account.key)
        return await self._settled(account, params.wait_seconds)

    async def restart(self, params: RestartChannel) -> ChannelStatus:
        """See the protocol."""
        account = self._commandable(params.channel, params.account)
        self._inside.fleet.restart(account.key)
        return await self._settled(account, params.wait_seconds)

    def _commandable(self, channel: str, account_id: str | None) -> Account:
        account = self._inside.account(channel, account_id)
        status = self._inside.fleet.statuses().get(account.key)
        if not self._inside.fleet.obeys(account.key):
            why = status.last_error if status else "it is being taken out of service"
            raise ControlError(ErrorCode.REFUSED, f"{account.key} cannot be commanded: {why}")
        return account

    async def _settled(self, account: Account, wait_seconds: float) -> ChannelStatus:
        """The account once it is in a state that lasts, or when the wait is over."""
        with trio.move_on_after(wait_seconds):
            await trio.sleep(LOOK_EVERY_SECONDS)
            while self._now(account).state in PASSING_STATES:
                await trio.sleep(LOOK_EVERY_SECONDS)
        (status,) = await self._statuses([account], {})
        return status

    def _now(self, account: Account) -> AccountStatus:
        return self._inside.fleet.statuses()[account.key]

    async def _probes(self, accounts: Iterable[Account], timeout_seconds: float) -> dict[str, Probe | None]:
        found: dict[str, Probe | None] = {}

        async def probe(account: Account) -> None:
            found[str(account.key)] = await self._inside.fleet.probe(account.key, timeout_seconds)

        async with trio.open_nursery() as nursery:
            for account in accounts:
                if account.enabled:
                    nursery.start_soon(partial(probe, account))
        return found

    async def _statuses(
        self, accounts: Iterable[Account], probes: dict[str, Probe | None]
    ) -> tuple[ChannelStatus, ...]:
        inside, accounts = self._inside, tuple(accounts)
        dead, trouble = await dead_by_account(inside)
        reports = account_reports(accounts, inside.fleet.statuses(), inside.router.state, dead, inside.around.redact)
        everywhere = _trouble_everywhere(inside.router.store_error or trouble, inside.router.state.draining)
        found = []
        for account, report in zip(accounts, reports, strict=True):
            probe = self._probe_report(probes.get(str(account.key)))
            reason = everywhere or _own_trouble(account, report.state, report.last_error, probe)
            status = ChannelStatus(
                account=report,
                enabled=account.enabled,
                dm_policy=account.policy.dm_policy,
                group_policy=account.policy.group_policy,
                answers=not reason,
                reason=reason,
                probe=probe,
            )
            found.append(status)
        return tuple(found)

    def _probe_report(self, probe: Probe | None) -> ProbeReport | None:
        if probe is None:
            return None
        return ProbeReport(
            ok=probe.ok, latency_ms=round(probe.latency_ms, 1), detail=self._inside.around.redact(probe.detail)
        )


def _report(account: Account) -> ChannelReport:
    return ChannelReport(
        channel=account.key.channel,
        account_id=account.key.account_id,
        label=account.label,
        enabled=account.enabled,
        is_default=account.is_default,
        dm_policy=account.policy.dm_policy,
        group_policy=account.policy.group_policy,
        login_from=account.token_source,
    )


def _trouble_everywhere(store_error: str, draining: bool) -> str:
    if store_error:
        return f"the store takes no writes: {store_error}"
    return "the router is stopping" if draining else ""


def _own_trouble(account: Account, state: str, last_error: str, probe: ProbeReport | None) -> str:
    """Why somebody who writes to this account now would not be answered; empty when they would."""
    if not account.enabled:
        return last_error or "disabled in the settings"
    if state != "running":
        return f"it is {state}: {last_error}" if last_error else f"it is {state}"
    if account.policy.dm_policy == account.policy.group_policy == "disabled":
        return "dmPolicy and groupPolicy shut it for everybody"
    return "" if probe is None or probe.ok else f"the network does not answer the probe: {probe.detail}"
