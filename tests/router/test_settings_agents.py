"""Agents and the bindings that lead to them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from settings_support import Loader

from actors.agents.settings import AgentLimits, EchoSettings, HttpSettings, OpenaiSettings, SubscriberSettings
from actors.secret import Secret
from router.settings.agents import EntrySettings
from router.settings.kinds import AGENTS
from router.settings.schema import AgentEntry

ECHO = {"id": "main", "kind": "echo"}


@pytest.fixture
def load(tmp_path: Path) -> Loader:
    return Loader(tmp_path)


def agents(load: Loader, *entries: dict[str, Any], **further: Any) -> tuple[AgentEntry, ...]:
    return load({"agents": {"list": list(entries), **further}}).settings.agents


def problems(load: Loader, *entries: Any, **further: Any) -> list[str]:
    found = load.problems({"agents": {"list": list(entries), **further}})
    return [problem.removeprefix("agents.list") for problem in found]


@pytest.mark.parametrize("tree", [{}, {"agents": {}}, {"agents": {"list": []}}])
def test_without_agents_the_built_in_echo_answers_and_a_warning_says_so(load: Loader, tree: dict[str, Any]) -> None:
    loaded = load(tree)
    (agent,) = loaded.settings.agents
    assert (agent.id, agent.kind, agent.settings, agent.is_default) == ("main", "echo", EchoSettings(), True)
    assert loaded.settings.default_agent_id == "main"
    warning = "agents.list: no agent is configured; the built-in echo agent repeats what people write"
    assert warning in loaded.warnings


def test_an_entry_holds_its_own_keys_its_limits_and_its_kinds_keys(load: Loader) -> None:
    (agent,) = agents(
        load,
        {
            "id": "Sales Bot",
            "kind": "openai",
            "name": "Sales",
            "baseUrl": "https://models.example/v1",
            "model": "m",
            "apiKey": "s3cret",
            "timeoutSeconds": 5,
        },
    )
    assert agent == AgentEntry(
        id="sales-bot",
        kind="openai",
        name="Sales",
        is_default=True,
        settings=OpenaiSettings(base_url="https://models.example/v1", model="m", api_key=Secret("s3cret")),
        limits=AgentLimits(timeout_seconds=5),
        path="agents.list[0]",
    )


def test_an_agent_without_a_name_goes_by_its_id(load: Loader) -> None:
    assert agents(load, {"id": "Sales Bot", "kind": "echo"})[0].name == "Sales Bot"


def test_the_first_agent_is_the_default_unless_another_says_so(load: Loader) -> None:
    two = {"id": "two", "kind": "echo"}
    assert [agent.is_default for agent in agents(load, ECHO, two)] == [True, False]
    assert [agent.is_default for agent in agents(load, ECHO, {**two, "default": True})] == [False, True]


def test_defaults_hold_where_an_entry_says_nothing(load: Loader) -> None:
    one, two = agents(load, ECHO, {"id": "two", "kind": "echo", "retries": 0}, defaults={"retries": 9})
    assert (one.limits.retries, two.limits.retries) == (9, 0)


def test_a_subscriber_has_nothing_to_set(load: Loader) -> None:
    assert agents(load, {"id": "a", "kind": "subscriber"})[0].settings == SubscriberSettings()


def test_the_keys_of_entries_limits_and_kinds_do_not_collide() -> None:
    shared = [field.encode_name for each in (EntrySettings, AgentLimits) for field in msgspec.structs.fields(each)]
    for settings in AGENTS.values():
        keys = shared + [field.encode_name for field in msgspec.structs.fields(settings)]
        assert len(keys) == len(set(keys))


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ({"kind": "echo"}, "[0].id: missing; this key is required"),
        ({"id": "a"}, "[0].kind: missing; this key is required"),
        ({"id": "a", "kind": "openia"}, '[0].kind: unknown kind of agent; did you mean "openai"?'),
        (
            {"id": "a", "kind": "oracle"},
            "[0].kind: unknown kind of agent; known here: command, echo, http, openai, subscriber",
        ),
        ({"id": "a", "kind": 3}, "[0].kind: expected a string; got 3"),
        ({"id": "a", "kind": "echo", "model": "m"}, None),
        ({"id": "a", "kind": "http"}, "[0].url: missing; this key is required"),
        ({"id": "a", "kind": "http", "url": "x.example"}, "[0].url: expected an address with https:// or http://"),
        ({"id": "a", "kind": "command", "command": []}, "[0].command: expected at least one entry; got an empty list"),
        ({"id": "a", "kind": "command", "command": "ls -l"}, "[0].command: expected a list; got a string"),
        ({"id": "a", "kind": "echo", "retries": -1}, "[0].retries: expected a whole number of at least 0; got -1"),
        ({"id": "", "kind": "echo"}, "[0].id: expected an id (a string or a number); got an empty string"),
        (7, "[0]: expected an object; got 7"),
    ],
)
def test_a_wrong_entry_is_told_at_its_place(load: Loader, entry: Any, problem: str | None) -> None:
    (found,) = problems(load, entry)
    if problem is None:
        assert found.startswith("[0].model: unknown key")
    else:
        assert found == problem


def test_ids_are_unique_as_the_router_spells_them(load: Loader) -> None:
    assert problems(load, {"id": "Main", "kind": "echo"}, ECHO) == ["[1].id: same id as agents.list[0]"]


def test_at_most_one_agent_is_the_default(load: Loader) -> None:
    marked = {"kind": "echo", "default": True}
    assert problems(load, {"id": "a", **marked}, {"id": "b", **marked}) == [
        "[1].default: agents.list[0] is the default already; keep one"
    ]


def test_wrong_defaults_are_told_once_and_not_for_every_entry(load: Loader) -> None:
    tree = {"agents": {"defaults": {"retries": -1, "retrys": 1}, "list": [ECHO, {"id": "b", "kind": "echo"}]}}
    assert load.problems(tree) == (
        'agents.defaults.retrys: unknown key; did you mean "retries"?',
        "agents.defaults.retries: expected a whole number of at least 0; got -1",
    )


def test_headers_are_secrets(load: Loader) -> None:
    settings = agents(load, {"id": "a", "kind": "http", "url": "http://x", "headers": {"X-Key": "v"}})[0].settings
    assert isinstance(settings, HttpSettings)
    assert settings.headers == {"X-Key": Secret("v")}
