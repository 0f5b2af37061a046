"""What must hold between keys, and in which sentence a person is told that it does not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from settings_support import OTHER_TOKEN, TOKEN, Loader, bot

from actors.secret import Secret
from actors.zalo.settings import ZaloSettings, webhook_secrets

HOOK = {"webhookUrl": "https://bot.example/zalo", "webhookSecret": "12345678"}


@pytest.fixture
def load(tmp_path: Path) -> Loader:
    return Loader(tmp_path)


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ({"dmPolicy": "open"}, 'allowFrom: must contain "*" because channels.zalo.dmPolicy is "open"'),
        (
            {"dmPolicy": "open", "allowFrom": ["1"]},
            'allowFrom: must contain "*" because channels.zalo.dmPolicy is "open"',
        ),
        ({**HOOK, "webhookSecret": None}, "webhookSecret: missing; channels.zalo.webhookUrl needs it"),
        ({"webhookSecret": "12345678"}, "webhookUrl: missing; channels.zalo.webhookSecret needs it"),
        ({**HOOK, "webhookUrl": "http://bot.example/zalo"}, "webhookUrl: expected an address with https://"),
        ({**HOOK, "webhookUrl": "https://"}, "webhookUrl: expected an address with https://"),
        ({**HOOK, "webhookUrl": "https://bot.example:port/"}, "webhookUrl: expected an address with https://"),
        ({**HOOK, "webhookSecret": "1234567"}, "webhookSecret: expected 8 to 256 printable ASCII characters"),
        ({**HOOK, "webhookSecret": "x" * 257}, "webhookSecret: expected 8 to 256 printable ASCII characters"),
        ({**HOOK, "webhookSecret": "mật-khẩu-dài"}, "webhookSecret: expected 8 to 256 printable ASCII characters"),
        ({**HOOK, "webhookSecret": "1234\r\n5678"}, "webhookSecret: expected 8 to 256 printable ASCII characters"),
        ({**HOOK, "webhookSecret": [""]}, "webhookSecret[0]: expected a string that is not empty; got an empty string"),
        ({**HOOK, "webhookSecret": []}, "webhookSecret: expected one secret, or two while it is being changed"),
        (
            {**HOOK, "webhookSecret": ["12345678", "23456789", "34567890"]},
            "webhookSecret: expected one secret, or two while it is being changed",
        ),
        ({**HOOK, "webhookPath": "zalo"}, 'webhookPath: expected a path that begins with "/"'),
        ({"apiUrl": "bot-api"}, "apiUrl: expected an address with https:// or http://"),
        ({"proxy": "socks5://h:1"}, "proxy: expected an address with http:// or https://"),
        ({"proxy": "user:canary@h"}, "proxy: expected an address with http:// or https://"),
        ({"pollTimeoutSeconds": 121}, "pollTimeoutSeconds: expected a whole number from 1 to 120; got 121"),
        ({"mediaMaxMb": 0}, "mediaMaxMb: expected a number above 0; got 0"),
        ({"textChunkLimit": 4000}, "textChunkLimit: expected a whole number from 10 to 2000; got 4000"),
        (
            {"dmPolicy": "pairng"},
            'dmPolicy: expected one of pairing, allowlist, open, disabled; got "pairng" (did you mean "pairing"?)',
        ),
        ({"dmPolcy": "pairing"}, 'dmPolcy: unknown key; did you mean "dmPolicy"?'),
        ({"allowFrom": "123"}, "allowFrom: expected a list; got a string"),
        ({"allowFrom": [{}]}, "allowFrom[0]: expected an id (a string or a number); got an object"),
        ({"groups": {"Work Chat": {"alow": True}}}, 'groups["Work Chat"].alow: unknown key; did you mean "allow"?'),
        ({"markdown": {"tables": "ascii"}}, 'markdown.tables: expected one of off, bullets, code; got "ascii"'),
        ({"enabled": "maybe"}, "enabled: expected true or false; got a string"),
        ({"accounts": []}, "accounts: expected an object; got a list"),
    ],
)
def test_a_wrong_channel_block_is_told_once_at_its_place(load: Loader, keys: dict[str, Any], problem: str) -> None:
    assert load.problems({"channels": bot(**keys)}) == (f"channels.zalo.{problem}",)


def test_open_is_judged_by_what_an_account_inherits(load: Loader) -> None:
    channels = bot(dmPolicy="open", allowFrom=["*"], accounts={"shop": {"botToken": OTHER_TOKEN, "allowFrom": ["1"]}})
    assert load.problems({"channels": channels}) == (
        'channels.zalo.accounts.shop.allowFrom: must contain "*" because channels.zalo.dmPolicy is "open"',
    )


def test_open_at_a_channel_is_refused_even_when_no_account_inherits_it(load: Loader) -> None:
    accounts = {"shop": {"botToken": TOKEN, "dmPolicy": "pairing"}}
    assert load.problems({"channels": {"zalo": {"dmPolicy": "open", "accounts": accounts}}}) == (
        'channels.zalo.allowFrom: must contain "*" because channels.zalo.dmPolicy is "open"',
    )


@pytest.mark.parametrize("length", [8, 256])
def test_secrets_of_8_and_256_characters_are_fine(load: Loader, length: int) -> None:
    assert load.accounts(bot(**{**HOOK, "webhookSecret": "x" * length}))["zalo:default"].unusable == ""


def test_url_and_secret_may_come_from_two_levels(load: Loader) -> None:
    channels = {
        "zalo": {
            "webhookUrl": HOOK["webhookUrl"],
            "accounts": {"shop": {"botToken": TOKEN, "webhookSecret": "12345678"}},
        }
    }
    assert load.accounts(channels)["zalo:shop"].unusable == ""


def test_a_missing_key_is_asked_for_where_the_account_stands(load: Loader) -> None:
    accounts = {"shop": {"botToken": OTHER_TOKEN, "webhookUrl": "https://bot.example/shop"}}
    assert load.problems({"channels": bot(accounts=accounts)}) == (
        "channels.zalo.accounts.shop.webhookSecret: missing; channels.zalo.accounts.shop.webhookUrl needs it",
    )


def test_one_bad_key_inherited_by_many_is_told_once(load: Loader) -> None:
    accounts = {"a": {"botToken": "1:a"}, "b": {"botToken": "2:b"}}
    assert load.problems({"channels": bot(proxy="nonsense", accounts=accounts)}) == (
        "channels.zalo.proxy: expected an address with http:// or https://",
    )


def test_two_accounts_on_one_webhook_path_need_two_secrets(load: Loader) -> None:
    accounts = {"shop": {"botToken": OTHER_TOKEN}}
    assert load.problems({"channels": bot(**HOOK, accounts=accounts)}) == (
        "channels.zalo.accounts.shop: same webhook path and secret as channels.zalo;"
        " give one of them its own webhookPath or webhookSecret",
    )


@pytest.mark.parametrize("own", [{"webhookPath": "/shop"}, {"webhookSecret": "87654321"}, {"enabled": False}])
def test_a_path_or_a_secret_of_its_own_tells_an_account_apart(load: Loader, own: dict[str, Any]) -> None:
    accounts = {"shop": {"botToken": OTHER_TOKEN, **own}}
    assert len(load.accounts(bot(**HOOK, accounts=accounts))) == 2


def test_one_path_written_two_ways_is_one_path(load: Loader) -> None:
    accounts = {"shop": {"botToken": OTHER_TOKEN, "webhookPath": "/zalo/"}}
    (problem,) = load.problems({"channels": bot(**HOOK, accounts=accounts)})
    assert "same webhook path" in problem


@pytest.mark.parametrize(
    ("given", "secrets"),
    [(None, ()), (Secret("a"), (Secret("a"),)), ((Secret("a"), Secret("b")), (Secret("a"), Secret("b")))],
)
def test_secrets_are_listed_whether_one_or_two(given: Any, secrets: tuple[Secret, ...]) -> None:
    assert webhook_secrets(ZaloSettings(webhook_secret=given)) == secrets


@pytest.mark.parametrize(
    ("tree", "problem"),
    [
        ({"bogus": 1}, "bogus: unknown key; remove it"),
        ({"chanels": {}}, 'chanels: unknown key; did you mean "channels"?'),
        ({"$schema": 3}, "$schema: expected a string; got 3"),
        ({"channels": []}, "channels: expected an object; got a list"),
        ({"channels": {"zallo": {}}}, 'channels.zallo: unknown channel; did you mean "zalo"?'),
        ({"channels": {"telegram": {}}}, "channels.telegram: unknown channel; known here: defaults, zalo, zalouser"),
        ({"channels": {"zalouser": None}}, "channels.zalouser: expected an object; got null"),
        (
            {"channels": {"defaults": {"groupPolicy": "opne"}}},
            "channels.defaults.groupPolicy: expected one of open, allowlist, disabled;"
            ' got "opne" (did you mean "open"?)',
        ),
        (
            {"channels": {"defaults": {"heartbeat": {}}}},
            "channels.defaults.heartbeat: unknown key; known here: groupPolicy",
        ),
        (
            {"channels": {"zalouser": {"program": []}}},
            "channels.zalouser.program: expected at least one entry; got an empty list",
        ),
        ({"channels": {"zalouser": {"botToken": "x"}}}, None),
        ({"agents": {"lst": []}}, 'agents.lst: unknown key; did you mean "list"?'),
        ({"agents": {"list": {}}}, "agents.list: expected a list; got an object"),
        ({"session": {"dmScope": "per-peers"}}, None),
        ({"session": {"reset": {"atHour": 24}}}, "session.reset.atHour: expected a whole number from 0 to 23; got 24"),
        (
            {"session": {"resetTriggers": [""]}},
            "session.resetTriggers[0]: expected a string that is not empty; got an empty string",
        ),
        ({"messages": {"locale": "fr"}}, 'messages.locale: expected one of en, vi; got "fr"'),
        (
            {"messages": {"ackReaction": "x"}},
            "messages.ackReaction: unknown key; Zalo takes no reactions from bots; remove it",
        ),
        ({"webhook": {"port": 65536}}, "webhook.port: expected a whole number from 0 to 65535; got 65536"),
        ({"webhook": {"port": 18790}}, "control.port: same as webhook.port (18790); each needs its own"),
        ({"webhook": {"tlsCert": "c.pem"}}, "webhook.tlsKey: missing; webhook.tlsCert needs it"),
        ({"webhook": {"tlsKey": "k.pem"}}, "webhook.tlsCert: missing; webhook.tlsKey needs it"),
        ({"webhook": {"publicUrl": "http://x"}}, "webhook.publicUrl: expected an address with https://"),
        ({"control": {"host": ""}}, "control.host: expected a string that is not empty; got an empty string"),
        ({"limits": {"inbox": 0}}, "limits.inbox: expected a whole number of at least 1; got 0"),
        ({"limits": {"drainSeconds": -1}}, "limits.drainSeconds: expected a number of at least 0; got -1"),
        ({"restart": {"jitter": 2}}, "restart.jitter: expected a number from 0 to 1; got 2"),
        (
            {"store": {"retention": {"dedupeSeconds": 0}}},
            "store.retention.dedupeSeconds: expected a number above 0; got 0",
        ),
        (
            {"logging": {"level": "warn"}},
            'logging.level: expected one of debug, info, warning, error; got "warn" (did you mean "warning"?)',
        ),
        ({"logging": {"file": {"keep": -1}}}, "logging.file.keep: expected a whole number of at least 0; got -1"),
        ({"commands": {"useAccessGroups": 1}}, "commands.useAccessGroups: expected true or false; got 1"),
    ],
)
def test_a_wrong_section_is_told_once_at_its_place(load: Loader, tree: dict[str, Any], problem: str | None) -> None:
    found = load.problems(tree)
    assert len(found) == 1
    if problem is not None:
        assert found == (problem,)


def test_all_problems_are_told_at_once_and_in_the_order_of_the_file(load: Loader) -> None:
    tree = {
        "colour": "red",
        "channels": {"zalo": {"dmPolcy": "open"}, "telegram": {}},
        "agents": {"list": [{"id": "a", "kind": "http"}]},
        "session": {"dmScope": "everybody"},
        "webhook": {"port": "${PORT}"},
    }
    places = [problem.split(":")[0] for problem in load.problems(tree)]
    assert places == [
        "webhook.port",
        "colour",
        "channels.telegram",
        "channels.zalo.dmPolcy",
        "channels.zalo",
        "agents.list[0].url",
        "session.dmScope",
    ]
