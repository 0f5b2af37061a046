"""Going on where the last process stopped.

What was waiting waits again, in the same lanes and the same order. What was running runs again. What was being sent may
have gone out: the account's `whenUnknown` decides (the delivery law). Accounts are shut until they open.
"""

from __future__ import annotations

import heapq

from msgspec.structs import replace

from router.rules.delivery import recover
from router.rules.destinations import destination
from router.rules.pairing import Pairings
from router.rules.records import InboxRow, OutboxRow, Remembered
from router.rules.state import Chance, Decision, Moment, Rulebook, State, Timer
from router.rules.turns import pump


def restore(
    rulebook: Rulebook,
    remembered: Remembered,
    moment: Moment,
    chance: Chance,
    decision: Decision,
    *,
    draining: bool = False,
) -> State:
    """The state of a new process, and in `decision` what it begins with: no turns if `draining`."""
    state = State(rulebook, Pairings(remembered.pairings, remembered.approvals))
    state.draining = draining
    state.sessions = {session.session_key: session for session in remembered.sessions}
    state.next_inbox_id = remembered.next_inbox_id
    state.next_outbox_id = remembered.next_outbox_id
    for row in remembered.unsent:
        _restore_unsent(state, row, moment, decision)
    for waiting in remembered.unfinished:
        _restore_unfinished(state, waiting)
    for agent_id in list(state.turn_lanes):
        pump(state, agent_id, moment, chance, decision)
    return state


def _restore_unfinished(state: State, row: InboxRow) -> None:
    row = replace(row, state="waiting")
    if row.agent_id not in state.rulebook.agents:
        # The agent is gone from the settings: somebody else has to answer.
        agent_id, key = destination(state, row.inbound)
        row = replace(row, agent_id=agent_id, session_key=key)
    state.lanes_of_agent(row.agent_id).add(row.session_key, row)
    state.unfinished[row.inbound.chat.account] += 1


def _restore_unsent(state: State, row: OutboxRow, moment: Moment, decision: Decision) -> None:
    account, chat_id = row.chat.account, row.chat.chat_id
    found = recover(row, when_unknown=state.policy(account).when_unknown)
    if found.state != row.state:
        decision.move_outbox(found, moment.wall)
    lanes = state.lanes_of_account(account)
    wait_seconds = min(found.not_before - moment.wall, state.rulebook.delivery.max_delay_seconds)
    if lanes.head(chat_id) is not None or (found.state != "unknown" and wait_seconds <= 0):
        lanes.add(chat_id, found)
        return
    lanes.add_held(chat_id, found)
    if found.state != "unknown":
        heapq.heappush(state.timers, Timer(moment.monotonic + wait_seconds, found.outbox_id, account, chat_id))
