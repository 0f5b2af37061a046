"""Who may speak.

The law (openclaw-gateway reference, sections 2.1 to 2.3):

    dmPolicy    the sender is listed    the sender is not listed
    disabled    drop                    drop
    open        admit                   drop; with "*" everybody is listed
    allowlist   admit                   drop
    pairing     admit                   a pairing request

    groupPolicy
    disabled    drop
    open        admit, unless `groups` shuts this very group
    allowlist   with `groups`: the group must be named there (or "*"), and the sender in `groupAllowFrom` if it is set;
                without `groups`: the sender must be listed in `groupAllowFrom`, else in `allowFrom`

A message of an admitted group is dropped when the group has `requireMention`, or `*` has it and the group does not say
otherwise, and the network tells that the account is not mentioned.

A sender is listed when their id is in `allowFrom` (settings) or was approved by pairing. Ids are opaque: compared
whole, without regard to case, after one known prefix (`zalo:`) is taken off. Names are never compared here.

Whoever is listed may use commands. In groups only the settings' list counts: an approval lets a person in for
themselves, not for a group that others read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from actors.messages import Inbound, ParseMode
from router.rules.tables import TableMode

DmPolicy = Literal["pairing", "allowlist", "open", "disabled"]
GroupPolicy = Literal["open", "allowlist", "disabled"]
WhenUnknown = Literal["resend", "hold"]
ChunkMode = Literal["length", "newline"]

EVERYBODY = "*"


class GroupRule(msgspec.Struct, frozen=True):
    """What holds for one group, or for `*`."""

    allow: bool = True
    require_mention: bool | None = None
    """Whether only messages that are meant for the account are answered. None: as `*` has it, else no."""


class AccountPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """What one account allows, and how it writes. Lists hold normalised ids."""

    channel_label: str = "Zalo"
    id_prefixes: tuple[str, ...] = ()
    dm_policy: DmPolicy = "pairing"
    allow_from: frozenset[str] = frozenset()
    group_policy: GroupPolicy = "allowlist"
    group_allow_from: frozenset[str] | None = None
    groups: Mapping[str, GroupRule] = {}
    groups_must_be_named: bool = False
    """Whether `allowlist` without `groups` shuts every group, whoever speaks."""
    commands_for_all: bool = False
    when_unknown: WhenUnknown = "resend"
    chunk_mode: ChunkMode = "length"
    text_limit: int = 2000
    parse_mode: ParseMode | None = None
    """How the network is asked to read what agents write; what the router says itself is always plain."""
    tables: TableMode = "code"
    sends_files: bool = True
    """Whether a picture in a file of ours can reach the network."""
    response_prefix: str = ""
    """Put before what agents say; the law of `prefixes`."""
    message_prefix: str = ""
    """Put before what agents are told."""


class Admit(msgspec.Struct, frozen=True):
    """The message goes on."""

    authorized: bool
    """Whether this sender may use commands."""


class Drop(msgspec.Struct, frozen=True):
    """The message stops here; `reason` is for the operator."""

    reason: str


class AskToPair(msgspec.Struct, frozen=True):
    """A stranger: the message stops here and a pairing request is made."""


Verdict = Admit | Drop | AskToPair


def normalize_id(raw: str, prefixes: Iterable[str] = ()) -> str:
    """An id as it is compared: trimmed, one known prefix off, lower case. `zalo:zalo:x` keeps one `zalo:`."""
    text = raw.strip().lower()
    for prefix in prefixes:
        if text.startswith(prefix):
            return text[len(prefix) :].strip()
    return text


def judge(policy: AccountPolicy, inbound: Inbound, *, approved: bool) -> Verdict:
    """What becomes of a message from this sender in this chat. `approved`: let in by pairing."""
    sender = normalize_id(inbound.sender_id, policy.id_prefixes)
    if inbound.chat.chat_type == "group":
        return _judge_group(policy, inbound, sender)
    return _judge_direct(policy, approved or _listed(policy.allow_from, sender))


def _judge_direct(policy: AccountPolicy, listed: bool) -> Verdict:
    if policy.dm_policy == "disabled":
        return Drop("dmPolicy=disabled")
    if listed:
        return Admit(authorized=True)
    if policy.dm_policy == "pairing":
        return AskToPair()
    return Drop(f"dmPolicy={policy.dm_policy}: sender not in allowFrom")


def _judge_group(policy: AccountPolicy, inbound: Inbound, sender: str) -> Verdict:
    rule = _group_rule(policy.groups, normalize_id(inbound.chat.chat_id, policy.id_prefixes))
    reason = _group_objection(policy, rule, sender)
    if reason:
        return Drop(reason)
    if inbound.mentioned is False and _mention_required(policy.groups, rule):
        return Drop("requireMention: the account is not mentioned")
    return Admit(authorized=policy.commands_for_all or _listed(policy.allow_from, sender))


def _mention_required(groups: Mapping[str, GroupRule], rule: GroupRule | None) -> bool:
    rules = (rule, groups.get(EVERYBODY))
    said = (each.require_mention for each in rules if each is not None and each.require_mention is not None)
    return next(said, False)


def _group_objection(policy: AccountPolicy, rule: GroupRule | None, sender: str) -> str:
    if policy.group_policy == "disabled":
        return "groupPolicy=disabled"
    if rule is not None and not rule.allow:
        return "groups: this group is not allowed"
    if policy.group_policy == "open":
        return ""
    if rule is None and (policy.groups or policy.groups_must_be_named):
        return "groupPolicy=allowlist: group not in groups"
    return _sender_objection(policy, rule, sender)


def _sender_objection(policy: AccountPolicy, rule: GroupRule | None, sender: str) -> str:
    if policy.group_allow_from is not None:
        listed = _listed(policy.group_allow_from, sender)
        return "" if listed else "groupPolicy=allowlist: sender not in groupAllowFrom"
    if rule is not None or _listed(policy.allow_from, sender):
        return ""
    return "groupPolicy=allowlist: neither groups nor groupAllowFrom names this group or sender"


def _group_rule(groups: Mapping[str, GroupRule], group: str) -> GroupRule | None:
    for key in (group, f"group:{group}", EVERYBODY):
        rule = groups.get(key)
        if rule is not None:
            return rule
    return None


def _listed(entries: frozenset[str], sender: str) -> bool:
    return EVERYBODY in entries or sender in entries
