"""Agents: the entries of `agents.list`, with `agents.defaults` under them."""

from __future__ import annotations

from typing import Any

import msgspec

from actors.agents.settings import AgentLimits
from router.rules.sessions import normalize_agent_id
from router.settings.build import INVALID, as_object, build, build_part, key_names, refuse_unknown
from router.settings.checks import check_addresses, check_default_agents
from router.settings.kinds import agent_settings, unknown_kind
from router.settings.problems import Report, item, join
from router.settings.schema import BUILT_IN_AGENT, AgentEntry
from router.settings.values import PeerId, peer_id


class EntrySettings(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Keys of an entry of `agents.list` that hold for every kind."""

    id: PeerId
    kind: str
    name: str = ""
    default: bool = False


def resolve_agents(raw: Any, report: Report) -> tuple[AgentEntry, ...]:
    """The agents in the order of the file, the default one marked; the built-in echo agent when there are none."""
    block = as_object(raw, "agents", report)
    refuse_unknown(block, ("defaults", "list"), "agents", report)
    defaults = as_object(block.get("defaults", {}), "agents.defaults", report)
    refuse_unknown(defaults, key_names(AgentLimits), "agents.defaults", report)
    if build_part(defaults, AgentLimits, "agents.defaults", report) is None:
        defaults = {}
    entries = build(block.get("list", []), tuple[dict[str, Any], ...], "agents.list", report)
    if entries is INVALID:
        return ()
    if not entries:
        report.warn("agents.list", "no agent is configured; the built-in echo agent repeats what people write")
        return (BUILT_IN_AGENT,)
    made = [_entry(each, defaults, item("agents.list", index), report) for index, each in enumerate(entries)]
    agents = [agent for agent in made if agent is not None]
    check_default_agents(agents, report)
    return _with_default(agents)


def agent_ids(raw: Any) -> frozenset[str]:
    """The ids in `agents`, also of entries that have problems; bindings are checked against them."""
    entries = raw.get("list") if isinstance(raw, dict) else None
    ids = [each.get("id") for each in entries if isinstance(each, dict)] if isinstance(entries, list) else []
    named = frozenset(normalize_agent_id(each) for each in map(peer_id, ids) if each is not None)
    return named if entries else frozenset({BUILT_IN_AGENT.id})


def _entry(raw: dict[str, Any], defaults: dict[str, Any], path: str, report: Report) -> AgentEntry | None:
    entry = build_part(raw, EntrySettings, path, report)
    kind = raw.get("kind")
    if not isinstance(kind, str):
        return None
    kinds = agent_settings()
    if kind not in kinds:
        report.problem(join(path, "kind"), unknown_kind("agent", "kind of agent", kind, kinds))
        return None
    refuse_unknown(raw, key_names(EntrySettings, AgentLimits, kinds[kind]), path, report)
    settings = build_part(raw, kinds[kind], path, report)
    if settings is not None:
        check_addresses(settings, lambda key: join(path, key), report)
    limits = build_part({**defaults, **raw}, AgentLimits, path, report)
    if entry is None or settings is None or limits is None:
        return None
    agent_id = normalize_agent_id(entry.id)
    return AgentEntry(
        id=agent_id,
        kind=kind,
        name=entry.name or entry.id,
        is_default=entry.default,
        settings=settings,
        limits=limits,
        path=path,
    )


def _with_default(agents: list[AgentEntry]) -> tuple[AgentEntry, ...]:
    if agents and not any(agent.is_default for agent in agents):
        agents[0] = msgspec.structs.replace(agents[0], is_default=True)
    return tuple(agents)
