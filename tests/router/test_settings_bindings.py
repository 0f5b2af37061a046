"""Bindings: spelled as the router spells ids, and refused when they could never hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from settings_support import OTHER_TOKEN, Loader, bot

from router.settings.sections import BindingSettings, MatchSettings, PeerSettings

ECHO = {"id": "main", "kind": "echo"}


@pytest.fixture
def load(tmp_path: Path) -> Loader:
    return Loader(tmp_path)


SHOP = bot(accounts={"shop": {"botToken": OTHER_TOKEN}})


def binding(agent_id: str = "main", **match: Any) -> dict[str, Any]:
    return {"agentId": agent_id, "match": {"channel": "zalo", **match}}


def bound(load: Loader, *bindings: dict[str, Any]) -> tuple[BindingSettings, ...]:
    return load({"channels": SHOP, "agents": {"list": [ECHO]}, "bindings": list(bindings)}).settings.bindings


@pytest.mark.parametrize(
    ("match", "expected"),
    [
        ({}, MatchSettings(channel="zalo")),
        ({"channel": " Zalo "}, MatchSettings(channel="zalo")),
        ({"accountId": "SHOP"}, MatchSettings(channel="zalo", account_id="shop")),
        ({"accountId": "*"}, MatchSettings(channel="zalo", account_id="*")),
        ({"channel": "zalouser", "accountId": "*"}, MatchSettings(channel="zalouser", account_id="*")),
        (
            {"peer": {"kind": "dm", "id": 123}},
            MatchSettings(channel="zalo", peer=PeerSettings(kind="dm", id="123")),
        ),
    ],
)
def test_a_binding_is_spelled_as_the_router_spells_ids(
    load: Loader, match: dict[str, Any], expected: MatchSettings
) -> None:
    assert bound(load, binding("MAIN", **match)) == (BindingSettings(agent_id="main", match=expected),)


def test_bindings_keep_their_order(load: Loader) -> None:
    accounts = [each.match.account_id for each in bound(load, binding(accountId="shop"), binding(), binding())]
    assert accounts == ["shop", None, None]


def test_an_agent_whose_id_is_a_number_is_found(load: Loader) -> None:
    tree = {"channels": SHOP, "agents": {"list": [{"id": 5, "kind": "echo"}]}, "bindings": [binding("5")]}
    assert load(tree).settings.bindings[0].agent_id == "5"


def test_without_agents_a_binding_may_name_the_built_in_one(load: Loader) -> None:
    assert load({"channels": SHOP, "bindings": [binding("main")]}).settings.bindings[0].agent_id == "main"


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        (binding("mian"), '.agentId: no agent "mian"; did you mean "main"?'),
        (binding("zzz"), '.agentId: no agent "zzz"; known: main'),
        (binding(channel="zaol"), '.match.channel: no channel "zaol"; did you mean "zalo"?'),
        (binding(channel="telegram"), '.match.channel: no channel "telegram"; known: zalo, zalouser'),
        (binding(accountId="shpo"), '.match.accountId: no account "shpo"; did you mean "shop"?'),
        (
            {"agentId": "main", "match": {"channel": "zalouser", "accountId": "x"}},
            '.match.accountId: no account "x"; none is configured',
        ),
        (binding(guildId="1"), ".match.guildId: unknown key; Zalo has no guilds; remove it"),
        (binding(teamId="1"), ".match.teamId: unknown key; Zalo has no teams; remove it"),
        (binding(roles=[]), ".match.roles: unknown key; Zalo has no roles; remove it"),
        (binding(peer={"kind": "direct"}), ".match.peer.id: missing; this key is required"),
        (binding(peer={"id": "1"}), ".match.peer.kind: missing; this key is required"),
        (binding(peer={"kind": "all", "id": "1"}), '.match.peer.kind: expected one of direct, dm, group; got "all"'),
        ({"match": {"channel": "zalo"}}, ".agentId: missing; this key is required"),
        ({"agentId": "main"}, ".match: missing; this key is required"),
    ],
)
def test_a_binding_that_could_never_hold_is_a_problem(load: Loader, entry: dict[str, Any], problem: str) -> None:
    tree = {"channels": SHOP, "agents": {"list": [ECHO]}, "bindings": [entry]}
    assert load.problems(tree) == (f"bindings[0]{problem}",)


def test_bindings_are_a_list(load: Loader) -> None:
    assert load.problems({"bindings": {"agentId": "main"}}) == ("bindings: expected a list; got an object",)


def test_a_broken_agent_or_account_is_not_also_reported_missing(load: Loader) -> None:
    tree = {
        "channels": {"zalo": {"accounts": {"shop": {"botToken": OTHER_TOKEN, "mediaMaxMb": 0}}}},
        "agents": {"list": [{"id": "main", "kind": "http"}]},
        "bindings": [binding("main", accountId="shop")],
    }
    assert load.problems(tree) == (
        "channels.zalo.accounts.shop.mediaMaxMb: expected a number above 0; got 0",
        "agents.list[0].url: missing; this key is required",
    )
