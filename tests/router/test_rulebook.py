from __future__ import annotations

import json
from pathlib import Path

import pytest

from actors.kinds import CHANNEL_KINDS
from actors.messages import AccountKey
from router.rulebook import make_rulebook
from router.rules.bindings import Binding, Match, Peer
from router.rules.policy import GroupRule
from router.rules.prefixes import AgentFacts
from router.rules.state import Rulebook
from router.rules.texts import ENGLISH, VIETNAMESE
from router.settings.load import load_settings


def rules_of(directory: Path, tree: dict[str, object]) -> Rulebook:
    file = directory / "router.json5"
    file.write_text(json.dumps(tree))
    return make_rulebook(load_settings(file, env={}).settings, CHANNEL_KINDS)


SETTINGS = """{
  channels: { zalo: {
    botToken: "1:top", allowFrom: ["zalo:ABC", 123], textChunkLimit: 500,
    accounts: { shop: {
      botToken: "2:shop", dmPolicy: "allowlist", groupPolicy: "allowlist", groupAllowFrom: ["ZL:Boss"],
      groups: { "zgr-1": {}, "ZGR-2": { enabled: false } }, chunkMode: "newline", whenUnknown: "hold",
    } },
  } },
  agents: { list: [{ id: "a", kind: "echo", maxConcurrent: 7 }, { id: "b", kind: "echo", default: true }] },
  bindings: [{ agentId: "a", match: { channel: "zalo", peer: { kind: "group", id: "zgr-1" } } }],
  session: { dmScope: "per-peer", identityLinks: { ted: ["zalo:1"] } },
  messages: { locale: "vi", errorText: "Hỏng rồi" },
  commands: { useAccessGroups: false },
  limits: { inbox: 42 },
}"""


def test_the_rulebook_says_what_the_settings_say(tmp_path: Path) -> None:
    file = tmp_path / "router.json5"
    file.write_text(SETTINGS)
    rules = make_rulebook(load_settings(file, env={}).settings, CHANNEL_KINDS)
    top, shop = rules.accounts[AccountKey("zalo", "default")], rules.accounts[AccountKey("zalo", "shop")]
    assert top.allow_from == {"abc", "123"}
    assert (top.dm_policy, top.group_policy, top.text_limit, top.group_allow_from) == (
        "pairing",
        "allowlist",
        500,
        None,
    )
    assert (shop.dm_policy, shop.chunk_mode, shop.when_unknown) == ("allowlist", "newline", "hold")
    assert shop.group_allow_from == frozenset({"boss"})
    assert shop.groups == {"zgr-1": GroupRule(), "zgr-2": GroupRule(allow=False)}
    assert shop.commands_for_all
    assert dict(rules.agents) == {"a": 7, "b": 256}
    assert rules.default_agent_id == "b"
    assert rules.bindings == (Binding(agent_id="a", match=Match(channel="zalo", peer=Peer(kind="group", id="zgr-1"))),)
    assert (rules.dm_scope, rules.texts, rules.error_text, rules.inbox_limit) == (
        "per-peer",
        VIETNAMESE,
        "Hỏng rồi",
        42,
    )


def test_an_account_of_a_channel_without_a_kind_has_no_rules(tmp_path: Path) -> None:
    file = tmp_path / "router.json5"
    file.write_text(SETTINGS)
    assert make_rulebook(load_settings(file, env={}).settings, {}).accounts == {}


