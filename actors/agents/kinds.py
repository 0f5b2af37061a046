"""The table of agent kinds.

A new kind is a module beside this one, a row here, and an entry point in pyproject.toml; the contract tests pick it up.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager

from actors.agents.command import open_oneshot_agent
from actors.agents.contract import Agent, AgentKind
from actors.agents.echo import open_echo_agent
from actors.agents.http import open_http_agent
from actors.agents.jsonl import open_jsonl_agent
from actors.agents.openai import open_openai_agent
from actors.agents.settings import CommandSettings, EchoSettings, HttpSettings, OpenaiSettings


def open_command_agent(settings: CommandSettings) -> AbstractAsyncContextManager[Agent]:
    """The command agent in the mode that its settings ask for."""
    return open_jsonl_agent(settings) if settings.mode == "jsonl" else open_oneshot_agent(settings)


def _history_limit(settings: CommandSettings | HttpSettings | OpenaiSettings) -> int:
    return settings.history_limit


ECHO = AgentKind("echo", EchoSettings, open_echo_agent)
COMMAND = AgentKind("command", CommandSettings, open_command_agent, _history_limit)
HTTP = AgentKind("http", HttpSettings, open_http_agent, _history_limit)
OPENAI = AgentKind("openai", OpenaiSettings, open_openai_agent, _history_limit)

KINDS: Mapping[str, AgentKind] = {kind.name: kind for kind in (ECHO, COMMAND, HTTP, OPENAI)}
"""By the word that the settings use: `kind: "echo"`."""
