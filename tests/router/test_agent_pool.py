from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise

import trio
import trio.testing
from msgspec.structs import replace
from store_model import ModelStore

from actors.agents.settings import AgentLimits
from actors.errors import Rejected, RetryLater, StoreUnavailable
from actors.mailbox import Mailbox
from actors.messages import AccountKey, Chat, Context, HistoryEntry, Reply, Turn
from router.agent_pool import AgentPool, OpenAgent
from router.messages import ToRouter, TurnAnswered, TurnBroke
from router.rules.records import AppendTranscript

CHAT = Chat(AccountKey("zalo", "shop"), "u1")


def turn(turn_id: int = 1, text: str = "hi") -> Turn:
    context = Context(
        body=text,
        body_for_agent=text,
        raw_body=text,
        command_body=text,
        from_="zalo:u1",
        to="zalo:u1",
        originating_to="zalo:u1",
        originating_channel="zalo",
        session_key="k",
        account_id="shop",
        chat_type="direct",
        conversation_label="Ted",
        sender_id="u1",
        provider="zalo",
        surface="zalo",
        message_sid="m1",
    )
    return Turn(
        turn_id=turn_id, agent_id="main", session_key="k", session_id="s1", chat=CHAT, text=text, context=context
    )


class ScriptedAgent:
    """Thinks for a while, then does what it was told."""

    def __init__(self, *ends: Reply | Exception, seconds: float = 0.0) -> None:
        self.ends = list(ends)
        self.seconds = seconds
        self.asked: list[Turn] = []

    async def answer(self, turn: Turn) -> Reply:
        self.asked.append(turn)
        await trio.sleep(self.seconds)
        end = self.ends.pop(0)
        if isinstance(end, Exception):
            raise end
        return end


class Rig:
    def __init__(self, agent: ScriptedAgent, *, history_limit: int = 0, store: ModelStore | None = None) -> None:
        self.mailbox: Mailbox[ToRouter] = Mailbox(16)
        self.typing: list[tuple[float, Chat]] = []
        self.pool = AgentPool(
            {"main": OpenAgent(agent, AgentLimits(timeout_seconds=30, retries=1), history_limit)},
            store or ModelStore(),
            router=self.mailbox.ref,
            show_typing=lambda chat: self.typing.append((trio.current_time(), chat)),
            fraction=lambda: 0.0,
        )


@asynccontextmanager
async def running(rig: Rig) -> AsyncIterator[Rig]:
    async with trio.open_nursery() as nursery:
        await nursery.start(rig.pool.run)
        yield rig
        nursery.cancel_scope.cancel()


async def test_an_answer_reaches_the_router_with_the_time_it_took(autojump_clock: trio.testing.MockClock) -> None:
    async with running(Rig(ScriptedAgent(Reply("hello"), seconds=3))) as rig:
        rig.pool.start(turn())
        end = await rig.mailbox.receive()
    assert end == TurnAnswered(1, Reply("hello"), 3.0)


async def test_a_failure_that_passes_is_tried_again(autojump_clock: trio.testing.MockClock) -> None:
    agent = ScriptedAgent(RetryLater("busy"), Reply("hello"))
    async with running(Rig(agent)) as rig:
        rig.pool.start(turn())
        end = await rig.mailbox.receive()
    assert isinstance(end, TurnAnswered)
    assert len(agent.asked) == 2


async def test_an_agent_that_stays_broken_ends_its_turn_with_the_reason(autojump_clock: trio.testing.MockClock) -> None:
    async with running(Rig(ScriptedAgent(Rejected("no such model")))) as rig:
        rig.pool.start(turn())
        assert await rig.mailbox.receive() == TurnBroke(1, "no such model")


async def test_a_turn_is_made_ready_in_its_own_task_while_typing_shows(autojump_clock: trio.testing.MockClock) -> None:
    agent = ScriptedAgent(*[Reply("ok")] * 2)
    rig = Rig(agent)

    async def prepare(asked: Turn) -> Turn:
        await trio.sleep(6 - asked.turn_id)
        return replace(asked, text="ready")

    rig.pool = AgentPool(
        {"main": OpenAgent(agent, AgentLimits())},
        ModelStore(),
        router=rig.mailbox.ref,
        show_typing=lambda chat: rig.typing.append((trio.current_time(), chat)),
        prepare=prepare,
    )
    async with running(rig):
        for turn_id in (1, 2):
            rig.pool.start(turn(turn_id))
        ends = [await rig.mailbox.receive() for _ in range(2)]
    assert [end.turn_id for end in ends if isinstance(end, TurnAnswered)] == [2, 1]
    assert [asked.text for asked in agent.asked] == ["ready", "ready"]
    assert len(rig.typing) >= 2