@pytest.mark.parametrize(
    ("channel", "shop", "messages", "expected"),
    [
        ({}, {}, {}, ""),
        ({}, {}, {"responsePrefix": "M"}, "M"),
        ({"responsePrefix": "C"}, {}, {"responsePrefix": "M"}, "C"),
        ({"responsePrefix": "C"}, {"responsePrefix": "A"}, {"responsePrefix": "M"}, "A"),
        ({}, {"responsePrefix": ""}, {"responsePrefix": "M"}, ""),
        ({"responsePrefix": ""}, {}, {"responsePrefix": "M"}, ""),
        ({"responsePrefix": ""}, {"responsePrefix": "A"}, {}, "A"),
    ],
)
def test_the_nearest_response_prefix_holds_and_an_empty_one_ends_the_search(
    tmp_path: Path, channel: dict[str, str], shop: dict[str, str], messages: dict[str, str], expected: str
) -> None:
    accounts = {"shop": {"botToken": "98765432:zyx-cba", **shop}}
    rules = rules_of(tmp_path, {"channels": {"zalo": {**channel, "accounts": accounts}}, "messages": messages})
    assert rules.accounts[AccountKey("zalo", "shop")].response_prefix == expected


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ({}, ""),
        ({"unsupportedReply": False}, ""),
        ({"unsupportedReply": ""}, ""),
        ({"unsupportedReply": "Words!"}, "Words!"),
        ({"unsupportedReply": True}, ENGLISH.unsupported),
        ({"unsupportedReply": True, "locale": "vi"}, VIETNAMESE.unsupported),
    ],
)
def test_what_is_said_to_a_sticker(tmp_path: Path, messages: dict[str, object], expected: str) -> None:
    assert rules_of(tmp_path, {"messages": messages}).unsupported_reply == expected


def test_prefixes_scope_and_what_is_known_of_agents(tmp_path: Path) -> None:
    agents = [
        {"id": "a", "kind": "openai", "name": "Linh", "baseUrl": "http://model.test/v1", "model": "gpt-5"},
        {"id": "b", "kind": "echo"},
    ]
    tree = {
        "channels": {"zalo": {"botToken": "12345689:abc-xyz", "messagePrefix": "[zalo]"}},
        "agents": {"list": agents},
        "session": {"scope": "global"},
    }
    rules = rules_of(tmp_path, tree)
    assert rules.accounts[AccountKey("zalo", "default")].message_prefix == "[zalo]"
    assert rules.session_scope == "global"
    assert rules.agent_facts == {
        "a": AgentFacts(name="Linh", model="gpt-5", provider="openai"),
        "b": AgentFacts(name="b", provider="echo"),
    }


def test_how_texts_are_written_is_the_accounts_word(tmp_path: Path) -> None:
    rules = rules_of(
        tmp_path,
        {
            "channels": {
                "zalo": {
                    "botToken": "1:top",
                    "accounts": {"shop": {"botToken": "2:s", "parseMode": "markdown", "markdown": {"tables": "off"}}},
                }
            }
        },
    )
    top, shop = rules.accounts[AccountKey("zalo", "default")], rules.accounts[AccountKey("zalo", "shop")]
    assert (top.parse_mode, top.tables) == (None, "code")
    assert (shop.parse_mode, shop.tables) == ("markdown", "off")


@pytest.mark.parametrize(("webhook", "sends"), [({}, False), ({"publicUrl": "https://bot.example.com"}, True)])
def test_a_bot_sends_files_where_they_can_have_an_address(
    tmp_path: Path, webhook: dict[str, object], sends: bool
) -> None:
    rules = rules_of(tmp_path, {"channels": {"zalo": {"botToken": "1:top"}}, "webhook": webhook})
    assert rules.accounts[AccountKey("zalo", "default")].sends_files is sends


def test_a_personal_account_sends_files_as_they_are(tmp_path: Path) -> None:
    rules = rules_of(tmp_path, {"channels": {"zalouser": {"profile": "work"}}})
    assert rules.accounts[AccountKey("zalouser", "default")].sends_files


def test_a_group_says_whether_it_wants_a_mention(tmp_path: Path) -> None:
    groups = {"5300": {"requireMention": True}, "*": {"requireMention": False}, "77": {}}
    rules = rules_of(tmp_path, {"channels": {"zalouser": {"groups": groups}}})
    found = rules.accounts[AccountKey("zalouser", "default")].groups
    assert {group: rule.require_mention for group, rule in found.items()} == {"5300": True, "*": False, "77": None}
