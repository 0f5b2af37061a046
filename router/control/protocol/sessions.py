"""Conversations: which there are, what was said in one, and beginning one anew."""

from __future__ import annotations

from actors.messages import Role
from router.control.protocol.base import Call, Limit, Name, Params, Result


class SessionReport(Result, frozen=True, kw_only=True):
    """One session key and what it means now."""

    key: str
    session_id: str
    agent_id: str
    label: str
    channel: str
    account_id: str
    chat_id: str
    """Where it was last spoken in."""
    created_at: str
    updated_at: str


class SessionsListResult(Result, frozen=True, kw_only=True):
    """The last spoken in first."""

    sessions: tuple[SessionReport, ...]
    total: int
    """How many there are, beyond the limit too."""


class ListSessions(Params, Call[SessionsListResult], frozen=True, kw_only=True):
    """Conversations, of every agent or of one."""

    agent: Name | None = None
    limit: Limit = 100


class Line(Result, frozen=True, kw_only=True):
    """One line of a transcript."""

    role: Role
    text: str


class SessionShown(Result, frozen=True, kw_only=True):
    """One conversation, oldest line first."""

    session: SessionReport
    lines: tuple[Line, ...]


class ShowSession(Params, Call[SessionShown], frozen=True, kw_only=True):
    """The last lines of a conversation since it last began anew. NOT_FOUND for an unknown key."""

    key: Name
    limit: Limit = 100


class ResetSession(Params, Call[SessionReport], frozen=True, kw_only=True):
    """Begins a conversation anew, as `/new` does. What is being answered now still belongs to the one before."""

    key: Name
