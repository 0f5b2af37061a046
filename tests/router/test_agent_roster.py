"""Agents that come and go while others answer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio
import trio.lowlevel

from actors.agents.contract import Agent, AgentKind
from actors.agents.settings import AgentLimits, EchoSettings
from actors.errors import SettingsError
from actors.messages import Reply, Turn
from router.agent_pool import OpenAgent
from router.agent_roster import open_roster
from router.settings.schema import AgentEntry


class Silent:
    async def answer(self, turn: Turn) -> Reply:
        return Reply("")


class Book:
    """Which agents were opened and closed, in order."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.task: dict[str, trio.lowlevel.Task] = {}

    def kind(self, name: str) -> AgentKind:
        @asynccontextmanager
        async def opened(_settings: Any) -> AsyncIterator[Agent]:
            if name == "broken":
                raise SettingsError(("broken: no such proxy",))
            self.lines.append(f"+{name}")
            task = trio.lowlevel.current_task()
            yield Silent()
            assert trio.lowlevel.current_task() is task
            self.lines.append(f"-{name}")

        return AgentKind(name, EchoSettings, opened)


def entry(name: str) -> AgentEntry:
    return AgentEntry(
        id=name, kind=name, name=name, is_default=False, settings=EchoSettings(), limits=AgentLimits(), path=""
    )


async def at_once(_agent: OpenAgent) -> None:
    await trio.lowlevel.checkpoint()


async def test_who_is_not_kept_closes_once_unused_and_the_rest_when_all_is_over() -> None:
    book, free = Book(), trio.Event()

    async def when_free(_agent: OpenAgent) -> None:
        await free.wait()

    kinds = {name: book.kind(name) for name in ("a", "b", "c")}
    with trio.fail_after(5):
        async with open_roster([entry("a"), entry("b")], kinds) as roster:
            roster.seat(await roster.open([entry("c")]), ["b"], when_free)
            assert sorted(roster.agents) == ["b", "c"]
            await trio.testing.wait_all_tasks_blocked()
            assert book.lines == ["+a", "+b", "+c"]
            free.set()
            while "-a" not in book.lines:
                await trio.lowlevel.checkpoint()
    assert sorted(book.lines[3:]) == ["-a", "-b", "-c"]


async def test_a_changed_agent_takes_the_place_of_the_old_one() -> None:
    book = Book()
    with trio.fail_after(5):
        async with open_roster([entry("a")], {"a": book.kind("a")}) as roster:
            before = roster.agents["a"]
            roster.seat(await roster.open([entry("a")]), ["a"], at_once)
            assert roster.agents["a"] is not before
            while "-a" not in book.lines:
                await trio.lowlevel.checkpoint()
    assert book.lines == ["+a", "+a", "-a", "-a"]


async def test_when_one_cannot_be_opened_none_is() -> None:
    book = Book()
    kinds = {name: book.kind(name) for name in ("a", "b", "broken")}
    with trio.fail_after(5):
        async with open_roster([entry("a")], kinds) as roster:
            with pytest.raises(SettingsError, match="no such proxy"):
                await roster.open([entry("b"), entry("broken")])
            assert list(roster.agents) == ["a"]
            while "-b" not in book.lines:
                await trio.lowlevel.checkpoint()
            assert "-a" not in book.lines
