"""The table of agent kinds: names, settings, modes and history."""

from __future__ import annotations

import msgspec
import pytest

from actors.agents.command import OneshotAgent
from actors.agents.jsonl import JsonlAgent
from actors.agents.kinds import KINDS
from actors.agents.settings import CommandSettings, EchoSettings, HttpSettings, OpenaiSettings

SETTINGS: dict[str, msgspec.Struct] = {
    "echo": EchoSettings(),
    "command": CommandSettings(command=("x",), history_limit=3),
    "http": HttpSettings(url="http://x", history_limit=3),
    "openai": OpenaiSettings(base_url="http://x", model="m", history_limit=3),
}


def test_each_kind_is_found_by_its_own_name() -> None:
    assert {name: kind.name for name, kind in KINDS.items()} == {name: name for name in SETTINGS}


@pytest.mark.parametrize("name", list(SETTINGS))
def test_each_kind_opens_with_its_own_settings(name: str) -> None:
    assert type(SETTINGS[name]) is KINDS[name].settings


@pytest.mark.parametrize(("name", "limit"), [("echo", 0), ("command", 3), ("http", 3), ("openai", 3)])
def test_the_settings_say_how_much_history_a_turn_carries(name: str, limit: int) -> None:
    assert KINDS[name].history_limit(SETTINGS[name]) == limit


@pytest.mark.parametrize(
    ("settings", "agent"),
    [
        (CommandSettings(command=("x",)), OneshotAgent),
        (CommandSettings(command=("x",), mode="oneshot"), OneshotAgent),
        (CommandSettings(command=("x",), mode="jsonl"), JsonlAgent),
    ],
)
async def test_the_mode_says_how_a_command_runs(settings: CommandSettings, agent: type[object]) -> None:
    async with KINDS["command"].open(settings) as opened:
        assert type(opened) is agent