async def test_turns_run_side_by_side(autojump_clock: trio.testing.MockClock) -> None:
    agent = ScriptedAgent(*[Reply("ok")] * 3, seconds=10)
    async with running(Rig(agent)) as rig:
        started = trio.current_time()
        for turn_id in (1, 2, 3):
            rig.pool.start(turn(turn_id))
        for _ in range(3):
            await rig.mailbox.receive()
        assert trio.current_time() - started < 11


async def test_typing_shows_after_half_a_second_and_about_every_four(autojump_clock: trio.testing.MockClock) -> None:
    async with running(Rig(ScriptedAgent(Reply("ok"), seconds=9))) as rig:
        started = trio.current_time()
        rig.pool.start(turn())
        await rig.mailbox.receive()
        await trio.sleep(20)
        shown = [round(at - started, 1) for at, chat in rig.typing if chat == CHAT]
    assert len(shown) == 3
    assert 0.5 <= shown[0] <= 0.7
    assert all(4.0 <= later - sooner <= 4.3 for sooner, later in pairwise(shown))


async def test_a_quick_turn_shows_no_typing(autojump_clock: trio.testing.MockClock) -> None:
    async with running(Rig(ScriptedAgent(Reply("ok"), seconds=0.3))) as rig:
        rig.pool.start(turn())
        await rig.mailbox.receive()
        await trio.sleep(5)
        assert rig.typing == []


async def test_the_agent_is_given_as_much_history_as_it_asked_for() -> None:
    store = ModelStore()
    store.apply_all(AppendTranscript(session_id="s1", role="user", text=f"line {n}", at=n) for n in range(5))
    agent = ScriptedAgent(Reply())
    async with running(Rig(agent, history_limit=2, store=store)) as rig:
        rig.pool.start(turn())
        await rig.mailbox.receive()
    assert agent.asked[0].history == (HistoryEntry("user", "line 3"), HistoryEntry("user", "line 4"))


async def test_a_store_that_cannot_be_read_delays_the_turn_and_does_not_end_it(
    autojump_clock: trio.testing.MockClock,
) -> None:
    class Failing(ModelStore):
        failures = 2

        async def history(self, session_id: str, limit: int) -> tuple[HistoryEntry, ...]:
            if self.failures:
                self.failures -= 1
                raise StoreUnavailable("busy")
            return await super().history(session_id, limit)

    async with running(Rig(ScriptedAgent(Reply("ok")), history_limit=1, store=Failing())) as rig:
        rig.pool.start(turn())
        assert isinstance(await rig.mailbox.receive(), TurnAnswered)


async def test_cancelling_the_pool_tells_nothing_so_that_the_turn_runs_again(
    autojump_clock: trio.testing.MockClock,
) -> None:
    rig = Rig(ScriptedAgent(Reply("late"), seconds=10))
    async with running(rig):
        rig.pool.start(turn())
        await trio.sleep(1)
    assert rig.mailbox.statistics().waiting == 0


async def test_a_turn_stays_with_the_agent_that_it_began_with(autojump_clock: trio.testing.MockClock) -> None:
    old, new = ScriptedAgent(RetryLater("busy"), Reply("old"), seconds=5), ScriptedAgent(Reply("new"))
    async with running(Rig(old)) as rig:
        rig.pool.start(turn(1))
        rig.pool.use({"main": OpenAgent(new, AgentLimits())})
        rig.pool.start(turn(2))
        ends = [await rig.mailbox.receive(), await rig.mailbox.receive()]
    assert [(end.turn_id, end.reply.text) for end in ends if isinstance(end, TurnAnswered)] == [(2, "new"), (1, "old")]
    assert len(old.asked) == 2


async def test_an_agent_is_unused_when_its_last_turn_has_ended(autojump_clock: trio.testing.MockClock) -> None:
    agent = OpenAgent(ScriptedAgent(Reply("a"), Reply("b"), seconds=5), AgentLimits())
    async with running(Rig(ScriptedAgent())) as rig:
        rig.pool.use({"main": agent})
        began = trio.current_time()
        await rig.pool.wait_until_unused(agent)
        assert trio.current_time() == began
        rig.pool.start(turn(1))
        await trio.sleep(3)
        rig.pool.start(turn(2))
        await rig.pool.wait_until_unused(agent)
        assert trio.current_time() == began + 8
