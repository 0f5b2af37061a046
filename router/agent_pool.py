"""Gives turns to agents, shows "is typing…" while they think, and tells the router how each turn ended."""

from __future__ import annotations

import heapq
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping

import msgspec
import trio
from msgspec.structs import replace

from actors.agents.contract import Agent
from actors.agents.patience import AgentGaveUp, answer_with_patience
from actors.agents.settings import AgentLimits
from actors.errors import StoreUnavailable
from actors.mailbox import Ref
from actors.messages import Chat, HistoryEntry, Turn
from router.messages import ToRouter, TurnAnswered, TurnBroke
from router.store.contract import Store

TYPING_AFTER_SECONDS = 0.5
TYPING_EVERY_SECONDS = 4.0
TYPING_TICK_SECONDS = 0.1
RETRY_HISTORY_SECONDS = 1.0


class OpenAgent(msgspec.Struct, frozen=True):
    """An agent that is ready to answer, with what holds around it."""

    agent: Agent
    limits: AgentLimits
    history_limit: int = 0


async def as_it_is(turn: Turn) -> Turn:
    """Prepares nothing."""
    return turn


class AgentPool:
    """Runs each turn in a task of its own. How many run at once is the router's decision, not made here."""

    def __init__(
        self,
        agents: Mapping[str, OpenAgent],
        store: Store,
        *,
        router: Ref[ToRouter],
        show_typing: Callable[[Chat], None],
        fraction: Callable[[], float] = random.random,
        prepare: Callable[[Turn], Awaitable[Turn]] = as_it_is,
    ) -> None:
        """`prepare` makes a turn ready for its agent, in the turn's own task. It may take time and raises nothing."""
        self._agents = agents
        self._asked: Counter[int] = Counter()
        self._returned = trio.Event()
        self._store = store
        self._router = router
        self._show_typing = show_typing
        self._fraction = fraction
        self._prepare = prepare
        self._nursery: trio.Nursery | None = None
        self._thinking: dict[int, Chat] = {}
        self._due: list[tuple[float, int]] = []
        self._somebody_thinks = trio.Event()

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Works until cancelled. A turn that is cut off by that runs again at the next start of the process."""
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            nursery.start_soon(self._keep_typing)
            task_status.started()

    def start(self, turn: Turn) -> None:
        """Begins a turn. Does not wait. Its end reaches the router as TurnAnswered or TurnBroke, exactly once."""
        if self._nursery is None:
            raise RuntimeError("the pool is not running")
        known = self._agents[turn.agent_id]
        self._asked[id(known)] += 1
        self._nursery.start_soon(self._answer, turn, known)

    def use(self, agents: Mapping[str, OpenAgent]) -> None:
        """Gives turns to these from now on. A turn that has begun stays with the agent that it began with."""
        self._agents = agents

    async def wait_until_unused(self, agent: OpenAgent) -> None:
        """Returns when no turn is with this agent any more."""
        while self._asked[id(agent)]:
            await self._returned.wait()

    async def _answer(self, turn: Turn, known: OpenAgent) -> None:
        started_at = trio.current_time()
        self._begin_thinking(turn, started_at)
        try:
            end = await self._ask(turn, known, started_at)
        finally:
            self._thinking.pop(turn.turn_id, None)
            self._return(known)
        await self._router.tell(end)

    def _return(self, agent: OpenAgent) -> None:
        self._asked[id(agent)] -= 1
        if not self._asked[id(agent)]:
            del self._asked[id(agent)]
            self._returned.set()
            self._returned = trio.Event()

    async def _ask(self, turn: Turn, known: OpenAgent, started_at: float) -> TurnAnswered | TurnBroke:
        asked = replace(await self._prepare(turn), history=await self._history(turn, known.history_limit))
        try:
            reply = await answer_with_patience(known.agent, asked, limits=known.limits, random=self._fraction)
        except AgentGaveUp as error:
            return TurnBroke(turn.turn_id, error.reason)
        return TurnAnswered(turn.turn_id, reply, trio.current_time() - started_at)

    async def _history(self, turn: Turn, limit: int) -> tuple[HistoryEntry, ...]:
        while limit > 0:
            try:
                return await self._store.history(turn.session_id, limit)
            except StoreUnavailable:
                await trio.sleep(RETRY_HISTORY_SECONDS)
        return ()

    def _begin_thinking(self, turn: Turn, now: float) -> None:
        self._thinking[turn.turn_id] = turn.chat
        heapq.heappush(self._due, (now + TYPING_AFTER_SECONDS, turn.turn_id))
        self._somebody_thinks.set()

    async def _keep_typing(self) -> None:
        """One task for all turns: a turn that ends at once costs it nothing but a look."""
        while True:
            await self._somebody_thinks.wait()
            self._somebody_thinks = trio.Event()
            while self._due:
                self._show_due(trio.current_time())
                await trio.sleep(TYPING_TICK_SECONDS)

    def _show_due(self, now: float) -> None:
        while self._due and self._due[0][0] <= now:
            _, turn_id = heapq.heappop(self._due)
            chat = self._thinking.get(turn_id)
            if chat is not None:
                self._show_typing(chat)
                heapq.heappush(self._due, (now + TYPING_EVERY_SECONDS, turn_id))
