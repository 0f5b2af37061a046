"""Settings of the built-in agent kinds: entries of `agents.list`, one struct a kind. `kind` chooses the struct."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from actors.secret import PRIVATE, Secret


class EchoSettings(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Answers with the text itself."""


class CommandSettings(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Runs a program: JSON in, text or JSON out."""

    command: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    """argv; no shell."""
    mode: Literal["oneshot", "jsonl"] = "oneshot"
    """`oneshot`: one process a message. `jsonl`: one long-lived process, a line in, a line out."""
    cwd: str | None = None
    env: dict[str, Annotated[str, PRIVATE]] = {}
    history_limit: Annotated[int, msgspec.Meta(ge=0)] = 0


class HttpSettings(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """POSTs JSON to a service; it answers `{text, media}` or 204 for no reply."""

    url: str
    headers: dict[str, Secret] = {}
    proxy: Annotated[str, PRIVATE] | None = None
    history_limit: Annotated[int, msgspec.Meta(ge=0)] = 0


class OpenaiSettings(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Chat completions of any OpenAI-compatible server."""

    base_url: str
    model: str
    api_key: Secret | None = None
    system_prompt: str = ""
    temperature: float | None = None
    max_tokens: Annotated[int, msgspec.Meta(ge=1)] | None = None
    history_limit: Annotated[int, msgspec.Meta(ge=0)] = 20
    """Transcript entries sent along with each question."""
    stream: bool = False
    proxy: Annotated[str, PRIVATE] | None = None


class SubscriberSettings(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Hands turns to whoever subscribes over the control socket; nothing to set."""


class AgentLimits(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What holds for an agent of any kind; the router obeys these around the agent."""

    timeout_seconds: Annotated[float, msgspec.Meta(gt=0)] = 120.0
    """Deadline of one attempt at one turn."""
    retries: Annotated[int, msgspec.Meta(ge=0)] = 3
    """Further attempts after a transient failure, with growing waits between them."""
    max_concurrent: Annotated[int, msgspec.Meta(ge=1)] = 256
    """Turns of this agent at one time; further sessions wait their turn."""
