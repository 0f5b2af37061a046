"""The open agents. A reload opens changed ones anew and closes the old when their last turn has ended.

Each agent is opened and closed in one task of its own, since what it keeps open may be bound to the task.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager

import msgspec
import trio

from actors.agents.contract import AgentKind
from router.agent_pool import OpenAgent
from router.settings.schema import AgentEntry


class Seat(msgspec.Struct, frozen=True):
    """An open agent, and how it is told to close."""

    agent: OpenAgent
    leave: trio.Event


class AgentRoster:
    """Who answers now."""

    def __init__(self, kinds: Mapping[str, AgentKind], nursery: trio.Nursery) -> None:
        self._kinds = kinds
        self._nursery = nursery
        self._seats: dict[str, Seat] = {}

    @property
    def agents(self) -> dict[str, OpenAgent]:
        """By agent id."""
        return {agent_id: seat.agent for agent_id, seat in self._seats.items()}

    async def open(self, entries: Iterable[AgentEntry]) -> dict[str, Seat]:
        """Opens agents, by id, and gives none of them a place yet: see `seat`. When one cannot be opened, none is.

        Raises: what the kind's `open` raises.
        """
        opened: dict[str, Seat] = {}
        try:
            for entry in entries:
                opened[entry.id] = await self._nursery.start(self._keep, entry)
        except BaseException:
            _dismiss(opened.values())
            raise
        return opened

    def seat(
        self, opened: Mapping[str, Seat], keep: Iterable[str], when_unused: Callable[[OpenAgent], Awaitable[None]]
    ) -> None:
        """Has those that were opened answer, beside those to `keep`.

        The others are closed once `when_unused` returns for them.
        """
        kept = {agent_id: self._seats[agent_id] for agent_id in keep if agent_id not in opened}
        leaving = [seat for agent_id, seat in self._seats.items() if agent_id not in kept]
        self._seats = kept | dict(opened)
        for seat in leaving:
            self._nursery.start_soon(_retire, seat, when_unused)

    def dismiss(self) -> None:
        """Has every agent closed."""
        _dismiss(self._seats.values())

    async def _keep(self, entry: AgentEntry, *, task_status: trio.TaskStatus[Seat]) -> None:
        kind = self._kinds[entry.kind]
        leave = trio.Event()
        async with kind.open(entry.settings) as agent:
            task_status.started(Seat(OpenAgent(agent, entry.limits, kind.history_limit(entry.settings)), leave))
            await leave.wait()


@asynccontextmanager
async def open_roster(entries: Iterable[AgentEntry], kinds: Mapping[str, AgentKind]) -> AsyncIterator[AgentRoster]:
    """Opens the agents, and closes whatever is open when the body is left.

    Raises: what the kinds' `open` raises, in a group.
    """
    async with trio.open_nursery() as nursery:
        roster = AgentRoster(kinds, nursery)
        roster.seat(await roster.open(entries), (), _at_once)
        try:
            yield roster
        finally:
            roster.dismiss()


async def _at_once(_agent: OpenAgent) -> None:
    return


async def _retire(seat: Seat, when_unused: Callable[[OpenAgent], Awaitable[None]]) -> None:
    await when_unused(seat.agent)
    seat.leave.set()


def _dismiss(seats: Iterable[Seat]) -> None:
    for seat in seats:
        seat.leave.set()
