"""From settings to what each account's files are fetched under."""

from __future__ import annotations

from actors.messages import AccountKey
from actors.net.fetch import MEGABYTE, FetchRules
from router.settings.schema import Account, Settings

DAY_SECONDS = 86_400.0


def fetch_rules(settings: Settings) -> dict[AccountKey, FetchRules]:
    """The rules of every account. An account's proxy, where its channel knows one, is also its files'."""
    return {account.key: _rules_of(account, settings) for account in settings.accounts}


def outgoing_limits(settings: Settings) -> dict[AccountKey, int]:
    """How large a picture each account sends, in bytes."""
    return {key: rules.max_bytes for key, rules in fetch_rules(settings).items()}


def retention_seconds(settings: Settings) -> float:
    """How long a file is kept."""
    return settings.media.retention_days * DAY_SECONDS


def _rules_of(account: Account, settings: Settings) -> FetchRules:
    # Every channel has `mediaMaxMb` and some have `proxy`: keys of the channel kinds' own structs.
    return FetchRules(
        max_bytes=int(getattr(account.settings, "media_max_mb", 5.0) * MEGABYTE),
        timeout_seconds=settings.media.timeout_seconds,
        allow_private_networks=settings.media.allow_private_networks,
        proxy=getattr(account.settings, "proxy", None),
    )
