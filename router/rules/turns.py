"""Turns: one message, one question to an agent, one at a time in each session.

The law:

1. Messages of one session are answered in the order of their arrival; the next begins when the last has ended.
2. Commands wait in the same lane, so that `/new` takes effect between the messages it was sent between.
3. A turn that ends writes, in one transaction: its row's end, the transcript, and every part of the reply.
4. A turn that was running when the process died runs again. What began too often is taken for what kills the process,
   and ends as a dead letter.
5. An agent that stays broken ends the turn as a dead letter; the person gets one short fixed text.
"""

from __future__ import annotations

from msgspec.structs import replace

from actors.messages import Reply, Role, TextContent, Turn
from router.events import CommandHandled, SessionReset, TurnFailed, TurnFinished, TurnStarted
from router.rules.commands import Command, parse_command
from router.rules.destinations import destination
from router.rules.envelope import body_text, context, utc_minute
from router.rules.mentions import without_mention
from router.rules.outflow import put_dead, queue
from router.rules.prefixes import NOBODY, response_prefix, with_prefix
from router.rules.records import AppendTranscript, InboxRow, InboxState, PutSession, Session
from router.rules.replies import parts, trace_of
from router.rules.resets import rule_for, why_expired
from router.rules.state import Chance, Decision, Moment, State


def enqueue(state: State, row: InboxRow, moment: Moment, chance: Chance, decision: Decision) -> None:
    """Puts an accepted message in its session's lane, and begins it if the lane is idle."""
    state.lanes_of_agent(row.agent_id).add(row.session_key, row)
    pump(state, row.agent_id, moment, chance, decision)


def pump(state: State, agent_id: str, moment: Moment, chance: Chance, decision: Decision) -> None:
    """Begins every turn of this agent that may begin now. While draining none may.

    What waits for an agent that is no longer in the settings goes to whoever answers such a message now.
    """
    lanes = state.lanes_of_agent(agent_id)
    while not state.draining and (claimed := lanes.claim()) is not None:
        if agent_id in state.rulebook.agents:
            _begin(state, claimed[1], moment, chance, decision)
        else:
            _hand_over(state, lanes.finish(claimed[0]), moment, chance, decision)


def ended(
    state: State, inbox_id: int, reply: Reply, seconds: float, moment: Moment, chance: Chance, decision: Decision
) -> None:
    """An agent answered."""
    row = state.running[inbox_id]
    session_id = state.running_sessions[inbox_id]
    chat = row.inbound.chat
    policy = state.policy(chat.account)
    prefix = response_prefix(policy.response_prefix, state.rulebook.agent_facts.get(row.agent_id, NOBODY))
    found = parts(replace(reply, text=with_prefix(reply.text, prefix)), policy)
    _say(state, decision, session_id, row, reply.text, moment)
    _close(state, row, "done", "", moment, decision)
    decision.events.append(TurnFinished(chat=chat, agent_id=row.agent_id, inbox_id=inbox_id, seconds=seconds))
    for media in found.unsendable:
        reason = media.problem or f"{media.kind} by local path: this channel sends media by address only"
        put_dead(state, chat, trace_of(media), reason, inbox_id, moment, decision)
    queue(state, chat, found.contents, inbox_id, moment, decision)
    pump(state, row.agent_id, moment, chance, decision)


def failed(state: State, inbox_id: int, reason: str, moment: Moment, chance: Chance, decision: Decision) -> None:
    """An agent stayed broken; `reason` is for the operator and never for the chat."""
    row = state.running[inbox_id]
    _say(state, decision, state.running_sessions[inbox_id], row, "", moment)
    _die(state, row, reason, moment, decision)
    pump(state, row.agent_id, moment, chance, decision)


def reset_session(state: State, session_key: str, moment: Moment, chance: Chance, decision: Decision) -> Session | None:
    """Begins a session anew, as `/new` does; what is being answered now still belongs to the one before.

    None when there is no such session.
    """
    known = state.sessions.get(session_key)
    if known is None:
        return None
    fresh = replace(known, session_id=chance.session_id(), created_at=moment.wall)
    _remember(state, fresh, decision)
    decision.events.append(SessionReset(chat=fresh.chat, session_key=session_key))
    return fresh


def _begin(state: State, row: InboxRow, moment: Moment, chance: Chance, decision: Decision) -> None:
    if row.starts >= state.rulebook.max_starts:
        _die(state, row, f"begun {row.starts} times, and the router died each time", moment, decision)
        return
    session, elapsed = _session(state, row, moment, chance, decision)
    text = _said(state, row)
    command = parse_command(text, state.rulebook.reset_triggers) if row.authorized else None
    if command is not None:
        if command.name == "reset":
            session = replace(session, session_id=chance.session_id(), created_at=moment.wall)
        if not command.rest:
            _handle(state, row, command, session, moment, decision)
            return
        text, elapsed = command.rest, None
    begun = replace(row, state="running", starts=row.starts + 1, elapsed_seconds=elapsed)
    decision.move_inbox(begun, moment.wall)
    _remember(state, session, decision)
    state.running[row.inbox_id] = begun
    state.running_sessions[row.inbox_id] = session.session_id
    decision.events.append(TurnStarted(chat=row.inbound.chat, agent_id=row.agent_id, inbox_id=row.inbox_id))
    decision.turns.append(_turn(state, begun, session, text, moment))


