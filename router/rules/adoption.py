"""A new rulebook in place of the old, while everything goes on.

The law:

1. Whatever is decided from now on is decided by the new rulebook; nothing that was decided is taken back.
2. An agent that got more or less room uses it from its next turn on; what runs is never cut off.
3. What waits for an agent that is gone goes to whoever answers such messages now, behind what runs in its session.
"""

from __future__ import annotations

from router.rules.state import Chance, Decision, Moment, Rulebook, State
from router.rules.turns import pump


def adopt(state: State, rulebook: Rulebook, moment: Moment, chance: Chance, decision: Decision) -> None:
    """Decides by `rulebook` from now on, and begins what may begin because of it."""
    state.rulebook = rulebook
    for agent_id, lanes in list(state.turn_lanes.items()):
        lanes.capacity = rulebook.agents.get(agent_id, lanes.capacity)
    for agent_id in list(state.turn_lanes):
        pump(state, agent_id, moment, chance, decision)
