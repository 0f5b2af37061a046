"""The channels and agent kinds that the settings know: one row each.

A row is all that a new kind needs here; its keys in the file are its struct's fields together with the router's. Kinds
of plugins need no row: theirs are made of what the kind says of itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from actors.agents.settings import CommandSettings, EchoSettings, HttpSettings, OpenaiSettings, SubscriberSettings
from actors.channel import ChannelKind
from actors.plugins import Role, installed_plugins
from actors.zalo.settings import ZaloSettings
from actors.zalouser.settings import ZalouserSettings
from router.settings.checks import Check, check_zalo
from router.settings.credentials import bot_token, no_credentials, zca_profile
from router.settings.draft import Credentials, Draft, Surroundings
from router.settings.problems import Report, unknown
from router.settings.values import GroupPolicy


class ChannelRow(msgspec.Struct, frozen=True, kw_only=True):
    """How the settings of one channel are read."""

    label: str
    settings: type[msgspec.Struct]
    default_group_policy: GroupPolicy
    credential_keys: tuple[str, ...]
    """Keys that named accounts do not inherit; at the channel they make the account `default`."""
    credential_name: str
    """What two accounts must not share."""
    find_credentials: Callable[[Draft, Surroundings], Credentials]
    env_keys: tuple[tuple[str, str], ...] = ()
    """(environment variable, key): stands in for a key that the file does not give."""
    env_token: str | None = None
    """The variable that makes an account `default` even when the file does not name the channel."""
    check: Check | None = None


CHANNELS: dict[str, ChannelRow] = {
    "zalo": ChannelRow(
        label="Zalo",
        settings=ZaloSettings,
        default_group_policy="allowlist",
        credential_keys=("botToken", "tokenFile"),
        credential_name="bot token",
        find_credentials=bot_token,
        env_keys=(("ZALO_API_URL", "apiUrl"),),
        env_token="ZALO_BOT_TOKEN",
        check=check_zalo,
    ),
    "zalouser": ChannelRow(
        label="Zalo Personal",
        settings=ZalouserSettings,
        default_group_policy="open",
        credential_keys=("profile",),
        credential_name="zca profile",
        find_credentials=zca_profile,
    ),
}

AGENTS: dict[str, type[msgspec.Struct]] = {
    "echo": EchoSettings,
    "command": CommandSettings,
    "http": HttpSettings,
    "openai": OpenaiSettings,
    "subscriber": SubscriberSettings,
}


def channel_rows() -> Mapping[str, ChannelRow]:
    """Every channel that there is, ours first. The first call in a process loads the plugins."""
    return {**{name: _row(kind) for name, kind in installed_plugins().channels.items()}, **CHANNELS}


def agent_settings() -> Mapping[str, type[msgspec.Struct]]:
    """The settings of every kind of agent that there is. The first call in a process loads the plugins."""
    return {**{name: kind.settings for name, kind in installed_plugins().agents.items()}, **AGENTS}


def unknown_kind(role: Role, what: str, name: str, known: Mapping[str, object]) -> str:
    """What is wrong with a word that is no kind: a plugin that does not load, or a slip of the pen."""
    plugin = installed_plugins().broken_one(role, name)
    if plugin is None:
        return unknown(what, name, known)
    return f"the plugin {plugin.package} {plugin.version} does not load: {plugin.error}; mend it or install it again"


def warn_of_broken_plugins(report: Report) -> None:
    """One warning for each plugin that does not load. What does not use its kind runs without it."""
    for plugin in installed_plugins().broken:
        report.warn("", f"the plugin {plugin} does not load: {plugin.error}")


def _row(kind: ChannelKind) -> ChannelRow:
    return ChannelRow(
        label=kind.label,
        settings=kind.settings,
        default_group_policy="allowlist",
        credential_keys=(),
        credential_name="account",
        find_credentials=no_credentials,
    )
