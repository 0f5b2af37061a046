"""Conversations as the router remembers them."""

from __future__ import annotations

from router import messages
from router.control.jsonrpc import ControlError, ErrorCode
from router.control.protocol.sessions import (
    Line,
    ListSessions,
    ResetSession,
    SessionReport,
    SessionShown,
    SessionsListResult,
    ShowSession,
)
from router.control.times import iso_time
from router.operations.inside import Inside
from router.rules.records import Session


class Conversations:
    """`sessions.*`."""

    def __init__(self, inside: Inside) -> None:
        self._inside = inside

    async def list(self, params: ListSessions) -> SessionsListResult:
        """See the protocol."""
        sessions = self._inside.router.state.sessions.values()
        found = [session for session in sessions if params.agent in (None, session.agent_id)]
        found.sort(key=lambda session: session.updated_at, reverse=True)
        return SessionsListResult(sessions=tuple(map(_report, found[: params.limit])), total=len(found))

    async def show(self, params: ShowSession) -> SessionShown:
        """See the protocol."""
        session = self._inside.router.state.sessions.get(params.key)
        if session is None:
            raise _unknown(params.key)
        lines = await self._inside.store.history(session.session_id, params.limit)
        return SessionShown(
            session=_report(session), lines=tuple(Line(role=line.role, text=line.text) for line in lines)
        )

    async def reset(self, params: ResetSession) -> SessionReport:
        """See the protocol."""
        fresh = await self._inside.order(messages.ResetSession(params.key))
        if fresh is None:
            raise _unknown(params.key)
        return _report(fresh)


def _report(session: Session) -> SessionReport:
    return SessionReport(
        key=session.session_key,
        session_id=session.session_id,
        agent_id=session.agent_id,
        label=session.label,
        channel=session.chat.account.channel,
        account_id=session.chat.account.account_id,
        chat_id=session.chat.chat_id,
        created_at=iso_time(session.created_at),
        updated_at=iso_time(session.updated_at),
    )


def _unknown(key: str) -> ControlError:
    return ControlError(ErrorCode.NOT_FOUND, f"there is no session {key!r}; `router sessions list` shows them")
