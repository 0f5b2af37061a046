"""What holds for agents of every kind."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
import trio
import trio.testing
from agents_support import (
    FINAL,
    JSONL,
    ONESHOT,
    PASSING,
    STALL,
    make_turn,
    open_service,
    python,
    repeat_or_fail,
)

from actors.agents.contract import Agent
from actors.agents.kinds import KINDS
from actors.agents.settings import CommandSettings, EchoSettings, HttpSettings, OpenaiSettings
from actors.errors import Rejected, RetryLater
from actors.messages import Reply
from actors.testing.model_server import Act, Fail, Say, Stall, last_user_text, open_model_server

Opener = Callable[[Path], AbstractAsyncContextManager[Agent]]
"""Opens an agent with an answerer behind it that reads in the turn's text what to do."""


@asynccontextmanager
async def echo(_folder: Path) -> AsyncIterator[Agent]:
    async with KINDS["echo"].open(EchoSettings()) as agent:
        yield agent


@asynccontextmanager
async def oneshot(folder: Path) -> AsyncIterator[Agent]:
    async with KINDS["command"].open(CommandSettings(command=python(folder, ONESHOT))) as agent:
        yield agent


@asynccontextmanager
async def jsonl(folder: Path) -> AsyncIterator[Agent]:
    async with KINDS["command"].open(CommandSettings(command=python(folder, JSONL), mode="jsonl")) as agent:
        yield agent


@asynccontextmanager
async def http(_folder: Path) -> AsyncIterator[Agent]:
    async with open_service(repeat_or_fail) as url, KINDS["http"].open(HttpSettings(url=url)) as agent:
        yield agent


@asynccontextmanager
async def openai(_folder: Path, *, stream: bool = False) -> AsyncIterator[Agent]:
    acts: dict[str, Act] = {PASSING: Fail(status=503), FINAL: Fail(status=422), STALL: Stall()}
    async with open_model_server(choose=lambda asked: acts.get(last_user_text(asked), Say())) as server:
        settings = OpenaiSettings(base_url=server.base_url, model="m", stream=stream)
        async with KINDS["openai"].open(settings) as agent:
            yield agent


def openai_streamed(folder: Path) -> AbstractAsyncContextManager[Agent]:
    return openai(folder, stream=True)


OPENERS: tuple[Opener, ...] = (echo, oneshot, jsonl, http, openai, openai_streamed)
CAN_FAIL = OPENERS[1:]

of_every_kind = pytest.mark.parametrize("opener", OPENERS)
of_every_kind_that_can_fail = pytest.mark.parametrize("opener", CAN_FAIL)


def test_every_row_of_the_table_is_held_to_the_contract() -> None:
    assert {opener.__name__.partition("_")[0] for opener in OPENERS} == {*KINDS, "oneshot", "jsonl"} - {"command"}


@of_every_kind
async def test_it_answers(opener: Opener, tmp_path: Path) -> None:
    async with opener(tmp_path) as agent:
        assert await agent.answer(make_turn("xin chào")) == Reply(text="xin chào")


@of_every_kind
async def test_text_of_any_script_comes_through_whole(opener: Opener, tmp_path: Path) -> None:
    text = 'Đặt "2 phở" 👨‍👩‍👧‍👦\nvà trà đá\t\\n \u2028 {"a": 1}'
    async with opener(tmp_path) as agent:
        assert (await agent.answer(make_turn(text))).text == text


@of_every_kind
async def test_a_long_text_comes_through_whole(opener: Opener, tmp_path: Path) -> None:
    text = "phở" * 30_000
    async with opener(tmp_path) as agent:
        assert (await agent.answer(make_turn(text))).text == text


@of_every_kind
async def test_the_word_for_silence_is_no_reply(opener: Opener, tmp_path: Path) -> None:
    async with opener(tmp_path) as agent:
        assert await agent.answer(make_turn("NO_REPLY")) == Reply()
        assert (await agent.answer(make_turn("say NO_REPLY"))).text == "say NO_REPLY"


@of_every_kind
async def test_turns_side_by_side_get_each_their_own_answer(opener: Opener, tmp_path: Path) -> None:
    answers: dict[int, str] = {}

    async def ask(turn_id: int) -> None:
        answers[turn_id] = (await agent.answer(make_turn(f"question {turn_id}", turn_id=turn_id))).text

    async with opener(tmp_path) as agent, trio.open_nursery() as nursery:
        for turn_id in range(8):
            nursery.start_soon(ask, turn_id)
    assert answers == {turn_id: f"question {turn_id}" for turn_id in range(8)}


@of_every_kind_that_can_fail
async def test_trouble_that_passes_is_retry_later(opener: Opener, tmp_path: Path) -> None:
    async with opener(tmp_path) as agent:
        with pytest.raises(RetryLater):
            await agent.answer(make_turn(PASSING))
        assert (await agent.answer(make_turn("again"))).text == "again"


@of_every_kind_that_can_fail
async def test_trouble_that_stays_is_rejected(opener: Opener, tmp_path: Path) -> None:
    async with opener(tmp_path) as agent:
        with pytest.raises(Rejected):
            await agent.answer(make_turn(FINAL))
        assert (await agent.answer(make_turn("again"))).text == "again"


@of_every_kind_that_can_fail
async def test_a_turn_that_is_cancelled_leaves_the_agent_usable(opener: Opener, tmp_path: Path) -> None:
    async with opener(tmp_path) as agent:
        with trio.move_on_after(0.1) as scope:
            await agent.answer(make_turn(STALL))
        assert scope.cancelled_caught
        assert (await agent.answer(make_turn("again", turn_id=8))).text == "again"


@of_every_kind_that_can_fail
async def test_a_stalled_turn_holds_up_no_other(opener: Opener, tmp_path: Path) -> None:
    async with opener(tmp_path) as agent, trio.open_nursery() as nursery:
        nursery.start_soon(agent.answer, make_turn(STALL, turn_id=1))
        await trio.testing.wait_all_tasks_blocked(0.05)
        assert (await agent.answer(make_turn("meanwhile", turn_id=2))).text == "meanwhile"
        nursery.cancel_scope.cancel()


@of_every_kind
async def test_it_may_be_closed_without_having_been_asked(opener: Opener, tmp_path: Path) -> None:
    async with opener(tmp_path):
        pass
