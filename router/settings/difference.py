"""What a reload has to do, from the settings before and after.

Policies, bindings, texts and limits of the law are read anew by every decision, so they change in place. An account
starts anew only when what it obeys itself has changed. Listeners, the store and the log are built once: what changed
there is told, and waits for a restart of the program.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from actors.messages import AccountKey
from actors.pacing import Pacing
from router.settings.schema import Account, AgentEntry, Settings

BUILT_ONCE = ("webhook", "control", "store", "logging", "restart")
"""Sections that are obeyed from one start of the program to the next."""


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """What has to happen to get from one to the other."""

    starting: tuple[AccountKey, ...] = ()
    stopping: tuple[AccountKey, ...] = ()
    restarting: tuple[AccountKey, ...] = ()
    opening: tuple[str, ...] = ()
    """Agents that are new or changed, by id."""
    closing: tuple[str, ...] = ()
    """Agents that are changed or gone, by id."""
    rules: bool = False
    """Whether anything else changed that is obeyed in place."""

    def words(self) -> tuple[str, ...]:
        """One line for each thing that changes, for people."""
        agents = dict.fromkeys(self.closing, "is gone") | dict.fromkeys(self.opening, "is opened")
        return (
            *(f"account {key} starts" for key in self.starting),
            *(f"account {key} stops" for key in self.stopping),
            *(f"account {key} starts anew" for key in self.restarting),
            *(f"agent {each} {what}" for each, what in agents.items()),
            *(("rules changed",) if self.rules else ()),
        )


def difference(before: Settings, after: Settings) -> Difference:
    """What a reload of `after` over `before` does."""
    old, new = _enabled(before), _enabled(after)
    old_agents, new_agents = _agents(before), _agents(after)
    return Difference(
        starting=tuple(key for key in new if key not in old),
        stopping=tuple(key for key in old if key not in new),
        restarting=tuple(key for key in new if key in old and _felt(new[key]) != _felt(old[key])),
        opening=tuple(each for each, entry in new_agents.items() if old_agents.get(each) != entry),
        closing=tuple(each for each, entry in old_agents.items() if new_agents.get(each) != entry),
        rules=_rules(before) != _rules(after),
    )


def needs_restart(at_start: Settings, wanted: Settings, *, listening: bool) -> tuple[str, ...]:
    """The sections whose change waits for a restart of the program, by their paths in the file.

    `listening`: whether the webhook listener is open.
    """
    return tuple(_waiting(at_start, wanted, listening))


def _waiting(at_start: Settings, wanted: Settings, listening: bool) -> Iterator[str]:
    for name in BUILT_ONCE:
        if getattr(at_start, name) != getattr(wanted, name):
            yield name
    if not listening and at_start.webhook == wanted.webhook and any(_hooked(each) for each in wanted.accounts):
        yield "webhook"
    if msgspec.structs.replace(at_start.limits, inbox=wanted.limits.inbox) != wanted.limits:
        yield "limits"
    if at_start.media.retention_days != wanted.media.retention_days:
        yield "media.retentionDays"
    if at_start.media.host_seconds != wanted.media.host_seconds:
        yield "media.hostSeconds"


def _hooked(account: Account) -> bool:
    return account.enabled and bool(getattr(account.settings, "webhook_url", None))


def _enabled(settings: Settings) -> Mapping[AccountKey, Account]:
    return {account.key: account for account in settings.accounts if account.enabled}


def _agents(settings: Settings) -> Mapping[str, AgentEntry]:
    """By id, without what the open agent does not feel."""
    return {agent.id: msgspec.structs.replace(agent, name="", is_default=False, path="") for agent in settings.agents}


def _felt(account: Account) -> tuple[msgspec.Struct, Pacing]:
    """The settings that the account's actor obeys; its display name is not one of them."""
    pacing = account.policy.pacing
    if "name" in account.settings.__struct_fields__:
        return msgspec.structs.replace(account.settings, name=""), pacing
    return account.settings, pacing


def _rules(settings: Settings) -> tuple[object, ...]:
    """What is obeyed in place, for comparison."""
    accounts = tuple((each.key, each.policy, each.label, each.enabled) for each in settings.accounts)
    agents = tuple((each.id, each.name, each.is_default) for each in settings.agents)
    sections = (settings.session, settings.messages, settings.commands, settings.media, settings.limits.inbox)
    return (accounts, agents, settings.bindings, *sections)
