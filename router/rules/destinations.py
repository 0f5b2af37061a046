"""Where a message goes: to which agent, and into which conversation with it."""

from __future__ import annotations

from actors.messages import Inbound
from router.rules.bindings import route
from router.rules.sessions import session_key
from router.rules.state import State


def destination(state: State, inbound: Inbound) -> tuple[str, str]:
    """Which agent answers a message, and in which session."""
    rulebook = state.rulebook
    found = route(
        rulebook.bindings,
        inbound.chat,
        default_agent_id=rulebook.default_agent_id,
        agent_ids=frozenset(rulebook.agents),
    )
    key = session_key(
        agent_id=found.agent_id,
        chat=inbound.chat,
        scope=rulebook.session_scope,
        dm_scope=rulebook.dm_scope,
        identity_links=rulebook.identity_links,
    )
    return found.agent_id, key
