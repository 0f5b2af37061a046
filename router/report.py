"""What the router says of itself: drawn from the actors' own words and the router's memory, at the moment of asking."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from msgspec.structs import replace

from actors.messages import AccountKey
from actors.protocol import AccountStatus
from router.control.protocol.overview import AccountReport, AgentReport
from router.control.reports import AccountLoad, account_report
from router.rules.state import State
from router.settings.schema import Account, AgentEntry


def account_reports(
    accounts: tuple[Account, ...],
    statuses: Mapping[AccountKey, AccountStatus],
    state: State,
    dead: Mapping[AccountKey, int],
    redact: Callable[[str], str],
) -> tuple[AccountReport, ...]:
    """One row per configured account."""
    running = Counter(row.inbound.chat.account for row in state.running.values())
    return tuple(
        account_report(
            replace(statuses[account.key], last_error=redact(statuses[account.key].last_error)),
            label=account.label,
            load=_load(account.key, state, running[account.key], dead.get(account.key, 0)),
        )
        for account in accounts
    )


def agent_reports(agents: tuple[AgentEntry, ...], state: State) -> tuple[AgentReport, ...]:
    """One row per agent: turns with it now, and messages that wait for it."""
    found = []
    for agent in agents:
        lanes = state.turn_lanes.get(agent.id)
        out, size = (lanes.out, lanes.size) if lanes else (0, 0)
        found.append(AgentReport(id=agent.id, kind=agent.kind, running=out, waiting=size - out))
    return tuple(found)


def _load(account: AccountKey, state: State, running: int, dead: int) -> AccountLoad:
    lanes = state.send_lanes.get(account)
    unknown = sum(1 for row in lanes.heads() if row.state == "unknown") if lanes else 0
    return AccountLoad(
        inbox_waiting=state.unfinished[account] - running,
        turns_running=running,
        outbox_queued=(lanes.size if lanes else 0) - unknown,
        outbox_unknown=unknown,
        outbox_dead=dead,
    )
