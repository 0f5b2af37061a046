from __future__ import annotations

from pathlib import Path

from actors.kinds import CHANNEL_KINDS
from actors.messages import AccountKey
from router.rulebook import make_rulebook
from router.rules.bindings import Binding, Match, Peer
from router.rules.policy import GroupRule
from router.rules.texts import VIETNAMESE
from router.settings.load import load_settings

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
    assert shop.group_allow_from == {"boss"}
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
