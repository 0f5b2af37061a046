"""Settings as they may be shown: plain values, spelled as in the file, secrets as `***`."""

from __future__ import annotations

from typing import Any

import msgspec

from actors.messages import AccountKey
from actors.secret import PrivateText, Secret
from router.settings.build import fields_of
from router.settings.schema import Account, AgentEntry, Settings

HIDDEN = "***"


def shown(settings: Settings) -> dict[str, Any]:
    """The whole of them, defaults filled in; accounts and agents as lists, each with all that it inherits."""
    names = [name for name in settings.__struct_fields__ if name not in ("accounts", "agents")]
    return {
        "accounts": [_account(account) for account in settings.accounts],
        "agents": [_agent(agent) for agent in settings.agents],
        **{name: plain(getattr(settings, name)) for name in names},
    }


def plain(value: Any) -> Any:
    """Any part of the settings as plain values."""
    if isinstance(value, Secret | PrivateText):
        return HIDDEN
    if isinstance(value, AccountKey):
        return str(value)
    if isinstance(value, msgspec.Struct):
        return {field.encode_name: plain(getattr(value, field.name)) for field in fields_of(type(value))}
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return value


def _account(account: Account) -> dict[str, Any]:
    return {
        "account": str(account.key),
        "label": account.label,
        "default": account.is_default,
        "tokenSource": account.token_source,
        "path": account.path,
        **plain(account.policy),
        **plain(account.settings),
        "enabled": account.enabled,
    }


def _agent(agent: AgentEntry) -> dict[str, Any]:
    return {
        "id": agent.id,
        "kind": agent.kind,
        "name": agent.name,
        "default": agent.is_default,
        **plain(agent.limits),
        **plain(agent.settings),
    }
