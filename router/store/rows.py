"""How a record becomes a row and a row becomes a record again. Nothing here speaks to a database."""

from __future__ import annotations

from typing import Any

import msgspec

from actors.messages import AccountKey, Chat, Content, Inbound, Media
from router.rules.records import (
    INBOX_FINISHED,
    Approval,
    InboxRow,
    OutboxRow,
    PairingRequest,
    SendOrder,
    Session,
)

Row = tuple[Any, ...]

INBOX = (
    "inbox_id, channel, account_id, message_id, chat_id, chat_type, sender_id, kind, sent_at, received_at, state, "
    "reason, agent_id, session_key, session_id, starts, authorized, elapsed_seconds, finished_at"
)
INBOX_CONTENT = "inbox_id, sender_name, text, media, raw"
OUTBOX = (
    "outbox_id, channel, account_id, chat_id, chat_type, content, created_at, state, inbox_id, attempts, not_before, "
    "message_id, error, changed_at, send_id"
)
PAIRING = "channel, account_id, sender_id, code, created_at, last_seen_at, replied_at, chat, sender_name"
SEND_ORDER = "send_id, digest, outbox_ids, at"
APPROVAL = "channel, account_id, sender_id, approved_at, sender_name"
SESSION = "session_key, session_id, agent_id, created_at, updated_at, chat, label"

_encoder = msgspec.json.Encoder()
_chat_decoder = msgspec.json.Decoder(Chat)
_content_decoder = msgspec.json.Decoder(Content)
_ids_decoder = msgspec.json.Decoder(tuple[int, ...])
_media_decoder = msgspec.json.Decoder(tuple[Media, ...])


def from_inbox(row: InboxRow) -> Row:
    """The columns `INBOX`. A message that is finished on arrival was finished when it was received."""
    said = row.inbound
    account = said.chat.account
    return (
        row.inbox_id,
        account.channel,
        account.account_id,
        said.message_id,
        said.chat.chat_id,
        said.chat.chat_type,
        said.sender_id,
        said.kind,
        said.sent_at,
        row.received_at,
        row.state,
        row.reason,
        row.agent_id,
        row.session_key,
        row.session_id,
        row.starts,
        row.authorized,
        row.elapsed_seconds,
        row.received_at if row.state in INBOX_FINISHED else None,
    )


def from_inbox_content(row: InboxRow) -> Row:
    """The columns `INBOX_CONTENT`."""
    said = row.inbound
    media = _json(said.media) if said.media else None
    return row.inbox_id, said.sender_name, said.text, media, said.raw


def to_inbox(row: Row) -> InboxRow:
    """From `INBOX` without `finished_at`, followed by `INBOX_CONTENT` without the id. Absent content reads as empty."""
    inbox_id, channel, account_id, message_id, chat_id, chat_type, sender_id, kind, sent_at, *rest = row
    received_at, state, reason, agent_id, session_key, session_id, starts, authorized, elapsed_seconds, *content = rest
    sender_name, text, media, raw = content
    inbound = Inbound(
        chat=Chat(AccountKey(channel, account_id), chat_id, chat_type),
        message_id=message_id,
        sender_id=sender_id,
        sender_name=sender_name,
        kind=kind,
        text=text or "",
        media=_media_decoder.decode(media) if media else (),
        sent_at=sent_at,
        raw=raw or b"",
    )
    return InboxRow(
        inbox_id=inbox_id,
        inbound=inbound,
        received_at=received_at,
        state=state,
        reason=reason,
        agent_id=agent_id,
        session_key=session_key,
        session_id=session_id,
        starts=starts,
        authorized=bool(authorized),
        elapsed_seconds=elapsed_seconds,
    )


def from_outbox(row: OutboxRow) -> Row:
    """The columns `OUTBOX`."""
    account = row.chat.account
    return (
        row.outbox_id,
        account.channel,
        account.account_id,
        row.chat.chat_id,
        row.chat.chat_type,
        _json(row.content),
        row.created_at,
        row.state,
        row.inbox_id,
        row.attempts,
        row.not_before,
        row.message_id,
        row.error,
        row.created_at,
        row.send_id,
    )


def to_outbox(row: Row) -> OutboxRow:
    """From `OUTBOX`."""
    outbox_id, channel, account_id, chat_id, chat_type, content, created_at, state, inbox_id, *rest = row
    attempts, not_before, message_id, error, _changed_at, send_id = rest
    return OutboxRow(
        outbox_id=outbox_id,
        chat=Chat(AccountKey(channel, account_id), chat_id, chat_type),
        content=_content_decoder.decode(content),
        created_at=created_at,
        state=state,
        inbox_id=inbox_id,
        attempts=attempts,
        not_before=not_before,
        message_id=message_id,
        error=error,
        send_id=send_id,
    )


def from_send_order(order: SendOrder) -> Row:
    """The columns `SEND_ORDER`."""
    return order.send_id, order.digest, _json(order.outbox_ids), order.created_at


def to_send_order(row: Row) -> SendOrder:
    """From `SEND_ORDER`."""
    send_id, digest, outbox_ids, at = row
    return SendOrder(send_id=send_id, digest=digest, outbox_ids=_ids_decoder.decode(outbox_ids), created_at=at)


def from_pairing(request: PairingRequest) -> Row:
    """The columns `PAIRING`."""
    return (
        request.account.channel,
        request.account.account_id,
        request.sender_id,
        request.code,
        request.created_at,
        request.last_seen_at,
        request.replied_at,
        _json(request.chat),
        request.sender_name,
    )


def to_pairing(row: Row) -> PairingRequest:
    """From `PAIRING`."""
    channel, account_id, sender_id, code, created_at, last_seen_at, replied_at, chat, sender_name = row
    return PairingRequest(
        account=AccountKey(channel, account_id),
        sender_id=sender_id,
        code=code,
        created_at=created_at,
        last_seen_at=last_seen_at,
        replied_at=replied_at,
        chat=_chat_decoder.decode(chat),
        sender_name=sender_name,
    )


def from_approval(approval: Approval) -> Row:
    """The columns `APPROVAL`."""
    account = approval.account
    return account.channel, account.account_id, approval.sender_id, approval.approved_at, approval.sender_name


def to_approval(row: Row) -> Approval:
    """From `APPROVAL`."""
    channel, account_id, sender_id, approved_at, sender_name = row
    return Approval(
        account=AccountKey(channel, account_id), sender_id=sender_id, approved_at=approved_at, sender_name=sender_name
    )


def from_session(session: Session) -> Row:
    """The columns `SESSION`."""
    return (
        session.session_key,
        session.session_id,
        session.agent_id,
        session.created_at,
        session.updated_at,
        _json(session.chat),
        session.label,
    )


def to_session(row: Row) -> Session:
    """From `SESSION`."""
    session_key, session_id, agent_id, created_at, updated_at, chat, label = row
    return Session(
        session_key=session_key,
        session_id=session_id,
        agent_id=agent_id,
        created_at=created_at,
        updated_at=updated_at,
        chat=_chat_decoder.decode(chat),
        label=label,
    )


def mended(value: Any) -> Any:
    r"""The same value with lone surrogates, which are not text and cannot be stored, spelled out as `\udxxx`."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, tuple):
        return tuple(map(mended, value))
    if isinstance(value, msgspec.Struct):
        return type(value)(**{field: mended(getattr(value, field)) for field in value.__struct_fields__})
    return value


def _json(value: Any) -> str:
    return _encoder.encode(value).decode()
