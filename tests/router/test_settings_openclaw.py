"""OpenClaw files taken over: what is kept, what is left out and why, and that the outcome can be used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from settings_support import TOKEN, Loader

from router.settings.openclaw import take_over

FILE: dict[str, Any] = {
    "gateway": {"mode": "local"},
    "channels": {
        "telegram": {"botToken": "999:other"},
        "zalo": {
            "enabled": True,
            "botToken": "${SHOP_TOKEN}",
            "dmPolicy": "pairing",
            "webhookTimeout": 3,
            "accounts": {"second": {"botToken": {"source": "env", "id": "SECOND"}, "capabilities": ["x"]}},
        },
        "zalouser": {"groupPolicy": "allowlist", "groups": {"Work": {"allow": True, "skills": ["a"]}}},
    },
    "agents": {"defaults": {"model": "big"}, "list": [{"id": "helper"}, {"id": "main", "default": True}]},
    "bindings": [
        {"agentId": "helper", "match": {"channel": "zalo", "accountId": "second"}},
        {"agentId": "main", "match": {"channel": "telegram"}},
        {"agentId": "main", "match": {"channel": "zalouser", "guildId": "7"}},
    ],
    "session": {"dmScope": "per-peer", "reset": {"mode": "idle", "idleMinutes": 30}, "store": "x"},
    "messages": {"responsePrefix": "auto", "ackReaction": "👀", "queue": {"mode": "collect", "nap": 1}},
}


def test_what_both_know_is_kept_as_it_was_written() -> None:
    assert take_over(FILE).tree == {
        "channels": {
            "zalo": {
                "enabled": True,
                "botToken": "${SHOP_TOKEN}",
                "dmPolicy": "pairing",
                "accounts": {"second": {"botToken": "${SECOND}"}},
            },
            "zalouser": {"groupPolicy": "allowlist", "groups": {"Work": {"allow": True}}},
        },
        "agents": {"list": [{"id": "main", "kind": "echo"}, {"id": "helper", "kind": "echo"}]},
        "bindings": [
            {"agentId": "helper", "match": {"channel": "zalo", "accountId": "second"}},
            {"agentId": "main", "match": {"channel": "zalouser"}},
        ],
        "session": {"dmScope": "per-peer", "reset": {"mode": "idle", "idleMinutes": 30}},
        "messages": {"responsePrefix": "auto", "queue": {"mode": "collect"}},
    }


def test_everything_else_is_named_with_a_reason() -> None:
    assert set(take_over(FILE).left_out) == {
        "gateway: this router has no such section",
        "channels.telegram: this router speaks to Zalo only",
        "channels.zalo.webhookTimeout: this router has no such setting",
        "channels.zalo.accounts.second.capabilities: this router has no such setting",
        "channels.zalouser.groups.Work.skills: this router has no such setting",
        "bindings[1]: it is about another channel",
        "bindings[2].match.guildId: this router has no such setting",
        "session.store: this router has no such setting",
        "messages.ackReaction: this router has no such setting",
        "messages.queue.nap: this router has no such setting",
    }


def test_the_outcome_can_be_used(tmp_path: Path) -> None:
    loaded = Loader(tmp_path)(take_over(FILE).tree, SHOP_TOKEN=TOKEN, SECOND="2:second")
    assert [str(account.key) for account in loaded.settings.accounts] == [
        "zalo:default",
        "zalo:second",
        "zalouser:default",
    ]
    assert loaded.settings.default_agent_id == "main"


def test_what_behaves_otherwise_here_is_said() -> None:
    notes = take_over(FILE).notes
    assert [note.split(":")[0] for note in notes] == ["agents.list", "channels.zalo.groupPolicy"]
    assert any(note.startswith("session.reset: OpenClaw begins anew") for note in take_over({}).notes)


@pytest.mark.parametrize("source", ["file", "exec", "store"])
def test_secrets_kept_elsewhere_are_left_out_with_a_way_on(source: str) -> None:
    taken = take_over({"channels": {"zalo": {"botToken": {"source": source, "id": "x"}}}})
    assert taken.tree == {"channels": {"zalo": {}}}
    assert taken.left_out == (f'channels.zalo.botToken: secrets of source "{source}"; use ${{NAME}} or tokenFile',)


@pytest.mark.parametrize(
    "odd",
    [{}, {"channels": []}, {"channels": {"zalo": 3}}, {"bindings": "x"}, {"bindings": [1]}, {"session": None}],
)
def test_odd_files_harm_nobody(odd: dict[str, Any]) -> None:
    assert "zalo" not in take_over(odd).tree.get("channels", {})
