"""Every key and example of the published channel manuals is taken as it stands there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from settings_support import OTHER_TOKEN, TOKEN, Loader

from actors.zalouser.settings import ZalouserSettings

ZALO_KEYS: dict[str, Any] = {
    "name": "Shop",
    "enabled": True,
    "botToken": OTHER_TOKEN,
    "tokenFile": "token",
    "dmPolicy": "allowlist",
    "allowFrom": [123456789, "6ede9afa66b88fe6d6a9"],
    "mediaMaxMb": 5,
    "webhookUrl": "https://bot.example/zalo-webhook",
    "webhookSecret": "12345678",
    "webhookPath": "/zalo-webhook",
    "proxy": "http://127.0.0.1:3128",
    "responsePrefix": "[bot]",
    "markdown": {"tables": "bullets"},
    "groupPolicy": "allowlist",
    "groupAllowFrom": ["1"],
    "historyLimit": 10,
    "configWrites": False,
}
ZALOUSER_KEYS: dict[str, Any] = {
    "name": "Me",
    "enabled": True,
    "profile": "work",
    "dmPolicy": "pairing",
    "allowFrom": ["Ted", 1],
    "groupPolicy": "allowlist",
    "groups": {
        "123456789": {"allow": True},
        "Work Chat": {"enabled": False, "requireMention": True, "tools": {"allow": ["a"], "deny": ["b"]}},
        "*": {},
    },
    "messagePrefix": ">",
    "responsePrefix": "",
    "markdown": {"tables": "off"},
}
CORE_KEYS: dict[str, Any] = {
    "session": {
        "scope": "global",
        "dmScope": "per-peer",
        "mainKey": "main",
        "identityLinks": {"ted": ["zalo:123", 456]},
        "reset": {"mode": "daily", "atHour": 4, "idleMinutes": 60},
        "resetByType": {"direct": {"mode": "idle"}, "dm": {"mode": "idle"}, "group": {}, "thread": {}},
        "resetByChannel": {"zalo": {"mode": "never"}},
        "resetTriggers": ["/new", "/reset"],
        "idleMinutes": 30,
    },
    "messages": {
        "responsePrefix": "auto",
        "inbound": {"debounceMs": 500, "byChannel": {"zalo": 1000}},
        "queue": {"mode": "collect", "byChannel": {"zalo": "queue"}, "debounceMs": 1000, "cap": 20, "drop": "old"},
        "groupChat": {"mentionPatterns": ["@bot"]},
    },
    "commands": {"useAccessGroups": False},
}


@pytest.fixture
def load(tmp_path: Path) -> Loader:
    return Loader(tmp_path)


@pytest.mark.parametrize("policy", ["pairing", "appairage"])
def test_the_smallest_example_loads_in_every_language(load: Loader, policy: str) -> None:
    loaded = load(
        f'{{ channels: {{ zalo: {{ enabled: true, botToken: "12345689:abc-xyz", dmPolicy: "{policy}", }}, }}, }}'
    )
    (account,) = loaded.settings.accounts
    assert (account.enabled, account.policy.dm_policy) == (True, "pairing")
    assert any("appairage" in warning for warning in loaded.warnings) == (policy == "appairage")


@pytest.mark.parametrize("policy", ["pairing", "appairage"])
def test_a_personal_account_needs_no_more_than_to_be_enabled(load: Loader, policy: str) -> None:
    (account,) = load({"channels": {"zalouser": {"enabled": True, "dmPolicy": policy}}}).settings.accounts
    assert isinstance(account.settings, ZalouserSettings)
    assert (account.settings.profile, account.policy.group_policy) == ("default", "open")


def test_the_example_with_groups_loads(load: Loader) -> None:
    groups = {"123456789": {"allow": True}, "Work Chat": {"allow": True}}
    (account,) = load({"channels": {"zalouser": {"groupPolicy": "allowlist", "groups": groups}}}).settings.accounts
    assert list(account.policy.groups) == ["123456789", "Work Chat"]


def test_the_example_with_two_personal_accounts_means_two(load: Loader) -> None:
    channel = {"enabled": True, "defaultAccount": "default", "accounts": {"work": {"enabled": True, "profile": "work"}}}
    accounts = load({"channels": {"zalouser": channel}}).settings.accounts
    assert [(str(account.key), account.is_default) for account in accounts] == [
        ("zalouser:default", True),
        ("zalouser:work", False),
    ]


@pytest.mark.parametrize(("channel", "keys"), [("zalo", ZALO_KEYS), ("zalouser", ZALOUSER_KEYS)])
@pytest.mark.parametrize("level", ["channel", "account"])
def test_every_key_of_the_references_is_known_at_both_levels(
    load: Loader, channel: str, keys: dict[str, Any], level: str
) -> None:
    block = keys if level == "channel" else {"accounts": {"shop": keys}}
    (account,) = load({"channels": {channel: block}}).settings.accounts
    assert account.label == keys["name"]


def test_every_core_key_that_concerns_zalo_is_known(load: Loader) -> None:
    settings = load(CORE_KEYS).settings
    assert settings.session.identity_links == {"ted": ("zalo:123", "456")}
    assert settings.messages.queue.by_channel == {"zalo": "queue"}


def test_all_policies_of_the_manual_are_words_of_the_settings(load: Loader) -> None:
    for policy in ("pairing", "allowlist", "open", "disabled"):
        channel = {"botToken": TOKEN, "dmPolicy": policy, "allowFrom": ["*"]}
        assert load({"channels": {"zalo": channel}}).settings.accounts[0].policy.dm_policy == policy
