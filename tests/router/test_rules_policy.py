from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from actors.messages import AccountKey, Chat, Inbound
from router.rules.policy import AccountPolicy, Admit, AskToPair, Drop, GroupRule, judge, normalize_id

ACCOUNT = AccountKey("zalo", "default")
PREFIXES = ("zalo:", "zl:")


def direct(sender: str = "6ede9afa66b88fe6d6a9") -> Inbound:
    return Inbound(chat=Chat(ACCOUNT, sender), message_id="m1", sender_id=sender, text="xin chao")


def in_group(sender: str = "u1", group: str = "zgr-f8a7101d77709e2ec761") -> Inbound:
    return Inbound(chat=Chat(ACCOUNT, group, "group"), message_id="m1", sender_id=sender, text="xin chao")


def listed(*ids: str) -> frozenset[str]:
    return frozenset(normalize_id(entry, PREFIXES) for entry in ids)


@pytest.mark.parametrize(
    ("policy", "in_list", "by_approval", "not_in_list"),
    [
        ("disabled", "drop", "drop", "drop"),
        ("open", "admit", "admit", "drop"),
        ("allowlist", "admit", "admit", "drop"),
        ("pairing", "admit", "admit", "pair"),
    ],
)
def test_each_dm_policy_treats_listed_approved_and_strange_senders_by_the_table(
    policy: Any, in_list: str, by_approval: str, not_in_list: str
) -> None:
    words = {Admit: "admit", Drop: "drop", AskToPair: "pair"}
    with_list = AccountPolicy(dm_policy=policy, allow_from=listed("u1"))
    assert words[type(judge(with_list, direct("u1"), approved=False))] == in_list
    assert words[type(judge(with_list, direct("u2"), approved=True))] == by_approval
    assert words[type(judge(with_list, direct("u2"), approved=False))] == not_in_list


@pytest.mark.parametrize("policy", ["open", "allowlist", "pairing"])
def test_a_star_lists_everybody(policy: Any) -> None:
    verdict = judge(AccountPolicy(dm_policy=policy, allow_from=frozenset({"*"})), direct("anybody"), approved=False)
    assert verdict == Admit(authorized=True)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("6EDE9AFA66B88FE6D6A9", "6ede9afa66b88fe6d6a9"),
        ("zalo:6ede9afa66b88fe6d6a9", "6ede9afa66b88fe6d6a9"),
        ("ZL:abc", "abc"),
        ("  zalo: abc ", "abc"),
        ("zalo:zalo:abc", "zalo:abc"),
        ("zgr-F8A7", "zgr-f8a7"),
        ("1459232241454765289", "1459232241454765289"),
    ],
)
def test_ids_are_compared_whole_without_case_after_one_prefix(typed: str, meant: str) -> None:
    assert normalize_id(typed, PREFIXES) == meant


def test_an_entry_with_a_prefix_lists_the_bare_id() -> None:
    policy = AccountPolicy(dm_policy="allowlist", allow_from=listed("zalo:6EDE"), id_prefixes=PREFIXES)
    assert judge(policy, direct("6ede"), approved=False) == Admit(authorized=True)
    assert isinstance(judge(policy, direct("6ede9"), approved=False), Drop)


GROUP = "zgr-1"


@pytest.mark.parametrize(
    ("settings", "admitted"),
    [
        ({}, False),
        ({"group_policy": "disabled", "groups": {GROUP: GroupRule()}}, False),
        ({"group_policy": "open"}, True),
        ({"group_policy": "open", "groups": {GROUP: GroupRule(allow=False)}}, False),
        ({"groups": {GROUP: GroupRule()}}, True),
        ({"groups": {f"group:{GROUP}": GroupRule()}}, True),
        ({"groups": {"*": GroupRule()}}, True),
        ({"groups": {"*": GroupRule(), GROUP: GroupRule(allow=False)}}, False),
        ({"groups": {"zgr-2": GroupRule()}}, False),
        ({"groups": {"zgr-2": GroupRule()}, "allow_from": frozenset({"u1"})}, False),
        ({"groups": {GROUP: GroupRule()}, "group_allow_from": frozenset({"u2"})}, False),
        ({"groups": {GROUP: GroupRule()}, "group_allow_from": frozenset({"u1"})}, True),
        ({"group_allow_from": frozenset({"u1"})}, True),
        ({"group_allow_from": frozenset(), "allow_from": frozenset({"u1"})}, False),
        ({"allow_from": frozenset({"u1"})}, True),
        ({"allow_from": frozenset({"u1"}), "groups_must_be_named": True}, False),
        ({"dm_policy": "disabled", "group_policy": "open"}, True),
    ],
)
def test_groups_are_admitted_by_the_table(settings: dict[str, Any], admitted: bool) -> None:
    verdict = judge(AccountPolicy(**settings), in_group("u1", GROUP), approved=False)
    assert isinstance(verdict, Admit) is admitted
    assert admitted or (isinstance(verdict, Drop) and verdict.reason)


@pytest.mark.parametrize(
    ("groups", "required"),
    [
        ({}, False),
        ({GROUP: GroupRule()}, False),
        ({GROUP: GroupRule(require_mention=True)}, True),
        ({f"group:{GROUP}": GroupRule(require_mention=True)}, True),
        ({"*": GroupRule(require_mention=True)}, True),
        ({"*": GroupRule(require_mention=True), GROUP: GroupRule()}, True),
        ({"*": GroupRule(require_mention=True), GROUP: GroupRule(require_mention=False)}, False),
        ({"zgr-2": GroupRule(require_mention=True)}, False),
    ],
)
def test_who_has_to_mention_the_account_to_be_answered(groups: dict[str, GroupRule], required: bool) -> None:
    policy = AccountPolicy(group_policy="open", groups=groups)
    verdicts = {
        told: judge(policy, replace(in_group("u1", GROUP), mentioned=told), approved=False)
        for told in (True, False, None)
    }
    assert isinstance(verdicts[False], Drop) is required
    assert isinstance(verdicts[True], Admit)
    assert isinstance(verdicts[None], Admit)


def test_an_approval_by_pairing_opens_no_group_and_gives_no_commands_there() -> None:
    assert isinstance(judge(AccountPolicy(), in_group(), approved=True), Drop)
    verdict = judge(AccountPolicy(group_policy="open"), in_group(), approved=True)
    assert verdict == Admit(authorized=False)


def test_group_commands_belong_to_the_listed_or_to_all_when_the_settings_say_so() -> None:
    policy = AccountPolicy(group_policy="open", allow_from=listed("u1"))
    assert judge(policy, in_group("u1"), approved=False) == Admit(authorized=True)
    assert judge(policy, in_group("u2"), approved=False) == Admit(authorized=False)
    everybody = AccountPolicy(group_policy="open", commands_for_all=True)
    assert judge(everybody, in_group("u2"), approved=False) == Admit(authorized=True)


def test_a_stranger_in_a_group_never_makes_a_pairing_request() -> None:
    for group_policy in ("open", "allowlist", "disabled"):
        verdict = judge(AccountPolicy(group_policy=group_policy), in_group("stranger"), approved=False)
        assert not isinstance(verdict, AskToPair)