def _hand_over(state: State, row: InboxRow, moment: Moment, chance: Chance, decision: Decision) -> None:
    # Not written down: a process that finds the row with its old agent hands it over in the same way.
    agent_id, session_key = destination(state, row.inbound)
    enqueue(state, replace(row, agent_id=agent_id, session_key=session_key), moment, chance, decision)


def _turn(state: State, row: InboxRow, session: Session, text: str, moment: Moment) -> Turn:
    policy = state.policy(row.inbound.chat.account)
    return Turn(
        turn_id=row.inbox_id,
        agent_id=row.agent_id,
        session_key=row.session_key,
        session_id=session.session_id,
        chat=row.inbound.chat,
        text=with_prefix(text, policy.message_prefix),
        context=context(
            row,
            channel_label=policy.channel_label,
            utc_offset_minutes=moment.utc_offset_minutes,
            zone=moment.zone,
            text=text,
            message_prefix=policy.message_prefix,
        ),
        media=row.inbound.media,
        attempt=row.starts,
    )


def _session(
    state: State, row: InboxRow, moment: Moment, chance: Chance, decision: Decision
) -> tuple[Session, float | None]:
    """The session of this message as of now, and how long ago it was last spoken in (None: it is new)."""
    chat = row.inbound.chat
    label = f"group:{chat.chat_id}" if chat.chat_type == "group" else row.inbound.sender_name or ""
    known = state.sessions.get(row.session_key)
    rule = rule_for(state.rulebook.resets, chat)
    expired = known and why_expired(rule, last_at=known.updated_at, received_at=row.received_at)
    if expired:
        decision.events.append(SessionReset(chat=chat, session_key=row.session_key, reason=expired))
    elif known is not None:
        elapsed = max(moment.wall - known.updated_at, 0.0)
        return replace(known, updated_at=moment.wall, chat=chat, label=label or known.label), elapsed
    session = Session(
        session_key=row.session_key,
        session_id=chance.session_id(),
        agent_id=row.agent_id,
        created_at=moment.wall,
        updated_at=moment.wall,
        chat=chat,
        label=label,
    )
    return session, None


def _remember(state: State, session: Session, decision: Decision) -> None:
    state.sessions[session.session_key] = session
    decision.changes.append(PutSession(session))


def _handle(
    state: State, row: InboxRow, command: Command, session: Session, moment: Moment, decision: Decision
) -> None:
    texts = state.rulebook.texts
    lane = state.lanes_of_agent(row.agent_id)
    waiting = sum(1 for _ in lane.lane(row.session_key)) - 1
    answers = {
        "reset": texts.new_session,
        "help": texts.help,
        "status": texts.status.format(agent=row.agent_id, since=utc_minute(session.created_at), waiting=waiting),
    }
    _close(state, row, "handled", f"/{command.name}", moment, decision)
    _remember(state, session, decision)
    chat = row.inbound.chat
    decision.events.append(CommandHandled(chat=chat, sender_id=row.inbound.sender_id, command=command.name))
    queue(state, chat, (TextContent(answers[command.name]),), row.inbox_id, moment, decision)


def _die(state: State, row: InboxRow, reason: str, moment: Moment, decision: Decision) -> None:
    _close(state, row, "dead", reason, moment, decision)
    chat = row.inbound.chat
    decision.events.append(TurnFailed(chat=chat, agent_id=row.agent_id, inbox_id=row.inbox_id, reason=reason))
    text = state.rulebook.error_text or state.rulebook.texts.broken
    queue(state, chat, (TextContent(text),), row.inbox_id, moment, decision)


def _close(state: State, row: InboxRow, end: InboxState, reason: str, moment: Moment, decision: Decision) -> None:
    state.running.pop(row.inbox_id, None)
    state.running_sessions.pop(row.inbox_id, None)
    state.lanes_of_agent(row.agent_id).finish(row.session_key)
    state.unfinished[row.inbound.chat.account] -= 1
    decision.move_inbox(replace(row, state=end, reason=reason), moment.wall)


def _said(state: State, row: InboxRow) -> str:
    """What the person said; in a group without the mention in front of it."""
    text, chat = body_text(row.inbound), row.inbound.chat
    return without_mention(text, state.own_names.get(chat.account, "")) if chat.chat_type == "group" else text


def _say(state: State, decision: Decision, session_id: str, row: InboxRow, answer: str, moment: Moment) -> None:
    lines: tuple[tuple[Role, str], ...] = (("user", _said(state, row)), ("assistant", answer))
    for role, text in lines:
        if text:
            decision.changes.append(AppendTranscript(session_id=session_id, role=role, text=text, at=moment.wall))
