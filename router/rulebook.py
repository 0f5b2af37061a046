"""From settings to the rulebook that the law reads."""

from __future__ import annotations

from collections.abc import Mapping

from actors.channel import ChannelKind
from router.rules.bindings import Binding, Match, Peer
from router.rules.policy import AccountPolicy, GroupRule, normalize_id
from router.rules.prefixes import AgentFacts
from router.rules.state import Rulebook
from router.rules.texts import BY_LOCALE
from router.settings.resets import reset_rules
from router.settings.schema import Account, AgentEntry, GroupSettings, Settings
from router.settings.sections import BindingSettings, MessagesSettings


def make_rulebook(settings: Settings, kinds: Mapping[str, ChannelKind]) -> Rulebook:
    """The rules of these settings. Accounts of a channel that is not among `kinds` have none."""
    return Rulebook(
        accounts={
            account.key: _policy(account, settings, kinds[account.key.channel])
            for account in settings.accounts
            if account.key.channel in kinds
        },
        agents={agent.id: agent.limits.max_concurrent for agent in settings.agents},
        default_agent_id=settings.default_agent_id,
        bindings=tuple(_binding(binding) for binding in settings.bindings),
        agent_facts={agent.id: _facts(agent) for agent in settings.agents},
        session_scope=settings.session.scope,
        dm_scope=settings.session.dm_scope,
        resets=reset_rules(settings.session),
        identity_links=settings.session.identity_links,
        reset_triggers=settings.session.reset_triggers,
        texts=BY_LOCALE[settings.messages.locale],
        error_text=settings.messages.error_text or "",
        unsupported_reply=_unsupported_reply(settings.messages),
        inbox_limit=settings.limits.inbox,
    )


def _policy(account: Account, settings: Settings, kind: ChannelKind) -> AccountPolicy:
    policy = account.policy

    def ids(entries: tuple[str, ...]) -> frozenset[str]:
        return frozenset(normalize_id(entry, kind.id_prefixes) for entry in entries)

    return AccountPolicy(
        channel_label=kind.label,
        id_prefixes=kind.id_prefixes,
        dm_policy=policy.dm_policy,
        allow_from=ids(policy.allow_from),
        group_policy=policy.group_policy,
        group_allow_from=None if policy.group_allow_from is None else ids(policy.group_allow_from),
        groups={normalize_id(name, kind.id_prefixes): _group(group) for name, group in policy.groups.items()},
        groups_must_be_named=kind.groups_must_be_named,
        commands_for_all=not settings.commands.use_access_groups,
        when_unknown=policy.when_unknown,
        chunk_mode=policy.chunk_mode,
        parse_mode=policy.parse_mode,
        tables=policy.markdown.tables,
        sends_files=kind.sends_files or settings.webhook.public_url is not None,
        response_prefix=_first_said(policy.response_prefix, settings.messages.response_prefix),
        message_prefix=policy.message_prefix or "",
        text_limit=min(policy.text_chunk_limit, kind.text_limit_utf16),
    )


def _first_said(*prefixes: str | None) -> str:
    """The first that is given; an empty one is given, and means none."""
    return next((prefix for prefix in prefixes if prefix is not None), "")


def _unsupported_reply(messages: MessagesSettings) -> str:
    words = messages.unsupported_reply
    if isinstance(words, str):
        return words
    return BY_LOCALE[messages.locale].unsupported if words else ""


def _facts(agent: AgentEntry) -> AgentFacts:
    # Kinds of agents that ask a model have it among their own settings.
    return AgentFacts(name=agent.name, model=getattr(agent.settings, "model", ""), provider=agent.kind)


def _group(group: GroupSettings) -> GroupRule:
    return GroupRule(allow=group.allow and group.enabled, require_mention=group.require_mention)


def _binding(binding: BindingSettings) -> Binding:
    match = binding.match
    peer = None if match.peer is None else Peer(kind=match.peer.kind, id=match.peer.id)
    return Binding(
        agent_id=binding.agent_id,
        match=Match(channel=match.channel, account_id=match.account_id, peer=peer),
    )
