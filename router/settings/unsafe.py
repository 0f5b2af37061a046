"""Settings that work and are not wise: said at every start, by `status` and by `config validate`."""

from __future__ import annotations

from router.settings.problems import Report, join
from router.settings.schema import Account, Settings

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def warn_unsafe(settings: Settings, report: Report) -> None:
    """Says what works and is not wise (reference, section 2.6), for every account and not only the first."""
    enabled = [account for account in settings.accounts if account.enabled]
    for account in enabled:
        _warn_account(account, report)
    if enabled and settings.session.dm_scope == "main":
        report.warn(
            "session.dmScope",
            'with "main" everybody who writes directly shares one conversation with the agent;'
            ' set "per-account-channel-peer" to keep them apart',
        )
    if settings.control.host not in LOOPBACK:
        report.warn("control.host", "the control socket can be reached from other machines; 127.0.0.1 keeps it here")
    if settings.media.allow_private_networks:
        report.warn(
            "media.allowPrivateNetworks",
            "whoever may write can have files fetched from this machine and its networks; false keeps them out",
        )
    if not settings.accounts:
        report.warn("channels", "no account is configured, so nothing will come in")


def _warn_account(account: Account, report: Report) -> None:
    if account.policy.dm_policy == "open":
        report.warn(join(account.path, "dmPolicy"), f'"open" lets anybody write to {account.label}')
    if account.policy.group_policy == "open":
        report.warn(
            join(account.path, "groupPolicy"),
            f'"open" lets every member of every group use {account.label}; "allowlist" admits named groups only',
        )
